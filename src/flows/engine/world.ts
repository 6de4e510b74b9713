import type { Checks, Directory, Hash, Hints, Log, PromotionStore, Releases, Target } from '../ports.ts';
import type { Definition } from '../promotion/plan.ts';

/** Everything a tick asks of the world. */
export interface World {
  readonly store: PromotionStore;
  readonly targetOf: (definition: Definition) => Target;
  readonly checks: Checks;
  readonly releases: Releases;
  readonly directory: Directory;
  readonly hints: Hints;
  readonly hash: Hash;
  readonly log: Log;
}
