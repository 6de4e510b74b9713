import { acting } from './acting.ts';
import { deciding } from './deciding.ts';
import { locking } from './locking.ts';
import type { Mistake } from './mistake.ts';
import { showing } from './showing.ts';
import { storing } from './storing.ts';
import { watching } from './watching.ts';

export { invariantNames } from '../invariants.ts';
export { withMistake } from './mistake.ts';

/** Every mistake that is made on purpose. */
export const mistakes: readonly Mistake[] = [
  ...storing,
  ...acting,
  ...deciding,
  ...locking,
  ...watching,
  ...showing,
];
