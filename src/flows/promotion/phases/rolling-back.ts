import type { Announcement } from '../announcements.ts';
import { type Accepted, accept, type Decision, enter, type PhaseRules, refuse } from '../decision.ts';
import type { EventOf } from '../events.ts';
import { heldUntil, isHeld, openClaimAfter, openClaimDone, settlesInMs, unfencedAfter } from '../hold.ts';
import type { Release, RollbackStep, Step } from '../plan.ts';
import type { PromotionIn, Rollback } from '../promotion.ts';
import { refusal } from '../refusal.ts';
import { pageAgainMs, slowPageAt } from '../trouble.ts';
import { claimById, denyClaim, overtaken, recordClaim, staleClaim, withoutClaim } from './claims.ts';
import { baseOf, endHandedOver, endUntouched, executingOf, plannedOf, reversingOf } from './ending.ts';
import {
  acted,
  claimed,
  currentStep,
  findStep,
  finished,
  isCurrent,
  notCurrent,
  progressed,
} from './stepping.ts';
import {
  freshVerification,
  inconclusiveProbes,
  probed,
  probeOutcome,
  verificationIsOverdue,
  worstOf,
} from './verifying.ts';

type RollingBack = PromotionIn<'rolling-back'>;
type RollbackFailed = PromotionIn<'rollback-failed'>;
type Changed = PromotionIn<'deploying' | 'verifying' | 'monitoring'>;

/** On-call hears that a changed production cannot be worked on; before the change there is nobody to be told. */
export function tellHeldUp(promotion: Changed, nowMs: number): Decision {
  const { work } = promotion.troubles;
  const atMs = slowPageAt(work, promotion.pagedAtMs);
  if (!promotion.dirty || work === null || atMs === null || nowMs < atMs)
    return refuse('page.sent', 'There is nobody to be told now.', 'Wait.');
  return accept({ ...promotion, pagedAtMs: nowMs }, [{ topic: 'held-up', text: work.text }]);
}
/** Bad probes after a rollback that hand it to people. */
const badProbes = 3;

/** The steps of the way back that this promotion needs: those that undo something claimed, or that always run. */
export function stepsBack(
  plan: { analysis: { rollback: readonly RollbackStep[] } },
  executed: Readonly<Record<string, unknown>>,
): Step[] {
  return plan.analysis.rollback
    .filter(({ undoes }) => undoes.length === 0 || undoes.some((stepId) => stepId in executed))
    .map(({ step }) => step);
}

/** What production must show once the rollback is done. */
export function returnsTo(
  promotion: RollingBack | RollbackFailed | PromotionIn<'rolled-back' | 'resolved'>,
): Release {
  const { live, candidate } = promotion.plan.analysis;
  return promotion.kind === 'rollback' ? candidate.release : live.release;
}

/**
 * The release that was taken away from production; null where another promotion was taken over in the middle of its
 * change, which cannot tell what production had really shown.
 */
export function fledFrom(promotion: PromotionIn<'rolled-back' | 'resolved'>): Release | null {
  if (promotion.rollback.tookOverFrom !== null) return null;
  const { live, candidate } = promotion.plan.analysis;
  return promotion.kind === 'rollback' ? live.release : candidate.release;
}

function beginning(
  cause: Rollback['cause'],
  from: Rollback['from'],
  detectedAtMs: number,
  nowMs: number,
): Rollback {
  return {
    cause,
    from,
    detectedAtMs,
    decidedAtMs: nowMs,
    switchedAtMs: null,
    settledAtMs: null,
    verifiedAtMs: null,
    attempt: 1,
    steps: {},
    verification: null,
    pagedAtMs: null,
    tookOverFrom: null,
  };
}

function reversed(promotion: Changed, rollback: Rollback) {
  return {
    ...baseOf(promotion),
    ...plannedOf(promotion),
    ...executingOf(promotion),
    verification: 'verification' in promotion ? promotion.verification : null,
    watch: 'watch' in promotion ? { ...promotion.watch, question: null } : null,
    troubles: { people: promotion.troubles.people, work: null },
    rollback,
  };
}

