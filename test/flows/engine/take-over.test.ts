import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { heldUntil } from '../../../src/flows/promotion/hold.ts';
import { hasEnded, isDirty } from '../../../src/flows/promotion/promotion.ts';
import { keys } from '../../../src/store/table.ts';
import { ada, claim } from '../promotion/walk.ts';
import { createSmallWorld } from './small-world.ts';

const opened = async (answer: ReturnType<ReturnType<typeof createSmallWorld>['open']>) => {
  const told = await answer;
  if (told.outcome !== 'opened') throw new Error(`it was ${told.outcome}`);
  return told.promotion.id;
};

describe('ALL-8 /rollback while a promotion runs', () => {
  it('to where its way back goes turns that promotion around', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', isDirty);

    const answer = await world.open('rollback', 'v1.0.0');

    expect(answer).toMatchObject({ outcome: 'joined', promotion: { id: running.id } });
    const ended = await world.until(running.id, ({ phase }) => phase === 'rolled-back');
    expect(ended).toMatchObject({ rollback: { cause: { code: 'requested', by: ada } } });
    expect(world.production.version).toBe('v1.0.0');
  });

  it('to another release takes over: one holder, one obligation, and that release is live', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', ({ phase }) => phase === 'verifying');

    const id = await opened(world.open('rollback', 'v0.9.0'));
    const ended = await world.until(id, ({ phase }) => phase === 'rolled-back');

    expect(await world.load(running.id)).toMatchObject({
      phase: 'superseded',
      dirty: true,
      supersededBy: id,
    });
    expect(ended).toMatchObject({ dirty: true, rollback: { tookOverFrom: running.id } });
    expect(world.production.version).toBe('v0.9.0');
    expect(await world.holder()).toBeUndefined();
  });

  it('takes over a claim whose request is still on its way: it can no longer land', async () => {
    const world = createSmallWorld();
    world.production.losesNext = 'late';
    await world.promote('v2.0.0', isDirty);

    const id = await opened(world.open('rollback', 'v0.9.0'));
    await world.until(id, ({ phase }) => phase === 'rolled-back');

    expect(() => world.production.late.forEach((arrive) => void arrive())).toThrow('stale');
    expect(world.production.version).toBe('v0.9.0');
  });

  it('a worker of the promotion that slept through it finds nothing to do', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', isDirty);
    const id = await opened(world.open('rollback', 'v0.9.0'));
    await world.until(id, ({ phase }) => phase === 'rolled-back');
    const writes = world.production.writes.length;

    world.pass(60);
    await world.tick(running.id);

    expect(world.production.writes).toHaveLength(writes);
    expect(await world.load(running.id)).toMatchObject({ phase: 'superseded' });
  });

  it('of two to the same release the second is told to follow the first', async () => {
    const world = createSmallWorld();
    await world.promote('v2.0.0', ({ phase }) => phase === 'promoted');
    world.breakProbes(true);
    const first = await opened(world.open('rollback', 'v1.0.0'));
    const second = await opened(world.open('rollback', 'v1.0.0'));

    const refused = await world.until(second, ({ phase }) => phase === 'failed');
    expect(refused).toMatchObject({ ending: { code: 'rollback.running' } });
    world.breakProbes(false);
    await world.until(first, ({ phase }) => phase === 'rolled-back');
    expect(world.production.writes.filter(({ to }) => to === 'v1.0.0')).toHaveLength(1);
  });

  it('a failed rollback is taken over by one to another release', async () => {
    const world = createSmallWorld();
    await world.promote('v2.0.0', ({ phase }) => phase === 'promoted');
    world.breakProbes(true);
    const stuck = await opened(world.open('rollback', 'v1.0.0'));
    await world.until(stuck, ({ phase }) => phase === 'rollback-failed');
    world.breakProbes(false);

    const id = await opened(world.open('rollback', 'v0.9.0'));
    await world.until(id, ({ phase }) => phase === 'rolled-back');

    expect(await world.load(stuck)).toMatchObject({ phase: 'superseded', dirty: true });
    expect(world.production.version).toBe('v0.9.0');
  });

  it('a rollback that waited is not carried out on what was asked for after it', async () => {
    const world = createSmallWorld();
    await world.promote('v2.0.0', ({ phase }) => phase === 'promoted');
    world.lock('arn:service', 'p-other-app');
    const id = await opened(world.open('rollback', 'v1.0.0'));
    await world.until(id, (now) => now.phase === 'awaiting-approval' && now.lockBusy !== null);
    world.pass(20 * 3600);
    world.lock('arn:service', null);
    const newer = await world.promote('v3.0.0', isDirty, true);

    const refused = await world.until(id, hasEnded);
    await world.until(newer.id, ({ phase }) => phase === 'promoted');
    expect(refused).toMatchObject({ phase: 'failed', ending: { code: 'rollback.overtaken' } });
    expect(world.production.version).toBe('v3.0.0');
  });

  it('the history does not blame a release that was good for the one that was taken over', async () => {
    const world = createSmallWorld();
    world.production.losesNext = 'late';
    await world.promote('v2.0.0', isDirty);
    const id = await opened(world.open('rollback', 'v0.9.0'));
    await world.until(id, ({ phase }) => phase === 'rolled-back');

    const [newest] = await world.store.liveRecords('site', 'production', 1);
    expect(newest).toMatchObject({ version: 'v0.9.0', replaced: null });
  });

  it('takes over what the holder still has when one of its locks was lost', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', ({ phase }) => phase === 'verifying');
    world.lock('arn:service', null);

    const id = await opened(world.open('rollback', 'v0.9.0'));
    await world.until(id, ({ phase }) => phase === 'rolled-back');

    expect(await world.load(running.id)).toMatchObject({ phase: 'superseded' });
    expect(world.production.version).toBe('v0.9.0');
  });

  it('a promotion that has changed nothing gives way at once', async () => {
    const world = createSmallWorld();
    const waiting = await world.promote('v2.0.0', ({ phase }) => phase === 'waiting');

    const id = await opened(world.open('rollback', 'v0.9.0'));
    await world.until(id, ({ phase }) => phase === 'rolled-back');

    expect(await world.load(waiting.id)).toMatchObject({ phase: 'superseded', dirty: false });
    expect(world.production.writes.map(({ to }) => to)).toEqual(['v0.9.0']);
  });

  it('what gave way is followed at once: the same tick has the lock and begins', async () => {
    const world = createSmallWorld();
    await world.promote('v2.0.0', ({ phase }) => phase === 'waiting');

    const id = await opened(world.open('rollback', 'v0.9.0'));
    await world.tick(id);

    expect(await world.load(id)).toMatchObject({ phase: 'rolling-back' });
    expect(await world.holder()).toBe(id);
  });

  it('a holder that cannot be read is waited for, not taken over', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', isDirty);
    world.table.execute(
      new UpdateItemCommand({
        TableName: 't',
        Key: keys.promotion(running.id),
        UpdateExpression: 'SET body = :broken',
        ExpressionAttributeValues: { ':broken': { S: '{' } },
      }),
    );

    const id = await opened(world.open('rollback', 'v0.9.0'));
    world.pass(60);
    for (const due of (await world.store.due(10)).ids) if (due === id) await world.tick(id);

    expect(await world.load(id)).toMatchObject({
      phase: 'awaiting-approval',
      lockBusy: { holder: running.id },
    });
  });
});

