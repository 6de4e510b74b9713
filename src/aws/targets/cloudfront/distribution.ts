import { type DistributionConfig, GetDistributionCommand } from '@aws-sdk/client-cloudfront';
import { RetryableError } from '../../../flows/errors.ts';
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
  return {
    id,
    arn: seen.ARN,
    etag,
    config,
    comment: config.Comment ?? '',
    deployed: seen.Status === 'Deployed',
    lastModifiedMs: seen.LastModifiedTime.getTime(),
  };
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
