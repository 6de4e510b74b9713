import { MisconfiguredError, RetryableError, TerminalError, UnreadableError } from '../errors.ts';
import type { CheckContext } from '../ports.ts';
import type { PromotionEvent } from '../promotion/events.ts';
import { type Action, nextAction } from '../promotion/next-action.ts';
import { stoppedBy } from '../promotion/phases/planning.ts';
import { returnsTo, stepsBack } from '../promotion/phases/rolling-back.ts';
import type { CheckResult, Step } from '../promotion/plan.ts';
import { isDirty, type Promotion, type PromotionIn } from '../promotion/promotion.ts';
import { type Refusal, refusal } from '../promotion/refusal.ts';
import { rightFor } from '../promotion/rights.ts';
import { vanishedCode } from '../promotion/transition.ts';
import { settle, standingOf } from './authorize.ts';
import { analyze, differencesBetween, digestOf, type PlanRequest, plain, validate } from './planner.ts';
import { preempt } from './preempt.ts';

import { apply, put as save } from './save.ts';
import { carryOut, contextOf } from './step.ts';
import type { World } from './world.ts';

/**
 * A worker that slept longer than this since it loaded neither claims nor acts: its time is old, and the hold counts on
 * a claimed request being sent within 30 s (hold.ts).
 */
const actWithinMs = 20_000;

/** How much one tick does before it leaves the rest to the next. */
const actionsPerTick = 8;

/**
 * Carries one promotion as far as it goes now: load, work out what the saved state calls for, do one thing, save,
 * load again. A lost race ends the tick, since the winner goes on. Safe to run twice at once, late, or not at all.
 */
export async function tick(world: World, promotionId: string): Promise<void> {
  for (let count = 0; count < actionsPerTick; count += 1) {
    const sinceMs = world.elapsedMs();
    const loaded = await world.store.load(promotionId);
    if (loaded === undefined) return;
    const { promotion } = loaded;
    const isFresh = () => world.elapsedMs() - sinceMs <= actWithinMs;
    const nowMs = Math.max(loaded.nowMs, promotion.nowMs);
    const action = nextAction(promotion, nowMs);
    if (action.does === 'rest') {
      if (action.untilMs !== null) world.hints.wake(promotionId, action.untilMs);
      return;
    }
    const goesOn = await performIfConfigured(world, promotion, action, nowMs, isFresh).catch(
      (error: unknown) => meetTrouble(world, promotion, action, error, nowMs),
    );
    if (!goesOn) break;
  }
  const now = await world.store.load(promotionId);
  if (now?.promotion.dueAtMs != null) world.hints.wake(promotionId, now.promotion.dueAtMs);
}

/**
 * An environment that is not configured any more gets no first change: nobody answers for it. A promotion that has
 * changed production, and a rollback that has begun, go on with the rules they were approved under, since half a change
 * is worse.
 */
async function performIfConfigured(
  world: World,
  promotion: Promotion,
  action: Exclude<Action, { does: 'rest' }>,
  nowMs: number,
  isFresh: () => boolean,
): Promise<boolean> {
  const { app, environment } = promotion;
  const begun = isDirty(promotion) || promotion.phase === 'rolling-back';
  const waits = action.does !== 'emit' && action.does !== 'authorize' && !begun;
  if (!waits || world.configured(app, environment)) return perform(world, promotion, action, nowMs, isFresh);
  const text = `${app} ${environment} is not in the configuration any more, so nothing is begun for it. Put it back into pipeline.yml, or cancel this.`;
  await put(
    world,
    promotion,
    { type: 'trouble.met', during: 'work', code: vanishedCode, text, retryAfterMs: 60_000 },
    nowMs,
  );
  return false;
}

async function perform(
  world: World,
  promotion: Promotion,
  action: Exclude<Action, { does: 'rest' }>,
  nowMs: number,
  isFresh: () => boolean,
): Promise<boolean> {
  switch (action.does) {
    case 'emit':
      return put(world, promotion, action.event, nowMs);
    case 'authorize': {
      const claim = promotion.claims.find(({ id }) => id === action.claimId);
      return claim !== undefined && put(world, promotion, await settle(world, promotion, claim), nowMs);
    }
    case 'analyze':
      return put(world, promotion, await analysisEvent(world, promotion, nowMs), nowMs);
    case 'validate':
      return put(world, promotion, await validationEvent(world, promotion, nowMs), nowMs);
    case 'lock':
      return takeLock(world, promotion, nowMs);
    case 'gate':
      return passGate(world, promotion, nowMs);
    case 'step': {
      const undone = await undoneWhileSettling(world, promotion, action.stepId, nowMs);
      if (undone !== null) return put(world, promotion, undone, nowMs);
      return carryOut(world, promotion, action.stepId, action.direction, nowMs, isFresh);
    }
    case 'probe':
      return put(world, promotion, await probeEvent(world, promotion, nowMs), nowMs);
    case 'read':
      return put(world, promotion, await readingEvent(world, promotion, nowMs), nowMs);
  }
}

