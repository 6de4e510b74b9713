/** The middle one; the mean of the two in the middle where there is none. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** Ratios round by round, and their median: what slows the machine for a moment slows both sides of a round. */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)));
}

/** The same list, begun one further each time. */
export function rotated<Side>(sides: readonly Side[], round: number): Side[] {
  const from = round % sides.length;
  return [...sides.slice(from), ...sides.slice(0, from)];
}
