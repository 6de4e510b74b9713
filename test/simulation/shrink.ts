import { playHistory } from './history.ts';
import type { Invariant } from './invariants.ts';
import { replayTape } from './tape.ts';

interface Tried {
  readonly fails: boolean;
  /** How much of a tape was drawn. */
  readonly length: number;
}

/** A calmer history that breaks the same invariant, found within so many tries. */
export async function shrink(
  failing: readonly number[],
  invariant: Invariant,
  most: number,
  play: (tape: readonly number[]) => Promise<Tried> = async (tape) => {
    const { violations, stage } = await playHistory(replayTape(tape));
    return {
      fails: violations.some((one) => one.invariant === invariant),
      length: stage.tape.drawn.length,
    };
  },
): Promise<{ readonly tape: readonly number[]; readonly tries: number }> {
  let best = [...failing];
  let tries = 0;
  const attempt = async (tape: readonly number[]): Promise<boolean> => {
    if (tries >= most) return false;
    tries += 1;
    const { fails, length } = await play(tape);
    if (fails) best = trimmed(tape.slice(0, length));
    return fails;
  };
  // Most of what was drawn came after the cause: what is cut off counts as zeros.
  for (let length = best.length >> 1; length > 0; length >>= 1) {
    while (best.length > length && (await attempt(best.slice(0, best.length - length)))) {}
  }
  for (let size = Math.max(1, best.length >> 2); size >= 1; size >>= 1) {
    for (let at = 0; at < best.length && tries < most; at += size) {
      if (best.slice(at, at + size).every((value) => value === 0)) continue;
      const zeroed = [...best].fill(0, at, Math.min(best.length, at + size));
      if (!(await attempt(zeroed))) await attempt([...best.slice(0, at), ...best.slice(at + size)]);
    }
  }
  return { tape: best, tries };
}

/** What came of the search, and which of the two histories is shown. */
export function spellShrunk({
  seed,
  tries,
  points,
  shortPoints,
  drawn,
  tape,
}: {
  readonly seed: number;
  readonly tries: number;
  readonly points: number;
  readonly shortPoints: number;
  readonly drawn: readonly number[];
  readonly tape: readonly number[];
}): string {
  const differing = (values: readonly number[]) => values.filter((value) => value !== 0).length;
  const calm = `of ${differing(drawn)} random choices ${differing(tape)} are left that differ from the calmest one`;
  return points < shortPoints
    ? `shown is seed ${seed} as it was, ${points} points: the calmest one found in ${tries} tries is longer, ${shortPoints} points (${calm})`
    : `shown is the calmest one found in ${tries} tries: ${shortPoints} points instead of ${points}; ${calm}`;
}

function trimmed(tape: readonly number[]): number[] {
  let length = tape.length;
  while (length > 0 && tape[length - 1] === 0) length -= 1;
  return tape.slice(0, length);
}
