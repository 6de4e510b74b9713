import { ConflictError, MisconfiguredError, RetryableError, TerminalError } from '../errors.ts';
import type { Mandate, Observation, StepContext } from '../ports.ts';
import type { EventOf, PromotionEvent } from '../promotion/events.ts';
import { stepsBack } from '../promotion/phases/rolling-back.ts';
import { attemptLimit } from '../promotion/phases/stepping.ts';
import type { Step } from '../promotion/plan.ts';
import type { Promotion, PromotionIn, StepState } from '../promotion/promotion.ts';
import { apply, put } from './save.ts';
import type { World } from './world.ts';

/** From this attempt on a claim follows the one before only so much later when the precondition has moved. */
const chaseAfter = 3;
const chaseMs = 2_000;
/** Refused by its precondition so often in a row, an act is no race that was lost but trouble that may last. */
const lostRaces = 2;

type Direction = 'forward' | 'back';
type Executing = PromotionIn<'deploying' | 'rolling-back'>;

/** What a look led to: an event to save, or an act under a claim that has to be saved first. */
type Verdict =
  | { readonly does: 'save'; readonly event: PromotionEvent }
  | { readonly does: 'claim'; readonly precondition: string | null }
  /** The claim stands and repeating the act is harmless: it only asks for the lost answer again. */
  | { readonly does: 'act' };

function statesOf(promotion: Executing, direction: Direction): Readonly<Record<string, StepState>> {
  if (direction === 'forward') return promotion.steps;
  return promotion.phase === 'rolling-back' ? promotion.rollback.steps : {};
}

export function stepOf(promotion: Executing, stepId: string, direction: Direction): Step | undefined {
  const steps =
    direction === 'forward' ? promotion.plan.analysis.steps : stepsBack(promotion.plan, promotion.steps);
  return steps.find(({ id }) => id === stepId);
}

/** One key for all attempts of a step, a new one for each rollback that people order again. */
function keyOf(promotion: Executing, step: Step): string {
  const attempt = promotion.phase === 'rolling-back' ? promotion.rollback.attempt : 1;
  return `${promotion.id}.${step.id}.${attempt}`;
}

/** The write-ahead record of one act, conditional on exactly what was seen. */
export function claimOf(
  promotion: Executing,
  step: Step,
  precondition: string | null,
): EventOf<'step.claimed'> {
  return { type: 'step.claimed', stepId: step.id, key: keyOf(promotion, step), precondition };
}

export const mandateOf = (promotion: Promotion): Mandate => ({
  promotionId: promotion.id,
  digest: 'digest' in promotion ? promotion.digest : null,
});

/** What a target is told of the step that it looks at or carries out. */
export function contextOf(
  promotion: Promotion,
  step: Step,
  state: StepState | undefined,
  direction: Direction,
  nowMs: number,
): StepContext {
  return {
    promotionId: promotion.id,
    tookOverFrom: promotion.phase === 'rolling-back' ? promotion.rollback.tookOverFrom : null,
    step,
    direction,
    claim: state?.claim ?? null,
    seenDone: state?.status === 'done',
    startedAtMs: state?.startedAtMs ?? nowMs,
    nowMs,
  };
}

/**
 * Observe, gate, claim, act, record (docs/engine.md). The gate is the phase's: a first claim without fresh evidence is
 * refused by `transition`. Answers whether the tick may go on with the promotion as saved.
 */
export async function carryOut(
  world: World,
  promotion: Promotion,
  stepId: string,
  direction: Direction,
  nowMs: number,
  isFresh: () => boolean,
): Promise<boolean> {
  if (promotion.phase !== 'deploying' && promotion.phase !== 'rolling-back') return false;
  const step = stepOf(promotion, stepId, direction);
  if (step === undefined) return false;
  const state = statesOf(promotion, direction)[stepId];
  const target = world.targetOf(promotion.definition, mandateOf(promotion));
  const observation = await target.observe(
    promotion.definition,
    contextOf(promotion, step, state, direction, nowMs),
  );
  const verdict = judge(observation, step, state, direction, nowMs);
  if (verdict.does === 'save') return (await put(world, promotion, verdict.event, nowMs)).outcome === 'saved';
  let claimed: Promotion = promotion;
  if (verdict.does === 'claim') {
    if (!isFresh()) return false;
    const event = claimOf(promotion, step, verdict.precondition);
    const saved = await put(world, promotion, event, nowMs);
    if (saved.outcome !== 'saved') return false;
    claimed = saved.promotion;
  }
  // The claim stands; a later tick repeats it under a new one.
  if (!isFresh()) return false;
  return act(world, claimed, step, direction, nowMs);
}