describe('ALL-5 an environment that was freed behind a promotion', () => {
  const freed = (world: ReturnType<typeof createSmallWorld>, holder: string | null) => {
    for (const key of ['site#production', 'arn:service']) world.lock(key, holder);
  };

  it('is not called promoted: people are told, and nothing more is changed', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', ({ phase }) => phase === 'monitoring');
    freed(world, 'p-other');

    const failed = await world.until(running.id, ({ phase }) => phase === 'rollback-failed');

    expect(failed).toMatchObject({ failure: { code: 'lock.lost' } });
    expect(world.production.writes).toHaveLength(1);
  });

  it('is not rolled back by who lost it: another promotion may be at work there', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', ({ phase }) => phase === 'verifying');
    freed(world, null);
    world.breakProbes(true);

    const failed = await world.until(running.id, ({ phase }) => phase === 'rollback-failed');

    expect(failed).toMatchObject({ failure: { code: 'lock.lost' } });
    expect(world.production.version).toBe('v2.0.0');
  });

  it('ends a promotion that had changed nothing', async () => {
    const world = createSmallWorld();
    const waiting = await world.promote('v2.0.0', ({ phase }) => phase === 'waiting');
    freed(world, null);

    const ended = await world.until(waiting.id, ({ phase }) => phase === 'failed');

    expect(ended).toMatchObject({ ending: { code: 'lock.lost' } });
    expect(world.production.writes).toEqual([]);
  });

  it('a retry of a failed rollback is denied to its person', async () => {
    const world = createSmallWorld();
    await world.promote('v2.0.0', ({ phase }) => phase === 'promoted');
    world.breakProbes(true);
    const stuck = await opened(world.open('rollback', 'v1.0.0'));
    await world.until(stuck, ({ phase }) => phase === 'rollback-failed');
    const writes = world.production.writes.length;
    freed(world, 'p-other');

    await world.desk.decide(stuck, { type: 'retry.claimed', claim: claim('retry', ada) });
    const still = await world.until(stuck, ({ claims }) => claims.length === 0);

    expect(still.phase).toBe('rollback-failed');
    expect(world.production.writes).toHaveLength(writes);
  });
});

