import type { ServerEnv } from '../config/env.ts';
import { createDynamoClient, type DynamoClient } from '../store/dynamo-client.ts';

/** DynamoDB as these settings name it. */
export const databaseOf = (env: ServerEnv): DynamoClient => createDynamoClient({ region: env.awsRegion });
