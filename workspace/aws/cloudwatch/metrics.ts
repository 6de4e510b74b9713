import { z } from 'zod';

export interface Dimension {
  Name: string;
  Value: string;
}

/** What CloudWatch keeps of the values of one minute. */
export const StatisticSet = z.object({
  sum: z.number(),
  count: z.number(),
  minimum: z.number(),
  maximum: z.number(),
});
export type StatisticSet = z.infer<typeof StatisticSet>;

export const statistics = ['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount'] as const;
export type Statistic = (typeof statistics)[number];

export interface MetricId {
  namespace: string;
  name: string;
  dimensions: readonly Dimension[];
}

export const SavedMetrics = z.array(
  z.object({ key: z.string(), minutes: z.array(z.tuple([z.number(), StatisticSet])) }),
);
export type SavedMetrics = z.infer<typeof SavedMetrics>;

export interface Metrics {
  /** Adds one value to the minute of `atMs`. */
  add(metric: MetricId, atMs: number, value: number, count?: number): void;
  merge(metric: MetricId, atMs: number, values: StatisticSet): void;
  /**
   * One period as published by `asOfMs`; undefined when there is nothing. A metric of the `AWS/` namespaces is
   * published with a lag after its minute, a custom one at once.
   */
  read(metric: MetricId, startMs: number, periodSeconds: number, asOfMs: number): StatisticSet | undefined;
  save(sinceMs: number): SavedMetrics;
}

const minuteMs = 60_000;
const keptMs = 3 * 86_400_000;

export function createMetrics(options: { lagSeconds: () => number; saved?: SavedMetrics }): Metrics {
  const series = new Map<string, Map<number, StatisticSet>>(
    (options.saved ?? []).map(({ key, minutes }) => [key, new Map(minutes)]),
  );

  const merge = (metric: MetricId, atMs: number, values: StatisticSet) => {
    const key = keyOf(metric);
    const minutes = series.get(key) ?? new Map<number, StatisticSet>();
    series.set(key, minutes);
    const minute = Math.floor(atMs / minuteMs) * minuteMs;
    const there = minutes.get(minute);
    minutes.set(minute, there === undefined ? values : combined(there, values));
    const oldest = minutes.keys().next().value;
    if (oldest !== undefined && oldest < minute - keptMs) minutes.delete(oldest);
  };

  return {
    add: (metric, atMs, value, count = 1) =>
      merge(metric, atMs, { sum: value * count, count, minimum: value, maximum: value }),
    merge,
    read(metric, startMs, periodSeconds, asOfMs) {
      const minutes = series.get(keyOf(metric));
      if (minutes === undefined) return undefined;
      const lagMs = metric.namespace.startsWith('AWS/') ? minuteMs + options.lagSeconds() * 1000 : 0;
      let total: StatisticSet | undefined;
      for (let minute = startMs; minute < startMs + periodSeconds * 1000; minute += minuteMs) {
        const values = minutes.get(minute);
        if (values === undefined || minute + lagMs > asOfMs) continue;
        total = total === undefined ? values : combined(total, values);
      }
      return total;
    },
    save: (sinceMs) =>
      [...series].map(([key, minutes]) => ({
        key,
        minutes: [...minutes].filter(([minute]) => minute >= sinceMs),
      })),
  };
}

export function statisticOf(values: StatisticSet, statistic: Statistic): number {
  switch (statistic) {
    case 'Sum':
      return values.sum;
    case 'Average':
      return values.sum / values.count;
    case 'Minimum':
      return values.minimum;
    case 'Maximum':
      return values.maximum;
    case 'SampleCount':
      return values.count;
  }
}

const combined = (some: StatisticSet, others: StatisticSet): StatisticSet => ({
  sum: some.sum + others.sum,
  count: some.count + others.count,
  minimum: Math.min(some.minimum, others.minimum),
  maximum: Math.max(some.maximum, others.maximum),
});

const keys = new WeakMap<MetricId, string>();

const keyOf = (metric: MetricId): string => {
  const known = keys.get(metric);
  if (known !== undefined) return known;
  const dimensions = metric.dimensions.map(({ Name, Value }) => `${Name}=${Value}`).sort();
  const key = [metric.namespace, metric.name, ...dimensions].join('|');
  keys.set(metric, key);
  return key;
};
