import type { Place } from './run.ts';

/** A run that broke something, with what it takes to see it again. */
export interface Broken {
  readonly scenario: string;
  readonly at: readonly number[];
  readonly where: string;
  readonly text: string;
}

/** What killing came to in one scenario. */
export interface Tally {
  readonly scenario: string;
  /** Points of the run in which nobody was killed. */
  readonly points: number;
  /** Runs that were asked for: one for each point, or for each pair of points. */
  readonly runs: number;
  readonly killed: number;
  readonly skipped: number;
  readonly violations: number;
  /** Runs that took another turn than the story, by the reason why it is right as well. */
  readonly turns: Readonly<Record<string, number>>;
  readonly cpuSeconds: number;
}

export type Counts = Record<string, number>;

export function count(into: Counts, key: string, by = 1): void {
  into[key] = (into[key] ?? 0) + by;
}

export const spellPlace = ({ process, phase, step, call, side }: Place) =>
  `${process}, ${phase}${step === '-' ? '' : ` (${step})`}, ${side} ${call}`;

const columns = [
  '-',
  'gate',
  'backup',
  'deploy',
  'shift',
  'invalidate',
  'settle',
  'deploy back',
  'shift back',
  'invalidate back',
  'settle back',
  'probes',
] as const;

const row = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
const rule = (width: number) => row(Array.from({ length: width }, () => '---'));

/** Kill points by phase and by the kind of step that was being carried out. */
export function phaseTable(places: Iterable<readonly [Place, number]>): string {
  const cells = new Map<string, Counts>();
  for (const [{ phase, step }, times] of places) {
    const line = cells.get(phase) ?? {};
    count(line, step, times);
    cells.set(phase, line);
  }
  const used = columns.filter((column) => [...cells.values()].some((line) => line[column] !== undefined));
  const lines = [...cells].map(([phase, line]) =>
    row([
      phase,
      ...used.map((column) => line[column] ?? 0),
      Object.values(line).reduce((sum, each) => sum + each, 0),
    ]),
  );
  const head = used.map((column) => (column === '-' ? 'no step' : column));
  return [row(['phase', ...head, 'all']), rule(used.length + 2), ...lines].join('\n');
}

/** Kill points by the call before or after which they lie. */
export function callTable(places: Iterable<readonly [Place, number]>): string {
  const sides = ['begin', 'before', 'after'] as const;
  const cells = new Map<string, Counts>();
  for (const [{ call, side }, times] of places) {
    const line = cells.get(call) ?? {};
    count(line, side, times);
    cells.set(call, line);
  }
  const lines = [...cells]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([call, line]) => row([call, ...sides.map((side) => line[side] ?? 0)]));
  return [row(['call', 'as it begins', 'before', 'after']), rule(4), ...lines].join('\n');
}

export function scenarioTable(tallies: readonly Tally[], what: 'kills' | 'pairs'): string {
  const lines = tallies.map(({ scenario, points, runs, killed, skipped, violations, turns }) =>
    row([
      scenario,
      points,
      ...(what === 'pairs' ? [runs] : []),
      killed,
      skipped,
      Object.values(turns).reduce((sum, each) => sum + each, 0),
      violations,
    ]),
  );
  const sum = (of: (tally: Tally) => number) => tallies.reduce((total, each) => total + of(each), 0);
  const otherTurns = sum(({ turns }) => Object.values(turns).reduce((total, each) => total + each, 0));
  const head = [
    'scenario',
    'points',
    ...(what === 'pairs' ? ['pairs'] : []),
    what === 'pairs' ? 'killed twice' : 'killed',
    'skipped',
    'another turn',
    'violations',
  ];
  const all = row([
    '**all**',
    sum(({ points }) => points),
    ...(what === 'pairs' ? [sum(({ runs }) => runs)] : []),
    sum(({ killed }) => killed),
    sum(({ skipped }) => skipped),
    otherTurns,
    sum(({ violations }) => violations),
  ]);
  return [row(head), rule(head.length), ...lines, all].join('\n');
}