async function put(
  world: World,
  promotion: Promotion,
  event: PromotionEvent,
  nowMs: number,
): Promise<boolean> {
  return (await save(world, promotion, event, nowMs)).outcome === 'saved';
}

/** What could not be reached is noted and tried again; what can never work stops the plan, or turns it around. */
async function meetTrouble(
  world: World,
  promotion: Promotion,
  action: Action,
  error: unknown,
  nowMs: number,
): Promise<boolean> {
  // Held by whoever runs the tick; but what could not be saved is a fault of ours like any other.
  if (error instanceof UnreadableError && error.code !== 'store.unwritable') throw error;
  if (!isKnown(error)) {
    // A fault of ours must not stop a promotion in silence: it is noted, tried again, and told when it lasts.
    const text = 'Something unexpected went wrong; it is tried again.';
    // A claim may have been saved before it happened.
    const now = await world.store.load(promotion.id);
    await put(
      world,
      now?.promotion ?? promotion,
      { type: 'trouble.met', during: 'work', code: 'engine.unexpected', text, retryAfterMs: null },
      nowMs,
    );
    throw error;
  }
  const { code, message } = error;
  world.log.warn({ promotionId: promotion.id, doing: action.does, code }, 'tick met trouble');
  const stops = !(error instanceof RetryableError);
  if (stops && !isDirty(promotion) && action.does !== 'authorize' && promotion.phase !== 'rolling-back') {
    const why = refusal(code, message, 'Production was not touched. Mend this and ask again.');
    const type = promotion.phase === 'analyzing' ? 'analysis.refused' : 'plan.refused';
    return put(world, promotion, { type, refusal: why }, nowMs);
  }
  if (stops && action.does === 'step') {
    return put(world, promotion, { type: 'step.failed', stepId: action.stepId, code, text: message }, nowMs);
  }
  const during = action.does === 'authorize' || error.code.startsWith('slack.') ? 'people' : 'work';
  await put(
    world,
    promotion,
    { type: 'trouble.met', during, code, text: message, retryAfterMs: error.retryAfterMs ?? null },
    nowMs,
  );
  return false;
}

async function requestOf(world: World, promotion: Promotion, nowMs: number): Promise<PlanRequest> {
  const { kind, id, app, environment, version, definition, policy } = promotion;
  const history = await world.store.liveRecords(app, environment, 20);
  return { kind, promotionId: id, app, environment, version, definition, policy, history, nowMs };
}

async function analysisEvent(world: World, promotion: Promotion, nowMs: number): Promise<PromotionEvent> {
  const analyzed = await analyze(world, await requestOf(world, promotion, nowMs));
  return analyzed.outcome === 'refused'
    ? { type: 'analysis.refused', refusal: analyzed.refusal }
    : { type: 'analysis.completed', analysis: analyzed.analysis, release: analyzed.release };
}

async function validationEvent(world: World, promotion: Promotion, nowMs: number): Promise<PromotionEvent> {
  if (promotion.phase !== 'validating')
    throw new TerminalError('engine.phase', 'validation outside its phase');
  const plan = await validate(world, await requestOf(world, promotion, nowMs), promotion.analysis);
  const planned = { ...plan, results: plain(plan.results) };
  return {
    type: 'validation.recorded',
    plan: planned,
    digest: digestOf(planned, promotion.definition, promotion.policy, world.hash),
  };
}

/** A rollback goes from its lock straight to its first change, so what it plans is looked at again if that is a while ago. */
const planFreshMs = 60_000;

async function takeLock(world: World, promotion: Promotion, nowMs: number): Promise<boolean> {
  const plannedAtMs = promotion.phases.at(-1)?.atMs ?? 0;
  if (promotion.kind === 'rollback' && nowMs - plannedAtMs > planFreshMs) {
    const event = await replanned(world, promotion, nowMs);
    if (event !== null) return put(world, promotion, event, nowMs);
  }
  const taken = await apply(world, promotion, { type: 'lock.taken' }, nowMs);
  if (taken.outcome !== 'locked') return taken.outcome === 'saved';
  if (promotion.kind === 'rollback' && (await preempt(world, promotion, taken.holder, nowMs))) return true;
  await put(world, promotion, { type: 'lock.refused', holder: taken.holder }, nowMs);
  return false;
}

