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

export type Table = Readonly<Record<string, Counts>>;

export function tableOf(
  places: readonly Place[],
  cellOf: (place: Place) => readonly [row: string, column: string],
): Table {
  const table: Record<string, Counts> = {};
  for (const place of places) {
    const [line, column] = cellOf(place);
    const cells = table[line] ?? {};
    table[line] = cells;
    count(cells, column);
  }
  return table;
}

const total = (counts: Counts) => Object.values(counts).reduce((sum, each) => sum + each, 0);

export function spellPhases(table: Table): string {
  const used = columns.filter((column) => Object.values(table).some((cells) => cells[column] !== undefined));
  const lines = Object.entries(table).map(([phase, cells]) =>
    row([phase, ...used.map((column) => cells[column] ?? 0), total(cells)]),
  );
  const head = used.map((column) => (column === '-' ? 'no step' : column));
  return [row(['phase', ...head, 'all']), rule(used.length + 2), ...lines].join('\n');
}

export function spellCalls(table: Table): string {
  const lines = Object.keys(table)
    .sort()
    .map((call) =>
      row([call, ...(['begin', 'before', 'after'] as const).map((side) => table[call]?.[side] ?? 0)]),
    );
  return [row(['call', 'as it begins', 'before', 'after']), rule(4), ...lines].join('\n');
}

export const spellBroken = ({ scenario, at, where, text }: Broken) =>
  `BROKEN --only "${scenario}" --at ${at.join() || 0}${at.length > 1 ? ' --pairs' : ''} (${where})\n${text}`;

export function scenarioTable(tallies: readonly Tally[], what: 'kills' | 'pairs'): string {
  const lines = tallies.map(({ scenario, points, runs, killed, skipped, violations, turns }) =>
    row([
      scenario,
      points,
      ...(what === 'pairs' ? [runs] : []),
      killed,
      skipped,
      total({ ...turns }),
      violations,
    ]),
  );
  const sum = (of: (tally: Tally) => number) => tallies.reduce((before, each) => before + of(each), 0);
  const otherTurns = sum(({ turns }) => total({ ...turns }));
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