/** Turns a promotion that has changed production around; from here only a finished rollback or people end it. */
export function rollBack(
  promotion: Changed,
  cause: Rollback['cause'],
  detectedAtMs: number,
  nowMs: number,
  told: readonly Announcement[] = [],
): Accepted {
  const rollback = beginning(cause, promotion.phase, detectedAtMs, nowMs);
  const next: RollingBack = { ...reversed(promotion, rollback), phase: 'rolling-back' };
  return accept(enter(next, nowMs), [...told, { topic: 'rolling-back' }], { locks: 'hold' });
}

/** A rollback that a person asked for; `inherited` from a promotion that it takes over, with its obligation. */
export function startRollback(
  promotion: PromotionIn<'awaiting-approval'>,
  nowMs: number,
  inherited: EventOf<'lock.inherited'> | null,
): Accepted {
  const cause = {
    code: 'requested',
    text: promotion.reason ?? 'A person asked for it.',
    by: promotion.requester,
  };
  const next: RollingBack = {
    ...baseOf(promotion),
    phase: 'rolling-back',
    ...plannedOf(promotion),
    startedAtMs: nowMs,
    dirty: inherited?.dirty ?? false,
    gate: null,
    steps: {},
    pagedAtMs: null,
    unfencedAtMs: inherited?.unfencedAtMs ?? null,
    openClaimAtMs: inherited?.openClaimAtMs ?? null,
    verification: null,
    watch: null,
    rollback: {
      ...beginning(cause, null, promotion.requestedAtMs, nowMs),
      tookOverFrom: inherited?.from ?? null,
    },
  };
  return accept(enter(next, nowMs), [{ topic: 'rolling-back' }], { locks: 'take' });
}

/** Hands over to people without touching anything: somebody else has changed the target. */
export function failRollback(promotion: Changed, cause: Rollback['cause'], nowMs: number): Accepted {
  const rollback = beginning(cause, promotion.phase, nowMs, nowMs);
  return handOver({ ...reversed(promotion, rollback), phase: 'rolling-back' }, cause.code, cause.text, nowMs);
}

export const lockLostText = (holder: string) =>
  holder === 'nobody'
    ? 'Two people freed this environment while the promotion could not be worked on.'
    : `${holder} has this environment now: it was freed while this promotion could not be worked on.`;

/** What it changed is still there, but the environment is no longer its own: people decide. */
export function loseLock(promotion: Changed | RollingBack, holder: string, nowMs: number): Accepted {
  if (!promotion.dirty) {
    const why = refusal('lock.lost', lockLostText(holder), 'Production was not touched. Ask again.');
    return endUntouched(promotion, 'failed', why, nowMs);
  }
  const text = `${lockLostText(holder)} Nothing more is changed by it.`;
  return promotion.phase === 'rolling-back'
    ? handOver(promotion, 'lock.lost', text, nowMs)
    : failRollback(promotion, { code: 'lock.lost', text, by: null }, nowMs);
}

function handOver(
  promotion: RollingBack,
  code: string,
  text: string,
  nowMs: number,
  told: readonly Announcement[] = [],
): Accepted {
  const next: RollbackFailed = {
    ...baseOf(promotion),
    phase: 'rollback-failed',
    ...plannedOf(promotion),
    ...executingOf(promotion),
    ...reversingOf(promotion),
    troubles: { people: promotion.troubles.people, work: null },
    failure: { code, text, atMs: nowMs },
    pageAtMs: nowMs + pageAgainMs,
    resolutions: [],
  };
  return accept(enter(next, nowMs), [...told, { topic: 'rollback-failed' }]);
}

const doneSince = refusal(
  'rollback.done',
  'The rollback has succeeded before it was known whether you may close it.',
  'Nothing has to be closed by hand.',
);

/** Whoever wanted it closed by hand is told why nobody does. */
function unneeded({ claims }: RollingBack): Announcement[] {
  return claims.flatMap(({ does, person }) =>
    does === 'resolve' ? [{ topic: 'denied', person, refusal: doneSince }] : [],
  );
}

