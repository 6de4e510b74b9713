import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createDesk } from '../../../src/flows/engine/desk.ts';
import { RetryableError, UnreadableError } from '../../../src/flows/errors.ts';
import type { Directory, LiveRecord, PromotionStore } from '../../../src/flows/ports.ts';
import {
  isDirty,
  type Person,
  type Promotion,
  type PromotionIn,
} from '../../../src/flows/promotion/promotion.ts';
import type { UnlockEntry } from '../../../src/flows/unlock.ts';
import { createLocks } from '../../../src/store/locks.ts';
import { createSdkTransport } from '../../../src/store/sdk-transport.ts';
import { keys } from '../../../src/store/table.ts';
import { paperSettings } from '../../support/opening.ts';
import { claim, grace, hash, lin, otto } from '../promotion/walk.ts';
import { createSmallWorld, type Fence } from './small-world.ts';

const eve: Person = { teamId: 'T1', userId: 'UEVE' };

/** The small world with a desk that may free locks, and a directory that can be changed and counted. */
function unlockingWorld(fence: Fence = 'compare-and-set') {
  const world = createSmallWorld({ fence });
  const kinds = new Map<string, Awaited<ReturnType<Directory['kindOf']>>>();
  const asked: string[] = [];
  const woken: string[] = [];
  let slackIsDown = false;
  const directory: Directory = {
    async kindOf({ userId }) {
      asked.push(userId);
      if (slackIsDown) throw new RetryableError('slack.directory-unavailable', 'Slack is down.');
      return kinds.get(userId) ?? 'member';
    },
    membersOf: async () => [],
  };
  const transport = createSdkTransport({
    client: world.table.client,
    tableName: 't',
    pause: async () => {},
  });
  let nonces = 0;
  const locks = createLocks({ transport, nonce: () => `u${++nonces}`, hash });
  const deskWith = (
    unlocking: { locks: typeof locks; directory: Directory },
    instead: Partial<PromotionStore> = {},
  ) =>
    createDesk({
      ...world.world,
      store: { ...world.world.store, ...instead },
      hints: { wake: (id) => void woken.push(id) },
      catalog: {
        apps: [{ app: 'site', environments: ['production'] }],
        find: (_app, environment) => (environment === 'production' ? paperSettings : undefined),
        defaultEnvironment: () => 'production',
      },
      nearest: () => undefined,
      looking: null,
      unlocking,
    });
  const desk = deskWith({ locks, directory });
  const set = (key: object, values: Record<string, unknown>) =>
    world.table.client.send(
      new UpdateItemCommand({
        TableName: 't',
        Key: key as never,
        UpdateExpression: `SET ${Object.keys(values)
          .map((name) => `${name} = :${name}`)
          .join(', ')}`,
        ExpressionAttributeValues: Object.fromEntries(
          Object.entries(values).map(([name, value]) => [`:${name}`, value]),
        ) as never,
      }),
    );
  return {
    ...world,
    asked,
    woken,
    kinds,
    locks,
    deskWith,
    slack(down: boolean) {
      slackIsDown = down;
    },
    corrupt: (id: string) => set(keys.promotion(id), { body: { S: '{' } }),
    restore: (id: string, body: unknown) => set(keys.promotion(id), { body: { S: JSON.stringify(body) } }),
    setLock: (values: Record<string, unknown>) => set(keys.lock('site#production'), values),
    unlock: (person: Person, environment = 'production') =>
      desk.unlock({ app: 'site', environment, person, reason: 'broken' }),
    directory,
    status: async () => (await desk.status('site', null))[0]?.stuck,
    unseen: async () => (await desk.status('site', null))[0]?.unseen,
  };
}

/** A promotion that can no longer be read while it holds the environment. */
async function stuck(fence: Fence = 'compare-and-set', late = false) {
  const world = unlockingWorld(fence);
  if (late) world.production.losesNext = 'late';
  const lost = await world.promote('v2.0.0', isDirty);
  const readable = await world.load(lost.id);
  await world.corrupt(lost.id);
  return { ...world, lost: lost.id, readable };
}

