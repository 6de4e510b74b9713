/** What DynamoDB's refusals look like on the wire: below any SDK, which would make good what is missing or misspelt. */
import aws4 from 'aws4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSdkTransport } from '../../../src/store/sdk-transport.ts';
import {
  type EngineName,
  engines,
  startTestDynamo,
  type TestDynamo,
  testCredentials,
} from '../../support/dynamodb.ts';
import { met, type NamedDivergence } from '../divergences.ts';

/** A refusal as it arrives. */
interface Wire {
  readonly status: number;
  readonly contentType: string | null;
  readonly type: unknown;
  /** What else is in the body, sorted. */
  readonly members: readonly string[];
  /** Whether what it says for people is more than nothing; null where it says nothing at all. */
  readonly isWorded: boolean | null;
}

const dynamodb = 'com.amazonaws.dynamodb.v20120810';
const refused = (type: string, ...members: string[]): Wire => ({
  status: 400,
  contentType: 'application/x-amz-json-1.0',
  type,
  members,
  isWorded: members.some((name) => /^message$/i.test(name)) ? true : null,
});

const TableName = 'wire';
const Key = { pk: { S: 'P' }, sk: { S: '1' } };
const there = { ...Key, revision: { N: '1' } };
const isNew = {
  TableName,
  Item: there,
  ConditionExpression: 'attribute_not_exists(pk)',
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
};
const { ReturnValuesOnConditionCheckFailure: _, ...unseen } = isNew;
const put = (sk: string) => ({ Put: { TableName, Item: { ...Key, sk: { S: sk } } } });

interface Case {
  readonly operation: string;
  readonly body: string | object;
  readonly isSigned?: false;
  readonly right: Wire;
  readonly holds?: object;
}

