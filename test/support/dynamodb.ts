import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createSignedCall, type SignedCall } from '../../src/aws/signed-call.ts';
import { createDynamoClient, type DynamoClient } from '../../src/store/dynamo-client.ts';
import { createSdkTransport, type SdkTransport } from '../../src/store/sdk-transport.ts';
import { createSignedTransport } from '../../src/store/signed-transport.ts';
import { createWorkspaceClock, type WorkspaceClock } from '../../workspace/clock.ts';
import {
  createDynamoStandIn,
  type DynamoControl,
  type DynamoStandIn,
  findNativeEngine,
} from '../../workspace/dynamodb/index.ts';
import { type ForeignEngine, foreignEngine, isForeign } from './foreign-engines.ts';

export type EngineName = 'native' | 'dynalite' | ForeignEngine;

/** The one that is asked to judge the store now; undefined in an ordinary run. */
export const judgedEngine: EngineName | undefined = judged();

function judged(): EngineName | undefined {
  const { COUNTERSIGN_STORE_ENGINE: name } = process.env;
  if (name === undefined || name === 'native' || name === 'dynalite' || isForeign(name)) return name;
  throw new Error(`There is no engine ${name}.`);
}

const here: readonly EngineName[] = findNativeEngine() === undefined ? ['dynalite'] : ['native', 'dynalite'];

/** Engines that can run here: a suite over them never silently shrinks to none. */
export const engines: readonly EngineName[] = judgedEngine === undefined ? here : [judgedEngine];

/** How the stand-in is told of it. */
export const startable = (name: EngineName) => (isForeign(name) ? foreignEngine[name] : name);

/** The first of them, reached without the SDK. */
export type EngineOver = EngineName | 'signed';

export const testCredentials = { accessKeyId: 'AKIATESTTESTTEST', secretAccessKey: 'secret' };

/** What the store's tests need of a database. */
export interface StoreEngine {
  /** Stands still unless moved. */
  readonly clock: WorkspaceClock;
  /** A name no other test uses. */
  tableName(): string;
  client(): DynamoClient;
  /** Set where the store is to reach it without the SDK. */
  readonly signedCall: SignedCall | null;
  readonly control: Pick<DynamoControl, 'down' | 'throttle' | 'loseAnswer' | 'clearFaults'>;
  close(): Promise<void>;
}

export interface TestDynamo
  extends DynamoStandIn,
    Pick<StoreEngine, 'clock' | 'tableName' | 'client' | 'signedCall'> {}

/** One database for one test file, in memory; each test takes a table of its own. */
export async function startTestDynamo(
  options: { engine?: EngineOver; dataDir?: string; startMs?: number } = {},
): Promise<TestDynamo> {
  const { engine = 'auto' } = options;
  const name = engine === 'signed' ? (engines[0] ?? 'auto') : engine;
  const clock = createWorkspaceClock({ startMs: options.startMs ?? Date.UTC(2026, 10, 21, 14), speed: 0 });
  const dynamo = await createDynamoStandIn({
    clock,
    engine: name === 'auto' ? name : startable(name),
    dataDir: options.dataDir ?? null,
  });
  return {
    ...dynamo,
    clock,
    tableName: () => `table-${randomUUID()}`,
    client: () =>
      createDynamoClient({ region: 'eu-west-1', endpoint: dynamo.url, credentials: testCredentials }),
    signedCall: engine === 'signed' ? signedCallTo(dynamo.url) : null,
  };
}

export const signedCallTo = (url: string): SignedCall =>
  createSignedCall({ region: 'eu-west-1', credentials: testCredentials, endpointOf: () => url });

/** The table as the store reaches it; the SDK makes it either way. */
export function connectTo(
  { client, signedCall }: Pick<StoreEngine, 'client' | 'signedCall'>,
  tableName: string,
): SdkTransport {
  const shortPause = (ms: number) => pause(Math.min(ms, 2));
  const sdk = createSdkTransport({ client: client(), tableName, pause: shortPause });
  if (signedCall === null) return sdk;
  return { ...sdk, ...createSignedTransport({ call: signedCall, tableName, pause: shortPause }) };
}
