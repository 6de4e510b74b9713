import { localClockMs } from './kernel.ts';

/**
 * Nothing in a history may know the real time, and traces of errors that are part of the game cost more than the game.
 * Answers what puts it back, for tests that share their process with others.
 */
export function quietRuntime(): () => void {
  const { stackTraceLimit } = Error;
  const { timeout } = AbortSignal;
  const { now } = Date;
  Error.stackTraceLimit = 0;
  const never = new AbortController().signal;
  AbortSignal.timeout = () => never;
  Date.now = localClockMs;
  return () => {
    Error.stackTraceLimit = stackTraceLimit;
    AbortSignal.timeout = timeout;
    Date.now = now;
  };
}
