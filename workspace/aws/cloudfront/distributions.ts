import { z } from 'zod';
import { AwsRefusal } from '../service.ts';
import {
  type DistributionConfigXml,
  type EdgeConfig,
  readDistributionConfig,
  toEdgeConfig,
} from './distribution-config.ts';
import { idFrom } from './invalidations.ts';
import { type Pop, perPop } from './pops.ts';

const SavedVersion = z.object({
  etag: z.string(),
  config: z.unknown(),
  writtenAtMs: z.number(),
  readableAtMs: z.number(),
  reachesAtMs: z.record(z.string(), z.number()),
  deployedAtMs: z.number(),
});
export const SavedDistribution = z.object({
  id: z.string(),
  tags: z.record(z.string(), z.string()),
  versions: z.array(SavedVersion).min(1),
});
export type SavedDistribution = z.infer<typeof SavedDistribution>;

export interface ConfigVersion {
  etag: string;
  config: DistributionConfigXml;
  edge: EdgeConfig;
  writtenAtMs: number;
  /** When reads begin to show it. */
  readableAtMs: number;
  /** When each edge begins to serve by it. */
  reachesAtMs: Record<Pop, number>;
  deployedAtMs: number;
}

export interface Distribution {
  id: string;
  arn: string;
  domainName: string;
  tags: Record<string, string>;
  /** Oldest first, never empty. */
  versions: ConfigVersion[];
}

export interface Distributions {
  all(): Distribution[];
  /** Throws NoSuchDistribution. */
  get(id: string): Distribution;
  /** What was written last, whether reads show it yet or not. */
  newest(distribution: Distribution): ConfigVersion;
  /** What a read answers now; right after a write that may be what was there before. */
  readable(distribution: Distribution): ConfigVersion;
  /** What one edge serves by at a moment. */
  atEdge(distribution: Distribution, pop: Pop, atMs: number): ConfigVersion;
  isDeployed(version: ConfigVersion): boolean;
  /** Replaces the whole configuration. Throws what CloudFront refuses; `ifMatch` undefined skips the check (a console edit). */
  replace(distribution: Distribution, content: unknown, ifMatch?: string): ConfigVersion;
  save(): SavedDistribution[];
}

const keptVersions = 20;

/**
 * The distributions of the account, each with the history of its configuration. Sources: CloudFront API
 * reference, UpdateDistribution (full replacement, If-Match, IllegalUpdate); CloudFront developer guide,
 * "Updating a distribution" (a change reaches edges at different times, an immediate read may not show it).
 */
export function createDistributions(options: {
  nowMs: () => number;
  delays: () => { deploySeconds: number; readStaleSeconds: number };
  seed: readonly { id: string; tags: Record<string, string>; config: unknown }[];
  saved?: readonly SavedDistribution[];
}): Distributions {
  const { nowMs } = options;

  const write = (
    id: string,
    config: DistributionConfigXml,
    before: ConfigVersion | undefined,
  ): ConfigVersion => {
    const { deploySeconds, readStaleSeconds } = options.delays();
    const writtenAtMs = before === undefined ? nowMs() - 86_400_000 : nowMs();
    const deployedAtMs = Math.max(writtenAtMs + deploySeconds * 1000, before?.deployedAtMs ?? 0);
    return {
      etag: `E${idFrom(`${id} ${before?.etag} ${JSON.stringify(config)}`)}`,
      config,
      edge: toEdgeConfig(config),
      writtenAtMs,
      readableAtMs: writtenAtMs + readStaleSeconds * 1000,
      reachesAtMs: perPop(({ code, deployShare }) =>
        Math.max(writtenAtMs + deploySeconds * 1000 * deployShare, before?.reachesAtMs[code] ?? 0),
      ),
      deployedAtMs,
    };
  };

  const build = (id: string, tags: Record<string, string>, versions: ConfigVersion[]): Distribution => ({
    id,
    arn: `arn:aws:cloudfront::111122223333:distribution/${id}`,
    domainName: `d${idFrom(id).toLowerCase()}.cloudfront.net`,
    tags,
    versions,
  });

  const distributions: Distribution[] = options.saved
    ? options.saved.map(({ id, tags, versions }) =>
        build(
          id,
          tags,
          versions.map((version) => {
            const config = readDistributionConfig(version.config);
            const reachesAtMs = perPop(({ code }) => version.reachesAtMs[code] ?? version.deployedAtMs);
            return { ...version, config, reachesAtMs, edge: toEdgeConfig(config) };
          }),
        ),
      )
    : options.seed.map(({ id, tags, config }) =>
        build(id, tags, [write(id, readDistributionConfig(config), undefined)]),
      );

  const newest = (distribution: Distribution) => lastOf(distribution.versions, () => true);

  return {
    all: () => distributions,
    get(id) {
      const found = distributions.find((distribution) => distribution.id === id);
      if (found === undefined) {
        throw new AwsRefusal('NoSuchDistribution', 'The specified distribution does not exist.', 404);
      }
      return found;
    },
    newest,
    readable: (distribution) => lastOf(distribution.versions, (version) => version.readableAtMs <= nowMs()),
    atEdge: (distribution, pop, atMs) =>
      lastOf(distribution.versions, (version) => version.reachesAtMs[pop] <= atMs),
    isDeployed: (version) => nowMs() >= version.deployedAtMs,
    replace(distribution, content, ifMatch) {
      const before = newest(distribution);
      if (ifMatch !== undefined && ifMatch !== before.etag) {
        throw new AwsRefusal(
          'PreconditionFailed',
          "The request failed because it didn't meet the preconditions in one or more request-header fields.",
          412,
        );
      }
      const config = readDistributionConfig(content);
      if (config.CallerReference !== before.config.CallerReference) {
        throw new AwsRefusal('IllegalUpdate', 'The caller reference cannot be changed.');
      }
      const version = write(distribution.id, config, before);
      distribution.versions = [...distribution.versions.slice(-keptVersions + 1), version];
      return version;
    },
    save: () =>
      distributions.map(({ id, tags, versions }) => ({
        id,
        tags,
        versions: versions.map(({ edge: _edge, ...version }) => version),
      })),
  };
}

function lastOf(versions: ConfigVersion[], matches: (version: ConfigVersion) => boolean): ConfigVersion {
  const found = versions.findLast(matches) ?? versions[0];
  if (found === undefined) throw new Error('A distribution always has a configuration.');
  return found;
}
