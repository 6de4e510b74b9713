import { z } from 'zod';

const Path = z.string().regex(/^\/\S*$/, 'must begin with a slash and hold no blanks');
const BaseUrl = z.url({ protocol: /^https?$/ });
const Region = z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d$/);
const TimeoutMs = z.int().min(100).max(10_000).default(5000);

/** Named pages, and some of the assets that the first of them refers to, answer 200 with something in them. */
export const HttpCheck = z.strictObject({
  baseUrl: BaseUrl,
  pages: z.array(Path).min(1).max(10).default(['/']),
  /** How many assets are fetched; 0 for none. */
  assets: z.int().min(0).max(10).default(3),
  timeoutMs: TimeoutMs,
});
export type HttpCheck = z.infer<typeof HttpCheck>;

/** The page's `deployment-version` meta is exactly the expected version. */
export const VersionMetaCheck = z.strictObject({ url: BaseUrl, timeoutMs: TimeoutMs });
export type VersionMetaCheck = z.infer<typeof VersionMetaCheck>;

/** None of the named alarms is in ALARM. */
export const CloudWatchAlarmsCheck = z.strictObject({
  names: z.array(z.string().min(1).max(255)).min(1).max(100),
  region: Region.default('us-east-1'),
  /** Too little data is an alarm's normal state where there is little traffic. */
  insufficientData: z.enum(['neutral', 'inconclusive']).default('neutral'),
});
export type CloudWatchAlarmsCheck = z.infer<typeof CloudWatchAlarmsCheck>;

const MetricName = {
  namespace: z.string().min(1).max(255),
  metric: z.string().min(1).max(255),
  dimensions: z.record(z.string().min(1).max(255), z.string().min(1).max(1024)).default({}),
};

/** The metric that counts what visitors asked for: the weight of every minute. */
export const TrafficMetric = z.strictObject(MetricName);
export type TrafficMetric = z.infer<typeof TrafficMetric>;

export const MetricLimit = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  title: z.string().min(1).max(80),
  ...MetricName,
  stat: z.string().regex(/^(Sum|Average|Minimum|Maximum|SampleCount|(p|tm)\d{1,2}(\.\d{1,3})?)$/),
  /** For the text only: "%", "ms". */
  unit: z.string().max(10).default(''),
  /**
   * `requests`: the metric counts failures, and what is judged is their share of the requests in
   * percent. Such counters are often published only when they are not zero, so a minute with requests
   * and without them is zero.
   */
  per: z.literal('requests').optional(),
  /** Exceeding it fails; reaching it does not. */
  limit: z.union([z.strictObject({ above: z.number() }), z.strictObject({ below: z.number() })]),
});
export type MetricLimit = z.infer<typeof MetricLimit>;

/** Every metric is within its limit over the last complete minutes since the change. */
export const CloudWatchMetricsCheck = z
  .strictObject({
    region: Region.default('us-east-1'),
    metrics: z.array(MetricLimit).min(1).max(20),
    requests: TrafficMetric.optional(),
    /** Fewer than this and nothing is judged. */
    minRequests: z.int().min(1).default(20),
    /** Minutes younger than this are not known yet: CloudFront's take minutes to arrive. */
    lagSeconds: z.int().min(0).max(3600).default(300),
    periodSeconds: z.literal([60, 300]).default(60),
    /** How many minutes are judged together; more where there were too few requests. */
    windowMinutes: z.int().min(1).max(60).default(5),
    /** The same before anything changed. */
    baselineMinutes: z.int().min(1).max(60).default(5),
  })
  .superRefine(({ metrics, requests, periodSeconds, windowMinutes, baselineMinutes }, context) => {
    metrics.forEach(({ per, stat }, index) => {
      if (per === undefined) return;
      if (requests === undefined) {
        context.addIssue({
          code: 'custom',
          path: ['requests'],
          message: 'is needed for a share of requests',
        });
      }
      if (stat !== 'Sum') {
        context.addIssue({
          code: 'custom',
          path: ['metrics', index, 'stat'],
          message: 'must be Sum for a share of requests',
        });
      }
    });
    if (new Set(metrics.map(({ id }) => id)).size !== metrics.length) {
      context.addIssue({ code: 'custom', path: ['metrics'], message: 'two metrics have the same id' });
    }
    if (Math.min(windowMinutes, baselineMinutes) * 60 < periodSeconds) {
      context.addIssue({ code: 'custom', path: ['periodSeconds'], message: 'is longer than the window' });
    }
  });
export type CloudWatchMetricsCheck = z.infer<typeof CloudWatchMetricsCheck>;

/** Every kind of check that looks at pages or at CloudWatch. Free of the SDK, for who only reads configuration. */
export const AwsCheckConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('http'), settings: HttpCheck }),
  z.strictObject({ kind: z.literal('version-meta'), settings: VersionMetaCheck }),
  z.strictObject({ kind: z.literal('cloudwatch-alarms'), settings: CloudWatchAlarmsCheck }),
  z.strictObject({ kind: z.literal('cloudwatch-metrics'), settings: CloudWatchMetricsCheck }),
]);
export type AwsCheckConfig = z.infer<typeof AwsCheckConfig>;
