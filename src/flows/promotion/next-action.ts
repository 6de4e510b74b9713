import { assertNever } from './decision.ts';
import type { PromotionEvent } from './events.ts';
import { approvalsNeeded } from './phases/approving.ts';
import { gateFreshMs } from './phases/deploying.ts';
import { isBeingAnswered } from './phases/monitoring.ts';
import { stepsBack } from './phases/rolling-back.ts';
import { currentStep } from './phases/stepping.ts';
import type { Step } from './plan.ts';
import type { PersonClaim, Promotion, PromotionIn, StepState } from './promotion.ts';
import { isNamed, rightFor } from './rights.ts';
import { slowPageAt, troubleOutlasted } from './trouble.ts';

/** What the saved state calls for now. Worked out afresh at every tick, never carried along. */
export type Action =
  /** Nothing before this time; null when it has ended. */
  | { readonly does: 'rest'; readonly untilMs: number | null }
  /** Time alone decides: put this event to `transition`. */
  | { readonly does: 'emit'; readonly event: PromotionEvent }
  | { readonly does: 'authorize'; readonly claimId: string }
  | { readonly does: 'analyze' }
  | { readonly does: 'validate' }
  | { readonly does: 'lock' }
  | { readonly does: 'gate' }
  /** Look at a step's target, and act on it if it has to be. */
  | { readonly does: 'step'; readonly stepId: string; readonly direction: 'forward' | 'back' }
  | { readonly does: 'probe' }
  | { readonly does: 'read' };

const rest = (untilMs: number | null): Action => ({ does: 'rest', untilMs });
const emit = (event: PromotionEvent): Action => ({ does: 'emit', event });

/**
 * Pure. People's claims come first, but never hold up work on a production that has been changed: while Slack's
 * directory cannot be read, the work goes on, and so does what named people asked for.
 */
export function nextAction(promotion: Promotion, nowMs: number): Action {
  const work = nextWork(promotion, nowMs);
  const named = promotion.claims.filter((claim) => needsNoDirectory(promotion, claim));
  const claim = (promotion.troubles.people === null ? undefined : first(named)) ?? first(promotion.claims);
  if (claim === undefined || (work.does === 'rest' && work.untilMs === null)) return work;
  if (work.does === 'emit') return work;
  const retryAtMs = promotion.troubles.people?.retryAtMs ?? 0;
  if (nowMs >= retryAtMs || named.includes(claim)) return { does: 'authorize', claimId: claim.id };
  return work.does === 'rest' ? rest(Math.min(retryAtMs, work.untilMs ?? retryAtMs)) : work;
}

const first = (claims: readonly PersonClaim[]) =>
  claims.find(({ does }) => does === 'roll-back') ?? claims[0];

function needsNoDirectory({ policy }: Promotion, { does, person }: PersonClaim): boolean {
  const right = rightFor(does, policy);
  return right.namedWithoutDirectory && isNamed(person, right);
}

/** The next time at which the promotion must be looked at; null once it has ended. */
export function dueAt(promotion: Promotion, nowMs: number): number | null {
  const action = nextAction(promotion, nowMs);
  return action.does === 'rest' ? action.untilMs : nowMs;
}

/** What there is to do besides settling what people want. */
export function nextWork(promotion: Promotion, nowMs: number): Action {
  const outlasted = troubleOutlasted(promotion, nowMs);
  switch (promotion.phase) {
    case 'analyzing':
    case 'validating': {
      if (outlasted !== null) return emit(gaveUp(outlasted));
      if (promotion.phase === 'analyzing' && !promotion.admitted) return rest(limitOf(promotion));
      return unlessTroubled(promotion, nowMs, {
        does: promotion.phase === 'analyzing' ? 'analyze' : 'validate',
      });
    }
    case 'awaiting-approval':
      return nextApproval(promotion, nowMs);
    case 'waiting': {
      if (nowMs >= promotion.expiresAtMs) return emit({ type: 'approval.expired' });
      if (promotion.executeAtMs === null) return rest(promotion.expiresAtMs);
      return nowMs >= promotion.executeAtMs ? emit({ type: 'wait.elapsed' }) : rest(promotion.executeAtMs);
    }
    case 'deploying':
      return nextDeployment(promotion, nowMs);
    case 'verifying':
      if (isPageDue(promotion, nowMs)) return emit({ type: 'page.due' });
      return nowMs >= promotion.verification.nextAtMs
        ? unlessTroubled(promotion, nowMs, { does: 'probe' })
        : rest(promotion.verification.nextAtMs);
    case 'monitoring': {
      const { question, nextAtMs } = promotion.watch;
      const deadlineAtMs = question === null || isBeingAnswered(promotion) ? null : question.deadlineAtMs;
      if (question !== null && deadlineAtMs !== null && nowMs >= deadlineAtMs)
        return emit({ type: 'question.expired', questionId: question.id });
      if (isPageDue(promotion, nowMs)) return emit({ type: 'page.due' });
      const next = nowMs >= nextAtMs ? unlessTroubled(promotion, nowMs, { does: 'read' }) : rest(nextAtMs);
      if (next.does !== 'rest' || deadlineAtMs === null) return next;
      return rest(Math.min(next.untilMs ?? deadlineAtMs, deadlineAtMs));
    }
    case 'rolling-back':
      return nextStepBack(promotion, nowMs);
    case 'rollback-failed':
      return nowMs >= promotion.pageAtMs ? emit({ type: 'page.due' }) : rest(promotion.pageAtMs);
    case 'promoted':
    case 'rolled-back':
    case 'resolved':
    case 'rejected':
    case 'expired':
    case 'cancelled':
    case 'failed':
    case 'superseded':
      return rest(null);
    default:
      return assertNever(promotion);
  }
}

