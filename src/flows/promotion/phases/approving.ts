import type { Announcement } from '../announcements.ts';
import { accept, enter, type PhaseRules, refuse } from '../decision.ts';
import type { EventOf } from '../events.ts';
import type { Plan, Release } from '../plan.ts';
import { type PersonClaim, type PromotionIn, samePerson } from '../promotion.ts';
import { refusal } from '../refusal.ts';
import { slowMs } from '../trouble.ts';
import { claimById, denyClaim, overtaken, recordClaim, staleClaim, withoutClaim } from './claims.ts';
import { baseOf, endCancelled, endUntouched, plannedOf } from './ending.ts';
import { lockLostText, startRollback } from './rolling-back.ts';

type Awaiting = PromotionIn<'awaiting-approval'>;

/** How many approvals this promotion needs: rollbacks have their own number (ALL-8). */
export function approvalsNeeded(promotion: { kind: string; policy: Awaiting['policy'] }): number {
  return promotion.kind === 'rollback'
    ? promotion.policy.rollback.approvals
    : promotion.policy.approvals.required;
}

/** Puts a plan before its approvers; approvals of an earlier plan are void (ALL-3). */
export function awaitApproval(
  promotion: PromotionIn<'validating' | 'waiting' | 'awaiting-approval' | 'deploying'>,
  planned: { plan: Plan; digest: string; release: Release },
  nowMs: number,
  voided: Awaiting['voided'],
) {
  const round = 'round' in promotion ? promotion.round + 1 : 1;
  const next: Awaiting = {
    ...baseOf(promotion),
    phase: 'awaiting-approval',
    // What was asked for on the earlier plan does not count for this one.
    claims: promotion.claims.filter(({ does }) => does !== 'approve' && does !== 'reject'),
    ...planned,
    round,
    approvals: [],
    expiresAtMs: nowMs + promotion.policy.approvals.expiresAfterSeconds * 1000,
    voided,
    lockBusy: null,
  };
  return enter(next, nowMs);
}

/** What the person's screen showed is not what would be approved now. */
function shownPlanDiffers(
  promotion: Awaiting,
  event: EventOf<'approval.claimed' | 'rejection.claimed'>,
): boolean {
  return event.round !== promotion.round || event.digest === '' || !promotion.digest.startsWith(event.digest);
}

const planChanged = () =>
  refuse(
    'approval.plan-changed',
    'The plan changed after your screen showed it, so this click was not counted.',
    'Read the card as it is now and decide again.',
  );

function grantApproval(promotion: Awaiting, claim: PersonClaim, evidence: string, nowMs: number) {
  const settled = withoutClaim(promotion, claim.id);
  if (nowMs >= promotion.expiresAtMs) {
    return overtaken(
      promotion,
      claim,
      'The approval came after the request had expired.',
      'Ask for a new promotion.',
    );
  }
  if (promotion.approvals.some((approval) => samePerson(approval.person, claim.person)))
    return accept(settled);
  if (promotion.approvals.length >= approvalsNeeded(promotion)) {
    return overtaken(promotion, claim, 'All approvals were there already.', 'Nothing more to do.');
  }
  const approvals = [...promotion.approvals, { person: claim.person, atMs: claim.atMs, evidence }];
  return accept({ ...settled, approvals }, [
    {
      topic: 'approved',
      person: claim.person,
      count: approvals.length,
      required: approvalsNeeded(promotion),
    },
  ]);
}

