import { createHash } from 'node:crypto';
import { called, createDraft } from './draft.ts';
import {
  type DynaliteItem,
  type DynaliteOperation,
  type DynaliteStore,
  dynaliteAction,
  dynaliteDb,
  dynaliteValidation,
  dynaliteValidations,
} from './dynalite-modules.ts';
import { wireError } from './engine.ts';

export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

type WriteKind = 'Put' | 'Update' | 'Delete' | 'ConditionCheck';

interface PlannedWrite {
  readonly kind: WriteKind;
  readonly operation: DynaliteOperation;
  /** As asked for; dynalite's validation drops what it does not know. */
  readonly raw: DynaliteItem;
  readonly data: DynaliteItem;
}

interface Reason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: DynaliteItem;
}

const tokenLifeMs = 600_000;
const mostActions = 100;
const mostBytes = 4 * 1024 * 1024;
/** A condition check is validated as a deletion with a condition: both take a key and nothing else. */
const operationFor: Readonly<Record<WriteKind, DynaliteOperation>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'DeleteItem',
};
const requiredExpression: Partial<Record<WriteKind, string>> = {
  Update: 'UpdateExpression',
  ConditionCheck: 'ConditionExpression',
};

/** An error of dynalite's own, or undefined for a fault in the code. */
export function wireErrorOf(error: unknown): Answered | undefined {
  if (!(error instanceof Error) || !('statusCode' in error) || !('body' in error)) return undefined;
  return typeof error.statusCode === 'number' ? { status: error.statusCode, body: error.body } : undefined;
}

export function parsed(operation: DynaliteOperation, raw: unknown, store: DynaliteStore): DynaliteItem {
  const { types, custom } = dynaliteValidation(operation);
  const data = dynaliteValidations.checkTypes(structuredClone(raw), types);
  dynaliteValidations.checkValidations(data, types, custom, store);
  return data;
}

/** The item a write is about, as it is now. */
export async function existingItem(
  store: DynaliteStore,
  data: DynaliteItem,
): Promise<DynaliteItem | undefined> {
  const name = String(data['TableName']);
  const table = await called((callback) => store.getTable(name, callback));
  if (table === undefined) return undefined;
  const key = dynaliteDb.createKey(data['Key'] ?? data['Item'], table);
  return called((callback) => store.getItemDb(name).get(key, callback));
}

/**
 * TransactWriteItems and TransactGetItems as the API reference has them, on dynalite's own validation, conditions and
 * actions: dynalite 4 has none. The caller must let only one write run at a time.
 * Not modelled, and refused: consumed capacity and collection metrics of a transaction.
 */
