import { originsOf } from './cloudfront/distribution-config.ts';
import type { Distribution, Distributions } from './cloudfront/distributions.ts';
import type { Edge } from './cloudfront/edge.ts';
import type { Invalidations } from './cloudfront/invalidations.ts';
import { pops } from './cloudfront/pops.ts';
import { siteDistributionId } from './cloudfront/seed.ts';
import type { Alarms } from './cloudwatch/alarms.ts';
import { type MetricId, type Metrics, statisticOf } from './cloudwatch/metrics.ts';
import { cloudFrontMetrics, originLatency } from './cloudwatch/traffic.ts';
import type { AwsState, DistributionState, MetricMinute } from './control.ts';

const minuteMs = 60_000;
const shownMinutes = 30;

/** What the page shows of CloudFront and CloudWatch, as they truly are: never a stale read. */
export function createSnapshot(parts: {
  nowMs: () => number;
  distributions: Distributions;
  invalidations: Invalidations;
  metrics: Metrics;
  alarms: Alarms;
  urlOf: (distribution: Distribution) => string;
  edgeOf: (distribution: Distribution) => Edge;
}): () => Pick<AwsState, 'distributions' | 'invalidations' | 'alarms' | 'metrics'> {
  const { nowMs, distributions, invalidations, metrics, alarms } = parts;

  const describe = (distribution: Distribution): DistributionState => {
    const newest = distributions.newest(distribution);
    return {
      id: distribution.id,
      url: parts.urlOf(distribution),
      status: distributions.isDeployed(newest) ? 'Deployed' : 'InProgress',
      enabled: newest.config.Enabled === 'true',
      comment: newest.config.Comment,
      priceClass: newest.config.PriceClass,
      etag: newest.etag,
      lastModifiedMs: newest.writtenAtMs,
      origins: originsOf(newest.config),
      tags: distribution.tags,
      edges: pops.map(({ code }) => {
        const served = distributions.atEdge(distribution, code, nowMs());
        return {
          pop: code,
          etag: served.etag,
          originPath: originsOf(served.config)[0]?.path ?? '',
          cached: parts.edgeOf(distribution).cached(code),
        };
      }),
    };
  };

  const averageAt = (metric: MetricId, atMs: number): number | undefined => {
    const values = metrics.read(metric, atMs, 60, nowMs());
    return values === undefined ? undefined : statisticOf(values, 'Average');
  };

  const minuteAt = (atMs: number): MetricMinute[] => {
    const { requests, rate4xx, rate5xx } = cloudFrontMetrics(siteDistributionId);
    const counted = metrics.read(requests, atMs, 60, nowMs());
    if (counted === undefined) return [];
    const latencyMs = averageAt(originLatency, atMs);
    return [
      {
        atMs,
        requests: counted.sum,
        errorRate4xx: averageAt(rate4xx, atMs) ?? 0,
        errorRate5xx: averageAt(rate5xx, atMs) ?? 0,
        ...(latencyMs === undefined ? {} : { originLatencyMs: latencyMs }),
      },
    ];
  };

  return () => {
    const thisMinuteMs = Math.floor(nowMs() / minuteMs) * minuteMs;
    return {
      distributions: distributions.all().map(describe),
      invalidations: invalidations
        .all()
        .toReversed()
        .map(({ id, distributionId, callerReference, paths, createdAtMs, ...batch }) => ({
          id,
          distributionId,
          callerReference,
          paths,
          createdAtMs,
          status: nowMs() >= batch.completedAtMs ? 'Completed' : 'InProgress',
        })),
      alarms: alarms.views(),
      metrics: Array.from({ length: shownMinutes }, (_, index) =>
        minuteAt(thisMinuteMs - (shownMinutes - index) * minuteMs),
      ).flat(),
    };
  };
}
