import type { PromotionIn } from '../../src/flows/promotion/promotion.ts';
import { promotionIn } from '../../test/bot/promotions.ts';

/** A promotion that waits for its two approvals, asked for five minutes ago. */
export function waitingPromotion(id: string, nowMs: number): PromotionIn<'awaiting-approval'> {
  const askedMs = nowMs - 300_000;
  const template = promotionIn('awaiting-approval');
  return {
    ...template,
    id,
    nowMs,
    requestedAtMs: askedMs,
    expiresAtMs: askedMs + 48 * 3_600_000,
    phases: template.phases.map(({ phase }, index) => ({ phase, atMs: askedMs + index * 60_000 })),
  };
}
