import {
  type AttributeValue,
  type CancellationReason,
  DescribeTableCommand,
  DynamoDBServiceException,
  GetItemCommand,
  type GetItemCommandInput,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  type TransactWriteItem,
  TransactWriteItemsCommand,
  type TransactWriteItemsCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoClient, DynamoCommand } from '../../src/store/dynamo-client.ts';
import { type Condition, checkOperands, holds, type Missing, parseCondition } from './table/conditions.ts';
import { keyRange } from './table/key-conditions.ts';
import { type Bindings, bind } from './table/operands.ts';
import { pageOf } from './table/pages.ts';
import { cancelled, conditionFailed, invalid, NotModelled } from './table/refusals.ts';
import { createRequestTokens } from './table/request-tokens.ts';
import { createRows, type Position, type RowChange } from './table/rows.ts';
import { createUnitCount, readUnits, type Units, writeUnits } from './table/units.ts';
import { checkUpdate, parseUpdate, type Update, updated } from './table/updates.ts';
import { type Row, rowOf, sizeOf } from './table/values.ts';

export type { RowChange } from './table/rows.ts';
export type { Units } from './table/units.ts';
export type { Row } from './table/values.ts';

/** One write or transaction that was applied. */
export interface Applied {
  readonly operation: 'PutItem' | 'UpdateItem' | 'TransactWriteItems';
  /** The ClientRequestToken of a transaction. */
  readonly token: string | undefined;
  /** In the order of the request; condition checks change nothing and are left out. */
  readonly changes: readonly RowChange[];
}

export interface TableModel {
  /** Carries out one command at once. Throws the SDK's own exceptions, and NotModelled for what it cannot answer. */
  execute<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    command: DynamoCommand<Input, Output>,
  ): Output & { readonly storeNowMs: number };
  /** The same for the store's transport. */
  readonly client: DynamoClient;
  /** All rows as they are now, partition by partition in the order of their making. */
  rows(): Row[];
  /** One row as it is now, by its key; nothing is counted. */
  row(key: Row): Row | undefined;
  /** Tells every applied write before its answer is out; answers how to stop. */
  observe(listener: (applied: Applied) => void): () => void;
  units(): Units;
  /** Everything that was met and is not modelled. The store takes such a refusal for an outage, so whoever uses the model looks here. */
  notModelled(): readonly string[];
}

export interface TableModelOptions {
  readonly nowMs: () => number;
  /** Left out, the first name that is asked for; there is no table of another one. */
  readonly tableName?: string;
  /** For one write, how long its change of the indexes stays unseen; left out, it is seen at once. */
  readonly indexLagMs?: () => number;
  /** At most this many rows on a page, so that paging happens with few. */
  readonly pageSize?: number;
  /** Otherwise than in DynamoDB, to foretell what an engine answers that is known to differ. */
  readonly missing?: Missing;
}

type Items = Record<string, AttributeValue>;
type PutInput = NonNullable<TransactWriteItem['Put']>;
type UpdateInput = Omit<NonNullable<TransactWriteItem['Update']>, 'UpdateExpression'> & {
  UpdateExpression?: string | undefined;
};
type CheckInput = NonNullable<TransactWriteItem['ConditionCheck']>;

interface Next {
  readonly row: Row;
  readonly bytes: number;
}

/** A write that DynamoDB would take, ready to be tried on what is there. */
interface Planned {
  readonly partition: string;
  readonly sort: string;
  readonly key: Row;
  readonly condition: { readonly condition: Condition; readonly bindings: Bindings } | undefined;
  readonly showFound: boolean;
  readonly requestBytes: number;
  /** The row afterwards; undefined for a check. Throws ValidationException for what only shows on the item. */
  readonly next: ((before: Row | undefined) => Next) | undefined;
}

const $metadata = { httpStatusCode: 200, attempts: 1, totalRetryDelay: 0 };
const mostItemBytes = 409_600;
const mostTransactionBytes = 4 * 1024 * 1024;
const mostActions = 100;

/**
 * The store's table in memory: what DynamoDB answers to the calls that the store makes, at once and always the same.
 * Conditions, transactions, request tokens, limits and refusals are DynamoDB's; everything outside S and N attributes,
 * SET and REMOVE, and the five operations throws NotModelled. Judged against real engines by `table-model.test.ts`.
 */
