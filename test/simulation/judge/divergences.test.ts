import {
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createTableModel } from '../table-model.ts';
import { type Answer, answerOf, type JudgedCommand, send } from './call.ts';
import { divergences } from './divergences.ts';

const TableName = 'judged';
const Key = { pk: { S: 'P' }, sk: { S: '1' } };
const row = { ...Key, revision: { N: '1' } };
const nowMs = () => 0;

const answered: Answer = {
  outcome: 'answered',
  nowMs: 0,
  item: undefined,
  items: undefined,
  count: undefined,
  lastKey: undefined,
  units: undefined,
};
const refused = (name: string): Answer => ({ outcome: 'refused', name, item: undefined, reasons: undefined });
const failed = refused('ConditionalCheckFailedException');
const invalid = refused('ValidationException');

const put = (ConditionExpression: string) =>
  new PutItemCommand({ TableName, Item: row, ConditionExpression });
const update = (UpdateExpression: string) =>
  new UpdateItemCommand({
    TableName,
    Key,
    UpdateExpression,
    ExpressionAttributeValues: { ':one': { N: '1' } },
  });
const query = (partition: object, more: object = {}) =>
  new QueryCommand({
    TableName,
    KeyConditionExpression: 'pk = :p',
    ExpressionAttributeValues: { ':p': partition },
    ...more,
  } as ConstructorParameters<typeof QueryCommand>[0]);

/** What both models answer on the one row, and as what the engine's answer is known. */
async function knownAs(command: JudgedCommand, engine: Answer, name: string): Promise<boolean> {
  const answers = await Promise.all(
    (['nothing', 'equal'] as const).map(async (missing) => {
      const model = createTableModel({ nowMs, tableName: TableName, missing });
      await model.client.send(new PutItemCommand({ TableName, Item: row }));
      return answerOf(send(model.client, command));
    }),
  );
  const [model = answered, lax = answered] = answers;
  const divergence = divergences.find((each) => each.name === name);
  expect(divergence).toBeDefined();
  return divergence?.is(command, model, engine, lax, false) === true;
}

describe('two missing attributes are equal', () => {
  const name = 'two missing attributes are equal';

  it.each<[string, Answer, Answer]>([
    ['never = gone', answered, failed],
    ['never <= gone', answered, failed],
    ['never >= gone', answered, failed],
    ['NOT never = gone', failed, answered],
    ['never <> gone', failed, answered],
    ['(never = gone OR revision = gone) AND attribute_exists(pk)', answered, failed],
  ])('is %s, answered as dynalite does and not otherwise', async (condition, its, other) => {
    expect(await knownAs(put(condition), its, name)).toBe(true);
    expect(await knownAs(put(condition), other, name)).toBe(false);
    expect(await knownAs(put(condition), invalid, name)).toBe(false);
  });

  it.each([
    'revision = gone',
    'gone < never',
    'never > gone',
    'pk = sk',
    'never = gone AND attribute_not_exists(pk)',
  ])('is nothing that %s could be excused by', async (condition) => {
    for (const engine of [answered, failed, invalid])
      expect(await knownAs(put(condition), engine, name)).toBe(false);
  });

  it.each(['SET revision = revision + :one', 'SET gone = never', 'SET revision = :one'])(
    'is no excuse for an update: %s',
    async (expression) => {
      for (const engine of [answered, failed, invalid])
        expect(await knownAs(update(expression), engine, name)).toBe(false);
    },
  );
});

describe('what an engine takes and DynamoDB does not', () => {
  const found = { ...answered, items: [row], count: 1 } as Answer;
  const nothing = { ...answered, items: [], count: 0 } as Answer;
  const outage = refused('InternalServerError');

  it.each<[string, JudgedCommand, Answer, readonly Answer[]]>([
    ['an attribute may be compared with itself', put('pk = pk'), answered, [outage]],
    ['a partition may be asked for by a number', query({ N: '1' }), nothing, [found, outage, failed]],
    ['an empty partition may be asked for', query({ S: '' }), nothing, [found, outage]],
    [
      'a query may start outside of what it asks for',
      query({ S: 'P' }, { ExclusiveStartKey: { ...Key, pk: { S: 'Q' } } }),
      found,
      [outage, failed],
    ],
    [
      'a placeholder for a name may stay unused',
      new PutItemCommand({
        TableName,
        Item: row,
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeNames: { '#unused': 'a' },
      }),
      answered,
      [outage],
    ],
  ])('%s, and nothing but that', async (name, command, its, others) => {
    expect(await knownAs(command, its, name)).toBe(true);
    for (const other of others) expect(await knownAs(command, other, name)).toBe(false);
  });
});

