import { beforeEach, describe, expect, it } from 'vitest';
import type { Change, PromotionStore } from '../../src/flows/ports.ts';
import { createOutbox } from '../../src/store/outbox.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import { createSdkTransport, type SdkTransport } from '../../src/store/sdk-transport.ts';
import { keys } from '../../src/store/table.ts';
import type { Transport } from '../../src/store/transport.ts';
import { startMs, walkTo } from '../flows/promotion/walk.ts';
import { createTableModel } from '../simulation/table-model.ts';
import { opening } from '../support/opening.ts';

const shared = 'site#production';
const oldOne = 'arn:of-the-old-release';

let transport: SdkTransport;
/** What somebody else does between the store's look and its write. */
let beforeWrite: () => Promise<unknown>;
let store: PromotionStore;
let names = 0;
const nonce = () => `n${++names}`;

beforeEach(async () => {
  const { client } = createTableModel({ nowMs: () => startMs });
  transport = createSdkTransport({ client, tableName: 't', pause: async () => {} });
  beforeWrite = async () => {};
  const raced: Transport = {
    ...transport,
    async transact(...writes) {
      await beforeWrite();
      return transport.transact(...writes);
    },
  };
  store = createPromotionStore({ transport: raced, nonce });
  await store.create(opening('p1'));
  await store.create(opening('p2'));
});

const saved = (id: string, revision: number, also: Partial<Change>): Change => ({
  promotion: { ...walkTo('waiting').promotion, id, revision, nowMs: startMs },
  audit: [],
  announcements: [],
  locks: null,
  handedOver: null,
  live: null,
  ...also,
});
const give = (key: string, holder: string) =>
  transport.write({
    does: 'update',
    key: keys.lock(key),
    update: { text: 'SET holder = :other', values: { ':other': { S: holder } } },
  });
const take = (id: string, taken: readonly string[]) =>
  store.save(saved(id, 2, { locks: { does: 'take', keys: [...taken] } }));
/** A rollback takes over what it needs of what the first promotion has. */
const takeOver = (needed: readonly string[]) => {
  const handedOver = { promotion: saved('p1', 3, {}).promotion, audit: [], announcements: [] };
  return store.save(
    saved('p2', 2, {
      locks: { does: 'take', keys: [...needed], from: { holder: 'p1', keys: [shared, oldOne] } },
      handedOver,
    }),
  );
};

describe('a rollback that takes over', () => {
  it('ALL-5 leaves free what the old holder had and it does not need: nobody would ever free it', async () => {
    expect(await take('p1', [shared, oldOne])).toMatchObject({ outcome: 'saved' });

    expect(await takeOver([shared, 'arn:of-the-new-release'])).toMatchObject({ outcome: 'saved' });

    expect(await store.holder(shared)).toBe('p2');
    expect(await store.holder('arn:of-the-new-release')).toBe('p2');
    expect(await store.holder(oldOne)).toBeUndefined();
    await store.create(opening('p3'));
    expect(await take('p3', [oldOne])).toMatchObject({ outcome: 'saved' });
  });

  it('is not kept waiting by a lock that it does not need and that the old holder has lost', async () => {
    await take('p1', [shared, oldOne]);
    await give(oldOne, 'p9');

    expect(await takeOver([shared])).toMatchObject({ outcome: 'saved' });

    expect(await store.holder(shared)).toBe('p2');
    expect(await store.holder(oldOne)).toBe('p9');
  });

  it('does not free a lock that somebody takes in the same moment', async () => {
    await take('p1', [shared, oldOne]);
    beforeWrite = () => give(oldOne, 'p9');

    expect(await takeOver([shared])).toEqual({ outcome: 'locked', holder: 'p9' });
    expect(await store.holder(shared)).toBe('p1');
    expect(await store.holder(oldOne)).toBe('p9');
  });

  it('has the card of the old holder drawn again, which had come to rest', async () => {
    const outbox = createOutbox({ transport, nonce });
    await take('p1', [shared, oldOne]);
    for (const id of ['p1', 'p2']) {
      const surface = await outbox.surface(id);
      if (surface === undefined) throw new Error('no card');
      await outbox.saveSurface({ ...surface, drawnRevision: 2, toldSequence: 9, dueAtMs: null });
    }
    expect((await outbox.dueSurfaces(10)).ids).toEqual([]);

    await takeOver([shared, oldOne]);

    expect([...(await outbox.dueSurfaces(10)).ids].sort()).toEqual(['p1', 'p2']);
  });
});

describe('a promotion that ends', () => {
  const end = () =>
    store.save({
      ...saved('p1', 3, { locks: { does: 'release', keys: [shared] } }),
      promotion: { ...walkTo('cancelled').promotion, id: 'p1', revision: 3, nowMs: startMs },
    });

  it('ALL-5 does not free the lock that somebody took between its look and its write', async () => {
    await take('p1', [shared]);
    beforeWrite = () => give(shared, 'p2');

    expect(await end()).toEqual({ outcome: 'locked', holder: 'p2' });
    expect(await store.holder(shared)).toBe('p2');

    expect(await end()).toMatchObject({ outcome: 'saved' });
    expect(await store.holder(shared)).toBe('p2');
  });
});
