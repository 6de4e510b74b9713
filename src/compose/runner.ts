import type { Log } from '../flows/ports.ts';

export interface Due {
  readonly ids: readonly string[];
  readonly nowMs: number;
}

export interface RunnerDeps {
  readonly duePromotions: (limit: number) => Promise<Due>;
  readonly dueSurfaces: (limit: number) => Promise<Due>;
  readonly tick: (promotionId: string) => Promise<void>;
  readonly announce: (promotionId: string, nowMs: number) => Promise<void>;
  readonly log: Log;
}

export interface Runner {
  /** A hint that something is due now; runs soon, and losing it only costs time. */
  wake(): void;
  /** Works off what is due now, once. Never throws: a row that cannot be worked off is left for later. */
  runDue(): Promise<void>;
  start(intervalMs: number): void;
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>;
}

const batch = 50;
const rounds = 6;
const atOnce = 4;
/** A row that failed is left alone this long, so that it cannot hold up the others. */
const restAfterFailureMs = 5_000;

/**
 * The sweep as one long-running process: what is due in the store is the truth, looked for every interval and whenever
 * somebody wakes it. Two of them at once do no harm.
 */
export function createRunner(deps: RunnerDeps): Runner {
  const resting = new Map<string, number>();
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = true;
  let timer: NodeJS.Timeout | undefined;

  const rested = (id: string, nowMs: number) => (resting.get(id) ?? 0) <= nowMs;

  const each = async (
    ids: readonly string[],
    nowMs: number,
    what: string,
    work: (id: string) => Promise<void>,
  ) => {
    const queue = [...ids];
    const worker = async () => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
        try {
          await work(id);
          resting.delete(id);
        } catch (error) {
          resting.set(id, nowMs + restAfterFailureMs);
          const { name, message } =
            error instanceof Error ? error : { name: 'unknown', message: String(error) };
          deps.log.error(
            { promotionId: id, what, error: name, reason: message },
            'a due row could not be worked off',
          );
        }
      }
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
  };

  const sweep = async () => {
    for (let round = 0; round < rounds; round += 1) {
      const promotions = await deps.duePromotions(batch);
      const ready = promotions.ids.filter((id) => rested(id, promotions.nowMs));
      await each(ready, promotions.nowMs, 'tick', deps.tick);
      const surfaces = await deps.dueSurfaces(batch);
      const dirty = surfaces.ids.filter((id) => rested(id, surfaces.nowMs));
      await each(dirty, surfaces.nowMs, 'announce', (id) => deps.announce(id, surfaces.nowMs));
      if (ready.length === 0 && dirty.length === 0) return;
    }
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
    wake() {
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
