import { type Figure, type Finding, isInconclusive, verdictOf } from './figure.ts';
import type { Machine } from './machine.ts';

const counted: ReadonlySet<Figure['unit']> = new Set(['rounds', 'calls', 'ticks', 'modules', 'units']);

function shown(value: number, unit: Figure['unit']): string {
  if (counted.has(unit)) {
    const count = Math.round(value * 10) / 10;
    return `${count} ${count === 1 ? unit.slice(0, -1) : unit}`;
  }
  if (unit === 'dollars') return `$${value.toFixed(6)}`;
  if (unit === 'times') return `${value.toFixed(value < 1 ? 3 : 2)} x`;
  return `${value.toFixed(1)} ${unit}`;
}

function verdictText(figure: Figure, finding: Finding): string {
  const verdict = verdictOf(figure, finding);
  if (verdict === 'reported') return figure.note ?? '';
  const { target = 0, value, unit, note } = figure;
  const by =
    verdict === 'not reached' && target > 0
      ? ` by ${shown(value - target, unit)} (${(value / target).toFixed(2)} times the target)`
      : '';
  return `${verdict}${by}${note === undefined ? '' : `: ${note}`}`;
}

function goal({ target, stretch, unit }: Figure): string {
  if (target === undefined) return '';
  return `≤ ${shown(target, unit)}${stretch === undefined ? '' : ` (${shown(stretch, unit)})`}`;
}

const hold = ({ held }: Figure) =>
  held === undefined ? '' : 'exactly' in held ? `= ${held.exactly}` : `≤ ${held.atMost}`;

function figureTable(finding: Finding): string {
  return [
    '| figure | measured | target (stretch) | verdict | held in every run |',
    '|---|---|---|---|---|',
    ...finding.figures.map(
      (figure) =>
        `| ${figure.name} | ${shown(figure.value, figure.unit)} | ${goal(figure)} | ${verdictText(figure, finding)} | ${hold(figure)} |`,
    ),
  ].join('\n');
}

/** Everything that has a target, in one table. */
function targetTable(findings: readonly Finding[]): string {
  return [
    '| | measured | target (stretch) | verdict |',
    '|---|---|---|---|',
    ...findings.flatMap((finding) =>
      finding.figures
        .filter(({ target }) => target !== undefined)
        .map(
          (figure) =>
            `| ${finding.title}: ${figure.name} | ${shown(figure.value, figure.unit)} | ${goal(figure)} | ${verdictText(figure, finding)} |`,
        ),
    ),
  ].join('\n');
}

/** For the terminal. */
export function rowsOf(finding: Finding, seconds: number): string {
  const { name, title, figures, sameAgainstItself } = finding;
  const width = Math.max(...figures.map((figure) => figure.name.length));
  const lines = figures.map((figure) =>
    `  ${figure.name.padEnd(width)}  ${shown(figure.value, figure.unit).padStart(12)}  ${goal(figure).padEnd(24)} ${verdictText(figure, finding)}`.trimEnd(),
  );
  const same =
    sameAgainstItself === undefined
      ? ''
      : `, the same against itself ${sameAgainstItself.toFixed(3)}${isInconclusive(finding) ? ' (inconclusive)' : ''}`;
  return [`${name}: ${title} (${seconds.toFixed(0)} s${same})`, ...lines, ''].join('\n');
}

/** For `docs/performance.md`. */
export function page(findings: readonly Finding[], machine: Machine, rounds: number): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  return `${[
    '# Performance',
    'Written by `npm run bench -- --write`; the same figures, and every single time, are in `docs/proof/bench.json`.',
    `**Machine.** ${machine.processor}, ${machine.memoryGB} GB, load ${machine.load} at the end of the run; Node ${machine.node}; ${versions.join(', ')}. There was no AWS and no Slack: the remotes are stand-ins on the same machine, so no time here is one that a user would see; the counts are.`,
    `**How.** Counts (rounds, calls, units, bytes) are exact: they are the same in every run, and a run in which one has grown fails. Times are told only as ratios to a side that was started in the same run: the sides take turns, each round beginning with another one, the ratio is taken in each round, and the figure is the median of ${rounds} rounds. In the same rounds one side runs twice; where that pair is not between 0.95 and 1.05 the ratios of the bench say nothing, and are called inconclusive, not failed. Where a figure has a target it is that of the plan for this part of the product; in brackets the one beyond it.`,
    '## In short',
    targetTable(findings),
    ...findings.flatMap((finding) => [
      `## ${finding.title}`,
      finding.how,
      ...(finding.sameAgainstItself === undefined
        ? []
        : [
            `The same side against itself: ${finding.sameAgainstItself.toFixed(3)}${isInconclusive(finding) ? ', so the ratios are inconclusive' : ''}.`,
          ]),
      figureTable(finding),
      ...(finding.details === undefined ? [] : [finding.details]),
    ]),
  ].join('\n\n')}\n`;
}
