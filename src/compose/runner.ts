import { rowOf, type UnreadableRow } from '../flows/held.ts';
import type { Log } from '../flows/ports.ts';

export interface Due {
  readonly ids: readonly string[];
  readonly nowMs: number;
}

export interface RunnerDeps {
  readonly duePromotions: (limit: number, except: ReadonlySet<string>) => Promise<Due>;
  readonly dueSurfaces: (limit: number, except: ReadonlySet<string>) => Promise<Due>;
  readonly tick: (promotionId: string) => Promise<unknown>;
  readonly announce: (promotionId: string, nowMs: number) => Promise<unknown>;
  readonly held: {
    /** Notes a row that cannot be read. */
    hold(row: UnreadableRow, nowMs: number): Promise<void>;
    /** Looks at what is held, and tells it. */
    runDue(): Promise<void>;
  };
  readonly log: Log;
}

export interface Runner {
  /** A hint that something is due now; runs soon, and losing it only costs time. Somebody changed what it names. */
  wake(promotionId?: string): void;
  /** Works off what is due now, once. Never throws: a row that cannot be worked off is left for later. */
  runDue(): Promise<void>;
  start(intervalMs: number): void;
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

const batch = 50;
const rounds = 6;
/** Passes that found nothing but failures do not count as rounds; this many end the sweep all the same. */
const passes = 60;
const atOnce = 4;
/** A row that failed is left alone this long, twice as long each time, so that it cannot hold up the others. */
const firstRestMs = 5_000;
const longestRestMs = 5 * 60_000;
/** How often what is held is looked for; each held row says itself when it wants to be looked at. */
const heldEveryMs = 5_000;

interface Rest {
  readonly untilMs: number;
  readonly failures: number;
  /** It cannot be read: only time, or another process, can change that. */
  readonly held: boolean;
}

type Rests = ReturnType<typeof createRests>;

/** What failed to be worked off, and until when it is left alone. Kept in memory: another process finds out by itself. */
function createRests() {
  const rests = new Map<string, Rest>();
  return {
    /** Those that are not to be looked at yet. */
    at(nowMs: number): ReadonlySet<string> {
      for (const [id, { untilMs }] of rests) if (untilMs <= nowMs - longestRestMs) rests.delete(id);
      return new Set([...rests].filter(([, { untilMs }]) => untilMs > nowMs).map(([id]) => id));
    },
    failed(id: string, nowMs: number, held: boolean) {
      const failures = (rests.get(id)?.failures ?? 0) + 1;
      const restMs = held ? longestRestMs : Math.min(longestRestMs, firstRestMs * 2 ** (failures - 1));
      rests.set(id, { untilMs: nowMs + restMs, failures, held });
    },
    worked(id: string) {
      rests.delete(id);
    },
    woken(id: string, nowMs: number) {
      const rest = rests.get(id);
      if (rest !== undefined && !rest.held)
        rests.set(id, { ...rest, untilMs: Math.min(rest.untilMs, nowMs) });
    },
  };
}

/**
 * The sweep as one long-running process: what is due in the store is the truth, looked for every interval and whenever
 * somebody wakes it. What cannot be read is held and what fails rests, each row for itself. Two of them at once do no
 * harm.
 */
export function createRunner(deps: RunnerDeps): Runner {
  const ticks = createRests();
  const announcements = createRests();
  /** Store time of the newest answer. */
  let heardMs = 0;
  let heldLookedAtMs = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = true;
  let timer: NodeJS.Timeout | undefined;

  /** How many could be worked on, and whether one was held. */
  const each = async (due: Due, what: string, rests: Rests, work: (id: string) => Promise<unknown>) => {
    const queue = [...due.ids];
    let worked = 0;
    let held = false;
    const worker = async () => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
        try {
          await work(id);
          rests.worked(id);
          worked += 1;
        } catch (error) {
          const row = rowOf(error);
          rests.failed(id, due.nowMs, row?.id === id);
          complain(deps.log, id, what, error);
          if (row !== undefined) held = (await noted(row, due.nowMs)) || held;
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return { worked, held };
  };

  const noted = async (row: UnreadableRow, nowMs: number): Promise<boolean> => {
    try {
      await deps.held.hold(row, nowMs);
      return true;
    } catch (error) {
      complain(deps.log, row.id, 'hold', error);
      return false;
    }
  };

  const lookAtHeld = async (nowMs: number, atOnceBecauseNew: boolean) => {
    if (!atOnceBecauseNew && nowMs < heldLookedAtMs + heldEveryMs) return;
    heldLookedAtMs = nowMs;
    await deps.held.runDue();
  };

  const dueNow = async (find: RunnerDeps['duePromotions'], rests: Rests): Promise<Due> => {
    const resting = rests.at(heardMs);
    const first = await find(batch, resting);
    heardMs = first.nowMs;
    const still = rests.at(heardMs);
    const due = still.size === resting.size ? first : await find(batch, still);
    return { ...due, ids: due.ids.filter((id) => !still.has(id)) };
  };

  const sweep = async () => {
    let held = false;
    for (let round = 0, pass = 0; round < rounds && pass < passes; pass += 1) {
      const promotions = await dueNow(deps.duePromotions, ticks);
      const ticked = await each(promotions, 'tick', ticks, deps.tick);
      const surfaces = await dueNow(deps.dueSurfaces, announcements);
      const announced = await each(surfaces, 'announce', announcements, (id) =>
        deps.announce(id, surfaces.nowMs),
      );
      held = held || ticked.held || announced.held;
      if (promotions.ids.length + surfaces.ids.length === 0) break;
      if (ticked.worked + announced.worked > 0) round += 1;
    }
    await lookAtHeld(heardMs, held);
  };

  const runDue = async (): Promise<void> => {
    if (running !== undefined) {
      again = true;
      return running;
    }
    running = (async () => {
      do {
        again = false;
        try {
          await sweep();
        } catch (error) {
          deps.log.error(
            { reason: error instanceof Error ? error.message : String(error) },
            'the sweep could not read what is due',
          );
        }
      } while (again);
    })();
    try {
      await running;
    } finally {
      running = undefined;
    }
  };

  return {
    wake(promotionId) {
      if (promotionId !== undefined) {
        ticks.woken(promotionId, heardMs);
        announcements.woken(promotionId, heardMs);
      }
      if (!stopped) setImmediate(() => void runDue());
    },
    runDue,
    start(intervalMs) {
      stopped = false;
      timer = setInterval(() => void runDue(), intervalMs);
      void runDue();
    },
    async stop() {
      stopped = true;
      if (timer !== undefined) clearInterval(timer);
      await running;
    },
  };
}

function complain(log: Log, promotionId: string, what: string, error: unknown): void {
  const { name, message } = error instanceof Error ? error : { name: 'unknown', message: String(error) };
  log.error({ promotionId, what, error: name, reason: message }, 'a due row could not be worked off');
}
