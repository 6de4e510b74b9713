import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RetryableError } from '../../src/flows/errors.ts';
import type { Change } from '../../src/flows/ports.ts';
import { toChange } from '../../src/flows/promotion/change.ts';
import type { PromotionEvent } from '../../src/flows/promotion/events.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { transition } from '../../src/flows/promotion/transition.ts';
import { createOutbox } from '../../src/store/outbox.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import type { SdkTransport } from '../../src/store/sdk-transport.ts';
import { dueFrom, indexes, keys, promotionIdOf } from '../../src/store/table.ts';
import { analysis, hash, newRelease, startMs, walkTo } from '../flows/promotion/walk.ts';
import {
  connectTo,
  type EngineOver,
  engines,
  type StoreEngine,
  startTestDynamo,
} from '../support/dynamodb.ts';
import { startModelDynamo } from '../support/model-dynamodb.ts';
import { opening } from '../support/opening.ts';

const apply = (promotion: Promotion, event: PromotionEvent, nowMs: number): Change => {
  const decision = transition(promotion, event, nowMs);
  if (decision.outcome === 'refused') throw new Error(decision.refusal.code);
  return toChange(promotion, decision, event, nowMs, hash);
};

const admitted = (promotion: Promotion): Change =>
  apply(promotion, { type: 'claim.granted', claimId: `${promotion.id}-request`, evidence: 'named' }, startMs);

/** A promotion that is saved like any other, at a later place of its life. */
const at = (promotion: Promotion, revision: number): Change => ({
  promotion: { ...promotion, revision },
  audit: [],
  announcements: [],
  locks: null,
  handedOver: null,
  live: null,
});

const start = (engine: EngineOver | 'model', dataDir?: string) =>
  engine === 'model'
    ? startModelDynamo({ startMs })
    : startTestDynamo({ engine, startMs, ...(dataDir === undefined ? {} : { dataDir }) });

