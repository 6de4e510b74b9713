import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createSweep } from '../src/compose/sweep.ts';
import { createDueIndex } from '../src/store/due.ts';
import { createSdkTransport } from '../src/store/sdk-transport.ts';
import { startMs } from '../test/flows/promotion/walk.ts';
import { createTableModel } from '../test/simulation/table-model.ts';
import type { Finding } from './figure.ts';
import { type Spent, tableName } from './growth/metered-bot.ts';
import { waitingRows } from './growth/waiting-rows.ts';

const sizes = [100, 100_000];
const farMs = 48 * 3_600_000;
const silent = { info() {}, warn() {}, error() {} };

/** What the sweep that comes every minute costs the table, with few and with many promotions open. */
export async function open(): Promise<Finding> {
  const rowsOf = await waitingRows(startMs + farMs);
  const spent: Spent[] = [];
  const table = createTableModel({ nowMs: () => startMs, tableName });
  const transport = createSdkTransport({ client: table.client, tableName, pause: async () => {} });
  const sweep = createSweep({
    due: createDueIndex({ transport }),
    queue: { send: () => Promise.reject(new Error('nothing is due')) },
    metrics: { put() {} },
    log: silent,
  });
  let filled = 0;
  for (const size of sizes) {
    for (; filled < size; filled += 1) {
      for (const row of rowsOf(filled))
        table.execute(new PutItemCommand({ TableName: tableName, Item: { ...row } }));
    }
    const before = table.units();
    await sweep();
    const { calls, read, write } = table.units();
    spent.push({ calls: calls - before.calls, read: read - before.read, write: write - before.write });
  }
  const [few, many] = spent;
  const fewRead = few?.read ?? Number.NaN;
  return {
    name: 'open',
    title: 'A sweep among open promotions',
    how: 'The sweep over the table model, whose units are AWS’s and are judged by real engines. Open promotions wait for approval and are not due; the sweep asks for what is due. It is the function’s sweep, nine queries; that of the process, measured in [growth](proof/growth.md), asks the store for its time three times besides: 12 calls, 7.5 units.',
    figures: [
      { name: 'read units with 100 promotions open', value: fewRead, unit: 'units' },
      {
        name: 'read units with 100,000 promotions open',
        value: many?.read ?? Number.NaN,
        unit: 'units',
        target: fewRead,
        held: { exactly: fewRead },
      },
      {
        name: 'calls with 100,000 promotions open',
        value: many?.calls ?? Number.NaN,
        unit: 'calls',
        target: few?.calls ?? Number.NaN,
        held: { exactly: few?.calls ?? Number.NaN },
      },
      { name: 'write units', value: many?.write ?? Number.NaN, unit: 'units', held: { exactly: 0 } },
    ],
    details:
      'What a whole promotion costs among 10, 1,000 and 50,000 open ones, and that it is the same, is in [growth](proof/growth.md).',
    data: { sizes, spent },
  };
}
