import {
  type CloudWatchClient,
  GetMetricDataCommand,
  type MetricDataQuery,
} from '@aws-sdk/client-cloudwatch';
import type { CheckContext } from '../../flows/ports.ts';
import { type AwsClients, callAws } from '../clients.ts';
import { spellMinute } from '../spell.ts';
import type { CloudWatchMetricsCheck, MetricLimit, TrafficMetric } from './config.ts';
import type { Finding } from './finding.ts';

interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Value by the start of its period. */
type Series = ReadonlyMap<number, number>;

interface Readings {
  readonly requests: Series;
  readonly metrics: ReadonlyMap<string, Series>;
  /** CloudWatch could not answer in full: PartialData, InternalError, Forbidden. */
  readonly trouble: string | null;
}

/** How far back a window is stretched to find enough requests. */
const longestWindowMinutes = 60;

/**
 * Judges the last complete periods since the change, and all since it judged last (an hour at most), or before it a few as a baseline. The period in
 * which the change fell is mixed and not judged, and one younger than the lag is not known yet. What
 * is missing is never taken for healthy.
 */
export async function runCloudWatchMetricsCheck(
  clients: AwsClients,
  settings: CloudWatchMetricsCheck,
  { changedAtMs, judgedUntilMs, nowMs }: CheckContext,
): Promise<Finding> {
  const periodMs = settings.periodSeconds * 1000;
  const lagMs = settings.lagSeconds * 1000;
  const untilMs = Math.floor((nowMs - lagMs) / periodMs) * periodMs;
  const wantedMinutes = changedAtMs === null ? settings.baselineMinutes : settings.windowMinutes;
  const wantedMs = Math.ceil((wantedMinutes * 60_000) / periodMs) * periodMs;
  const longestMs = Math.max(wantedMs, changedAtMs === null ? 0 : longestWindowMinutes * 60_000);
  const earliestMs = changedAtMs === null ? untilMs - wantedMs : Math.ceil(changedAtMs / periodMs) * periodMs;
  const reach: Window = {
    fromMs: Math.max(earliestMs, untilMs - Math.floor(longestMs / periodMs) * periodMs),
    untilMs,
  };
  const link = `https://${settings.region}.console.aws.amazon.com/cloudwatch/home?region=${settings.region}#metricsV2:`;
  const finding = (outcome: Finding['outcome'], text: string, judged?: Window): Finding => ({
    outcome,
    text,
    link,
    urgent: false,
    ...(judged === undefined ? {} : { judged }),
  });

  if (reach.fromMs >= untilMs) {
    return finding(
      'pending',
      `The first complete minute since the change begins at ${spellMinute(earliestMs)} UTC and is known from ${spellMinute(earliestMs + periodMs + lagMs)} UTC on.`,
    );
  }
  const readings = await read(clients.cloudWatch(settings.region), settings, reach);
  if (readings.trouble !== null) return finding('inconclusive', readings.trouble);

  const traffic = settings.requests === undefined ? null : readings.requests;
  // What was judged already reaches so far: from there on no minute is left out, however late this reading is.
  const newest = narrow(reach, Math.max(wantedMs, untilMs - (judgedUntilMs ?? untilMs)));
  if (traffic !== null && sum(traffic, newest) === null) {
    return finding('inconclusive', `CloudWatch has no request counts for ${spellWindow(newest)}.`);
  }
  const window =
    traffic === null ? newest : published(stretch(reach, newest, traffic, settings), traffic, periodMs);
  const requests = traffic === null ? null : (sum(traffic, window) ?? 0);
  if (requests !== null && requests < settings.minRequests) {
    return finding(
      'inconclusive',
      `Only ${requests} requests in ${spellWindow(window)}, ${settings.minRequests} are needed to judge.`,
    );
  }
  const judged = settings.metrics.map((metric) =>
    judge(metric, readings.metrics.get(metric.id) ?? new Map(), traffic, window, periodMs),
  );
  const texts = (outcome: Judged['outcome']): string[] =>
    judged.filter((each) => each.outcome === outcome).map((each) => each.text);
  const failed = texts('failed');
  if (failed.length > 0) return finding('failed', `${failed.join('; ')}.`, window);
  const missing = texts('inconclusive');
  if (missing.length > 0) return finding('inconclusive', `${missing.join('; ')}.`);
  return finding('passed', `${texts('passed').join('; ')}.`, window);
}

function narrow({ fromMs, untilMs }: Window, wantedMs: number): Window {
  return { fromMs: Math.max(fromMs, untilMs - wantedMs), untilMs };
}

/** The window made longer towards the change until it holds enough requests. */
function stretch(
  reach: Window,
  newest: Window,
  traffic: Series,
  { minRequests, periodSeconds }: CloudWatchMetricsCheck,
): Window {
  let window = newest;
  while (window.fromMs > reach.fromMs && (sum(traffic, window) ?? 0) < minRequests) {
    window = { ...window, fromMs: Math.max(reach.fromMs, window.fromMs - periodSeconds * 1000) };
  }
  return window;
}

/** The window up to the last period that was published: what came after it may be late rather than quiet. */
function published(window: Window, traffic: Series, periodMs: number): Window {
  const known = [...traffic.keys()].filter((atMs) => atMs >= window.fromMs && atMs < window.untilMs);
  return { ...window, untilMs: Math.max(...known) + periodMs };
}

interface Judged {
  readonly outcome: 'passed' | 'failed' | 'inconclusive';
  readonly text: string;
}

