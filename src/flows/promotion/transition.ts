import type { Announcement } from './announcements.ts';
import { accept, applyRules, assertNever, type Decision, refuse } from './decision.ts';
import type { PromotionEvent } from './events.ts';
import { requestClaimId } from './open.ts';
import { awaitingApproval, waiting } from './phases/approving.ts';
import { deploying } from './phases/deploying.ts';
import { monitoring } from './phases/monitoring.ts';
import { analyzing, validating } from './phases/planning.ts';
import { rollbackFailed, rollingBack } from './phases/rolling-back.ts';
import { verifying } from './phases/verifying.ts';
import { hasEnded, isDirty, type Promotion } from './promotion.ts';
import { refusal } from './refusal.ts';
import { worsen } from './trouble.ts';

/**
 * The only place that decides (design: promise 1). Pure and total: every phase answers every event, with the next
 * promotion or with a refusal. `atMs` is store time; inside one promotion time never runs backwards.
 */
export function transition(promotion: Promotion, event: PromotionEvent, atMs: number): Decision {
  const nowMs = Math.max(promotion.nowMs, atMs);
  if (hasEnded(promotion)) return refuseAfterEnd(promotion, event);
  if (event.type === 'trouble.met') return meet(promotion, event, nowMs);
  const decision = decide(promotion, event, nowMs) ?? refuseHere(promotion, event);
  if (decision.outcome === 'refused') return decision;
  return {
    ...decision,
    promotion: calmed(decision.promotion, promotion, event),
    announcements: [...decision.announcements, ...unanswered(promotion, decision.promotion, event)],
  };
}

/** Whoever asked for something that the end left unsettled hears of it; the request itself is answered by its end. */
function unanswered(before: Promotion, after: Promotion, event: PromotionEvent): Announcement[] {
  if (!hasEnded(after)) return [];
  const settled = 'claimId' in event ? event.claimId : null;
  const text = `This promotion ${endNames[after.phase] ?? 'has ended'} before what you asked for was settled.`;
  const why = refusal('claim.overtaken', text, `See what is live with /promote status ${after.app}.`);
  return before.claims
    .filter(({ id }) => id !== settled && id !== requestClaimId(before.id))
    .map(({ person }) => ({ topic: 'denied', person, refusal: why }));
}

function decide(promotion: Promotion, event: PromotionEvent, nowMs: number): Decision | undefined {
  switch (promotion.phase) {
    case 'analyzing':
      return applyRules(analyzing, promotion, event, nowMs);
    case 'validating':
      return applyRules(validating, promotion, event, nowMs);
    case 'awaiting-approval':
      return applyRules(awaitingApproval, promotion, event, nowMs);
    case 'waiting':
      return applyRules(waiting, promotion, event, nowMs);
    case 'deploying':
      return applyRules(deploying, promotion, event, nowMs);
    case 'verifying':
      return applyRules(verifying, promotion, event, nowMs);
    case 'monitoring':
      return applyRules(monitoring, promotion, event, nowMs);
    case 'rolling-back':
      return applyRules(rollingBack, promotion, event, nowMs);
    case 'rollback-failed':
      return applyRules(rollbackFailed, promotion, event, nowMs);
    case 'promoted':
    case 'rolled-back':
    case 'resolved':
    case 'rejected':
    case 'expired':
    case 'cancelled':
    case 'failed':
    case 'superseded':
      return undefined;
    default:
      return assertNever(promotion);
  }
}

/** Its environment is not in the configuration any more: people have to know that it waits for them. */
export const vanishedCode = 'config.vanished';

function meet(
  promotion: Promotion,
  event: Extract<PromotionEvent, { type: 'trouble.met' }>,
  nowMs: number,
): Decision {
  const before = promotion.troubles[event.during];
  const trouble = worsen(before, nowMs, event);
  // Two troubles by turns are told a few times; the card shows the present one anyway.
  const told =
    before === null || (before.code !== event.code && (before.tries < 5 || event.code === vanishedCode));
  const topic = event.code === vanishedCode ? 'held' : 'trouble';
  return accept(
    { ...promotion, troubles: { ...promotion.troubles, [event.during]: trouble } },
    told ? [{ topic, text: event.text }] : [],
  );
}

