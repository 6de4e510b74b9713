import { describe, expect, it } from 'vitest';
import type { QueueMessage } from '../../src/aws/queue.ts';
import { createMetrics } from '../../src/compose/metrics.ts';
import { createSweep } from '../../src/compose/sweep.ts';
import { parseWork } from '../../src/compose/work.ts';
import { RetryableError } from '../../src/flows/errors.ts';
import { bareRow } from '../../src/flows/held.ts';
import { createDueIndex } from '../../src/store/due.ts';
import { createHeldRows } from '../../src/store/held.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import { dueKey, keys } from '../../src/store/table.ts';
import type { Item, Transport } from '../../src/store/transport.ts';
import { fakeLog } from '../bot/fakes.ts';
import { startModelDynamo } from '../support/model-dynamodb.ts';

const startMs = Date.UTC(2026, 10, 21, 12);

async function startSweepWorld() {
  const dynamo = startModelDynamo({ startMs });
  const table = createSdkTransport({
    client: dynamo.client(),
    tableName: dynamo.tableName(),
    pause: async () => {},
  });
  await table.ensureTable();
  const calls: string[] = [];
  let rows = 0;
  const transport: Transport = {
    ...table,
    async get(key) {
      calls.push('get');
      return table.get(key);
    },
    async query(query) {
      const answer = await table.query(query);
      calls.push(`query ${query.index ?? 'table'}`);
      rows += answer.items.length;
      return answer;
    },
  };
  const sent: QueueMessage[] = [];
  const log = fakeLog();
  let queueIsAway = false;
  const sweep = createSweep({
    due: createDueIndex({ transport }),
    queue: {
      async send(messages) {
        if (queueIsAway) throw new RetryableError('queue.unreachable', 'away');
        sent.push(...messages);
      },
    },
    metrics: createMetrics(log, null, () => startMs),
    log,
  });
  const put = async (key: Item, kind: 'DUE' | 'SHOW', id: string, dueAtMs: number | null) => {
    const due = dueAtMs === null ? {} : dueKey(kind, id, dueAtMs);
    await table.write({ does: 'put', item: { ...key, ...due } });
  };
  let nonces = 0;
  return {
    sweep,
    log,
    sent: () => sent.splice(0).map(({ body, delaySeconds }) => ({ ...parseWork(body), delaySeconds })),
    promotion: (id: string, agoSeconds: number | null) =>
      put(keys.promotion(id), 'DUE', id, agoSeconds === null ? null : startMs - agoSeconds * 1000),
    surface: (id: string, agoSeconds: number) =>
      put(keys.surface(id), 'SHOW', id, startMs - agoSeconds * 1000),
    held: createHeldRows({ transport: table, nonce: () => `n${++nonces}` }),
    /** Calls, and rows that came back, since it was asked last. */
    spent() {
      const spent = { calls: calls.splice(0), rows };
      rows = 0;
      return spent;
    },
    loseQueue() {
      queueIsAway = true;
    },
    figures: () => log.lines.filter(({ message }) => message === 'metrics').map(({ data }) => data),
  };
}

const look = (promotionId: string) => ({
  does: 'look',
  promotionId,
  revision: null,
  alarmed: false,
  tries: 0,
  delaySeconds: undefined,
});

describe('the sweep', () => {
  it('sends a look for everything that has been due for a while, each once, and leaves the rest alone', async () => {
    const world = await startSweepWorld();
    await world.promotion('p1', 30);
    await world.promotion('p2', 21);
    await world.surface('p2', 25);
    await world.surface('p3', 400);
    await world.promotion('fresh', 19);
    await world.promotion('later', -60);
    await world.promotion('ended', null);

    await world.sweep();

    const sent = world.sent();
    expect(sent).toHaveLength(3);
    expect(sent).toEqual(expect.arrayContaining([look('p1'), look('p2'), look('p3')]));
    expect(world.figures()).toMatchObject([
      { Sweeps: 1, OldestDueSeconds: 30, DuePromotions: 2, DueSurfaces: 2, HeldRows: 0 },
    ]);
  });

  it('says that it ran when there is nothing to do, and sends nothing', async () => {
    const world = await startSweepWorld();

    await world.sweep();

    expect(world.sent()).toEqual([]);
    expect(world.figures()).toMatchObject([{ Sweeps: 1, OldestDueSeconds: 0 }]);
  });

  it('costs the same whatever is open: the same calls and rows at 20 and at 2,000', async () => {
    const spentAt = async (open: number) => {
      const world = await startSweepWorld();
      for (let count = 0; count < open; count += 1) await world.promotion(`open${count}`, -3_600);
      await world.promotion('p1', 30);
      world.spent();
      await world.sweep();
      return world.spent();
    };

    const few = await spentAt(20);

    expect(await spentAt(2_000)).toEqual(few);
    expect(few).toEqual({ calls: Array(9).fill('query due'), rows: 1 });
  });

  it('passes over what is held, and asks for a look at it when one is due', async () => {
    const world = await startSweepWorld();
    await world.promotion('torn', 900);
    await world.surface('torn', 900);
    await world.promotion('half', 60);
    await world.surface('half', 60);
    await world.held.hold({ ...bareRow, kind: 'promotion', id: 'torn', code: 'store.unreadable' }, startMs);
    await world.held.hold(
      { ...bareRow, kind: 'surface', id: 'half', code: 'store.unreadable' },
      startMs + 60_000,
    );

    await world.sweep();

    expect(world.sent()).toEqual([look('half'), { does: 'held', delaySeconds: undefined }]);
    expect(world.figures()).toMatchObject([
      { OldestDueSeconds: 60, DuePromotions: 1, DueSurfaces: 0, HeldRows: 2 },
    ]);
  });

  it('that could not send has not run: it rejects, and counts nothing', async () => {
    const world = await startSweepWorld();
    await world.promotion('p1', 30);
    world.loseQueue();

    await expect(world.sweep()).rejects.toMatchObject({ code: 'queue.unreachable' });
    expect(world.figures()).toEqual([]);
  });

  it('takes the oldest thousand when more is due, and says so', async () => {
    const world = await startSweepWorld();
    for (let count = 0; count < 1_010; count += 1) await world.promotion(`p${count}`, 2_000 - count);

    await world.sweep();

    const sent = world.sent();
    expect(sent).toHaveLength(1_000);
    expect(sent).toContainEqual(look('p0'));
    expect(sent).not.toContainEqual(look('p1009'));
    expect(world.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });
});