/** Another release has come to be live since the rollback was asked for: nobody meant that one. */
function overtakenBy(
  promotion: PromotionIn<'awaiting-approval'>,
  history: PlanRequest['history'],
): Refusal | null {
  const [newest] = history;
  const { live, candidate } = promotion.plan.analysis;
  const meant: readonly string[] = [live.release.artifact, candidate.release.artifact];
  if (newest === undefined || newest.atMs <= promotion.requestedAtMs || meant.includes(newest.artifact))
    return null;
  return refusal(
    'rollback.overtaken',
    `${newest.version} has become live since this rollback was asked for.`,
    'Look at what is live, and ask again if that has to be rolled back.',
  );
}

/** What became of a waiting rollback's plan; null while it is still the one that was approved. */
async function replanned(world: World, promotion: Promotion, nowMs: number): Promise<PromotionEvent | null> {
  if (promotion.phase !== 'awaiting-approval') return null;
  const request = await requestOf(world, promotion, nowMs);
  const overtaken = overtakenBy(promotion, request.history);
  if (overtaken !== null) return { type: 'plan.refused', refusal: overtaken };
  const analyzed = await analyze(world, request);
  if (analyzed.outcome === 'refused') return { type: 'plan.refused', refusal: analyzed.refusal };
  const fresh = await validate(world, request, analyzed.analysis);
  const plan = { ...fresh, results: plain(fresh.results) };
  const stop = stoppedBy(plan.results);
  if (stop !== null) return { type: 'plan.refused', refusal: stop };
  const digest = digestOf(plan, promotion.definition, promotion.policy, world.hash);
  if (digest === promotion.digest) return null;
  const differences = differencesBetween(promotion.plan, plan, promotion.definition, promotion.policy);
  return { type: 'plan.changed', plan, digest, release: analyzed.release, differences };
}

/** Everything that was true when it was approved is looked at again before the first change (ALL-2, ALL-3). */
async function passGate(world: World, promotion: Promotion, nowMs: number): Promise<boolean> {
  if (promotion.phase !== 'deploying') return false;
  for (const { person } of promotion.approvals) {
    const standing = await standingOf(
      world,
      person,
      rightFor('approve', promotion.policy),
      promotion.requester,
    );
    if (standing.outcome === 'denied') {
      return put(world, promotion, { type: 'approval.lapsed', person, refusal: standing.refusal }, nowMs);
    }
  }
  const request = await requestOf(world, promotion, nowMs);
  const analyzed = await analyze(world, request);
  if (analyzed.outcome === 'refused')
    return put(world, promotion, { type: 'plan.refused', refusal: analyzed.refusal }, nowMs);
  const fresh = await validate(world, request, analyzed.analysis);
  const plan = { ...fresh, results: plain(fresh.results) };
  const unsettled = plan.results.some(({ outcome }) => outcome !== 'passed');
  const digest = digestOf(plan, promotion.definition, promotion.policy, world.hash);
  if (unsettled || digest === promotion.digest)
    return put(world, promotion, { type: 'gate.recorded', results: plan.results }, nowMs);
  const differences = differencesBetween(promotion.plan, plan, promotion.definition, promotion.policy);
  return put(
    world,
    promotion,
    { type: 'plan.changed', plan, digest, release: analyzed.release, differences },
    nowMs,
  );
}

function lookContext(promotion: Promotion, nowMs: number): CheckContext {
  if (!('plan' in promotion) || promotion.plan === null)
    throw new TerminalError('engine.phase', 'nothing to look for yet');
  const { live, candidate } = promotion.plan.analysis;
  const back = promotion.phase === 'rolling-back' ? returnsTo(promotion) : null;
  const expected = back ?? candidate.release;
  const previous = expected.artifact === candidate.release.artifact ? live.release : candidate.release;
  return {
    promotionId: promotion.id,
    definition: promotion.definition,
    expected,
    previous,
    changedAtMs: changedAt(promotion),
    nowMs,
  };
}

function changedAt(promotion: Promotion): number | null {
  if (promotion.phase === 'rolling-back')
    return promotion.rollback.switchedAtMs ?? promotion.rollback.decidedAtMs;
  if (!('steps' in promotion)) return null;
  const claims = Object.values(promotion.steps).map(
    ({ claim }) => claim?.claimedAtMs ?? Number.POSITIVE_INFINITY,
  );
  const first = Math.min(...claims);
  return Number.isFinite(first) ? first : null;
}

/**
 * After the change an unreachable service is an inconclusive result, so that it is counted: in the watch on-call is
 * asked in time, in verification three of them roll back (ALL-13).
 */
