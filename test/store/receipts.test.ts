import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RetryableError } from '../../src/flows/errors.ts';
import type { Change } from '../../src/flows/ports.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { type Receipt, receiptName } from '../../src/flows/receipt.ts';
import { createAuditRecords } from '../../src/store/audit-records.ts';
import { createDeliveries } from '../../src/store/deliveries.ts';
import { textOf } from '../../src/store/items.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import type { SdkTransport } from '../../src/store/sdk-transport.ts';
import { keys } from '../../src/store/table.ts';
import type { Transport } from '../../src/store/transport.ts';
import { claim, grace, startMs } from '../flows/promotion/walk.ts';
import {
  connectTo,
  type EngineOver,
  engines,
  type StoreEngine,
  startTestDynamo,
} from '../support/dynamodb.ts';
import { startModelDynamo } from '../support/model-dynamodb.ts';
import { opening } from '../support/opening.ts';

const next = (promotion: Promotion): Change => ({
  promotion: { ...promotion, revision: promotion.revision + 1 },
  audit: [],
  announcements: [],
  locks: null,
  handedOver: null,
  live: null,
});
const refused = (promotion: Promotion) => ({
  promotionId: promotion.id,
  atMs: startMs,
  actor: { kind: 'person' as const, person: grace },
  from: promotion.phase,
  to: promotion.phase,
  digest: null,
  event: { type: 'rollback.claimed' as const, claim: claim('roll-back', grace) },
  refusal: { code: 'rollback.nothing-changed', text: 'Nothing has been changed yet.', next: 'Use Cancel.' },
});

let marks = 0;
/** One more attempt at answering the same request. */
const receipt = (body: string, id = 'aa'): Receipt => {
  marks += 1;
  return { id, mark: `m${marks}`, expiresAtMs: startMs + 3_600_000, body };
};

const start = (engine: EngineOver | 'model') =>
  engine === 'model' ? startModelDynamo({ startMs }) : startTestDynamo({ engine, startMs });