function end(promotion: RollingBack, nowMs: number, told: readonly Announcement[]): Accepted {
  const next: PromotionIn<'rolled-back'> = {
    ...baseOf(promotion),
    phase: 'rolled-back',
    ...plannedOf(promotion),
    ...executingOf(promotion),
    ...reversingOf(promotion),
    rollback: { ...promotion.rollback, verifiedAtMs: nowMs },
    claims: [],
    troubles: { people: null, work: null },
    dueAtMs: null,
    endedAtMs: nowMs,
    ending: {
      code: promotion.rollback.cause.code,
      text: promotion.rollback.cause.text,
      next: '',
      by: promotion.rollback.cause.by,
    },
  };
  return accept(enter(next, nowMs), [...told, ...unneeded(promotion), { topic: 'rolled-back' }], {
    locks: 'return',
    live: returnsTo(promotion),
  });
}

function withStepBack(promotion: RollingBack, steps: Rollback['steps']): RollingBack {
  return { ...promotion, rollback: { ...promotion.rollback, steps } };
}

const alreadyRollingBack = () =>
  refuse('rollback.running', 'It is being rolled back already.', 'Follow it in the thread of the card.');

/** How often a step back may be undone by late requests before people take it. */
const reopenLimit = 6;
/** How often production is looked at while nothing but late requests is waited for. */
const heldProbeMs = 30_000;

