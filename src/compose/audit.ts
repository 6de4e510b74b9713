import { setTimeout as pause } from 'node:timers/promises';
import type { StoreEnv } from '../config/env.ts';
import { UnreadableError } from '../flows/errors.ts';
import { type AuditFile, auditFileOf } from '../flows/promotion/audit-file.ts';
import { createAuditRecords } from '../store/audit-records.ts';
import { createDynamoClient } from '../store/dynamo-client.ts';
import { createSdkTransport } from '../store/sdk-transport.ts';

/**
 * The evidence of one promotion out of the table; undefined when there is no such promotion. Throws RetryableError,
 * MisconfiguredError, and UnreadableError when not even the promotion's own name can be read.
 */
export async function readAuditFile(env: StoreEnv, promotionId: string): Promise<AuditFile | undefined> {
  const transport = createSdkTransport({
    client: createDynamoClient({ region: env.awsRegion }),
    tableName: env.tableName,
    pause: (ms) => pause(ms),
  });
  try {
    const records = await createAuditRecords({ transport }).read(promotionId);
    if (records === undefined) return undefined;
    const file = auditFileOf(records);
    if (file !== undefined) return file;
    throw new UnreadableError('store.unreadable', 'This promotion is stored in a form that cannot be read.');
  } finally {
    transport.close();
  }
}
