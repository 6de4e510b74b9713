import { people } from '../setup.ts';
import type { Scenario } from './scenario.ts';
import { pointElsewhere, restage, siteOf } from './world.ts';

const { grace, lin, mia } = people;

export const cancelledInTheWait: Scenario = {
  name: 'cancelled in the wait',
  app: 'site',
  policy: { approvals: { waitSeconds: 120 } },
  ends: { ends: ['promotion cancelled'], live: 'v1.0.0' },
  begin(script) {
    script.when('waiting', (shadow) => script.press(shadow, 'cancel', { inSeconds: 5 }));
    script.ask('promotion', 'v1.1.0');
  },
};

/** Stories that end, or begin anew, before anything is changed. */
export const untouchedScenarios: readonly Scenario[] = [
  cancelledInTheWait,
  {
    name: 'rejected',
    app: 'site',
    ends: { ends: ['promotion rejected'], live: 'v1.0.0' },
    begin(script) {
      script.approvers = [grace];
      script.when('awaiting-approval', (shadow) => script.press(shadow, 'reject', { inSeconds: 6 }));
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'expired',
    app: 'site',
    policy: { approvals: { expiresAfterSeconds: 120 } },
    ends: { ends: ['promotion expired'], live: 'v1.0.0' },
    begin(script) {
      script.approvers = [grace];
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'an approver lapses before execution',
    app: 'site',
    ends: { ends: ['promotion promoted'], live: 'v1.1.0' },
    begin(script) {
      const { people: known, kernel } = script.stage;
      script.when('waiting', () => {
        known.leftAtMs.set(grace.userId, known.leftAtMs.get(grace.userId) ?? kernel.nowMs());
        script.approvers = [mia, lin];
      });
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'the plan changes after approval',
    app: 'site',
    ends: { ends: ['promotion promoted'], live: 'v1.1.0' },
    begin(script) {
      script.when('waiting', () => restage(script, 'green', 'v1.1.0', 7));
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: "somebody else's change before the gate",
    app: 'site',
    ends: { ends: ['promotion failed site.origin-path-unknown'], live: 'something else' },
    begin(script) {
      script.when('waiting', () => pointElsewhere(script, '/elsewhere'));
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: "somebody else's change between gate and claim",
    app: 'site',
    // Nobody is blamed for what may be an old answer: it is looked at until the gate's evidence is too old, and the gate sees it.
    ends: { ends: ['promotion failed site.origin-path-unknown'], live: 'something else' },
    begin(script) {
      script.once(
        (promotion) => promotion.phase === 'deploying' && promotion.gate !== null,
        () => pointElsewhere(script, '/elsewhere'),
      );
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'CloudFront moves the ETag between look and claim',
    app: 'site',
    ends: { ends: ['promotion promoted'], live: 'v1.1.0' },
    begin(script) {
      script.once(
        (promotion) => promotion.phase === 'deploying' && promotion.dirty,
        () => script.stage.cloud.change('bump', (config) => config),
      );
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'a version that is live already',
    app: 'site',
    ends: { ends: ['promotion failed site.already-live'], live: 'v1.0.0' },
    begin(script) {
      siteOf(script.stage);
      script.ask('promotion', 'v1.0.0');
    },
  },
];
