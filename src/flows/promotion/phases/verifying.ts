import type { Announcement } from '../announcements.ts';
import { accept, enter, type PhaseRules } from '../decision.ts';
import type { EventOf } from '../events.ts';
import type { CheckResult, Plan } from '../plan.ts';
import type { Policy } from '../policy.ts';
import type { PromotionIn, Verification } from '../promotion.ts';
import { firedSince, turnForAlarm } from './alarm.ts';
import { claimById, denyClaim, overtaken, recordClaim, staleClaim, withoutClaim } from './claims.ts';
import { baseOf, endHandedOver, executingOf, plannedOf } from './ending.ts';
import { loseLock, rollBack, tellHeldUp } from './rolling-back.ts';

type Outcome = 'passed' | 'failed' | 'stale' | 'inconclusive';

/** The very same failure was there before the promotion, or more of it. */
export function failedBefore(
  { id, text, signs }: CheckResult,
  failingBefore: Plan['failingBefore'],
): boolean {
  const known = failingBefore.filter((before) => before.id === id);
  return signs === undefined
    ? known.some((before) => before.text === text)
    : known.some((before) => signs.length > 0 && signs.every((sign) => before.signs?.includes(sign)));
}

/** What one probe says as a whole. Checks that failed before the promotion are not blamed on it (ALL-13). */
export function probeOutcome(results: readonly CheckResult[], failingBefore: Plan['failingBefore']): Outcome {
  const blamed = results.filter((result) => !failedBefore(result, failingBefore));
  if (blamed.some((result) => result.outcome === 'failed')) return 'failed';
  if (blamed.some((result) => result.outcome === 'inconclusive' || result.outcome === 'pending'))
    return 'inconclusive';
  if (blamed.some((result) => result.outcome === 'stale')) return 'stale';
  return blamed.some((result) => result.outcome === 'passed') ? 'passed' : 'inconclusive';
}

export function freshVerification(nowMs: number): Verification {
  return {
    startedAtMs: nowMs,
    nextAtMs: nowMs,
    passedInARow: 0,
    probes: 0,
    inconclusiveInARow: 0,
    last: null,
  };
}

/** The verification after one more probe. */
export function probed(
  before: Verification,
  outcome: Outcome,
  results: readonly CheckResult[],
  intervalSeconds: number,
  nowMs: number,
): Verification {
  return {
    ...before,
    nextAtMs: nowMs + intervalSeconds * 1000,
    passedInARow: outcome === 'passed' ? before.passedInARow + 1 : 0,
    inconclusiveInARow: outcome === 'inconclusive' ? before.inconclusiveInARow + 1 : 0,
    probes: before.probes + 1,
    last: { atMs: nowMs, outcome, results: [...results] },
  };
}

/** The failing lines of a probe or reading as the cause of a rollback. */
export function worstOf(results: readonly CheckResult[]): string {
  const bad = results.filter((result) => result.outcome !== 'passed');
  return bad.map((result) => `${result.title}: ${result.text}`).join('\n');
}

export const inconclusiveProbes = 3;

/** Ten times the usual length and the grace: results that keep changing must not keep it open for ever. */
export function verificationIsOverdue(
  verification: Pick<Verification, 'startedAtMs'>,
  { verification: rules }: Policy,
  nowMs: number,
): boolean {
  const limitSeconds = rules.graceSeconds + 10 * rules.probes * Math.max(1, rules.intervalSeconds) + 60;
  return nowMs - verification.startedAtMs >= limitSeconds * 1000;
}

/** Rules shared by the two phases after the change. */
export const afterTheChange = {
  'rollback.claimed': (
    promotion: PromotionIn<'verifying' | 'monitoring'>,
    event: { claim: Parameters<typeof recordClaim>[1] },
  ) => recordClaim(promotion, event.claim),
  'claim.denied': denyClaim,
  'promotion.handed-over': (
    promotion: PromotionIn<'verifying' | 'monitoring'>,
    event: EventOf<'promotion.handed-over'>,
    nowMs: number,
  ) => endHandedOver(promotion, event, nowMs),
  'lock.lost': (
    promotion: PromotionIn<'verifying' | 'monitoring'>,
    event: EventOf<'lock.lost'>,
    nowMs: number,
  ) => loseLock(promotion, event.holder, nowMs),
  'page.due': (
    promotion: PromotionIn<'verifying' | 'monitoring'>,
    _event: EventOf<'page.due'>,
    nowMs: number,
  ) => tellHeldUp(promotion, nowMs),
} as const;

export const verifying: PhaseRules<'verifying'> = {
  ...afterTheChange,
  'claim.granted'(promotion, event, nowMs) {
    const claim = claimById(promotion, event.claimId);
    if (claim === undefined) return staleClaim();
    if (claim.does === 'roll-back' || claim.does === 'cancel') {
      const cause = { code: 'requested', text: claim.reason ?? 'A person asked for it.', by: claim.person };
      return rollBack(withoutClaim(promotion, claim.id), cause, claim.atMs, nowMs);
    }
    return overtaken(
      promotion,
      claim,
      'The promotion had moved on before this was settled.',
      'Look at the card.',
    );
  },
  'reading.recorded': turnForAlarm,
  'probe.recorded'(promotion, event, nowMs) {
    const { policy } = promotion;
    const outcome = probeOutcome(event.results, promotion.plan.failingBefore);
    const verification = probed(
      promotion.verification,
      outcome,
      event.results,
      policy.verification.intervalSeconds,
      nowMs,
    );
    const seen: PromotionIn<'verifying'> = { ...promotion, verification };
    const told: Announcement = { topic: 'probed', outcome, results: event.results };
    const cause = (code: string) => ({ code, text: worstOf(event.results), by: null });
    if (outcome === 'failed') {
      const fired = firedSince(event.results, promotion.plan.failingBefore);
      const why =
        fired.length === 0 ? cause('verification.failed') : { code: 'alarm', text: worstOf(fired), by: null };
      return rollBack(seen, why, nowMs, nowMs, [told]);
    }
    if (outcome === 'stale' && nowMs - verification.startedAtMs >= policy.verification.graceSeconds * 1000) {
      return rollBack(seen, cause('verification.stale'), nowMs, nowMs, [told]);
    }
    if (verification.inconclusiveInARow >= inconclusiveProbes) {
      return rollBack(seen, cause('verification.inconclusive'), nowMs, nowMs, [told]);
    }
    const passedEnough = verification.passedInARow >= policy.verification.probes;
    if (!passedEnough && verificationIsOverdue(verification, policy, nowMs)) {
      return rollBack(seen, cause('verification.undecided'), nowMs, nowMs, [told]);
    }
    if (!passedEnough) {
      return accept(seen, outcome === 'passed' && verification.probes > 1 ? [] : [told]);
    }
    const next: PromotionIn<'monitoring'> = {
      ...baseOf(promotion),
      phase: 'monitoring',
      ...plannedOf(promotion),
      ...executingOf(promotion),
      verification,
      watch: {
        startedAtMs: nowMs,
        soakFromMs: nowMs,
        nextAtMs: nowMs,
        readings: 0,
        unhealthyInARow: 0,
        inconclusiveSinceMs: null,
        healthyUntilMs: null,
        last: null,
        question: null,
        acceptedBy: null,
      },
    };
    return accept(enter(next, nowMs), [told]);
  },
};
