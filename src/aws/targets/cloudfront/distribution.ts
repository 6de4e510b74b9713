import { type DistributionConfig, GetDistributionCommand } from '@aws-sdk/client-cloudfront';
import { RetryableError } from '../../../flows/errors.ts';
import type { StepContext } from '../../../flows/ports.ts';
import { type AwsClients, callAws } from '../../clients.ts';
import { spellList } from '../../spell.ts';

/** One look at a distribution. Right after a write it may still show what was there before it. */
export interface Distribution {
  readonly id: string;
  readonly arn: string;
  readonly etag: string;
  readonly config: DistributionConfig;
  readonly comment: string;
  readonly deployed: boolean;
  readonly lastModifiedMs: number;
}

/** Throws RetryableError, or MisconfiguredError with `aws.not-found` or `aws.access-denied`. */
export async function readDistribution(clients: AwsClients, id: string): Promise<Distribution> {
  const answer = await callAws('cloudfront:GetDistribution', (options) =>
    clients.cloudFrontReads.send(new GetDistributionCommand({ Id: id }), options),
  );
  const { ETag: etag, Distribution: seen } = answer;
  const config = seen?.DistributionConfig;
  if (
    etag === undefined ||
    config === undefined ||
    seen?.ARN === undefined ||
    seen.LastModifiedTime === undefined
  ) {
    throw new RetryableError(
      'aws.answer-unreadable',
      'CloudFront described the distribution without its configuration.',
      { data: { distributionId: id } },
    );
  }
  const distribution: Distribution = {
    id,
    arn: seen.ARN,
    etag,
    config,
    comment: config.Comment ?? '',
    deployed: seen.Status === 'Deployed',
    lastModifiedMs: seen.LastModifiedTime.getTime(),
  };
  newest.set(clients, (newest.get(clients) ?? new Map()).set(id, distribution));
  return distribution;
}

const newest = new WeakMap<AwsClients, Map<string, Distribution>>();

/**
 * The distribution as it was read last, if that was under this very ETag: what belongs to an ETag never changes, so that
 * an act conditional on it need not read it again.
 */
export function readUnder(clients: AwsClients, id: string, etag: string): Distribution | undefined {
  const seen = newest.get(clients)?.get(id);
  return seen?.etag === etag ? seen : undefined;
}

/**
 * How long an answer may be older than what is there ("an immediate request might not show the change", CloudFront
 * developer guide; no figure is given).
 */
export const staleReadMs = 120_000;

/** AWS stamps LastModifiedTime by its clock, claims carry the store's. */
export const clockToleranceMs = 60_000;

/** What a claim is conditional on: the ETag, which CloudFront compares, and its time, which tells an older read later. */
export const preconditionOf = ({ etag, lastModifiedMs }: Distribution): string => `${etag}@${lastModifiedMs}`;

/** `lastModifiedMs` is null in a claim of an earlier version of the bot, which kept the ETag alone. */
export function readPrecondition(precondition: string): { etag: string; lastModifiedMs: number | null } {
  const [, etag, modified] = /^(.+)@(\d+)$/.exec(precondition) ?? [];
  return etag === undefined
    ? { etag: precondition, lastModifiedMs: null }
    : { etag, lastModifiedMs: Number(modified) };
}

/** Whether a read shows what was claimed, or what was there before that: it says nothing of what became of the claim. */
export function showsNothingSince(precondition: string, seen: Distribution): boolean {
  const claimed = readPrecondition(precondition);
  return (
    seen.etag === claimed.etag ||
    (claimed.lastModifiedMs !== null && seen.lastModifiedMs < claimed.lastModifiedMs)
  );
}

/**
 * Whether what is seen may be taken for what is there: because it was modified since the claim or, before one, since
 * the step began, or because reads had time to catch up.
 */
export function isBelievable(
  { lastModifiedMs }: Distribution,
  { claim, startedAtMs, nowMs }: StepContext,
): boolean {
  const sinceMs = claim === null ? startedAtMs + clockToleranceMs : claim.claimedAtMs - clockToleranceMs;
  return lastModifiedMs > sinceMs || nowMs - startedAtMs >= staleReadMs;
}

/** Origin path by origin id; an origin that is not there is left out. */
export function originPaths(
  config: DistributionConfig,
  originIds: readonly string[],
): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const origin of config.Origins?.Items ?? []) {
    if (origin.Id !== undefined && originIds.includes(origin.Id)) {
      paths.set(origin.Id, origin.OriginPath ?? '');
    }
  }
  return paths;
}

/** The one path that all the origins have, or null when they do not agree or one of them is missing. */
export function commonOriginPath(config: DistributionConfig, originIds: readonly string[]): string | null {
  const paths = originPaths(config, originIds);
  const [path, ...others] = new Set(paths.values());
  return path !== undefined && others.length === 0 && paths.size === originIds.length ? path : null;
}

/** "site-origin is /blue", for every origin. */
export function spellOriginPaths(config: DistributionConfig, originIds: readonly string[]): string {
  const paths = originPaths(config, originIds);
  return spellList(
    originIds.map((id) => {
      const path = paths.get(id);
      return path === undefined ? `${id} is gone` : `${id} is ${path === '' ? 'empty' : path}`;
    }),
  );
}