function judge(
  metric: MetricLimit,
  series: Series,
  traffic: Series | null,
  window: Window,
  periodMs: number,
): Judged {
  const value = valueIn(metric, series, traffic, window, periodMs);
  if (value === null) {
    return {
      outcome: 'inconclusive',
      text: `${metric.title} is missing for some or all of ${spellWindow(window)}`,
    };
  }
  const { limit } = metric;
  const unit = metric.per === 'requests' && metric.unit === '' ? '%' : metric.unit;
  const fails = 'above' in limit ? value > limit.above : value < limit.below;
  const counted =
    metric.per === 'requests' && sum(series, window) === null ? ' (no data point, counted as none)' : '';
  const bound =
    'above' in limit ? `limit ${spell(limit.above, unit)}` : `at least ${spell(limit.below, unit)}`;
  return {
    outcome: fails ? 'failed' : 'passed',
    text: `${metric.title} ${spell(value, unit)}${counted} in ${spellWindow(window)}, ${bound}`,
  };
}

/**
 * One value for the window, or null where data is missing. A share is all failures over all requests;
 * an average is weighted by requests, so that a percentage published each minute (CloudFront's) gives
 * the same; of anything else the worst period counts.
 */
function valueIn(
  metric: MetricLimit,
  series: Series,
  traffic: Series | null,
  window: Window,
  periodMs: number,
): number | null {
  if (metric.per === 'requests') {
    const requests = traffic === null ? null : sum(traffic, window);
    return requests === null || requests === 0 ? null : (100 * (sum(series, window) ?? 0)) / requests;
  }
  const points: { value: number; weight: number }[] = [];
  for (let atMs = window.fromMs; atMs < window.untilMs; atMs += periodMs) {
    const weight = traffic === null ? 1 : (traffic.get(atMs) ?? 0);
    const value = series.get(atMs);
    if (value !== undefined) points.push({ value, weight });
    else if (weight > 0 || 'below' in metric.limit) return null;
  }
  if (points.length === 0) return null;
  if (metric.stat === 'Average') {
    const weights = points.reduce((total, { weight }) => total + weight, 0);
    const weighted = points.reduce((total, { value, weight }) => total + value * weight, 0);
    return weights === 0 ? null : weighted / weights;
  }
  const values = points.map(({ value }) => value);
  return 'above' in metric.limit ? Math.max(...values) : Math.min(...values);
}

/** Null when no period of the window was published. */
function sum(series: Series, { fromMs, untilMs }: Window): number | null {
  const values = [...series].filter(([atMs]) => atMs >= fromMs && atMs < untilMs).map(([, value]) => value);
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
}

async function read(
  client: CloudWatchClient,
  settings: CloudWatchMetricsCheck,
  window: Window,
): Promise<Readings> {
  const titles = new Map<string, string>();
  const query = (
    id: string,
    title: string,
    { namespace, metric, dimensions }: TrafficMetric,
    stat: string,
  ): MetricDataQuery => {
    titles.set(id, title);
    return {
      Id: id,
      MetricStat: {
        Metric: {
          Namespace: namespace,
          MetricName: metric,
          Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        },
        Period: settings.periodSeconds,
        Stat: stat,
      },
      ReturnData: true,
    };
  };
  const queries = [
    ...settings.metrics.map((metric, index) => query(`m${index}`, metric.title, metric, metric.stat)),
    ...(settings.requests === undefined ? [] : [query('requests', 'Requests', settings.requests, 'Sum')]),
  ];

  const series = new Map(queries.map(({ Id = '' }) => [Id, new Map<number, number>()]));
  const status = new Map<string, string>();
  let next: string | undefined;
  do {
    const token: string | undefined = next;
    const answer = await callAws('cloudwatch:GetMetricData', (options) =>
      client.send(
        new GetMetricDataCommand({
          MetricDataQueries: queries,
          StartTime: new Date(window.fromMs),
          EndTime: new Date(window.untilMs),
          ScanBy: 'TimestampAscending',
          ...(token === undefined ? {} : { NextToken: token }),
        }),
        options,
      ),
    );
    for (const result of answer.MetricDataResults ?? []) {
      const id = result.Id ?? '';
      status.set(id, result.StatusCode ?? 'unknown');
      (result.Timestamps ?? []).forEach((timestamp, index) => {
        const value = result.Values?.[index];
        if (value !== undefined) series.get(id)?.set(timestamp.getTime(), value);
      });
    }
    next = answer.NextToken;
  } while (next !== undefined && next !== '');

  // PartialData on the way through the pages is normal; what counts is each metric's last word.
  const troubled = [...series.keys()].filter((id) => status.get(id) !== 'Complete');
  return {
    requests: series.get('requests') ?? new Map(),
    metrics: new Map(
      settings.metrics.map((metric, index) => [metric.id, series.get(`m${index}`) ?? new Map()]),
    ),
    trouble:
      troubled.length === 0
        ? null
        : `CloudWatch could not answer in full: ${troubled
            .map((id) => `${titles.get(id) ?? id} (${status.get(id) ?? 'absent'})`)
            .join(', ')}.`,
  };
}

const spellWindow = ({ fromMs, untilMs }: Window): string =>
  `${spellMinute(fromMs)}–${spellMinute(untilMs)} UTC`;

/** "7.9 %", "312 ms", "0.42". */
function spell(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const text = Number(value.toFixed(digits)).toString();
  return unit === '' ? text : `${text} ${unit}`;
}
