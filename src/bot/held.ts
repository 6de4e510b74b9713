import type { Catalog } from '../flows/desk.ts';
import { ifReadable } from '../flows/errors.ts';
import {
  bareRow,
  type Held,
  type HeldRows,
  newerSchema,
  rowMissing,
  type UnreadableRow,
  type Whereabouts,
} from '../flows/held.ts';
import type { Log, Outbox } from '../flows/ports.ts';
import type { Audience, Policy } from '../flows/promotion/policy.ts';
import type { Message } from './messages/block.ts';
import { type HeldWords, heldCard, heldMessage, overMessage } from './messages/held.ts';
import { group, person } from './messages/text.ts';
import type { Pacing } from './pacing.ts';
import type { Outcome, SlackClient } from './slack-client.ts';

export interface HeldOptions {
  readonly rows: HeldRows;
  readonly outbox: Pick<Outbox, 'surface' | 'saveSurface'>;
  readonly slack: Pick<SlackClient, 'post' | 'update'>;
  readonly pacing: Pick<Pacing, 'ask' | 'block'>;
  readonly catalog: Catalog;
  readonly words: Pick<HeldWords, 'newestSchema'> & {
    /** The command that shows the row with this key as it is stored. */
    readonly lookWith: (key: string) => string;
  };
  readonly log: Log;
}

export interface HeldKeeper {
  /** Notes that a row cannot be read. */
  hold(row: UnreadableRow, nowMs: number): Promise<void>;
  /** Looks again at what is due of it, and tells what was not told yet. */
  runDue(): Promise<void>;
}

const lookAgainMs = 5 * 60_000;
/**
 * While a newer version of the bot is being brought in, the older one meets what the newer one saved. Only what nobody
 * works on for this long is told.
 */
const newerPatienceMs = 5 * 60_000;
const unconfirmedMs = 60_000;
const unreachableMs = 5_000;
const perRun = 200;
/** An edit is answered or given up by then. */
const drawingMs = 15_000;
/** The announcer may save the same surface at the same time. */
const surfaceRaces = 8;
/** Instead of what mattered of a promotion, so that its next drawing counts as news. */
const drawnAsHeld = 'held';

/** The channel itself is the reason; another one may take the message. */
const channelErrors: ReadonlySet<string> = new Set([
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'restricted_action',
  'restricted_action_read_only_channel',
  'posting_to_general_channel_denied',
]);

/**
 * Tells people of rows that cannot be read: once into the promotion's channel and once to on-call, as far as either is
 * known without the row. Posts are claimed first and confirmed after, so that two workers do not both tell it; one
 * whose arrival nobody knows is repeated. Many at once are one message. Throws what the store throws.
 */