export const rollingBack: PhaseRules<'rolling-back'> = {
  'rollback.claimed': alreadyRollingBack,
  'cancellation.claimed': () =>
    refuse('cancel.too-late', 'The rollback has begun, so it can no longer be cancelled.', 'Follow it.'),
  'promotion.handed-over': endHandedOver,
  'lock.lost': (promotion, event, nowMs) => loseLock(promotion, event.holder, nowMs),
  'claim.granted'(promotion, event) {
    const claim = claimById(promotion, event.claimId);
    if (claim === undefined) return staleClaim();
    return overtaken(
      promotion,
      claim,
      'It is being rolled back already.',
      'Follow it in the thread of the card.',
    );
  },
  'claim.denied': denyClaim,
  'step.claimed'(promotion, event, nowMs) {
    const { steps } = promotion.rollback;
    if (!isCurrent(stepsBack(promotion.plan, promotion.steps), steps, event.stepId)) return notCurrent();
    const step = findStep(stepsBack(promotion.plan, promotion.steps), event.stepId);
    const next: RollingBack = {
      ...withStepBack(promotion, claimed(steps, event, nowMs)),
      dirty: true,
      unfencedAtMs: unfencedAfter(promotion.unfencedAtMs, step, nowMs),
      openClaimAtMs: openClaimAfter(promotion.openClaimAtMs, step, nowMs),
    };
    return accept(next, [], { locks: 'hold' });
  },
  'step.reopened'(promotion, event, nowMs) {
    const back = stepsBack(promotion.plan, promotion.steps);
    const index = back.findIndex(({ id }) => id === event.stepId);
    const { steps, attempt } = promotion.rollback;
    if (index === -1 || steps[event.stepId]?.status !== 'done') return notCurrent();
    if (attempt >= reopenLimit) return handOver(promotion, 'rollback.undone', event.text, nowMs);
    const before = new Set(back.slice(0, index).map(({ id }) => id));
    const rollback: Rollback = {
      ...promotion.rollback,
      // A new attempt has new keys: an invalidation under the old one would give back the old one.
      attempt: attempt + 1,
      steps: Object.fromEntries(Object.entries(steps).filter(([id]) => before.has(id))),
      settledAtMs: null,
      verification: null,
    };
    return accept({ ...promotion, rollback }, [{ topic: 'trouble', text: event.text }]);
  },
  'step.acted'(promotion, event) {
    const steps = acted(promotion.rollback.steps, event);
    return steps === null ? notCurrent() : accept(withStepBack(promotion, steps));
  },
  'step.progressed'(promotion, event, nowMs) {
    const back = stepsBack(promotion.plan, promotion.steps);
    const step = findStep(back, event.stepId);
    if (step === undefined || !isCurrent(back, promotion.rollback.steps, step.id)) return notCurrent();
    return accept(withStepBack(promotion, progressed(promotion.rollback.steps, step, event, nowMs)));
  },
  'step.completed'(promotion, event, nowMs) {
    const back = stepsBack(promotion.plan, promotion.steps);
    const step = findStep(back, event.stepId);
    if (step === undefined || !isCurrent(back, promotion.rollback.steps, step.id)) return notCurrent();
    // A rollback always writes: looking old is not enough, the write is what fences a late forward request.
    if (step.does !== 'settle' && (promotion.rollback.steps[step.id]?.claim ?? null) === null)
      return notCurrent();
    const steps = finished(promotion.rollback.steps, step.id, 'done', event.text, nowMs);
    const moved = step.does === 'shift' || step.does === 'deploy';
    const settled = currentStep(back, steps) === undefined;
    const rollback: Rollback = {
      ...promotion.rollback,
      steps,
      switchedAtMs: moved ? nowMs : promotion.rollback.switchedAtMs,
      settledAtMs: settled ? nowMs : null,
      verification: settled ? freshVerification(nowMs) : null,
    };
    const openClaimAtMs = openClaimDone(promotion.openClaimAtMs, step);
    return accept({ ...promotion, rollback, openClaimAtMs }, [
      { topic: 'step-done', title: step.title, text: event.text },
    ]);
  },
  'step.failed': (promotion, event, nowMs) =>
    handOver(
      withStepBack(promotion, finished(promotion.rollback.steps, event.stepId, 'failed', event.text, nowMs)),
      event.code,
      event.text,
      nowMs,
    ),
  'drift.found': (promotion, event, nowMs) => handOver(promotion, 'drift', event.text, nowMs),
  'probe.recorded'(promotion, event, nowMs) {
    const before = promotion.rollback.verification;
    if (before === null) return notCurrent();
    const { verification: rules } = promotion.policy;
    const outcome = probeOutcome(event.results, promotion.plan.failingBefore);
    const verification = probed(before, outcome, event.results, rules.intervalSeconds, nowMs);
    const seen: RollingBack = { ...promotion, rollback: { ...promotion.rollback, verification } };
    const told: Announcement = { topic: 'probed', outcome, results: event.results };
    const held = isHeld(promotion, nowMs);
    const passedEnough = verification.passedInARow >= rules.probes;
    if (passedEnough && !held) return end(seen, nowMs, [told]);
    if (passedEnough) {
      const nextAtMs = Math.min(nowMs + heldProbeMs, heldUntil(promotion) ?? nowMs);
      const rollback: Rollback = { ...seen.rollback, verification: { ...verification, nextAtMs } };
      return accept({ ...seen, rollback }, verification.passedInARow === rules.probes ? [told] : []);
    }
    const bad = verification.probes - before.passedInARow >= badProbes && before.passedInARow === 0;
    const outOfGrace = nowMs - verification.startedAtMs >= rules.graceSeconds * 1000;
    const startedAtMs = Math.max(verification.startedAtMs, heldUntil(promotion) ?? 0);
    const overdue = verificationIsOverdue({ startedAtMs }, promotion.policy, nowMs);
    if (outcome === 'passed' && !overdue) return accept(seen, verification.passedInARow === 1 ? [told] : []);
    if ((bad && outOfGrace) || overdue || verification.inconclusiveInARow >= inconclusiveProbes) {
      return handOver(seen, 'rollback.not-verified', worstOf(event.results), nowMs, [told]);
    }
    return accept(seen, [told]);
  },
  'page.due'(promotion, _event, nowMs) {
    const { work } = promotion.troubles;
    const atMs = slowPageAt(work, promotion.rollback.pagedAtMs);
    if (work === null || atMs === null || nowMs < atMs)
      return refuse('page.sent', 'People have been told.', 'Wait.');
    return accept({ ...promotion, rollback: { ...promotion.rollback, pagedAtMs: nowMs } }, [
      { topic: 'rollback-slow', text: work.text },
    ]);
  },
};

const tooEarlyToResolve = (settlesMs: number) =>
  refuse(
    'resolution.too-early',
    `A request of ours that was never seen to take effect may still arrive, for ${Math.ceil(settlesMs / 60_000)} more min.`,
    'Look at production after that, then say so again.',
  );