describe('a target that takes requests unconditionally', () => {
  it('ALL-7 a forward request that arrives after the rollback is undone before the lock is given back', async () => {
    const world = createSmallWorld({ fence: 'hold' });
    world.production.losesNext = 'late';
    const running = await world.promote('v2.0.0', isDirty);
    await world.desk.decide(running.id, { type: 'rollback.claimed', claim: claim('roll-back', ada) });
    await world.until(
      running.id,
      (now) => now.phase === 'rolling-back' && (now.rollback.verification?.passedInARow ?? 0) >= 2,
    );

    for (const arrive of world.production.late) arrive();
    expect(world.production.version).toBe('v2.0.0');
    expect(await world.holder()).toBe(running.id);
    const ended = await world.until(running.id, ({ phase }) => phase === 'rolled-back');

    expect(world.production.version).toBe('v1.0.0');
    expect(ended).toMatchObject({ rollback: { attempt: 2 } });
    expect(await world.holder()).toBeUndefined();
  });

  it('what was claimed before a rollback takes over is held off by that rollback', async () => {
    const world = createSmallWorld({ fence: 'hold' });
    world.production.losesNext = 'late';
    const running = await world.promote('v2.0.0', isDirty);
    const id = await opened(world.open('rollback', 'v0.9.0'));
    const taken = await world.until(id, ({ phase }) => phase === 'rolling-back');

    expect(taken).toMatchObject({ unfencedAtMs: expect.any(Number), dirty: true });
    await world.until(
      id,
      (now) => now.phase === 'rolling-back' && (now.rollback.verification?.passedInARow ?? 0) >= 2,
    );
    for (const arrive of world.production.late) arrive();
    await world.until(id, ({ phase }) => phase === 'rolled-back');

    expect(world.production.version).toBe('v0.9.0');
    expect(await world.load(running.id)).toMatchObject({ phase: 'superseded' });
  });
});

describe('a worker that slept through it', () => {
  it('ALL-16 between its load and its claim claims nothing: what it looked at is old', async () => {
    const world = createSmallWorld({ fence: 'hold' });
    const waiting = await world.promote('v2.0.0', ({ phase }) => phase === 'waiting');
    world.sleep('claim', 600);

    const claimed = await world.until(waiting.id, isDirty);

    const made = 'steps' in claimed ? claimed.steps['move']?.claim : null;
    expect(made?.attempt).toBe(1);
    expect(world.nowMs() - (made?.claimedAtMs ?? 0)).toBeLessThan(20_000);
  });

  it('ALL-7 between its claim and its act sends nothing: the claim is made anew, and so is the hold', async () => {
    const world = createSmallWorld({ fence: 'hold' });
    const waiting = await world.promote('v2.0.0', ({ phase }) => phase === 'waiting');
    world.sleep('act', 120);

    const moved = await world.until(waiting.id, () => world.production.writes.length > 0);

    expect(moved).toMatchObject({ steps: { move: { claim: { attempt: 2 } } } });
    expect(heldUntil(moved)).toBeGreaterThan(world.nowMs() + 330_000);
  });
});

describe('an app that vanished from the configuration', () => {
  it('is held before its first change, told once, and goes on when it is back', async () => {
    const world = createSmallWorld();
    const waiting = await world.promote('v2.0.0', ({ phase }) => phase === 'waiting');
    world.configure(false);

    const held = await world.until(
      waiting.id,
      ({ troubles, phase }) => phase === 'deploying' && (troubles.work?.tries ?? 0) >= 3,
    );
    expect(held).toMatchObject({ dirty: false, troubles: { work: { code: 'config.vanished' } } });
    const told = held.announced;
    await world.until(waiting.id, ({ troubles }) => (troubles.work?.tries ?? 0) >= 5);
    expect((await world.load(waiting.id)).announced).toBe(told);

    world.configure(true);
    await world.until(waiting.id, ({ phase }) => phase === 'promoted');
  });

  it('ends untouched when it stays away', async () => {
    const world = createSmallWorld();
    const waiting = await world.promote('v2.0.0', ({ phase }) => phase === 'waiting');
    world.configure(false);

    const ended = await world.until(waiting.id, ({ phase }) => phase === 'failed');

    expect(ended).toMatchObject({ ending: { code: 'config.vanished' } });
    expect(world.production.writes).toEqual([]);
    expect(await world.holder()).toBeUndefined();
  });

  it('is carried to its end once production was changed', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', isDirty);
    world.configure(false);
    world.breakProbes(true);

    await world.until(running.id, ({ phase }) => phase === 'rolling-back');
    world.breakProbes(false);
    await world.until(running.id, ({ phase }) => phase === 'rolled-back');

    expect(world.production.version).toBe('v1.0.0');
  });

  it('can still be cancelled by its requester', async () => {
    const world = createSmallWorld();
    const waiting = await world.promote('v2.0.0', ({ phase }) => phase === 'waiting');
    world.configure(false);
    await world.until(waiting.id, ({ troubles }) => troubles.work !== null);

    await world.desk.decide(waiting.id, { type: 'cancellation.claimed', claim: claim('cancel', ada) });

    await world.until(waiting.id, ({ phase }) => phase === 'cancelled');
  });
});
