import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createAwsChecks } from '../../../src/aws/checks/index.ts';
import { createFetchPage } from '../../../src/aws/checks/page.ts';
import type { CheckContext } from '../../../src/flows/ports.ts';
import type { CheckSpec } from '../../../src/flows/promotion/plan.ts';
import { siteDistributionId } from '../../../workspace/aws/cloudfront/seed.ts';
import { scriptedServer } from '../scripted-server.ts';
import { clientsFor, createSiteWorld, type SiteWorld, startMs } from '../site-world.ts';

const minutes = (count: number) => count * 60_000;
const release = (version: string) => ({ version, commit: null, artifact: version });
const context = (about: Partial<CheckContext>): CheckContext => ({
  promotionId: '01JTEST',
  digest: null,
  definition: {
    repository: null,
    target: { kind: 'none', settings: {} },
    gates: [],
    checks: [],
    readings: [],
  },
  expected: release('v1.1.0'),
  previous: release('v1.0.0'),
  changedAtMs: null,
  judgedUntilMs: null,
  nowMs: startMs,
  ...about,
});
const spec = (kind: string, settings: CheckSpec['settings']): CheckSpec => ({
  id: 'c1',
  kind,
  title: 'A check',
  essential: true,
  settings,
});
const runAt = (url: string, check: CheckSpec, about: Partial<CheckContext>) =>
  createAwsChecks({ clients: clientsFor(url), fetchPage: createFetchPage() }).run(check, context(about));
const run = (world: SiteWorld, check: CheckSpec, about: Partial<CheckContext> = {}) =>
  createAwsChecks({ clients: world.clients, fetchPage: createFetchPage() }).run(
    check,
    context({ nowMs: world.clock.nowMs(), ...about }),
  );
const json = (response: ServerResponse, body: unknown) =>
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));

const alarms = (more: CheckSpec['settings'] = {}) =>
  spec('cloudwatch-alarms', { names: ['site-5xx', 'site-unhealthy'], ...more });

