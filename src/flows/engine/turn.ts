import type { Change, Observation } from '../ports.ts';
import { toChange } from '../promotion/change.ts';
import type { PromotionEvent } from '../promotion/events.ts';
import { nextAction } from '../promotion/next-action.ts';
import { stepsBack } from '../promotion/phases/rolling-back.ts';
import type { Promotion, PromotionIn } from '../promotion/promotion.ts';
import { transition } from '../promotion/transition.ts';
import { put } from './save.ts';
import { act, claimOf, contextOf, judge, mandateOf, stepOf } from './step.ts';
import type { World } from './world.ts';

/** A look at what the first step back would act on, begun before anything was decided. */
export type LookAhead = () => Promise<Observation | null>;

/** Begins to look where a rollback would begin, so that its claim need not wait for that look. Never rejects. */
export function lookAhead(world: World, promotion: Promotion, nowMs: number): LookAhead {
  const looking = firstLook(world, promotion, nowMs);
  return () => looking;
}

async function firstLook(world: World, promotion: Promotion, nowMs: number): Promise<Observation | null> {
  if (!('plan' in promotion) || promotion.plan === null || !('steps' in promotion)) return null;
  const [step] = stepsBack(promotion.plan, promotion.steps);
  if (step === undefined) return null;
  try {
    const context = contextOf(promotion, step, undefined, 'back', nowMs);
    return await world
      .targetOf(promotion.definition, mandateOf(promotion))
      .observe(promotion.definition, context);
  } catch {
    // Whoever carries the step out looks again, and tells what went wrong.
    return null;
  }
}

/**
 * Decides one event. One that turns the promotion around is saved together with the first claim of the way back, so
 * that between the sign of failure and the call stand one look and one write. Where that claim cannot be made yet, the
 * decision alone is saved and the next look goes on. Answers whether the tick may go on.
 */
export async function decideAndTurn(
  world: World,
  promotion: Promotion,
  event: PromotionEvent,
  nowMs: number,
  isFresh: () => boolean,
  ahead?: LookAhead,
): Promise<boolean> {
  const turning = await turnWithClaim(world, promotion, event, nowMs, isFresh, ahead);
  if (turning === null) return (await put(world, promotion, event, nowMs)).outcome === 'saved';
  const { change, stepId } = turning;
  const saved = await world.store.save(change);
  // A lock that is no longer ours is told to the promotion by deciding the event alone.
  if (saved.outcome === 'locked') return (await put(world, promotion, event, nowMs)).outcome === 'saved';
  // The claim stands; a later tick repeats it under a new one.
  if (saved.outcome !== 'saved' || !isFresh()) return false;
  const claimed = change.promotion;
  const step = claimed.phase === 'rolling-back' ? stepOf(claimed, stepId, 'back') : undefined;
  return step !== undefined && act(world, claimed, step, 'back', nowMs);
}

/** The decision and the claim as one change; null where the event turns nothing around, or nothing can be claimed. */
async function turnWithClaim(
  world: World,
  promotion: Promotion,
  event: PromotionEvent,
  nowMs: number,
  isFresh: () => boolean,
  ahead: LookAhead | undefined,
): Promise<{ readonly change: Change; readonly stepId: string } | null> {
  const decision = transition(promotion, event, nowMs);
  if (decision.outcome === 'refused' || !turnsAround(promotion, decision.promotion)) return null;
  const decided = toChange(promotion, decision, event, nowMs, world.hash);
  const turned = decided.promotion;
  if (turned.phase !== 'rolling-back') return null;
  // What else people have asked for is settled after the first act.
  const action = nextAction({ ...turned, claims: [] }, nowMs);
  if (action.does !== 'step' || action.direction !== 'back') return null;
  const step = stepOf(turned, action.stepId, 'back');
  if (step === undefined) return null;
  const seen = await (ahead ?? lookAhead(world, turned, nowMs))();
  const verdict = seen === null ? null : judge(seen, step, undefined, 'back', nowMs);
  if (verdict?.does !== 'claim' || !isFresh()) return null;
  const claiming = claimOf(turned, step, verdict.precondition);
  const claim = transition(turned, claiming, nowMs);
  if (claim.outcome === 'refused') return null;
  const claimed = toChange(turned, claim, claiming, nowMs, world.hash);
  return { change: together(decided, claimed), stepId: step.id };
}

function turnsAround(before: Promotion, after: Promotion): after is PromotionIn<'rolling-back'> {
  return after.phase === 'rolling-back' && before.phase !== 'rolling-back';
}

/** Two decisions, one after the other, as one save: the second one's state under the first one's revision. */
function together(first: Change, second: Change): Change {
  return {
    promotion: { ...second.promotion, revision: first.promotion.revision },
    audit: [...first.audit, ...second.audit],
    announcements: [...first.announcements, ...second.announcements],
    // Both need the same locks held.
    locks: second.locks,
    handedOver: null,
    live: null,
  };
}
