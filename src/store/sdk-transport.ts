import {
  type AttributeValue,
  ConditionalCheckFailedException,
  CreateTableCommand,
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { MisconfiguredError, RetryableError, TerminalError } from '../flows/errors.ts';
import { expiryAttribute, tableDefinition } from './table.ts';
import type { Expression, Item, Transport, Write } from './transport.ts';

export interface SdkTransportOptions {
  readonly tableName: string;
  readonly region: string;
  /** Waits between repeats, in milliseconds; handed in so that nothing here sleeps by itself. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** Left out, the SDK takes AWS_ENDPOINT_URL_DYNAMODB or the region's own. */
  readonly endpoint?: string;
  /** Left out, the SDK finds them by its own chain. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface SdkTransport extends Transport {
  /** Makes the table where there is none; for the workspace and tests. */
  ensureTable(): Promise<void>;
  close(): void;
}

/** A person who clicked waits three seconds at most; what takes longer is better answered than waited for. */
const attempts = 3;
const firstPauseMs = 25;

/** The SDK has no time-outs of its own, and a breached one only warns unless it is told to throw. */
const requestHandler = { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true };

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
  'ExpiredTokenException',
  'ResourceNotFoundException',
  'CredentialsProviderError',
]);

/** The store over the AWS SDK. Repeats are ours, so that an ambiguous write is never taken for a refused one. */
export function createSdkTransport(options: SdkTransportOptions): SdkTransport {
  const { tableName, pause } = options;
  const client = new DynamoDBClient({
    region: options.region,
    maxAttempts: 1,
    requestHandler,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
  });

  // The SDK keeps the answer's headers to itself; the Date among them is the store's clock.
  client.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      const { response } = answer;
      const headers: unknown =
        typeof response === 'object' && response !== null && 'headers' in response
          ? response.headers
          : undefined;
      const date: unknown =
        typeof headers === 'object' && headers !== null && 'date' in headers ? headers.date : undefined;
      const nowMs = typeof date === 'string' ? Date.parse(date) : Number.NaN;
      if (!Number.isNaN(nowMs)) (answer.output as { storeNowMs?: number }).storeNowMs = nowMs;
      return answer;
    },
    { step: 'deserialize', name: 'storeClock', priority: 'high' },
  );

  const nowOf = (output: object): number => {
    const nowMs: unknown = 'storeNowMs' in output ? output.storeNowMs : undefined;
    if (typeof nowMs === 'number') return nowMs;
    throw new RetryableError('store.no-clock', 'The store answered without a Date.');
  };

  /** `repeatable`: applying it twice is as good as once, so an unanswered call may be sent again. */
  const send = async <Answer>(call: () => Promise<Answer>, repeatable: boolean): Promise<Answer> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        if (isAnswer(error)) throw error;
        const translated = translate(error, repeatable);
        const again = translated instanceof RetryableError && translated.code !== 'store.ambiguous';
        if (!again || attempt >= attempts) throw translated;
        await pause(firstPauseMs * 2 ** attempt);
      }
    }
  };

  const abort = () => ({ abortSignal: AbortSignal.timeout(5_000) });

  return {
    async get(key) {
      const answer = await send(
        () =>
          client.send(
            new GetItemCommand({ TableName: tableName, Key: native(key), ConsistentRead: true }),
            abort(),
          ),
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
            client.send(
              new QueryCommand({
                TableName: tableName,
                ...(index === undefined ? { ConsistentRead: true } : { IndexName: index }),
                KeyConditionExpression: where.text,
                ...(where.names === undefined ? {} : { ExpressionAttributeNames: where.names }),
                ...(where.values === undefined ? {} : { ExpressionAttributeValues: native(where.values) }),
                ScanIndexForward: newestFirst !== true,
                ...(limit === undefined ? {} : { Limit: limit - items.length }),
                ...(from === undefined ? {} : { ExclusiveStartKey: from }),
              }),
              abort(),
            ),
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
            ? await send(() => client.send(putCommand(tableName, write), abort()), false)
            : await send(() => client.send(updateCommand(tableName, write), abort()), false);
        return { outcome: 'written', nowMs: nowOf(answer) };
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        return { outcome: 'refused', found: error.Item === undefined ? undefined : ours(error.Item) };
      }
    },
    async transact(writes, token) {
      const command = () =>
        new TransactWriteItemsCommand({
          ClientRequestToken: token,
          TransactItems: writes.map((write) => transactItem(tableName, write)),
        });
      for (let attempt = 1; ; attempt += 1) {
        try {
          const answer = await send(() => client.send(command(), abort()), true);
          return { outcome: 'written', nowMs: nowOf(answer) };
        } catch (error) {
          if (!(error instanceof TransactionCanceledException)) throw error;
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
    async ensureTable() {
      try {
        await client.send(new DescribeTableCommand({ TableName: tableName }), abort());
        return;
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException)) throw translate(error, true);
      }
      try {
        await client.send(new CreateTableCommand(tableDefinition(tableName)), abort());
      } catch (error) {
        if (!(error instanceof ResourceInUseException)) throw translate(error, true);
      }
      for (let attempt = 1; attempt <= 50; attempt += 1) {
        const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }), abort());
        if (Table?.TableStatus === 'ACTIVE') break;
        await pause(100);
      }
      await client.send(
        new UpdateTimeToLiveCommand({
          TableName: tableName,
          TimeToLiveSpecification: { AttributeName: expiryAttribute, Enabled: true },
        }),
        abort(),
      );
    },
    close: () => client.destroy(),
  };
}

/** A failed condition is an answer, not an error. */
const isAnswer = (error: unknown) =>
  error instanceof ConditionalCheckFailedException || error instanceof TransactionCanceledException;

/** Errors that say the call itself is wrong: the same call never succeeds. */
const wrongCall = new Set([
  'ValidationException',
  'IdempotentParameterMismatchException',
  'SerializationException',
]);

function translate(error: unknown, repeatable: boolean): RetryableError | MisconfiguredError | TerminalError {
  const name = error instanceof Error ? error.name : '';
  if (wrongCall.has(name) || error instanceof TypeError) {
    return new TerminalError('store.call-invalid', `The store does not take this call: ${name}.`, {
      cause: error,
    });
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

function putCommand(tableName: string, write: Extract<Write, { does: 'put' }>): PutItemCommand {
  return new PutItemCommand({
    TableName: tableName,
    Item: native(write.item),
    ...conditionOf(write.condition),
    ...bound(write.condition),
    ...failing,
  });
}

function updateCommand(tableName: string, write: Extract<Write, { does: 'update' }>): UpdateItemCommand {
  return new UpdateItemCommand({
    TableName: tableName,
    Key: native(write.key),
    UpdateExpression: write.update.text,
    ...conditionOf(write.condition),
    ...bound(write.update, write.condition),
    ...failing,
  });
}

function transactItem(tableName: string, write: Write): TransactWriteItem {
  switch (write.does) {
    case 'put':
      return {
        Put: {
          TableName: tableName,
          Item: native(write.item),
          ...conditionOf(write.condition),
          ...bound(write.condition),
          ...failing,
        },
      };
    case 'update':
      return {
        Update: {
          TableName: tableName,
          Key: native(write.key),
          UpdateExpression: write.update.text,
          ...conditionOf(write.condition),
          ...bound(write.update, write.condition),
          ...failing,
        },
      };
    case 'check':
      return {
        ConditionCheck: {
          TableName: tableName,
          Key: native(write.key),
          ConditionExpression: write.condition.text,
          ...bound(write.condition),
          ...failing,
        },
      };
  }
}
