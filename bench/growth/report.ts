import type { Figures, Growth, PromotionCost } from './figures.ts';
import { plus } from './figures.ts';
import type { Spent } from './metered-bot.ts';

/** On demand, us-east-1 list price (aws.amazon.com/dynamodb/pricing), dollars for a million units. */
const dollarsPerMillion = { read: 0.125, write: 0.625 };
/** The process sweeps four times a second. */
const sweepsPerMonth = 30 * 24 * 60 * 60 * 4;

const units = ({ calls, read, write }: Spent) => `${calls} | ${read} | ${write}`;
const dollars = ({ read, write }: Spent) =>
  (read * dollarsPerMillion.read + write * dollarsPerMillion.write) / 1_000_000;
const count = (value: number) => value.toLocaleString('en-US');

/** The figures as a page. */
export function report(figures: Figures): string {
  const { growth, good, rolledBack, sweepTimes, machine } = figures;
  const idle = growth[0]?.idleSweep;
  return `${[
    '# What a promotion costs the table, and what open ones cost',
    `Measured by \`node scripts/bench.mjs growth\`; the same figures are in growth.json. Units are counted on the real bot over the table model, by AWS's rules: a read unit is 4 KB read consistently, half of it otherwise; a write unit is 1 KB; a transaction costs twice its rows; each index entry that is put or taken away costs its own. The model is judged by real engines (\`scripts/judge-table.mjs\`), its units by what the native engine meters for the same calls.`,
    '## Open promotions',
    'Promotions that wait for approval stand in the table and are not due. A sweep asks for what is due; its cost follows that, not what is open: the bench fails unless the figures of all rows are equal.',
    growthTable(growth),
    idle === undefined
      ? ''
      : `It is the sweep of the process (\`npm run serve\`), which asks the store for its time before each of its three questions, three reads of one unit; the function's sweep has the time from its first query and makes the same nine queries alone: 9 calls, 4.5 units in [performance](../performance.md). Four times a second, as the process sweeps, one that finds nothing costs at most ${count(idle.read * sweepsPerMonth)} read units a month, $${dollars({ ...idle, read: idle.read * sweepsPerMonth, write: idle.write * sweepsPerMonth }).toFixed(2)}.`,
    ...(sweepTimes === undefined
      ? []
      : [
          `On the native engine (SQLite) the query for what is due, nothing being due; medians of one run in which the tables answered in turn, on a busy machine: only the ratio says something. ${machine}.`,
          sweepTable(sweepTimes),
        ]),
    '## One promotion, phase by phase',
    'Two approvals, five minutes to cancel, three minutes of deployment, a watch of fifteen minutes with a reading each minute. *Deciding* is the desk and the ticks; *showing* is card and thread. A save is booked to the phase in which it was decided. Sweeps are not in it: they are shared by all.',
    promotionTable('A good promotion', good),
    promotionTable('Rolled back: errors in the watch', rolledBack),
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}

function growthTable(growth: readonly Growth[]): string {
  const rows = growth.map(
    ({ open, idleSweep, busySweep, promotion }) =>
      `| ${count(open)} | ${units(idleSweep)} | ${units(busySweep)} | ${units(promotion)} |`,
  );
  return [
    '| open | idle sweep: calls | reads | writes | sweep, tick and card of one that is due: calls | reads | writes | whole good promotion: calls | reads | writes |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function sweepTable(times: NonNullable<Figures['sweepTimes']>): string {
  const first = times[0]?.medianMs ?? Number.NaN;
  return [
    '| open | median ms | ratio to the smallest |',
    '|---|---|---|',
    ...times.map(
      ({ open, medianMs }) =>
        `| ${count(open)} | ${medianMs.toFixed(1)} | ${(medianMs / first).toFixed(2)} |`,
    ),
  ].join('\n');
}

function promotionTable(title: string, cost: PromotionCost): string {
  const { phases, total, ended, seconds, revisions, ticks, messages } = cost;
  const rows = phases.map(
    ({ phase, deciding, showing }) => `| ${phase} | ${units(deciding)} | ${units(showing)} |`,
  );
  const sum = (pick: (phase: PromotionCost['phases'][number]) => Spent) =>
    units(phases.map(pick).reduce(plus));
  return [
    `### ${title}`,
    '',
    `Ended ${ended} after ${Math.round(seconds / 60)} minutes: ${revisions} saves, ${ticks} ticks, ${messages} messages, ${total.read} read and ${total.write} write units, $${dollars(total).toFixed(5)}.`,
    '',
    '| phase | deciding: calls | reads | writes | showing: calls | reads | writes |',
    '|---|---|---|---|---|---|---|',
    ...rows,
    `| **all** | ${sum(({ deciding }) => deciding)} | ${sum(({ showing }) => showing)} |`,
  ].join('\n');
}
