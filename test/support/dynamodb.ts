import { randomUUID } from 'node:crypto';
import { createDynamoClient, type DynamoClient } from '../../src/store/dynamo-client.ts';
import { createWorkspaceClock, type WorkspaceClock } from '../../workspace/clock.ts';
import {
  createDynamoStandIn,
  type DynamoControl,
  type DynamoStandIn,
  findNativeEngine,
} from '../../workspace/dynamodb/index.ts';

export type EngineName = 'native' | 'dynalite';

/** Engines that can run here: a suite over them never silently shrinks to none. */
export const engines: readonly EngineName[] =
  findNativeEngine() === undefined ? ['dynalite'] : ['native', 'dynalite'];

export const testCredentials = { accessKeyId: 'AKIATESTTESTTEST', secretAccessKey: 'secret' };

/** What the store's tests need of a database. */
export interface StoreEngine {
  /** Stands still unless moved. */
  readonly clock: WorkspaceClock;
  /** A name no other test uses. */
  tableName(): string;
  client(): DynamoClient;
  readonly control: Pick<DynamoControl, 'down' | 'throttle' | 'loseAnswer' | 'clearFaults'>;
  close(): Promise<void>;
}

export interface TestDynamo extends DynamoStandIn, Pick<StoreEngine, 'clock' | 'tableName' | 'client'> {}

/** One database for one test file, in memory; each test takes a table of its own. */
export async function startTestDynamo(
  options: { engine?: EngineName; dataDir?: string; startMs?: number } = {},
): Promise<TestDynamo> {
  const clock = createWorkspaceClock({ startMs: options.startMs ?? Date.UTC(2026, 10, 21, 14), speed: 0 });
  const dynamo = await createDynamoStandIn({
    clock,
    engine: options.engine ?? 'auto',
    dataDir: options.dataDir ?? null,
  });
  return {
    ...dynamo,
    clock,
    tableName: () => `table-${randomUUID()}`,
    client: () =>
      createDynamoClient({ region: 'eu-west-1', endpoint: dynamo.url, credentials: testCredentials }),
  };
}
