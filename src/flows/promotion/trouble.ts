import { accept, type Decision } from './decision.ts';
import { isDirty, type Promotion, type Trouble } from './promotion.ts';

const firstWaitMs = 5_000;
const longestWaitMs = 60_000;
/** A changed production that cannot be worked on for this long is told to on-call, and so is a rollback that waits. */
export const slowMs = 5 * 60_000;
/** How often people are paged again about what still stands. */
export const pageAgainMs = 15 * 60_000;

/** When on-call has to hear of this trouble: after five minutes, then every fifteen. An earlier page was of another one. */
export function slowPageAt(trouble: Trouble | null, pagedAtMs: number | null): number | null {
  if (trouble === null) return null;
  return pagedAtMs === null || pagedAtMs <= trouble.sinceMs
    ? trouble.sinceMs + slowMs
    : pagedAtMs + pageAgainMs;
}

/** Notes what could not be done and when to try again: 5, 10, 20, 40, then every 60 s, or as long as the other side asked. */
export function worsen(
  before: Trouble | null,
  nowMs: number,
  met: { code: string; text: string; retryAfterMs: number | null; acting?: true },
): Trouble {
  const tries = (before?.tries ?? 0) + 1;
  const backoffMs = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(tries - 1, 10));
  return {
    code: met.code,
    text: met.text,
    sinceMs: before?.sinceMs ?? nowMs,
    retryAtMs: nowMs + Math.min(5 * longestWaitMs, Math.max(backoffMs, met.retryAfterMs ?? 0)),
    tries,
    ...(before?.acting === true || met.acting === true ? { acting: true } : {}),
  };
}

/** Work that must be tried again later; told in the thread the first time. */
export function retryWorkAt(
  promotion: Promotion,
  nowMs: number,
  met: { code: string; text: string; retryAfterMs: number | null },
): Decision {
  const work = worsen(promotion.troubles.work, nowMs, met);
  return accept(
    { ...promotion, troubles: { ...promotion.troubles, work } },
    work.tries === 1 ? [{ topic: 'trouble', text: met.text }] : [],
  );
}

/**
 * Trouble that has lasted longer than the policy allows before anything was changed. Once there are approvals, an
 * unreadable directory only makes them wait, and expire (ALL-2).
 */
export function troubleOutlasted(promotion: Promotion, nowMs: number): Trouble | null {
  const { people, work } = promotion.troubles;
  if (isDirty(promotion)) return null;
  const limitMs = promotion.policy.troubleLimitSeconds * 1000;
  const counted = promotion.phase === 'analyzing' ? [work, people] : [work];
  return counted.find((trouble) => trouble !== null && nowMs >= trouble.sinceMs + limitMs) ?? null;
}
