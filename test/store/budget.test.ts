import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBudget } from '../../src/store/budget.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import { judgedEngine, type StoreEngine, startTestDynamo } from '../support/dynamodb.ts';
import { startModelDynamo } from '../support/model-dynamodb.ts';

const startMs = Date.UTC(2026, 10, 21, 14);
const terms = { nowMs: startMs, intervalMs: 1_000, burstMs: 2_000, withinMs: Number.MAX_SAFE_INTEGER };
const engine = judgedEngine ?? ('model' as const);
let dynamo: StoreEngine;
let transport: ReturnType<typeof createSdkTransport>;
let calls: string[];

beforeEach(async () => {
  dynamo = engine === 'model' ? startModelDynamo({ startMs }) : await startTestDynamo({ engine, startMs });
  calls = [];
  const client = dynamo.client();
  transport = createSdkTransport({
    client: {
      ...client,
      async send(command, ...rest) {
        calls.push(command.constructor.name);
        return client.send(command, ...rest);
      },
    },
    tableName: dynamo.tableName(),
    pause: async () => {},
  });
  await transport.ensureTable();
  calls.length = 0;
});
afterEach(() => dynamo.close());

const budget = () => createBudget({ transport });
const secondsOf = (places: readonly { atMs: number }[]) => places.map(({ atMs }) => (atMs - startMs) / 1000);

describe(`a pot on ${engine}`, () => {
  it('gives a burst at once and then one place per interval, in the order of asking', async () => {
    const pots = budget();
    const places = [];
    for (let count = 0; count < 6; count += 1) places.push(await pots.take('update', terms));

    expect(secondsOf(places)).toEqual([0, 0, 0, 1, 2, 3]);
  });

  it('is one for all processes, whoever asks', async () => {
    const places = await Promise.all(
      [budget(), budget(), budget()].map((pots) => pots.take('update', terms)),
    );
    const more = await Promise.all([budget(), budget()].map((pots) => pots.take('update', terms)));

    expect(secondsOf([...places, ...more]).sort()).toEqual([0, 0, 0, 1, 2]);
  });

  it('that rests costs one write and no read, whoever took last', async () => {
    await budget().take('update', terms);
    calls.length = 0;

    await budget().take('update', { ...terms, nowMs: startMs + 5_000 });

    expect(calls).toEqual(['UpdateItemCommand']);
  });

  it('that is known to be full costs nothing, and one that somebody else filled is found out by one write', async () => {
    const [ours, theirs] = [budget(), budget()];
    const now = { ...terms, withinMs: 0 };
    for (let count = 0; count < 3; count += 1) await theirs.take('update', now);
    calls.length = 0;

    expect(await ours.take('update', now)).toEqual({ outcome: 'full', atMs: startMs + 1_000 });
    expect(await ours.take('update', now)).toEqual({ outcome: 'full', atMs: startMs + 1_000 });
    expect(calls).toEqual(['UpdateItemCommand']);
    expect(ours.fullUntilMs('update', now)).toBe(startMs + 1_000);
  });

  it('keeps no place further ahead than was asked for', async () => {
    const pots = budget();
    const near = { ...terms, withinMs: 2_000 };
    const places = [];
    for (let count = 0; count < 7; count += 1) places.push(await pots.take('update', near));

    expect(places.map(({ outcome }) => outcome)).toEqual([...Array(5).fill('taken'), 'full', 'full']);
    expect(secondsOf(places).slice(4)).toEqual([2, 1, 1]);
  });

  it('that is blocked gives nothing before, to nobody, and then goes on as if it had rested', async () => {
    await budget().block('update', startMs + 30_000);
    await budget().block('update', startMs + 10_000);
    const other = budget();

    const places = [];
    for (let count = 0; count < 4; count += 1) places.push(await other.take('update', terms));

    expect(secondsOf(places)).toEqual([30, 30, 30, 31]);
  });

  it('does not mind another pot', async () => {
    const pots = budget();
    await pots.block('update', startMs + 30_000);

    expect(secondsOf([await pots.take('post', terms)])).toEqual([0]);
  });

  it('whose write was not answered loses at most the place, and is found out by the next write', async () => {
    const pots = budget();
    dynamo.control.loseAnswer({ operation: 'UpdateItem', count: 1 });

    const place = await pots.take('update', terms);
    const other = await budget().take('update', terms);

    expect(secondsOf([place, other])).toEqual([0, 0]);
    expect(secondsOf([await budget().take('update', terms)])).toEqual([1]);
  });

  it('of a store that is down is no place', async () => {
    dynamo.control.down(60);

    await expect(budget().take('update', terms)).rejects.toMatchObject({ name: 'RetryableError' });
  });
});