export function createHeldKeeper(options: HeldOptions): HeldKeeper {
  const { rows, outbox, slack, pacing, catalog, log } = options;
  /** What this process noted already; another one finds the note. */
  const noted = new Map<string, number>();

  const environments = (): readonly Policy[] =>
    catalog.apps.flatMap(({ app, environments: names }) =>
      names.flatMap((name) => catalog.find(app, name)?.policy ?? []),
    );

  /** The environment's own rules, where the row says which environment it is for. */
  const policyOf = (row: UnreadableRow): Policy | undefined => {
    const named = row.kind === 'live' || row.kind === 'lock' ? row.id.split('#') : [row.app, row.environment];
    const [app, environment] = named;
    return app == null || environment == null ? undefined : catalog.find(app, environment)?.policy;
  };

  const channelsOf = (row: UnreadableRow, where: Whereabouts): string[] => {
    const policy = policyOf(row);
    const own = where.channel ?? policy?.channel ?? null;
    const onCall =
      policy === undefined
        ? environments().map(({ onCall: { channel }, channel: home }) => channel ?? home)
        : [policy.onCall.channel ?? policy.channel];
    return [...new Set([...(own === null ? [] : [own]), ...onCall])];
  };

  const addressed = async (row: UnreadableRow): Promise<Pick<Held, 'row' | 'untold'>> => {
    const where = await rows.whereabouts(row);
    const located = { ...row, app: where.app, environment: where.environment };
    return { row: located, untold: channelsOf(located, where) };
  };

  /** On-call is called where its messages go. */
  const mentionsIn = (channel: string, told: readonly Held[]): string => {
    const policies = told.flatMap(({ row }) => policyOf(row) ?? environments());
    const audiences = policies
      .filter(({ onCall, channel: home }) => (onCall.channel ?? home) === channel)
      .map(({ onCall }): Audience => onCall);
    const groups = audiences.flatMap((audience) => audience.groups.map(group));
    const people = audiences.flatMap((audience) => audience.people.map(person));
    return [...new Set([...groups, ...people])].slice(0, 20).join(' ');
  };

  const wordsWith = (mentions: string): HeldWords => ({
    newestSchema: options.words.newestSchema,
    lookWith: (row) => options.words.lookWith(rows.keyOf(row)),
    mentions,
  });

  const messageFor = (channel: string, told: readonly Held[]): Message =>
    told[0]?.over === null ? heldMessage(told, wordsWith(mentionsIn(channel, told))) : overMessage(told);

  /**
   * What its card says is no longer known to be true, and its buttons do nothing. The card of what a newer version
   * saved is the newer one's to draw.
   */
  const drawOver = async (held: Held, nowMs: number): Promise<void> => {
    const { kind, id, code } = held.row;
    if (kind !== 'promotion' || code === newerSchema || held.over !== null || held.told.length === 0) return;
    const surface = await surfaceOf(id);
    if (surface === undefined || surface.ts === null || surface.shown === drawnAsHeld) return;
    if (surface.drawingUntilMs !== null && nowMs < surface.drawingUntilMs) return;
    const charge = { method: 'edit', weight: 'progress' } as const;
    if ((await pacing.ask(charge, null, nowMs)).outcome !== 'now') return;
    // Whatever becomes of this edit, its own card is owed as soon as it can be drawn.
    const redrawAtMs = Math.max(surface.redrawAtMs ?? 0, nowMs);
    if (!(await outbox.saveSurface({ ...surface, redrawAtMs, drawingUntilMs: nowMs + drawingMs }))) return;
    const { channel, ts } = surface;
    const outcome = await slack.update({ channel, ts, message: heldCard(held, wordsWith('')) });
    if (outcome.outcome === 'rate-limited') await pacing.block(charge, nowMs + outcome.retryAfterMs);
    if (outcome.outcome !== 'sent') {
      log.warn({ id, ...outcome }, 'the card of a held promotion was not drawn');
      return;
    }
    const mine = await surfaceOf(id);
    if (mine?.drawingUntilMs !== nowMs + drawingMs) return;
    await outbox.saveSurface({ ...mine, shown: drawnAsHeld, drawnAtMs: nowMs, drawingUntilMs: null });
  };

  /** The announcer draws it; it rests otherwise until something of the promotion changes. */
  const drawItsOwnAgain = async ({ kind, id }: UnreadableRow, nowMs: number): Promise<void> => {
    if (kind !== 'promotion') return;
    for (let race = 0; race < surfaceRaces; race += 1) {
      const surface = await surfaceOf(id);
      if (surface?.shown !== drawnAsHeld) return;
      const redrawAtMs = Math.max(surface.redrawAtMs ?? 0, nowMs);
      if (await outbox.saveSurface({ ...surface, redrawAtMs, dueAtMs: nowMs })) return;
    }
    log.error({ id }, 'the card of a promotion that can be read again could not be drawn anew');
  };

  const surfaceOf = (id: string) => ifReadable(() => outbox.surface(id));

  /** What is to be told of it now; undefined when there is nothing, or somebody else sees to it. */
  const lookAt = async (held: Held, nowMs: number): Promise<Held | undefined> => {
    const seen = await rows.look(held.row);
    const rests = { ...held, dueAtMs: nowMs + lookAgainMs };
    if (seen.outcome === 'readable') await drawItsOwnAgain(held.row, nowMs);
    if (seen.outcome !== 'unreadable') return endingOf(held, seen.outcome, nowMs);
    const { app, environment } = held.row;
    const row = {
      ...seen.row,
      app: seen.row.app ?? app,
      environment: seen.row.environment ?? environment,
    };
    if (held.over !== null) return { ...held, ...(await addressed(row)), over: null, told: [] };
    if (row.code === newerSchema && held.told.length === 0) {
      const rested = row.dueAtMs === null || row.dueAtMs > nowMs;
      if (rested) return endingOf(held, 'readable', nowMs);
      const sinceMs = row.revision === held.row.revision ? held.sinceMs : nowMs;
      if (nowMs < sinceMs + newerPatienceMs) {
        await rows.save({ ...rests, row, sinceMs });
        return undefined;
      }
    }
    if (held.untold === null) return { ...held, ...(await addressed(row)) };
    if (held.untold.length > 0) return { ...held, row };
    const waited = row.kind === 'announcement' && nowMs >= held.sinceMs + lookAgainMs;
    if (waited && (await passedBy(row, nowMs))) await rows.end({ ...held, dueAtMs: nowMs });
    else if ((await rows.save({ ...rests, row })) !== undefined) await drawOver({ ...held, row }, nowMs);
    return undefined;
  };

  /** Told where the holding was told; nothing is said of what was never told. */
  const endingOf = async (
    held: Held,
    over: 'readable' | 'gone',
    nowMs: number,
  ): Promise<Held | undefined> => {
    if (held.told.length === 0 && (held.over === null || held.untold?.length === 0)) {
      await rows.end({ ...held, dueAtMs: nowMs });
      return undefined;
    }
    return held.over === null ? { ...held, over, untold: held.told, told: [], unsure: 0 } : held;
  };

  /** What cannot be told must not keep what comes after it, pages among them, from being told. */
  const passedBy = async ({ id, sequence }: UnreadableRow, nowMs: number): Promise<boolean> => {
    const promotion = await rows.look({ ...bareRow, kind: 'promotion', id, code: rowMissing });
    const surface = await outbox.surface(id);
    if (promotion.outcome !== 'readable' || surface === undefined || sequence === null) return false;
    if (surface.toldSequence >= sequence) return true;
    if (surface.toldSequence === sequence - 1)
      await outbox.saveSurface({ ...surface, toldSequence: sequence, dueAtMs: nowMs });
    return false;
  };

  const tell = async (channel: string, group: readonly Held[], nowMs: number): Promise<readonly Held[]> => {
    const charge = { method: 'post', weight: 'page', channel } as const;
    const leave = await pacing.ask(charge, null, nowMs);
    if (leave.outcome !== 'now') {
      const atMs = leave.outcome === 'full' ? leave.atMs : leave.place.atMs;
      return savedAll(group, () => ({ dueAtMs: atMs }));
    }
    const claimed = await savedAll(group, ({ unsure }) => ({
      unsure: unsure + 1,
      dueAtMs: nowMs + unconfirmedMs * 2 ** Math.min(unsure, 5),
    }));
    if (claimed.length === 0) return [];
    const outcome = await slack.post({ channel, message: messageFor(channel, claimed) });
    if (outcome.outcome === 'rate-limited') await pacing.block(charge, nowMs + outcome.retryAfterMs);
    return savedAll(claimed, (held) => changesAfter(held, channel, outcome, nowMs));
  };

  const changesAfter = (
    held: Held,
    channel: string,
    outcome: Outcome,
    nowMs: number,
  ): Partial<Held> | undefined => {
    const left = (held.untold ?? []).filter((each) => each !== channel);
    const heard = { untold: left, unsure: 0, dueAtMs: left.length > 0 ? nowMs : nowMs + lookAgainMs };
    if (outcome.outcome === 'sent') {
      // What is over and told is ended by the next look.
      const dueAtMs = held.over === null ? heard.dueAtMs : nowMs;
      return { ...heard, dueAtMs, told: held.over === null ? [...held.told, channel] : held.told };
    }
    log.error({ row: held.row.kind, id: held.row.id, channel, ...outcome }, 'a held row could not be told');
    if (outcome.outcome === 'unknown') return undefined;
    if (outcome.outcome === 'rate-limited') return { unsure: 0, dueAtMs: nowMs + outcome.retryAfterMs };
    if (outcome.outcome === 'unreachable') return { unsure: 0, dueAtMs: nowMs + unreachableMs };
    const others = left.length > 0 || held.told.length > 0 || held.over !== null;
    return channelErrors.has(outcome.error) && others ? heard : { unsure: 0, dueAtMs: nowMs + lookAgainMs };
  };

  /** Those that nobody else changed meanwhile, as they are now. */
  const savedAll = async (
    group: readonly Held[],
    changes: (held: Held) => Partial<Held> | undefined,
  ): Promise<readonly Held[]> => {
    const saved = await Promise.all(
      group.map(async (held) => {
        const change = changes(held);
        return change === undefined ? undefined : rows.save({ ...held, ...change });
      }),
    );
    return saved.flatMap((held) => held ?? []);
  };

  return {
    async hold(row, nowMs) {
      const key = `${row.kind} ${row.id} ${row.sequence}`;
      if ((noted.get(key) ?? 0) > nowMs) return;
      await rows.hold(row, nowMs);
      noted.set(key, nowMs + lookAgainMs);
    },
    async runDue() {
      const due = await rows.due(perRun);
      const looked = await Promise.all(due.held.map((held) => lookAt(held, due.nowMs)));
      let open = looked.flatMap((held) => held ?? []);
      for (const [channel, over] of messagesFor(open)) {
        const mine = (held: Held) => (held.untold ?? []).includes(channel) && (held.over !== null) === over;
        const told = await tell(channel, open.filter(mine), due.nowMs);
        open = [...open.filter((held) => !mine(held)), ...told];
      }
      for (const held of open) await drawOver(held, due.nowMs);
    },
  };
}

/** One message for each channel that has to hear of something, and one for what is over. */
function messagesFor(open: readonly Held[]): readonly (readonly [channel: string, over: boolean])[] {
  const both = open.flatMap(({ untold, over }) =>
    (untold ?? []).map((channel) => [channel, over !== null] as const),
  );
  return [...new Map(both.map((entry) => [entry.join(' '), entry])).values()];
}