/** Sources: the service's model (names of members), DynamoDB developer guide, "Error handling" (status, type, header). */
const cases: Readonly<Record<string, Case>> = {
  'a condition that does not hold': {
    operation: 'PutItem',
    body: unseen,
    right: refused(`${dynamodb}#ConditionalCheckFailedException`, 'message'),
  },
  'a condition that does not hold, with the row': {
    operation: 'PutItem',
    body: isNew,
    right: refused(`${dynamodb}#ConditionalCheckFailedException`, 'Item', 'message'),
    holds: { Item: there },
  },
  'a transaction, with a reason for each part': {
    operation: 'TransactWriteItems',
    body: { TransactItems: [put('2'), { Put: isNew }] },
    right: refused(`${dynamodb}#TransactionCanceledException`, 'CancellationReasons', 'Message'),
    holds: {
      Message:
        'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]',
      CancellationReasons: [
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', Item: there },
      ],
    },
  },
  'another transaction under a token that is taken': {
    operation: 'TransactWriteItems',
    body: { TransactItems: [put('3')], ClientRequestToken: 'taken' },
    right: refused(`${dynamodb}#IdempotentParameterMismatchException`, 'Message'),
  },
  'a transaction of nothing': {
    operation: 'TransactWriteItems',
    body: { TransactItems: [] },
    right: refused('com.amazon.coral.validate#ValidationException', 'message'),
  },
  'a key that is not whole': {
    operation: 'GetItem',
    body: { TableName, Key: { pk: { S: 'P' } } },
    right: refused('com.amazon.coral.validate#ValidationException', 'message'),
  },
  'what cannot be computed': {
    operation: 'UpdateItem',
    body: {
      TableName,
      Key,
      UpdateExpression: 'SET gone = gone + :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    },
    right: refused('com.amazon.coral.validate#ValidationException', 'message'),
  },
  'a table that is not there': {
    operation: 'GetItem',
    body: { TableName: 'gone', Key },
    right: refused(`${dynamodb}#ResourceNotFoundException`, 'message'),
  },
  'a table that is there already': {
    operation: 'CreateTable',
    body: {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    },
    right: refused(`${dynamodb}#ResourceInUseException`, 'message'),
  },
  'an operation that it does not know': {
    operation: 'FrobnicateItem',
    body: {},
    right: refused('com.amazon.coral.service#UnknownOperationException'),
  },
  'a body that is not JSON': {
    operation: 'GetItem',
    body: '{',
    right: refused('com.amazon.coral.service#SerializationException'),
  },
  'a call without a signature': {
    operation: 'GetItem',
    body: { TableName, Key },
    isSigned: false,
    right: refused('com.amazon.coral.service#MissingAuthenticationTokenException', 'message'),
  },
};

interface WireDivergence extends NamedDivergence {
  readonly engine: EngineName;
  readonly cases: readonly (keyof typeof cases)[];
  instead(right: Wire): Wire;
}

const ofTheCall = [
  'an operation that it does not know',
  'a body that is not JSON',
  'a call without a signature',
];
const spelt = (right: Wire, name: string): Wire => ({
  ...right,
  members: right.members.map((each) => (/^message$/i.test(each) ? name : each)),
});

const divergences: readonly WireDivergence[] = [
  {
    engine: 'dynamodb-local',
    name: 'whatever a refusal says is its Message',
    reason: 'In DynamoDB’s model most errors have a message, and only a few a Message; readers take either.',
    cases: Object.keys(cases).filter((each) => cases[each]?.right.members.includes('message')),
    instead: (right) => spelt(right, 'Message'),
  },
  {
    engine: 'dynamodb-local',
    name: 'what is wrong with a call as such has other names',
    reason:
      'DynamoDB has UnknownOperationException, SerializationException and MissingAuthenticationTokenException of com.amazon.coral.service (developer guide, Error handling); DynamoDB Local answers in its own words, and status 500 to what is no JSON.',
    cases: ofTheCall,
    instead: ({ contentType, type }) => {
      const [, name = ''] = String(type).split('#');
      const isFault = name === 'SerializationException';
      const named = isFault ? 'InternalFailure' : name.replace('TokenException', 'Token');
      return {
        ...refused(`${dynamodb}#${named}`, 'Message'),
        contentType,
        status: isFault ? 500 : 400,
      };
    },
  },
  {
    engine: 'dynamodb-local',
    name: 'a token that is taken is refused without a word',
    reason: 'DynamoDB says what is wrong; for people only.',
    cases: ['another transaction under a token that is taken'],
    instead: (right) => ({ ...right, isWorded: false }),
  },
  {
    engine: 'native',
    name: 'of a token that is taken it writes a message',
    reason: 'In DynamoDB’s model this error has a Message; readers take either.',
    cases: ['another transaction under a token that is taken'],
    instead: (right) => spelt(right, 'message'),
  },
  {
    engine: 'dynalite',
    name: 'a table that is there already is refused without a word',
    reason: 'DynamoDB says which; for people only.',
    cases: ['a table that is there already'],
    instead: (right) => ({ ...right, isWorded: false }),
  },
  {
    engine: 'moto',
    name: 'a refusal is application/json',
    reason: 'DynamoDB answers application/x-amz-json-1.0 always; moto for what it answers well alone.',
    cases: Object.keys(cases).filter((each) => each !== 'another transaction under a token that is taken'),
    instead: (right) => ({ ...right, contentType: 'application/json' }),
  },
  {
    engine: 'moto',
    name: 'what is invalid is so by DynamoDB itself',
    reason: 'DynamoDB’s ValidationException is one of com.amazon.coral.validate; readers look behind the #.',
    cases: ['a key that is not whole', 'what cannot be computed'],
    instead: (right) => ({ ...right, type: `${dynamodb}#ValidationException` }),
  },
  {
    engine: 'moto',
    name: 'a failed condition that shows its row has a Message',
    reason: 'In DynamoDB’s model it has a message, with its row or without it.',
    cases: ['a condition that does not hold, with the row'],
    instead: (right) => spelt(right, 'Message'),
  },
  {
    engine: 'moto',
    name: 'a request token means nothing',
    reason: 'DynamoDB refuses another transaction under the same token; moto carries it out.',
    cases: ['another transaction under a token that is taken'],
    instead: () => ({
      status: 200,
      contentType: 'application/x-amz-json-1.0',
      type: undefined,
      members: ['ConsumedCapacity', 'ItemCollectionMetrics'],
      isWorded: null,
    }),
  },
];

/** Answered with an HTML page, or as if it were something else. */
const notForMoto = [...ofTheCall, 'a transaction of nothing'];

describe.each(engines)('a refusal on the wire by DynamoDB on %s', (engine) => {
  let dynamo: TestDynamo;
  beforeAll(async () => {
    dynamo = await startTestDynamo({ engine });
    await createSdkTransport({
      client: dynamo.client(),
      tableName: TableName,
      pause: async () => {},
    }).ensureTable();
    for (const [operation, body] of [
      ['PutItem', { TableName, Item: there }],
      ['TransactWriteItems', { TransactItems: [put('9')], ClientRequestToken: 'taken' }],
    ] as const)
      expect((await ask({ operation, body })).wire.status).toBe(200);
  });
  afterAll(() => dynamo.close());

  async function ask({ operation, body, isSigned }: Omit<Case, 'right'>) {
    const url = new URL(dynamo.url);
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const headers = {
      'Content-Type': 'application/x-amz-json-1.0',
      'X-Amz-Target': `DynamoDB_20120810.${operation}`,
    };
    const request = {
      service: 'dynamodb',
      region: 'eu-west-1',
      method: 'POST',
      host: url.host,
      path: '/',
      headers,
    };
    const signed = aws4.sign({ ...request, body: text }, testCredentials).headers ?? {};
    const sent = isSigned === false ? headers : (signed as Record<string, string>);
    const response = await fetch(url, { method: 'POST', headers: sent, body: text });
    const { __type: type, ...rest } = JSON.parse(await response.text()) as Record<string, unknown>;
    const words = Object.entries(rest).find(([name]) => /^message$/i.test(name));
    const wire: Wire = {
      status: response.status,
      contentType: response.headers.get('content-type'),
      type,
      members: Object.keys(rest).sort(),
      isWorded: words === undefined ? null : words[1] !== '',
    };
    return { wire, rest, headers: response.headers };
  }

  it.for(Object.entries(cases))('%s', async ([name, { right, holds = {}, ...asked }], { task, skip }) => {
    skip(
      engine === 'moto' && notForMoto.includes(name),
      'calls that nobody makes end moto with an HTML page or a Python error',
    );
    const { wire, rest, headers } = await ask(asked);
    const known = divergences.filter((each) => each.engine === engine && each.cases.includes(name));
    const expected = known.reduce((before, { instead }) => instead(before), right);

    expect(wire).toEqual(expected);
    for (const each of known) met(task, each);
    expect(rest).toMatchObject(holds);
    // In this protocol the type is told in the body alone.
    expect(headers.get('x-amzn-errortype')).toBeNull();
    expect(headers.get('x-amzn-requestid')).toMatch(/^\S+$/);
  });

  it('throttling, which the front makes up, is worded like the others', async () => {
    dynamo.control.throttle(1);
    const { wire, headers } = await ask({ operation: 'GetItem', body: { TableName, Key } });

    expect(wire).toEqual(refused(`${dynamodb}#ProvisionedThroughputExceededException`, 'message'));
    expect(headers.get('x-amzn-requestid')).toMatch(/^\S+$/);
  });
});
