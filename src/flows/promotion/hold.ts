import type { Plan, Step } from './plan.ts';
import type { Promotion } from './promotion.ts';

/**
 * How long a request that was claimed may still arrive at a provider which takes it unconditionally: 30 s until the
 * claiming worker is killed, 300 s for which AWS accepts its signature, 30 s for clocks (docs/engine.md).
 */
export const unfencedMs = 360_000;

/** Until when an unfenced request of this promotion may still arrive; null when it made none. */
export function heldUntil(promotion: Promotion): number | null {
  if (!('unfencedAtMs' in promotion) || promotion.unfencedAtMs === null) return null;
  return promotion.unfencedAtMs + unfencedMs;
}

/** How much longer people have to wait before they can close this by hand; 0 when nothing of ours can arrive any more. */
export function settlesInMs(
  promotion: { readonly unfencedAtMs: number | null; readonly openClaimAtMs: number | null },
  nowMs: number,
): number {
  const claims = [promotion.unfencedAtMs, promotion.openClaimAtMs].filter((atMs) => atMs !== null);
  return claims.length === 0 ? 0 : Math.max(0, Math.max(...claims) + unfencedMs - nowMs);
}

/** The newest claim whose act is not seen to be done, once this step is claimed; idempotent ones harm nobody. */
export function openClaimAfter(before: number | null, step: Step | undefined, nowMs: number): number | null {
  return step === undefined || step.fence === 'idempotent' ? before : nowMs;
}

/** A write that was seen fences every request before it. */
export function openClaimDone(before: number | null, step: Step): number | null {
  return step.fence === 'compare-and-set' ? null : before;
}

/** While true the lock is kept and production is looked at again, however good it looks. */
export function isHeld(promotion: Promotion, nowMs: number): boolean {
  const untilMs = heldUntil(promotion);
  return untilMs !== null && nowMs < untilMs;
}

/** The plan's risks, with what approvers have to know of a target that takes requests unconditionally. */
export function risksOf({ analysis }: Plan): readonly string[] {
  const steps = [...analysis.steps, ...analysis.rollback.map(({ step }) => step)];
  if (steps.every(({ fence }) => fence !== 'hold')) return analysis.risks;
  return [
    ...analysis.risks,
    'This target takes requests unconditionally: after a rollback a late one may bring the release back for up to 6 minutes, which is undone by itself while the environment stays locked; and a change that somebody makes in the seconds between our look and our write can be overwritten.',
  ];
}

/** The newest unfenced claim once this step is claimed. */
export function unfencedAfter(before: number | null, step: Step | undefined, nowMs: number): number | null {
  return step?.fence === 'hold' ? nowMs : before;
}
