import { type Accepted, accept, enter } from '../decision.ts';
import type { EventOf } from '../events.ts';
import type { CheckResult } from '../plan.ts';
import type { Person, Promotion, PromotionIn } from '../promotion.ts';
import { type Refusal, refusal } from '../refusal.ts';

type Untouched = 'rejected' | 'expired' | 'cancelled' | 'failed' | 'superseded';

/** Ends a promotion that has changed nothing; its lock, if it has one, goes with it. */
export function endUntouched(
  promotion: PromotionIn<
    | 'analyzing'
    | 'validating'
    | 'awaiting-approval'
    | 'waiting'
    | 'deploying'
    | 'verifying'
    | 'monitoring'
    | 'rolling-back'
  >,
  phase: Untouched,
  why: Refusal,
  nowMs: number,
  also: { by?: Person; results?: readonly CheckResult[]; supersededBy?: string } = {},
): Accepted {
  const planned = 'plan' in promotion ? promotion : null;
  const ended = {
    ...baseOf(promotion),
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
  const next: PromotionIn<Untouched> =
    phase === 'superseded'
      ? { ...ended, phase, dirty: false, supersededBy: also.supersededBy ?? null }
      : { ...ended, phase };
  return accept(enter(next, nowMs), [{ topic: 'ended' }], { locks: 'release' });
}

/** A rollback took over what this one had changed, in the same save; nothing is left to be done here. */
export function endHandedOver(
  promotion: PromotionIn<'deploying' | 'verifying' | 'monitoring' | 'rolling-back' | 'rollback-failed'>,
  event: EventOf<'promotion.handed-over'>,
  nowMs: number,
): Accepted {
  const why = refusal(
    'handed-over',
    `Rollback ${event.to} took over, and with it everything that this one had changed.`,
    'Follow the rollback.',
  );
  const next: PromotionIn<'superseded'> = {
    ...baseOf(promotion),
    phase: 'superseded',
    endedAtMs: nowMs,
    ending: { ...why, by: event.person },
    plan: promotion.plan,
    digest: promotion.digest,
    approvals: promotion.approvals,
    results: promotion.plan.results,
    claims: [],
    troubles: { people: null, work: null },
    dueAtMs: null,
    dirty: promotion.dirty,
    supersededBy: event.to,
  };
  return accept(enter(next, nowMs), [{ topic: 'ended' }]);
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
    heldBy,
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
    ...(heldBy === undefined ? {} : { heldBy }),
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
  const { startedAtMs, dirty, gate, steps, pagedAtMs, unfencedAtMs, openClaimAtMs } = promotion;
  return { startedAtMs, dirty, gate, steps, pagedAtMs, unfencedAtMs, openClaimAtMs };
}

export function reversingOf(promotion: PromotionIn<'rolling-back' | 'rollback-failed'>) {
  const { verification, watch, rollback } = promotion;
  return { verification, watch, rollback };
}
