import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import type { PersonClaim } from '../../../src/flows/promotion/promotion.ts';
import {
  approve,
  begin,
  claim,
  digest,
  failed,
  grace,
  granted,
  later,
  lin,
  newRelease,
  otto,
  passed,
  plan,
  policy,
  through,
  unknown,
  type Walk,
  walkTo,
  walkToUntouchedDeployment,
} from './walk.ts';

const good: PromotionEvent = { type: 'probe.recorded', results: [passed('version')] };
const bad: PromotionEvent = { type: 'probe.recorded', results: [failed('version')] };
const blind: PromotionEvent = { type: 'probe.recorded', results: [unknown('version')] };
const stale: PromotionEvent = {
  type: 'probe.recorded',
  results: [{ ...passed('version'), outcome: 'stale', text: 'still v1.0.0' }],
};
const noData: PromotionEvent = {
  type: 'reading.recorded',
  results: [unknown('errors')],
  completeUntilMs: null,
};
const sick: PromotionEvent = { type: 'reading.recorded', results: [failed('errors')], completeUntilMs: null };
const claimed = (stepId: string): PromotionEvent => ({
  type: 'step.claimed',
  stepId,
  key: `p1.${stepId}.1`,
  precondition: 'E1',
});
const done = (stepId: string): PromotionEvent => ({ type: 'step.completed', stepId, text: 'done' });
const trouble = (during: 'work' | 'people'): PromotionEvent => ({
  type: 'trouble.met',
  during,
  code: 'aws.throttled',
  text: 'AWS is throttling.',
  retryAfterMs: null,
});

const admitted = () => granted(begin(), 'request');
const approvedOnce = () => approve(walkTo('awaiting-approval'), grace);
const approvedTwice = () => approve(approvedOnce(), lin);
const rollbackAsked = (approvals: number) => {
  const asked = begin({
    kind: 'rollback',
    policy: { ...policy, rollback: { ...policy.rollback, approvals } },
  });
  return through(
    granted(asked, 'roll-back'),
    {
      type: 'analysis.completed',
      analysis: {
        ...plan.analysis,
        steps: [],
        rollback: plan.analysis.rollback.map((step) => ({ ...step, undoes: [] })),
      },
      release: newRelease,
    },
    {
      type: 'validation.recorded',
      plan: {
        ...plan,
        analysis: {
          ...plan.analysis,
          steps: [],
          rollback: plan.analysis.rollback.map((step) => ({ ...step, undoes: [] })),
        },
      },
      digest,
    },
  );
};
const rollback = () => through(rollbackAsked(0), { type: 'lock.taken' });
const asked = (walk: Walk, does: PersonClaim['does']): Walk => ({
  ...walk,
  promotion: { ...walk.promotion, claims: [claim(does, otto)] },
});

/** Places a promotion can stand in, with what has happened to it so far. Each is walked to anew. */
export const stands = {
  'analyzing, its requester not checked yet': () => walkTo('analyzing'),
  'analyzing, its requester admitted': admitted,
  'analyzing, held up': () => through(admitted(), trouble('work')),
  'analyzing, the directory unreadable': () => through(begin(), trouble('people')),
  validating: () => walkTo('validating'),
  'validating, held up twice': () => through(walkTo('validating'), trouble('work'), trouble('work')),
  'awaiting approval': () => walkTo('awaiting-approval'),
  'awaiting approval, approved once': approvedOnce,
  'awaiting approval, approved by all': approvedTwice,
  'awaiting approval, approved by all, the lock busy': () =>
    through(approvedTwice(), { type: 'lock.refused', holder: 'p9' }),
  'awaiting approval in a second round': () =>
    through(approvedOnce(), {
      type: 'plan.changed',
      plan,
      digest: 'd2',
      release: newRelease,
      differences: ['x'],
    }),
  'awaiting approval as a rollback': () => rollbackAsked(1),
  'ready to go as a rollback': () => rollbackAsked(0),
  'waiting, its countdown not seen yet': () => walkTo('waiting'),
  'waiting, its countdown running': () => through(walkTo('waiting'), { type: 'notice.delivered' }),
  'deploying, not looked at again yet': () =>
    later(through(walkTo('waiting'), { type: 'notice.delivered' }), 300, { type: 'wait.elapsed' }),
  'deploying, untouched': walkToUntouchedDeployment,
  'deploying, untouched, with a Cancel being checked': () => asked(walkToUntouchedDeployment(), 'cancel'),
  'deploying, the switch claimed': () => walkTo('deploying'),
  'deploying, the switch acted': () =>
    through(walkTo('deploying'), { type: 'step.acted', stepId: 'switch', reference: 'r1' }),
  'deploying, the switch done': () => through(walkTo('deploying'), done('switch')),
  'deploying, the last step claimed': () =>
    through(walkTo('deploying'), done('switch'), done('settle'), claimed('invalidate')),
  'deploying, the switch claimed, held up': () => through(walkTo('deploying'), trouble('work')),
  verifying: () => walkTo('verifying'),
  'verifying, passed once': () => through(walkTo('verifying'), good),
  'verifying, the old version seen once': () => through(walkTo('verifying'), stale),
  'verifying, two probes that said nothing': () => through(walkTo('verifying'), blind, blind),
  'verifying, held up': () => through(walkTo('verifying'), trouble('work')),
  'watched, no reading yet': () => walkTo('monitoring'),
  'watched, one reading without data': () => through(walkTo('monitoring'), noData),
  'watched, on-call asked': () => later(through(walkTo('monitoring'), noData), 60, noData),
  'watched, one unhealthy reading': () => through(walkTo('monitoring'), sick),
  'watched, held up and on-call told': () =>
    later(through(walkTo('monitoring'), trouble('work')), 300, { type: 'page.due' }),
  'rolling back, nothing claimed yet': () => walkTo('rolling-back'),
  'rolling back, the way back claimed': () => through(walkTo('rolling-back'), claimed('switch-back')),
  'rolling back, switched back': () =>
    through(walkTo('rolling-back'), claimed('switch-back'), done('switch-back')),
  'rolling back, settled': () =>
    through(walkTo('rolling-back'), claimed('switch-back'), done('switch-back'), done('settle-back')),
  'rolling back, one bad probe': () =>
    through(walkTo('rolling-back'), claimed('switch-back'), done('switch-back'), done('settle-back'), bad),
  'rolling back, held up': () => through(walkTo('rolling-back'), trouble('work')),
  'rolling back as asked for': rollback,
  'a failed rollback': () => walkTo('rollback-failed'),
  'a failed rollback, confirmed by one': () =>
    granted(
      through(walkTo('rollback-failed'), {
        type: 'resolution.claimed',
        claim: claim('resolve', grace, { reason: 'mended by hand' }),
      }),
      'resolve',
    ),
} satisfies Record<string, () => Walk>;

export type Stand = keyof typeof stands;
export const standNames = Object.keys(stands) as Stand[];
