import { isDeepStrictEqual } from 'node:util';
import type { AttributeValue, QueryCommandInput } from '@aws-sdk/client-dynamodb';
import type { EngineName } from '../../support/dynamodb.ts';
import type { Answer, JudgedCommand } from './call.ts';

/** A place where a real engine is known to answer otherwise than the model, and why the model keeps to its answer. */
export interface Divergence {
  readonly name: string;
  readonly engines: readonly EngineName[];
  readonly reason: string;
  /**
   * Of the two answers to one command; `lax` is what the model answers to which two missing attributes are equal, and
   * `repeated` whether the command came before under the same token.
   */
  is(command: JudgedCommand, model: Answer, engine: Answer, lax: Answer, repeated: boolean): boolean;
}

export const divergences: readonly Divergence[] = [
  {
    name: 'a placeholder for a name may stay unused',
    engines: ['native'],
    reason: 'DynamoDB refuses unused names and unused values alike; this engine looks at the values only.',
    is: ({ input }, model, answer) => hasUnusedName(input) && isInvalid(model) && isTaken(answer),
  },
  {
    name: 'two missing attributes are equal',
    engines: ['dynalite'],
    reason:
      'In DynamoDB a comparison with a missing attribute is false, `<>` true; dynalite finds nothing equal to nothing.',
    is: (_command, model, answer, lax) => !isDeepStrictEqual(model, lax) && isDeepStrictEqual(answer, lax),
  },
  {
    name: 'an attribute may be compared with itself',
    engines: ['native'],
    reason: 'DynamoDB asks for distinct operands; this engine just compares.',
    is: ({ input }, model, answer) =>
      expressionsIn(input).some((text) => itself.test(text)) && isInvalid(model) && isTaken(answer),
  },
  {
    name: 'a partition may be asked for by a number',
    engines: ['native'],
    reason: 'DynamoDB refuses a key condition of another type than the key; this engine finds nothing.',
    is: ({ input }, model, answer) =>
      partitionAskedFor(input)?.N !== undefined && isInvalid(model) && isEmpty(answer),
  },
  {
    name: 'of two equalities the first is the partition',
    engines: ['native'],
    reason:
      'DynamoDB takes the two parts of a key condition in any order; this engine refuses a sort key in front.',
    is: ({ input }, model, answer) =>
      isSortedInFront(input) && model.outcome === 'answered' && isInvalid(answer),
  },
  {
    name: 'an empty partition may be asked for',
    engines: ['native', 'dynalite'],
    reason: 'DynamoDB refuses an empty key, also one to look for; these engines find nothing.',
    is: ({ input }, model, answer) =>
      partitionAskedFor(input)?.S === '' && isInvalid(model) && isEmpty(answer),
  },
  {
    name: 'a query may start outside of what it asks for',
    engines: ['native'],
    reason: 'DynamoDB refuses a starting key of another partition; this engine begins behind it.',
    is: ({ input }, model, answer) =>
      startsOutside(input) && isInvalid(model) && answer.outcome === 'answered',
  },
  {
    name: 'an index key may be empty',
    engines: ['dynalite'],
    reason: 'DynamoDB refuses an empty key of an index; dynalite is older than that rule and keeps it.',
    is: ({ input }, model, answer) =>
      writesEmptyIndexKey(input) && isInvalid(model) && answer.outcome === 'answered',
  },
  {
    name: 'a transaction of which one part cannot be computed is invalid as a whole',
    engines: ['dynamodb-local'],
    reason:
      'DynamoDB cancels it with the reason ValidationError beside that part (API reference, TransactWriteItems); DynamoDB Local answers ValidationException.',
    is: ({ input }, model, answer) => isUncomputable(input, model) && isInvalid(answer),
  },
  {
    name: 'a page that is just full is taken for the last',
    engines: ['moto'],
    reason: 'DynamoDB names where to go on whenever the limit was reached; moto knows that nothing follows.',
    is: ({ input }, model, answer) =>
      'Limit' in input &&
      model.outcome === 'answered' &&
      answer.outcome === 'answered' &&
      model.count === input.Limit &&
      model.lastKey !== undefined &&
      isDeepStrictEqual({ ...model, lastKey: undefined }, answer),
  },
  {
    name: 'a request token means nothing',
    engines: ['moto'],
    reason:
      'DynamoDB answers the same transaction under the same token as it did before; moto carries it out once more, and its conditions fail.',
    is: ({ input }, model, answer, _lax, repeated) =>
      repeated &&
      'ClientRequestToken' in input &&
      model.outcome === 'answered' &&
      isCancelledByConditions(answer),
  },
];

