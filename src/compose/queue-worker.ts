import type { Queue, QueueMessage } from '../aws/queue.ts';
import type { Shown } from '../bot/announcer.ts';
import type { HeldKeeper } from '../bot/held.ts';
import type { Ticked, TickOptions } from '../flows/engine/tick.ts';
import { rowMissing, rowOf } from '../flows/held.ts';
import { isNoticeId } from '../flows/notices.ts';
import type { Hints, Log } from '../flows/ports.ts';
import type { Standing } from '../store/deliveries.ts';
import type { Metrics } from './metrics.ts';
import { lookLater, messageOf, someRevision } from './sending.ts';
import type { Work, WorkThat } from './work.ts';

/** How long the function may still run. */
export type Left = () => number;

export interface QueueWorkerDeps {
  readonly tick: (promotionId: string, options: TickOptions) => Promise<Ticked>;
  readonly announce: (id: string, nowMs: number, goesOn: () => boolean) => Promise<Shown>;
  readonly runErrand: (errand: WorkThat<'errand'>['errand']) => Promise<void>;
  readonly take: (receipt: string, by: string) => Promise<Standing>;
  readonly held: HeldKeeper;
  readonly queue: Queue;
  /** What the work itself has made due. */
  readonly hints: CollectedHints;
  /** Store time. */
  readonly nowMs: () => number;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** A message that came before the write it belongs to is sent again; after so many seconds the write was never made. */
const mostTries = 5;
const againSeconds = 1;
/** A look at a notice that came this much too early goes back. */
const earlySeconds = 5;
/** Only the message that was sent beside a promotion's first write may be there before the promotion is. */
const firstRevision = 1;
/** A step of the showing is a few calls to the store and one to Slack. */
const showsWithMs = 12_000;

export interface CollectedHints extends Hints {
  /** What was woken since it was asked last, each at its earliest time. */
  collect(): ReadonlyMap<string, number>;
}

export function createCollectedHints(): CollectedHints {
  let woken = new Map<string, number>();
  return {
    wake(id, atMs) {
      woken.set(id, Math.min(atMs, woken.get(id) ?? atMs));
    },
    collect() {
      const collected = woken;
      woken = new Map();
      return collected;
    },
  };
}

/**
 * Does what one message of the queue says. A look leads to one other at most, and only where it saved or showed
 * something or is the one that was sent for the promotion as it still is: what comes twice, or by chance, ends with the
 * next save and does not go on beside it. A message that is lost is made up for by the sweep. A row that cannot be read
 * is held and told and no failure. Rejects when the message has to come again.
 */
export function createQueueWorker(deps: QueueWorkerDeps) {
  const { queue, held, hints, metrics, log, nowMs } = deps;

  const again = (work: WorkThat<'look' | 'errand'>, what: string): readonly QueueMessage[] => {
    const { tries } = work;
    if (tries < mostTries) return [messageOf({ ...work, tries: tries + 1 }, againSeconds)];
    metrics.put({ DroppedMessages: 1 }, {}, { does: work.does });
    log.warn({ does: work.does, tries }, what);
    return [];
  };

  const look = async (work: WorkThat<'look'>, leftMs: Left): Promise<readonly QueueMessage[]> => {
    const { promotionId, revision, alarmed } = work;
    const ticked = isNoticeId(promotionId)
      ? null
      : await deps.tick(promotionId, { alarmed, revision, leftMs });
    if (ticked?.outcome === 'older') return again(work, 'the write that a look was promised is not there');
    const inSeconds = (dueMs: number | null) => (dueMs === null ? null : (dueMs - nowMs()) / 1000);
    const next = (shown: Shown): readonly QueueMessage[] => {
      const seconds = earliest(inSeconds(ticked?.dueAtMs ?? null), inSeconds(shown.againAtMs));
      const did = ticked?.saved === true || shown.did;
      if (seconds === null || !(did || isInTurn(work, ticked, seconds))) return [];
      // Nothing that could not be done now is asked for without a pause.
      const least = did ? 0 : againSeconds;
      return [lookLater(promotionId, Math.max(least, seconds), ticked?.revision ?? null)].flatMap(
        (message) => message ?? [],
      );
    };
    try {
      return next(await deps.announce(promotionId, nowMs(), () => leftMs() > showsWithMs));
    } catch (error) {
      // What cannot be shown holds up nothing else.
      const messages = next({ did: false, againAtMs: null });
      if (messages.length > 0) await queue.send(messages);
      throw error;
    }
  };

  const errand = async (work: WorkThat<'errand'>, messageId: string): Promise<readonly QueueMessage[]> => {
    const { receipt } = work;
    const standing = receipt === null ? 'taken' : await deps.take(receipt, messageId);
    if (standing === 'absent') return again(work, 'the request that an errand belongs to was not decided');
    if (standing === 'taken') await deps.runErrand(work.errand);
    return [];
  };

  const obey = async (work: Work, messageId: string, leftMs: Left): Promise<readonly QueueMessage[]> => {
    switch (work.does) {
      case 'look':
        return look(work, leftMs);
      case 'errand':
        return errand(work, messageId);
      case 'held':
        await held.runDue();
        return [];
    }
  };

  const meetUnreadable = async (work: Work, error: unknown): Promise<readonly QueueMessage[]> => {
    const row = rowOf(error);
    if (row === undefined) throw error;
    const isPromised =
      work.does === 'look' &&
      work.revision !== null &&
      work.revision <= firstRevision &&
      work.promotionId === row.id;
    if (isPromised && row.code === rowMissing)
      return again(work, 'the promotion that a look was promised is not there');
    log.error({ row: row.kind, id: row.id, code: row.code }, 'a row cannot be read and is held');
    await held.hold(row, nowMs());
    await held.runDue();
    return [];
  };

  const hinted = (): readonly QueueMessage[] => {
    const atMs = nowMs();
    return [...hints.collect()].flatMap(
      ([id, dueMs]) => lookLater(id, (dueMs - atMs) / 1000, someRevision) ?? [],
    );
  };

  return async (work: Work, messageId: string, leftMs: Left): Promise<void> => {
    let messages: readonly QueueMessage[] = [];
    try {
      messages = await obey(work, messageId, leftMs).catch((error: unknown) => meetUnreadable(work, error));
    } finally {
      const all = [...messages, ...hinted()];
      if (all.length > 0) await queue.send(all);
    }
  };
}

/** Whether this is the look that was sent for the promotion as it is: whoever has saved since has sent another. */
function isInTurn({ revision }: WorkThat<'look'>, ticked: Ticked | null, seconds: number): boolean {
  if (ticked === null) return seconds <= earlySeconds;
  return revision === someRevision || (revision !== null && revision === ticked.revision);
}

const earliest = (one: number | null, other: number | null) =>
  one === null || other === null ? (one ?? other) : Math.min(one, other);
