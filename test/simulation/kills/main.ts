import 'zod/compile';
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { quietRuntime } from '../quiet.ts';
import { scenarioCalled, scenarios } from '../scenarios/all.ts';
import { coreScenarios } from '../scenarios/core.ts';
import { type Scenario, spellOutcome } from '../scenarios/scenario.ts';
import { carryOut, type Done, type Job, pairOptions } from './jobs.ts';
import { type Place, play } from './run.ts';
import { type Broken, callTable, count, phaseTable, scenarioTable, spellPlace, type Tally } from './tally.ts';

/**
 * What `scripts/kill-points.mjs` runs, in one process that hands out the work and some that do it. `--singles` kills
 * once at every point of every scenario, `--pairs` twice at every pair of points of the core ones; `--only NAME` takes
 * one scenario, `--every 7` for a first look only each seventh point, and with `--at 12` or `--at 12,40` shows what happens in that one run.
 */
quietRuntime();
/** Runs that a process is given at a time. */
const chunk = 20;
const shownBroken = 20;

if (process.argv[2] === 'worker') {
  process.on('message', (job: Job | 'end') => {
    if (job === 'end') process.exit();
    carryOut(job).then(
      (done) => process.send?.(done),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  process.send?.('ready');
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
}

async function killAll({ singles, pairs, workers, json, only, every }: Wanted): Promise<void> {
  const begunMs = performance.now();
  const both = !singles && !pairs;
  const chosen = (all: readonly Scenario[]) => all.filter(({ name }) => only === undefined || name === only);
  const minutes = () => Math.round((performance.now() - begunMs) / 6_000) / 10;
  const reports: Report[] = [];
  if (singles || both) reports.push(await kill('singles', chosen(scenarios), Number(workers), Number(every)));
  const singleMinutes = minutes();
  if (pairs || both) reports.push(await kill('pairs', chosen(coreScenarios), Number(workers), Number(every)));
  const [cpu] = cpus();
  const machine = `${workers} workers on ${cpus().length} cores of ${cpu?.model.trim()}, Node ${process.version}`;
  const made = {
    date: new Date().toISOString().slice(0, 10),
    machine,
    minutes: minutes(),
    ...(both ? { singleMinutes, pairMinutes: Math.round((minutes() - singleMinutes) * 10) / 10 } : {}),
  };
  for (const report of reports) console.log(`\n${spell(report)}`);
  console.log(`\n${made.date}, ${made.minutes} minutes, ${machine}.`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify({ ...made, reports }, null, 1)}\n`);
  process.exitCode = reports.every(({ broken }) => broken.length === 0) ? 0 : 1;
}

interface Report {
  readonly does: Job['does'];
  readonly tallies: readonly Tally[];
  readonly byPhase: string;
  readonly byCall: string;
  readonly broken: readonly Broken[];
}

async function kill(
  does: Job['does'],
  wanted: readonly Scenario[],
  workers: number,
  every: number,
): Promise<Report> {
  const jobs: Job[] = [];
  const whole = new Map<string, readonly Place[]>();
  const finished = new Map<string, Done[]>();
  const broken: Broken[] = [];
  for (const scenario of wanted) {
    const { name } = scenario;
    const run = await play(scenario, [], does === 'pairs' ? pairOptions : {}, true);
    for (const text of run.broken) broken.push({ scenario: name, at: [], where: 'nobody killed', text });
    whole.set(name, run.places);
    finished.set(name, []);
    if (does === 'pairs') {
      for (let first = 1; first <= run.points; first += every) jobs.push({ does, scenario: name, first });
    } else {
      for (let from = 1; from <= run.points; from += chunk * every)
        jobs.push({ does, scenario: name, from, to: Math.min(run.points, from + chunk * every - 1), every });
    }
  }
  const awaited = jobs.length;
  await work(jobs, workers, (done) => {
    finished.get(done.job.scenario)?.push(done);
    broken.push(...done.broken, ...misplaced(done, whole.get(done.job.scenario) ?? []));
    const told = [...finished.values()].reduce((sum, each) => sum + each.length, 0);
    if (told % 100 === 0) console.error(`${does}: ${told} of ${awaited} parts, ${broken.length} violations`);
  });
  const tallies = [...finished].map(([scenario, parts]): Tally => {
    const points = whole.get(scenario)?.length ?? 0;
    const sum = (of: (done: Done) => number) => parts.reduce((total, part) => total + of(part), 0);
    const turns = {};
    for (const part of parts) for (const [why, times] of Object.entries(part.turns)) count(turns, why, times);
    const runs = sum((part) => part.runs);
    const killed = sum((part) => part.killed);
    return {
      scenario,
      points,
      runs,
      killed,
      skipped: (does === 'singles' ? points : runs) - killed,
      violations: broken.filter((each) => each.scenario === scenario).length,
      turns,
      cpuSeconds: Math.round(sum((part) => part.cpuSeconds)),
    };
  });
  const places = [...whole.values()].flat().map((place) => [place, 1] as const);
  return { does, tallies, byPhase: phaseTable(places), byCall: callTable(places), broken };
}

/** The same story up to the kill: whoever dies elsewhere than where the point was counted makes the count worthless. */
function misplaced({ job, where }: Done, places: readonly Place[]): Broken[] {
  if (job.does === 'pairs') return [];
  return where.flatMap((spelled, index) => {
    const at = job.from + index * job.every;
    const place = places[at - 1];
    const expected = place === undefined ? 'nowhere' : spellPlace(place);
    if (spelled === expected) return [];
    return [{ scenario: job.scenario, at: [at], where: spelled, text: `was to be killed at: ${expected}` }];
  });
}

function spell({ does, tallies, byPhase, byCall, broken }: Report): string {
  const turns = new Map<string, number>();
  for (const tally of tallies)
    for (const [why, times] of Object.entries(tally.turns))
      turns.set(`${tally.scenario}: ${why}`, (turns.get(`${tally.scenario}: ${why}`) ?? 0) + times);
  return [
    does === 'singles' ? '## Killed once, at every point' : '## Killed twice, at every pair of points',
    scenarioTable(tallies, does === 'pairs' ? 'pairs' : 'kills'),
    ...(turns.size === 0
      ? []
      : ['Another turn:', [...turns].map(([why, times]) => `- ${times} × ${why}`).join('\n')]),
    byPhase,
    byCall,
    ...broken
      .slice(0, shownBroken)
      .map(({ scenario, at, where, text }) => `BROKEN ${scenario} --at ${at.join()} (${where})\n${text}`),
  ].join('\n\n');
}

/** Hands out the jobs to so many processes; whoever is done gets the next one. */
async function work(jobs: Job[], workers: number, told: (done: Done) => void): Promise<void> {
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const child = fork(process.argv[1] ?? '', ['worker'], { execArgv: ['--no-warnings'] });
      const next = () => {
        const job = jobs.shift();
        child.send(job ?? 'end');
      };
      child.on('message', (answer: Done | 'ready') => {
        if (answer !== 'ready') told(answer);
        next();
      });
      child.once('error', reject);
      child.once('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`)),
      );
    });
  await Promise.all(Array.from({ length: workers }, one));
}
