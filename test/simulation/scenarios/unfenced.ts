import { people } from '../setup.ts';
import type { Scenario } from './scenario.ts';
import { delayFirstRequest, flawed } from './world.ts';

/** Later than any request that the service may still be sent. */
const quietSeconds = 330;
const { grace } = people;

export const unfencedRolledBack: Scenario = {
  name: 'without compare-and-set: rolled back',
  app: 'worker',
  quietSeconds,
  ends: { ends: ['promotion rolled-back verification.failed'], live: 'v1.0.0' },
  begin(script) {
    flawed(script, 'wrong-version');
    script.ask('promotion', 'v1.1.0');
  },
};

/** Stories of a service that takes every request as it comes, so that the lock is held until none can come any more. */
export const unfencedScenarios: readonly Scenario[] = [
  {
    name: 'without compare-and-set: a good release',
    app: 'worker',
    quietSeconds,
    ends: { ends: ['promotion promoted'], live: 'v1.1.0' },
    begin(script) {
      script.ask('promotion', 'v1.1.0');
    },
  },
  unfencedRolledBack,
  {
    name: 'without compare-and-set: a late request forward is undone',
    app: 'worker',
    quietSeconds,
    ends: { ends: ['promotion rolled-back verification.failed'], live: 'v1.0.0' },
    begin(script) {
      flawed(script, 'wrong-version');
      delayFirstRequest(script, 280);
      script.ask('promotion', 'v1.1.0');
    },
  },
  {
    name: 'without compare-and-set: handed over',
    app: 'worker',
    quietSeconds,
    ends: {
      ends: ['promotion promoted', 'promotion superseded handed-over', 'rollback rolled-back requested'],
      live: 'v1.0.0',
    },
    begin(script) {
      script.once(
        (promotion) => promotion.version === 'v1.1.0' && promotion.phase === 'promoted',
        () => script.ask('promotion', 'v1.2.0'),
      );
      script.once(
        (promotion) => promotion.version === 'v1.2.0' && promotion.phase === 'monitoring',
        () => script.ask('rollback', 'v1.0.0', { inSeconds: 2, person: grace }),
      );
      script.ask('promotion', 'v1.1.0');
    },
  },
];
