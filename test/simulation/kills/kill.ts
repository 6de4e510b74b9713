import type { Scenario } from '../scenarios/scenario.ts';
import { type Done, type Job, pairOptions } from './jobs.ts';
import { work } from './pool.ts';
import { type Place, play } from './run.ts';
import { type Broken, count, spellBroken, spellPlace, type Table, type Tally, tableOf } from './tally.ts';

/** Runs that a process is given at a time. */
const chunk = 20;
const toldAtOnce = 10;

/** Everything that killing came to. */
export interface Report {
  readonly does: Job['does'];
  readonly tallies: readonly Tally[];
  /** Kill points by phase and kind of step. */
  readonly byPhase: Table;
  /** Kill points by call, and whether they lie before or after it. */
  readonly byCall: Table;
  readonly minutes: number;
  readonly broken: readonly Broken[];
}

export async function kill(
  does: Job['does'],
  wanted: readonly Scenario[],
  workers: number,
  every: number,
): Promise<Report> {
  const begunMs = performance.now();
  const jobs: Job[] = [];
  const whole = new Map<string, readonly Place[]>();
  const finished = new Map<string, Done[]>();
  const broken: Broken[] = [];
  for (const scenario of wanted) {
    const { name } = scenario;
    const run = await play(scenario, [], does === 'pairs' ? pairOptions : {}, true);
    const news = run.broken.map((text) => ({ scenario: name, at: [], where: 'nobody killed', text }));
    for (const each of news) console.error(spellBroken(each));
    broken.push(...news);
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
    const news = [...done.broken, ...misplaced(done, whole.get(done.job.scenario) ?? [])];
    for (const each of news.slice(0, Math.max(0, toldAtOnce - broken.length)))
      console.error(spellBroken(each));
    broken.push(...news);
    const told = [...finished.values()].reduce((sum, each) => sum + each.length, 0);
    if (told % Math.ceil(awaited / 20) === 0)
      console.error(`${does}: ${told} of ${awaited} parts, ${broken.length} violations`);
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
  const places = [...whole.values()].flat();
  return {
    does,
    tallies,
    byPhase: tableOf(places, ({ phase, step }) => [phase, step]),
    byCall: tableOf(places, ({ call, side }) => [call, side]),
    minutes: Math.round((performance.now() - begunMs) / 6_000) / 10,
    broken,
  };
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
