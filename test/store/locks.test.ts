import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { unlockNoticeId } from '../../src/flows/notices.ts';
import type { Locks, PromotionStore } from '../../src/flows/ports.ts';
import type { Person } from '../../src/flows/promotion/promotion.ts';
import { decideUnlock, type LockSeen, standingStatement, type UnlockEntry } from '../../src/flows/unlock.ts';
import { createLocks } from '../../src/store/locks.ts';
import { createNotices } from '../../src/store/notices.ts';
import { createOutbox } from '../../src/store/outbox.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import type { SdkTransport } from '../../src/store/sdk-transport.ts';
import { keys } from '../../src/store/table.ts';
import { ada, grace, hash, lin, policy, startMs, walkTo } from '../flows/promotion/walk.ts';
import { connectTo, engines, type StoreEngine, startTestDynamo } from '../support/dynamodb.ts';
import { startModelDynamo } from '../support/model-dynamodb.ts';
import { opening } from '../support/opening.ts';

const lockKeys = ['site#production', 'arn:thing'];
const nothingElse = async () => [];
const minute = 60_000;

/** The table model is judged against the other engine elsewhere. */
const judged = [...engines.slice(0, 1), 'signed' as const, 'model' as const];

describe.each(judged)('locks whose holder cannot be worked on, on %s', (engine) => {
  let dynamo: StoreEngine;
  let transport: SdkTransport;
  let store: PromotionStore;
  let locks: Locks;

  beforeAll(async () => {
    dynamo = engine === 'model' ? startModelDynamo({ startMs }) : await startTestDynamo({ engine, startMs });
  });
  afterAll(() => dynamo.close());
  beforeEach(async () => {
    dynamo.control.clearFaults();
    const tableName = dynamo.tableName();
    transport = connectTo(dynamo, tableName);
    await transport.ensureTable();
    const nonce = () => randomUUID();
    store = createPromotionStore({ transport, nonce });
    locks = createLocks({ transport, nonce, hash });
    await store.create(opening('p1'));
    await store.create(opening('p2'));
    expect((await take('p1')).outcome).toBe('saved');
  });

  const save = (id: string, does: 'take' | 'hold', revision: number, nowMs: number) =>
    store.save({
      promotion: { ...walkTo('waiting').promotion, id, revision, nowMs },
      audit: [],
      announcements: [],
      locks: { does, keys: lockKeys },
      handedOver: null,
      live: null,
    });
  const take = (id: string, nowMs = startMs) => save(id, 'take', 2, nowMs);
  const look = (also: () => Promise<readonly string[]> = nothingElse) =>
    locks.look('site', 'production', also);

  const lineOf = (seen: LockSeen, person: Person): UnlockEntry => {
    if (seen.held === null) throw new Error('nobody holds it');
    const granted = { outcome: 'granted', evidence: 'named' } as const;
    const decision = decideUnlock(
      {
        seen: { ...seen, held: seen.held },
        because: 'unreadable',
        person,
        reason: 'broken',
        standing: granted,
        firstStanding: standingStatement(seen) === null ? null : granted,
      },
      hash,
    );
    if (decision.outcome === 'refused') throw new Error(decision.refusal.code);
    return decision.entry;
  };
  const record = async (seen: LockSeen, person: Person) => {
    if (seen.held === null) throw new Error('nobody holds it');
    const entry = lineOf(seen, person);
    const { channel, onCall } = policy;
    const notice = { id: unlockNoticeId(entry), topic: 'unlock' as const, entry, channel, onCall };
    return locks.record({ ...seen, held: seen.held }, notice);
  };
  const say = async (person: Person) => record(await look(), person);
  const setMeta = (text: string, values: Record<string, { S: string } | { N: string }>) =>
    transport.write({ does: 'update', key: keys.promotion('p1'), update: { text, values } });
  const corrupt = () => setMeta('SET body = :body', { ':body': { S: '{' } });

  it('each of them names all that were taken together, with the epoch of each', async () => {
    const { held } = await look();

    expect(held).toMatchObject({
      holder: 'p1',
      epoch: 1,
      rows: [
        { key: 'site#production', epoch: 1 },
        { key: 'arn:thing', epoch: 1 },
      ],
    });
  });

  it('two people free all of them in one write, and nobody takes one before six minutes are over', async () => {
    await corrupt();

    expect(await say(grace)).toBe('recorded');
    expect(await store.holder('arn:thing')).toBe('p1');
    expect(await say(lin)).toBe('recorded');

    expect([await store.holder('site#production'), await store.holder('arn:thing')]).toEqual([
      undefined,
      undefined,
    ]);
    expect(await look()).toMatchObject({ held: null, freeFromMs: startMs + 6 * minute });
    expect(await take('p2', startMs + 6 * minute - 1)).toEqual({ outcome: 'locked', holder: 'nobody' });
    expect(await take('p2', startMs + 6 * minute)).toMatchObject({ outcome: 'saved' });
    expect(await look()).toMatchObject({ held: { holder: 'p2', epoch: 3 }, freeFromMs: null });
  });

  it('who held them can do nothing under them any more, and does not get them back by taking them', async () => {
    await say(grace);
    await say(lin);

    expect(await save('p1', 'hold', 3, startMs)).toEqual({ outcome: 'locked', holder: 'nobody' });
    expect(await save('p1', 'take', 3, startMs)).toEqual({ outcome: 'locked', holder: 'nobody' });
  });

  it('a claim that the holder saved after it was looked at stops the freeing, and nothing of it is written', async () => {
    await say(grace);
    const seen = await look();
    expect(await save('p1', 'hold', 3, startMs)).toMatchObject({ outcome: 'saved' });

    expect(await record(seen, lin)).toBe('changed');

    expect(await store.holder('site#production')).toBe('p1');
    expect(await locks.history('site', 'production')).toHaveLength(1);
  });

  it('a record that was gone and is there again stops the freeing', async () => {
    const { item } = await transport.get(keys.promotion('p1'));
    if (item === undefined) throw new Error('no row');
    const gone = {
      ...transport,
      get: async (key: typeof item) => {
        const answer = await transport.get(key);
        return JSON.stringify(key) === JSON.stringify(keys.promotion('p1'))
          ? { ...answer, item: undefined }
          : answer;
      },
    };
    const blind = createLocks({ transport: gone, nonce: () => randomUUID(), hash });
    await say(grace);
    const seen = await blind.look('site', 'production', nothingElse);
    expect(seen.held?.mark.exists).toBe(false);

    expect(await record(seen, lin)).toBe('changed');
    expect(await store.holder('site#production')).toBe('p1');
  });

  it('a record that has lost everything but its key can still be freed from', async () => {
    await setMeta('SET body = :body REMOVE tx, revision', { ':body': { S: '{' } });

    expect([await say(grace), await say(lin)]).toEqual(['recorded', 'recorded']);
    expect(await store.holder('site#production')).toBeUndefined();
  });

  it('of two second people at the same instant exactly one frees them', async () => {
    await say(grace);
    const seen = await look();

    const outcomes = await Promise.all([record(seen, lin), record(seen, ada)]);

    expect(outcomes.sort()).toEqual(['changed', 'recorded']);
    expect((await locks.history('site', 'production')).map(({ does }) => does)).toEqual(['state', 'free']);
  });

  it('a word about a lock that changed hands meanwhile is not recorded', async () => {
    const seen = await look();
    await say(grace);
    await say(lin);
    await take('p2', startMs + 6 * minute);
    const late = { ...(await look()), held: seen.held };

    expect(await record(late, ada)).toBe('changed');
  });

  it('what was recorded without an answer is found to be recorded', async () => {
    dynamo.control.loseAnswer({ operation: 'TransactWriteItems', count: 4 });
    expect(await say(grace)).toBe('recorded');
    dynamo.control.loseAnswer({ operation: 'TransactWriteItems', count: 4 });
    expect(await say(lin)).toBe('recorded');

    expect(await locks.history('site', 'production')).toHaveLength(2);
  });

  it('rows of an earlier version, which name nothing, are found where they are looked for, if the holder has them', async () => {
    for (const key of lockKeys) {
      const update = { text: 'SET epoch = epoch REMOVE takenKeys' };
      await transport.write({ does: 'update', key: keys.lock(key), update });
    }

    const { held } = await look(async () => ['arn:thing', 'arn:other']);

    expect(held?.rows.map(({ key }) => key)).toEqual(lockKeys);
  });

  it('ALL-11 what was said is kept in order, each line bound to the one before; one that cannot be read stops nobody', async () => {
    await say(grace);
    await say(lin);
    const [first, second] = await locks.history('site', 'production');
    expect([first?.previous, second?.previous]).toEqual(['', first?.hash]);
    const update = { text: 'SET body = :body', values: { ':body': { S: '{' } } };
    await transport.write({ does: 'update', key: keys.unlock('site', 'production', 2), update });
    await take('p2', startMs + 6 * minute);

    expect(lineOf(await look(), grace)).toMatchObject({ sequence: 3, does: 'state', previous: second?.hash });
  });

  it('ALL-11 refusals are a chain of their own, however many come at once', async () => {
    const refusal = { code: 'x', text: 'x', next: 'x' };
    const refused = {
      app: 'site',
      environment: 'production',
      person: ada,
      reason: 'x',
      refusal,
      atMs: startMs,
    };

    await Promise.all(Array.from({ length: 5 }, () => locks.recordRefusal(refused)));

    const kept = await locks.refusals('site', 'production');
    expect(kept.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(kept.slice(1).map(({ previous }) => previous)).toEqual(kept.slice(0, 4).map((each) => each.hash));
  });

  it('each word brings a notice, which is due until everything of it is told', async () => {
    const outbox = createOutbox({ transport, nonce: () => randomUUID() });
    const notices = createNotices({ transport, nonce: () => randomUUID() });
    await say(grace);
    const id = 'notice:unlock:site#production:1';
    expect((await outbox.dueSurfaces(10)).ids).toContain(id);

    const state = await notices.find(id);
    if (state === undefined) throw new Error('no notice');
    expect(state).toMatchObject({
      told: 0,
      notice: { channel: policy.channel, entry: { by: { person: grace } } },
    });
    dynamo.control.loseAnswer({ operation: 'PutItem', count: 1 });
    expect(await notices.save({ ...state, told: 2, dueAtMs: null })).toBe(true);
    expect(await notices.save({ ...state, told: 1 })).toBe(false);

    expect(await notices.find(id)).toMatchObject({ told: 2, dueAtMs: null, revision: 2 });
    expect((await outbox.dueSurfaces(10)).ids).not.toContain(id);
  });
});