function gaveUp(trouble: { code: string; text: string }): PromotionEvent {
  return {
    type: 'plan.refused',
    refusal: {
      code: trouble.code,
      text: `It stayed like this for too long: ${trouble.text}`,
      next: 'Production was not touched. Ask again when this works again.',
    },
  };
}

const limitOf = (promotion: Promotion) => promotion.nowMs + promotion.policy.troubleLimitSeconds * 1000;

function unlessTroubled(promotion: Promotion, nowMs: number, action: Action): Action {
  const { work } = promotion.troubles;
  return work !== null && nowMs < work.retryAtMs ? rest(work.retryAtMs) : action;
}

function nextApproval(promotion: PromotionIn<'awaiting-approval'>, nowMs: number): Action {
  if (nowMs >= promotion.expiresAtMs) return emit({ type: 'approval.expired' });
  if (promotion.approvals.length < approvalsNeeded(promotion)) return rest(promotion.expiresAtMs);
  const retryAtMs = promotion.lockBusy?.retryAtMs ?? 0;
  if (nowMs < retryAtMs) return rest(Math.min(retryAtMs, promotion.expiresAtMs));
  const action = unlessTroubled(promotion, nowMs, { does: 'lock' });
  return action.does === 'rest' && action.untilMs !== null
    ? rest(Math.min(action.untilMs, promotion.expiresAtMs))
    : action;
}

function nextDeployment(promotion: PromotionIn<'deploying'>, nowMs: number): Action {
  if (!promotion.dirty) {
    if (nowMs >= promotion.expiresAtMs) return emit({ type: 'approval.expired' });
    const outlasted = troubleOutlasted(promotion, nowMs);
    if (outlasted !== null) return emit(gaveUp(outlasted));
    const fresh = promotion.gate !== null && nowMs - promotion.gate.atMs <= gateFreshMs;
    if (!fresh) {
      // The gate reads the approvers' rights anew: while the directory cannot be read, approvals wait (ALL-2).
      const retryAtMs = promotion.troubles.people?.retryAtMs ?? 0;
      if (nowMs < retryAtMs) return rest(Math.min(retryAtMs, promotion.expiresAtMs));
      return unlessTroubled(promotion, nowMs, { does: 'gate' });
    }
  }
  if (promotion.dirty) {
    if (isPageDue(promotion, nowMs)) return emit({ type: 'page.due' });
  } else if (promotion.claims.some(({ does }) => does === 'cancel')) {
    // Somebody wants to stop it: nothing is changed before it is known whether they may.
    return rest(promotion.expiresAtMs);
  }
  const step = currentStep(promotion.plan.analysis.steps, promotion.steps);
  if (step === undefined) return rest(nowMs);
  return nextLook(promotion, step, promotion.steps[step.id], 'forward', nowMs);
}

function isPageDue(
  { troubles, pagedAtMs }: PromotionIn<'deploying' | 'verifying' | 'monitoring'>,
  nowMs: number,
): boolean {
  const slowAtMs = slowPageAt(troubles.work, pagedAtMs);
  return slowAtMs !== null && nowMs >= slowAtMs;
}

function nextStepBack(promotion: PromotionIn<'rolling-back'>, nowMs: number): Action {
  const { rollback, troubles } = promotion;
  const slowAtMs = slowPageAt(troubles.work, rollback.pagedAtMs);
  if (slowAtMs !== null && nowMs >= slowAtMs) return emit({ type: 'page.due' });
  const step = currentStep(stepsBack(promotion.plan, promotion.steps), rollback.steps);
  if (step !== undefined) return nextLook(promotion, step, rollback.steps[step.id], 'back', nowMs);
  const nextAtMs = rollback.verification?.nextAtMs ?? nowMs;
  return nowMs >= nextAtMs ? unlessTroubled(promotion, nowMs, { does: 'probe' }) : rest(nextAtMs);
}

function nextLook(
  promotion: Promotion,
  step: Step,
  state: StepState | undefined,
  direction: 'forward' | 'back',
  nowMs: number,
): Action {
  const look: Action = { does: 'step', stepId: step.id, direction };
  if (state === undefined) return unlessTroubled(promotion, nowMs, look);
  if (nowMs < state.lookAtMs) return rest(state.lookAtMs);
  return unlessTroubled(promotion, nowMs, look);
}
