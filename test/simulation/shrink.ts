import { playHistory } from './history.ts';
import type { Invariant } from './invariants.ts';
import { replayTape } from './tape.ts';

/** A calmer history that breaks the same invariant, found within so many tries. */
export async function shrink(
  failing: readonly number[],
  invariant: Invariant,
  tries = 400,
): Promise<{ readonly tape: readonly number[]; readonly tries: number }> {
  let best = [...failing];
  let used = 0;
  const breaks = async (tape: readonly number[]) => {
    used += 1;
    const { violations, stage } = await playHistory(replayTape(tape));
    const found = violations.some((one) => one.invariant === invariant);
    return found ? stage.tape.drawn.length : null;
  };
  const tryTape = async (tape: number[]): Promise<boolean> => {
    const length = await breaks(tape);
    if (length === null) return false;
    best = trimmed(tape.slice(0, length));
    return true;
  };
  // Most of what was drawn came after the cause: what is cut off counts as zeros.
  for (let length = best.length >> 1; length > 0 && used < tries; length >>= 1) {
    while (best.length > length && used < tries && (await tryTape(best.slice(0, best.length - length)))) {}
  }
  for (let size = Math.max(1, best.length >> 2); size >= 1 && used < tries; size >>= 1) {
    for (let at = 0; at < best.length && used < tries; at += size) {
      if (best.slice(at, at + size).every((value) => value === 0)) continue;
      const zeroed = [...best];
      zeroed.fill(0, at, Math.min(best.length, at + size));
      if (await tryTape(zeroed)) continue;
      if (used < tries) await tryTape([...best.slice(0, at), ...best.slice(at + size)]);
    }
  }
  return { tape: best, tries: used };
}

function trimmed(tape: readonly number[]): number[] {
  let length = tape.length;
  while (length > 0 && tape[length - 1] === 0) length -= 1;
  return tape.slice(0, length);
}