export function judge(
  observation: Observation,
  step: Step,
  state: StepState | undefined,
  direction: Direction,
  nowMs: number,
): Verdict {
  const save = (event: PromotionEvent): Verdict => ({ does: 'save', event });
  const claim = state?.claim ?? null;
  const overdue = state !== undefined && nowMs >= state.startedAtMs + step.deadlineSeconds * 1000;
  const tooLate = () =>
    save({
      type: 'step.failed',
      stepId: step.id,
      code: 'step.deadline',
      text: `"${step.title}" did not finish within ${Math.round(step.deadlineSeconds / 60)} min.`,
    });
  switch (observation.outcome) {
    case 'done':
      // Forward, a target that already looks as if we had acted was changed by somebody else.
      if (claim === null && step.does !== 'settle' && direction === 'forward') {
        return save({
          type: 'drift.found',
          stepId: step.id,
          text: `Somebody else did this already: ${observation.text}`,
        });
      }
      if (claim === null && step.does !== 'settle') return { does: 'claim', precondition: null };
      return save({ type: 'step.completed', stepId: step.id, text: observation.text });
    case 'applying':
      if (overdue) return tooLate();
      return save({
        type: 'step.progressed',
        stepId: step.id,
        text: observation.text,
        fraction: observation.fraction,
      });
    case 'failed':
      return save({ type: 'step.failed', stepId: step.id, code: observation.code, text: observation.text });
    case 'foreign':
      return save({ type: 'drift.found', stepId: step.id, text: observation.text });
    case 'before': {
      if (claim === null) return { does: 'claim', precondition: observation.precondition };
      if (overdue) return tooLate();
      // Forward it gives up and turns around; back it keeps trying until its deadline.
      const spent = direction === 'forward' && claim.attempt >= attemptLimit;
      if (spent && nowMs >= claim.retryAtMs) {
        return save({
          type: 'step.failed',
          stepId: step.id,
          code: 'step.attempts',
          text: `"${step.title}" was sent ${claim.attempt} times and never took effect.`,
        });
      }
      if (step.fence === 'idempotent') return { does: 'act' };
      // The precondition moved while the content did not: the claimed request can never land, so a new claim is safe.
      const moved = observation.precondition !== claim.precondition;
      // What keeps moving is not chased: one claim in this while.
      const rested = claim.attempt < chaseAfter || nowMs - claim.claimedAtMs >= chaseMs;
      if (!spent && ((moved && rested) || nowMs >= claim.retryAtMs))
        return { does: 'claim', precondition: observation.precondition };
      return save({
        type: 'step.progressed',
        stepId: step.id,
        text: 'Sent; waiting to see it take effect',
        fraction: null,
      });
    }
  }
}

/** One call with exactly what was claimed. Its answer is a hint: the outcome is found by looking. */
export async function act(
  world: World,
  promotion: Promotion,
  step: Step,
  direction: Direction,
  nowMs: number,
): Promise<boolean> {
  if (promotion.phase !== 'deploying' && promotion.phase !== 'rolling-back') return false;
  const state = statesOf(promotion, direction)[step.id];
  if (state?.claim === null || state === undefined) return false;
  const context = contextOf(promotion, step, state, direction, nowMs);
  try {
    const { reference } = await world
      .targetOf(promotion.definition, mandateOf(promotion))
      .act(promotion.definition, context);
    if (reference === null || reference === state.claim.reference) return true;
    const event: PromotionEvent = { type: 'step.acted', stepId: step.id, reference };
    return (await apply(world, promotion, event, nowMs)).outcome === 'saved';
  } catch (error) {
    // The next look tells whether it was applied: a lost answer and a lost race look alike from here.
    if (error instanceof ConflictError && state.claim.attempt < lostRaces) return true;
    if (error instanceof RetryableError || error instanceof ConflictError) {
      world.log.warn({ promotionId: promotion.id, stepId: step.id, code: error.code }, 'act not answered');
      const event: PromotionEvent = {
        type: 'trouble.met',
        during: 'work',
        code: error.code,
        text: error.message,
        retryAfterMs: error instanceof RetryableError ? (error.retryAfterMs ?? null) : null,
        acting: true,
      };
      await apply(world, promotion, event, nowMs);
      return false;
    }
    if (error instanceof TerminalError || error instanceof MisconfiguredError) {
      const event: PromotionEvent = {
        type: 'step.failed',
        stepId: step.id,
        code: error.code,
        text: error.message,
      };
      return (await put(world, promotion, event, nowMs)).outcome === 'saved';
    }
    throw error;
  }
}
