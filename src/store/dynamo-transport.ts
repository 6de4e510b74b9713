import type { AttributeValue, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { MisconfiguredError, RetryableError, TerminalError } from '../flows/errors.ts';
import { type Dated, type DynamoCalls, isFault } from './dynamo-calls.ts';
import type { Expression, Item, Transport, Write } from './transport.ts';

export interface DynamoTransportOptions {
  readonly calls: DynamoCalls;
  readonly tableName: string;
  /** Waits between repeats, in milliseconds; handed in so that nothing here sleeps by itself. */
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** A person who clicked waits three seconds at most; what takes longer is better answered than waited for. */
const attempts = 3;
const firstPauseMs = 25;

const conditionFailed = 'ConditionalCheckFailedException';
const transactionCancelled = 'TransactionCanceledException';
/** Errors after which the call was certainly not applied. */
const notApplied = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'TransactionConflictException',
  'LimitExceededException',
]);
const wrongSetup = new Set([
  'AccessDeniedException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'IncompleteSignatureException',
  'MissingAuthenticationTokenException',
  'ExpiredTokenException',
  'ResourceNotFoundException',
]);

/**
 * The store in DynamoDB's terms, whatever carries its calls. Repeats are ours, so that an ambiguous write is never
 * taken for a refused one.
 */
export function createDynamoTransport({ calls, tableName, pause }: DynamoTransportOptions): Transport {
  const nowOf = ({ storeNowMs }: Dated): number => {
    if (storeNowMs !== undefined) return storeNowMs;
    throw new RetryableError('store.no-clock', 'The store answered without a Date.');
  };

  /** `repeatable`: applying it twice is as good as once, so an unanswered call may be sent again. */
  const send = async <Answer>(call: () => Promise<Answer>, repeatable: boolean): Promise<Answer> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        if (isAnswer(error)) throw error;
        const translated = translateFault(error, repeatable);
        const again = translated instanceof RetryableError && translated.code !== 'store.ambiguous';
        if (!again || attempt >= attempts) throw translated;
        await pause(firstPauseMs * 2 ** attempt);
      }
    }
  };

  return {
    async get(key) {
      const answer = await send(
        () => calls.getItem({ TableName: tableName, Key: native(key), ConsistentRead: true }),
        true,
      );
      return { item: answer.Item === undefined ? undefined : ours(answer.Item), nowMs: nowOf(answer) };
    },
    async query({ index, where, newestFirst, limit }) {
      const items: Item[] = [];
      let from: Record<string, AttributeValue> | undefined;
      for (;;) {
        const answer = await send(
          () =>
            calls.query({
              TableName: tableName,
              ...(index === undefined ? { ConsistentRead: true } : { IndexName: index }),
              KeyConditionExpression: where.text,
              ...(where.names === undefined ? {} : { ExpressionAttributeNames: where.names }),
              ...(where.values === undefined ? {} : { ExpressionAttributeValues: native(where.values) }),
              ScanIndexForward: newestFirst !== true,
              ...(limit === undefined ? {} : { Limit: limit - items.length }),
              ...(from === undefined ? {} : { ExclusiveStartKey: from }),
            }),
          true,
        );
        items.push(...(answer.Items ?? []).map(ours));
        from = answer.LastEvaluatedKey;
        const enough = limit !== undefined && items.length >= limit;
        if (from === undefined || enough) return { items, nowMs: nowOf(answer) };
      }
    },
    async write(write) {
      try {
        const answer =
          write.does === 'put'
            ? await send(() => calls.putItem(putOf(tableName, write)), false)
            : await send(() => calls.updateItem(updateOf(tableName, write)), false);
        return { outcome: 'written', nowMs: nowOf(answer) };
      } catch (error) {
        if (!isFault(error, conditionFailed)) throw error;
        return { outcome: 'refused', found: error.Item === undefined ? undefined : ours(error.Item) };
      }
    },
    async transact(writes, token) {
      const input = {
        ClientRequestToken: token,
        TransactItems: writes.map((write) => transactItem(tableName, write)),
      };
      for (let attempt = 1; ; attempt += 1) {
        try {
          const answer = await send(() => calls.transactWriteItems(input), true);
          return { outcome: 'written', nowMs: nowOf(answer) };
        } catch (error) {
          if (!isFault(error, transactionCancelled)) throw error;
          const reasons = error.CancellationReasons ?? [];
          if (reasons.some(({ Code }) => Code === 'ConditionalCheckFailed')) {
            const met = reasons.map(({ Code, Item }) => ({
              refused: Code === 'ConditionalCheckFailed',
              found: Item === undefined ? undefined : ours(Item),
            }));
            return { outcome: 'refused', met };
          }
          if (attempt >= attempts)
            throw new RetryableError('store.contended', 'The store is busy with the same rows.', {
              cause: error,
            });
          await pause(firstPauseMs * 2 ** attempt);
        }
      }
    },
  };
}

