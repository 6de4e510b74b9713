import { afterAll, beforeAll, beforeEach, describe, expect, it, type TaskMeta } from 'vitest';
import { type EngineName, engines, startTestDynamo, type TestDynamo } from '../../support/dynamodb.ts';
import { met, type NamedDivergence } from '../divergences.ts';
import { leavingSrc } from '../leaving/leaving.mjs';
import { type Botocore, startBotocore } from './botocore.ts';

const TableName = 'judged-by-boto3';

const oddities: readonly (NamedDivergence & {
  readonly engines: readonly EngineName[];
  readonly says: string;
})[] = [
  {
    engines: ['native', 'dynalite'],
    says: 'NumberOfDecreasesToday, value: 0',
    name: 'a table that was never made smaller says 0',
    reason:
      'The model wants at least 1, but DynamoDB answers 0 as well (API reference, CreateTable, sample response).',
  },
  {
    engines: ['native', 'dynalite'],
    says: 'TableThroughputModeSummary is in no model',
    name: 'how a table is paid is told under one more name',
    reason:
      'Beside BillingModeSummary, which is in the model, dynalite and Dynoxide answer TableThroughputModeSummary. SDKs drop what they do not know.',
  },
  {
    engines: ['native'],
    says: 'IdempotentParameterMismatchException.message is in no model',
    name: 'of a token that is taken Dynoxide writes a message',
    reason: 'In DynamoDB’s model this error has a Message; readers take either.',
  },
];

/** Every operation that our sources send. */
let leaving: readonly string[];

beforeAll(() => {
  leaving = leavingSrc().aws.map(({ name }) => name);
}, 180_000);

