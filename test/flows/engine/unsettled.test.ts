import { describe, expect, it } from 'vitest';
import { tick } from '../../../src/flows/engine/tick.ts';
import type { World } from '../../../src/flows/engine/world.ts';
import { RetryableError } from '../../../src/flows/errors.ts';
import type { Target } from '../../../src/flows/ports.ts';
import { slowPageAt } from '../../../src/flows/promotion/trouble.ts';
import { stands } from '../promotion/stands.ts';
import { claim, lin, type Walk, walkTo } from '../promotion/walk.ts';
import { tickOnce } from './one-tick.ts';
import { createSmallWorld } from './small-world.ts';

type SmallWorld = ReturnType<typeof createSmallWorld>;

const away = (code: string) => async () => {
  throw new RetryableError(code, 'It does not answer.');
};
const someone = { teamId: 'T1', userId: 'UGROUPMEMBER' };

/** Ticks one promotion whenever it is due, in this world, for so long. */
async function pass(world: SmallWorld, engine: World, id: string, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 5) {
    world.pass(5);
    const { dueAtMs } = await world.load(id);
    if (dueAtMs !== null && dueAtMs <= world.nowMs()) await tick(engine, id);
  }
}

describe('what somebody asked for and nobody could settle yet', () => {
  it('ALL-8 nothing is called promoted while a wish to roll it back is being checked', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', ({ phase }) => phase === 'monitoring');
    const directory = { kindOf: away('slack.away'), membersOf: away('slack.away') };
    await world.desk.decide(running.id, {
      type: 'rollback.claimed',
      claim: claim('roll-back', someone),
    });

    await pass(world, { ...world.world, directory }, running.id, 600);
    expect(await world.load(running.id)).toMatchObject({ phase: 'monitoring' });

    const settled = await world.until(running.id, ({ claims }) => claims.length === 0);
    expect(settled.phase === 'rolling-back' || settled.phase === 'monitoring').toBe(true);
  });

  it('ALL-8 whose promotion is taken over is told what became of the wish', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', ({ phase }) => phase === 'verifying');
    const answer = await world.open('rollback', 'v0.9.0');
    if (answer.outcome !== 'opened') throw new Error(answer.outcome);
    await world.desk.decide(running.id, { type: 'rollback.claimed', claim: claim('roll-back', lin) });

    for (let count = 0; count < 5; count += 1) await world.tick(answer.promotion.id);

    expect(await world.load(running.id)).toMatchObject({ phase: 'superseded', claims: [] });
    expect(await world.told(running.id)).toContainEqual(
      expect.objectContaining({
        topic: 'denied',
        person: lin,
        refusal: expect.objectContaining({ code: 'claim.overtaken' }),
      }),
    );
  });
});

describe('a rollback that is held up again soon after people were told', () => {
  it('ALL-9 tells them of the new trouble in time, and never stands still for it', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', ({ phase }) => phase === 'verifying');
    world.breakProbes(true);
    const target: Target = world.world.targetOf(running.definition, {
      promotionId: running.id,
      digest: null,
    });
    let down = true;
    const engine: World = {
      ...world.world,
      targetOf: () => ({
        ...target,
        observe: (definition, context) => (down ? away('aws.away')() : target.observe(definition, context)),
      }),
    };
    const pages = async () =>
      (await world.told(running.id)).filter(({ topic }) => topic === 'rollback-slow').length;

    await pass(world, engine, running.id, 390);
    expect(await pages()).toBe(1);
    down = false;
    for (let count = 0; count < 14; count += 1) {
      world.production.losesNext = 'late';
      await pass(world, engine, running.id, 5);
    }
    expect((await world.load(running.id)).troubles.work).toBeNull();
    down = true;
    await pass(world, engine, running.id, 330);
    expect(await pages()).toBe(2);

    down = false;
    world.breakProbes(false);
    await pass(world, engine, running.id, 120);
    expect((await world.load(running.id)).phase).toBe('rolled-back');
  });
});

describe('an app that vanished after a rollback has begun', () => {
  it('does not hold it, though nothing is claimed yet', async () => {
    const world = createSmallWorld();
    await world.promote('v2.0.0', ({ phase }) => phase === 'promoted');
    const answer = await world.open('rollback', 'v1.0.0');
    if (answer.outcome !== 'opened') throw new Error(answer.outcome);
    const { id } = answer.promotion;
    const killedAtItsClaim: World = {
      ...world.world,
      store: {
        ...world.store,
        save: (change) =>
          change.audit.some(({ event }) => event.type === 'step.claimed')
            ? Promise.reject(new Error('killed'))
            : world.store.save(change),
      },
    };
    for (let count = 0; count < 6; count += 1) await tick(killedAtItsClaim, id).catch(() => {});
    expect(await world.load(id)).toMatchObject({ phase: 'rolling-back', dirty: false });

    world.configure(false);

    await world.until(id, ({ phase }) => phase === 'rolled-back');
  });
});

describe('a look that is older than our own write', () => {
  it('ALL-13 in the watch is not taken for somebody’s change', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', ({ phase }) => phase === 'monitoring');
    const target: Target = world.world.targetOf(running.definition, {
      promotionId: running.id,
      digest: null,
    });
    const engine: World = {
      ...world.world,
      targetOf: () => ({
        ...target,
        observe: async (_definition, { claim: made }) => ({
          outcome: 'before',
          precondition: made?.precondition ?? null,
          older: true,
        }),
      }),
    };

    await pass(world, engine, running.id, 35);

    expect(await world.load(running.id)).toMatchObject({
      phase: 'monitoring',
      watch: { last: { outcome: 'inconclusive' } },
    });
    await world.until(running.id, ({ phase }) => phase === 'promoted');
  });
});

describe('a rollback whose calls are refused while its looks are answered', () => {
  it('ALL-16 on-call hears after five minutes of a rollback whose calls are refused, though its looks are answered', async () => {
    let walk: Walk = walkTo('rolling-back');
    const startMs = walk.nowMs;
    const told: string[] = [];
    while (walk.nowMs < startMs + 400_000) {
      const { store, promotion, nowMs } = await tickOnce(walk, {
        observe: { outcome: 'before', precondition: 'E1' },
        act: new RetryableError('aws.throttled', 'Slower.'),
      });
      told.push(...store.announcements.map(({ announcement }) => announcement.topic));
      walk = { ...walk, promotion, nowMs: Math.max(promotion.dueAtMs ?? 0, nowMs + 1000) };
    }
    expect(told.filter((topic) => topic === 'trouble').length).toBeLessThanOrEqual(1);
    expect(told).toContain('rollback-slow');
  });

  it('ALL-9 on-call hears after five minutes of trouble that began in the very second of an earlier page', async () => {
    const { types, promotion, nowMs } = await tickOnce(
      stands['rolling back, held up'](),
      {
        observe: ({ claim }) =>
          claim === null
            ? { outcome: 'before', precondition: 'E1' }
            : new RetryableError('aws.throttled', 'Slower.'),
      },
      300,
    );
    if (promotion.phase !== 'rolling-back') throw new Error(promotion.phase);

    expect(types).toEqual(['page.due', 'step.claimed', 'trouble.met']);
    expect(slowPageAt(promotion.troubles.work, promotion.rollback.pagedAtMs)).toBe(nowMs + 300_000);
  });
});
