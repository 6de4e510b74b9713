import { CreateInvalidationCommand, GetInvalidationCommand } from '@aws-sdk/client-cloudfront';
import { MisconfiguredError, RetryableError, TerminalError } from '../../../flows/errors.ts';
import type { Observation, StepContext } from '../../../flows/ports.ts';
import { type AwsClients, callAws } from '../../clients.ts';
import { spellDuration } from '../../spell.ts';
import type { InvalidateSettings } from './config.ts';
import { estimate } from './settle.ts';

/** Without a known invalidation it is ordered again, which is harmless: the caller reference is the same. */
export async function observeInvalidation(
  clients: AwsClients,
  settings: InvalidateSettings,
  { step, claim, startedAtMs, nowMs }: StepContext,
): Promise<Observation> {
  const id = claim?.reference ?? null;
  if (id === null) return { outcome: 'before', precondition: null };
  if (!settings.await) return { outcome: 'done', text: `CloudFront took invalidation ${id}.` };
  const status = await statusOf(clients, settings.distributionId, id);
  if (status === null) return { outcome: 'before', precondition: null };
  const elapsedMs = Math.max(0, nowMs - startedAtMs);
  if (status === 'Completed') {
    return { outcome: 'done', text: `The cache is empty everywhere, after ${spellDuration(elapsedMs)}.` };
  }
  return {
    outcome: 'applying',
    text: `CloudFront is emptying its cache: ${spellDuration(elapsedMs)} so far, usually about ${spellDuration(step.typicalSeconds * 1000)}.`,
    fraction: estimate(elapsedMs, step.typicalSeconds),
  };
}

/**
 * Orders the invalidation under the claim's key: the same caller reference with the same paths gives
 * back the same invalidation, however often it is sent (API reference, InvalidationBatch).
 */
export async function actInvalidation(
  clients: AwsClients,
  settings: InvalidateSettings,
  { claim }: StepContext,
): Promise<{ reference: string }> {
  if (claim === null) throw new TerminalError('site.act-without-claim', 'An invalidation needs a claim.');
  const answer = await callAws('cloudfront:CreateInvalidation', (options) =>
    clients.cloudFrontWrites.send(
      new CreateInvalidationCommand({
        DistributionId: settings.distributionId,
        InvalidationBatch: {
          CallerReference: claim.key,
          Paths: { Quantity: settings.paths.length, Items: [...settings.paths] },
        },
      }),
      options,
    ),
  );
  const reference = answer.Invalidation?.Id;
  if (reference !== undefined) return { reference };
  throw new RetryableError('aws.answer-unreadable', 'CloudFront took an invalidation without naming it.');
}

/** Null while CloudFront does not know the invalidation (yet). */
async function statusOf(clients: AwsClients, distributionId: string, id: string): Promise<string | null> {
  try {
    const answer = await callAws('cloudfront:GetInvalidation', (options) =>
      clients.cloudFrontReads.send(
        new GetInvalidationCommand({ DistributionId: distributionId, Id: id }),
        options,
      ),
    );
    return answer.Invalidation?.Status ?? 'unknown';
  } catch (error) {
    if (error instanceof MisconfiguredError && error.data['name'] === 'NoSuchInvalidation') return null;
    throw error;
  }
}
