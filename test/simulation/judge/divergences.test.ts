import { PutItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
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
  return divergence?.is(command, model, engine, lax) === true;
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
