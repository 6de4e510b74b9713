import 'zod/compile';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { quietRuntime } from '../quiet.ts';
import { scenarioCalled, scenarios } from '../scenarios/all.ts';
import { coreScenarios } from '../scenarios/core.ts';
import { type Scenario, spellOutcome } from '../scenarios/scenario.ts';
import { pairOptions } from './jobs.ts';
import { kill, type Report } from './kill.ts';
import { pageOf } from './page.ts';
import { serveJobs } from './pool.ts';
import { play } from './run.ts';
import { spellBroken, spellPlace } from './tally.ts';

/**
 * What `scripts/kill-points.mjs` runs, in one process that hands out the work and some that do it. `--singles` kills
 * once at every point of every scenario, `--pairs` twice at every pair of points of the core ones; `--only NAME` takes
 * one scenario, `--every 7` for a first look only each seventh point, and with `--at 12` or `--at 12,40` it shows what
 * happens in that one run. `--write` keeps the result in `docs/proof`.
 */
quietRuntime();
const shownBroken = 20;

if (process.argv[2] === 'worker') {
  serveJobs();
} else {
  const { values } = parseArgs({
    options: {
      singles: { type: 'boolean', default: false },
      pairs: { type: 'boolean', default: false },
      workers: { type: 'string', default: '2' },
      json: { type: 'string' },
      only: { type: 'string' },
      at: { type: 'string' },
      every: { type: 'string', default: '1' },
      write: { type: 'boolean', default: false },
    },
  });
  if (values.at === undefined) await killAll(values);
  else await showOne(scenarioCalled(values.only ?? ''), values.at.split(',').map(Number), values.pairs);
}

async function showOne(scenario: Scenario, at: readonly number[], isPair: boolean): Promise<void> {
  const points = at.filter((point) => point > 0);
  const run = await play(scenario, points, { ...(isPair ? pairOptions : {}), tracing: true }, true);
  console.log(run.stage.trace?.join('\n'));
  for (const place of run.killed) console.log(`killed: ${spellPlace(place)}`);
  console.log(
    `${run.points} points; ${spellOutcome(run.outcome)}${run.turn === null ? '' : ` (${run.turn})`}`,
  );
  for (const text of run.broken) console.log(`BROKEN ${text}`);
  process.exitCode = run.broken.length === 0 ? 0 : 1;
}

interface Wanted {
  readonly singles: boolean;
  readonly pairs: boolean;
  readonly workers: string;
  readonly json?: string | undefined;
  readonly only?: string | undefined;
  readonly every: string;
  readonly write: boolean;
}

async function killAll({ singles, pairs, workers, json, only, every, write }: Wanted): Promise<void> {
  const both = !singles && !pairs;
  const chosen = (all: readonly Scenario[]) => all.filter(({ name }) => only === undefined || name === only);
  const reports: Report[] = [];
  if (singles || both) reports.push(await kill('singles', chosen(scenarios), Number(workers), Number(every)));
  if (pairs || both) reports.push(await kill('pairs', chosen(coreScenarios), Number(workers), Number(every)));
  const [cpu] = cpus();
  const machine = `${workers} workers on ${cpus().length} cores of ${cpu?.model.trim()}, Node ${process.version}`;
  const made = {
    date: new Date().toISOString().slice(0, 10),
    machine,
  };
  const page = pageOf(reports, made);
  console.log(page);
  for (const { broken } of reports)
    for (const each of broken.slice(0, shownBroken)) console.log(spellBroken(each));
  if (write) {
    mkdirSync('docs/proof', { recursive: true });
    writeFileSync('docs/proof/kill-points.md', page);
  }
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ ...made, reports }, null, 1)}\n`);
  const holds = reports.every(
    ({ broken, tallies }) =>
      broken.length === 0 && (Number(every) > 1 || tallies.every(({ skipped }) => skipped === 0)),
  );
  process.exitCode = holds ? 0 : 1;
}
