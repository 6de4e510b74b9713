import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDynamoClient } from '../../src/store/dynamo-client.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import { keys } from '../../src/store/table.ts';

/** Everything by which the SDK finds credentials, its instance metadata among them. */
const ways = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
];

describe('the store over the SDK', () => {
  const before = { ...process.env };
  beforeEach(() => {
    for (const name of ways) delete process.env[name];
    Object.assign(process.env, {
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_CONFIG_FILE: '/dev/null',
    });
  });
  afterEach(() => {
    process.env = before;
  });

  it('without any credentials it says that none were found, not that a call was refused', async () => {
    const transport = createSdkTransport({
      client: createDynamoClient({ region: 'eu-central-1', endpoint: 'http://127.0.0.1:9' }),
      tableName: 'countersign',
      pause: async () => {},
    });

    await expect(transport.get(keys.promotion('p1'))).rejects.toMatchObject({
      name: 'MisconfiguredError',
      code: 'store.no-credentials',
      message: 'No AWS credentials were found for the store: it was not called.',
    });
    transport.close();
  });
});
