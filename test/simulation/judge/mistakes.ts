import {
  type AttributeValue,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { reservedWords } from '../table/reserved-words.ts';
import type { Tape } from '../tape.ts';
import type { JudgedCommand } from './call.ts';

type Items = Record<string, AttributeValue>;

const key: Items = { pk: { S: 'P#1' }, sk: { S: '1' } };
const other: Items = { pk: { S: 'P#1' }, sk: { S: '2' } };
const one: Items = { ':v': { N: '1' } };
const words = [...reservedWords];

const put = (TableName: string, Item: Items, ConditionExpression?: string, values?: Items) =>
  new PutItemCommand({
    TableName,
    Item,
    ...(ConditionExpression === undefined ? {} : { ConditionExpression }),
    ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
  });
const update = (TableName: string, UpdateExpression: string, values?: Items, Key = key) =>
  new UpdateItemCommand({
    TableName,
    Key,
    UpdateExpression,
    ...(values === undefined ? {} : { ExpressionAttributeValues: values }),
  });
const query = (TableName: string, KeyConditionExpression: string, values: Items, more: object = {}) =>
  new QueryCommand({ TableName, KeyConditionExpression, ExpressionAttributeValues: values, ...more });
const transactPut = (TableName: string, Item: Items) => ({ Put: { TableName, Item } });
const transactUpdate = (TableName: string, UpdateExpression: string, values: Items) => ({
  Update: { TableName, Key: key, UpdateExpression, ExpressionAttributeValues: values },
});

/** Calls that DynamoDB refuses, by name; each says nothing about any item unless it needs one. */
export const mistakes: Readonly<Record<string, (table: string, tape: Tape) => JudgedCommand>> = {
  'two operations on one item': (table) =>
    new TransactWriteItemsCommand({
      TransactItems: [transactPut(table, key), transactUpdate(table, 'SET a = :v', one)],
    }),
  'an empty transaction': () => new TransactWriteItemsCommand({ TransactItems: [] }),
  'more than a hundred operations': (table) =>
    new TransactWriteItemsCommand({
      TransactItems: Array.from({ length: 101 }, (_, at) =>
        transactPut(table, { pk: { S: 'MANY' }, sk: { S: String(at) } }),
      ),
    }),
  'a long request token': (table) =>
    new TransactWriteItemsCommand({
      TransactItems: [transactPut(table, key)],
      ClientRequestToken: 'x'.repeat(37),
    }),
  'a check without a condition': (table) =>
    new TransactWriteItemsCommand({
      TransactItems: [{ ConditionCheck: { TableName: table, Key: key, ConditionExpression: undefined } }],
    }),
  'an item over 400 KB': (table) => put(table, { ...key, body: { S: 'x'.repeat(409_600) } }),
  'an item over 400 KB in a transaction': (table) =>
    new TransactWriteItemsCommand({
      TransactItems: [transactPut(table, { ...key, body: { S: 'x'.repeat(409_600) } })],
    }),
  'an update to over 400 KB': (table) => update(table, 'SET body = :v', { ':v': { S: 'x'.repeat(409_600) } }),
  'an empty partition key': (table) => put(table, { pk: { S: '' }, sk: { S: '1' } }),
  'an empty sort key': (table) => put(table, { pk: { S: '1' }, sk: { S: '' } }),
  'an empty key to read': (table) =>
    new GetItemCommand({ TableName: table, Key: { pk: { S: 'P#1' }, sk: { S: '' } } }),
  'a missing sort key': (table) => put(table, { pk: { S: '1' } }),
  'half a key to read': (table) => new GetItemCommand({ TableName: table, Key: { pk: { S: 'P#1' } } }),
  'a key with more to it': (table) =>
    new GetItemCommand({ TableName: table, Key: { ...key, body: { S: 'x' } } }),
  'a key that is a number': (table) => put(table, { pk: { N: '1' }, sk: { S: '1' } }),
  'a partition key over 2 KB': (table) => put(table, { pk: { S: 'x'.repeat(2049) }, sk: { S: '1' } }),
  'a sort key over 1 KB': (table) => put(table, { pk: { S: '1' }, sk: { S: 'x'.repeat(1025) } }),
  'an index key that is a number': (table) => put(table, { ...key, duePk: { N: '1' } }),
  'an empty index key': (table) => put(table, { ...key, duePk: { S: '' }, dueSk: { S: '1' } }),
  'an update of an index key to a number': (table) => update(table, 'SET duePk = :v', one),
  'an update of an index key to nothing': (table) => update(table, 'SET dueSk = :v', { ':v': { S: '' } }),
  'an update of a key': (table) => update(table, 'SET sk = :v', { ':v': { S: '9' } }),
  'an update of one attribute twice': (table) => update(table, 'SET a = :v, a = :v', one),
  'an attribute set and removed': (table) => update(table, 'SET a = :v REMOVE a', one),
  'two SET sections': (table) => update(table, 'SET a = :v SET b = :v', one),
  'an update that is not one': (table) => update(table, 'a = :v', one),
  'an empty update': (table) => update(table, ''),
  'a sum of text': (table) => update(table, 'SET a = a + :v', { ':v': { S: 'x' } }),
  'a sum with nothing': (table) => update(table, 'SET a = never + :v', one),
  'a copy of nothing': (table) => update(table, 'SET a = never', undefined),
  'a sum with nothing in a transaction': (table) =>
    new TransactWriteItemsCommand({
      TransactItems: [transactUpdate(table, 'SET a = never + :v', one), transactPut(table, other)],
    }),
  'an undefined value': (table) => update(table, 'SET a = :v, b = :w', one),
  'an undefined name': (table) => update(table, 'SET #a = :v', one),
  'an unused value': (table) => update(table, 'SET a = :v', { ...one, ':w': { N: '2' } }),
  'an unused name': (table) =>
    new PutItemCommand({
      TableName: table,
      Item: key,
      ConditionExpression: 'attribute_exists(a)',
      ExpressionAttributeNames: { '#a': 'a' },
    }),
  'values without an expression': (table) => put(table, key, undefined, one),
  'no values in the map': (table) => put(table, key, 'attribute_exists(a)', {}),
  'a reserved word': (table, tape) => put(table, key, `attribute_exists(${words[tape.draw(words.length)]})`),
  'a reserved word in an update': (table, tape) =>
    update(table, `SET ${words[tape.draw(words.length)]?.toLowerCase()} = :v`, one),
  'redundant parentheses': (table) => put(table, key, '((a = :v))', one),
  'a comparison with itself': (table) => put(table, key, 'a = a'),
  'an open parenthesis': (table) => put(table, key, '(a = :v', one),
  'half a condition': (table) => put(table, key, 'a = :v AND', one),
  'a condition that is none': (table) => put(table, key, 'a'),
  'an unknown function': (table) => put(table, key, 'attribute_missing(a)'),
  'a function of updates in a condition': (table) => put(table, key, 'if_not_exists(a, :v) = :v', one),
  'existence of a value': (table) => put(table, key, 'attribute_exists(:v)', one),
  'a beginning that is a number': (table) => put(table, key, 'begins_with(a, :v)', one),
  'bounds the wrong way round': (table) =>
    put(table, key, 'a BETWEEN :v AND :w', { ':v': { N: '2' }, ':w': { N: '1' } }),
  'bounds of two types': (table) =>
    put(table, key, 'a BETWEEN :v AND :w', { ':v': { N: '2' }, ':w': { S: '3' } }),
  'a query without its partition': (table) => query(table, 'sk = :v', { ':v': { S: '1' } }),
  'a query for many partitions': (table) => query(table, 'pk > :v', { ':v': { S: '1' } }),
  'a query by another attribute': (table) =>
    query(table, 'pk = :v AND body = :w', { ':v': { S: '1' }, ':w': { S: '1' } }),
  'a query for what is not': (table) =>
    query(table, 'pk = :v AND sk <> :w', { ':v': { S: '1' }, ':w': { S: '1' } }),
  'a query with OR': (table) => query(table, 'pk = :v OR sk = :w', { ':v': { S: '1' }, ':w': { S: '1' } }),
  'a query for a number': (table) => query(table, 'pk = :v', one),
  'a query for an empty partition': (table) => query(table, 'pk = :v', { ':v': { S: '' } }),
  'a query that is none': (table) => query(table, 'nonsense', { ':v': { S: '1' } }),
  'a query with a limit of nothing': (table) => query(table, 'pk = :v', { ':v': { S: '1' } }, { Limit: 0 }),
  'a consistent read of an index': (table) =>
    query(table, 'duePk = :v', { ':v': { S: '1' } }, { IndexName: 'due', ConsistentRead: true }),
  'an unknown index': (table) => query(table, 'duePk = :v', { ':v': { S: '1' } }, { IndexName: 'dues' }),
  'a start from half a key': (table) =>
    query(table, 'pk = :v', { ':v': { S: '1' } }, { ExclusiveStartKey: { pk: { S: '1' } } }),
  'a start from another partition': (table) =>
    query(table, 'pk = :v', { ':v': { S: '1' } }, { ExclusiveStartKey: key }),
  'an unknown table': () => new GetItemCommand({ TableName: 'no-such-table', Key: key }),
};

const names = Object.keys(mistakes);

export function drawMistake(tape: Tape, table: string): JudgedCommand {
  const made = mistakes[names[tape.draw(names.length)] ?? '']?.(table, tape);
  if (made === undefined) throw new Error('no such mistake');
  return made;
}
