import { setImmediate as turn } from 'node:timers/promises';

/** One call to somewhere else, in virtual time. */
export interface VirtualCall {
  readonly name: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Time that passes only while somebody waits for it: our own work takes none of it. */
export function createVirtualTime(startMs: number, latencyOf: (name: string) => number) {
  let nowMs = startMs;
  let order = 0;
  let waiting: { readonly atMs: number; readonly order: number; readonly run: () => void }[] = [];
  const calls: VirtualCall[] = [];

  const at = (atMs: number, run: () => void) => {
    order += 1;
    waiting.push({ atMs: Math.max(atMs, nowMs), order, run });
  };
  /** Everything that can go on without time passing has gone on. */
  const idle = async () => {
    for (let turns = 0; turns < 2; turns += 1) await turn();
  };

  return {
    nowMs: () => nowMs,
    calls,
    at,
    /** A call that is carried out, and answered, after its time. */
    remote<Answer>(name: string, call: () => Promise<Answer>): Promise<Answer> {
      const fromMs = nowMs;
      const untilMs = nowMs + latencyOf(name);
      calls.push({ name, fromMs, untilMs });
      return new Promise((resolve, reject) => at(untilMs, () => void call().then(resolve, reject)));
    },
    /** Lets time pass until it is so; throws when it is not so by then. */
    async until(isSo: () => boolean, latestMs: number, what: string): Promise<void> {
      for (await idle(); !isSo(); await idle()) {
        const next = Math.min(...waiting.map(({ atMs }) => atMs));
        if (!(next <= latestMs)) throw new Error(`${what} did not happen`);
        nowMs = next;
        const due = waiting.filter(({ atMs }) => atMs === next).sort((a, b) => a.order - b.order);
        waiting = waiting.filter(({ atMs }) => atMs !== next);
        for (const { run } of due) run();
      }
    },
  };
}