/** As what these two answers are known; they need not be the model's. */
const fits = (name: string, command: JudgedCommand, model: Answer, engine: Answer, repeated = false) => {
  const divergence = divergences.find((each) => each.name === name);
  expect(divergence).toBeDefined();
  return divergence?.is(command, model, engine, model, repeated) === true;
};
const asked = (KeyConditionExpression: string, values: object, more: object = {}) =>
  query({}, { KeyConditionExpression, ExpressionAttributeValues: values, ...more });
const outage = refused('InternalServerError');
const texts = { ':p': { S: 'P' }, ':s': { S: '1' } };

describe('an index key may be empty', () => {
  const name = 'an index key may be empty';
  const item = (more: object, rest: object = {}) =>
    new PutItemCommand({ TableName, Item: { ...row, ...more }, ...rest });
  const set = (UpdateExpression: string, more: object = {}) =>
    new UpdateItemCommand({
      TableName,
      Key,
      UpdateExpression,
      ExpressionAttributeValues: { ':v': { S: '' }, ':w': { S: 'w' } },
      ...more,
    });

  it.each<[string, JudgedCommand]>([
    ['put', item({ duePk: { S: '' }, dueSk: { S: '1' } })],
    ['set', set('SET dueSk = :v')],
    ['set beside another', set('SET body = :w, listSk = :v')],
    ['set by a placeholder', set('SET #k = :v', { ExpressionAttributeNames: { '#k': 'listPk' } })],
  ])('when it is %s, refused here and taken there', (_how, command) => {
    expect(fits(name, command, invalid, answered)).toBe(true);
    expect(fits(name, command, answered, answered)).toBe(false);
    expect(fits(name, command, failed, answered)).toBe(false);
    for (const engine of [invalid, failed, outage]) expect(fits(name, command, invalid, engine)).toBe(false);
  });

  it.each<[string, JudgedCommand]>([
    ['another attribute that is empty', item({ body: { S: '' } })],
    ['an empty key of the table', item({ sk: { S: '' } })],
    ['a condition that may be wrong itself', item({ duePk: { S: '' } }, { ConditionExpression: 'a = a' })],
    ['another attribute that is set to nothing', set('SET body = :v')],
    ['an index key that is set to something', set('SET dueSk = :w, body = :v')],
    ['an empty sort key that is asked for', asked('pk = :p AND sk = :s', { ...texts, ':s': { S: '' } })],
  ])('and not %s', (_what, command) => {
    expect(fits(name, command, invalid, answered)).toBe(false);
  });
});

describe('of two equalities the first is the partition', () => {
  const name = 'of two equalities the first is the partition';
  const names = { '#a': 'dueSk', '#b': 'duePk' };
  const due = { IndexName: 'due', ExpressionAttributeNames: names };

  it.each<[string, JudgedCommand]>([
    ['of the table', asked('sk = :s AND pk = :p', texts)],
    ['of an index', asked('#a = :s AND #b = :p', texts, due)],
  ])('with the sort key %s in front, answered here and invalid there', (_of, command) => {
    expect(fits(name, command, answered, invalid)).toBe(true);
    for (const model of [failed, invalid, outage]) expect(fits(name, command, model, invalid)).toBe(false);
    for (const engine of [answered, failed, outage])
      expect(fits(name, command, answered, engine)).toBe(false);
  });

  it.each<[string, JudgedCommand]>([
    ['the partition in front', asked('pk = :p AND sk = :s', texts)],
    ['the partition of an index in front', asked('#b = :p AND #a = :s', texts, due)],
    ['the keys of another index', asked('sk = :s AND pk = :p', texts, { IndexName: 'due' })],
    ['a range in front', asked('sk > :s AND pk = :p', texts)],
    ['a condition of a put that reads like it', put('sk = :s AND pk = :p')],
  ])('and not with %s', (_what, command) => {
    expect(fits(name, command, answered, invalid)).toBe(false);
  });
});

