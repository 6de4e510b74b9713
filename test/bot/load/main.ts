import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Figures, type LoadOptions, runLoad } from './run.ts';

/** The measurement as `scripts/measure-slack.mjs` runs it: a table of scenarios; fails where a promise is broken. */
const { values } = parseArgs({
  options: { promotions: { type: 'string' }, seed: { type: 'string' }, json: { type: 'string' } },
});
const promotions = Number(values.promotions ?? 200);
const seed = Number(values.seed ?? 1);
const editMs = 1_500;

interface Scenario {
  readonly name: string;
  readonly options: Partial<LoadOptions>;
  /** How late the last end may be drawn, in seconds. */
  readonly within: number;
  readonly mayRepeat: boolean;
}

/** What the pot of edits needs for this many at once, beyond the minute that is promised. */
const forAtOnce = (count: number) => 60 + Math.ceil((count * editMs) / 1000);

const scenarios: readonly Scenario[] = [
  { name: '8 channels', options: { channels: 8 }, within: 60, mayRepeat: false },
  { name: '8 channels, one process', options: { channels: 8, processes: 1 }, within: 60, mayRepeat: false },
  {
    name: '8 channels, four processes',
    options: { channels: 8, processes: 4 },
    within: 60,
    mayRepeat: false,
  },
  { name: 'one channel', options: { channels: 1 }, within: 60, mayRepeat: false },
  {
    name: 'one answer in twenty lost',
    options: { channels: 8, lostAnswersPercent: 5 },
    within: 60,
    mayRepeat: true,
  },
  {
    name: 'Slack down from minute 8 to 13',
    options: { channels: 8, downFromMinute: 8, downForMinutes: 5 },
    within: forAtOnce(promotions / 2),
    mayRepeat: true,
  },
  {
    name: 'all end within five minutes',
    options: { channels: 8, endWithinSeconds: 300 },
    within: forAtOnce(promotions / 5),
    mayRepeat: false,
  },
  {
    name: 'all end within one minute',
    options: { channels: 8, endWithinSeconds: 60 },
    within: forAtOnce(promotions),
    mayRepeat: false,
  },
];

function broken({ within, mayRepeat }: Scenario, figures: Figures): string[] {
  return [
    ...(figures.rateLimited === 0 ? [] : [`Slack said 429 ${figures.rateLimited} times`]),
    ...(figures.rateLimitedIfLate === 0
      ? []
      : [`Slack would have said 429 ${figures.rateLimitedIfLate} times to late calls`]),
    ...(figures.neverDrawn === 0 ? [] : [`${figures.neverDrawn} ends were never drawn`]),
    ...(figures.lostOrOutOfOrder.length === 0
      ? []
      : [`told wrongly: ${figures.lostOrOutOfOrder.slice(0, 3).join('; ')}`]),
    ...(figures.drawnAfter.most <= within ? [] : [`an end was drawn after ${figures.drawnAfter.most} s`]),
    ...(mayRepeat || figures.repeated === 0 ? [] : [`${figures.repeated} were told twice`]),
  ];
}

const seconds = (value: number) => value.toFixed(0);
const rows: string[][] = [];
const results: unknown[] = [];
let failures = 0;
for (const scenario of scenarios) {
  const options = { promotions, channels: 8, minutes: 20, seed, ...scenario.options };
  const figures = await runLoad(options);
  const problems = broken(scenario, figures);
  failures += problems.length;
  for (const problem of problems) console.error(`${scenario.name}: ${problem}`);
  results.push({
    name: scenario.name,
    options,
    figures: { ...figures, complaints: figures.complaints.length },
  });
  const { drawnAfter, toldAfter, mostInAMinute, calls } = figures;
  rows.push([
    scenario.name,
    `${figures.rateLimited} / ${figures.rateLimitedIfLate}`,
    `${seconds(drawnAfter.median)} / ${seconds(drawnAfter.p95)} / ${seconds(drawnAfter.most)}`,
    `${seconds(toldAfter.median)} / ${seconds(toldAfter.p95)} / ${seconds(toldAfter.most)}`,
    `${mostInAMinute['chat.update']}`,
    `${mostInAMinute['chat.postMessage']} / ${mostInAMinute['chat.postMessage in one channel']}`,
    `${calls['chat.update']} + ${calls['chat.postMessage']}`,
    String(figures.repeated),
    `${figures.writesPerCall.toFixed(1)} / ${figures.readsPerCall.toFixed(1)}`,
  ]);
}
const heads = [
  'scenario',
  '429 (at once / up to 3 s late)',
  'end drawn after, s (median / p95 / most)',
  'end told after, s',
  'most edits a minute',
  'most posts a minute (workspace / channel)',
  'edits + posts',
  'told again',
  'table writes / reads per call',
];
for (const row of [heads, heads.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`);
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
process.exitCode = failures === 0 ? 0 : 1;
