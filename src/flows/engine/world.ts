import type {
  Checks,
  Directory,
  Hash,
  Hints,
  Log,
  Mandate,
  PromotionStore,
  Releases,
  Target,
} from '../ports.ts';
import type { Definition } from '../promotion/plan.ts';

/** Everything a tick asks of the world. */
export interface World {
  readonly store: PromotionStore;
  readonly targetOf: (definition: Definition, mandate: Mandate) => Target;
  readonly checks: Checks;
  readonly releases: Releases;
  readonly directory: Directory;
  /** Whether the configuration still has this environment; promotions carry their own copy of its rules. */
  readonly configured: (app: string, environment: string) => boolean;
  /** Milliseconds that pass while this process sleeps as well; only differences mean anything. */
  readonly elapsedMs: () => number;
  readonly hints: Hints;
  readonly hash: Hash;
  readonly log: Log;
}