describe('what a query asks for and where it starts', () => {
  const found = { ...answered, items: [row], count: 1 } as Answer;
  const nothing = { ...answered, items: [], count: 0 } as Answer;

  it.each<[string, JudgedCommand, Answer]>([
    [
      'a partition may be asked for by a number',
      asked('pk = :p AND sk = :s', { ...texts, ':s': { N: '1' } }),
      nothing,
    ],
    [
      'an empty partition may be asked for',
      asked('pk = :p AND sk = :s', { ...texts, ':s': { S: '' } }),
      nothing,
    ],
    ['a query may start outside of what it asks for', query({ S: 'P' }, { ExclusiveStartKey: Key }), found],
    [
      'a query may start outside of what it asks for',
      query({ S: 'P' }, { ExclusiveStartKey: { sk: { S: '1' } } }),
      found,
    ],
  ])('%s, and this is something else', (name, command, engine) => {
    expect(fits(name, command, invalid, engine)).toBe(false);
  });
});

describe('a transaction of which one part cannot be computed', () => {
  const name = 'a transaction of which one part cannot be computed is invalid as a whole';
  const TransactItems = [
    { Update: { TableName, Key, UpdateExpression: 'SET a = never' } },
    { Put: { TableName, Item: { ...row, sk: { S: '2' } } } },
  ];
  const transaction = new TransactWriteItemsCommand({ TransactItems });
  const cancelled = (...codes: string[]): Answer => ({
    outcome: 'refused',
    name: 'TransactionCanceledException',
    item: undefined,
    reasons: codes.map((code) => ({ code, item: undefined })),
  });

  it('is cancelled here by what an update computes and invalid there', () => {
    expect(fits(name, transaction, cancelled('ValidationError', 'None'), invalid)).toBe(true);
    for (const engine of [answered, failed, outage, cancelled('ValidationError', 'None')])
      expect(fits(name, transaction, cancelled('ValidationError', 'None'), engine)).toBe(false);
  });

  it('is not one that another reason or another part ends', () => {
    for (const model of [
      answered,
      invalid,
      cancelled('ConditionalCheckFailed', 'None'),
      cancelled('None', 'ValidationError'),
      cancelled('None', 'None', 'ValidationError'),
    ])
      expect(fits(name, transaction, model, invalid)).toBe(false);
    expect(fits(name, update('SET a = never'), cancelled('ValidationError'), invalid)).toBe(false);
  });

  it('is, cancelled by its conditions, a token that means nothing only where it is repeated', () => {
    const token = 'a request token means nothing';
    const again = new TransactWriteItemsCommand({ TransactItems, ClientRequestToken: 'a' });
    const its = cancelled('None', 'ConditionalCheckFailed');

    expect(fits(token, again, answered, its, true)).toBe(true);
    expect(fits(token, again, answered, its, false)).toBe(false);
    expect(fits(token, transaction, answered, its, true)).toBe(false);
    for (const model of [its, invalid, failed]) expect(fits(token, again, model, its, true)).toBe(false);
    for (const engine of [
      answered,
      outage,
      invalid,
      cancelled('None', 'TransactionConflict'),
      cancelled('ConditionalCheckFailed', 'ValidationError'),
      cancelled('None', 'None'),
    ])
      expect(fits(token, again, answered, engine, true)).toBe(false);
  });
});

describe('a page that is just full is taken for the last', () => {
  const name = 'a page that is just full is taken for the last';
  const one = query({ S: 'P' }, { Limit: 1 });
  const full = { ...answered, items: [row], count: 1, lastKey: Key } as Answer;
  const last = { ...full, lastKey: undefined } as Answer;

  it('with the same rows, only without where to go on', () => {
    expect(fits(name, one, full, last)).toBe(true);
    expect(fits(name, one, last, last)).toBe(false);
    expect(fits(name, one, full, full)).toBe(false);
    expect(fits(name, one, last, full)).toBe(false);
  });

  it('and not with other rows, with fewer, without a limit or under another one', () => {
    const other = { ...last, items: [{ ...row, revision: { N: '2' } }] } as Answer;
    const fewer = { ...last, items: [], count: 0 } as Answer;

    for (const engine of [other, fewer, { ...last, count: 0 } as Answer, outage, invalid])
      expect(fits(name, one, full, engine)).toBe(false);
    expect(fits(name, query({ S: 'P' }), full, last)).toBe(false);
    expect(fits(name, query({ S: 'P' }, { Limit: 2 }), full, last)).toBe(false);
  });
});