const settlesPeople: ReadonlySet<PromotionEvent['type']> = new Set([
  'claim.granted',
  'claim.denied',
  'approval.lapsed',
]);
const askedByPeople: ReadonlySet<PromotionEvent['type']> = new Set([
  'approval.claimed',
  'rejection.claimed',
  'cancellation.claimed',
  'rollback.claimed',
  'answer.claimed',
  'retry.claimed',
  'resolution.claimed',
  'notice.delivered',
  'page.due',
]);

/**
 * What is about to be sent, or looked for since: an act that is refused each time is lasting trouble, until something is
 * seen to be done.
 */
const isHope = (event: PromotionEvent) => event.type === 'step.claimed' || event.type === 'step.progressed';

/** What just worked is no trouble any more, unless the event itself is what set it. */
function calmed(next: Promotion, before: Promotion, event: PromotionEvent): Promotion {
  if (askedByPeople.has(event.type) || (before.troubles.work?.acting === true && isHope(event))) return next;
  if (event.type === 'gate.recorded' && next.troubles.work === before.troubles.work) {
    return { ...next, troubles: { people: null, work: null } };
  }
  const during = settlesPeople.has(event.type) ? 'people' : 'work';
  if (next.troubles[during] === null || next.troubles[during] !== before.troubles[during]) return next;
  return { ...next, troubles: { ...next.troubles, [during]: null } };
}

const endNames: Partial<Record<Promotion['phase'], string>> = {
  promoted: 'was promoted',
  'rolled-back': 'was rolled back',
  resolved: 'was closed by two people',
  rejected: 'was rejected',
  expired: 'has expired',
  cancelled: 'was cancelled',
  failed: 'has failed without touching production',
  superseded: 'was superseded by a rollback',
};

function refuseAfterEnd(promotion: Promotion, event: PromotionEvent): Decision {
  const how = endNames[promotion.phase] ?? 'has ended';
  const next = askedByPeople.has(event.type)
    ? `See what is live with /promote status ${promotion.app}.`
    : 'Nothing more to do.';
  return refuse(`ended.${promotion.phase}`, `This promotion ${how}.`, next);
}

/** The phase's own words for an event that it does not take. */
function refuseHere(promotion: Promotion, event: PromotionEvent): Decision {
  const why = reasonHere(promotion, event);
  return { outcome: 'refused', refusal: why };
}

function reasonHere(promotion: Promotion, event: PromotionEvent) {
  const dirty = isDirty(promotion);
  switch (event.type) {
    case 'approval.claimed':
    case 'rejection.claimed':
      return promotion.phase === 'analyzing' || promotion.phase === 'validating'
        ? refusal(
            'approval.too-early',
            'The plan is not ready to be decided on yet.',
            'Wait for the card to ask for approval.',
          )
        : refusal(
            'approval.settled',
            'All approvals were given already; this is under way.',
            dirty ? 'Use Roll Back if it has to be stopped.' : 'Use Cancel if it has to be stopped.',
          );
    case 'cancellation.claimed':
      return promotion.phase === 'rollback-failed'
        ? refusal('cancel.too-late', 'The rollback has failed and waits for people.', 'Look at the card.')
        : refusal(
            'cancel.too-late',
            'Production has been changed already, so this can no longer be cancelled.',
            'Use Roll Back.',
          );
    case 'rollback.claimed':
      return refusal('rollback.nothing-changed', 'Nothing has been changed yet.', 'Use Cancel instead.');
    case 'answer.claimed':
      return refusal('question.settled', 'This question is settled already.', 'Look at the card.');
    case 'retry.claimed':
    case 'resolution.claimed':
      return refusal('rollback.not-failed', 'No failed rollback waits for people here.', 'Look at the card.');
    default:
      return refusal(
        'event.not-now',
        `${event.type} does not apply while ${promotion.phase}.`,
        'Look at the saved state again.',
      );
  }
}
