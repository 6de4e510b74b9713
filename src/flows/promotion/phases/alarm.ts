import { type Decision, refuse } from '../decision.ts';
import type { EventOf } from '../events.ts';
import type { CheckResult, Plan } from '../plan.ts';
import type { PromotionIn } from '../promotion.ts';
import { rollBack } from './rolling-back.ts';
import { failedBefore, worstOf } from './verifying.ts';

/** Alarms that fired after the change, and not already before it in the same words (ALL-13). */
export function firedSince(
  results: readonly CheckResult[],
  failingBefore: Plan['failingBefore'],
): CheckResult[] {
  return results.filter(
    (result) => result.urgent && result.outcome === 'failed' && !failedBefore(result, failingBefore),
  );
}

/** Before the watch only an alarm counts of a reading: traffic has not moved yet, or not everywhere. */
export function turnForAlarm(
  promotion: PromotionIn<'deploying' | 'verifying'>,
  { results }: EventOf<'reading.recorded'>,
  nowMs: number,
): Decision {
  const fired = firedSince(results, promotion.plan.failingBefore);
  if (!promotion.dirty || fired.length === 0)
    return refuse('alarm.quiet', 'No alarm has fired since the change.', 'Wait for the watch.');
  return rollBack(promotion, { code: 'alarm', text: worstOf(fired), by: null }, nowMs, nowMs);
}
