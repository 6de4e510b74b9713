import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RetryableError } from '../../src/flows/errors.ts';
import type { AuditEntry } from '../../src/flows/promotion/audit.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { RefusalEntry } from '../../src/flows/promotion/refusal-chain.ts';
import { createAuditRecords } from '../../src/store/audit-records.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import type { SdkTransport } from '../../src/store/sdk-transport.ts';
import { keys } from '../../src/store/table.ts';
import type { Transport } from '../../src/store/transport.ts';
import { claim, grace, startMs } from '../flows/promotion/walk.ts';
import { connectTo, engines, startTestDynamo, type TestDynamo } from '../support/dynamodb.ts';
import { opening } from '../support/opening.ts';

const refused = (
  promotion: Promotion,
  atMs = startMs,
): Omit<AuditEntry, 'sequence' | 'previous' | 'hash'> => ({
  promotionId: promotion.id,
  atMs,
  actor: { kind: 'person', person: grace },
  from: promotion.phase,
  to: promotion.phase,
  digest: null,
  event: { type: 'rollback.claimed', claim: claim('roll-back', grace) },
  refusal: { code: 'rollback.nothing-changed', text: 'Nothing has been changed yet.', next: 'Use Cancel.' },
});

describe.each([...engines, 'signed' as const])('ALL-11: the chain of refusals on %s', (engine) => {
  let dynamo: TestDynamo;
  let transport: SdkTransport;
  const storeOf = (over: Transport) => createPromotionStore({ transport: over, nonce: () => randomUUID() });
  const refusals = async () =>
    ((await createAuditRecords({ transport }).read('p1'))?.refusals ?? []).map((row) =>
      RefusalEntry.parse(row),
    );

  beforeAll(async () => {
    dynamo = await startTestDynamo({ engine, startMs });
  });
  afterAll(() => dynamo.close());
  beforeEach(async () => {
    transport = connectTo(dynamo, dynamo.tableName());
    await transport.ensureTable();
  });

  it('each refusal follows the one before it and names the state it was decided on', async () => {
    const store = storeOf(transport);
    const { promotion } = opening();
    await store.create(opening());

    await store.recordRefusal(promotion, refused(promotion, startMs + 5_000));
    await store.recordRefusal(promotion, refused(promotion, startMs + 2_000));

    const [first, second] = await refusals();
    const after = { sequence: promotion.audit.sequence, hash: promotion.audit.head };
    expect(first).toMatchObject({ sequence: 1, previous: '', after });
    expect(second).toMatchObject({ sequence: 2, previous: first?.hash, after, atMs: startMs + 5_000 });
  });

  it('of twelve clicks refused at the same moment every one is in the chain, once', async () => {
    const { promotion } = opening();
    await storeOf(transport).create(opening());

    await Promise.all(
      Array.from({ length: 12 }, () => storeOf(transport).recordRefusal(promotion, refused(promotion))),
    );

    const chain = await refusals();
    expect(chain.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 1),
    );
    expect(new Set(chain.map(({ event }) => ('claim' in event ? event.claim.id : ''))).size).toBe(12);
    expect(chain.slice(1).map(({ previous }) => previous)).toEqual(
      chain.slice(0, -1).map((each) => each.hash),
    );
  });

  it('a refusal neither reads nor writes the promotion', async () => {
    const { promotion } = opening();
    await storeOf(transport).create(opening());
    const before = await transport.get(keys.promotion('p1'));
    const touched: unknown[] = [];
    const watched: Transport = {
      ...transport,
      get: (key) => {
        touched.push(key);
        return transport.get(key);
      },
      write: (write) => {
        touched.push('item' in write ? write.item : write.key);
        return transport.write(write);
      },
    };

    await storeOf(watched).recordRefusal(promotion, refused(promotion));

    expect(touched).toEqual([expect.objectContaining(keys.refusal('p1', 1))]);
    expect((await transport.get(keys.promotion('p1'))).item).toEqual(before.item);
  });

  it('a refusal whose answer was lost after it was written is not written again', async () => {
    const { promotion } = opening();
    await storeOf(transport).create(opening());
    const lossy: Transport = {
      ...transport,
      write: async (write) => {
        await transport.write(write);
        throw new RetryableError('store.ambiguous', 'The store cannot be reached.');
      },
    };

    await storeOf(lossy).recordRefusal(promotion, refused(promotion));

    expect(await refusals()).toHaveLength(1);
  });

  it('a refusal that was lost on its way is an error, not a refusal that nobody recorded', async () => {
    const { promotion } = opening();
    await storeOf(transport).create(opening());
    const lost: Transport = {
      ...transport,
      write: async () => {
        throw new RetryableError('store.ambiguous', 'The store cannot be reached.');
      },
    };

    await expect(storeOf(lost).recordRefusal(promotion, refused(promotion))).rejects.toMatchObject({
      code: 'store.ambiguous',
    });
    expect(await refusals()).toEqual([]);
  });
});
