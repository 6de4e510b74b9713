import {
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { siteDistributionId } from '../../../../workspace/aws/cloudfront/seed.ts';
import { openAccount, startMs } from '../account.ts';

type Account = Awaited<ReturnType<typeof openAccount>>;

const siteDimensions = [
  { Name: 'DistributionId', Value: siteDistributionId },
  { Name: 'Region', Value: 'Global' },
];

const query = (
  Id: string,
  MetricName: string,
  Stat: string,
  more: { Namespace?: string; Period?: number } = {},
) => ({
  Id,
  MetricStat: {
    Metric: {
      Namespace: more.Namespace ?? 'AWS/CloudFront',
      MetricName,
      Dimensions: more.Namespace === undefined ? siteDimensions : [],
    },
    Period: more.Period ?? 60,
    Stat,
  },
});

const read = async (
  account: Account,
  fromMs: number,
  toMs: number,
  ...queries: ReturnType<typeof query>[]
) => {
  const { MetricDataResults = [] } = await account.cloudWatch.send(
    new GetMetricDataCommand({
      StartTime: new Date(fromMs),
      EndTime: new Date(toMs),
      MetricDataQueries: queries,
    }),
  );
  return MetricDataResults;
};

const alarm = (AlarmName: string, more: Record<string, unknown> = {}) =>
  new PutMetricAlarmCommand({
    AlarmName,
    Namespace: 'Test',
    MetricName: 'Errors',
    Statistic: 'Sum',
    Period: 60,
    EvaluationPeriods: 1,
    Threshold: 10,
    ComparisonOperator: 'GreaterThanThreshold',
    ...more,
  });

const put = (account: Account, Value: number) =>
  account.cloudWatch.send(
    new PutMetricDataCommand({
      Namespace: 'Test',
      MetricData: [{ MetricName: 'Errors', Value, Timestamp: new Date(account.clock.nowMs()) }],
    }),
  );

const states = async (account: Account) => {
  const { MetricAlarms = [], CompositeAlarms = [] } = await account.cloudWatch.send(
    new DescribeAlarmsCommand({ AlarmTypes: ['MetricAlarm', 'CompositeAlarm'] }),
  );
  return Object.fromEntries(
    [...MetricAlarms, ...CompositeAlarms].map((each) => [each.AlarmName, each.StateValue]),
  );
};

describe('metrics', () => {
  it('count what the edges really served, minute by minute', async () => {
    const account = await openAccount();
    for (let index = 0; index < 10; index += 1) await account.visit(`/nothing-${index}`);
    await account.advance(180);

    const [requests, rate4xx, rate5xx, total] = await read(
      account,
      startMs - 60_000,
      startMs + 120_000,
      query('requests', 'Requests', 'Sum'),
      query('rate4', '4xxErrorRate', 'Average'),
      query('rate5', '5xxErrorRate', 'Average'),
      query('total', 'TotalErrorRate', 'Average'),
    );

    expect(requests?.StatusCode).toBe('Complete');
    expect(requests?.Timestamps?.map(Number)).toEqual([startMs + 60_000, startMs, startMs - 60_000]);
    expect(requests?.Values).toEqual([40, 50, 40]);
    expect(rate4xx?.Values).toEqual([0, 20, 0]);
    expect(rate5xx?.Values).toEqual([0, 0, 0]);
    expect(total?.Values).toEqual([0, 20, 0]);
  });

  it('are published a minute after their minute', async () => {
    const account = await openAccount();
    const minute = () => read(account, startMs, startMs + 60_000, query('r', 'Requests', 'Sum'));
    await account.advance(119);
    expect((await minute())[0]?.Values).toEqual([]);
    await account.advance(1);
    expect((await minute())[0]?.Values).toEqual([40]);
  });

  it('are summed over longer periods, and rates are averaged by requests', async () => {
    const account = await openAccount();
    for (let index = 0; index < 40; index += 1) await account.visit(`/nothing-${index}`);
    await account.advance(420);
    const [requests, rate] = await read(
      account,
      startMs,
      startMs + 300_000,
      query('r', 'Requests', 'Sum', { Period: 300 }),
      query('e', '4xxErrorRate', 'Average', { Period: 300 }),
    );
    expect(requests?.Values).toEqual([240]);
    expect(rate?.Values?.[0]).toBeCloseTo((100 * 40) / 240, 6);
  });

  it('nobody knows have no values, and that is not an error', async () => {
    const account = await openAccount();
    const [unknown] = await read(account, startMs - 600_000, startMs, query('x', 'Nonsense', 'Sum'));
    expect(unknown).toMatchObject({ StatusCode: 'Complete', Values: [], Timestamps: [] });
  });

  it('can stop being published, and can come incomplete or not at all', async () => {
    const account = await openAccount();
    account.control.dropMetrics(true);
    await account.advance(300);
    const requests = () => read(account, startMs - 240_000, startMs + 240_000, query('r', 'Requests', 'Sum'));
    expect((await requests())[0]?.Values).toEqual([40, 40, 40, 40]);
    account.control.setMetricStatus('PartialData');
    expect((await requests())[0]).toMatchObject({ StatusCode: 'PartialData', Values: [40, 40] });
    account.control.setMetricStatus('InternalError');
    expect((await requests())[0]).toMatchObject({ StatusCode: 'InternalError', Values: [] });
  });

  it('of our own are there at once', async () => {
    const account = await openAccount();
    await put(account, 3);
    await put(account, 4);
    const [sum, average] = await read(
      account,
      startMs,
      startMs + 60_000,
      query('s', 'Errors', 'Sum', { Namespace: 'Test' }),
      query('a', 'Errors', 'Average', { Namespace: 'Test' }),
    );
    expect([sum?.Values, average?.Values]).toEqual([[7], [3.5]]);
    await expect(
      account.cloudWatch.send(
        new PutMetricDataCommand({ Namespace: 'AWS/X', MetricData: [{ MetricName: 'a', Value: 1 }] }),
      ),
    ).rejects.toMatchObject({ name: expect.stringMatching(/^InvalidParameterValue/) });
  });

  it('refuse a time range that is none, an id twice, and metric math', async () => {
    const account = await openAccount();
    // What the SDK makes of the wire's ValidationError.
    const validation = { name: 'ValidationException' };
    await expect(read(account, startMs, startMs, query('r', 'Requests', 'Sum'))).rejects.toMatchObject(
      validation,
    );
    await expect(
      read(account, startMs - 60_000, startMs, query('r', 'Requests', 'Sum'), query('r', 'Requests', 'Sum')),
    ).rejects.toMatchObject(validation);
    await expect(
      account.cloudWatch.send(
        new GetMetricDataCommand({
          StartTime: new Date(startMs - 60_000),
          EndTime: new Date(startMs),
          MetricDataQueries: [{ Id: 'e', Expression: 'a*2' }],
        }),
      ),
    ).rejects.toMatchObject(validation);
  });
});

describe('alarms', () => {
  it('are only metric alarms unless asked otherwise, and names that are not there are left out', async () => {
    const { cloudWatch } = await openAccount();
    const some = await cloudWatch.send(
      new DescribeAlarmsCommand({ AlarmNames: ['site-5xx', 'site-unhealthy', 'site-nothing'] }),
    );
    expect(some.MetricAlarms?.map((each) => [each.AlarmName, each.StateValue])).toEqual([['site-5xx', 'OK']]);
    expect(some.CompositeAlarms).toEqual([]);
    expect(some.MetricAlarms?.[0]).toMatchObject({
      Threshold: 1,
      StateTransitionedTimestamp: expect.any(Date),
      StateUpdatedTimestamp: expect.any(Date),
    });

    const { CompositeAlarms } = await cloudWatch.send(
      new DescribeAlarmsCommand({ AlarmTypes: ['MetricAlarm', 'CompositeAlarm', 'LogAlarm'] }),
    );
    expect(CompositeAlarms?.[0]).toMatchObject({
      AlarmName: 'site-unhealthy',
      StateValue: 'OK',
      AlarmRule: 'ALARM("site-5xx") OR ALARM("site-origin-latency")',
    });
  });

  it('come in pages', async () => {
    const { cloudWatch } = await openAccount();
    const first = await cloudWatch.send(new DescribeAlarmsCommand({ MaxRecords: 1 }));
    const second = await cloudWatch.send(
      new DescribeAlarmsCommand({ MaxRecords: 1, NextToken: first.NextToken }),
    );
    expect([first.MetricAlarms?.[0]?.AlarmName, second.MetricAlarms?.[0]?.AlarmName]).toEqual([
      'site-5xx',
      'site-origin-latency',
    ]);
    expect(second.NextToken).toBeUndefined();
  });

  it('follow their metric, with the time of the change, and leave a history', async () => {
    const account = await openAccount();
    await account.cloudWatch.send(alarm('errors'));
    expect((await states(account))['errors']).toBe('INSUFFICIENT_DATA');
    await put(account, 3);
    await account.advance(60);
    expect((await states(account))['errors']).toBe('OK');
    await put(account, 11);
    await account.advance(60);
    expect((await states(account))['errors']).toBe('ALARM');

    const { MetricAlarms } = await account.cloudWatch.send(
      new DescribeAlarmsCommand({ StateValue: 'ALARM' }),
    );
    expect(MetricAlarms?.[0]).toMatchObject({
      AlarmName: 'errors',
      StateTransitionedTimestamp: new Date(startMs + 120_000),
    });
    const { AlarmHistoryItems } = await account.cloudWatch.send(
      new DescribeAlarmHistoryCommand({
        AlarmName: 'errors',
        HistoryItemType: 'StateUpdate',
        StartDate: new Date(startMs),
      }),
    );
    expect(AlarmHistoryItems?.map((item) => [Number(item.Timestamp), item.HistorySummary])).toEqual([
      [startMs + 120_000, 'Alarm updated from OK to ALARM'],
      [startMs + 60_000, 'Alarm updated from INSUFFICIENT_DATA to OK'],
    ]);
  });

  it.each([
    ['missing', 'INSUFFICIENT_DATA'],
    ['ignore', 'ALARM'],
    ['breaching', 'ALARM'],
    ['notBreaching', 'OK'],
  ])('without data, with missing data treated as %s, become %s', async (TreatMissingData, expected) => {
    const account = await openAccount();
    await account.cloudWatch.send(alarm('errors', { TreatMissingData }));
    await put(account, 11);
    await account.advance(60);
    expect((await states(account))['errors']).toBe('ALARM');
    await account.advance(600);
    expect((await states(account))['errors']).toBe(expected);
  });

  it('need as many breaching points as they ask for', async () => {
    const account = await openAccount();
    await account.cloudWatch.send(alarm('errors', { EvaluationPeriods: 3, DatapointsToAlarm: 2 }));
    for (const value of [11, 3, 3]) {
      await put(account, value);
      await account.advance(60);
    }
    expect((await states(account))['errors']).toBe('OK');
    await put(account, 12);
    await account.advance(60);
    await put(account, 12);
    await account.advance(60);
    expect((await states(account))['errors']).toBe('ALARM');
  });

  it('set by SetAlarmState fall back at the next minute; set by hand in the workspace they stay', async () => {
    const account = await openAccount();
    const set = (AlarmName: string) =>
      account.cloudWatch.send(
        new SetAlarmStateCommand({ AlarmName, StateValue: 'ALARM', StateReason: 'drill' }),
      );
    await set('site-5xx');
    expect((await states(account))['site-5xx']).toBe('ALARM');
    await account.advance(60);
    expect((await states(account))['site-5xx']).toBe('OK');
    await expect(set('nothing')).rejects.toMatchObject({ name: 'ResourceNotFound' });

    account.control.setAlarm({ name: 'site-5xx', state: 'ALARM', evaluation: 'EVALUATION_ERROR' });
    await account.advance(300);
    expect(await states(account)).toMatchObject({ 'site-5xx': 'ALARM', 'site-unhealthy': 'ALARM' });
    const { MetricAlarms } = await account.cloudWatch.send(
      new DescribeAlarmsCommand({ AlarmNames: ['site-5xx'] }),
    );
    expect(MetricAlarms?.[0]?.EvaluationState).toBe('EVALUATION_ERROR');
    account.control.setAlarm({ name: 'site-5xx', state: 'measured' });
    await account.advance(60);
    expect(await states(account)).toMatchObject({ 'site-5xx': 'OK', 'site-unhealthy': 'OK' });
  });

  it('can be combined by a rule, which must be readable', async () => {
    const account = await openAccount();
    const composite = (AlarmRule: string) =>
      account.cloudWatch.send(new PutCompositeAlarmCommand({ AlarmName: 'both', AlarmRule }));
    await composite('NOT (ALARM("site-5xx") AND ALARM(site-origin-latency)) AND TRUE');
    await account.advance(60);
    expect((await states(account))['both']).toBe('ALARM');
    await composite('ALARM("site-5xx") AND NOT OK("site-origin-latency")');
    await account.advance(60);
    expect((await states(account))['both']).toBe('OK');
    await expect(composite('ALARM("nothing")')).rejects.toMatchObject({ name: 'ValidationException' });
    await expect(composite('ALARM("site-5xx") OR')).rejects.toMatchObject({ name: 'ValidationException' });
  });
});
