/** What a request was answered with; kept so that a repeat of it gets the same answer. */
export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Remembers signatures of requests that were let in (replay guard). `claim` is one conditional write; throws
 * RetryableError while the store cannot be reached.
 */
export interface Deliveries {
  claim(
    hash: string,
    ttlSeconds: number,
  ): Promise<
    | { readonly outcome: 'first' }
    /** `answer` is null while the first is still being worked on, or when it died on the way. */
    | { readonly outcome: 'repeat'; readonly answer: StoredAnswer | null }
  >;
  complete(hash: string, answer: StoredAnswer): Promise<void>;
}

/** Runs a task after the acknowledgement; must never let its failure reach anybody. */
export type Later = (task: () => Promise<void>) => void;

/** Calls back once after a real time; the returned function cancels. */
export type After = (milliseconds: number, callback: () => void) => () => void;

/** How one pot of a rate is shared out: a place per interval, so much of it at once, and how far ahead a place is kept. */
export interface Terms {
  readonly nowMs: number;
  readonly intervalMs: number;
  readonly burstMs: number;
  readonly withinMs: number;
}

/** Rates that every process of the bot shares. Throws RetryableError while the store cannot be reached. */
export interface Budget {
  /** Ours at `atMs`, which may lie ahead; or `full`, and worth asking again then. */
  take(pot: string, terms: Terms): Promise<{ readonly outcome: 'taken' | 'full'; readonly atMs: number }>;
  /** When to ask again, as far as is known without a call; undefined when it may be asked now. */
  fullUntilMs(pot: string, terms: Terms): number | undefined;
  /** Nobody takes a place before this time. */
  block(pot: string, untilMs: number): Promise<void>;
}
