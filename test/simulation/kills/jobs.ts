import { scenarioCalled } from '../scenarios/all.ts';
import type { Options, Scenario } from '../scenarios/scenario.ts';
import { play, type Run } from './run.ts';
import { type Broken, type Counts, count, spellPlace } from './tally.ts';

/** How the scenarios are played when every pair of points is tried: as short as they can be, Slack's side left out. */
export const pairOptions: Options = { short: true, shows: false };

/** A share of the work that one process does at a time. */
export type Job =
  | {
      readonly does: 'singles';
      readonly scenario: string;
      readonly from: number;
      readonly to: number;
      readonly every: number;
    }
  /** Kills at the first point, and again at every later one. */
  | { readonly does: 'pairs'; readonly scenario: string; readonly first: number };

export interface Done {
  readonly job: Job;
  runs: number;
  killed: number;
  readonly turns: Counts;
  /** Where each kill was, spelled out, to be compared with the run in which nobody was killed. */
  readonly where: string[];
  readonly broken: Broken[];
  cpuSeconds: number;
}

export async function carryOut(job: Job): Promise<Done> {
  const scenario = scenarioCalled(job.scenario);
  const done: Done = { job, runs: 0, killed: 0, turns: {}, where: [], broken: [], cpuSeconds: 0 };
  const before = process.cpuUsage();
  if (job.does === 'singles') {
    for (let at = job.from; at <= job.to; at += job.every) {
      const run = await play(scenario, [at]);
      note(done, scenario, [at], run);
      done.where.push(run.killed.map(spellPlace).join());
    }
  } else {
    const once = await play(scenario, [job.first], pairOptions);
    for (let second = job.first + 1; second <= once.points; second += 1) {
      const at = [job.first, second];
      note(done, scenario, at, await play(scenario, at, pairOptions));
    }
  }
  const { user, system } = process.cpuUsage(before);
  done.cpuSeconds = (user + system) / 1e6;
  return done;
}

function note(done: Done, { name }: Scenario, at: readonly number[], run: Run): void {
  done.runs += 1;
  if (run.killed.length === at.length) done.killed += 1;
  if (run.turn !== null) count(done.turns, run.turn);
  if (run.broken.length === 0) return;
  const where = run.killed.map(spellPlace).join('; then ');
  done.broken.push({ scenario: name, at, where, text: run.broken.join('\n') });
}