export function createTableModel(options: TableModelOptions): TableModel {
  const { nowMs, indexLagMs = () => 0, pageSize = Number.POSITIVE_INFINITY } = options;
  const rows = createRows({ nowMs, indexLagMs, tableName: options.tableName });
  const count = createUnitCount();
  const tokens = createRequestTokens(nowMs);
  const listeners = new Set<(applied: Applied) => void>();
  const unmodelled: string[] = [];
  const keyNames = [rows.schema.hash, rows.schema.range];

  const get = (input: GetItemCommandInput) => {
    only(input, fields.get);
    rows.refuseOtherTable(input.TableName);
    const { partition, sort } = rows.keyOf(rowOf(input.Key ?? {}), true);
    const found = rows.find(partition, sort);
    count.read('GetItem', readUnits(found?.bytes ?? 0, input.ConsistentRead === true));
    return found === undefined ? {} : { Item: shown(found.row) };
  };

  const query = (input: QueryCommandInput) => {
    only(input, fields.query);
    rows.refuseOtherTable(input.TableName);
    const schema = rows.schemaOf(input.IndexName);
    if (input.IndexName !== undefined && input.ConsistentRead === true)
      throw invalid('Consistent reads are not supported on global secondary indexes');
    if (input.Limit !== undefined && input.Limit < 1)
      throw invalid("Value at 'limit' failed to satisfy constraint");
    if (input.KeyConditionExpression === undefined)
      throw invalid('Either the KeyConditions or KeyConditionExpression parameter must be specified');
    const range = keyRange(input.KeyConditionExpression, input, schema.hash, schema.range);
    const entries = rows.partition(input.IndexName, range.partition);
    const names = input.IndexName === undefined ? keyNames : [...keyNames, schema.hash, schema.range];
    const start = input.ExclusiveStartKey;
    const after = start === undefined ? undefined : startEntry(rowOf(start), names, schema, range);

    const limit = Math.min(input.Limit ?? Number.POSITIVE_INFINITY, pageSize);
    const page = pageOf(entries, {
      range,
      after,
      forward: input.ScanIndexForward !== false,
      limit,
    });
    count.read('Query', readUnits(page.bytes, input.ConsistentRead === true));
    const last = page.more ? page.entries.at(-1) : undefined;
    return {
      Items: page.entries.map(({ row }) => shown(row)),
      Count: page.entries.length,
      ScannedCount: page.entries.length,
      ...(last === undefined ? {} : { LastEvaluatedKey: pick(last.row, names) }),
    };
  };

  const startEntry = (
    start: Row,
    names: readonly string[],
    schema: { readonly hash: string; readonly range: string },
    range: { readonly partition: string; where(sort: string): number },
  ): Position => {
    const complete = names.every((name) => start[name] !== undefined);
    if (!complete || Object.keys(start).length !== names.length)
      throw invalid('The provided starting key is invalid');
    const sort = start[schema.range]?.S ?? '';
    if (start[schema.hash]?.S !== range.partition || range.where(sort) !== 0)
      throw invalid('The provided starting key is outside query boundaries based on provided conditions');
    return { sort, tie: rows.tieOf(start) };
  };

  const planned = (
    input: PutInput | UpdateInput | CheckInput,
    key: Row,
    exactly: boolean,
    update: Update | undefined,
  ): Omit<Planned, 'requestBytes' | 'next'> & { readonly bindings: Bindings } => {
    rows.refuseOtherTable(input.TableName);
    const condition =
      input.ConditionExpression === undefined ? undefined : parseCondition(input.ConditionExpression);
    const used = [condition?.used, update?.used].filter((each) => each !== undefined);
    const bindings = bind(input, used);
    if (condition !== undefined) checkOperands(condition.condition, bindings);
    if (update !== undefined) checkUpdate(update, bindings, keyNames);
    const { partition, sort } = rows.keyOf(key, exactly);
    return {
      partition,
      sort,
      key: exactly ? key : pick(key, keyNames),
      condition: condition === undefined ? undefined : { condition: condition.condition, bindings },
      showFound: input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD',
      bindings,
    };
  };

  const planPut = (input: PutInput): Planned => {
    only(input, fields.put);
    const row = Object.freeze(rowOf(input.Item ?? {}));
    const plan = planned(input, row, false, undefined);
    rows.refuseIndexKeys(row);
    const requestBytes = sizeOf(row);
    if (requestBytes > mostItemBytes) throw invalid('Item size has exceeded the maximum allowed size');
    const next = { row, bytes: requestBytes };
    return { ...plan, requestBytes, next: () => next };
  };

  const planUpdate = (input: UpdateInput): Planned => {
    only(input, fields.update);
    if (input.UpdateExpression === undefined) throw new NotModelled('an update without an expression');
    const update = parseUpdate(input.UpdateExpression);
    const plan = planned(input, rowOf(input.Key ?? {}), true, update);
    const next = (before: Row | undefined) => {
      const row = Object.freeze(updated(update, plan.bindings, before, plan.key));
      rows.refuseIndexKeys(row);
      const bytes = sizeOf(row);
      if (bytes > mostItemBytes) throw invalid('Item size to update has exceeded the maximum allowed size');
      return { row, bytes };
    };
    return { ...plan, requestBytes: sizeOf(plan.key), next };
  };

  const planCheck = (input: CheckInput): Planned => {
    only(input, fields.check);
    if (input.ConditionExpression === undefined)
      throw invalid('The ConditionExpression of a check must not be null');
    const plan = planned(input, rowOf(input.Key ?? {}), true, undefined);
    return { ...plan, requestBytes: sizeOf(plan.key), next: undefined };
  };

  const isMet = ({ condition }: Planned, before: Row | undefined) =>
    condition === undefined || holds(condition.condition, condition.bindings, before, options.missing);

  const single = (operation: 'PutItem' | 'UpdateItem', plan: Planned) => {
    const before = rows.find(plan.partition, plan.sort);
    if (!isMet(plan, before?.row)) {
      count.write(operation, writeUnits(before?.bytes ?? 0));
      throw conditionFailed(plan.showFound && before !== undefined ? shown(before.row) : undefined);
    }
    const next = plan.next?.(before?.row);
    if (next === undefined) return {};
    const change = rows.put(plan.key, next.row, next.bytes);
    count.write(operation, writeUnits(Math.max(change.bytesBefore, change.bytesAfter)));
    count.indexWrite(operation, change);
    tell({ operation, token: undefined, changes: [change] });
    return {};
  };

  const planAction = (action: TransactWriteItem): Planned => {
    const kinds = Object.entries(action).filter(([, value]) => value !== undefined);
    if (kinds.length !== 1)
      throw invalid('TransactItems can only contain one of Check, Put, Update or Delete');
    if (action.Put !== undefined) return planPut(action.Put);
    if (action.Update !== undefined) return planUpdate(action.Update);
    if (action.ConditionCheck !== undefined) return planCheck(action.ConditionCheck);
    throw new NotModelled(`${kinds[0]?.[0]} in a transaction`);
  };

  const planAll = (actions: readonly TransactWriteItem[]): Planned[] => {
    if (actions.length < 1 || actions.length > mostActions)
      throw invalid("Value at 'transactItems' failed to satisfy constraint: from 1 to 100 members");
    const plans = actions.map(planAction);
    const ties = new Set(plans.map(({ key }) => rows.tieOf(key)));
    if (ties.size !== plans.length)
      throw invalid('Transaction request cannot include multiple operations on one item');
    if (plans.reduce((sum, { requestBytes }) => sum + requestBytes, 0) > mostTransactionBytes)
      throw invalid('Transaction request exceeds the aggregate size limit of 4194304 bytes');
    return plans;
  };

  const attempt = (
    plan: Planned,
  ): { readonly reason: CancellationReason; readonly next: Next | undefined } => {
    const before = rows.find(plan.partition, plan.sort);
    if (!isMet(plan, before?.row)) {
      const reason = {
        Code: 'ConditionalCheckFailed',
        Message: 'The conditional request failed',
        ...(plan.showFound && before !== undefined ? { Item: shown(before.row) } : {}),
      };
      return { reason, next: undefined };
    }
    try {
      return { reason: fine, next: plan.next?.(before?.row) };
    } catch (error) {
      if (!(error instanceof DynamoDBServiceException)) throw error;
      return { reason: { Code: 'ValidationError', Message: error.message }, next: undefined };
    }
  };

  const transact = (input: TransactWriteItemsCommandInput) => {
    const operation = 'TransactWriteItems';
    only(input, fields.transact);
    const actions = input.TransactItems ?? [];
    const plans = planAll(actions);
    const bytesThere = (plan: Planned) => rows.find(plan.partition, plan.sort)?.bytes ?? 0;
    if (tokens.wasCarriedOut(input.ClientRequestToken, actions)) {
      for (const plan of plans) count.read(operation, 2 * readUnits(bytesThere(plan), true));
      return {};
    }
    const attempts = plans.map((plan) => ({ plan, ...attempt(plan) }));
    if (attempts.some(({ reason }) => reason.Code !== 'None')) {
      for (const { plan } of attempts)
        count.write(operation, 2 * writeUnits(Math.max(bytesThere(plan), plan.requestBytes)));
      throw cancelled(attempts.map(({ reason }) => reason));
    }
    const changes: RowChange[] = [];
    for (const { plan, next } of attempts) {
      if (next === undefined) {
        count.write(operation, 2 * writeUnits(bytesThere(plan)));
        continue;
      }
      const change = rows.put(plan.key, next.row, next.bytes);
      count.write(operation, 2 * writeUnits(Math.max(change.bytesBefore, change.bytesAfter)));
      count.indexWrite(operation, change);
      changes.push(change);
    }
    tokens.carriedOut(input.ClientRequestToken, actions);
    tell({ operation, token: input.ClientRequestToken, changes });
    return {};
  };

  const tell = (applied: Applied) => {
    for (const listener of listeners) listener(applied);
  };

  const answer = (command: unknown): object => {
    if (command instanceof GetItemCommand) return counted('GetItem', () => get(command.input));
    if (command instanceof QueryCommand) return counted('Query', () => query(command.input));
    if (command instanceof TransactWriteItemsCommand)
      return counted('TransactWriteItems', () => transact(command.input));
    if (command instanceof UpdateItemCommand)
      return counted('UpdateItem', () => single('UpdateItem', planUpdate(command.input)));
    if (command instanceof PutItemCommand)
      return counted('PutItem', () => single('PutItem', planPut(command.input)));
    if (command instanceof DescribeTableCommand)
      return { Table: { TableName: command.input.TableName, TableStatus: 'ACTIVE' } };
    throw new NotModelled(`the command ${Object(command).constructor.name}`);
  };

  const counted = (operation: string, run: () => object): object => {
    count.call(operation);
    return run();
  };

  const execute: TableModel['execute'] = <Output>(command: unknown) => {
    try {
      const storeNowMs = Math.floor(nowMs() / 1000) * 1000;
      return { $metadata, ...answer(command), storeNowMs } as unknown as Output & {
        readonly storeNowMs: number;
      };
    } catch (error) {
      if (!(error instanceof DynamoDBServiceException)) unmodelled.push(String(error));
      throw error;
    }
  };

  return {
    execute,
    client: { send: async (command) => execute(command), destroy() {} },
    rows: () => rows.all(),
    row(key) {
      const { partition, sort } = rows.keyOf(key, true);
      return rows.find(partition, sort)?.row;
    },
    observe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    units: () => count.units(),
    notModelled: () => unmodelled,
  };
}

