import type { Remotes } from './remotes-process.ts';

/** What every bench is given. */
export interface Context {
  /** Where the bundles of this run are. */
  readonly place: string;
  readonly remotes: Remotes;
  /** Rounds of what is timed. */
  readonly rounds: number;
  /** The Node that runs what is timed. */
  readonly node: string;
}