describe('alarms', () => {
  it('ALL-9 pass when all named ones are quiet, composite ones included', async () => {
    await using world = await createSiteWorld();
    for (const name of ['site-5xx', 'site-unhealthy']) world.aws.control.setAlarm({ name, state: 'OK' });
    expect(await run(world, alarms())).toMatchObject({
      outcome: 'passed',
      text: 'All 2 alarms are quiet.',
      urgent: false,
    });
  });

  it('ALL-9 one in ALARM since the change is urgent', async () => {
    await using world = await createSiteWorld();
    const changedAtMs = world.clock.nowMs();
    await world.seconds(30);
    world.aws.control.setAlarm({ name: 'site-unhealthy', state: 'ALARM' });
    expect(await run(world, alarms(), { changedAtMs })).toMatchObject({
      outcome: 'failed',
      urgent: true,
      text: expect.stringMatching(/^Alarm site-unhealthy is in ALARM since 04:00:30 UTC: /),
      link: expect.stringContaining('alarm/site-unhealthy'),
    });
  });

  it('ALL-13 one that was in ALARM before the change fails without being blamed on it', async () => {
    await using world = await createSiteWorld();
    world.aws.control.setAlarm({ name: 'site-5xx', state: 'ALARM' });
    world.aws.control.setAlarm({ name: 'site-unhealthy', state: 'OK' });
    const before = await run(world, alarms(), { changedAtMs: null });
    expect(before.text).toContain('site-5xx is in ALARM since 04:00:00 UTC');
    await world.seconds(60);
    expect(await run(world, alarms(), { changedAtMs: world.clock.nowMs() })).toMatchObject({
      outcome: 'failed',
      urgent: false,
      text: before.text,
    });
  });

  it('ALL-13 one that is not there is a mistake in the configuration, not a quiet one', async () => {
    await using world = await createSiteWorld();
    await expect(run(world, alarms({ names: ['site-5xx', 'site-5xy'] }))).rejects.toMatchObject({
      name: 'MisconfiguredError',
      code: 'check.alarm-missing',
      message: 'CloudWatch has no alarm named site-5xy in us-east-1.',
    });
  });

  it('ALL-13 of several each has a sign of its own, by which it is known again as long as it rings', async () => {
    await using world = await createSiteWorld();
    const signs = async () => (await run(world, alarms(), { changedAtMs: 1 })).signs;
    world.aws.control.setAlarm({ name: 'site-5xx', state: 'ALARM' });
    world.aws.control.setAlarm({ name: 'site-unhealthy', state: 'OK' });
    const [first] = (await signs()) ?? [];
    await world.seconds(60);
    expect(await signs()).toEqual([first]);

    world.aws.control.setAlarm({ name: 'site-unhealthy', state: 'ALARM' });
    expect(await signs()).toEqual([first, expect.stringMatching(/^[0-9a-f]{12}@\d+$/)]);

    world.aws.control.setAlarm({ name: 'site-5xx', state: 'OK' });
    await world.seconds(60);
    world.aws.control.setAlarm({ name: 'site-5xx', state: 'ALARM' });
    const [again] = (await signs()) ?? [];
    expect(again).not.toBe(first);
    expect(again?.split('@')[0]).toBe(first?.split('@')[0]);
  });

  it('ALL-9 one that is not there does not hide another one that fires, and is told beside it', async () => {
    await using world = await createSiteWorld();
    world.aws.control.setAlarm({ name: 'site-5xx', state: 'ALARM' });
    expect(await run(world, alarms({ names: ['site-5xx', 'site-5xy'] }), { changedAtMs: 1 })).toMatchObject({
      outcome: 'failed',
      urgent: true,
      text: expect.stringMatching(
        /^Alarm site-5xx is in ALARM.* CloudWatch has no alarm named site-5xy in us-east-1\.$/,
      ),
    });
  });

  it('ALL-13 too little data is neutral unless asked otherwise', async () => {
    await using world = await createSiteWorld();
    world.aws.control.setAlarm({ name: 'site-5xx', state: 'INSUFFICIENT_DATA' });
    world.aws.control.setAlarm({ name: 'site-unhealthy', state: 'OK' });
    expect(await run(world, alarms())).toMatchObject({
      outcome: 'passed',
      text: 'All 2 alarms are quiet, site-5xx for lack of data.',
    });
    expect(await run(world, alarms({ insufficientData: 'inconclusive' }))).toMatchObject({
      outcome: 'inconclusive',
      text: 'Alarm site-5xx is in INSUFFICIENT_DATA.',
    });
  });

  it.each(['EVALUATION_ERROR', 'EVALUATION_FAILURE', 'PARTIAL_DATA'])(
    'ALL-13 one that CloudWatch cannot evaluate (%s) is inconclusive, even while it says OK',
    async (EvaluationState) => {
      await using server = await scriptedServer((response) =>
        json(response, { MetricAlarms: [{ AlarmName: 'a', StateValue: 'OK', EvaluationState }] }),
      );
      expect(await runAt(server.url, alarms({ names: ['a'] }), {})).toMatchObject({
        outcome: 'inconclusive',
        text: `Alarm a is not evaluated properly (${EvaluationState}).`,
      });
    },
  );

  it('reads every page and asks for every type', async () => {
    await using server = await scriptedServer((response, { body }) =>
      json(
        response,
        body.includes('NextToken')
          ? { CompositeAlarms: [{ AlarmName: 'b', StateValue: 'ALARM', StateReason: 'x'.repeat(900) }] }
          : { MetricAlarms: [{ AlarmName: 'a', StateValue: 'OK' }], NextToken: 'more' },
      ),
    );
    const result = await runAt(server.url, alarms({ names: ['a', 'b'] }), { changedAtMs: 1 });
    expect(result).toMatchObject({ outcome: 'failed', urgent: true });
    expect(result.text.length).toBeLessThan(400);
    expect(server.requests.map(({ body }) => JSON.parse(body))).toMatchObject([
      { AlarmNames: ['a', 'b'], AlarmTypes: ['MetricAlarm', 'CompositeAlarm', 'LogAlarm'] },
      { NextToken: 'more' },
    ]);
  });

  it('ALL-16 could not look while CloudWatch throttles', async () => {
    await using world = await createSiteWorld();
    world.aws.control.throttle({ service: 'cloudwatch' });
    await expect(run(world, alarms())).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'aws.throttled',
    });
  });
});

const dimensions = { DistributionId: siteDistributionId, Region: 'Global' };
const traffic = { namespace: 'AWS/CloudFront', metric: 'Requests', dimensions };
const rate5xx = {
  id: 'rate-5xx',
  title: '5xx rate',
  namespace: 'AWS/CloudFront',
  metric: '5xxErrorRate',
  dimensions,
  stat: 'Average',
  unit: '%',
  limit: { above: 1 },
};
const metrics = (more: CheckSpec['settings'] = {}) =>
  spec('cloudwatch-metrics', { metrics: [rate5xx], requests: traffic, ...more });

