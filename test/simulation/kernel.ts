import type { Tape } from './tape.ts';

/** One process of the bot. Killed, it never does anything again; its successor is another one. */
export interface Process {
  readonly name: string;
  alive: boolean;
  /** Stopped in mid-act until then: a machine that sleeps. */
  pausedUntilMs: number;
  /** How far its own clock is off. */
  readonly skewMs: number;
  /** The newest schema that its version of the bot reads and writes. */
  readonly schema: number;
  /** Killed when one piece of its work takes longer, as a Lambda is; null for a server. */
  readonly longestWorkMs: number | null;
}

/** What a call is made for. Handed on from await to await, so that everything can be traced to what caused it. */
export interface Work {
  /** Promotion id, or empty. */
  readonly about: string;
  readonly doing: string;
  readonly startedAtMs: number;
  /** Announcements that this work has read last: what it posts next is about them. */
  telling: readonly number[];
}

export interface Point {
  readonly process: Process | null;
  readonly work: Work;
  readonly kind: string;
  readonly side: 'begin' | 'before' | 'after' | 'timer';
  readonly run: () => void;
  readonly atMs: number;
  readonly order: number;
}

export interface KernelFaults {
  /** Of a thousand picks, how many take another point than the oldest. */
  shuffle: number;
  /** Of a thousand calls, how many take a while. */
  slow: number;
  /** Of a thousand points, how many kill their process. */
  crash: number;
  /** Of a thousand points, how many stop their process for a while. */
  pause: number;
}

export interface Kernel {
  nowMs(): number;
  readonly faults: KernelFaults;
  /** One call to the outside: parked before its effect and once more after it. */
  call<T>(process: Process, kind: string, effect: () => T): Promise<T>;
  sleep(process: Process, milliseconds: number): Promise<void>;
  /** Something of the world itself, which no process can stop. */
  at(atMs: number, kind: string, run: () => void): void;
  /** Begins work of a process; nothing happens if it is dead. */
  begin(process: Process, about: string, doing: string, task: () => Promise<unknown>): void;
  /** Lets a function run as part of the work that it belongs to. */
  within<T>(work: Work, task: () => T): T;
  /** The work that is being done right now. */
  readonly work: () => Work;
  /** Whose call is being carried out right now; null for the world's own doing. */
  readonly actor: () => Process | null;
  createProcess(
    name: string,
    about?: { skewMs?: number; schema?: number; longestWorkMs?: number | null },
  ): Process;
  kill(process: Process): void;
  /** Runs until nothing is left before that time, or `stop` says so. */
  runUntil(untilMs: number, stop?: () => boolean): Promise<void>;
  /** Points that were taken so far. */
  readonly passed: () => number;
  /** How often a process was killed or stopped. */
  readonly interrupted: () => number;
  /** Called for every point before it runs; answers whether its process is killed there. */
  onPoint: ((point: Point, count: number) => boolean) | null;
  /** Called for every point that runs. */
  onTaken: ((point: Point) => void) | null;
  onKilled: ((process: Process, point: Point) => void) | null;
  onPaused: ((process: Process, point: Point) => void) | null;
}

export const startMs = Date.UTC(2026, 10, 21, 9);
const pauses = [20_000, 90_000, 240_000, 420_000] as const;
const latencies = [300, 900, 2_000, 4_000] as const;
const longestShortPauseMs = 15_000;

let runningClock: () => number = () => startMs;
/** The own clock of the process that runs right now, in the kernel that was made last. */
export const localClockMs = () => runningClock();
/** Far more than any history needs: something runs in circles. */
const mostPoints = 60_000;

export class Stuck extends Error {
  override readonly name = 'Stuck';
}

