import {
  DescribeAlarmHistoryCommand,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  PutMetricDataCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { createAwsChecks } from '../../../src/aws/checks/index.ts';
import { createFetchPage } from '../../../src/aws/checks/page.ts';
import type { CheckContext } from '../../../src/flows/ports.ts';
import { expectAnswer, refusalOf } from './answers.ts';
import { type Cloud, cloudNames, openCloud, region } from './clouds.ts';

const noHistory = {
  name: 'alarms have no history and no composites',
  reason:
    'CloudWatch has DescribeAlarmHistory and PutCompositeAlarm; moto does not model them and answers an error.',
};

const noTransition = {
  name: 'an alarm does not tell since when',
  reason: 'CloudWatch answers StateTransitionedTimestamp (API reference, MetricAlarm); moto leaves it out.',
};

const minuteMs = 60_000;
const release = (version: string) => ({ version, commit: null, artifact: version });

const check = ({ world }: Cloud, kind: string, settings: object, about: Partial<CheckContext> = {}) =>
  createAwsChecks({ clients: world.clients, fetchPage: createFetchPage() }).run(
    { id: 'c1', kind, title: 'A check', essential: true, settings: JSON.parse(JSON.stringify(settings)) },
    {
      promotionId: '01JTEST',
      digest: null,
      definition: world.definition,
      expected: release('v1.1.0'),
      previous: release('v1.0.0'),
      changedAtMs: null,
      judgedUntilMs: null,
      nowMs: world.clock.nowMs(),
      ...about,
    },
  );

const putAlarm = ({ world }: Cloud, AlarmName: string) =>
  world.clients.cloudWatch(region).send(
    new PutMetricAlarmCommand({
      AlarmName,
      Namespace: 'Judged',
      MetricName: 'Errors',
      Statistic: 'Sum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 1,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
    }),
  );

const setState = ({ world }: Cloud, AlarmName: string, StateValue: 'OK' | 'ALARM' | 'INSUFFICIENT_DATA') =>
  world.clients
    .cloudWatch(region)
    .send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: 'set by a judge' }));

/** One value a minute, in the last ten whole minutes. */
async function publish({ world }: Cloud, MetricName: string, value: number) {
  const lastMs = Math.floor(world.clock.nowMs() / minuteMs) * minuteMs;
  await world.clients.cloudWatch(region).send(
    new PutMetricDataCommand({
      Namespace: 'Judged',
      MetricData: Array.from({ length: 10 }, (_, nth) => ({
        MetricName,
        Value: value,
        Timestamp: new Date(lastMs - (10 - nth) * minuteMs),
      })),
    }),
  );
}

const limits = {
  lagSeconds: 0,
  metrics: [
    {
      id: 'errors',
      title: 'Errors',
      namespace: 'Judged',
      metric: 'Errors',
      stat: 'Sum',
      unit: '%',
      per: 'requests',
      limit: { above: 1 },
    },
  ],
  requests: { namespace: 'Judged', metric: 'Requests' },
};

