import { vi } from 'vitest';
import { startMs } from '../flows/promotion/walk.ts';
import { connectTo, startTestDynamo, testCredentials } from '../support/dynamodb.ts';

/** A table that the command line finds by its environment, as it does anywhere. */
export async function startCliTable() {
  const dynamo = await startTestDynamo({ startMs });
  const tableName = dynamo.tableName();
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('COUNTERSIGN_TABLE', tableName);
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', dynamo.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', testCredentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', testCredentials.secretAccessKey);
  const transport = connectTo(dynamo, tableName);
  await transport.ensureTable();
  return {
    tableName,
    transport,
    async close() {
      vi.unstubAllEnvs();
      transport.close();
      await dynamo.close();
    },
  };
}
