import { type Accepted, accept, type Decision, enter, type PhaseRules, refuse } from '../decision.ts';
import { openClaimAfter, openClaimDone, unfencedAfter } from '../hold.ts';
import type { PromotionIn } from '../promotion.ts';
import { refusal } from '../refusal.ts';
import { retryWorkAt } from '../trouble.ts';
import { turnForAlarm } from './alarm.ts';
import { beforeFirstChange } from './approving.ts';
import { claimById, denyClaim, overtaken, recordClaim, staleClaim, withoutClaim } from './claims.ts';
import { baseOf, endHandedOver, endUntouched, executingOf, plannedOf } from './ending.ts';
import { stoppedBy, undecided } from './planning.ts';
import { failRollback, loseLock, rollBack, tellHeldUp } from './rolling-back.ts';
import {
  acted,
  attemptLimit,
  claimed,
  currentStep,
  findStep,
  finished,
  isCurrent,
  notCurrent,
  progressed,
} from './stepping.ts';
import { freshVerification } from './verifying.ts';

/** How old the gate's evidence may be when the first change is claimed. */
export const gateFreshMs = 60_000;

type Deploying = PromotionIn<'deploying'>;

const tooLate = () =>
  refuse(
    'cancel.too-late',
    'Production has been changed already, so this can no longer be cancelled.',
    'Use Roll Back.',
  );

const alreadyChanged = (): Decision =>
  refuse('execution.started', 'The first change was claimed already.', 'Look again.');

function afterStep(promotion: Deploying, nowMs: number): Accepted['promotion'] {
  if (currentStep(promotion.plan.analysis.steps, promotion.steps) !== undefined) return promotion;
  const next: PromotionIn<'verifying'> = {
    ...baseOf(promotion),
    phase: 'verifying',
    ...plannedOf(promotion),
    ...executingOf(promotion),
    verification: freshVerification(nowMs),
  };
  return enter(next, nowMs);
}

