import { createCoverage } from './coverage.ts';
import { playHistory } from './history.ts';
import type { Violation } from './invariants.ts';
import { createTape } from './tape.ts';

export interface Failure {
  readonly seed: number;
  readonly violation: Violation;
}

/** What a batch of histories came to; adds up over processes. */
export interface Tally {
  histories: number;
  points: number;
  saves: number;
  virtualSeconds: number;
  cpuMs: number;
  readonly ends: Record<string, number>;
  readonly cells: Record<string, number>;
  readonly failures: Failure[];
  readonly failed: Record<string, number>;
}

const emptyTally = (): Tally => ({
  histories: 0,
  points: 0,
  saves: 0,
  virtualSeconds: 0,
  cpuMs: 0,
  ends: {},
  cells: {},
  failures: [],
  failed: {},
});

const failuresKept = 5;

function add(into: Record<string, number>, from: Iterable<readonly [string, number]>): void {
  for (const [key, count] of from) into[key] = (into[key] ?? 0) + count;
}

export async function runSeeds(
  seeds: Iterable<number>,
  told: (tally: Tally) => void = () => {},
): Promise<Tally> {
  const tally = emptyTally();
  const coverage = createCoverage();
  const started = process.cpuUsage();
  for (const seed of seeds) {
    const { violations, points, saves, virtualSeconds, ends } = await playHistory(createTape(seed), coverage);
    tally.histories += 1;
    tally.points += points;
    tally.saves += saves;
    tally.virtualSeconds += virtualSeconds;
    add(
      tally.ends,
      ends.map((end) => [end, 1] as const),
    );
    const [violation] = violations;
    if (violation !== undefined) {
      add(tally.failed, [[violation.invariant, 1]]);
      if (tally.failures.length < failuresKept) tally.failures.push({ seed, violation });
    }
    told(tally);
  }
  const used = process.cpuUsage(started);
  tally.cpuMs = (used.user + used.system) / 1000;
  add(tally.cells, coverage.cells);
  return tally;
}