describe.each(cloudNames)('CloudWatch’s alarms on %s', (name) => {
  it('are quiet', async () => {
    await using cloud = await openCloud(name);
    await putAlarm(cloud, 'one');
    await putAlarm(cloud, 'two');
    await setState(cloud, 'one', 'OK');
    await setState(cloud, 'two', 'OK');

    expect(await check(cloud, 'cloudwatch-alarms', { names: ['one', 'two'] })).toMatchObject({
      outcome: 'passed',
      text: 'All 2 alarms are quiet.',
    });
  });

  it('one in ALARM since the change is urgent, with its reason', async ({ task }) => {
    await using cloud = await openCloud(name);
    await putAlarm(cloud, 'one');
    await setState(cloud, 'one', 'ALARM');
    const changedAtMs = cloud.world.clock.nowMs() - minuteMs;

    const { outcome, urgent, text } = await check(
      cloud,
      'cloudwatch-alarms',
      { names: ['one'] },
      { changedAtMs },
    );

    expect({ outcome, urgent }).toEqual({ outcome: 'failed', urgent: true });
    expectAnswer(
      { name, task },
      text.replace(/[\d:]+ UTC/, 'THEN'),
      'Alarm one is in ALARM since THEN: set by a judge',
      { ...noTransition, instead: 'Alarm one is in ALARM: set by a judge' },
    );
  });

  it('one that has too little data is neutral, or it is not', async () => {
    await using cloud = await openCloud(name);
    await putAlarm(cloud, 'one');
    await setState(cloud, 'one', 'INSUFFICIENT_DATA');
    const outcome = async (settings: object) =>
      (await check(cloud, 'cloudwatch-alarms', { names: ['one'], ...settings })).outcome;

    expect(await outcome({})).toBe('passed');
    expect(await outcome({ insufficientData: 'inconclusive' })).toBe('inconclusive');
  });

  it('one that is not there is a fault of the configuration, not quiet', async () => {
    await using cloud = await openCloud(name);
    await putAlarm(cloud, 'one');
    const asked = check(cloud, 'cloudwatch-alarms', { names: ['one', 'gone'] });

    expect(await refusalOf(asked)).toBe('check.alarm-missing');
  });

  it('that are to be set must be there', async () => {
    await using cloud = await openCloud(name);

    expect(await refusalOf(setState(cloud, 'gone', 'OK'))).toBe('ResourceNotFound');
  });

  it('composites and histories are known', async ({ task }) => {
    await using cloud = await openCloud(name);
    await putAlarm(cloud, 'one');
    await setState(cloud, 'one', 'ALARM');
    const client = cloud.world.clients.cloudWatch(region);
    const history = await client
      .send(new DescribeAlarmHistoryCommand({ AlarmName: 'one', HistoryItemType: 'StateUpdate' }))
      .then(({ AlarmHistoryItems: items = [] }) => items.map(({ AlarmName }) => AlarmName))
      .catch(() => 'refused');
    const no = await refusalOf(
      client.send(new PutCompositeAlarmCommand({ AlarmName: 'both', AlarmRule: 'ALARM("one")' })),
    );
    const told = { history, composite: no === undefined ? 'made' : 'refused' };

    expectAnswer(
      { name, task },
      told,
      { history: ['one'], composite: 'made' },
      {
        ...noHistory,
        instead: { history: 'refused', composite: 'refused' },
      },
    );
  });
});

describe.each(cloudNames)('CloudWatch’s metrics on %s', (name) => {
  it('within their limits pass, as a share of the requests', async () => {
    await using cloud = await openCloud(name);
    await publish(cloud, 'Requests', 200);
    await publish(cloud, 'Errors', 1);

    expect(await check(cloud, 'cloudwatch-metrics', limits)).toMatchObject({
      outcome: 'passed',
      text: expect.stringContaining('0.5 %'),
    });
  });

  it('over them fail', async () => {
    await using cloud = await openCloud(name);
    await publish(cloud, 'Requests', 200);
    await publish(cloud, 'Errors', 40);

    expect(await check(cloud, 'cloudwatch-metrics', limits)).toMatchObject({
      outcome: 'failed',
      text: expect.stringContaining('20 %'),
    });
  });

  it('that nobody published are an empty answer, never a zero', async () => {
    await using cloud = await openCloud(name);
    const { requests: _requests, ...alone } = limits;
    const [metric] = limits.metrics;
    const { per: _per, ...plain } = metric ?? {};

    expect(await check(cloud, 'cloudwatch-metrics', limits)).toMatchObject({ outcome: 'inconclusive' });
    expect(await check(cloud, 'cloudwatch-metrics', { ...alone, metrics: [plain] })).toMatchObject({
      outcome: 'inconclusive',
    });
  });
});
