import type { Change, Observation } from '../ports.ts';
import { toChange } from '../promotion/change.ts';
import type { PromotionEvent } from '../promotion/events.ts';
import { stepsBack } from '../promotion/phases/rolling-back.ts';
import type { Step } from '../promotion/plan.ts';
import type { Promotion } from '../promotion/promotion.ts';
import { transition } from '../promotion/transition.ts';
import { put } from './save.ts';
import { act, claimOf, contextOf, judge, mandateOf } from './step.ts';
import type { World } from './world.ts';

/** The first step back, and what was seen of its target; null where there is none, or it could not be looked at. */
export type LookAhead = () => Promise<{ readonly step: Step; readonly observation: Observation } | null>;

/** Begins to look where a rollback would begin, so that its claim need not wait for that look. Never rejects. */
export function lookAhead(world: World, promotion: Promotion, nowMs: number): LookAhead {
  const looking = firstLook(world, promotion, nowMs);
  return () => looking;
}

async function firstLook(world: World, promotion: Promotion, nowMs: number): ReturnType<LookAhead> {
  if (!('steps' in promotion)) return null;
  const [step] = stepsBack(promotion.plan, promotion.steps);
  if (step === undefined) return null;
  try {
    const observation = await world
      .targetOf(promotion.definition, mandateOf(promotion))
      .observe(promotion.definition, contextOf(promotion, step, undefined, 'back', nowMs));
    return { step, observation };
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
  const decideAlone = async () => (await put(world, promotion, event, nowMs)).outcome === 'saved';
  const turning = await turnWithClaim(world, promotion, event, nowMs, isFresh, ahead);
  if (turning === null) return decideAlone();
  const { change, step } = turning;
  const saved = await world.store.save(change);
  // A lock that is no longer ours is told to the promotion by deciding the event alone.
  if (saved.outcome === 'locked') return decideAlone();
  // The claim stands; a later tick repeats it under a new one.
  if (saved.outcome !== 'saved' || !isFresh()) return false;
  return act(world, change.promotion, step, 'back', nowMs);
}

/** The decision and the claim as one change; null where the event turns nothing around, or nothing can be claimed. */
async function turnWithClaim(
  world: World,
  promotion: Promotion,
  event: PromotionEvent,
  nowMs: number,
  isFresh: () => boolean,
  ahead: LookAhead | undefined,
): Promise<{ readonly change: Change; readonly step: Step } | null> {
  const decision = transition(promotion, event, nowMs);
  if (decision.outcome === 'refused') return null;
  const decided = toChange(promotion, decision, event, nowMs, world.hash);
  const turned = decided.promotion;
  if (promotion.phase === 'rolling-back' || turned.phase !== 'rolling-back') return null;
  // Nothing of the way back is done yet, so it begins with its first step.
  const seen = await (ahead ?? lookAhead(world, turned, nowMs))();
  if (seen === null) return null;
  const { step, observation } = seen;
  const verdict = judge(observation, step, undefined, 'back', nowMs);
  if (verdict.does !== 'claim' || !isFresh()) return null;
  const claiming = claimOf(turned, step, verdict.precondition);
  const claim = transition(turned, claiming, nowMs);
  if (claim.outcome === 'refused') return null;
  const claimed = toChange(turned, claim, claiming, nowMs, world.hash);
  return { change: together(decided, claimed), step };
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