describe.each(engines)('boto3 reads DynamoDB on %s', (engine) => {
  let dynamo: TestDynamo;
  let boto: Botocore;
  const seen = new Set<string>();
  const operations = new Set<string>();
  const named = oddities.filter((each) => each.engines.includes(engine));
  let tell: { readonly meta: TaskMeta } | undefined;

  beforeAll(async () => {
    dynamo = await startTestDynamo({ engine });
    boto = await startBotocore(dynamo.url);
  });
  afterAll(async () => {
    boto.close();
    await dynamo.close();
  });

  const called = async (operation: string, input: Readonly<Record<string, unknown>>) => {
    operations.add(`dynamodb:${operation}`);
    const told = await boto.call('dynamodb', operation, input);
    const unknown = told.problems.filter((problem) => {
      const divergence = named.find(({ says }) => problem.includes(says));
      if (divergence !== undefined) seen.add(divergence.name);
      if (divergence !== undefined && tell !== undefined) met(tell, divergence);
      return divergence === undefined;
    });
    expect(unknown, operation).toEqual([]);
    return told;
  };
  const answers = async (operation: string, input: Readonly<Record<string, unknown>>) => {
    const { answer, refusal } = await called(operation, input);
    if (answer === null) throw new Error(`${operation}: ${refusal?.code} ${refusal?.message}`);
    return answer;
  };
  const refuses = async (operation: string, input: Readonly<Record<string, unknown>>) => {
    const { refusal } = await called(operation, input);
    if (refusal === null) throw new Error(`${operation} was not refused`);
    expect(refusal.isModelled || refusal.code === 'ValidationException').toBe(true);
    return `${refusal.code} ${refusal.status}`;
  };
  const row = (sk: string) => ({
    pk: { S: 'P' },
    sk: { S: sk },
    revision: { N: '1' },
    duePk: { S: 'DUE' },
    dueSk: { S: sk },
  });
  const isNew = { ConditionExpression: 'attribute_not_exists(pk)' };

  beforeEach(({ task }) => {
    tell = task;
  });

  it('tables and their time to live', async () => {
    const S = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' });
    const key = (hash: string, range: string) => [
      { AttributeName: hash, KeyType: 'HASH' },
      { AttributeName: range, KeyType: 'RANGE' },
    ];
    await answers('CreateTable', {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', 'duePk', 'dueSk'].map(S),
      KeySchema: key('pk', 'sk'),
      GlobalSecondaryIndexes: [
        { IndexName: 'due', KeySchema: key('duePk', 'dueSk'), Projection: { ProjectionType: 'KEYS_ONLY' } },
      ],
    });
    expect(await answers('DescribeTable', { TableName })).toMatchObject({
      Table: { TableStatus: 'ACTIVE', GlobalSecondaryIndexes: [{ IndexName: 'due', IndexStatus: 'ACTIVE' }] },
    });
    await answers('UpdateTimeToLive', {
      TableName,
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
    expect(await answers('DescribeTimeToLive', { TableName })).toMatchObject({
      TimeToLiveDescription: { AttributeName: 'expiresAt' },
    });
  });

  it('rows, written, changed, read, and found by an index', async () => {
    await answers('PutItem', { TableName, Item: row('1'), ...isNew });
    await answers('PutItem', { TableName, Item: row('2'), ...isNew });
    const changed = await answers('UpdateItem', {
      TableName,
      Key: { pk: { S: 'P' }, sk: { S: '1' } },
      UpdateExpression: 'SET revision = revision + :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
      ReturnValues: 'ALL_NEW',
    });
    const read = await answers('GetItem', {
      TableName,
      Key: { pk: { S: 'P' }, sk: { S: '1' } },
      ConsistentRead: true,
    });
    const found = await answers('Query', {
      TableName,
      IndexName: 'due',
      KeyConditionExpression: 'duePk = :due',
      ExpressionAttributeValues: { ':due': { S: 'DUE' } },
      Limit: 1,
    });

    expect(changed).toMatchObject({ Attributes: { revision: { N: '2' } } });
    expect(read).toMatchObject({ Item: { revision: { N: '2' } } });
    expect(found).toMatchObject({ Count: 1, LastEvaluatedKey: { dueSk: { S: '1' } } });
  });

  it('transactions', async () => {
    const Put = { TableName, Item: row('3'), ...isNew, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };
    await answers('TransactWriteItems', { TransactItems: [{ Put }], ClientRequestToken: 'one' });

    expect(await refuses('TransactWriteItems', { TransactItems: [{ Put }], ClientRequestToken: 'two' })).toBe(
      'TransactionCanceledException 400',
    );
    const Other = { ...Put, Item: row('4') };
    expect(
      await refuses('TransactWriteItems', { TransactItems: [{ Put: Other }], ClientRequestToken: 'one' }),
    ).toBe('IdempotentParameterMismatchException 400');
  });

  it('its refusals', async () => {
    const Key = { pk: { S: 'P' }, sk: { S: '1' } };

    expect(await refuses('GetItem', { TableName: 'gone', Key })).toBe('ResourceNotFoundException 400');
    expect(await refuses('PutItem', { TableName, Item: row('1'), ...isNew })).toBe(
      'ConditionalCheckFailedException 400',
    );
    expect(await refuses('GetItem', { TableName, Key: { pk: { S: 'P' } } })).toBe('ValidationException 400');
  });

  it('throttling', async () => {
    dynamo.control.throttle(1);

    expect(await refuses('GetItem', { TableName, Key: { pk: { S: 'P' }, sk: { S: '1' } } })).toBe(
      'ProvisionedThroughputExceededException 400',
    );
  });

  it('every divergence that is named still happens', () => {
    // Models of before these errors and members were there judge no strange ones.
    const isOld = Number(boto.version.split('.')[1]) < 43;
    const expected = named.filter(({ says }) => !(isOld && says.endsWith('is in no model')));
    expect([...seen].sort()).toEqual(expected.map(({ name }) => name).sort());
  });

  it('every operation that our sources send was called', () => {
    const sent = leaving.filter((name) => name.startsWith('dynamodb:'));

    expect(sent).not.toEqual([]);
    expect(sent.filter((operation) => !operations.has(operation))).toEqual([]);
  });
});
