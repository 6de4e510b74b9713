import type { Receipt, Repeated } from '../flows/receipt.ts';
import type { Errand } from './errands.ts';

/** Receipts of requests that change nothing in the store but leave work behind. Throws RetryableError. */
export interface Deliveries {
  keep(receipt: Receipt): Promise<{ readonly outcome: 'kept' } | Repeated>;
}

/** What is to be done after a request, by whoever takes it. */
export type Work =
  /** The promotion wants a look once it has this revision. */
  | { readonly does: 'look'; readonly promotionId: string; readonly revision: number }
  /** Only to be done while the receipt of this name stands; null where it may be done at once. */
  | { readonly does: 'errand'; readonly errand: Errand; readonly receipt: string | null };

/**
 * Passes work on. It is given out beside the write that it belongs to: whoever does it elsewhere waits for the receipt,
 * whoever does it here waits for `written`. Rejects when it could not be passed on.
 */
export type Send = (work: readonly Work[], written?: Promise<boolean>) => Promise<void>;

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
