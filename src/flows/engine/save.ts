import type { Close } from '../desk.ts';
import { toChange } from '../promotion/change.ts';
import type { PromotionEvent } from '../promotion/events.ts';
import type { Promotion } from '../promotion/promotion.ts';
import type { Refusal } from '../promotion/refusal.ts';
import { transition } from '../promotion/transition.ts';
import type { Repeated } from '../receipt.ts';
import { closing } from './closing.ts';
import type { World } from './world.ts';

export type Applied =
  | { readonly outcome: 'saved'; readonly promotion: Promotion; readonly nowMs: number }
  | { readonly outcome: 'refused'; readonly refusal: Refusal }
  | { readonly outcome: 'conflict' }
  | { readonly outcome: 'locked'; readonly holder: string }
  | Repeated;

/**
 * As `apply`, for work that needs the lock: one that is no longer ours is told to the promotion itself, so that it
 * ends or is handed to people instead of trying for ever.
 */
export async function put(
  world: Pick<World, 'store' | 'hash'>,
  promotion: Promotion,
  event: PromotionEvent,
  nowMs: number,
): Promise<Applied> {
  const applied = await apply(world, promotion, event, nowMs);
  if (applied.outcome === 'locked')
    await apply(world, promotion, { type: 'lock.lost', holder: applied.holder }, nowMs);
  return applied;
}

/**
 * Decides one event on a promotion just loaded, and saves the decision or nothing. `close` is given the promotion as it
 * is about to be saved.
 */
export async function apply(
  world: Pick<World, 'store' | 'hash'>,
  promotion: Promotion,
  event: PromotionEvent,
  nowMs: number,
  close?: Close<Promotion>,
): Promise<Applied> {
  const decision = transition(promotion, event, nowMs);
  if (decision.outcome === 'refused') return decision;
  const change = toChange(promotion, decision, event, nowMs, world.hash);
  const { id: promotionId, revision } = change.promotion;
  const saved = await closing(close?.(change.promotion), { promotionId, revision }, (receipt) =>
    world.store.save(change, receipt),
  );
  if (saved.outcome !== 'saved') return saved;
  return { outcome: 'saved', promotion: change.promotion, nowMs: saved.nowMs };
}
