import { expect, it } from 'vitest';
import { dueIds } from '../../src/store/due.ts';
import { dueKey, keys } from '../../src/store/table.ts';
import type { Item, Transport } from '../../src/store/transport.ts';

const nowMs = 1_000_000;
const sOf = (item: Item | undefined, name: string) => {
  const attribute = item?.[name];
  return attribute !== undefined && 'S' in attribute ? attribute.S : '';
};

/** An index that answers as DynamoDB's does, and counts. */
function indexOf(rows: readonly (readonly [id: string, dueAtMs: number])[]) {
  const items = rows
    .map(([id, dueAtMs]) => ({ ...keys.promotion(id), ...dueKey('DUE', id, dueAtMs) }))
    .sort((one, other) => (sOf(one, 'dueSk') < sOf(other, 'dueSk') ? -1 : 1));
  let read = 0;
  const unused = async () => {
    throw new Error('not asked for');
  };
  const transport: Transport = {
    get: async () => ({ item: undefined, nowMs }),
    async query({ where, limit = items.length }) {
      const { values = {} } = where;
      const found = items.filter(
        (item) =>
          sOf(item, 'duePk') === sOf(values, ':partition') &&
          sOf(item, 'dueSk') <= sOf(values, ':latest') &&
          sOf(item, 'dueSk') >= sOf(values, ':from'),
      );
      read += Math.min(limit, found.length);
      return { items: found.slice(0, limit), nowMs };
    },
    write: unused,
    transact: unused,
  };
  return { transport, read: () => read };
}

it('a thousand rows that are passed over hide none of those behind them', async () => {
  const front = Array.from({ length: 1_000 }, (_, number) => [`held${number}`, 1_000 + number] as const);
  const behind = [
    ['a', 500_000],
    ['b', 500_001],
    ['c', 500_000],
  ] as const;
  const index = indexOf([...front, ...behind]);

  const due = await dueIds(index.transport, 'DUE', 50, new Set(front.map(([id]) => id)));

  expect([...due.ids].sort()).toEqual(['a', 'b', 'c']);
  expect(due.ids.at(-1)).toBe('b');
  expect(index.read()).toBeLessThan(1_020);
});

it('rows that are due at the same moment are each found once', async () => {
  const rows = Array.from({ length: 700 }, (_, number) => [`p${number}`, 1_000] as const);
  const index = indexOf(rows);
  const except = new Set(rows.slice(0, 650).map(([id]) => id));

  const due = await dueIds(index.transport, 'DUE', 100, except);

  expect([...due.ids].sort()).toEqual(
    rows
      .slice(650)
      .map(([id]) => id)
      .sort(),
  );
});

it('what is not due yet is not found, and no more than was asked for', async () => {
  const rows = Array.from({ length: 30 }, (_, number) => [`p${number}`, nowMs - 20 + number] as const);
  const index = indexOf(rows);

  expect((await dueIds(index.transport, 'DUE', 100)).ids).toHaveLength(21);
  expect((await dueIds(index.transport, 'DUE', 4)).ids).toEqual(['p0', 'p1', 'p2', 'p3']);
});

it('what is due is found behind more rows of one partition than one page holds', async () => {
  const partition = (id: string) => sOf(dueKey('DUE', id, 0), 'duePk');
  const names = Array.from({ length: 4_000 }, (_, number) => `p${number}`);
  const together = names.filter((id) => partition(id) === partition('p0'));
  const held = together.slice(0, 700);
  const [wanted = ''] = together.slice(700);
  const index = indexOf([...held.map((id, number) => [id, 1_000 + number] as const), [wanted, 500_000]]);
  let queries = 0;
  const transport: Transport = {
    ...index.transport,
    query(query) {
      queries += 1;
      if (queries > 20) throw new Error('it reads the same page for ever');
      return index.transport.query(query);
    },
  };

  expect(held).toHaveLength(700);
  expect((await dueIds(transport, 'DUE', 50, new Set(held))).ids).toEqual([wanted]);
});