/** A failed condition is an answer, not an error. */
const isAnswer = (error: unknown) => isFault(error, conditionFailed) || isFault(error, transactionCancelled);

/** Errors that say the call itself is wrong: the same call never succeeds. */
const wrongCall = new Set([
  'ValidationException',
  'IdempotentParameterMismatchException',
  'SerializationException',
]);

/** What DynamoDB's name for an error, or no answer at all, means to the store. */
export function translateFault(
  error: unknown,
  repeatable: boolean,
): RetryableError | MisconfiguredError | TerminalError {
  const name = error instanceof Error ? error.name : '';
  if (wrongCall.has(name) || error instanceof TypeError) {
    return new TerminalError('store.call-invalid', `The store does not take this call: ${name}.`, {
      cause: error,
    });
  }
  if (name === 'CredentialsProviderError') {
    const text = 'No AWS credentials were found for the store: it was not called.';
    return new MisconfiguredError('store.no-credentials', text, { cause: error });
  }
  if (wrongSetup.has(name)) {
    return new MisconfiguredError('store.refused', `The store refused the call: ${name}.`, { cause: error });
  }
  if (notApplied.has(name))
    return new RetryableError('store.throttled', 'The store is throttling.', { cause: error });
  const code = repeatable ? 'store.unreachable' : 'store.ambiguous';
  return new RetryableError(code, 'The store cannot be reached.', { cause: error });
}

function native(item: Item): Record<string, AttributeValue> {
  return { ...item };
}

function ours(item: Record<string, AttributeValue>): Item {
  const kept: Record<string, Item[string]> = {};
  for (const [name, value] of Object.entries(item)) {
    if (value.S !== undefined) kept[name] = { S: value.S };
    else if (value.N !== undefined) kept[name] = { N: value.N };
  }
  return kept;
}

function bound(...expressions: readonly (Expression | undefined)[]) {
  const names = Object.assign({}, ...expressions.map((expression) => expression?.names ?? {})) as Record<
    string,
    string
  >;
  const values = Object.assign({}, ...expressions.map((expression) => expression?.values ?? {})) as Record<
    string,
    AttributeValue
  >;
  return {
    ...(Object.keys(names).length === 0 ? {} : { ExpressionAttributeNames: names }),
    ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
  };
}

const conditionOf = (condition: Expression | undefined) =>
  condition === undefined ? {} : { ConditionExpression: condition.text };
const failing = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const };

function putOf(tableName: string, { item, condition }: Extract<Write, { does: 'put' }>) {
  return {
    TableName: tableName,
    Item: native(item),
    ...conditionOf(condition),
    ...bound(condition),
    ...failing,
  };
}

function updateOf(tableName: string, { key, update, condition }: Extract<Write, { does: 'update' }>) {
  return {
    TableName: tableName,
    Key: native(key),
    UpdateExpression: update.text,
    ...conditionOf(condition),
    ...bound(update, condition),
    ...failing,
  };
}

function checkOf(tableName: string, { key, condition }: Extract<Write, { does: 'check' }>) {
  return {
    TableName: tableName,
    Key: native(key),
    ConditionExpression: condition.text,
    ...bound(condition),
    ...failing,
  };
}

function transactItem(tableName: string, write: Write): TransactWriteItem {
  switch (write.does) {
    case 'put':
      return { Put: putOf(tableName, write) };
    case 'update':
      return { Update: updateOf(tableName, write) };
    case 'check':
      return { ConditionCheck: checkOf(tableName, write) };
  }
}
