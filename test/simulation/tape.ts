/**
 * Every choice of a history, in order. A draw of 0 always means the first choice and nothing bad, so a tape that is cut
 * short or zeroed out is a calmer history; that is what shrinking does.
 */
export interface Tape {
  /** A whole number below `choices`; recorded only where there is a choice. */
  draw(choices: number): number;
  /** True in so many of a thousand cases; never on a tape that has run out. */
  chance(perMille: number): boolean;
  between(least: number, most: number): number;
  pick<T>(all: readonly [T, ...T[]]): T;
  readonly drawn: readonly number[];
}

/** A tape that is written as it is drawn, by a small generator (mulberry32) seeded with any whole number. */
export function createTape(seed: number): Tape {
  let state = (Math.imul(seed ^ (seed >>> 16), 0x45d9f3b) ^ 0x9e3779b9) >>> 0;
  return tapeOf(() => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  });
}

/** Draws what was drawn before; behind its end only zeros. */
export function replayTape(values: readonly number[]): Tape {
  let next = 0;
  return tapeOf(() => {
    const value = values[next] ?? 0;
    next += 1;
    return value;
  });
}

function tapeOf(source: () => number): Tape {
  const drawn: number[] = [];
  const draw = (choices: number) => {
    if (choices <= 1) return 0;
    const value = source() % choices;
    drawn.push(value);
    return value;
  };
  return {
    drawn,
    draw,
    chance: (perMille) => perMille > 0 && draw(1000) >= 1000 - Math.min(999, perMille),
    between: (least, most) => least + draw(most - least + 1),
    pick: (all) => all[draw(all.length)] ?? all[0],
  };
}
