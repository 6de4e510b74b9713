import { localClockMs } from './kernel.ts';

/** Nothing in a history may know the real time, and traces of errors that are part of the game cost more than the game. */
export function quietRuntime(): void {
  Error.stackTraceLimit = 0;
  const never = new AbortController().signal;
  AbortSignal.timeout = () => never;
  Date.now = localClockMs;
}
