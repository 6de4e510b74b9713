import 'zod/compile';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { answered, refusal } from '../../../scripts/arguments.mjs';
import { quietRuntime } from '../quiet.ts';
import { spellOutcome } from '../scenarios/scenario.ts';
import { pairOptions } from './jobs.ts';
import { kill, type Report } from './kill.ts';
import { type Made, madeOf, pageOf } from './page.ts';
import { serveJobs } from './pool.ts';
import { play } from './run.ts';
import { spellBroken, spellPlace } from './tally.ts';
import { type Wanted, wantedKills } from './wanted.ts';

/**
 * What `scripts/kill-points.mjs` runs, in one process that hands out the work and some that do it; its usage says what
 * there is to ask for.
 */
quietRuntime();
const shownBroken = 20;

if (process.argv[2] === 'worker') serveJobs();
else process.exitCode = await answered(() => carryOutWanted(wantedKills(process.argv.slice(2))));

async function carryOutWanted(wanted: Wanted): Promise<number> {
  if (wanted.does === 'show') return showOne(wanted);
  return wanted.does === 'page' ? showPage(wanted) : killAll(wanted);
}

async function showOne({ scenario, at, pairs }: Wanted & { does: 'show' }): Promise<number> {
  const run = await play(scenario, at, { ...(pairs ? pairOptions : {}), tracing: true }, true);
  const missed = at[run.killed.length];
  if (missed !== undefined) {
    const until = run.killed.length === 0 ? '' : `, once killed at ${at.slice(0, run.killed.length).join()}`;
    throw refusal(
      `--at ${missed}: there is no such point. "${scenario.name}" has ${run.points} points${until}.`,
    );
  }
  console.log(run.stage.trace?.join('\n'));
  for (const place of run.killed) console.log(`killed: ${spellPlace(place)}`);
  console.log(
    `${run.points} points; ${spellOutcome(run.outcome)}${run.turn === null ? '' : ` (${run.turn})`}`,
  );
  for (const text of run.broken) console.log(`BROKEN ${text}`);
  return run.broken.length === 0 ? 0 : 1;
}

async function showPage({ file, write, given }: Wanted & { does: 'page' }): Promise<number> {
  let left: unknown;
  try {
    left = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw refusal(`--page ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const made = madeOf(file, left, given);
  if (write && made.only !== null)
    throw refusal(`--write is for every scenario: ${file} has only "${made.only}".`);
  keep(pageOf(made.reports, made), write);
  return holds(made.reports, made.every) ? 0 : 1;
}

async function killAll({
  singles,
  pairs,
  workers,
  json,
  write,
  tried,
}: Wanted & { does: 'kill' }): Promise<number> {
  const reports: Report[] = [];
  if (singles !== null) reports.push(await kill('singles', singles, workers, tried.every));
  if (pairs !== null) reports.push(await kill('pairs', pairs, workers, tried.every));
  const [cpu] = cpus();
  const made: Made = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${workers} workers on ${cpus().length} cores of ${cpu?.model.trim()}, Node ${process.version}`,
    ...tried,
  };
  keep(pageOf(reports, made), write);
  for (const { broken } of reports)
    for (const each of broken.slice(0, shownBroken)) console.log(spellBroken(each));
  if (json !== undefined) {
    mkdirSync(dirname(json), { recursive: true });
    writeFileSync(json, `${JSON.stringify({ ...made, reports }, null, 1)}\n`);
  }
  return holds(reports, tried.every) ? 0 : 1;
}

function keep(page: string, write: boolean): void {
  console.log(page);
  if (!write) return;
  mkdirSync('docs/proof', { recursive: true });
  writeFileSync('docs/proof/kill-points.md', page);
}

/** Where every point was to be tried, one that was skipped is a failure. */
function holds(reports: readonly Report[], every: number): boolean {
  return reports.every(
    ({ broken, tallies }) =>
      broken.length === 0 && (every > 1 || tallies.every(({ skipped }) => skipped === 0)),
  );
}
