import { createSdkTransport } from '../../../src/store/sdk-transport.ts';
import { startMs } from '../../flows/promotion/walk.ts';
import { type EngineName, startTestDynamo } from '../../support/dynamodb.ts';
import type { JudgedEngine } from './judge.ts';

/** One of the workspace's engines, to judge the model by. */
export async function startJudgedEngine(
  name: EngineName,
): Promise<JudgedEngine & { close(): Promise<void> }> {
  const dynamo = await startTestDynamo({ engine: name, startMs });
  const client = dynamo.client();
  return {
    name,
    client,
    clock: dynamo.clock,
    // The native one is a process of its own, on the machine's clock.
    tokensAge: name === 'dynalite',
    // Dynalite leaves indexes out, and its front does not meter transactions.
    meters: name === 'native',
    makeTable: (tableName) => createSdkTransport({ client, tableName, pause: async () => {} }).ensureTable(),
    async close() {
      client.destroy();
      await dynamo.close();
    },
  };
}
