import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Item } from '../src/store/transport.ts';
import { startMs } from '../test/flows/promotion/walk.ts';
import { createTableModel } from '../test/simulation/table-model.ts';
import { engines } from '../test/support/dynamodb.ts';
import { costOf, type Figures, type Growth } from './growth/figures.ts';
import { tableName } from './growth/metered-bot.ts';
import { timeSweeps } from './growth/native-sweep.ts';
import { runPromotion } from './growth/one-promotion.ts';
import { report } from './growth/report.ts';
import { waitingRows } from './growth/waiting-rows.ts';

/**
 * What a promotion and a sweep cost the table, with few and with many promotions open. Fails when the cost follows what
 * is open. Written to `docs/proof` with `--write`; `--time 10,1000,50000` also times the native engine.
 */
const { values } = parseArgs({ options: { write: { type: 'boolean' }, time: { type: 'string' } } });
const sizes = [10, 1_000, 50_000];
const farMs = 48 * 3_600_000;

const rowsOf = await waitingRows(startMs + farMs);
const runs = [];
for (const open of sizes) runs.push({ open, ...(await runAmong(open, false)) });
const rolledBack = await runAmong(10, true);

const growth: Growth[] = runs.map(({ open, run, idleSweep, busySweep }) => ({
  open,
  idleSweep,
  busySweep,
  promotion: costOf(run).total,
}));
const [first, ...others] = growth;
const grows = others.filter((one) => !isDeepStrictEqual({ ...one, open: first?.open }, first));

const figures: Figures = {
  machine: `${cpus().length} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}, Node ${process.version}`,
  growth,
  good: costOf(runs[0]?.run ?? fail()),
  rolledBack: costOf(rolledBack.run),
  sweepTimes: await timed(),
};
const page = report(figures);
console.log(page);
if (values.write === true) {
  const place = 'docs/proof';
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'growth.md'), page);
  await writeFile(join(place, 'growth.json'), `${JSON.stringify(figures, null, 2)}\n`);
}
if (figures.good.ended !== 'promoted' || figures.rolledBack.ended !== 'rolled-back') {
  console.error(`Nothing was measured: ended ${figures.good.ended} and ${figures.rolledBack.ended}`);
  process.exitCode = 2;
}
if (grows.length > 0) {
  console.error(`The cost follows what is open: ${grows.map(({ open }) => open).join(', ')}`);
  process.exitCode = 1;
}

/** One promotion among so many that wait. */
async function runAmong(open: number, failsInTheWatch: boolean) {
  const clock = { nowMs: startMs };
  const table = createTableModel({ nowMs: () => clock.nowMs, tableName });
  for (let nth = 0; nth < open; nth += 1) {
    for (const row of rowsOf(nth)) table.execute(new PutItemCommand(inputOf(row)));
  }
  return runPromotion({ table, clock, failsInTheWatch });
}

function inputOf(row: Item) {
  return { TableName: tableName, Item: { ...row } };
}

async function timed(): Promise<Figures['sweepTimes']> {
  if (values.time === undefined) return undefined;
  if (!engines.includes('native')) {
    console.error('The native engine is not installed here: nothing was timed.');
    return undefined;
  }
  return timeSweeps(values.time.split(',').map(Number), rowsOf, startMs);
}

function fail(): never {
  throw new Error('nothing was run');
}