describe('metrics of the example site', () => {
  it('SITE-7 ALL-13 are pending until the first complete minute is known', async () => {
    await using world = await createSiteWorld();
    const changedAtMs = startMs + 30_000;
    for (const [second, outcome] of [
      [30, 'pending'],
      [419, 'pending'],
      [420, 'passed'],
    ] as const) {
      const nowMs = startMs + second * 1000;
      await world.clock.advance(nowMs - world.clock.nowMs());
      expect(await run(world, metrics(), { changedAtMs }), String(second)).toMatchObject({ outcome });
    }
    expect(await run(world, metrics(), { changedAtMs })).toMatchObject({
      text: '5xx rate 0 % in 04:01–04:02 UTC, limit 1 %.',
      judged: expect.objectContaining({ untilMs: startMs + minutes(2) }),
    });
    const early = await run(world, metrics(), { changedAtMs, nowMs: startMs + 60_000 });
    expect(early.text).toBe(
      'The first complete minute since the change begins at 04:01 UTC and is known from 04:07 UTC on.',
    );
    expect(early.judged).toBeUndefined();
  });

  it('ALL-7 fail when a release breaks the site under load', async () => {
    await using world = await createSiteWorld({ versions: { blue: 'v1.0.0', green: 'v1.5.0' } });
    await world.seconds(60);
    const changedAtMs = world.clock.nowMs();
    world.aws.control.editByHand({ what: 'origin-path', value: '/green' });
    await world.seconds(900);
    const result = await run(world, metrics(), { changedAtMs });
    expect(result).toMatchObject({
      outcome: 'failed',
      urgent: false,
      judged: { fromMs: startMs + minutes(6), untilMs: startMs + minutes(11) },
    });
    expect(result.text).toMatch(/^5xx rate \d(\.\d+)? % in 04:06–04:11 UTC, limit 1 %\.$/);
  });

  it('ALL-13 leave out no minute since they were judged last, an hour at most, and never one before the change', async () => {
    await using world = await createSiteWorld();
    const changedAtMs = world.clock.nowMs();
    await world.seconds(5_400);
    const judgedFrom = async (judgedUntilMs: number | null, changedMs = changedAtMs) =>
      ((await run(world, metrics(), { changedAtMs: changedMs, judgedUntilMs })).judged?.fromMs ??
        Number.NaN) - startMs;

    expect(await judgedFrom(null)).toBe(minutes(80));
    expect(await judgedFrom(startMs + minutes(84))).toBe(minutes(80));
    expect(await judgedFrom(startMs + minutes(60))).toBe(minutes(60));
    expect(await judgedFrom(startMs + minutes(10))).toBe(minutes(25));
    expect(await judgedFrom(startMs + minutes(10), startMs + minutes(50))).toBe(minutes(50));
  });

  it('ALL-13 take the last minutes before the change as a baseline', async () => {
    await using world = await createSiteWorld();
    await world.seconds(900);
    expect(await run(world, metrics())).toMatchObject({
      outcome: 'passed',
      text: '5xx rate 0 % in 04:05–04:10 UTC, limit 1 %.',
    });
  });

  it('ALL-13 that go missing are inconclusive, and before that do not claim to be known', async () => {
    await using world = await createSiteWorld();
    const changedAtMs = startMs;
    await world.seconds(300);
    world.aws.control.dropMetrics(true);
    await world.seconds(420);
    // 04:02 to 04:07 would be judged by now; only up to 04:05 anything was published.
    expect(await run(world, metrics(), { changedAtMs })).toMatchObject({
      outcome: 'passed',
      text: '5xx rate 0 % in 04:02–04:05 UTC, limit 1 %.',
      judged: expect.objectContaining({ untilMs: startMs + minutes(5) }),
    });
    await world.seconds(300);
    expect(await run(world, metrics(), { changedAtMs })).toMatchObject({
      outcome: 'inconclusive',
      text: 'CloudWatch has no request counts for 04:07–04:12 UTC.',
    });
  });

  it.each(['PartialData', 'InternalError', 'Forbidden'] as const)(
    'ALL-13 answered with %s are inconclusive',
    async (status) => {
      await using world = await createSiteWorld();
      await world.seconds(900);
      world.aws.control.setMetricStatus(status);
      expect(await run(world, metrics(), { changedAtMs: startMs })).toMatchObject({
        outcome: 'inconclusive',
        text: `CloudWatch could not answer in full: 5xx rate (${status}), Requests (${status}).`,
      });
    },
  );

  it('ALL-13 of too few requests are inconclusive', async () => {
    await using world = await createSiteWorld();
    await world.seconds(900);
    const result = await run(world, metrics({ minRequests: 5000 }), { changedAtMs: startMs });
    expect(result).toMatchObject({
      outcome: 'inconclusive',
      text: 'Only 400 requests in 04:00–04:10 UTC, 5000 are needed to judge.',
    });
  });

  it('ALL-16 could not be looked at while CloudWatch is down', async () => {
    await using world = await createSiteWorld();
    world.aws.control.down({ service: 'cloudwatch', forSeconds: 60 });
    await expect(run(world, metrics())).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'aws.unavailable',
    });
  });
});

