import { setImmediate as immediately } from 'node:timers/promises';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { checkTheEnd } from '../end.ts';
import type { Stage } from '../history.ts';
import { ended } from '../invariants.ts';
import { type Point, Stuck, startMs } from '../kernel.ts';
import {
  type Options,
  type Outcome,
  outcomeOf,
  type Scenario,
  spellOutcome,
  stageOf,
  turnTaken,
} from '../scenarios/scenario.ts';
import { surfaceOf } from '../shadow.ts';

/** Where a process can be killed, or was: what is done for whom, and before or after which call. */
export interface Place {
  readonly process: string;
  /** Phase of the promotion it works for; `none` before there is one, `sweep` while nothing is worked on yet. */
  readonly phase: string;
  /** Kind of the step that is being carried out. */
  readonly step: string;
  readonly call: string;
  readonly side: 'begin' | 'before' | 'after';
}

export interface Run {
  /** How many points of the bot's processes there were. */
  readonly points: number;
  /** Each of them in order, if that was asked for. */
  readonly places: readonly Place[];
  readonly killed: readonly Place[];
  readonly outcome: Outcome;
  /** Why another outcome than the one that is told is right as well; null where it is the one that is told. */
  readonly turn: string | null;
  readonly broken: readonly string[];
  readonly stage: Stage;
}

const longestMs = 3 * 3_600_000;
const sweepMs = 60_000;

/** Plays a scenario and kills the process that is at any of these points, counted from 1. */
export async function play(
  scenario: Scenario,
  at: readonly number[],
  options: Options = {},
  recording = false,
): Promise<Run> {
  const stage = stageOf(scenario, options);
  const { kernel, watcher, weather } = stage;
  const places: Place[] = [];
  const killed: Place[] = [];
  let count = 0;
  let next = 0;
  kernel.onPoint = (point) => {
    count += 1;
    const dies = at[next] === count;
    if (!dies && !recording) return false;
    const place = placeOf(stage, point);
    if (recording) places.push(place);
    if (!dies) return false;
    next += 1;
    killed.push(place);
    return true;
  };
  const isBroken = () => watcher.violations.length > 0;
  try {
    await kernel.runUntil(startMs + longestMs, () => isBroken() || hasSettled(stage));
    const quietMs = Math.max(sweepMs + 1000, (scenario.quietSeconds ?? 0) * 1000);
    if (!isBroken()) await kernel.runUntil(kernel.nowMs() + quietMs, isBroken);
    if (!isBroken()) checkTheEnd(stage);
  } catch (error) {
    if (!(error instanceof Stuck)) throw error;
    watcher.fail('I15 ends', error.message);
  }
  if (weather.underway() > 0) watcher.fail('sound', 'a request is still on its way');
  for (const met of stage.table.notModelled()) watcher.fail('sound', met);
  // Timers of Node's own, which would otherwise pile up.
  await immediately();
  const outcome = outcomeOf(stage, scenario);
  const turn = turnTaken(scenario, outcome);
  const broken = watcher.violations.map(({ invariant, text }) => `${invariant}: ${text}`);
  if (turn === undefined) broken.push(`ends otherwise: ${spellOutcome(outcome)}`);
  if (turn !== 'as told' && at.length === 0) broken.push('nobody was killed, and it ends otherwise');
  if (killed.length !== at.length) broken.push(`killed ${killed.length} of ${at.length}`);
  const why = turn === undefined || turn === 'as told' ? null : turn.why;
  return { points: count, places, killed, outcome, turn: why, broken, stage };
}

function hasSettled({ watcher, story, shows }: Stage): boolean {
  if (story.pending > 0 || watcher.shadows.size === 0) return false;
  for (const shadow of watcher.shadows.values()) {
    const { promotion } = shadow;
    if (!ended(promotion)) return false;
    if (!shows || !promotion.admitted) continue;
    if (shadow.toldSequence < promotion.announced) return false;
    const surface = surfaceOf(shadow);
    if (surface === null || surface.drawnRevision < promotion.revision) return false;
  }
  return true;
}

function placeOf({ watcher }: Stage, { process, work, kind, side }: Point): Place {
  const promotion = watcher.shadows.get(work.about)?.promotion;
  return {
    process: process === null ? 'world' : process.name.replace(/\.\d+$/, ''),
    phase: promotion?.phase ?? (work.doing === 'sweep' ? 'sweep' : 'none'),
    step: promotion === undefined ? '-' : stepOf(promotion),
    call: kind,
    side: side === 'timer' ? 'begin' : side,
  };
}

const isOpen = (state: { readonly status: string } | undefined) => state?.status !== 'done';

function stepOf(promotion: Promotion): string {
  if (promotion.phase !== 'deploying' && promotion.phase !== 'rolling-back') return '-';
  const { steps, rollback } = promotion.plan.analysis;
  if (promotion.phase === 'deploying') {
    if (!promotion.dirty && promotion.gate === null) return 'gate';
    return steps.find(({ id }) => isOpen(promotion.steps[id]))?.does ?? '-';
  }
  const back = rollback.find(({ step }) => isOpen(promotion.rollback.steps[step.id]));
  return back === undefined ? 'probes' : `${back.step.does} back`;
}
