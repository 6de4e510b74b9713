import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { called, createDraft } from './draft.ts';
import {
  type DynaliteItem,
  type DynaliteOperation,
  type DynaliteStore,
  dynaliteAction,
  dynaliteDb,
  dynaliteOperations,
} from './dynalite-modules.ts';
import { type Engine, type EngineAnswer, type EngineRequest, wireError } from './engine.ts';
import { type Answered, createTransactions, existingItem, parsed, wireErrorOf } from './transactions.ts';

const writes: ReadonlySet<DynaliteOperation> = new Set([
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'BatchWriteItem',
]);

const TimeToLiveRequest = z.object({
  TableName: z.string(),
  TimeToLiveSpecification: z.object({ AttributeName: z.string().min(1).max(255), Enabled: z.boolean() }),
});
const TableRequest = z.object({ TableName: z.string() });
const TimeToLiveRow = z.object({ AttributeName: z.string() });

/**
 * A DynamoDB inside this process, for platforms without the native engine: dynalite's validation and actions on
 * LevelDB, with what dynalite 4 lacks added here (transactions, items of failed conditions, time to live). Writes run
 * one after the other, each as one batch, so that a kill leaves all of it or none of it.
 */
export async function startDynaliteEngine(options: {
  readonly dataDir: string | null;
  readonly nowMs: () => number;
}): Promise<Engine> {
  const path = options.dataDir === null ? undefined : join(options.dataDir, 'dynamodb-level');
  if (path !== undefined) mkdirSync(path, { recursive: true });
  const store = dynaliteDb.create({
    ...(path === undefined ? {} : { path }),
    createTableMs: 0,
    deleteTableMs: 0,
    updateTableMs: 0,
  });
  const transactions = createTransactions(store, options.nowMs);
  const timeToLive = createTimeToLive(store);
  const inTurn = createTurns();

  const plain = async (operation: DynaliteOperation, request: DynaliteItem): Promise<Answered> => {
    const data = parsed(operation, request, store);
    if (!writes.has(operation)) {
      const body = await called((callback) => dynaliteAction(operation)(store, data, callback));
      return { status: 200, body };
    }
    return inTurn(async () => {
      const draft = createDraft(store);
      try {
        const body = await called((callback) => dynaliteAction(operation)(draft.store, data, callback));
        await draft.commit();
        return { status: 200, body };
      } catch (error) {
        return await withItem(error, request, data);
      }
    });
  };

  const withItem = async (error: unknown, request: DynaliteItem, data: DynaliteItem): Promise<Answered> => {
    const answer = wireErrorOf(error);
    if (answer === undefined) throw error;
    const failed = JSON.stringify(answer.body).includes('#ConditionalCheckFailedException');
    if (!failed || request['ReturnValuesOnConditionCheckFailure'] !== 'ALL_OLD') return answer;
    const item = await existingItem(store, data);
    if (item === undefined) return answer;
    return wireError('ConditionalCheckFailedException', 'The conditional request failed', { Item: item });
  };

  const dispatch = async (operation: string | undefined, request: DynaliteItem): Promise<Answered> => {
    if (operation === 'TransactWriteItems') return inTurn(() => transactions.write(request));
    if (operation === 'TransactGetItems') return inTurn(() => transactions.read(request));
    if (operation === 'UpdateTimeToLive') return inTurn(() => timeToLive.update(request));
    if (operation === 'DescribeTimeToLive') return timeToLive.describe(request);
    const known = dynaliteOperations.find((each) => each === operation);
    if (known === undefined) return wireError('UnknownOperationException', '');
    const answer = await plain(known, request);
    if (known === 'DeleteTable') await timeToLive.forget(request);
    return answer;
  };

  const answer = async (request: EngineRequest): Promise<EngineAnswer> => {
    if (request.method !== 'POST') return encoded({ status: 200, body: 'healthy' });
    if (!/^AWS4-/.test(request.headers.authorization ?? '')) {
      return encoded(
        wireError('MissingAuthenticationTokenException', 'Request is missing Authentication Token'),
      );
    }
    let body: unknown;
    try {
      body = JSON.parse(request.body.toString());
    } catch {
      return encoded(wireError('SerializationException', ''));
    }
    const read = z.record(z.string(), z.unknown()).safeParse(body);
    if (!read.success) return encoded(wireError('SerializationException', 'The request is not an object'));
    try {
      return encoded(await dispatch(request.operation, read.data));
    } catch (error) {
      const known = wireErrorOf(error);
      if (known !== undefined) return encoded(known);
      if (error instanceof z.ZodError)
        return encoded(wireError('ValidationException', z.prettifyError(error)));
      return encoded(wireError('InternalServerError', String(error)));
    }
  };

  return {
    kind: 'dynalite',
    pid: null,
    answer,
    async close() {
      await inTurn(async () => {});
      await called<void>((callback) => store.db.close(callback));
    },
  };
}

function encoded({ status, body }: Answered): EngineAnswer {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() },
    body: Buffer.from(JSON.stringify(body)),
  };
}

/** Runs one task after the other, whatever becomes of them. */
function createTurns(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const mine = last.then(task, task);
    last = mine.catch(() => undefined);
    return mine;
  };
}

/** Remembers which attribute expires a table's items. Items are not removed: DynamoDB itself may take days. */
function createTimeToLive(store: DynaliteStore) {
  const rows = store.getTagDb('~time-to-live');
  const find = async (name: string) => {
    await called((callback) => store.getTable(name, callback));
    const row = await called((callback) => rows.get(name, callback));
    return row === undefined ? undefined : TimeToLiveRow.parse(row);
  };

  return {
    async update(request: DynaliteItem): Promise<Answered> {
      const { TableName, TimeToLiveSpecification } = TimeToLiveRequest.parse(request);
      const enabled = (await find(TableName)) !== undefined;
      if (enabled === TimeToLiveSpecification.Enabled) {
        return wireError('ValidationException', `TimeToLive is already ${enabled ? 'enabled' : 'disabled'}`);
      }
      const { AttributeName } = TimeToLiveSpecification;
      if (TimeToLiveSpecification.Enabled)
        await called<void>((callback) => rows.put(TableName, { AttributeName }, callback));
      else await called<void>((callback) => rows.del(TableName, callback));
      return { status: 200, body: { TimeToLiveSpecification } };
    },
    async describe(request: DynaliteItem): Promise<Answered> {
      const row = await find(TableRequest.parse(request).TableName);
      const description =
        row === undefined ? { TimeToLiveStatus: 'DISABLED' } : { TimeToLiveStatus: 'ENABLED', ...row };
      return { status: 200, body: { TimeToLiveDescription: description } };
    },
    async forget(request: DynaliteItem): Promise<void> {
      await called<void>((callback) => rows.del(TableRequest.parse(request).TableName, callback));
    },
  };
}
