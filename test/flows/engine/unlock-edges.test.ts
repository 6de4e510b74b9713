import { describe, expect, it } from 'vitest';
import type { EnvironmentSettings } from '../../../src/flows/desk.ts';
import { stuckLock, unlock } from '../../../src/flows/engine/unlock.ts';
import { RetryableError } from '../../../src/flows/errors.ts';
import type { Locks, PromotionStore } from '../../../src/flows/ports.ts';
import { chainUnlockRefusal, firstBroken, type LockSeen } from '../../../src/flows/unlock.ts';
import { ada, grace, hash, policy, startMs, walkTo } from '../promotion/walk.ts';
import { createPaperStore } from './paper-store.ts';

const definition = walkTo('analyzing').promotion.definition;
const settings: EnvironmentSettings = { app: 'site', environment: 'production', policy, definition };
const request = { app: 'site', environment: 'production', person: grace, reason: 'stuck' };
const held = {
  holder: 'p9',
  epoch: 3,
  rows: [{ key: 'site#production', epoch: 3 }],
  mark: { exists: false, tx: null, revision: null },
};
const free: LockSeen = {
  app: 'site',
  environment: 'production',
  held: null,
  freeFromMs: null,
  newest: null,
  nowMs: startMs,
};
const said = (does: 'state' | 'free') => ({
  sequence: 1,
  hash: 'h1',
  entry: { does, holder: 'p9', epoch: 3, by: { person: ada, atMs: startMs } } as never,
});

function world(seen: LockSeen, also: { locks?: Partial<Locks>; store?: Partial<PromotionStore> } = {}) {
  const looked: unknown[] = [];
  let records = 0;
  const locks = {
    async look(_app: string, _environment: string, resources: () => Promise<readonly string[]>) {
      looked.push(await resources());
      return seen;
    },
    glance: async () => seen,
    record: async () => {
      records += 1;
      return 'recorded' as const;
    },
    recordRefusal: async () => {},
    ...also.locks,
  } as unknown as Locks;
  const directory = { kindOf: async () => 'member' as const, membersOf: async () => [] };
  const store = { ...createPaperStore(() => startMs), ...also.store };
  return { locks, store, directory, hash, hints: { wake() {} }, looked, records: () => records };
}

describe('unlocking an environment that nobody holds', () => {
  it.each([
    ['rests until the last millisecond after two people freed it', said('free'), startMs + 1, 'rests'],
    ['is refused from then on', said('free'), startMs, 'refused'],
    ['is refused where only one of two ever spoke', said('state'), startMs + 1, 'refused'],
    ['is refused where nobody ever did', null, null, 'refused'],
  ])('%s', async (_what, newest, freeFromMs, outcome) => {
    expect(await unlock(world({ ...free, newest, freeFromMs }), settings, request)).toMatchObject({
      outcome,
    });
  });
});

describe('unlocking an environment that is held', () => {
  it('by a promotion whose row is gone is recorded as that', async () => {
    expect(await unlock(world({ ...free, held }), settings, request)).toMatchObject({
      outcome: 'stated',
      entry: { because: 'gone', holder: 'p9' },
    });
  });

  it('by one that can be worked on is refused', async () => {
    const { promotion } = walkTo('verifying');
    const open = world({ ...free, held }, { store: { load: async () => ({ promotion, nowMs: startMs }) } });

    expect(await unlock(open, settings, request)).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'unlock.holder-open' },
    });
  });

  it('looks for locks on every resource that promotions of it have had in their plans', async () => {
    const list = async () =>
      [walkTo('verifying'), walkTo('analyzing'), walkTo('failed')].map((walk) => walk.promotion);
    const here = world({ ...free, held }, { store: { list } });
    await unlock(here, settings, request);

    expect(here.looked).toEqual([['arn:thing']]);
  });

  it('is tried eight times against others, and says then where', async () => {
    let records = 0;
    const busy = world(
      { ...free, held },
      {
        locks: {
          async record() {
            records += 1;
            return 'changed';
          },
        },
      },
    );

    await expect(unlock(busy, settings, request)).rejects.toMatchObject({
      code: 'store.contended',
      data: { app: 'site', environment: 'production' },
    });
    expect(records).toBe(8);
  });

  it('is an error when the lock or its holder cannot be reached, and not a word about either', async () => {
    const away = () => Promise.reject(new RetryableError('store.unreachable', 'no'));

    for (const also of [{ locks: { look: away } }, { store: { load: away } }])
      await expect(unlock(world({ ...free, held }, also), settings, request)).rejects.toMatchObject({
        code: 'store.unreachable',
      });
  });
});

describe('the status of a stuck lock', () => {
  it('says until when a second person may join the first, and nothing of a time while there is none', async () => {
    expect(
      await stuckLock(world({ ...free, held, newest: said('state') }), 'site', 'production'),
    ).toMatchObject({
      because: 'gone',
      first: { person: ada },
      untilMs: startMs + 30 * 60_000,
    });
    expect(await stuckLock(world({ ...free, held }), 'site', 'production')).toMatchObject({
      first: null,
      untilMs: null,
    });
  });
});

describe('ALL-11 the chain of refused unlocks', () => {
  const refused = (atMs: number) => ({
    app: 'site',
    environment: 'production',
    atMs,
    person: ada,
    reason: 'stuck',
    refusal: { code: 'x', text: 'x', next: 'x' },
  });
  const first = chainUnlockRefusal(null, refused(startMs), hash);
  const second = chainUnlockRefusal(first, refused(startMs - 5), hash);
  const third = chainUnlockRefusal(second, refused(startMs + 5), hash);

  it('begins with nothing before it, and never runs backwards', () => {
    expect(first).toMatchObject({ sequence: 1, previous: '', atMs: startMs });
    expect(second).toMatchObject({ sequence: 2, previous: first.hash, atMs: startMs });
    expect(firstBroken([first, second, third], hash)).toBeNull();
  });

  it('names the first line that was changed, taken out, moved or made anew', () => {
    const changed = { ...second, reason: 'another' };
    const forged = chainUnlockRefusal(first, refused(startMs + 1), hash);

    expect(firstBroken([first, changed, third], hash)).toBe(2);
    expect(firstBroken([first, third], hash)).toBe(2);
    expect(firstBroken([second, third], hash)).toBe(1);
    expect(firstBroken([second, first, third], hash)).toBe(1);
    expect(firstBroken([first, forged, third], hash)).toBe(3);
  });
});
