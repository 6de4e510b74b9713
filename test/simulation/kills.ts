import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { play, type Result, type Stage } from './history.ts';
import type { Point } from './kernel.ts';
import { type Scenario, stageOf } from './scenarios.ts';

/** Where a process was killed: in which phase, at which step, before or after which call. */
export interface KillPlace {
  readonly phase: string;
  readonly step: string;
  readonly side: string;
  readonly kind: string;
}

export interface KillRun extends Result {
  /** Points at which a process could have been killed. */
  readonly killable: number;
  readonly killed: readonly KillPlace[];
  readonly stage: Stage;
  /** Broken invariants, and ends that the story does not allow. */
  readonly broken: readonly string[];
}

/** Plays a scenario and kills whoever is at these points, counted from 1. */
export async function playKilled(
  scenario: Scenario,
  at: ReadonlySet<number>,
  tracing = false,
): Promise<KillRun> {
  const stage = stageOf(scenario, tracing);
  let killable = 0;
  const killed: KillPlace[] = [];
  stage.kernel.onPoint = (point) => {
    killable += 1;
    if (!at.has(killable)) return false;
    killed.push(placeOf(stage, point));
    return true;
  };
  const result = await play(stage);
  const broken = result.violations.map(({ invariant, text }) => `${invariant}: ${text}`);
  for (const end of result.ends) {
    if (!scenario.ends.some((allowed) => allowed === end)) broken.push(`ends ${end}`);
  }
  if (at.size === 0 && !result.ends.includes(scenario.shows)) broken.push(`does not end ${scenario.shows}`);
  return { ...result, killable, killed, stage, broken };
}

function placeOf({ watcher }: Stage, { work, side, kind }: Point): KillPlace {
  const promotion = watcher.shadows.get(work.about)?.promotion;
  return {
    phase: promotion?.phase ?? 'none',
    step: promotion === undefined ? '-' : stepOf(promotion),
    side,
    kind,
  };
}

/** What kind of step is being carried out. */
function stepOf(promotion: Promotion): string {
  if (promotion.phase === 'deploying') {
    const step = promotion.plan.analysis.steps.find(({ id }) => promotion.steps[id]?.status !== 'done');
    return step?.does ?? '-';
  }
  if (promotion.phase !== 'rolling-back') return '-';
  const back = promotion.plan.analysis.rollback.find(
    ({ step }) => promotion.rollback.steps[step.id]?.status !== 'done',
  );
  return back === undefined ? 'probing' : `${back.step.does} back`;
}

export interface KillTally {
  readonly scenario: string;
  runs: number;
  points: number;
  /** By phase, step and side. */
  readonly places: Record<string, number>;
  readonly broken: { readonly at: readonly number[]; readonly text: string }[];
}

const brokenKept = 5;

/** Kills once at every point, those of this share of the work only. */
export async function everyKill(scenario: Scenario, share: Share): Promise<KillTally> {
  const whole = await playKilled(scenario, new Set());
  const tally: KillTally = {
    scenario: scenario.name,
    runs: 0,
    points: whole.killable,
    places: {},
    broken: [],
  };
  if (share.index === 0) note(tally, [], whole);
  for (let at = 1; at <= whole.killable; at += 1) {
    if (at % share.of === share.index) note(tally, [at], await playKilled(scenario, new Set([at])));
  }
  return tally;
}

/** Kills twice, at every pair of points. */
export async function everyPair(scenario: Scenario, share: Share): Promise<KillTally> {
  const whole = await playKilled(scenario, new Set());
  const tally: KillTally = {
    scenario: scenario.name,
    runs: 0,
    points: whole.killable,
    places: {},
    broken: [],
  };
  for (let first = 1; first <= whole.killable; first += 1) {
    if (first % share.of !== share.index) continue;
    const once = await playKilled(scenario, new Set([first]));
    for (let second = first + 1; second <= once.killable; second += 1) {
      note(tally, [first, second], await playKilled(scenario, new Set([first, second])));
    }
  }
  return tally;
}

export interface Share {
  readonly index: number;
  readonly of: number;
}

function note(tally: KillTally, at: readonly number[], run: KillRun): void {
  tally.runs += 1;
  const last = run.killed.at(-1);
  if (last !== undefined) {
    const place = `${last.phase} | ${last.step} | ${last.side}`;
    tally.places[place] = (tally.places[place] ?? 0) + 1;
  }
  if (run.killed.length !== at.length) tally.broken.push({ at, text: 'a kill was skipped' });
  const [text] = run.broken;
  if (text !== undefined && tally.broken.length < brokenKept) tally.broken.push({ at, text });
}
