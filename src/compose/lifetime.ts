import { AsyncLocalStorage } from 'node:async_hooks';
import type { SignedCall } from '../aws/signed-call.ts';

export interface Lifetime {
  /** Runs what belongs to one request. */
  during<Answer>(work: () => Answer): Answer;
  /** The same call, which throws without having called once the request that it belongs to is over. */
  guard(call: SignedCall): SignedCall;
}

/**
 * Lambda freezes a process with whatever is still under way, and somebody else's request thaws it, maybe hours later.
 * Nothing may be decided then on behalf of a person who was told long ago to look whether it was: what a request has
 * not begun by its end is not begun any more. Without a request around it a call is made at any time.
 */
export function createLifetime(lifetimeMs: number, nowMs: () => number = Date.now): Lifetime {
  const endsAtMs = new AsyncLocalStorage<number>();
  return {
    during: (work) => endsAtMs.run(nowMs() + lifetimeMs, work),
    guard: (call) => async (request) => {
      if (nowMs() > (endsAtMs.getStore() ?? Number.POSITIVE_INFINITY)) {
        throw new Error('The request that this call belongs to is over.');
      }
      return call(request);
    },
  };
}
