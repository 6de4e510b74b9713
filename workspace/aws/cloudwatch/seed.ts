import { siteDistributionId } from '../cloudfront/seed.ts';
import { cloudFrontMetrics, originLatency } from './traffic.ts';

/** The alarms of the example site: two on metrics, one over both. */
export const seedAlarms = {
  metricAlarms: [
    {
      AlarmName: 'site-5xx',
      AlarmDescription: 'More than 1 % of the requests to the shop fail.',
      Namespace: 'AWS/CloudFront',
      MetricName: '5xxErrorRate',
      Dimensions: [...cloudFrontMetrics(siteDistributionId).rate5xx.dimensions],
      Statistic: 'Average' as const,
      Period: 60,
      EvaluationPeriods: 2,
      DatapointsToAlarm: 2,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanThreshold' as const,
    },
    {
      AlarmName: 'site-origin-latency',
      AlarmDescription: 'The origin of the shop takes more than a second.',
      Namespace: originLatency.namespace,
      MetricName: originLatency.name,
      Dimensions: [...originLatency.dimensions],
      Statistic: 'Average' as const,
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1000,
      ComparisonOperator: 'GreaterThanThreshold' as const,
    },
  ],
  compositeAlarms: [
    {
      AlarmName: 'site-unhealthy',
      AlarmDescription: 'The shop is not well.',
      AlarmRule: 'ALARM("site-5xx") OR ALARM("site-origin-latency")',
    },
  ],
};