describe.each([...engines, 'signed' as const, 'model' as const])('receipts on %s', (engine) => {
  let dynamo: StoreEngine;
  let transport: SdkTransport;
  const storeOf = (over: Transport) => createPromotionStore({ transport: over, nonce: () => randomUUID() });
  const refusals = async () => (await createAuditRecords({ transport }).read('p1'))?.refusals ?? [];
  const row = async () => (await transport.get(keys.delivery('aa'))).item;

  beforeAll(async () => {
    dynamo = await start(engine);
  });
  afterAll(() => dynamo.close());
  beforeEach(async () => {
    transport = connectTo(dynamo, dynamo.tableName());
    await transport.ensureTable();
  });

  it('a promotion that is asked for twice by one request is opened once, and both get the first answer', async () => {
    const store = storeOf(transport);

    expect(await store.create(opening(), receipt('{"text":"one"}'))).toMatchObject({ outcome: 'created' });
    expect(await store.create(opening(), receipt('{"text":"two"}'))).toEqual({
      outcome: 'repeated',
      body: '{"text":"one"}',
    });
    expect(await store.create(opening())).toMatchObject({ outcome: 'exists' });
  });

  it('a decision and its receipt are one write: a repeat changes nothing, though it could', async () => {
    const store = storeOf(transport);
    const { promotion } = opening();
    await store.create(opening());

    expect(await store.save(next(promotion), receipt(''))).toMatchObject({ outcome: 'saved' });
    const later = { ...promotion, revision: 2 };
    expect(await store.save(next(later), receipt('{"text":"two"}'))).toEqual({
      outcome: 'repeated',
      body: '',
    });
    expect((await store.load('p1'))?.promotion.revision).toBe(2);
  });

  it('a lost race leaves no receipt, so that the same request may be decided anew', async () => {
    const store = storeOf(transport);
    const { promotion } = opening();
    await store.create(opening());
    await store.save(next(promotion));

    expect(await store.save(next(promotion), receipt('late'))).toEqual({ outcome: 'conflict' });
    expect(await row()).toBeUndefined();
    const later = { ...promotion, revision: 2 };
    expect(await store.save(next(later), receipt('in time'))).toMatchObject({ outcome: 'saved' });
  });

  it('of ten deliveries at once one is decided, and the others get its answer', async () => {
    const { promotion } = opening();
    await storeOf(transport).create(opening());

    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, index) => storeOf(transport).save(next(promotion), receipt(`${index}`))),
    );

    const kept = await row();
    expect(outcomes.filter(({ outcome }) => outcome === 'saved')).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome === 'repeated')).toEqual(
      Array.from({ length: 9 }, () => ({ outcome: 'repeated', body: textOf(kept ?? {}, 'answer') })),
    );
  });

  it('ALL-11: a refusal and its receipt are one write, and a repeat is not refused again', async () => {
    const store = storeOf(transport);
    const { promotion } = opening();
    await store.create(opening());
    const before = await store.newestRefusal('p1');

    const first = await store.recordRefusal(promotion, refused(promotion), {
      before,
      receipt: receipt('no'),
    });
    const again = await store.recordRefusal(promotion, refused(promotion), {
      before,
      receipt: receipt('No'),
    });

    expect([before, first, again]).toEqual([
      null,
      { outcome: 'recorded' },
      { outcome: 'repeated', body: 'no' },
    ]);
    expect(await refusals()).toHaveLength(1);
    expect(await store.newestRefusal('p1')).toMatchObject({ sequence: 1 });
  });

  it('ALL-11: twelve requests refused on the same knowledge are all in the chain, once', async () => {
    const { promotion } = opening();
    await storeOf(transport).create(opening());

    await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        storeOf(transport).recordRefusal(promotion, refused(promotion), {
          before: null,
          receipt: receipt('no', `r${index}`),
        }),
      ),
    );

    const sequences = (await refusals()).map((entry) => (entry as { sequence: number }).sequence);
    expect(sequences).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
  });

  it.each([
    ['after it was written', true],
    ['before it was written', false],
  ])(
    'ALL-11: a refusal whose answer was lost %s is in the chain only if it is told',
    async (_when, written) => {
      const { promotion } = opening();
      await storeOf(transport).create(opening());
      const lossy: Transport = {
        ...transport,
        async transact(writes, token) {
          if (written) await transport.transact(writes, token);
          throw new RetryableError('store.unreachable', 'The store cannot be reached.');
        },
      };

      const recorded = storeOf(lossy).recordRefusal(promotion, refused(promotion), {
        receipt: receipt('no'),
      });

      if (written) expect(await recorded).toEqual({ outcome: 'recorded' });
      else await expect(recorded).rejects.toMatchObject({ code: 'store.unreachable' });
      expect(await refusals()).toHaveLength(written ? 1 : 0);
      expect(await row()).toEqual(written ? expect.objectContaining({ answer: { S: 'no' } }) : undefined);
    },
  );

  it('a decision whose answer was lost after it was written is known to be made', async () => {
    const { promotion } = opening();
    await storeOf(transport).create(opening());
    const lossy: Transport = {
      ...transport,
      async transact(writes, token) {
        await transport.transact(writes, token);
        throw new RetryableError('store.unreachable', 'The store cannot be reached.');
      },
    };

    expect(await storeOf(lossy).save(next(promotion), receipt(''))).toMatchObject({ outcome: 'saved' });
  });

  it('what is only passed on is kept once, however its answer comes', async () => {
    const deliveries = createDeliveries({ transport });
    const lossy: Transport = {
      ...transport,
      async write(write) {
        await transport.write(write);
        throw new RetryableError('store.ambiguous', 'The store cannot be reached.');
      },
    };

    expect(await createDeliveries({ transport: lossy }).keep(receipt('one'))).toEqual({ outcome: 'kept' });
    expect(await deliveries.keep(receipt('two'))).toEqual({ outcome: 'repeated', body: 'one' });
    expect(await createDeliveries({ transport: lossy }).keep(receipt('three'))).toEqual({
      outcome: 'repeated',
      body: 'one',
    });
    expect(await row()).toMatchObject({ expiresAt: { N: String(startMs / 1000 + 3600) } });
  });

  it('work waits for its own receipt and is taken by one', async () => {
    const deliveries = createDeliveries({ transport });
    const lost = receipt('lost');
    const made = receipt('made');

    expect(await deliveries.take(receiptName(made), 'one')).toBe('absent');
    await deliveries.keep(made);
    await deliveries.keep(lost);

    expect(await deliveries.take(receiptName(lost), 'one')).toBe('over');
    const taken = await Promise.all(
      ['one', 'two', 'three'].map((by) => deliveries.take(receiptName(made), by)),
    );
    expect([...taken].sort()).toEqual(['over', 'over', 'taken']);
    const by = ['one', 'two', 'three'][taken.indexOf('taken')] ?? '';
    expect(await deliveries.take(receiptName(made), by)).toBe('taken');
    expect(await row()).toMatchObject({ answer: { S: 'made' } });
  });
});
