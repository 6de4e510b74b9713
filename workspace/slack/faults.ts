/** What is broken on purpose; in virtual time where it lasts, counted where it strikes. Never saved. */
import type { SlackFaults } from './control.ts';

export interface Faults {
  readonly state: SlackFaults;
  down(): 'refused' | 'unavailable' | undefined;
  rateLimitedSeconds(): number | undefined;
  /** True once for each answer that is to be lost. */
  losesAnswer(method: string): boolean;
  failure(method: string): { error: string; httpStatus: number } | undefined;
  clear(): void;
}

export function createFaults(nowMs: () => number): Faults {
  const none = (): SlackFaults => ({ slowMs: 0, directoryDown: false, loseAnswers: {}, failures: {} });
  let state = none();

  return {
    get state() {
      return state;
    },
    down: () =>
      state.downUntilMs !== undefined && nowMs() < state.downUntilMs
        ? (state.downAs ?? 'refused')
        : undefined,
    rateLimitedSeconds() {
      const leftMs = (state.rateLimitedUntilMs ?? 0) - nowMs();
      return leftMs > 0 ? Math.ceil(leftMs / 1_000) : undefined;
    },
    losesAnswer(method) {
      const left = state.loseAnswers[method] ?? 0;
      if (left <= 0) return false;
      if (left === 1) delete state.loseAnswers[method];
      else state.loseAnswers[method] = left - 1;
      return true;
    },
    failure(method) {
      const failure = state.failures[method];
      if (failure === undefined) {
        const directory = method.startsWith('users.') || method.startsWith('usergroups.');
        return state.directoryDown && directory ? { error: 'internal_error', httpStatus: 200 } : undefined;
      }
      failure.left -= 1;
      if (failure.left <= 0) delete state.failures[method];
      return { error: failure.error, httpStatus: failure.httpStatus };
    },
    clear() {
      state = none();
    },
  };
}
