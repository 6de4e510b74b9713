import { beforeEach, describe, expect, it } from 'vitest';
import { tick } from '../../src/flows/engine/tick.ts';
import type { World } from '../../src/flows/engine/world.ts';
import type { PromotionStore, Target } from '../../src/flows/ports.ts';
import { lockKeys, type Promotion } from '../../src/flows/promotion/promotion.ts';
import { keys } from '../../src/store/table.ts';
import { hash, passed, startMs, walkTo } from '../flows/promotion/walk.ts';
import { restsAnHour, startHeldWorld } from './held-world.ts';

let world: Awaited<ReturnType<typeof startHeldWorld>>;
beforeEach(async () => {
  world = await startHeldWorld();
});

describe('a row that fails', () => {
  it('is tried again ever more rarely, at last every five minutes, and holds up nobody', async () => {
    await world.create('p1');
    await world.create('p2');
    const triedAtS: number[] = [];
    const { runner, ticked } = world.start({
      async tick(store, id) {
        if (id === 'p2') return restsAnHour(store, id);
        triedAtS.push((world.dynamo.clock.nowMs() - startMs) / 1000);
        throw new TypeError('a fault of ours');
      },
    });

    for (let second = 0; second <= 1_500; second += 5) {
      await runner.runDue();
      await world.advance(5);
    }

    expect(ticked).toEqual(['p2']);
    expect(triedAtS).toEqual([0, 5, 15, 35, 75, 155, 315, 615, 915, 1_215]);
    expect(world.posts()).toEqual([]);
  });

  it('is tried at once when somebody changed it', async () => {
    await world.create('p1');
    let tries = 0;
    const { runner } = world.start({
      async tick() {
        tries += 1;
        throw new Error('not now');
      },
    });
    for (let second = 0; second <= 200; second += 5) {
      await runner.runDue();
      await world.advance(5);
    }
    const before = tries;

    runner.wake('p1');
    await runner.runDue();

    expect(tries).toBe(before + 1);
  });

  it('that cannot be shown is worked on all the same', async () => {
    await world.create('p1');
    const { runner, ticked } = world.start({
      async announce() {
        throw new Error('slack is a mess');
      },
    });

    await runner.runDue();

    expect(ticked).toEqual(['p1']);
  });
});

function fault(): never {
  throw new TypeError('a fault nobody foresaw');
}
const refusal = { code: 'x', text: 'x', next: 'x' };
const brokenTarget: Target = {
  analyze: async () => ({ outcome: 'refused', refusal }),
  validate: async () => [],
  observe: async () => fault(),
  act: async () => fault(),
};

function brokenTick(store: PromotionStore, id: string, sound: Partial<World> = {}): Promise<unknown> {
  const broken: World = {
    store,
    targetOf: () => brokenTarget,
    checks: { isAlarm: () => false, run: async () => fault() },
    releases: { resolve: async () => ({ outcome: 'absent', nearest: [] }) },
    directory: { kindOf: async () => 'member', membersOf: async () => [] },
    configured: () => true,
    elapsedMs: () => 0,
    hints: { wake() {} },
    hash,
    log: { info() {}, warn() {}, error() {} },
    ...sound,
  };
  return tick(broken, id);
}

/** Saved as if it had come here by itself, with a check, so that there is something to fail at. */
async function standing(promotion: Promotion): Promise<void> {
  await world.create('p1');
  const check = { id: 'version', kind: 'version', title: 'Version', essential: true, settings: {} };
  for (const name of lockKeys(promotion))
    await world.transport.write({
      does: 'put',
      item: { ...keys.lock(name), holder: { S: 'p1' }, epoch: { N: '1' } },
    });
  await world.start().store.save({
    promotion: {
      ...promotion,
      definition: { ...promotion.definition, checks: [check], readings: [check] },
      revision: 2,
    },
    audit: [],
    announcements: [],
    locks: null,
    handedOver: null,
    live: null,
  });
}

describe('a fault nobody foresaw, on a production that was changed', () => {
  it.each(['deploying', 'verifying', 'monitoring', 'rolling-back'] as const)(
    'while %s is told to on-call within six minutes and keeps nobody busy',
    async (phase) => {
      const { promotion, nowMs } = walkTo(phase);
      await standing(promotion);
      await world.advance((nowMs - world.dynamo.clock.nowMs()) / 1000);
      let ticks = 0;
      const { runner } = world.start({
        tick(store, id) {
          ticks += 1;
          return brokenTick(store, id);
        },
      });

      for (let second = 0; second <= 360; second += 5) {
        await runner.runDue();
        await world.advance(5);
      }

      const told = await toldTopics();
      expect(told.filter((topic) => pages.includes(topic))).not.toEqual([]);
      expect(ticks).toBeLessThan(30);
    },
  );

  it('that makes what cannot be saved is told as well, and what is saved stays readable', async () => {
    const { promotion, nowMs } = walkTo('monitoring');
    await standing(promotion);
    await world.advance((nowMs - world.dynamo.clock.nowMs()) / 1000);
    const { runner, store } = world.start({
      tick: (real, id) =>
        brokenTick(real, id, {
          targetOf: () => ({ ...brokenTarget, observe: async () => ({ outcome: 'done', text: 'done' }) }),
          checks: {
            isAlarm: () => false,
            run: async ({ id: checkId }) => ({
              ...passed(checkId),
              judged: { fromMs: startMs, untilMs: startMs + 0.5 },
            }),
          },
        }),
    });

    for (let second = 0; second <= 360; second += 5) {
      await runner.runDue();
      await world.advance(5);
    }

    expect(await toldTopics()).toContain('held-up');
    expect((await store.load('p1'))?.promotion.phase).toBe('monitoring');
  });
});

const pages = ['held-up', 'rollback-slow', 'question', 'rolling-back', 'rollback-failed'];

const toldTopics = async () =>
  (await world.outbox.announcements('p1', 0, 100)).map(({ announcement: { topic } }) => topic);