export function createTransactions(store: DynaliteStore, nowMs: () => number) {
  const tokens = new Map<string, { readonly digest: string; readonly atMs: number }>();

  const knownToken = (token: string) => {
    for (const [each, { atMs }] of tokens) {
      if (nowMs() - atMs >= tokenLifeMs) tokens.delete(each);
    }
    return tokens.get(token);
  };

  const write = async (request: DynaliteItem): Promise<Answered> => {
    const token = request['ClientRequestToken'];
    if (token !== undefined && (typeof token !== 'string' || token.length < 1 || token.length > 36)) {
      return invalid(
        "1 validation error detected: Value at 'clientRequestToken' failed to satisfy constraint: Member must have length less than or equal to 36",
      );
    }
    const unmodelled = refuseMetering(request);
    if (unmodelled !== undefined) return unmodelled;
    const actions = listOfActions(request);
    if ('status' in actions) return actions;
    const writes: PlannedWrite[] = [];
    for (const action of actions) {
      const planned = plan(action, store);
      if ('status' in planned) return planned;
      writes.push(planned);
    }
    const clash = await findClash(writes, store);
    if (clash !== undefined) return clash;

    const digest = createHash('sha256').update(JSON.stringify(actions)).digest('hex');
    if (typeof token === 'string') {
      const known = knownToken(token);
      if (known !== undefined && known.digest === digest) return { status: 200, body: {} };
      if (known !== undefined) {
        return wireError(
          'IdempotentParameterMismatchException',
          'Request with the same client token but different parameters was already received',
        );
      }
    }
    const draft = createDraft(store);
    const reasons: Reason[] = [];
    for (const each of writes) reasons.push(await carryOut(each, draft.store));
    if (reasons.some(({ Code }) => Code !== 'None')) {
      const codes = reasons.map(({ Code }) => Code).join(', ');
      return wireError(
        'TransactionCanceledException',
        `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
        { CancellationReasons: reasons },
      );
    }
    await draft.commit();
    if (typeof token === 'string') tokens.set(token, { digest, atMs: nowMs() });
    return { status: 200, body: {} };
  };

  const read = async (request: DynaliteItem): Promise<Answered> => {
    const unmodelled = refuseMetering(request);
    if (unmodelled !== undefined) return unmodelled;
    const actions = listOfActions(request);
    if ('status' in actions) return actions;
    const responses: DynaliteItem[] = [];
    for (const action of actions) {
      const get = isRecord(action) ? action['Get'] : undefined;
      if (!isRecord(get)) return invalid('TransactItems can only contain Get');
      const data = parsed('GetItem', { ...get, ConsistentRead: true }, store);
      const answer = await called((callback) => dynaliteAction('GetItem')(store, data, callback));
      responses.push(answer?.['Item'] === undefined ? {} : { Item: answer['Item'] });
    }
    return { status: 200, body: { Responses: responses } };
  };

  return { write, read };
}

const invalid = (message: string): Answered => wireError('ValidationException', message);

function isRecord(value: unknown): value is DynaliteItem {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuseMetering(request: DynaliteItem): Answered | undefined {
  for (const name of ['ReturnConsumedCapacity', 'ReturnItemCollectionMetrics']) {
    if ((request[name] ?? 'NONE') !== 'NONE') return invalid(`${name} of a transaction is not modelled here`);
  }
  return undefined;
}

function listOfActions(request: DynaliteItem): readonly unknown[] | Answered {
  const actions: unknown = request['TransactItems'];
  if (!Array.isArray(actions) || actions.length === 0) {
    return invalid(
      "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
  }
  if (actions.length > mostActions) {
    return invalid(
      "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: Member must have length less than or equal to 100",
    );
  }
  return actions;
}

function plan(action: unknown, store: DynaliteStore): PlannedWrite | Answered {
  const entries = isRecord(action) ? Object.entries(action).filter(([, value]) => value != null) : [];
  const [kind, raw] = entries[0] ?? [];
  if (entries.length !== 1 || !isWriteKind(kind) || !isRecord(raw))
    return invalid('TransactItems can only contain one of Check, Put, Update or Delete');
  const required = requiredExpression[kind];
  if (required !== undefined && raw[required] === undefined)
    return invalid(`The ${required} of a ${kind} must not be null`);
  const operation = operationFor[kind];
  return { kind, operation, raw, data: parsed(operation, raw, store) };
}

function isWriteKind(name: string | undefined): name is WriteKind {
  return name !== undefined && name in operationFor;
}

async function findClash(
  writes: readonly PlannedWrite[],
  store: DynaliteStore,
): Promise<Answered | undefined> {
  const seen = new Set<string>();
  let bytes = 0;
  for (const { kind, data } of writes) {
    const name = String(data['TableName']);
    const table = await called((callback) => store.getTable(name, callback));
    if (table === undefined) throw new Error('a table without a description');
    if (kind !== 'Put') {
      const wrong = dynaliteDb.validateKey(data['Key'], table);
      if (wrong != null) throw wrong;
    }
    const key = `${name}~${dynaliteDb.createKey(data['Item'] ?? data['Key'], table)}`;
    if (seen.has(key)) return invalid('Transaction request cannot include multiple operations on one item');
    seen.add(key);
    bytes += dynaliteDb.itemSize(data['Item'] ?? data['Key']);
  }
  return bytes > mostBytes
    ? invalid('Transaction request exceeds the aggregate size limit of 4194304 bytes')
    : undefined;
}

async function carryOut({ kind, operation, raw, data }: PlannedWrite, store: DynaliteStore): Promise<Reason> {
  try {
    if (kind === 'ConditionCheck') {
      const wrong = dynaliteDb.checkConditional(data, await existingItem(store, data));
      if (wrong != null) throw wrong;
    } else {
      await called((callback) => dynaliteAction(operation)(store, data, callback));
    }
    return { Code: 'None' };
  } catch (error) {
    const body = wireErrorOf(error)?.body;
    const type = isRecord(body) ? String(body['__type']) : '';
    if (type.endsWith('#ConditionalCheckFailedException')) {
      const wanted = raw['ReturnValuesOnConditionCheckFailure'] === 'ALL_OLD';
      const item = wanted ? await existingItem(store, data) : undefined;
      return {
        Code: 'ConditionalCheckFailed',
        Message: 'The conditional request failed',
        ...(item === undefined ? {} : { Item: item }),
      };
    }
    if (type.endsWith('#ValidationException') && isRecord(body))
      return { Code: 'ValidationError', Message: String(body['message']) };
    throw error;
  }
}
