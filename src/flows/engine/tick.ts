import { RetryableError, TerminalError, UnreadableError } from '../errors.ts';
import type { PromotionStore } from '../ports.ts';
import type { PromotionEvent } from '../promotion/events.ts';
import { type Action, nextAction } from '../promotion/next-action.ts';
import { stoppedBy } from '../promotion/phases/planning.ts';
import { environmentLock, isDirty, type Promotion, type PromotionIn } from '../promotion/promotion.ts';
import { type Refusal, refusal } from '../promotion/refusal.ts';
import { rightFor } from '../promotion/rights.ts';
import { vanishedCode } from '../promotion/transition.ts';
import { settle, standingOf } from './authorize.ts';
import {
  analyze,
  differencesBetween,
  digestOf,
  failsNoMore,
  type PlanRequest,
  plain,
  validate,
} from './planner.ts';
import { preempt } from './preempt.ts';
import { apply, put as save } from './save.ts';
import { carryOut, mandateOf } from './step.ts';
import { decideAndTurn } from './turn.ts';
import {
  alarmWhileChanging,
  hearsAlarms,
  isKnown,
  probeEvent,
  readForAlarm,
  readingEvent,
  undoneWhileSettling,
  type Watching,
  watchingNow,
} from './watching.ts';
import type { World } from './world.ts';

/**
 * A worker that slept longer than this since it loaded neither claims nor acts: its time is old, and the hold counts on
 * a claimed request being sent within 30 s (hold.ts).
 */
const actWithinMs = 20_000;

/** How much one tick does before it leaves the rest to the next. */
const actionsPerTick = 8;

/** What it takes to begin one more thing, and to send one more request and record it, in milliseconds. */
const beginsWithMs = 15_000;
const actsWithMs = 10_000;

export interface TickOptions {
  /** An alarm has fired: what is watched is read now, and not when its next reading is due. */
  readonly alarmed?: boolean;
  /** As of when the promotion is known to be; an older one is left alone. */
  readonly revision?: number | null;
  /** How long the worker may still run. */
  readonly leftMs?: () => number;
}

/** `older`: the promotion is not as new as was promised. */
export interface Ticked {
  readonly outcome: 'ticked' | 'absent' | 'older';
  /** Whether anything was saved by this tick: whoever saves sends the next hint. */
  readonly saved: boolean;
  /** Of the promotion as this tick leaves it; null where there is none. */
  readonly revision: number | null;
  readonly dueAtMs: number | null;
  readonly nowMs: number;
}

/**
 * Carries one promotion as far as it goes now: load, work out what the saved state calls for, do one thing, save,
 * load again. A lost race ends the tick, since the winner goes on. Safe to run twice at once, late, or not at all.
 */
export async function tick(world: World, promotionId: string, options: TickOptions = {}): Promise<Ticked> {
  const { alarmed = false, revision = null, leftMs = () => Number.POSITIVE_INFINITY } = options;
  let saves = 0;
  let unread = alarmed;
  const counting: World = { ...world, store: countingSaves(world.store, () => (saves += 1)) };
  const ended = (outcome: Ticked['outcome'], at: Pick<Ticked, 'revision' | 'dueAtMs' | 'nowMs'>): Ticked => {
    if (at.dueAtMs !== null) world.hints.wake(promotionId, at.dueAtMs);
    return { outcome, saved: saves > 0, ...at };
  };
  for (let count = 0; count < actionsPerTick && leftMs() > beginsWithMs; count += 1) {
    const sinceMs = world.elapsedMs();
    const loaded = await world.store.load(promotionId);
    if (loaded === undefined) return ended('absent', { revision: null, dueAtMs: null, nowMs: 0 });
    const { promotion } = loaded;
    const isFresh = () => world.elapsedMs() - sinceMs <= actWithinMs && leftMs() > actsWithMs;
    const nowMs = Math.max(loaded.nowMs, promotion.nowMs);
    const at = promotion.revision;
    if (at < (revision ?? 0)) return ended('older', { revision: at, dueAtMs: null, nowMs });
    const action = nextAction(promotion, nowMs);
    const look = unread ? watchingNow(promotion, action) : null;
    if (look === null && action.does === 'rest')
      return ended('ticked', { revision: at, dueAtMs: action.untilMs, nowMs });
    if (look !== null || hearsAlarms(promotion, action)) unread = false;
    const doing = look ?? action;
    const goesOn = await (look === null
      ? performIfConfigured(counting, promotion, action, nowMs, isFresh)
      : readForAlarm(counting, promotion, look, nowMs, isFresh)
    ).catch((error: unknown) => meetTrouble(counting, promotion, doing, error, nowMs));
    if (!goesOn) break;
  }
  const now = await world.store.load(promotionId);
  return ended('ticked', {
    revision: now?.promotion.revision ?? null,
    dueAtMs: now?.promotion.dueAtMs ?? null,
    nowMs: now?.nowMs ?? 0,
  });
}

function countingSaves(store: PromotionStore, saved: () => void): PromotionStore {
  return {
    ...store,
    async save(...given) {
      const outcome = await store.save(...given);
      if (outcome.outcome === 'saved') saved();
      return outcome;
    },
  };
}

/**
 * An environment that is not configured any more gets no first change: nobody answers for it. A promotion that has
 * changed production, and a rollback that has begun, go on with the rules they were approved under, since half a change
 * is worse.
 */