const itself = /\b(\w+) = \1\b/;
type Input = JudgedCommand['input'];

/** By index: the partition, then the sort key. */
const keys: Readonly<Record<string, readonly [partition: string, sort: string]>> = {
  table: ['pk', 'sk'],
  due: ['duePk', 'dueSk'],
  list: ['listPk', 'listSk'],
};
const indexKeys = [...(keys['due'] ?? []), ...(keys['list'] ?? [])];

type Equality = readonly [name: string, value: AttributeValue | undefined];

/** Every `name = :value` between the ANDs of an expression, with what stands behind its placeholders. */
function equalitiesIn(
  text: string | undefined,
  input: {
    readonly ExpressionAttributeNames?: Record<string, string> | undefined;
    readonly ExpressionAttributeValues?: Record<string, AttributeValue> | undefined;
  },
): readonly (Equality | undefined)[] {
  return (text ?? '').split(/ AND |, /).map((part): Equality | undefined => {
    const [, name = '', value = ''] = /^([#\w]+) = (:\w+)$/.exec(part) ?? [];
    if (name === '') return undefined;
    return [input.ExpressionAttributeNames?.[name] ?? name, input.ExpressionAttributeValues?.[value]];
  });
}

const keysAskedOf = (input: QueryCommandInput) => keys[input.IndexName ?? 'table'] ?? [];

function partitionAskedFor(input: Input): AttributeValue | undefined {
  if (!('KeyConditionExpression' in input)) return undefined;
  const [partition] = keysAskedOf(input);
  return equalitiesIn(input.KeyConditionExpression, input).find((each) => each?.[0] === partition)?.[1];
}

function isSortedInFront(input: Input): boolean {
  if (!('KeyConditionExpression' in input)) return false;
  const [partition, sort] = keysAskedOf(input);
  const names = equalitiesIn(input.KeyConditionExpression, input).map((each) => each?.[0]);
  return isDeepStrictEqual(names, [sort, partition]);
}

function startsOutside(input: Input): boolean {
  if (!('ExclusiveStartKey' in input)) return false;
  const [partition = ''] = keysAskedOf(input);
  const start = input.ExclusiveStartKey?.[partition];
  return start !== undefined && !isDeepStrictEqual(start, partitionAskedFor(input));
}

function writesEmptyIndexKey(input: Input): boolean {
  if ('ConditionExpression' in input) return false;
  if ('Item' in input) return indexKeys.some((name) => input.Item?.[name]?.S === '');
  if (!('UpdateExpression' in input)) return false;
  const set = input.UpdateExpression?.replace(/^SET /, '');
  return equalitiesIn(set, input).some(
    (each) => each !== undefined && indexKeys.includes(each[0]) && each[1]?.S === '',
  );
}

/** Only an update computes anything. */
function isUncomputable(input: Input, model: Answer): boolean {
  if (!('TransactItems' in input) || model.outcome !== 'refused') return false;
  if (model.name !== 'TransactionCanceledException') return false;
  const parts = (model.reasons ?? []).flatMap(({ code }, at) =>
    code === 'ValidationError' ? [input.TransactItems?.[at]] : [],
  );
  return parts.length > 0 && parts.every((part) => part?.Update !== undefined);
}

function isCancelledByConditions(answer: Answer): boolean {
  if (answer.outcome !== 'refused' || answer.name !== 'TransactionCanceledException') return false;
  const codes = (answer.reasons ?? []).map(({ code }) => code);
  return (
    codes.includes('ConditionalCheckFailed') &&
    codes.every((code) => code === 'ConditionalCheckFailed' || code === 'None')
  );
}

const isInvalid = (answer: Answer) => answer.outcome === 'refused' && answer.name === 'ValidationException';

/** It was read and carried out, whatever its conditions found. */
const isTaken = (answer: Answer) =>
  answer.outcome === 'answered' ||
  answer.name === 'ConditionalCheckFailedException' ||
  answer.name === 'TransactionCanceledException';

/** A query that found nothing. */
const isEmpty = (answer: Answer) =>
  answer.outcome === 'answered' && answer.count === 0 && answer.lastKey === undefined;

function expressionsIn(input: object): string[] {
  return Object.entries(input).flatMap(([name, value]): string[] => {
    if (typeof value === 'string') return name.endsWith('Expression') ? [value] : [];
    return typeof value === 'object' && value !== null ? expressionsIn(value) : [];
  });
}

function hasUnusedName(input: object): boolean {
  const names = 'ExpressionAttributeNames' in input ? Object.keys(input.ExpressionAttributeNames ?? {}) : [];
  return names.some((name) => !expressionsIn(input).some((text) => text.includes(name)));
}
