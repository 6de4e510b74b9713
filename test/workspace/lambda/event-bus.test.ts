import { describe, expect, it, onTestFinished } from 'vitest';
import { createAwsStandIn } from '../../../workspace/aws/index.ts';
import { createWorkspaceClock } from '../../../workspace/clock.ts';
import { createEventBus, type EventBus, type Rule } from '../../../workspace/lambda/event-bus.ts';
import { matchesPattern } from '../../../workspace/lambda/event-pattern.ts';
import { startMs } from './account.ts';
import { scriptedFunction, throttled } from './scripted-function.ts';

const alarmPattern = {
  source: ['aws.cloudwatch'],
  'detail-type': ['CloudWatch Alarm State Change'],
  detail: { state: { value: ['ALARM'] } },
};

function openBus(
  rule: { everySeconds: number } | { pattern: object; repeats?: number },
  script?: () => unknown,
) {
  const clock = createWorkspaceClock({ startMs, speed: 0 });
  const target = scriptedFunction(script);
  const bus = createEventBus({ clock, rules: [{ name: 'rule', target, ...rule } as Rule] });
  onTestFinished(() => {
    bus.close();
    clock.close();
  });
  return { clock, target, bus, advance: (seconds: number) => clock.advance(seconds * 1000) };
}

const put = (bus: EventBus) =>
  bus.put({
    source: 'aws.cloudwatch',
    'detail-type': 'CloudWatch Alarm State Change',
    detail: { state: { value: 'ALARM' } },
  });

describe('the event bus', () => {
  it('fires a schedule at every whole minute of virtual time', async () => {
    const { advance, target } = openBus({ everySeconds: 60 });

    await advance(185);

    expect(target.events.map((event) => event['time'])).toEqual([
      '2026-11-21T09:01:00Z',
      '2026-11-21T09:02:00Z',
      '2026-11-21T09:03:00Z',
    ]);
    expect(target.events[0]).toMatchObject({
      source: 'aws.events',
      'detail-type': 'Scheduled Event',
      detail: {},
    });
  });

  it('hands an alarm of the CloudWatch stand-in on, as CloudWatch writes it', async () => {
    const clock = createWorkspaceClock({ startMs, speed: 0 });
    const target = scriptedFunction();
    const bus = createEventBus({ clock, rules: [{ name: 'alarms', target, pattern: alarmPattern }] });
    const aws = await createAwsStandIn({ clock, warmUpMinutes: 5, onAlarmChange: bus.putAlarmChange });
    onTestFinished(async () => {
      bus.close();
      await aws.close();
      clock.close();
    });

    aws.control.setAlarm({ name: 'site-5xx', state: 'ALARM' });
    aws.control.setAlarm({ name: 'site-5xx', state: 'OK' });
    await clock.advance(0);

    expect(target.events).toEqual([
      {
        version: '0',
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        'detail-type': 'CloudWatch Alarm State Change',
        source: 'aws.cloudwatch',
        account: '111122223333',
        time: '2026-11-21T09:00:00Z',
        region: 'us-east-1',
        resources: ['arn:aws:cloudwatch:us-east-1:111122223333:alarm:site-5xx'],
        detail: {
          alarmName: 'site-5xx',
          state: {
            value: 'ALARM',
            reason: 'Set by hand in the workspace',
            reasonData: '{"version":"1.0"}',
            timestamp: '2026-11-21T09:00:00.000+0000',
          },
          previousState: { value: 'OK', reason: expect.any(String), timestamp: expect.any(String) },
          configuration: { metrics: [expect.objectContaining({ returnData: true })] },
        },
      },
    ]);
  });

  it('repeats what failed after one and two minutes, and then drops it', async () => {
    const { bus, advance, target } = openBus({ pattern: alarmPattern }, () => {
      throw new Error('boom');
    });
    put(bus);

    await advance(59);
    expect(target.events).toHaveLength(1);
    await advance(200);

    expect(target.events).toHaveLength(3);
    expect(bus.dropped()).toHaveLength(1);
  });

  it('repeats no more often than it is told, and what was throttled until it is taken', async () => {
    const failing = openBus({ pattern: alarmPattern, repeats: 0 }, () => {
      throw new Error('boom');
    });
    put(failing.bus);
    await failing.advance(600);
    expect(failing.target.events).toHaveLength(1);

    let left = 5;
    const full = openBus({ pattern: alarmPattern, repeats: 0 }, () => {
      left -= 1;
      return left > 0 ? throttled : null;
    });
    put(full.bus);
    await full.advance(10);
    expect(full.target.events).toHaveLength(5);
    expect(full.bus.dropped()).toEqual([]);
  });

  it('on demand delivers an event twice', async () => {
    const { bus, advance, target } = openBus({ pattern: alarmPattern });
    bus.deliverTwice(1);
    put(bus);
    await advance(0);

    expect(target.events).toHaveLength(2);
    expect(target.events[0]).toEqual(target.events[1]);
  });
});

describe('an event pattern', () => {
  const event = { source: 'aws.cloudwatch', detail: { alarmName: 'site-5xx', state: { value: 'ALARM' } } };

  it.each([
    [{ source: ['aws.cloudwatch'] }, true],
    [{ source: ['aws.ec2', 'aws.cloudwatch'] }, true],
    [{ source: ['aws.ec2'] }, false],
    [{ detail: { state: { value: ['ALARM'] } } }, true],
    [{ detail: { state: { value: ['OK'] } } }, false],
    [{ detail: { alarmName: [{ prefix: 'site-' }] } }, true],
    [{ detail: { alarmName: [{ prefix: 'shop-' }] } }, false],
    [{ detail: { alarmName: [{ 'anything-but': ['site-5xx'] }] } }, false],
    [{ detail: { missing: [{ exists: false }] } }, true],
    [{ detail: { missing: ['x'] } }, false],
  ])('%j', (pattern, matches) => {
    expect(matchesPattern(pattern, event)).toBe(matches);
  });

  it('with a comparison that is not modelled is an error, not a silent no', () => {
    expect(() => matchesPattern({ source: [{ wildcard: 'aws.*' }] }, event)).toThrow('wildcard');
  });
});
