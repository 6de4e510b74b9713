import { describe, expect, it } from 'vitest';
import type { Catalog, OpenRequest } from '../../../src/flows/desk.ts';
import { createDesk, type DeskWorld } from '../../../src/flows/engine/desk.ts';
import { RetryableError } from '../../../src/flows/errors.ts';
import type { Mandate, PromotionStore } from '../../../src/flows/ports.ts';
import { lockKeys, type Promotion } from '../../../src/flows/promotion/promotion.ts';
import { ada, analysis, claim, grace, hash, policy, startMs, walkTo } from '../promotion/walk.ts';
import { createPaperStore } from './paper-store.ts';

const definition = walkTo('analyzing').promotion.definition;
const catalog: Catalog = {
  apps: [{ app: 'site', environments: ['production'] }],
  find: (app, environment) => (app === 'site' ? { app, environment, definition, policy } : undefined),
  defaultEnvironment: () => 'production',
};
const back: OpenRequest = {
  kind: 'rollback',
  app: 'site',
  environment: 'production',
  version: null,
  person: grace,
  reason: null,
  dedupeKey: 'trigger-1',
};

/** A desk over promotions that hold their locks, and how often each was read. */
async function deskOver(
  promotions: readonly Promotion[],
  also: { readonly store?: Partial<PromotionStore>; readonly world?: Partial<DeskWorld> } = {},
) {
  const paper = createPaperStore(() => startMs);
  for (const promotion of promotions)
    await paper.create({
      promotion,
      audit: [],
      announcements: [],
      locks: { does: 'take', keys: lockKeys(promotion) },
      handedOver: null,
      live: null,
    });
  const loads: string[] = [];
  const desk = createDesk({
    store: {
      ...paper,
      load(id) {
        loads.push(id);
        return paper.load(id);
      },
      ...also.store,
    },
    hash,
    catalog,
    hints: { wake() {} },
    log: { info() {}, warn() {}, error() {} },
    nearest: () => undefined,
    looking: null,
    ...also.world,
  });
  return { desk, loads };
}

describe('what the desk reads', () => {
  it('of a promotion that a rollback joins is read once, and anew for every race that is lost', async () => {
    const quiet = await deskOver([walkTo('verifying').promotion]);
    await quiet.desk.open(back);
    let races = 0;
    const busy = await deskOver([walkTo('verifying').promotion], {
      store: {
        async save() {
          races += 1;
          return races < 3 ? { outcome: 'conflict' } : { outcome: 'saved', nowMs: startMs };
        },
      },
    });
    await busy.desk.open(back);

    expect(quiet.loads).toEqual(['p1']);
    expect(busy.loads).toEqual(['p1', 'p1', 'p1']);
  });

  it('is nothing but the lock where nobody holds the environment', async () => {
    const { desk, loads } = await deskOver([]);

    expect(await desk.open(back)).toMatchObject({ outcome: 'opened' });
    expect(loads).toEqual([]);
  });

  it('of a holder’s refusals is nothing, where nobody waits for an answer', async () => {
    const { desk } = await deskOver([walkTo('rolling-back').promotion], {
      store: { newestRefusal: () => Promise.reject(new Error('read')) },
    });

    expect(await desk.open(back)).toMatchObject({ refusal: { code: 'rollback.running' } });
  });
});

describe('a promotion that has ended well', () => {
  it('is taken back by its Roll Back button, and by no other', async () => {
    const { desk } = await deskOver([{ ...walkTo('promoted').promotion }]);

    const cancelled = await desk.decide('p1', {
      type: 'cancellation.claimed',
      claim: claim('cancel', ada),
    });

    expect(cancelled).toMatchObject({ outcome: 'refused', refusal: { code: 'ended.promoted' } });
  });
});

describe('a rehearsal', () => {
  it('reaches the target on behalf of no promotion, under a name of its own', async () => {
    const mandates: Mandate[] = [];
    const looking: DeskWorld['looking'] = {
      targetOf(_definition, mandate) {
        mandates.push(mandate);
        return {
          analyze: async () => ({ outcome: 'analyzed', analysis }),
          validate: async () => [],
          observe: async () => ({ outcome: 'done', text: '' }),
          act: async () => ({ reference: null }),
        };
      },
      checks: { isAlarm: () => false, run: () => Promise.reject(new Error('there are none')) },
      releases: { resolve: async () => ({ outcome: 'absent', nearest: [] }) },
    };
    const { desk } = await deskOver([], { world: { looking } });

    expect(await desk.rehearse(back)).toMatchObject({ outcome: 'planned' });
    const own = { promotionId: 'rehearsal', digest: null };
    expect(mandates).toEqual([own, own]);
  });
});

describe('the status of an environment', () => {
  it('is an error when its lock cannot be reached, and not the word that nothing is stuck', async () => {
    const away = () => Promise.reject(new RetryableError('store.unreachable', 'no'));
    const locks = { glance: away, history: away } as unknown as NonNullable<DeskWorld['unlocking']>['locks'];
    const directory = { kindOf: away, membersOf: away };
    const { desk } = await deskOver([], { world: { unlocking: { locks, directory } } });

    await expect(desk.status('site', 'production')).rejects.toMatchObject({ code: 'store.unreachable' });
  });

  it('and unlocking it refuse words that are not known', async () => {
    const { desk } = await deskOver([]);

    expect(
      await desk.unlock({ app: 'shop', environment: 'production', person: ada, reason: 'stuck' }),
    ).toMatchObject({ outcome: 'refused', refusal: { code: 'app.unknown' } });
  });
});