const fine: CancellationReason = { Code: 'None' };

const writeFields = [
  'TableName',
  'ConditionExpression',
  'ExpressionAttributeNames',
  'ExpressionAttributeValues',
  'ReturnValuesOnConditionCheckFailure',
];

/** The parameters that are modelled. */
const fields = {
  get: new Set(['TableName', 'Key', 'ConsistentRead']),
  query: new Set([
    'TableName',
    'IndexName',
    'ConsistentRead',
    'KeyConditionExpression',
    'ExpressionAttributeNames',
    'ExpressionAttributeValues',
    'ScanIndexForward',
    'Limit',
    'ExclusiveStartKey',
  ]),
  put: new Set([...writeFields, 'Item']),
  update: new Set([...writeFields, 'Key', 'UpdateExpression']),
  check: new Set([...writeFields, 'Key']),
  transact: new Set(['TransactItems', 'ClientRequestToken']),
};

function only(input: object, modelled: ReadonlySet<string>): void {
  for (const name in input) {
    if (!modelled.has(name) && input[name as keyof typeof input] !== undefined)
      throw new NotModelled(`the parameter ${name}`);
  }
}

function pick(row: Row, names: readonly string[]): Items & Row {
  const picked: Record<string, Row[string]> = {};
  for (const name of names) {
    const value = row[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked as Items & Row;
}

/** Rows are frozen, so that an answer can hand them out as they are. */
const shown = (row: Row) => row as Items & Row;