export const awaitingApproval: PhaseRules<'awaiting-approval'> = {
  'approval.claimed'(promotion, event, nowMs) {
    const { person } = event.claim;
    if (nowMs >= promotion.expiresAtMs) {
      return refuse('approval.expired', 'This request has expired.', 'Ask for a new promotion.');
    }
    if (samePerson(person, promotion.requester)) {
      return refuse(
        'approval.own-request',
        'You asked for this promotion, so you cannot approve it.',
        'Two other people have to approve it.',
      );
    }
    if (shownPlanDiffers(promotion, event)) return planChanged();
    if (promotion.approvals.some((approval) => samePerson(approval.person, person))) {
      return refuse(
        'approval.already-given',
        'You have approved this already.',
        'Somebody else has to give the next approval.',
      );
    }
    if (promotion.approvals.length >= approvalsNeeded(promotion)) {
      return refuse('approval.complete', 'All approvals are there already.', 'Nothing more to do.');
    }
    return recordClaim(promotion, event.claim);
  },
  'rejection.claimed'(promotion, event) {
    if (shownPlanDiffers(promotion, event)) return planChanged();
    return recordClaim(promotion, event.claim);
  },
  'cancellation.claimed': (promotion, event) => recordClaim(promotion, event.claim),
  'claim.granted'(promotion, event, nowMs) {
    const claim = claimById(promotion, event.claimId);
    if (claim === undefined) return staleClaim();
    switch (claim.does) {
      case 'approve':
        return grantApproval(promotion, claim, event.evidence, nowMs);
      case 'reject':
        return endUntouched(
          promotion,
          'rejected',
          refusal('rejected', claim.reason ?? 'No reason given.', 'Mend what was objected to and ask again.'),
          nowMs,
          { by: claim.person },
        );
      case 'cancel':
        return endCancelled(promotion, claim.person, nowMs);
      default:
        return overtaken(
          promotion,
          claim,
          'This is not possible while the promotion waits for approval.',
          'Use the buttons on the card.',
        );
    }
  },
  'claim.denied': denyClaim,
  'approval.expired'(promotion, _event, nowMs) {
    if (nowMs < promotion.expiresAtMs)
      return refuse('approval.not-expired', 'The request has not expired yet.', 'Wait.');
    return endUntouched(promotion, 'expired', whyExpired(promotion), nowMs);
  },
  'lock.taken'(promotion, _event, nowMs) {
    if (promotion.approvals.length < approvalsNeeded(promotion)) {
      return refuse('approval.missing', 'Approvals are missing.', 'Wait for them.');
    }
    if (nowMs >= promotion.expiresAtMs)
      return refuse('approval.expired', 'The request has expired.', 'Ask again.');
    if (promotion.kind === 'rollback') return startRollback(promotion, nowMs, null);
    const waitSeconds = promotion.policy.approvals.waitSeconds;
    const counted = waitSeconds > 0 && approvalsNeeded(promotion) > 0;
    const next: PromotionIn<'waiting'> = {
      ...baseOf(promotion),
      phase: 'waiting',
      ...plannedOf(promotion),
      noticeAtMs: counted ? null : nowMs,
      executeAtMs: counted ? null : nowMs,
    };
    return accept(enter(next, nowMs), counted ? [{ topic: 'waiting', waitSeconds }] : [], { locks: 'take' });
  },
  'lock.inherited'(promotion, event, nowMs) {
    if (promotion.kind !== 'rollback')
      return refuse('lock.not-inherited', 'Only a rollback takes over.', 'Wait for the lock.');
    if (promotion.approvals.length < approvalsNeeded(promotion))
      return refuse('approval.missing', 'Approvals are missing.', 'Wait for them.');
    if (nowMs >= promotion.expiresAtMs)
      return refuse('approval.expired', 'The request has expired.', 'Ask again.');
    return startRollback(promotion, nowMs, event);
  },
  'lock.refused'(promotion, event, nowMs) {
    const { holder } = event;
    const before = promotion.lockBusy;
    const sinceMs = before?.sinceMs ?? nowMs;
    const called = before?.calledAtMs;
    const calls = promotion.kind === 'rollback' && called === undefined && nowMs >= sinceMs + slowMs;
    const calledAtMs = calls ? nowMs : called;
    const waits = { holder, retryAtMs: nowMs + 30_000, sinceMs };
    const next: Awaiting = {
      ...promotion,
      lockBusy: calledAtMs === undefined ? waits : { ...waits, calledAtMs },
    };
    const told: readonly Announcement[] = before?.holder === holder ? [] : [{ topic: 'lock-busy', holder }];
    return accept(next, calls ? [...told, { topic: 'rollback-waits', holder }] : told);
  },
  'promotion.superseded': (promotion, event, nowMs) => supersede(promotion, event, nowMs),
  'plan.changed'(promotion, event, nowMs) {
    const next = awaitApproval(
      promotion,
      { plan: event.plan, digest: event.digest, release: event.release },
      nowMs,
      {
        text: 'Something in the plan changed while it waited, so the approvals are void.',
        differences: event.differences,
      },
    );
    return accept(next, [{ topic: 'approval-needed', differences: event.differences }]);
  },
  'plan.refused': (promotion, event, nowMs) => endUntouched(promotion, 'failed', event.refusal, nowMs),
};

function whyExpired(promotion: Awaiting) {
  if (promotion.approvals.length < approvalsNeeded(promotion))
    return refusal('expired', 'Not approved in time.', 'Ask for a new promotion.');
  const text =
    promotion.lockBusy === null
      ? `It could not be begun before its time was over${promotion.troubles.work === null ? '.' : `: ${promotion.troubles.work.text}`}`
      : 'What it would change was held by another promotion until the time of this one was over.';
  return refusal('expired', text, 'See /promote status for what is open there, then ask again.');
}

