import { people } from '../setup.ts';
import { goodRelease, wrongVersion } from './changed.ts';
import type { Scenario } from './scenario.ts';
import { unfencedRolledBack } from './unfenced.ts';
import { cancelledInTheWait } from './untouched.ts';
import { restage, wasGood } from './world.ts';

const { grace } = people;

/** Without the release before it, which is in the other story that is handed over. */
const handedOver: Scenario = {
  name: 'handed over to a rollback',
  app: 'site',
  policy: { approvals: { required: 0 }, monitoring: { soakSeconds: 50 } },
  ends: {
    ends: ['promotion superseded handed-over', 'rollback rolled-back requested'],
    live: 'v0.9.0',
  },
  turns: [
    {
      ends: ['promotion promoted', 'rollback rolled-back requested'],
      live: 'v0.9.0',
      why: 'killed before the rollback was planned: meanwhile the promotion ended well, so the rollback stands alone',
    },
  ],
  begin(script) {
    script.once(
      (promotion) => promotion.phase === 'verifying',
      () => {
        restage(script, 'blue', 'v0.9.0');
        wasGood(script, 'blue');
        script.ask('rollback', 'v0.9.0', { person: grace });
      },
    );
    script.ask('promotion', 'v1.1.0');
  },
};

/** Approvals are in the other stories. */
const unfenced: Scenario = {
  ...unfencedRolledBack,
  name: 'without compare-and-set: rolled back, no approval needed',
  policy: { approvals: { required: 0 } },
};

/** Of these every pair of kill points is tried. */
export const coreScenarios: readonly Scenario[] = [
  goodRelease,
  wrongVersion,
  cancelledInTheWait,
  handedOver,
  unfenced,
];
