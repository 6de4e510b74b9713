import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LambdaWorld, startLambdaWorld } from './world.ts';

describe('the queue, when it is not as it should be', () => {
  let world: LambdaWorld;
  beforeAll(async () => {
    world = await startLambdaWorld();
  });
  afterAll(() => world.close());

  const work = () => world.stack.queue('work');
  const dead = () => world.stack.queue('dead-letters');

  it('full of junk: the junk goes to the dead letters, and the promotion beside it goes on', async () => {
    const junk = [
      'not json',
      '{}',
      '[]',
      'null',
      '{"does":"dance"}',
      '{"does":"look"}',
      '{"does":"look","promotionId":7,"revision":null,"tries":0}',
      '{"does":"errand","errand":{"does":"format the disk"},"receipt":null,"tries":0}',
      'x'.repeat(200_000),
      '{"does":"look","promotionId":"p","revision":null,"tries":0,"and":"more"}',
    ];
    for (const body of junk) work().send({ body });

    await world.command('ada', '/promote site v1.1.0');
    await world.advance(5);
    expect(world.card().text).toContain('0 of 2');
    for (const body of junk) work().send({ body });
    await world.advance(3_600);

    expect(work().all()).toEqual([]);
    expect(
      dead()
        .all()
        .map(({ body }) => body)
        .sort(),
    ).toEqual([...junk, ...junk].sort());
    expect(world.functionErrors()).toEqual([]);
    expect(await world.phase()).toBe('awaiting-approval');
  });

  it('a look at a promotion that is not there is dropped, not repeated for ever', async () => {
    const before = dead().all().length;
    work().send({
      body: '{"does":"look","promotionId":"no-such-promotion","revision":null,"alarmed":false,"tries":0}',
    });
    await world.advance(30);

    expect(work().all()).toEqual([]);
    expect(dead().all()).toHaveLength(before);
    expect(world.functionErrors()).toEqual([]);
  });

  it('that loses everything: the sweep finds within a minute or two what is due', async () => {
    await world.click('grace', 'cs:approve');
    await world.click('lin', 'cs:approve');
    world.stack.eventSource('tick').setEnabled(false);
    await world.advance(45);
    for (const { receiptHandle } of work().receive(100)) work().delete(receiptHandle);
    world.stack.eventSource('tick').setEnabled(true);
    expect(work().counts().visible).toBe(0);

    await world.until('it goes on', async () => (await world.phase()) === 'deploying', 300);
  });

  it('a tick with too little time left begins nothing, and gives its messages back', async () => {
    const tick = world.stack.lambda('tick');
    await tick.configure({ timeoutSeconds: 5 });
    const before = await world.saved();
    const batches = world.stack.eventSource('tick').batches().length;
    await world.advance(120);
    await tick.configure({ timeoutSeconds: 60 });

    const outcomes = world.stack.eventSource('tick').batches().slice(batches);
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['failed']));
    expect((await world.saved()).revision).toBe(before.revision);
    expect(world.functionErrors()).toEqual([]);
  });

  it('ticks that are killed in the middle are done by others, and nothing is done twice', async () => {
    const tick = world.stack.lambda('tick');
    const { dynamo, aws } = world.workspace;
    dynamo.control.slow(25);
    // Real time: how far a tick has come by then differs, and is not to matter.
    for (const killedAfterMs of [100, 200, 350, 600]) {
      const moving = world.advance(60);
      await pause(killedAfterMs);
      await Promise.all(tick.instances().map((each) => each.kill()));
      await moving;
    }
    dynamo.control.clearFaults();

    expect(world.functionErrors()).toContain('countersign-test-tick: Runtime.ExitError');
    await world.until('it is promoted', async () => (await world.phase()) === 'promoted', 2_400);
    const switches = aws.control.calls().filter(({ operation }) => operation === 'UpdateDistribution');
    expect(switches).toHaveLength(1);
  });
});

describe('an alarm that nobody watches', () => {
  let world: LambdaWorld;
  beforeAll(async () => {
    world = await startLambdaWorld();
  });
  afterAll(() => world.close());

  it('is no error and sets nothing off', async () => {
    world.stack.bus.put({
      source: 'aws.cloudwatch',
      'detail-type': 'CloudWatch Alarm State Change',
      resources: ['arn:aws:cloudwatch:us-east-1:111122223333:alarm:of-somebody-else'],
      detail: {
        alarmName: 'of-somebody-else',
        state: { value: 'ALARM', reason: 'x', timestamp: '2026-11-21T09:00:00.000+0000' },
        previousState: { value: 'OK', reason: 'x', timestamp: '2026-11-21T08:00:00.000+0000' },
        configuration: {},
      },
    });
    await world.advance(5);

    expect(world.stack.lambda('alarms').invocations()).toMatchObject([{ functionError: null }]);
    expect(world.stack.lambda('tick').invocations()).toEqual([]);
    expect(world.complaints()).toEqual([]);
  });

  it('an event of an alarm that lacks its name is no error either', async () => {
    world.stack.bus.put({
      source: 'aws.cloudwatch',
      'detail-type': 'CloudWatch Alarm State Change',
      detail: { state: { value: 'ALARM' } },
    });
    await world.advance(5);

    expect(world.functionErrors()).toEqual([]);
    expect(world.stack.lambda('tick').invocations()).toEqual([]);
  });

  it('a sweep over an empty table sends nothing', async () => {
    await world.advance(180);

    expect(world.stack.lambda('sweep').invocations().length).toBeGreaterThanOrEqual(3);
    expect(world.stack.lambda('tick').invocations()).toEqual([]);
    expect(world.functionErrors()).toEqual([]);
    expect(world.cloud.denials()).toEqual([]);
  });
});
