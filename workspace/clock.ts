/**
 * The workspace's clock: one virtual time for Slack's signatures, `Date` headers, CloudFront's delays and
 * CloudWatch's metrics. Runs at `speed` times real time; 0 stands still and is moved by `advance`.
 * Stand-ins derive their state from `nowMs()` when asked, so that a jump in time needs no replay;
 * `at` is for things nobody asks about.
 */
export interface WorkspaceClock {
  /** Virtual milliseconds since the epoch. */
  nowMs(): number;
  speed(): number;
  setSpeed(speed: number): void;
  /** Jumps forward; callbacks due on the way run in order, each at its own time. Resolves when all have settled. */
  advance(ms: number): Promise<void>;
  /** Runs `callback` once virtual time reaches `atMs`; the returned function cancels it. */
  at(atMs: number, callback: () => void | Promise<void>): () => void;
  close(): void;
}

interface Alarm {
  atMs: number;
  callback: () => void | Promise<void>;
}

const longestTimerMs = 1_000;

export function createWorkspaceClock(options: { startMs?: number; speed?: number } = {}): WorkspaceClock {
  let speed = options.speed ?? 1;
  let baseVirtualMs = options.startMs ?? Date.now();
  let baseRealMs = performance.now();
  const alarms = new Set<Alarm>();
  let timer: NodeJS.Timeout | undefined;

  const nowMs = () => Math.floor(baseVirtualMs + (performance.now() - baseRealMs) * speed);

  const rebase = (virtualMs: number) => {
    baseVirtualMs = virtualMs;
    baseRealMs = performance.now();
  };

  const nextAlarm = (untilMs: number): Alarm | undefined => {
    let next: Alarm | undefined;
    for (const alarm of alarms) {
      if (alarm.atMs <= untilMs && (next === undefined || alarm.atMs < next.atMs)) next = alarm;
    }
    return next;
  };

  const schedule = () => {
    if (timer !== undefined) clearTimeout(timer);
    timer = undefined;
    const next = nextAlarm(Number.POSITIVE_INFINITY);
    if (next === undefined || speed === 0) return;
    const waitMs = Math.min(Math.max(0, (next.atMs - nowMs()) / speed), longestTimerMs);
    timer = setTimeout(() => void runDue(), waitMs);
    timer.unref();
  };

  const runDue = async () => {
    for (let due = nextAlarm(nowMs()); due !== undefined; due = nextAlarm(nowMs())) {
      alarms.delete(due);
      await due.callback();
    }
    schedule();
  };

  return {
    nowMs,
    speed: () => speed,
    setSpeed(next) {
      rebase(nowMs());
      speed = next;
      schedule();
    },
    async advance(ms) {
      const targetMs = nowMs() + ms;
      for (let due = nextAlarm(targetMs); due !== undefined; due = nextAlarm(targetMs)) {
        alarms.delete(due);
        rebase(Math.max(nowMs(), due.atMs));
        await due.callback();
      }
      rebase(Math.max(nowMs(), targetMs));
      schedule();
    },
    at(atMs, callback) {
      const alarm: Alarm = { atMs, callback };
      alarms.add(alarm);
      schedule();
      return () => {
        alarms.delete(alarm);
        schedule();
      };
    },
    close() {
      if (timer !== undefined) clearTimeout(timer);
      alarms.clear();
    },
  };
}
