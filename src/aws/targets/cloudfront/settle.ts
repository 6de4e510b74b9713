import type { Observation, StepContext } from '../../../flows/ports.ts';
import type { AwsClients } from '../../clients.ts';
import { spellDuration, spellSecond } from '../../spell.ts';
import type { SettleSettings } from './config.ts';
import { fingerprintOf } from './configuration.ts';
import { commonOriginPath, readDistribution, spellOriginPaths } from './distribution.ts';
import { clockToleranceMs } from './switch.ts';

/**
 * How long an answer may be older than our own write ("an immediate request might not show the change",
 * CloudFront developer guide; no figure is given).
 */
const staleReadMs = 120_000;

/**
 * Waits until every edge has the configuration. `Deployed` counts only with the expected path, and only
 * when the modification is recent: right after a switch it may be the one before it. When the switch
 * was recorded late (the bot was down) the modification is not recent, and is believed once reads had
 * time to catch up.
 */
export async function observeSettle(
  clients: AwsClients,
  settings: SettleSettings,
  { step, startedAtMs, nowMs }: StepContext,
): Promise<Observation> {
  const seen = await readDistribution(clients, settings.distributionId);
  if (fingerprintOf(seen.config, settings.originIds) !== settings.fingerprint) {
    return {
      outcome: 'foreign',
      text: `Somebody else changed the distribution while it was being delivered (last at ${spellSecond(seen.lastModifiedMs)} UTC).`,
    };
  }
  const elapsedMs = Math.max(0, nowMs - startedAtMs);
  const caughtUp = elapsedMs >= staleReadMs;
  const path = commonOriginPath(seen.config, settings.originIds);
  if (path !== settings.to && (path !== settings.from || caughtUp)) {
    return {
      outcome: 'foreign',
      text: `Somebody else moved the origin path: ${spellOriginPaths(seen.config, settings.originIds)}, ${settings.to} was expected.`,
    };
  }
  const recent = seen.lastModifiedMs >= startedAtMs - clockToleranceMs;
  if (path === settings.to && seen.deployed && (recent || caughtUp)) {
    return {
      outcome: 'done',
      text: `CloudFront has delivered it everywhere, after ${spellDuration(elapsedMs)}.`,
    };
  }
  return {
    outcome: 'applying',
    text: `CloudFront is delivering it: ${spellDuration(elapsedMs)} so far, usually about ${spellDuration(step.typicalSeconds * 1000)}.`,
    fraction: estimate(elapsedMs, step.typicalSeconds),
  };
}

/** CloudFront reports no progress, so time stands for it, and never reaches the end by itself. */
export function estimate(elapsedMs: number, typicalSeconds: number): number {
  return typicalSeconds === 0 ? 0.95 : Math.min(0.95, elapsedMs / (typicalSeconds * 1000));
}