describe('two-person unlock, carried out', () => {
  it('records the first word, frees with the second, and brings the notices near', async () => {
    const world = await stuck();
    expect(await world.status()).toEqual({
      holder: world.lost,
      because: 'unreadable',
      first: null,
      untilMs: null,
    });

    expect(await world.unlock(grace)).toMatchObject({ outcome: 'stated' });
    expect(await world.status()).toMatchObject({ first: { person: grace } });
    expect(await world.unlock(otto)).toMatchObject({
      outcome: 'freed',
      entry: { keys: ['site#production', 'arn:service'], because: 'unreadable', holder: world.lost },
    });

    expect(await world.holder()).toBeUndefined();
    expect(await world.status()).toBeUndefined();
    expect(await world.unlock(lin)).toMatchObject({ outcome: 'rests', entry: { by: { person: otto } } });
    expect(world.woken).toEqual(['notice:unlock:site#production:1', 'notice:unlock:site#production:2']);
  });

  it('reads both people’s rights anew with the second word, each once', async () => {
    const world = await stuck();
    await world.unlock(grace);
    world.asked.length = 0;

    await world.unlock(otto);

    expect(world.asked.sort()).toEqual(['UGRACE', 'UOTTO']);
  });

  it('does not count a first person who has left since', async () => {
    const world = await stuck();
    await world.unlock(grace);
    world.kinds.set('UGRACE', 'deactivated');

    expect(await world.unlock(otto)).toMatchObject({ outcome: 'stated' });
    expect(await world.unlock(grace)).toMatchObject({ refusal: { code: 'person.deactivated' } });
    expect(await world.unlock(lin)).toMatchObject({ outcome: 'freed', entry: { first: { person: otto } } });
  });

  it.each(['guest', 'bot', 'deactivated', 'stranger', 'unknown'] as const)(
    'refuses a %s, even one who is named, and keeps the refusal',
    async (kind) => {
      const world = await stuck();
      world.kinds.set('UGRACE', kind);

      expect(await world.unlock(grace)).toMatchObject({ refusal: { code: `person.${kind}` } });
      expect(await world.unlock(eve)).toMatchObject({ refusal: { code: 'person.not-allowed' } });

      expect(await world.locks.history('site', 'production')).toEqual([]);
      expect((await world.locks.refusals('site', 'production')).map(({ person }) => person)).toEqual([
        grace,
        eve,
      ]);
    },
  );

  it('records nothing while Slack’s directory cannot be read, named or not', async () => {
    const world = await stuck();
    world.slack(true);

    await expect(world.unlock(grace)).rejects.toMatchObject({ code: 'slack.directory-unavailable' });

    expect(await world.locks.history('site', 'production')).toEqual([]);
    expect(await world.locks.refusals('site', 'production')).toEqual([]);
  });

  it('refuses while the holder can be read, without asking Slack, and what nobody holds', async () => {
    const world = unlockingWorld();
    expect(await world.unlock(grace)).toMatchObject({ refusal: { code: 'unlock.free' } });
    expect(await world.unlock(grace, 'staging')).toMatchObject({ refusal: { code: 'environment.unknown' } });
    await world.promote('v2.0.0', isDirty);
    world.slack(true);

    expect(await world.unlock(grace)).toMatchObject({ refusal: { code: 'unlock.holder-open' } });
    expect(await world.status()).toBeUndefined();
    expect((await world.locks.refusals('site', 'production')).map(({ refusal }) => refusal.code)).toEqual([
      'unlock.holder-open',
    ]);
  });

  it('frees what a promotion that has ended left behind', async () => {
    const world = unlockingWorld();
    const { id } = await world.promote('v2.0.0', ({ phase }) => phase === 'promoted');
    await world.setLock({ holder: { S: id } });

    expect(await world.status()).toMatchObject({ because: 'ended' });
    await world.unlock(grace);
    expect(await world.unlock(lin)).toMatchObject({ outcome: 'freed', entry: { keys: ['site#production'] } });
  });

  it('says so when the lock’s own row cannot be read, and the status of everything else is told', async () => {
    const world = await stuck();
    await world.setLock({ holder: { N: '7' } });

    expect(await world.unlock(grace)).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'unlock.lock-unreadable' },
    });
    expect(await world.status()).toBeUndefined();
  });

  it('gives up when it loses every race, and says that it may be tried again', async () => {
    const world = await stuck();
    const losing = { ...world.locks, record: async () => 'changed' as const };
    const desk = world.deskWith({ locks: losing, directory: world.directory });

    await expect(
      desk.unlock({ app: 'site', environment: 'production', person: grace, reason: 'x' }),
    ).rejects.toMatchObject({ name: 'RetryableError', code: 'store.contended' });
  });
});