export const deploying: PhaseRules<'deploying'> = {
  'cancellation.claimed': (promotion, event) =>
    promotion.dirty ? tooLate() : recordClaim(promotion, event.claim),
  'rollback.claimed'(promotion, event) {
    if (!promotion.dirty) {
      return refuse('rollback.nothing-changed', 'Nothing has been changed yet.', 'Use Cancel instead.');
    }
    return recordClaim(promotion, event.claim);
  },
  'claim.granted'(promotion, event, nowMs) {
    if (!promotion.dirty) return beforeFirstChange['claim.granted'](promotion, event, nowMs);
    const claim = claimById(promotion, event.claimId);
    if (claim === undefined) return staleClaim();
    if (claim.does === 'roll-back' || claim.does === 'cancel') {
      return rollBack(
        withoutClaim(promotion, claim.id),
        { code: 'requested', text: claim.reason ?? 'A person asked for it.', by: claim.person },
        claim.atMs,
        nowMs,
      );
    }
    return overtaken(
      promotion,
      claim,
      'The promotion had moved on before this was settled.',
      'Look at the card.',
    );
  },
  'claim.denied': denyClaim,
  'approval.expired': (promotion, event, nowMs) =>
    promotion.dirty ? alreadyChanged() : beforeFirstChange['approval.expired'](promotion, event, nowMs),
  'approval.lapsed': (promotion, event, nowMs) =>
    promotion.dirty ? alreadyChanged() : beforeFirstChange['approval.lapsed'](promotion, event, nowMs),
  'plan.changed': (promotion, event, nowMs) =>
    promotion.dirty ? alreadyChanged() : beforeFirstChange['plan.changed'](promotion, event, nowMs),
  'plan.refused': (promotion, event, nowMs) =>
    promotion.dirty ? alreadyChanged() : beforeFirstChange['plan.refused'](promotion, event, nowMs),
  'promotion.superseded': (promotion, event, nowMs) =>
    promotion.dirty ? alreadyChanged() : beforeFirstChange['promotion.superseded'](promotion, event, nowMs),
  'promotion.handed-over': (promotion, event, nowMs) =>
    promotion.dirty
      ? endHandedOver(promotion, event, nowMs)
      : refuse('handover.nothing-changed', 'Nothing was changed that could be handed over.', 'Look again.'),
  'lock.lost': (promotion, event, nowMs) =>
    promotion.dirty
      ? loseLock(promotion, event.holder, nowMs)
      : beforeFirstChange['lock.lost'](promotion, event, nowMs),
  'gate.recorded'(promotion, event, nowMs) {
    if (promotion.dirty) return alreadyChanged();
    const stop = stoppedBy(event.results);
    if (stop !== null) return endUntouched(promotion, 'failed', stop, nowMs, { results: event.results });
    const open = undecided(event.results);
    if (open.length > 0) {
      return retryWorkAt(promotion, nowMs, {
        code: 'gate.inconclusive',
        text: open.map((result) => `${result.title}: ${result.text}`).join('\n'),
        retryAfterMs: 15_000,
      });
    }
    const { failingBefore = promotion.plan.failingBefore } = event;
    const plan = { ...promotion.plan, failingBefore };
    return accept({ ...promotion, plan, gate: { atMs: nowMs, results: event.results } });
  },
  'step.claimed'(promotion, event, nowMs) {
    if (!isCurrent(promotion.plan.analysis.steps, promotion.steps, event.stepId)) return notCurrent();
    if (!promotion.dirty) {
      if (nowMs >= promotion.expiresAtMs)
        return refuse('approval.expired', 'The approvals have expired.', 'Ask again.');
      if (promotion.gate === null || nowMs - promotion.gate.atMs > gateFreshMs) {
        return refuse(
          'gate.stale',
          'The gate has to be looked at again before the first change.',
          'Look again.',
        );
      }
    }
    const tries = promotion.steps[event.stepId]?.claim?.attempt ?? 0;
    if (tries >= attemptLimit) return refuse('step.attempts', 'It was tried too often.', 'Roll back.');
    const step = findStep(promotion.plan.analysis.steps, event.stepId);
    return accept(
      {
        ...promotion,
        dirty: true,
        steps: claimed(promotion.steps, event, nowMs),
        unfencedAtMs: unfencedAfter(promotion.unfencedAtMs, step, nowMs),
        openClaimAtMs: openClaimAfter(promotion.openClaimAtMs, step, nowMs),
      },
      promotion.dirty ? [] : [{ topic: 'started' }],
      // The gate has just seen production hold the release before: the first place that a rollback can go back to.
      { locks: 'hold', live: promotion.dirty ? null : promotion.plan.analysis.live.release },
    );
  },
  'page.due'(promotion, _event, nowMs) {
    return tellHeldUp(promotion, nowMs);
  },
  'step.acted'(promotion, event) {
    const steps = acted(promotion.steps, event);
    return steps === null ? notCurrent() : accept({ ...promotion, steps });
  },
  'step.progressed'(promotion, event, nowMs) {
    const step = findStep(promotion.plan.analysis.steps, event.stepId);
    if (step === undefined || !isCurrent(promotion.plan.analysis.steps, promotion.steps, step.id))
      return notCurrent();
    return accept({ ...promotion, steps: progressed(promotion.steps, step, event, nowMs) });
  },
  'step.completed'(promotion, event, nowMs) {
    const step = findStep(promotion.plan.analysis.steps, event.stepId);
    if (step === undefined || !isCurrent(promotion.plan.analysis.steps, promotion.steps, step.id))
      return notCurrent();
    if (step.does !== 'settle' && promotion.steps[step.id]?.claim === null) return notCurrent();
    const done: Deploying = {
      ...promotion,
      steps: finished(promotion.steps, step.id, 'done', event.text, nowMs),
      openClaimAtMs: openClaimDone(promotion.openClaimAtMs, step),
    };
    return accept(afterStep(done, nowMs), [{ topic: 'step-done', title: step.title, text: event.text }]);
  },
  'reading.recorded': turnForAlarm,
  'step.failed'(promotion, event, nowMs) {
    const failed: Deploying = {
      ...promotion,
      steps: finished(promotion.steps, event.stepId, 'failed', event.text, nowMs),
    };
    if (!promotion.dirty) {
      return endUntouched(
        promotion,
        'failed',
        refusal(event.code, event.text, 'Production was not touched. Mend this and ask again.'),
        nowMs,
      );
    }
    return rollBack(failed, { code: event.code, text: event.text, by: null }, nowMs, nowMs);
  },
  'drift.found'(promotion, event, nowMs) {
    if (!promotion.dirty) {
      return endUntouched(
        promotion,
        'failed',
        refusal(
          'drift',
          event.text,
          'Production was not touched by Countersign. Find out who changed it, then ask again.',
        ),
        nowMs,
      );
    }
    return failRollback(promotion, { code: 'drift', text: event.text, by: null }, nowMs);
  },
};
