import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoClient } from '../../src/store/dynamo-client.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import type { Item } from '../../src/store/transport.ts';
import { startTestDynamo } from '../../test/support/dynamodb.ts';

export interface SweepTime {
  readonly open: number;
  readonly fillSeconds: number;
  readonly medianMs: number;
}

const batch = 25;
const atOnce = 4;
const rounds = 60;

/**
 * How long the query for what is due takes on the native engine, which tables of different sizes answer in turn, so
 * that whatever else the machine does meets all of them. Nothing is due.
 */
export async function timeSweeps(
  sizes: readonly number[],
  rowsOf: (nth: number) => readonly Item[],
  startMs: number,
): Promise<SweepTime[]> {
  const dynamo = await startTestDynamo({ engine: 'native', startMs });
  const client = dynamo.client();
  const tables: { open: number; fillSeconds: number; times: number[]; due: () => Promise<unknown> }[] = [];
  for (const open of sizes) {
    const tableName = `open-${open}`;
    const transport = createSdkTransport({ client, tableName, pause: async () => {} });
    await transport.ensureTable();
    const startedMs = performance.now();
    await fill(client, tableName, open, rowsOf);
    const store = createPromotionStore({ transport, nonce: () => 'never written' });
    const fillSeconds = (performance.now() - startedMs) / 1000;
    tables.push({ open, fillSeconds, times: [], due: () => store.due(50) });
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { due, times } of round % 2 === 0 ? tables : [...tables].reverse()) {
      const startedMs = performance.now();
      await due();
      times.push(performance.now() - startedMs);
    }
  }
  client.destroy();
  await dynamo.close();
  return tables.map(({ open, fillSeconds, times }) => ({
    open,
    fillSeconds: rounded(fillSeconds),
    medianMs: rounded(median(times)),
  }));
}

const rounded = (value: number) => Math.round(value * 10) / 10;

const median = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function fill(
  client: DynamoClient,
  tableName: string,
  open: number,
  rowsOf: (nth: number) => readonly Item[],
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < open) {
      const from = next;
      next = Math.min(open, from + batch);
      // Promotions only: the cards of waiting promotions are in no index that a sweep reads.
      const puts = Array.from({ length: next - from }, (_, at) => rowsOf(from + at)[0]).flatMap((Item) =>
        Item === undefined ? [] : [{ PutRequest: { Item: { ...Item } } }],
      );
      const { UnprocessedItems } = await client.send(
        new BatchWriteItemCommand({ RequestItems: { [tableName]: puts } }),
      );
      if (Object.keys(UnprocessedItems ?? {}).length > 0) throw new Error('rows were left out');
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