describe('who may have changed the environment unseen', () => {
  it('is who holds it and cannot be read, and still so after two people have freed it', async () => {
    const world = await stuck();
    const unseen = { holder: world.lost, because: 'unreadable' };
    expect(await world.unseen()).toMatchObject(unseen);

    await world.unlock(grace);
    await world.unlock(otto);

    expect(await world.holder()).toBeUndefined();
    expect(await world.unseen()).toEqual(unseen);
  });

  it('is nobody any more once it can be read, or once somebody else has recorded what is live', async () => {
    const world = await stuck();
    await world.unlock(grace);
    await world.unlock(otto);
    await world.restore(world.lost, world.readable);
    expect(await world.unseen()).toBeUndefined();

    await world.corrupt(world.lost);
    expect(await world.unseen()).toMatchObject({ holder: world.lost });
    const newer = { version: 'v3.0.0', atMs: world.nowMs() + 1000 } as LiveRecord;
    const desk = world.deskWith(world, { liveRecords: async () => [newer] });
    expect((await desk.status('site', null))[0]?.unseen).toBeUndefined();
  });

  it('is the newest that was freed and cannot be read, of those that had not ended', async () => {
    const world = unlockingWorld();
    const freed = (holder: string, also: Partial<UnlockEntry> = {}) =>
      ({ does: 'free', because: 'unreadable', holder, atMs: world.nowMs(), ...also }) as UnlockEntry;
    const unseenAfter = async (
      history: () => Promise<readonly UnlockEntry[]>,
      instead: Partial<PromotionStore> = {},
    ) => {
      const desk = world.deskWith({ ...world, locks: { ...world.locks, history } }, instead);
      return (await desk.status('site', null))[0]?.unseen?.holder;
    };
    const of =
      (...entries: readonly UnlockEntry[]) =>
      async () =>
        entries;
    const fails = (error: Error) => async () => {
      throw error;
    };
    const torn = new UnreadableError('store.unreadable', 'Torn.');
    const down = new RetryableError('store.unreachable', 'Down.');

    expect(await unseenAfter(of(freed('p1'), freed('p2')))).toBe('p2');
    expect(await unseenAfter(of(freed('p1', { does: 'state' })))).toBeUndefined();
    expect(await unseenAfter(of(freed('p1', { because: 'ended' })))).toBeUndefined();
    expect(await unseenAfter(fails(torn))).toBeUndefined();
    await expect(unseenAfter(fails(down))).rejects.toBe(down);
    await expect(unseenAfter(of(freed('p1')), { load: fails(down) })).rejects.toBe(down);
    const live = async () => [{ version: 'v3.0.0', atMs: world.nowMs() } as LiveRecord];
    expect(await unseenAfter(of(freed('p1')), { liveRecords: live })).toBe('p1');
    expect(
      await unseenAfter(of(freed('p1', { atMs: world.nowMs() - 1 })), { liveRecords: live }),
    ).toBeUndefined();
  });

  it('is nobody while who holds it can be read, or has ended', async () => {
    const world = unlockingWorld();
    const { id } = await world.promote('v2.0.0', ({ phase }) => phase === 'promoted');
    await world.setLock({ holder: { S: id } });

    expect(await world.status()).toMatchObject({ because: 'ended' });
    expect(await world.unseen()).toBeUndefined();
  });
});

describe('what the one that lost its lock may still do: nothing', () => {
  it.each(['compare-and-set', 'hold'] as const)(
    'a request of it that is still on its way lands before the next one acts, which sees what it did (%s)',
    async (fence) => {
      const world = await stuck(fence, true);
      await world.unlock(grace);
      await world.unlock(otto);
      const freedMs = world.nowMs();
      const next = await world.open('promotion', 'v3.0.0');
      if (next.outcome !== 'opened') throw new Error(next.outcome);
      const { id } = next.promotion;
      const until = async (phase: Promotion['phase']) => {
        for (let round = 0; round < 200; round += 1) {
          await world.tick(id);
          const promotion = await world.load(id);
          if (promotion.phase === phase) return promotion;
          world.pass(5);
        }
        throw new Error(`it never was ${phase}`);
      };
      const approve = async () => {
        const { round, digest } = (await until('awaiting-approval')) as PromotionIn<'awaiting-approval'>;
        const short = digest.slice(0, 12);
        for (const person of [grace, lin])
          await world.desk.decide(id, {
            type: 'approval.claimed',
            claim: claim('approve', person),
            round,
            digest: short,
          });
      };
      await approve();
      await until('waiting');
      expect(world.nowMs()).toBeGreaterThanOrEqual(freedMs + 360_000);

      // The latest that it can be: the moment before the next one has the lock.
      for (const arrive of world.production.late) arrive();
      await world.desk.decide(id, { type: 'notice.delivered' });
      await until('awaiting-approval');

      expect(world.production.version).toBe('v2.0.0');
      expect(await world.load(id)).toMatchObject({ round: 2, approvals: [] });
    },
  );

  it('it finds out when it can be read again, changes nothing more, and is handed to people', async () => {
    const world = await stuck();
    await world.unlock(grace);
    await world.unlock(otto);
    const written = world.production.writes.length;
    await world.restore(world.lost, world.readable);

    const handed = await world.until(world.lost, ({ phase }) => phase === 'rollback-failed');

    expect(handed).toMatchObject({ failure: { code: 'lock.lost' } });
    expect(world.production.writes).toHaveLength(written);
    expect(await world.holder()).toBeUndefined();
  });
});