/** One thread in which everything that waits is parked, and a tape that says who goes on. */
export function createKernel(tape: Tape): Kernel {
  let nowMs = startMs;
  let orders = 0;
  let passed = 0;
  let interrupted = 0;
  const idle: Work = { about: '', doing: 'world', startedAtMs: startMs, telling: [] };
  let work: Work = idle;
  let actor: Process | null = null;
  const ready: Point[] = [];
  const timed: Point[] = [];
  const faults: KernelFaults = { shuffle: 0, slow: 0, crash: 0, pause: 0 };

  const earlier = (a: Point, b: Point) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

  const pushTimed = (point: Point) => {
    timed.push(point);
    for (let at = timed.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      const above = timed[parent];
      if (above === undefined || !earlier(point, above)) break;
      timed[at] = above;
      timed[parent] = point;
      at = parent;
    }
  };

  const popTimed = (): Point | undefined => {
    const first = timed[0];
    const last = timed.pop();
    if (first === undefined || last === undefined || first === last) return first;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const a = timed[left];
      const b = timed[left + 1];
      const [child, where] = b !== undefined && a !== undefined && earlier(b, a) ? [b, left + 1] : [a, left];
      if (child === undefined || !earlier(child, last)) break;
      timed[at] = child;
      at = where;
    }
    timed[at] = last;
    return first;
  };

  const park = (
    process: Process | null,
    kind: string,
    side: Point['side'],
    atMs: number,
    of: Work,
    run: () => void,
  ) => {
    orders += 1;
    const point: Point = { process, work: of, kind, side, run, atMs, order: orders };
    if (atMs <= nowMs) ready.push(point);
    else pushTimed(point);
  };

  runningClock = () => nowMs + (actor?.skewMs ?? 0);

  const kernel: Kernel = {
    nowMs: () => nowMs,
    faults,
    work: () => work,
    actor: () => actor,
    passed: () => passed,
    interrupted: () => interrupted,
    onPoint: null,
    onTaken: null,
    onKilled: null,
    onPaused: null,
    call(process, kind, effect) {
      const of = work;
      return new Promise((resolve, reject) => {
        park(process, kind, 'before', nowMs, of, () => {
          const latency = tape.chance(faults.slow) ? tape.pick(latencies) : 0;
          try {
            const answer = effect();
            park(process, kind, 'after', nowMs + latency, of, () => resolve(answer));
          } catch (error) {
            park(process, kind, 'after', nowMs + latency, of, () => reject(error));
          }
        });
      });
    },
    sleep(process, milliseconds) {
      const of = work;
      return new Promise((resolve) => {
        park(process, 'sleep', 'after', nowMs + milliseconds, of, () => resolve());
      });
    },
    at: (atMs, kind, run) => park(null, kind, 'timer', atMs, idle, run),
    begin(process, about, doing, task) {
      if (!process.alive) return;
      const begun: Work = { about, doing, startedAtMs: nowMs, telling: [] };
      park(process, `begin ${doing}`, 'begin', nowMs, begun, () => {
        // What a task throws ends with it, like a request that failed.
        void task().catch(() => {});
      });
    },
    within(of, task) {
      const before = work;
      work = of;
      try {
        return task();
      } finally {
        work = before;
      }
    },
    createProcess: (name, about = {}) => ({
      name,
      alive: true,
      pausedUntilMs: 0,
      skewMs: about.skewMs ?? 0,
      schema: about.schema ?? 0,
      longestWorkMs: about.longestWorkMs ?? null,
    }),
    kill(process) {
      interrupted += 1;
      process.alive = false;
    },
    async runUntil(untilMs, stop) {
      for (;;) {
        if (ready.length === 0) {
          const next = timed[0];
          if (next === undefined || next.atMs > untilMs) {
            nowMs = Math.max(nowMs, Math.min(untilMs, next?.atMs ?? untilMs));
            return;
          }
          nowMs = Math.max(nowMs, next.atMs);
          for (let due = timed[0]; due !== undefined && due.atMs <= nowMs; due = timed[0]) {
            popTimed();
            ready.push(due);
          }
        }
        const index = ready.length > 1 && tape.chance(faults.shuffle) ? tape.draw(ready.length) : 0;
        const point = index === 0 ? ready.shift() : ready.splice(index, 1)[0];
        if (point === undefined) continue;
        const { process } = point;
        if (process !== null) {
          if (!process.alive) continue;
          if (process.pausedUntilMs > nowMs) {
            pushTimed({ ...point, atMs: process.pausedUntilMs });
            continue;
          }
          if (isKilled(process, point) || isPaused(process, point)) continue;
        }
        passed += 1;
        if (passed > mostPoints) throw new Stuck('more points than any history needs');
        kernel.onTaken?.(point);
        work = point.work;
        actor = process;
        point.run();
        // Before its effect a call settles no promise, so nobody has anything to do yet.
        if (point.side !== 'before') await drained();
        work = idle;
        if (stop?.() === true) return;
      }
    },
  };

  const isKilled = (process: Process, point: Point): boolean => {
    const { longestWorkMs } = process;
    const killed =
      kernel.onPoint?.(point, passed) === true ||
      (longestWorkMs !== null && nowMs - point.work.startedAtMs > longestWorkMs) ||
      tape.chance(faults.crash);
    if (!killed) return false;
    interrupted += 1;
    process.alive = false;
    kernel.onKilled?.(process, point);
    return true;
  };

  const isPaused = (process: Process, point: Point): boolean => {
    if (!tape.chance(faults.pause)) return false;
    interrupted += 1;
    const pauseMs = process.longestWorkMs === null ? tape.pick(pauses) : longestShortPauseMs;
    process.pausedUntilMs = nowMs + pauseMs;
    kernel.onPaused?.(process, point);
    pushTimed({ ...point, atMs: process.pausedUntilMs });
    return true;
  };

  return kernel;
}

/** Resolves once no promise has anything left to do: ticks come after all microtasks. */
const drained = () => new Promise<void>((resolve) => process.nextTick(resolve));