async function lookAt(
  world: World,
  promotion: Promotion,
  nowMs: number,
  which: 'checks' | 'readings',
): Promise<{ results: CheckResult[]; completeUntilMs: number | null }> {
  const context = lookContext(promotion, nowMs);
  const results: CheckResult[] = [];
  let completeUntilMs: number | null = null;
  for (const spec of promotion.definition[which]) {
    try {
      const result = await world.checks.run(spec, context);
      if (result.completeUntilMs !== undefined)
        completeUntilMs = Math.min(completeUntilMs ?? nowMs, result.completeUntilMs);
      results.push(...plain([result]));
    } catch (error) {
      // A rollback waits for a service that is away instead of being given up; what never works is counted.
      if (error instanceof RetryableError && promotion.phase === 'rolling-back') throw error;
      if (!isKnown(error)) throw error;
      const { id, title } = spec;
      results.push(
        ...plain([{ id, title, outcome: 'inconclusive', text: error.message, link: null, urgent: false }]),
      );
    }
  }
  return { results, completeUntilMs };
}

/** A probe; before it, whether what an unfenced step took back is still so (durable.md §0.6). */
async function probeEvent(world: World, promotion: Promotion, nowMs: number): Promise<PromotionEvent> {
  const undone = promotion.phase === 'rolling-back' ? await undoneSince(world, promotion, nowMs) : null;
  return (
    undone ?? {
      type: 'probe.recorded',
      results: (await lookAt(world, promotion, nowMs, 'checks')).results,
    }
  );
}

/** What a late request undid can never settle: waiting for it would only use up the deadline. */
async function undoneWhileSettling(world: World, promotion: Promotion, stepId: string, nowMs: number) {
  if (promotion.phase !== 'rolling-back') return null;
  const step = stepsBack(promotion.plan, promotion.steps).find(({ id }) => id === stepId);
  return step?.does === 'settle' ? undoneSince(world, promotion, nowMs) : null;
}

async function undoneSince(
  world: World,
  promotion: PromotionIn<'rolling-back'>,
  nowMs: number,
): Promise<PromotionEvent | null> {
  const target = world.targetOf(promotion.definition);
  for (const step of stepsBack(promotion.plan, promotion.steps)) {
    const state = promotion.rollback.steps[step.id];
    if (step.fence !== 'hold' || state?.status !== 'done') continue;
    const seen = await target.observe(promotion.definition, contextOf(promotion, step, state, 'back', nowMs));
    if (seen.outcome === 'foreign') return { type: 'drift.found', stepId: step.id, text: seen.text };
    if (seen.outcome === 'before' || seen.outcome === 'failed') {
      const text = `A request that was still on its way undid "${step.title}"; it is done once more.`;
      return { type: 'step.reopened', stepId: step.id, text };
    }
  }
  return null;
}

/** A reading, and a look at whether production still points where it was switched to (SITE-5). */
async function readingEvent(world: World, promotion: Promotion, nowMs: number): Promise<PromotionEvent> {
  const drift = await driftSince(world, promotion, nowMs);
  if (drift !== null && drift.outcome === 'drift') return drift.event;
  const { results, completeUntilMs } = await lookAt(world, promotion, nowMs, 'readings');
  return {
    type: 'reading.recorded',
    results: [...results, ...(drift === null ? [] : [drift.result])],
    completeUntilMs,
    looked: drift === null,
  };
}

type Drift = { outcome: 'drift'; event: PromotionEvent } | { outcome: 'unknown'; result: CheckResult };

async function driftSince(world: World, promotion: Promotion, nowMs: number): Promise<Drift | null> {
  if (promotion.phase !== 'monitoring') return null;
  const step = promotion.plan.analysis.steps.findLast(({ does }) => does === 'shift' || does === 'deploy');
  const state = step === undefined ? undefined : promotion.steps[step.id];
  if (step === undefined || state === undefined) return null;
  try {
    const seen = await world
      .targetOf(promotion.definition)
      .observe(promotion.definition, contextOf(promotion, step, state, 'forward', nowMs));
    if (seen.outcome !== 'foreign' && seen.outcome !== 'before') return null;
    if (seen.outcome === 'before' && seen.older === true)
      return unseen(step, 'The target still answers as it did before the change.');
    const text =
      seen.outcome === 'foreign' ? seen.text : `Somebody else took back what "${step.title}" had done.`;
    return { outcome: 'drift', event: { type: 'drift.found', stepId: step.id, text } };
  } catch (error) {
    if (!isKnown(error)) throw error;
    return unseen(step, error.message);
  }
}

function unseen(step: Step, text: string): Drift {
  const result = { id: `target-${step.id}`, title: 'What production points at', text };
  return { outcome: 'unknown', result: { ...result, outcome: 'inconclusive', link: null, urgent: false } };
}

const isKnown = (error: unknown): error is RetryableError | MisconfiguredError | TerminalError =>
  error instanceof RetryableError || error instanceof MisconfiguredError || error instanceof TerminalError;