type Minutes = readonly (number | null)[];

/** CloudWatch with exactly these values, one for each minute from `startMs` on; null was not published. */
async function judged(
  check: CheckSpec,
  series: Readonly<Record<string, Minutes>>,
  about: Partial<CheckContext> = {},
) {
  await using server = await scriptedServer((response, { body }) => {
    const asked = JSON.parse(body) as {
      StartTime: number;
      EndTime: number;
      MetricDataQueries: { Id: string; MetricStat: { Metric: { MetricName: string } } }[];
    };
    json(response, {
      MetricDataResults: asked.MetricDataQueries.map(({ Id, MetricStat }) => {
        const points = (series[MetricStat.Metric.MetricName] ?? []).flatMap((value, index) => {
          const at = startMs / 1000 + index * 60;
          return value === null || at < asked.StartTime || at >= asked.EndTime ? [] : [{ at, value }];
        });
        return {
          Id,
          StatusCode: 'Complete',
          Timestamps: points.map(({ at }) => at),
          Values: points.map(({ value }) => value),
        };
      }),
    });
  });
  return await runAt(server.url, check, { changedAtMs: startMs, nowMs: startMs + minutes(10), ...about });
}

describe('what metrics say together', () => {
  const settings = { lagSeconds: 300 };

  it('a rate over a window is all failures over all requests, not the mean of the minutes', async () => {
    const result = await judged(metrics(settings), {
      Requests: [1000, 10, 1000, 1000, 1000],
      '5xxErrorRate': [0, 50, 0, 0, 0],
    });
    // The mean of the minutes would be 10 %.
    expect(result).toMatchObject({
      outcome: 'passed',
      text: '5xx rate 0.12 % in 04:00–04:05 UTC, limit 1 %.',
    });
  });

  it('a counter published only when it is not zero counts as zero where there were requests', async () => {
    const errors = { ...rate5xx, title: 'error rate', metric: 'Errors', stat: 'Sum', per: 'requests' };
    const check = metrics({ ...settings, metrics: [errors] });
    const requests = [100, 100, 100, 100, 100];
    expect(await judged(check, { Requests: requests })).toMatchObject({
      outcome: 'passed',
      text: 'error rate 0 % (no data point, counted as none) in 04:00–04:05 UTC, limit 1 %.',
    });
    expect(await judged(check, { Requests: requests, Errors: [null, 0, null, null, null] })).toMatchObject({
      outcome: 'passed',
      text: 'error rate 0 % in 04:00–04:05 UTC, limit 1 %.',
    });
    expect(await judged(check, { Requests: requests, Errors: [null, 30, null, 10, null] })).toMatchObject({
      outcome: 'failed',
      text: 'error rate 8 % in 04:00–04:05 UTC, limit 1 %.',
    });
  });

  it('ALL-13 a rate that is missing in a minute with requests is inconclusive', async () => {
    const result = await judged(metrics(settings), {
      Requests: [100, 100, 100, 100, 100],
      '5xxErrorRate': [0, 0, 0, null, 0],
    });
    expect(result).toMatchObject({
      outcome: 'inconclusive',
      text: '5xx rate is missing for some or all of 04:00–04:05 UTC.',
    });
  });

  it('a minute without requests needs no rate', async () => {
    const result = await judged(metrics(settings), {
      Requests: [100, null, null, null, 100],
      '5xxErrorRate': [0, null, null, null, 0],
    });
    expect(result).toMatchObject({ outcome: 'passed' });
  });

  it('the window grows towards the change until it holds enough requests', async () => {
    const check = metrics({ ...settings, windowMinutes: 2, minRequests: 20 });
    const series = { Requests: [9, 9, 9, 9, 9], '5xxErrorRate': [0, 0, 0, 0, 0] };
    expect(await judged(check, series)).toMatchObject({
      outcome: 'passed',
      text: expect.stringContaining('04:02–04:05'),
    });
    expect(await judged(check, series, { changedAtMs: startMs + minutes(2) + 1 })).toMatchObject({
      outcome: 'inconclusive',
      text: 'Only 18 requests in 04:03–04:05 UTC, 20 are needed to judge.',
    });
  });

  it('the minute in which the change fell is not judged', async () => {
    const result = await judged(
      metrics(settings),
      { Requests: [100, 100, 100, 100, 100], '5xxErrorRate': [100, 100, 0, 0, 0] },
      { changedAtMs: startMs + 90_000 },
    );
    expect(result).toMatchObject({ outcome: 'passed', text: expect.stringContaining('04:02–04:05') });
  });

  it('of anything but an average the worst minute counts', async () => {
    const latency = {
      ...rate5xx,
      title: 'p99 latency',
      metric: 'Latency',
      stat: 'p99',
      unit: 'ms',
      limit: { above: 1000 },
    };
    const busy = {
      ...rate5xx,
      id: 'busy',
      title: 'Requests',
      metric: 'Requests',
      stat: 'Sum',
      unit: '',
      limit: { below: 50 },
    };
    const result = await judged(metrics({ ...settings, metrics: [latency, busy] }), {
      Requests: [100, 100, 40, 100, 100],
      Latency: [200, 1700, 200, 200, 200],
    });
    expect(result).toMatchObject({
      outcome: 'failed',
      text: 'p99 latency 1700 ms in 04:00–04:05 UTC, limit 1000 ms; Requests 40 in 04:00–04:05 UTC, at least 50.',
    });
  });

  it('ALL-13 traffic that must not fall below a limit is not normal in a minute without any', async () => {
    const busy = {
      ...rate5xx,
      title: 'Requests',
      metric: 'Requests',
      stat: 'Sum',
      unit: '',
      limit: { below: 50 },
    };
    const result = await judged(metrics({ ...settings, metrics: [busy] }), {
      Requests: [100, null, 100, 100, 100],
    });
    expect(result.outcome).toBe('inconclusive');
  });

  it('reaching the limit does not fail, exceeding it does', async () => {
    const series = (rate: number) => ({ Requests: [100], '5xxErrorRate': [rate] });
    const at = { nowMs: startMs + minutes(6) };
    expect(await judged(metrics(settings), series(1), at)).toMatchObject({ outcome: 'passed' });
    expect(await judged(metrics(settings), series(1.01), at)).toMatchObject({ outcome: 'failed' });
  });

  it('ALL-13 without a request count every minute must be there', async () => {
    const check = spec('cloudwatch-metrics', { metrics: [rate5xx] });
    expect(await judged(check, { '5xxErrorRate': [0, 0, 0, 0, 0] })).toMatchObject({ outcome: 'passed' });
    expect(await judged(check, { '5xxErrorRate': [0, 0, 0, 0, null] })).toMatchObject({
      outcome: 'inconclusive',
    });
    expect(await judged(check, {})).toMatchObject({ outcome: 'inconclusive' });
  });

  it('reads every page; a part on the way is not a part in the end', async () => {
    await using server = await scriptedServer((response, { body }) => {
      const more = body.includes('NextToken');
      const at = startMs / 1000 + (more ? 60 : 0);
      json(response, {
        MetricDataResults: ['m0', 'requests'].map((Id) => ({
          Id,
          StatusCode: more ? 'Complete' : 'PartialData',
          Timestamps: [at],
          Values: [Id === 'm0' ? 0 : 50],
        })),
        ...(more ? {} : { NextToken: 'more' }),
      });
    });
    const result = await runAt(server.url, metrics(), { changedAtMs: startMs, nowMs: startMs + minutes(7) });
    expect(result).toMatchObject({
      outcome: 'passed',
      judged: expect.objectContaining({ untilMs: startMs + minutes(2) }),
    });
    expect(server.requests).toHaveLength(2);
  });

  it.each([
    [
      'a share without a request count',
      { metrics: [{ ...rate5xx, stat: 'Sum', per: 'requests' }], requests: null },
    ],
    ['a share of an average', { metrics: [{ ...rate5xx, per: 'requests' }] }],
    ['two metrics under one id', { metrics: [rate5xx, rate5xx] }],
    ['both limits at once', { metrics: [{ ...rate5xx, limit: { above: 1, below: 0 } }] }],
  ])('is a matter of configuration: %s', async (_what, more) => {
    const settings = Object.fromEntries(
      Object.entries({ requests: traffic, ...more }).filter(([, value]) => value !== null),
    ) as CheckSpec['settings'];
    await expect(runAt('http://127.0.0.1:9', spec('cloudwatch-metrics', settings), {})).rejects.toMatchObject(
      {
        code: 'check.settings-invalid',
      },
    );
  });
});
