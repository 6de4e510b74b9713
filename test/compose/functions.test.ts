import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permissionsOf } from '../../src/aws/permissions.ts';
import { lookAt, messageOf } from '../../src/compose/sending.ts';
import { keys } from '../../src/store/table.ts';
import { type FunctionsWorld, startFunctionsWorld } from './functions-world.ts';

let world: FunctionsWorld;
beforeAll(async () => {
  world = await startFunctionsWorld({
    pipeline: (text) =>
      text
        .replace('soak: 5m', 'soak: 1m')
        .replace('probes: 3', 'probes: 1')
        .replace('waitTimer: 1m', 'waitTimer: 10s'),
  });
  world.workspace.aws.control.setDelays({ deploySeconds: 20, invalidationSeconds: 5 });
});
afterAll(() => world.close());

const updates = () =>
  world.workspace.aws.control.calls().filter(({ operation }) => operation === 'UpdateDistribution').length;
const figures = (name: string) =>
  world.lines.flatMap((line) => (typeof line[name] === 'number' ? [line[name] as number] : []));

let opened = '';

describe('promotions worked on by functions', () => {
  it('go from request to end by messages alone, and no message is left behind', async () => {
    const before = updates();
    const id = await world.open('ada');
    await world.advance(5);
    await world.approve(id, 'grace', 'lin');
    await world.until(id, 'promoted');
    await world.advance(120);

    expect(updates() - before).toBe(1);
    expect(world.waiting()).toEqual([]);
    expect(world.dead).toEqual([]);
    expect(world.looks()).toBeLessThan(45);
    await world.sweep();
    expect(world.waiting()).toEqual([]);
    expect(figures('OldestDueSeconds')).toEqual([0]);
    expect(figures('Sweeps')).toEqual([1]);
  });

  it('say of every line which promotion it is about, and no secret in any', async () => {
    const { botEnvironment } = world.workspace;
    const text = JSON.stringify(world.lines);

    expect(world.lines.length).toBeGreaterThan(5);
    expect(
      world.lines.filter(({ promotionId, Sweeps }) => promotionId === undefined && Sweeps === undefined),
    ).toEqual([]);
    for (const name of ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET', 'GITHUB_TOKEN'])
      expect(text).not.toContain(botEnvironment[name] ?? 'unset');
  });

  it('measure themselves in CloudWatch’s embedded format', () => {
    const line = world.lines.find(({ Phase }) => Phase === 'monitoring');

    expect(line).toMatchObject({
      Service: 'countersign',
      Stage: 'test',
      PhaseSeconds: expect.any(Number),
      app: 'site',
      environment: 'production',
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: 'Countersign',
            Dimensions: [['Service', 'Stage', 'Phase']],
            Metrics: [{ Name: 'PhaseSeconds', Unit: 'Seconds' }],
          },
        ],
      },
    });
    expect(world.lines.filter(({ Outcome }) => Outcome === 'promoted')).toHaveLength(1);
  });

  it('are brought back by the sweep when every message was lost', async () => {
    const id = await world.open('ada', 'v1.0.0');
    await world.advance(5);
    await world.approve(id, 'grace', 'lin');
    world.loseMessages(true);
    await world.advance(70);
    world.loseMessages(false);
    expect((await world.load(id)).phase).toBe('waiting');

    await world.sweep();
    await world.deliver();

    expect(figures('OldestDueSeconds').at(-1)).toBeGreaterThanOrEqual(20);
    expect(figures('DuePromotions').at(-1)).toBe(1);
    expect((await world.load(id)).phase).toBe('deploying');
    opened = id;
  });

  it('roll back the moment an alarm fires, by its event, without waiting for a reading', async () => {
    const id = opened;
    await world.until(id, 'monitoring');
    await world.advance(7);
    const before = updates();
    const alarmName = 'site-5xx';
    world.workspace.aws.control.setAlarm({ name: alarmName, state: 'ALARM' });

    await world.alarm({
      source: 'aws.cloudwatch',
      'detail-type': 'CloudWatch Alarm State Change',
      account: '123456789012',
      region: 'us-east-1',
      detail: { alarmName, state: { value: 'ALARM' } },
    });
    const atMs = world.clock.nowMs();
    world.calls();
    await world.deliver();

    // One read, and one write that holds decision and claim; the call comes right after it.
    expect(world.calls().slice(0, 2)).toEqual(['get', 'transact']);
    const { promotion } = (await world.store.promotions.load(id)) ?? {};
    expect(promotion).toMatchObject({
      rollback: { steps: { 'switch-back': { claim: { attempt: 1, claimedAtMs: promotion?.nowMs } } } },
    });

    expect(world.clock.nowMs()).toBe(atMs);
    expect(updates() - before).toBe(1);
    expect(await world.load(id)).toMatchObject({
      phase: 'rolling-back',
      rollback: { cause: { code: 'alarm' }, decidedAtMs: expect.any(Number) },
    });
    expect(figures('Rollbacks')).toEqual([1]);
    await world.until(id, 'rolled-back');
    world.workspace.aws.control.setAlarm({ name: alarmName, state: 'measured' });
  });

  it('call of AWS exactly what `countersign iam` prints for the environment', () => {
    const settings = world.catalog.find('site', 'production');
    if (settings === undefined) throw new Error('there is no such environment');
    const statements = permissionsOf(settings.definition, { partition: 'aws', account: '111122223333' });
    const called = world.workspace.aws.control
      .calls()
      .map(({ service, operation }) => `${service}:${operation}`);

    expect([...new Set(called)].sort()).toEqual(statements.flatMap(({ Action }) => Action).sort());
    const regions = statements.flatMap(({ Regions = [] }) => Regions);
    expect([...new Set(regions)]).toEqual(['us-east-1']);
  });

  it('that cannot be read are held on their card and told once, and disturb neither the others nor the sweep', async () => {
    const id = await world.open('ada', 'v1.1.0');
    await world.advance(5);
    const { item } = await world.table.get(keys.promotion(id));
    await world.table.write({ does: 'put', item: { ...item, body: { S: 'torn' } } });

    await world.queue.send([messageOf(lookAt(id))]);
    await world.advance(60);
    await world.sweep();
    await world.deliver();

    expect(world.dead).toEqual([]);
    expect(figures('HeldRows').at(-1)).toBe(1);
    expect(figures('DuePromotions').at(-1)).toBe(0);
    const told = world.workspace.slack.control
      .messages('C0DEPLOYS1')
      .filter(({ text }) => text.includes('cannot be read'));
    expect(told.map(({ text }) => /^\*(HELD|Promotion)/.exec(text)?.[1])).toEqual(['HELD', 'Promotion']);
  });
});
