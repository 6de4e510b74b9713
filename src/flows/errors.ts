/**
 * What can go wrong outside the decisions. A refusal is never an error: it is a value with a reason code.
 * Adapters translate at their own border; nobody matches on a message.
 */
export interface ErrorDetails {
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** How long the other side asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

abstract class CountersignError extends Error {
  readonly code: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly retryAfterMs: number | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.data = details.data ?? {};
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** The same call may succeed later: throttled, timed out, unreachable, busy. */
export class RetryableError extends CountersignError {
  override readonly name = 'RetryableError';
}

/** The call was understood and will never succeed as it is. */
export class TerminalError extends CountersignError {
  override readonly name = 'TerminalError';
}

/** A precondition we sent did not hold; the caller looks again before it decides what happened. */
export class ConflictError extends CountersignError {
  override readonly name = 'ConflictError';
}

/** A setting, permission or secret is wrong; a person has to mend it. */
export class MisconfiguredError extends CountersignError {
  override readonly name = 'MisconfiguredError';
}

/** A stored item could not be read as what it should be; it is held, never guessed at. */
export class UnreadableError extends CountersignError {
  override readonly name = 'UnreadableError';
}

/** What was read; undefined where it is stored and cannot be read. */
export async function ifReadable<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof UnreadableError) return undefined;
    throw error;
  }
}
