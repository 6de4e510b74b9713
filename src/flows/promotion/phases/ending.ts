import { type Accepted, accept, enter } from '../decision.ts';
import type { CheckResult } from '../plan.ts';
import type { Person, Promotion, PromotionIn } from '../promotion.ts';
import { type Refusal, refusal } from '../refusal.ts';

type Untouched = 'rejected' | 'expired' | 'cancelled' | 'failed' | 'superseded';

/** Ends a promotion that has changed nothing; its lock, if it has one, goes with it. */
export function endUntouched(
  promotion: PromotionIn<'analyzing' | 'validating' | 'awaiting-approval' | 'waiting' | 'deploying'>,
  phase: Untouched,
  why: Refusal,
  nowMs: number,
  also: { by?: Person; results?: readonly CheckResult[] } = {},
): Accepted {
  const planned = 'plan' in promotion ? promotion : null;
  const next: PromotionIn<Untouched> = {
    ...baseOf(promotion),
    phase,
    endedAtMs: nowMs,
    ending: { ...why, by: also.by ?? null },
    plan: planned?.plan ?? null,
    digest: planned?.digest ?? null,
    approvals: planned?.approvals ?? [],
    results: [...(also.results ?? planned?.plan.results ?? [])],
    claims: [],
    troubles: { people: null, work: null },
    dueAtMs: null,
  };
  return accept(enter(next, nowMs), [{ topic: 'ended' }], { locks: 'release' });
}

/** Somebody stopped it in time. */
export function endCancelled(
  promotion: Parameters<typeof endUntouched>[0],
  by: Person,
  nowMs: number,
): Accepted {
  const why = refusal('cancelled', 'Cancelled before anything changed.', 'Ask again when you are ready.');
  return endUntouched(promotion, 'cancelled', why, nowMs, { by });
}

/** The fields that every phase has; strict schemas refuse the rest of an earlier phase. */
export function baseOf(promotion: Promotion) {
  const {
    schema,
    id,
    kind,
    app,
    environment,
    version,
    requester,
    reason,
    requestedAtMs,
    policy,
    definition,
    revision,
    nowMs,
    dueAtMs,
    claims,
    troubles,
    phases,
    audit,
    announced,
    admitted,
  } = promotion;
  return {
    schema,
    id,
    kind,
    app,
    environment,
    version,
    requester,
    reason,
    requestedAtMs,
    policy,
    definition,
    revision,
    nowMs,
    dueAtMs,
    claims,
    troubles,
    phases,
    audit,
    announced,
    admitted,
  };
}

type Planned = PromotionIn<
  | 'awaiting-approval'
  | 'waiting'
  | 'deploying'
  | 'verifying'
  | 'monitoring'
  | 'rolling-back'
  | 'rollback-failed'
>;

export function plannedOf(promotion: Planned) {
  const { release, plan, digest, round, approvals, expiresAtMs, voided } = promotion;
  return { release, plan, digest, round, approvals, expiresAtMs, voided };
}

type Executing = PromotionIn<'deploying' | 'verifying' | 'monitoring' | 'rolling-back' | 'rollback-failed'>;

export function executingOf(promotion: Executing) {
  const { startedAtMs, dirty, gate, steps, pagedAtMs } = promotion;
  return { startedAtMs, dirty, gate, steps, pagedAtMs };
}

export function reversingOf(promotion: PromotionIn<'rolling-back' | 'rollback-failed'>) {
  const { verification, watch, rollback } = promotion;
  return { verification, watch, rollback };
}
