import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { StoreEnv } from '../config/env.ts';
import type { UnlockEntry, UnlockRefusal } from '../flows/unlock.ts';
import { createDynamoClient } from '../store/dynamo-client.ts';
import { createLocks } from '../store/locks.ts';
import { createSdkTransport } from '../store/sdk-transport.ts';

/** Who freed an environment's lock and who was refused, out of the table. Throws what the store throws. */
export async function readUnlocks(
  env: StoreEnv,
  app: string,
  environment: string,
): Promise<{ readonly history: readonly UnlockEntry[]; readonly refusals: readonly UnlockRefusal[] }> {
  const transport = createSdkTransport({
    client: createDynamoClient({ region: env.awsRegion }),
    tableName: env.tableName,
    pause: (ms) => pause(ms),
  });
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const locks = createLocks({ transport, nonce: () => '', hash });
  try {
    return {
      history: await locks.history(app, environment),
      refusals: await locks.refusals(app, environment),
    };
  } finally {
    transport.close();
  }
}