describe.each([...engines, 'signed' as const, 'model' as const])('the store on %s', (engine) => {
  let dynamo: StoreEngine;
  let transport: SdkTransport;
  let tableName: string;

  const connect = (to: Pick<StoreEngine, 'client' | 'signedCall'> = dynamo) => connectTo(to, tableName);
  const storeOf = (over: SdkTransport) =>
    createPromotionStore({ transport: over, nonce: () => randomUUID() });

  beforeAll(async () => {
    dynamo = await start(engine);
  });
  afterAll(() => dynamo.close());
  beforeEach(async () => {
    dynamo.control.clearFaults();
    tableName = dynamo.tableName();
    transport = connect();
    await transport.ensureTable();
  });

  it('a promotion comes back exactly as it was saved, with the store’s time', async () => {
    const store = storeOf(transport);
    const change = opening('p1');

    await store.create(change);
    const loaded = await store.load('p1');

    expect(loaded?.promotion).toEqual(change.promotion);
    expect(loaded?.nowMs).toBe(Math.floor(dynamo.clock.nowMs() / 1000) * 1000);
  });

  it('creating it twice answers the one that is there', async () => {
    const store = storeOf(transport);
    await store.create(opening('p1'));

    const again = await store.create(opening('p1', startMs + 5000));

    expect(again).toMatchObject({ outcome: 'exists', promotion: { requestedAtMs: startMs } });
  });

  it('of twenty saves of one revision exactly one wins', async () => {
    const store = storeOf(transport);
    const { promotion } = opening('p1');
    await store.create(opening('p1'));

    const outcomes = await Promise.all(Array.from({ length: 20 }, () => store.save(admitted(promotion))));

    expect(outcomes.filter(({ outcome }) => outcome === 'saved')).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome === 'conflict')).toHaveLength(19);
    expect((await store.audit('p1')).map(({ sequence }) => sequence)).toEqual([1, 2]);
  });

  it('decision, audit entry and announcements are one write: a lost race leaves none of them', async () => {
    const store = storeOf(transport);
    const outbox = createOutbox({ transport, nonce: () => randomUUID() });
    const { promotion } = opening('p1');
    await store.create(opening('p1'));
    await store.save(admitted(promotion));

    const late = apply(
      promotion,
      { type: 'analysis.refused', refusal: { code: 'x', text: 'x', next: 'x' } },
      startMs + 2000,
    );
    expect(await store.save(late)).toEqual({ outcome: 'conflict' });

    expect(await store.audit('p1')).toHaveLength(2);
    expect(await outbox.announcements('p1', 1, 10)).toEqual([]);
  });

  it('a save whose answer was lost after it was applied is a save, not a lost race', async () => {
    const store = storeOf(transport);
    const { promotion } = opening('p1');
    await store.create(opening('p1'));
    dynamo.control.loseAnswer({ operation: 'TransactWriteItems', count: 1 });

    expect(await store.save(admitted(promotion))).toMatchObject({ outcome: 'saved' });
    expect((await store.load('p1'))?.promotion.revision).toBe(2);
  });

  it('a save that never got an answer is found out by its nonce', async () => {
    const store = storeOf(transport);
    const { promotion } = opening('p1');
    await store.create(opening('p1'));
    dynamo.control.loseAnswer({ operation: 'TransactWriteItems', count: 4 });

    expect(await store.save(admitted(promotion))).toMatchObject({ outcome: 'saved' });
  });

  it('throttling is waited out', async () => {
    const store = storeOf(transport);
    await store.create(opening('p1'));
    dynamo.control.throttle(2);

    expect((await store.load('p1'))?.promotion.id).toBe('p1');
  });

  it('a store that cannot be reached is retryable, never an empty answer', async () => {
    const store = storeOf(transport);
    await store.create(opening('p1'));
    dynamo.control.down(60);

    await expect(store.load('p1')).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'store.unreachable',
    });
  });

  it('ALL-5 of two promotions exactly one takes the lock, and the other learns who holds it', async () => {
    const store = storeOf(transport);
    const lock = (id: string): Change => ({
      ...at({ ...walkTo('awaiting-approval').promotion, id }, 2),
      locks: { does: 'take', keys: ['site#production', 'arn:thing'] },
    });
    await store.create(opening('p1'));
    await store.create(opening('p2'));

    const outcomes = await Promise.all([store.save(lock('p1')), store.save(lock('p2'))]);

    const winner = outcomes[0]?.outcome === 'saved' ? 'p1' : 'p2';
    expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual(['locked', 'saved']);
    expect(outcomes).toContainEqual({ outcome: 'locked', holder: winner });
    expect(await store.holder('arn:thing')).toBe(winner);
  });

  it('ALL-5 a claim needs the lock, and the last write frees it', async () => {
    const store = storeOf(transport);
    const { promotion } = walkTo('waiting');
    const change = (revision: number, does: 'take' | 'hold' | 'release'): Change => ({
      ...at(promotion, revision),
      locks: { does, keys: ['site#production'] },
    });
    await store.create(opening('p1'));

    expect(await store.save(change(2, 'hold'))).toEqual({ outcome: 'locked', holder: 'nobody' });
    expect(await store.save(change(2, 'take'))).toMatchObject({ outcome: 'saved' });
    expect(await store.save(change(3, 'hold'))).toMatchObject({ outcome: 'saved' });
    expect(await store.save(change(4, 'release'))).toMatchObject({ outcome: 'saved' });
    expect(await store.holder('site#production')).toBeUndefined();
  });

  it('an end without a lock frees nobody else’s', async () => {
    const store = storeOf(transport);
    await store.create(opening('p1'));
    await store.create(opening('p2'));
    await store.save({
      ...at({ ...walkTo('waiting').promotion, id: 'p2' }, 2),
      locks: { does: 'take', keys: ['site#production'] },
    });

    const ended = await store.save({
      ...at({ ...walkTo('cancelled').promotion, id: 'p1' }, 2),
      locks: { does: 'release', keys: ['site#production'] },
    });

    expect(ended).toMatchObject({ outcome: 'saved' });
    expect(await store.holder('site#production')).toBe('p2');
  });

  it('what is due is found, oldest first, and what is not due is not', async () => {
    const store = storeOf(transport);
    for (const [id, dueAtMs] of [
      ['p1', startMs - 1000],
      ['p2', startMs - 5000],
      ['p3', startMs + 60_000],
    ] as const) {
      const change = opening(id);
      await store.create({ ...change, promotion: { ...change.promotion, dueAtMs } });
    }

    expect((await store.due(10)).ids).toEqual(['p2', 'p1']);
  });

  it('what nobody can work on is passed over, however many of them stand in front', async () => {
    const store = storeOf(transport);
    const ids = Array.from({ length: 12 }, (_, number) => `p${number}`);
    for (const [index, id] of ids.entries()) {
      const change = opening(id);
      await store.create({ ...change, promotion: { ...change.promotion, dueAtMs: startMs - 1000 + index } });
    }
    const [first = '', ...others] = ids;
    const seen = await transport.get(keys.promotion(first));

    expect((await store.due(3, new Set(ids.slice(0, 9)))).ids).toEqual(ids.slice(9));
    const where = dueFrom(seen.item ?? {}, seen.nowMs);
    const { items } = await transport.query({ index: indexes.due, where, limit: 2 });
    expect(promotionIdOf(items[0] ?? {})).toBe(first);
    expect(others).toContain(promotionIdOf(items[1] ?? {}));
  });

  it('an ended promotion is never due', async () => {
    const store = storeOf(transport);
    await store.create(opening('p1'));
    await store.save(at({ ...walkTo('promoted').promotion, id: 'p1' }, 2));

    expect((await store.due(10)).ids).toEqual([]);
  });

  it('promotions of an environment are listed newest first', async () => {
    const store = storeOf(transport);
    await store.create(opening('p1', startMs));
    await store.create(opening('p2', startMs + 1000));

    expect((await store.list('site', 'production', 10)).map(({ id }) => id)).toEqual(['p2', 'p1']);
    expect(await store.list('site', 'staging', 10)).toEqual([]);
  });

  it('good releases are listed newest first', async () => {
    const store = storeOf(transport);
    await store.create(opening('p1'));
    const live = (version: string, atMs: number) => ({
      app: 'site',
      environment: 'production',
      version,
      artifact: version,
      promotionId: 'p1',
      replaced: null,
      atMs,
    });
    await store.save({ ...at(walkTo('monitoring').promotion, 2), live: live('v1.0.0', startMs) });
    await store.save({ ...at(walkTo('monitoring').promotion, 3), live: live('v1.1.0', startMs + 1) });

    expect((await store.liveRecords('site', 'production', 5)).map(({ version }) => version)).toEqual([
      'v1.1.0',
      'v1.0.0',
    ]);
  });

  it('a row that cannot be read is named, never guessed at', async () => {
    const store = storeOf(transport);
    await store.create(opening('p1'));
    const broken = { text: 'SET body = :body', values: { ':body': { S: '{"phase":"promoted"}' } } };
    await transport.write({ does: 'update', key: keys.promotion('p1'), update: broken });

    await expect(store.load('p1')).rejects.toMatchObject({
      name: 'UnreadableError',
      code: 'store.unreadable',
    });
  });

  it('a long audit chain is read to its end, over as many pages as it takes', async () => {
    const store = storeOf(transport);
    const { promotion } = opening('p1');
    await store.create(opening('p1'));
    const entry = (await store.audit('p1'))[0];
    if (entry === undefined) throw new Error('no entry');
    const long = 'x'.repeat(20_000);
    for (let revision = 2; revision <= 80; revision += 1) {
      const audit = [{ ...entry, sequence: revision, refusal: { code: 'x', text: long, next: 'x' } }];
      await store.save({ ...at(promotion, revision), audit });
    }

    expect((await store.audit('p1')).map(({ sequence }) => sequence).at(-1)).toBe(80);
    expect(await store.audit('p1')).toHaveLength(80);
  });

  it('a save that was applied before somebody saved on top of it is still known to be saved', async () => {
    const { promotion } = opening('p1');
    await storeOf(transport).create(opening('p1'));
    const first = admitted(promotion);
    // The answers of all attempts are lost, and before anybody looks a second save has come on top.
    const lossy = {
      ...transport,
      async transact(...args: Parameters<SdkTransport['transact']>): Promise<never> {
        await transport.transact(...args);
        const second = apply(
          first.promotion,
          { type: 'analysis.refused', refusal: { code: 'x', text: 'x', next: 'x' } },
          startMs,
        );
        await storeOf(transport).save(second);
        throw new RetryableError('store.unreachable', 'no answer');
      },
    };

    expect(await storeOf(lossy).save(first)).toMatchObject({ outcome: 'saved' });
  });

  it('a call that can never succeed is not taken for an unreachable store', async () => {
    const wrong = { text: 'nonsense', values: {} };

    await expect(transport.query({ where: wrong })).rejects.toMatchObject({
      name: 'TerminalError',
      code: 'store.call-invalid',
    });
  });

  it('what could not be read back is not written', async () => {
    const store = storeOf(transport);
    const change = opening('p1');
    await store.create(change);

    const odd = { ...change.promotion, revision: 2, requestedAtMs: 1.5 };
    await expect(store.save({ ...change, promotion: odd })).rejects.toMatchObject({
      code: 'store.unwritable',
    });

    expect((await store.load('p1'))?.promotion.revision).toBe(1);
  });

  it('a row of a newer version of Countersign is left alone', async () => {
    const store = storeOf(transport);
    await store.create(opening('p1'));
    const newer = {
      text: 'SET #schema = :newer',
      names: { '#schema': 'schema' },
      values: { ':newer': { N: '99' } },
    };
    await transport.write({ does: 'update', key: keys.promotion('p1'), update: newer });

    await expect(store.load('p1')).rejects.toMatchObject({ code: 'store.newer-schema' });
  });

  describe('surfaces', () => {
    it('a new promotion has a card to draw at once', async () => {
      const store = storeOf(transport);
      const outbox = createOutbox({ transport, nonce: () => randomUUID() });
      await store.create(opening('p1'));

      expect((await outbox.dueSurfaces(10)).ids).toEqual(['p1']);
      expect(await outbox.surface('p1')).toMatchObject({
        channel: 'CDEPLOY',
        ts: null,
        drawnRevision: 0,
        toldSequence: 0,
      });
    });

    it('a drawn card rests until the promotion is saved again', async () => {
      const store = storeOf(transport);
      const outbox = createOutbox({ transport, nonce: () => randomUUID() });
      await store.create(opening('p1'));
      const surface = await outbox.surface('p1');
      if (surface === undefined) throw new Error('no surface');
      await outbox.saveSurface({ ...surface, drawnRevision: 1, toldSequence: 1, dueAtMs: null });
      expect((await outbox.dueSurfaces(10)).ids).toEqual([]);

      expect(await store.save(admitted(opening('p1').promotion))).toMatchObject({ outcome: 'saved' });

      expect((await outbox.dueSurfaces(10)).ids).toEqual(['p1']);
    });

    it('a save between drawing and noting the drawing is not lost', async () => {
      const store = storeOf(transport);
      const outbox = createOutbox({ transport, nonce: () => randomUUID() });
      await store.create(opening('p1'));
      const surface = await outbox.surface('p1');
      if (surface === undefined) throw new Error('no surface');

      expect(await store.save(admitted(opening('p1').promotion))).toMatchObject({ outcome: 'saved' });
      expect(await outbox.saveSurface({ ...surface, drawnRevision: 1, toldSequence: 1, dueAtMs: null })).toBe(
        true,
      );

      expect((await outbox.dueSurfaces(10)).ids).toEqual(['p1']);
    });

    it('a timestamp that was saved without an answer is not saved twice, nor lost', async () => {
      const store = storeOf(transport);
      const outbox = createOutbox({ transport, nonce: () => randomUUID() });
      await store.create(opening('p1'));
      const surface = await outbox.surface('p1');
      if (surface === undefined) throw new Error('no surface');
      dynamo.control.loseAnswer({ operation: 'UpdateItem', count: 1 });

      expect(await outbox.saveSurface({ ...surface, ts: '1.1' })).toBe(true);
      expect(await outbox.surface('p1')).toMatchObject({ ts: '1.1', revision: surface.revision + 1 });
    });

    it('a save while a drawing was claimed is due at once, not when the claim would have ended', async () => {
      const store = storeOf(transport);
      const outbox = createOutbox({ transport, nonce: () => randomUUID() });
      await store.create(opening('p1'));
      const surface = await outbox.surface('p1');
      if (surface === undefined) throw new Error('no surface');
      await store.save(admitted(opening('p1').promotion));
      await outbox.saveSurface({ ...surface, postingUntilMs: startMs + 30_000, dueAtMs: startMs + 30_000 });

      await outbox.saveSurface({
        ...surface,
        revision: surface.revision + 1,
        drawnRevision: 1,
        toldSequence: 1,
        dueAtMs: null,
      });

      expect((await outbox.dueSurfaces(10)).ids).toEqual(['p1']);
    });

    it('of two announcers one wins', async () => {
      const store = storeOf(transport);
      const outbox = createOutbox({ transport, nonce: () => randomUUID() });
      await store.create(opening('p1'));
      const surface = await outbox.surface('p1');
      if (surface === undefined) throw new Error('no surface');

      expect(await outbox.saveSurface({ ...surface, ts: '1.1' })).toBe(true);
      expect(await outbox.saveSurface({ ...surface, ts: '2.2' })).toBe(false);
      expect(await outbox.surface('p1')).toMatchObject({ ts: '1.1', revision: surface.revision + 1 });
    });

    it('announcements come in their order, after the ones that were told', async () => {
      const store = storeOf(transport);
      const outbox = createOutbox({ transport, nonce: () => randomUUID() });
      const first = opening('p1');
      await store.create(first);
      const ready = admitted(first.promotion);
      await store.save(ready);
      await store.save(
        apply(ready.promotion, { type: 'analysis.completed', analysis, release: newRelease }, startMs + 2000),
      );

      expect((await outbox.announcements('p1', 0, 10)).map(({ announcement }) => announcement.topic)).toEqual(
        ['requested', 'analyzed'],
      );
      expect((await outbox.announcements('p1', 1, 10)).map(({ sequence }) => sequence)).toEqual([2]);
    });
  });

  it.skipIf(engine === 'model')('a process killed at any time loses nothing that was saved', async () => {
    if (engine === 'model') throw new Error('the model keeps nothing');
    const dataDir = mkdtempSync(join(tmpdir(), 'countersign-store-'));
    const first = await startTestDynamo({ engine, startMs, dataDir });
    const before = connect(first);
    await before.ensureTable();
    await storeOf(before).create(opening('p1'));
    if (first.enginePid !== null) process.kill(first.enginePid, 'SIGKILL');
    await first.close();

    const second = await startTestDynamo({ engine, startMs, dataDir });
    const kept = await storeOf(connect(second)).load('p1');
    await second.close();
    rmSync(dataDir, { recursive: true });

    expect(kept?.promotion.id).toBe('p1');
  });
});
