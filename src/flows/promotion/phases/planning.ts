import { accept, type Decision, enter, type PhaseRules, refuse } from '../decision.ts';
import type { EventOf } from '../events.ts';
import type { CheckResult } from '../plan.ts';
import type { PromotionIn } from '../promotion.ts';
import { refusal } from '../refusal.ts';
import { retryWorkAt } from '../trouble.ts';
import { approvalsNeeded, awaitApproval } from './approving.ts';
import { claimById, overtaken, recordClaim, staleClaim, withoutClaim } from './claims.ts';
import { baseOf, endCancelled, endUntouched } from './ending.ts';

type Planning = PromotionIn<'analyzing' | 'validating'>;

const shared = {
  'cancellation.claimed': (promotion: Planning, event: EventOf<'cancellation.claimed'>): Decision =>
    recordClaim(promotion, event.claim),
  'claim.granted'(promotion: Planning, event: EventOf<'claim.granted'>, nowMs: number): Decision {
    const claim = claimById(promotion, event.claimId);
    if (claim === undefined) return staleClaim();
    switch (claim.does) {
      case 'request':
      case 'roll-back':
        return accept({ ...withoutClaim(promotion, claim.id), admitted: true });
      case 'cancel':
        return endCancelled(promotion, claim.person, nowMs);
      default:
        return overtaken(promotion, claim, 'The promotion is still being planned.', 'Wait for the card.');
    }
  },
  'claim.denied'(promotion: Planning, event: EventOf<'claim.denied'>, nowMs: number): Decision {
    const claim = claimById(promotion, event.claimId);
    if (claim === undefined) return staleClaim();
    if (claim.does === 'request' || claim.does === 'roll-back') {
      // Told to that person alone: whoever may not ask shall not be able to fill the channel.
      const ended = endUntouched(promotion, 'rejected', event.refusal, nowMs);
      return { ...ended, announcements: [{ topic: 'denied', person: claim.person, refusal: event.refusal }] };
    }
    return accept(withoutClaim(promotion, claim.id), [
      { topic: 'denied', person: claim.person, refusal: event.refusal },
    ]);
  },
  'plan.refused': (promotion: Planning, event: EventOf<'plan.refused'>, nowMs: number): Decision =>
    endUntouched(promotion, 'failed', event.refusal, nowMs),
} as const;

export const analyzing: PhaseRules<'analyzing'> = {
  ...shared,
  'analysis.completed'(promotion, event, nowMs) {
    if (!promotion.admitted)
      return refuse('request.unchecked', 'The requester is still being checked.', 'Wait.');
    const next: PromotionIn<'validating'> = {
      ...baseOf(promotion),
      phase: 'validating',
      version: event.release.version,
      release: event.release,
      analysis: event.analysis,
    };
    return accept(enter(next, nowMs), [{ topic: 'analyzed' }]);
  },
  'analysis.refused': (promotion, event, nowMs) => endUntouched(promotion, 'failed', event.refusal, nowMs),
};

/** The results that stop a plan, as one refusal; null if none does. */
export function stoppedBy(
  results: readonly CheckResult[],
): { code: string; text: string; next: string } | null {
  const failed = results.filter((result) => result.outcome === 'failed' || result.outcome === 'stale');
  if (failed.length === 0) return null;
  return refusal(
    'validation.failed',
    failed.map((result) => `${result.title}: ${result.text}`).join('\n'),
    'Production was not touched. Mend this and ask again.',
  );
}

export function undecided(results: readonly CheckResult[]): CheckResult[] {
  return results.filter((result) => result.outcome === 'inconclusive' || result.outcome === 'pending');
}

export const validating: PhaseRules<'validating'> = {
  ...shared,
  'validation.recorded'(promotion, event, nowMs) {
    const { results } = event.plan;
    const stop = stoppedBy(results);
    if (stop !== null) return endUntouched(promotion, 'failed', stop, nowMs, { results });
    const open = undecided(results);
    if (open.length > 0) {
      return retryWorkAt(promotion, nowMs, {
        code: 'validation.inconclusive',
        text: open.map((result) => `${result.title}: ${result.text}`).join('\n'),
        retryAfterMs: 15_000,
      });
    }
    const next = awaitApproval(
      promotion,
      { plan: event.plan, digest: event.digest, release: event.plan.analysis.candidate.release },
      nowMs,
      null,
    );
    const needed = approvalsNeeded(promotion) > 0;
    return accept(next, [
      { topic: 'validated', results },
      ...(needed ? [{ topic: 'approval-needed' as const, differences: [] }] : []),
    ]);
  },
};
