/** Of which sources a result is: what was committed, and when its part began. */
export interface Stamp {
  /** Null where git does not say. */
  readonly commit: string | null;
  readonly startedMs: number;
}

export interface Sources {
  readonly commit: string | null;
  /** Of the latest change to a file that is not committed. */
  readonly changedMs: number;
  readonly nowMs: number;
}

export function commitHere(): string | null;
export function sourcesHere(): Sources;
export function whyRefused(stamp: Partial<Stamp>, sources: Sources): string | null;
