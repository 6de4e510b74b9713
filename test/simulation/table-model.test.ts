import {
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../support/dynamodb.ts';
import { startJudgedEngine } from './judge/engines.ts';
import { judge, judgeMistakes, told } from './judge/judge.ts';
import { createTableModel } from './table-model.ts';

const histories = 3;
const TableName = 'table';
const key = (pk: string, sk = 'META') => ({ pk: { S: pk }, sk: { S: sk } });
const dueAt = (time: string) => ({ duePk: { S: 'DUE#0' }, dueSk: { S: time } });
const put = (pk: string, more: Record<string, { S: string } | { N: string }> = {}) =>
  new PutItemCommand({ TableName, Item: { ...key(pk), ...more } });
const due = (more: object = {}) =>
  new QueryCommand({
    TableName,
    IndexName: 'due',
    KeyConditionExpression: 'duePk = :p',
    ExpressionAttributeValues: { ':p': { S: 'DUE#0' } },
    ...more,
  });
const found = (answer: { Items?: Record<string, { S?: string }>[] | undefined }) =>
  (answer.Items ?? []).map((item) => item['pk']?.S);

function createTimedModel(options: { indexLagMs?: () => number; pageSize?: number } = {}) {
  let nowMs = 1_000_500;
  const model = createTableModel({ nowMs: () => nowMs, ...options });
  const passes = (ms: number) => {
    nowMs += ms;
  };
  return { ...model, passes };
}

describe.each(engines)('the table model judged by %s', (name) => {
  let engine: Awaited<ReturnType<typeof startJudgedEngine>>;
  beforeAll(async () => {
    engine = await startJudgedEngine(name);
  });
  afterAll(() => engine.close());

  it('answers every call of seeded histories alike, but for what is known and named', async () => {
    const verdict = await judge(engine, { firstSeed: 1, histories });

    expect(verdict.unknown.map(told)).toEqual([]);
    expect(verdict.histories).toBe(histories);
    expect(verdict.calls).toBeGreaterThan(100);
    expect(verdict.refused).toBeGreaterThan(20);
    expect(verdict.metered).toBeGreaterThan(engine.meters ? 100 : -1);
  });

  it('refuses the same calls alike, but for what is known and named', async () => {
    const verdict = await judgeMistakes(engine);

    expect(verdict.unknown.map(told)).toEqual([]);
    expect(verdict.refused).toBe(verdict.calls);
  });
});

describe('the table model', () => {
  it('answers with the store’s clock, in whole seconds', () => {
    const { execute } = createTimedModel();
    expect(execute(new GetItemCommand({ TableName, Key: key('a') })).storeNowMs).toBe(1_000_000);
  });

  it('shows a write in the table at once and in an index only after its lag', () => {
    const { execute, passes } = createTimedModel({ indexLagMs: () => 300 });
    execute(put('a', dueAt('1')));

    expect(execute(new GetItemCommand({ TableName, Key: key('a') })).Item).toMatchObject(key('a'));
    expect(found(execute(due()))).toEqual([]);
    passes(299);
    expect(found(execute(due()))).toEqual([]);
    passes(1);
    expect(found(execute(due()))).toEqual(['a']);
  });

  it('keeps the order of one row’s changes in an index, however their lags are drawn', () => {
    const lags = [1_000, 0, 0];
    const { execute, passes } = createTimedModel({ indexLagMs: () => lags.shift() ?? 0 });
    execute(put('a', dueAt('1')));
    execute(put('a'));
    execute(put('b', dueAt('2')));

    expect(found(execute(due()))).toEqual(['b']);
    passes(1_000);
    expect(found(execute(due()))).toEqual(['b']);
  });

  it('an index that lags behind still shows where a row was', () => {
    const lags = [0, 500];
    const { execute, passes } = createTimedModel({ indexLagMs: () => lags.shift() ?? 0 });
    execute(put('a', dueAt('1')));
    execute(put('a', dueAt('9')));

    expect(execute(due()).Items?.[0]?.['dueSk']).toEqual({ S: '1' });
    passes(500);
    expect(execute(due()).Items?.[0]?.['dueSk']).toEqual({ S: '9' });
  });

  it('cuts pages where it is told to, and goes on behind them in both directions', () => {
    const { execute } = createTimedModel({ pageSize: 2 });
    for (const name of ['c', 'a', 'b']) execute(put(name, dueAt(name)));

    for (const ScanIndexForward of [true, false]) {
      const first = execute(due({ ScanIndexForward }));
      const rest = execute(due({ ScanIndexForward, ExclusiveStartKey: first.LastEvaluatedKey }));
      const all = ScanIndexForward ? ['a', 'b', 'c'] : ['c', 'b', 'a'];
      expect([found(first), found(rest)]).toEqual([all.slice(0, 2), all.slice(2)]);
      expect(rest.LastEvaluatedKey).toBeUndefined();
    }
  });

  it('carries a transaction out once under one token for ten minutes, and no other under it', () => {
    const { execute, passes } = createTimedModel();
    const add = (by: number) =>
      new TransactWriteItemsCommand({
        ClientRequestToken: 'token',
        TransactItems: [
          {
            Update: {
              TableName,
              Key: key('a'),
              UpdateExpression: 'SET epoch = if_not_exists(epoch, :zero) + :by',
              ExpressionAttributeValues: { ':zero': { N: '0' }, ':by': { N: String(by) } },
            },
          },
        ],
      });
    const epoch = () => execute(new GetItemCommand({ TableName, Key: key('a') })).Item?.['epoch']?.N;

    execute(add(1));
    execute(add(1));
    expect(epoch()).toBe('1');
    expect(() => execute(add(2))).toThrow(
      expect.objectContaining({ name: 'IdempotentParameterMismatchException' }),
    );
    passes(600_000);
    execute(add(1));
    expect(epoch()).toBe('2');
  });

  it('tells observers what was applied, before and after, and nothing of what was refused', () => {
    const { execute, observe } = createTimedModel();
    const seen: unknown[] = [];
    const stop = observe(({ operation, changes }) =>
      seen.push([
        operation,
        ...changes.map(({ before, after }) => [before?.['epoch']?.N, after['epoch']?.N]),
      ]),
    );
    execute(put('a', { epoch: { N: '1' } }));
    const refusedPut = new PutItemCommand({
      TableName,
      Item: key('a'),
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    expect(() => execute(refusedPut)).toThrow(
      expect.objectContaining({ name: 'ConditionalCheckFailedException' }),
    );
    execute(
      new TransactWriteItemsCommand({
        TransactItems: [
          { Put: { TableName, Item: { ...key('a'), epoch: { N: '2' } } } },
          { Put: { TableName, Item: { ...key('b'), epoch: { N: '3' } } } },
          { ConditionCheck: { TableName, Key: key('c'), ConditionExpression: 'attribute_not_exists(pk)' } },
        ],
      }),
    );
    stop();
    execute(put('d'));

    expect(seen).toEqual([
      ['PutItem', [undefined, '1']],
      ['TransactWriteItems', ['1', '2'], [undefined, '3']],
    ]);
  });

  it('what one history holds, another does not see, also where rows are handed out', () => {
    const { execute, rows } = createTimedModel();
    execute(put('a'));
    expect(() => Object.assign(rows()[0] ?? {}, { pk: { S: 'b' } })).toThrow(TypeError);
    expect(rows()).toEqual([key('a')]);
  });

  it('names what it does not model and never answers it as DynamoDB would', () => {
    const { execute, notModelled } = createTimedModel();
    const unmodelled = [
      new ScanCommand({ TableName }),
      new GetItemCommand({ TableName, Key: key('a'), ProjectionExpression: 'pk' }),
      new PutItemCommand({ TableName, Item: { ...key('a'), flag: { BOOL: true } } }),
      new PutItemCommand({ TableName, Item: { ...key('a'), part: { N: '1.5' } } }),
      new UpdateItemCommand({ TableName, Key: key('a'), UpdateExpression: 'REMOVE epoch' }),
      new UpdateItemCommand({
        TableName,
        Key: key('a'),
        UpdateExpression: 'ADD epoch :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      }),
      due({ FilterExpression: 'attribute_exists(pk)' }),
    ];
    const refused = unmodelled.filter((command) => {
      try {
        execute(command as GetItemCommand);
        return false;
      } catch (error) {
        return error instanceof Error && error.name === 'NotModelled';
      }
    });
    expect(refused).toEqual(unmodelled);
    expect(notModelled()).toHaveLength(unmodelled.length);
  });

  describe('counts units', () => {
    const unitsOf = (model: ReturnType<typeof createTimedModel>, run: () => void) => {
      const before = model.units();
      run();
      const after = model.units();
      return { read: after.read - before.read, write: after.write - before.write };
    };
    const kilobytes = (count: number) => ({ body: { S: 'x'.repeat(count * 1024 - 10) } });

    it('of a put: one for a kilobyte of what is larger, the old or the new', () => {
      const model = createTimedModel();
      expect(unitsOf(model, () => model.execute(put('a')))).toEqual({ read: 0, write: 1 });
      expect(unitsOf(model, () => model.execute(put('a', kilobytes(3))))).toEqual({ read: 0, write: 4 });
      expect(unitsOf(model, () => model.execute(put('a')))).toEqual({ read: 0, write: 4 });
    });

    it('of index entries: one to put one, one to take one away, none while its keys stay', () => {
      const model = createTimedModel();
      expect(unitsOf(model, () => model.execute(put('a', dueAt('1')))).write).toBe(1 + 1);
      expect(unitsOf(model, () => model.execute(put('a', dueAt('2')))).write).toBe(1 + 2);
      expect(unitsOf(model, () => model.execute(put('a', { ...dueAt('2'), epoch: { N: '1' } }))).write).toBe(
        1,
      );
      expect(unitsOf(model, () => model.execute(put('a'))).write).toBe(1 + 1);
    });

    it('of reads: one for four kilobytes, half of it where they may be stale', () => {
      const model = createTimedModel();
      model.execute(put('a', kilobytes(5)));
      const get = (ConsistentRead: boolean) => () =>
        model.execute(new GetItemCommand({ TableName, Key: key('a'), ConsistentRead }));
      expect(unitsOf(model, get(true)).read).toBe(2);
      expect(unitsOf(model, get(false)).read).toBe(1);
      expect(unitsOf(model, () => model.execute(due())).read).toBe(0.5);
    });

    it('of a transaction: twice those of its writes and checks, and reads for a repeat', () => {
      const model = createTimedModel();
      const twice = new TransactWriteItemsCommand({
        ClientRequestToken: 'token',
        TransactItems: [
          { Put: { TableName, Item: { ...key('a'), ...kilobytes(1) } } },
          { ConditionCheck: { TableName, Key: key('b'), ConditionExpression: 'attribute_not_exists(pk)' } },
        ],
      });
      expect(unitsOf(model, () => model.execute(twice))).toEqual({ read: 0, write: 2 * 2 + 2 });
      expect(unitsOf(model, () => model.execute(twice))).toEqual({ read: 2 + 2, write: 0 });
    });
  });
});
