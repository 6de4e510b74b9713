import type { RemoteCall } from './remotes-process.ts';

interface Span {
  readonly name: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/**
 * How many of these calls had to wait for one another: the longest chain in which each began when the one before was
 * answered. Delays of a busy machine do not change it.
 */
export function roundsOf(calls: readonly Span[]): number {
  let rounds = 0;
  let freeMs = Number.NEGATIVE_INFINITY;
  for (const { fromMs, untilMs } of [...calls].sort((a, b) => a.untilMs - b.untilMs)) {
    if (fromMs < freeMs) continue;
    rounds += 1;
    freeMs = untilMs;
  }
  return rounds;
}

/** The names of what was called side by side: what began before the first of them was answered. */
export function groupsOf(calls: readonly Span[]): string[][] {
  const groups: string[][] = [];
  let untilMs = Number.NEGATIVE_INFINITY;
  for (const call of [...calls].sort((a, b) => a.fromMs - b.fromMs)) {
    if (call.fromMs >= untilMs) {
      groups.push([]);
      untilMs = call.untilMs;
    }
    groups.at(-1)?.push(call.name);
  }
  return groups.map((names) =>
    [...new Set(names)].sort().map((name) => {
      const times = names.filter((one) => one === name).length;
      return times === 1 ? name : `${name} ×${times}`;
    }),
  );
}

export const isToSlack = ({ name }: RemoteCall) => name.startsWith('slack ');
export const isToTable = ({ name }: RemoteCall) => name.startsWith('dynamodb ');
