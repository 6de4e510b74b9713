import { describe, expect, it } from 'vitest';
import type { QueueMessage } from '../../src/aws/queue.ts';
import { createAlarms } from '../../src/compose/alarms.ts';
import { createMetrics } from '../../src/compose/metrics.ts';
import { parseWork } from '../../src/compose/work.ts';
import { parsePipeline } from '../../src/config/load.ts';
import { RetryableError } from '../../src/flows/errors.ts';
import { fakeLog } from '../bot/fakes.ts';

const environment = (name: string, alarm: string, more = '') => `
      ${name}:
        channel: C0DEPLOYS1
        onCall: { groups: [S0ONCALL01] }
        promoters: members
        approvals: { required: 0 }${more}
        target:
          kind: cloudfront-blue-green
          distributionId: E2${name.toUpperCase()}0001
          url: https://${name}.example
          previews: { blue: https://b.example, green: https://g.example }
        gates: [{ kind: cloudwatch-alarms, names: [only-a-gate] }]
        verify: { checks: [{ kind: version-meta }, { kind: cloudwatch-alarms, id: after, names: [after-${alarm}] }] }
        watch: { readings: [{ kind: cloudwatch-alarms, names: [other, ${alarm}] }] }`;
const role = '\n        role: arn:aws:iam::222222222222:role/countersign-site';
const pipeline = parsePipeline(
  `version: 1\napps:\n  site:\n    environments:${environment('staging', 'slow')}${environment('production', 'site-5xx', role)}${environment('spare', 'site-5xx')}\n`,
  'pipeline.yml',
);

function startAlarms(holders: Readonly<Record<string, string>> = {}) {
  if (pipeline.outcome === 'invalid') throw new Error(JSON.stringify(pipeline.problems));
  const sent: QueueMessage[] = [];
  const asked: string[] = [];
  const log = fakeLog();
  const handle = createAlarms({
    catalog: pipeline.catalog,
    store: {
      async holder(key) {
        asked.push(key);
        if (holders[key] === 'away') throw new RetryableError('store.unreachable', 'away');
        return holders[key];
      },
    },
    queue: { send: async (messages) => void sent.push(...messages) },
    metrics: createMetrics(log, null, () => 0),
    log,
  });
  const figures = () => log.lines.filter(({ message }) => message === 'metrics').map(({ data }) => data);
  return { handle, asked, log, figures, sent: () => sent.map(({ body }) => parseWork(body)) };
}

const event = (alarmName: string, also: Record<string, unknown> = {}, value = 'ALARM') => ({
  version: '0',
  id: 'e1',
  source: 'aws.cloudwatch',
  'detail-type': 'CloudWatch Alarm State Change',
  account: '222222222222',
  region: 'us-east-1',
  resources: [`arn:aws:cloudwatch:us-east-1:222222222222:alarm:${alarmName}`],
  detail: { alarmName, state: { value, reason: 'Threshold Crossed' }, previousState: { value: 'OK' } },
  ...also,
});
const urgent = (promotionId: string) => ({
  does: 'look',
  promotionId,
  revision: null,
  alarmed: true,
  tries: 0,
});

describe('an alarm’s event', () => {
  it('brings a look of whoever holds an environment that watches it, one read for each', async () => {
    const { handle, asked, sent } = startAlarms({ 'site#production': 'p1', 'site#spare': 'p2' });

    await handle(event('site-5xx'));

    expect(asked).toEqual(['site#production', 'site#spare']);
    expect(sent()).toEqual([urgent('p1'), urgent('p2')]);
  });

  it('counts for what is checked after the change as well, and not for a gate', async () => {
    const { handle, asked } = startAlarms();

    await handle(event('after-slow'));
    await handle(event('only-a-gate'));

    expect(asked).toEqual(['site#staging']);
  });

  it('sends nothing where nobody is at work', async () => {
    const { handle, sent, figures } = startAlarms();

    await handle(event('slow'));

    expect(sent()).toEqual([]);
    expect(figures()).toMatchObject([{ AlarmLooks: 0 }]);
  });

  it('of another account or region is another alarm', async () => {
    const { handle, asked } = startAlarms();

    await handle(event('site-5xx', { account: '333333333333' }));
    await handle(event('site-5xx', { region: 'eu-west-1' }));

    // The environment without a role does not say in which account it is.
    expect(asked).toEqual(['site#spare']);
  });

  it('that nobody watches is logged and counted, and no error', async () => {
    const { handle, asked, log, figures } = startAlarms();

    await handle(event('disk-full'));

    expect(asked).toEqual([]);
    expect(figures()).toMatchObject([{ UnknownAlarms: 1 }]);
    expect(log.lines.map(({ level }) => level)).not.toContain('error');
  });

  it.each(['OK', 'INSUFFICIENT_DATA'])('that went to %s brings nothing', async (state) => {
    const { handle, asked } = startAlarms({ 'site#production': 'p1' });

    await handle(event('site-5xx', {}, state));

    expect(asked).toEqual([]);
  });

  it.each([
    ['no event', undefined],
    ['another event', { source: 'aws.ec2', 'detail-type': 'EC2 Instance State-change Notification' }],
    ['one without a name', event('x', { detail: { state: { value: 'ALARM' } } })],
  ])('that is %s is logged and no error, since it would only come again', async (_what, odd) => {
    const { handle, log } = startAlarms();

    await handle(odd);

    expect(log.lines.map(({ level }) => level)).toEqual(['error']);
  });

  it('comes again while the table cannot be read', async () => {
    const { handle } = startAlarms({ 'site#production': 'away' });

    await expect(handle(event('site-5xx'))).rejects.toMatchObject({ code: 'store.unreachable' });
  });
});