function supersede(
  promotion: PromotionIn<'awaiting-approval' | 'waiting' | 'deploying'>,
  event: EventOf<'promotion.superseded'>,
  nowMs: number,
) {
  return endUntouched(
    promotion,
    'superseded',
    refusal(
      'superseded',
      `A rollback (${event.by}) took its place before anything changed.`,
      'Ask again once the rollback has ended.',
    ),
    nowMs,
    { by: event.person, supersededBy: event.by },
  );
}

/** Rules of the time between the last approval and the first change; both phases share them. */
export const beforeFirstChange = {
  'cancellation.claimed': (
    promotion: PromotionIn<'waiting' | 'deploying'>,
    event: EventOf<'cancellation.claimed'>,
  ) => recordClaim(promotion, event.claim),
  'claim.granted'(
    promotion: PromotionIn<'waiting' | 'deploying'>,
    event: EventOf<'claim.granted'>,
    nowMs: number,
  ) {
    const claim = claimById(promotion, event.claimId);
    if (claim === undefined) return staleClaim();
    if (claim.does === 'cancel') {
      return endCancelled(promotion, claim.person, nowMs);
    }
    return overtaken(
      promotion,
      claim,
      'The promotion had moved on before this was settled.',
      'Look at the card.',
    );
  },
  'claim.denied': denyClaim,
  'approval.expired'(
    promotion: PromotionIn<'waiting' | 'deploying'>,
    _event: EventOf<'approval.expired'>,
    nowMs: number,
  ) {
    if (nowMs < promotion.expiresAtMs)
      return refuse('approval.not-expired', 'The approvals have not expired yet.', 'Wait.');
    return endUntouched(
      promotion,
      'expired',
      refusal(
        'expired',
        'The approvals expired before the first change could be made.',
        'Ask for a new promotion.',
      ),
      nowMs,
    );
  },
  'approval.lapsed'(
    promotion: PromotionIn<'waiting' | 'deploying'>,
    event: EventOf<'approval.lapsed'>,
    nowMs: number,
  ) {
    const next: Awaiting = {
      ...baseOf(promotion),
      phase: 'awaiting-approval',
      ...plannedOf(promotion),
      approvals: promotion.approvals.filter((approval) => !samePerson(approval.person, event.person)),
      voided: { text: `An approval no longer counts: ${event.refusal.text}`, differences: [] },
      lockBusy: null,
    };
    return accept(
      enter(next, nowMs),
      [
        { topic: 'denied', person: event.person, refusal: event.refusal },
        { topic: 'approval-needed', differences: [] },
      ],
      { locks: 'release' },
    );
  },
  'plan.changed'(
    promotion: PromotionIn<'waiting' | 'deploying'>,
    event: EventOf<'plan.changed'>,
    nowMs: number,
  ) {
    const next = awaitApproval(
      promotion,
      { plan: event.plan, digest: event.digest, release: event.release },
      nowMs,
      {
        text: 'Something in the plan changed after it was approved, so the approvals are void.',
        differences: event.differences,
      },
    );
    return accept(next, [{ topic: 'approval-needed', differences: event.differences }], { locks: 'release' });
  },
  'plan.refused': (
    promotion: PromotionIn<'waiting' | 'deploying'>,
    event: EventOf<'plan.refused'>,
    nowMs: number,
  ) => endUntouched(promotion, 'failed', event.refusal, nowMs),
  'promotion.superseded': supersede,
  'lock.lost': (
    promotion: PromotionIn<'waiting' | 'deploying'>,
    event: EventOf<'lock.lost'>,
    nowMs: number,
  ) =>
    endUntouched(
      promotion,
      'failed',
      refusal('lock.lost', lockLostText(event.holder), 'Production was not touched. Ask again.'),
      nowMs,
    ),
} as const;

export const waiting: PhaseRules<'waiting'> = {
  ...beforeFirstChange,
  'notice.delivered'(promotion, _event, nowMs) {
    if (promotion.noticeAtMs !== null)
      return refuse('notice.known', 'The countdown is running already.', 'Wait.');
    return accept({
      ...promotion,
      noticeAtMs: nowMs,
      executeAtMs: nowMs + promotion.policy.approvals.waitSeconds * 1000,
    });
  },
  'wait.elapsed'(promotion, _event, nowMs) {
    if (promotion.executeAtMs === null || nowMs < promotion.executeAtMs) {
      return refuse('wait.running', 'The wait timer has not run down.', 'Wait.');
    }
    const next: PromotionIn<'deploying'> = {
      ...baseOf(promotion),
      phase: 'deploying',
      ...plannedOf(promotion),
      startedAtMs: nowMs,
      dirty: false,
      gate: null,
      steps: {},
      pagedAtMs: null,
      unfencedAtMs: null,
      openClaimAtMs: null,
    };
    return accept(enter(next, nowMs), [], { locks: 'hold' });
  },
};
