import type { Observation, StepContext } from '../../../flows/ports.ts';
import type { AwsClients } from '../../clients.ts';
import { spellDuration, spellSecond } from '../../spell.ts';
import type { SettleSettings } from './config.ts';
import { fingerprintOf } from './configuration.ts';
import {
  clockToleranceMs,
  commonOriginPath,
  type Distribution,
  isBelievable,
  readDistribution,
  spellOriginPaths,
  staleReadMs,
} from './distribution.ts';

/**
 * Waits until every edge has the configuration. `Deployed` counts only with the expected path, and only
 * when the modification is recent: right after a switch it may be the one before it. When the switch
 * was recorded late (the bot was down) the modification is not recent, and is believed once reads had
 * time to catch up.
 */
export async function observeSettle(
  clients: AwsClients,
  settings: SettleSettings,
  context: StepContext,
): Promise<Observation> {
  const { step, startedAtMs, nowMs } = context;
  const seen = await readDistribution(clients, settings.distributionId);
  const foreign = foreignChange(settings, seen);
  if (foreign !== null && isBelievable(seen, context)) return { outcome: 'foreign', text: foreign };
  const elapsedMs = Math.max(0, nowMs - startedAtMs);
  const caughtUp = elapsedMs >= staleReadMs;
  const recent = seen.lastModifiedMs >= startedAtMs - clockToleranceMs;
  if (foreign === null && seen.deployed && (recent || caughtUp)) {
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

function foreignChange(settings: SettleSettings, seen: Distribution): string | null {
  const { originIds, fingerprint, to } = settings;
  if (fingerprintOf(seen.config, settings) !== fingerprint)
    return `Somebody else changed the distribution while it was being delivered (last at ${spellSecond(seen.lastModifiedMs)} UTC).`;
  if (commonOriginPath(seen.config, originIds) === to) return null;
  return `Somebody else moved the origin path: ${spellOriginPaths(seen.config, originIds)}, ${to} was expected.`;
}

/** CloudFront reports no progress, so time stands for it, and never reaches the end by itself. */
export function estimate(elapsedMs: number, typicalSeconds: number): number {
  return typicalSeconds === 0 ? 0.95 : Math.min(0.95, elapsedMs / (typicalSeconds * 1000));
}
