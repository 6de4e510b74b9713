import type { ServedRequest } from '../cloudfront/edge.ts';
import type { MetricId, Metrics } from './metrics.ts';

export const originLatency: MetricId = {
  namespace: 'Northwind/Site',
  name: 'OriginLatency',
  dimensions: [{ Name: 'Site', Value: 'northwind-lamps' }],
};

const metricsOf = new Map<string, Record<'requests' | 'rate4xx' | 'rate5xx' | 'rateTotal', MetricId>>();

/** The metrics CloudFront publishes for a distribution: `Requests` and three rates, which are percentages already. */
export function cloudFrontMetrics(distributionId: string) {
  const known = metricsOf.get(distributionId);
  if (known !== undefined) return known;
  const metric = (name: string): MetricId => ({
    namespace: 'AWS/CloudFront',
    name,
    dimensions: [
      { Name: 'DistributionId', Value: distributionId },
      { Name: 'Region', Value: 'Global' },
    ],
  });
  const made = {
    requests: metric('Requests'),
    rate4xx: metric('4xxErrorRate'),
    rate5xx: metric('5xxErrorRate'),
    rateTotal: metric('TotalErrorRate'),
  };
  metricsOf.set(distributionId, made);
  return made;
}

/** Counts a request that an edge has really served. */
export function recordTraffic(metrics: Metrics, distributionId: string, served: ServedRequest): void {
  const { requests, rate4xx, rate5xx, rateTotal } = cloudFrontMetrics(distributionId);
  const percent = (failed: boolean) => (failed ? 100 : 0);
  metrics.add(requests, served.atMs, 1);
  metrics.add(rate4xx, served.atMs, percent(served.status >= 400 && served.status < 500));
  metrics.add(rate5xx, served.atMs, percent(served.status >= 500));
  metrics.add(rateTotal, served.atMs, percent(served.status >= 400));
  if (served.originLatencyMs !== undefined) metrics.add(originLatency, served.atMs, served.originLatencyMs);
}
