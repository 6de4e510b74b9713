import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  IdempotentParameterMismatchException,
  PutItemCommand,
  QueryCommand,
  TransactGetItemsCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createWorkspaceClock } from '../../../workspace/clock.ts';
import { createDynamoStandIn } from '../../../workspace/dynamodb/index.ts';
import {
  engines,
  startable,
  startTestDynamo,
  type TestDynamo,
  testCredentials,
} from '../../support/dynamodb.ts';

function clientFor(url: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint: url,
    region: 'eu-central-1',
    credentials: testCredentials,
    maxAttempts: 1,
  });
}

async function createTable(client: DynamoDBClient, name: string) {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'group', AttributeType: 'S' },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-group',
          KeySchema: [{ AttributeName: 'group', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    }),
  );
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      await client.send(new GetItemCommand({ TableName: name, Key: { pk: { S: 'none' } } }));
      return;
    } catch {
      // Not active yet.
    }
  }
}

describe.each(engines)('DynamoDB stand-in on %s', (engine) => {
  let dynamo: TestDynamo;
  let client: DynamoDBClient;
  let TableName: string;

  beforeAll(async () => {
    dynamo = await startTestDynamo({ engine });
    client = clientFor(dynamo.url);
  });
  afterAll(async () => {
    client.destroy();
    await dynamo.close();
  });
  beforeEach(async () => {
    dynamo.control.clearFaults();
    TableName = dynamo.tableName();
    await createTable(client, TableName);
  });

  const put = (pk: string, n = '1') =>
    client.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, n: { N: n } } }));
  const read = async (pk: string) =>
    (await client.send(new GetItemCommand({ TableName, Key: { pk: { S: pk } }, ConsistentRead: true }))).Item;
  const transact = (
    TransactItems: TransactWriteItemsCommandInput['TransactItems'],
    ClientRequestToken?: string,
  ) =>
    client.send(
      new TransactWriteItemsCommand({
        TransactItems,
        ...(ClientRequestToken === undefined ? {} : { ClientRequestToken }),
      }),
    );
  const putAction = (pk: string, condition?: string) => ({
    Put: {
      TableName,
      Item: { pk: { S: pk }, group: { S: 'all' } },
      ...(condition === undefined ? {} : { ConditionExpression: condition }),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
    },
  });
  const addAction = (pk: string) => ({
    Update: {
      TableName,
      Key: { pk: { S: pk } },
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    },
  });
  const failureOf = (promise: Promise<unknown>) =>
    promise.then(
      () => undefined,
      (error: Error) => error,
    );

  it('carries out all kinds of a transaction together', async () => {
    await put('old');
    await put('gone');

    await transact([
      putAction('new', 'attribute_not_exists(pk)'),
      addAction('old'),
      { Delete: { TableName, Key: { pk: { S: 'gone' } } } },
      {
        ConditionCheck: {
          TableName,
          Key: { pk: { S: 'absent' } },
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      },
    ]);

    expect(await read('new')).toBeDefined();
    expect((await read('old'))?.['n']).toEqual({ N: '2' });
    expect(await read('gone')).toBeUndefined();
    expect(await read('absent')).toBeUndefined();
  });

  it('changes nothing when one condition fails, and says which one with the item that is there', async () => {
    await put('taken', '7');

    const error = await failureOf(
      transact([putAction('new'), putAction('taken', 'attribute_not_exists(pk)'), addAction('counter')]),
    );

    expect(error).toBeInstanceOf(TransactionCanceledException);
    const reasons = (error as TransactionCanceledException).CancellationReasons ?? [];
    expect(reasons.map(({ Code }) => Code)).toEqual(['None', 'ConditionalCheckFailed', 'None']);
    expect(reasons[1]?.Item).toEqual({ pk: { S: 'taken' }, n: { N: '7' } });
    expect(await read('new')).toBeUndefined();
    expect(await read('counter')).toBeUndefined();
    const listed = await client.send(
      new QueryCommand({
        TableName,
        IndexName: 'by-group',
        KeyConditionExpression: '#group = :all',
        ExpressionAttributeNames: { '#group': 'group' },
        ExpressionAttributeValues: { ':all': { S: 'all' } },
      }),
    );
    expect(listed.Items).toEqual([]);
  });

  it('applies a repeated request token once', async () => {
    await transact([addAction('counter')], 'token-1');
    await transact([addAction('counter')], 'token-1');
    await transact([addAction('counter')], 'token-2');

    expect((await read('counter'))?.['n']).toEqual({ N: '2' });
  });

  it('refuses a token that comes back with another request', async () => {
    await transact([addAction('counter')], 'token-3');

    expect(await failureOf(transact([addAction('other')], 'token-3'))).toBeInstanceOf(
      IdempotentParameterMismatchException,
    );
    expect(await read('other')).toBeUndefined();
  });

  it('refuses the same item twice, and more than a hundred items', async () => {
    const twice = await failureOf(transact([putAction('same'), addAction('same')]));
    const many = (count: number) =>
      transact(Array.from({ length: count }, (_, index) => putAction(`m${index}`)));

    expect(twice?.name).toBe('ValidationException');
    expect(await read('same')).toBeUndefined();
    expect((await failureOf(many(101)))?.name).toBe('ValidationException');
    expect(await read('m0')).toBeUndefined();
    expect(await failureOf(many(100))).toBeUndefined();
  });

  it('reads several items as they are at one moment', async () => {
    await put('a', '1');

    const { Responses } = await client.send(
      new TransactGetItemsCommand({
        TransactItems: ['a', 'b'].map((pk) => ({ Get: { TableName, Key: { pk: { S: pk } } } })),
      }),
    );

    expect(Responses?.map(({ Item }) => Item?.['n'])).toEqual([{ N: '1' }, undefined]);
  });

  it('counts exactly under concurrent transactions on one item', async () => {
    const once = async (): Promise<void> => {
      const error = await failureOf(transact([addAction('counter')]));
      if (error !== undefined) await once();
    };
    await Promise.all(Array.from({ length: 20 }, once));

    expect((await read('counter'))?.['n']).toEqual({ N: '20' });
  });

  it('hands back the item that failed the condition of a single write', async () => {
    await put('taken', '7');

    const error = await failureOf(
      client.send(
        new UpdateItemCommand({
          TableName,
          Key: { pk: { S: 'taken' } },
          UpdateExpression: 'SET n = :n',
          ConditionExpression: 'n = :n',
          ExpressionAttributeValues: { ':n': { N: '8' } },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      ),
    );

    expect(error).toMatchObject({ name: 'ConditionalCheckFailedException', Item: { n: { N: '7' } } });
  });

  it('remembers which attribute expires items', async () => {
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName,
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      }),
    );

    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(TimeToLiveDescription).toMatchObject({ AttributeName: 'expiresAt', TimeToLiveStatus: 'ENABLED' });
  });

  it('refuses an operation that nobody models with the vendor’s own error', async () => {
    const response = await fetch(dynamo.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'DynamoDB_20120810.MakeCoffee',
        authorization:
          'AWS4-HMAC-SHA256 Credential=AKIA/20261121/eu-central-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
        'x-amz-date': '20261121T140000Z',
      },
      body: '{}',
    });

    expect(response.status).toBe(400);
    expect(await response.text()).toContain('UnknownOperationException');
  });

  it('stamps every answer with the clock of the workspace', async () => {
    const dateOf = async () => (await fetch(dynamo.url)).headers.get('date');
    const before = Date.parse((await dateOf()) ?? '');

    await dynamo.clock.advance(90_000);

    expect(before).toBe(dynamo.clock.nowMs() - 90_000);
    expect(Date.parse((await dateOf()) ?? '')).toBe(dynamo.clock.nowMs());
  });

  it('is unreachable for as long as it was told, in virtual time', async () => {
    dynamo.control.down(30);
    expect(await failureOf(read('a'))).toMatchObject({ code: 'ECONNRESET' });
    expect(dynamo.control.state().faults).toEqual(['unreachable for 30 s']);

    await dynamo.clock.advance(30_000);

    expect(await failureOf(read('a'))).toBeUndefined();
  });

  it('throttles as many requests as it was told', async () => {
    dynamo.control.throttle(1);

    expect(await failureOf(put('a'))).toMatchObject({ name: 'ProvisionedThroughputExceededException' });
    expect(await read('a')).toBeUndefined();
  });

  it('loses an answer after it carried out the request', async () => {
    dynamo.control.loseAnswer({ operation: 'PutItem', count: 1 });

    expect(await failureOf(put('a'))).toMatchObject({ code: 'ECONNRESET' });

    expect(await read('a')).toBeDefined();
    expect(dynamo.control.state().faults).toEqual([]);
  });

  it('counts calls by operation', async () => {
    const before = dynamo.control.counts()['PutItem'] ?? 0;

    await put('a');
    await put('b');

    expect(dynamo.control.counts()['PutItem']).toBe(before + 2);
  });
});

describe.each(engines)('data directory on %s', (engine) => {
  it('keeps everything over a restart', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'dynamo-'));
    const clock = createWorkspaceClock({ speed: 0 });
    const TableName = 'kept';
    try {
      const first = await createDynamoStandIn({ clock, dataDir, engine: startable(engine) });
      const firstClient = clientFor(first.url);
      await createTable(firstClient, TableName);
      await firstClient.send(new PutItemCommand({ TableName, Item: { pk: { S: 'a' }, group: { S: 'g' } } }));
      firstClient.destroy();
      if (first.enginePid !== null) process.kill(first.enginePid, 'SIGKILL');
      await first.close();

      const second = await createDynamoStandIn({ clock, dataDir, engine: startable(engine) });
      const secondClient = clientFor(second.url);
      const { Item } = await secondClient.send(new GetItemCommand({ TableName, Key: { pk: { S: 'a' } } }));
      secondClient.destroy();
      await second.close();

      expect(Item).toEqual({ pk: { S: 'a' }, group: { S: 'g' } });
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
