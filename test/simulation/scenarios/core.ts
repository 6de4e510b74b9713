import { scenarioCalled } from './all.ts';
import { goodRelease, wrongVersion } from './changed.ts';
import type { Scenario } from './scenario.ts';
import { unfencedRolledBack } from './unfenced.ts';

/** Of these every pair of kill points is tried. */
export const coreScenarios: readonly Scenario[] = [
  goodRelease,
  wrongVersion,
  scenarioCalled('cancelled in the wait'),
  scenarioCalled('/rollback over a holder that has changed production: handed over'),
  unfencedRolledBack,
];
