import type { RemoteCall } from './remotes-process.ts';

/**
 * How many of these calls had to wait for one another: the longest chain in which each began when the one before was
 * answered. Delays of a busy machine do not change it.
 */
export function roundsOf(calls: readonly RemoteCall[]): number {
  let rounds = 0;
  let freeMs = Number.NEGATIVE_INFINITY;
  for (const { fromMs, untilMs } of [...calls].sort((a, b) => a.untilMs - b.untilMs)) {
    if (fromMs < freeMs) continue;
    rounds += 1;
    freeMs = untilMs;
  }
  return rounds;
}

export const isToSlack = ({ name }: RemoteCall) => name.startsWith('slack ');
export const isToTable = ({ name }: RemoteCall) => name.startsWith('dynamodb ');