export const rollbackFailed: PhaseRules<'rollback-failed'> = {
  'rollback.claimed': () =>
    refuse(
      'rollback.failed',
      'The rollback has failed and waits for people.',
      'Use Try Again on the card, mend it by hand and let two people close it, or name another release: that rollback takes over.',
    ),
  'retry.claimed': (promotion, event) => recordClaim(promotion, event.claim),
  'promotion.handed-over': endHandedOver,
  'lock.lost'(promotion, event) {
    const retries = promotion.claims.filter(({ does }) => does === 'retry');
    if (retries.length === 0) return refuse('lock.not-needed', 'Nothing is being done here.', 'Wait.');
    const why = {
      code: 'lock.lost',
      text: lockLostText(event.holder),
      next: 'Mend it by hand and let two people close it.',
    };
    return accept(
      { ...promotion, claims: promotion.claims.filter(({ does }) => does !== 'retry') },
      retries.map(({ person }) => ({ topic: 'denied' as const, person, refusal: why })),
    );
  },
  'resolution.claimed'(promotion, event, nowMs) {
    const settlesMs = settlesInMs(promotion, nowMs);
    if (settlesMs > 0) return tooEarlyToResolve(settlesMs);
    if (
      promotion.resolutions.some(
        ({ person }) =>
          person.userId === event.claim.person.userId && person.teamId === event.claim.person.teamId,
      )
    ) {
      return refuse(
        'resolution.already-given',
        'You have said so already.',
        'A second person has to confirm it.',
      );
    }
    return recordClaim(promotion, event.claim);
  },
  'claim.granted'(promotion, event, nowMs) {
    const claim = claimById(promotion, event.claimId);
    if (claim === undefined) return staleClaim();
    const settled = withoutClaim(promotion, claim.id);
    switch (claim.does) {
      case 'retry': {
        const { failure: _failure, pageAtMs: _pageAtMs, resolutions: _resolutions, ...rest } = settled;
        const rollback: Rollback = {
          ...promotion.rollback,
          attempt: promotion.rollback.attempt + 1,
          switchedAtMs: null,
          settledAtMs: null,
          steps: {},
          verification: null,
          pagedAtMs: null,
        };
        return accept(
          enter({ ...rest, phase: 'rolling-back', rollback }, nowMs),
          [{ topic: 'retrying', person: claim.person }],
          {
            locks: 'hold',
          },
        );
      }
      case 'resolve': {
        if (settlesInMs(promotion, nowMs) > 0)
          return overtaken(promotion, claim, 'A request of ours may still arrive.', 'Say so again later.');
        const resolutions = [
          ...promotion.resolutions,
          { person: claim.person, reason: claim.reason ?? '', atMs: claim.atMs },
        ];
        const told: Announcement = {
          topic: 'resolution',
          person: claim.person,
          count: resolutions.length,
          reason: claim.reason ?? '',
        };
        if (resolutions.length < 2) return accept({ ...settled, resolutions }, [told]);
        const next: PromotionIn<'resolved'> = {
          ...baseOf(settled),
          phase: 'resolved',
          ...plannedOf(settled),
          ...executingOf(settled),
          ...reversingOf(settled),
          resolutions,
          claims: [],
          troubles: { people: null, work: null },
          dueAtMs: null,
          endedAtMs: nowMs,
          ending: {
            code: 'resolved',
            text: resolutions.map(({ reason }) => reason).join('\n'),
            next: '',
            by: claim.person,
          },
        };
        return accept(enter(next, nowMs), [told, { topic: 'ended' }], {
          locks: 'release',
          live: fledFrom(next),
        });
      }
      default:
        return overtaken(promotion, claim, 'The rollback has failed since.', 'Use the buttons on the card.');
    }
  },
  'claim.denied': denyClaim,
  'page.due'(promotion, _event, nowMs) {
    if (nowMs < promotion.pageAtMs) return refuse('page.sent', 'People have been told.', 'Wait.');
    return accept({ ...promotion, pageAtMs: nowMs + pageAgainMs }, [{ topic: 'rollback-failed' }]);
  },
};