async function performIfConfigured(
  world: World,
  promotion: Promotion,
  action: Action,
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
  action: Action,
  nowMs: number,
  isFresh: () => boolean,
): Promise<boolean> {
  switch (action.does) {
    case 'rest':
      return false;
    case 'emit':
      return decideAndTurn(world, promotion, action.event, nowMs, isFresh);
    case 'authorize': {
      const claim = promotion.claims.find(({ id }) => id === action.claimId);
      if (claim === undefined) return false;
      return decideAndTurn(world, promotion, await settle(world, promotion, claim), nowMs, isFresh);
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
      const alarm = await alarmWhileChanging(world, promotion, nowMs);
      if (alarm !== null) return decideAndTurn(world, promotion, alarm, nowMs, isFresh);
      return carryOut(world, promotion, action.stepId, action.direction, nowMs, isFresh);
    }
    case 'probe': {
      const [alarm, probe] = await Promise.all([
        alarmWhileChanging(world, promotion, nowMs),
        probeEvent(world, promotion, nowMs),
      ]);
      return decideAndTurn(world, promotion, alarm ?? probe, nowMs, isFresh);
    }
    case 'read':
      return decideAndTurn(world, promotion, await readingEvent(world, promotion, nowMs), nowMs, isFresh);
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
  action: Action | Watching,
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
  const { kind, app, environment, version, definition, policy } = promotion;
  const history = await world.store.liveRecords(app, environment, 20);
  return { kind, ...mandateOf(promotion), app, environment, version, definition, policy, history, nowMs };
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
  const before = promotion.kind === 'rollback' ? await heldOrOvertaken(world, promotion) : null;
  if (before !== null && 'event' in before) return put(world, promotion, before.event, nowMs);
  const holder = before?.holder ?? (await holderAfterTaking(world, promotion, nowMs));
  if (typeof holder === 'boolean') return holder;
  if (promotion.kind === 'rollback' && (await preempt(world, promotion, holder, nowMs))) return true;
  await put(world, promotion, { type: 'lock.refused', holder }, nowMs);
  return false;
}

/** Who holds one of the locks; otherwise whether they were taken. */
async function holderAfterTaking(
  world: World,
  promotion: Promotion,
  nowMs: number,
): Promise<string | boolean> {
  const taken = await apply(world, promotion, { type: 'lock.taken' }, nowMs);
  return taken.outcome === 'locked' ? taken.holder : taken.outcome === 'saved';
}

/**
 * What stands in the way of a rollback: whoever holds its environment, or that it was overtaken. Looked at in this order,
 * so that whoever has freed the environment by now has left the record of what is live by its last write.
 */
async function heldOrOvertaken(
  world: World,
  promotion: Promotion,
): Promise<{ readonly holder: string } | { readonly event: PromotionEvent } | null> {
  if (promotion.phase !== 'awaiting-approval') return null;
  const { app, environment } = promotion;
  const holder = await world.store.holder(environmentLock(app, environment));
  if (holder !== undefined && holder !== promotion.id) return { holder };
  const overtaken = overtakenBy(promotion, await world.store.liveRecords(app, environment, 20));
  return overtaken === null ? null : { event: { type: 'plan.refused', refusal: overtaken } };
}

/**
 * What nobody knew who asked for it. A record bears the time of the look before its save, so whoever held the environment
 * then recorded its end later, whatever that time says; who took it afterwards looked afterwards.
 */
function recordedSince(
  { requestedAtMs, heldBy }: Promotion,
  history: PlanRequest['history'],
): PlanRequest['history'] {
  return history.filter(({ atMs, promotionId }) => atMs > requestedAtMs || promotionId === heldBy);
}

/**
 * Another release has come to be live since the rollback was asked for, or the one that it goes to was taken out of
 * production since: nobody meant that.
 */
function overtakenBy(
  promotion: PromotionIn<'awaiting-approval'>,
  history: PlanRequest['history'],
): Refusal | null {
  const since = recordedSince(promotion, history);
  const newest = history.find(({ artifact, replaced }) => artifact !== replaced);
  const { live, candidate } = promotion.plan.analysis;
  const fled = since.find(({ replaced }) => replaced === candidate.release.artifact);
  if (fled !== undefined)
    return refusal(
      'rollback.overtaken',
      `${candidate.release.version} was taken out of production since this rollback was asked for.`,
      'Look at what is live, and ask again if that has to be rolled back.',
    );
  const meant: readonly string[] = [live.release.artifact, candidate.release.artifact];
  if (newest === undefined || !since.includes(newest) || meant.includes(newest.artifact)) return null;
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
  const { failingBefore } = plan;
  const signedFailures = failsNoMore(plan, promotion.plan) ? promotion.plan.failingBefore : failingBefore;
  const comparable = { ...plan, failingBefore: signedFailures };
  const digest = digestOf(plan, promotion.definition, promotion.policy, world.hash);
  const isSigned =
    digestOf(comparable, promotion.definition, promotion.policy, world.hash) === promotion.digest;
  if (unsettled || isSigned)
    return put(world, promotion, { type: 'gate.recorded', results: plan.results, failingBefore }, nowMs);
  const differences = differencesBetween(promotion.plan, plan, promotion.definition, promotion.policy);
  return put(
    world,
    promotion,
    { type: 'plan.changed', plan, digest, release: analyzed.release, differences },
    nowMs,
  );
}
