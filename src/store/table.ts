import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import type { UnreadableRow } from '../flows/held.ts';
import type { Attribute, Expression, Item } from './transport.ts';

/** The only file that spells the table's keys and indexes. */

export const indexes = { due: 'due', list: 'list' } as const;

const shards = 4;
const partitionKey = 'pk';
const sortKey = 'sk';

const text = (value: string): Attribute => ({ S: value });
const key = (partition: string, sort: string): Item => ({
  [partitionKey]: text(partition),
  [sortKey]: text(sort),
});
/** Sorts as text like the number it stands for, up to the year 5138. */
const padded = (value: number) => String(value).padStart(15, '0');

/** The number of a row whose sort key is one. */
export function sequenceOf(item: Item): number {
  const sort = item[sortKey];
  return sort !== undefined && 'S' in sort ? Number(sort.S) : 0;
}

export const keys = {
  promotion: (id: string) => key(`P#${id}`, 'META'),
  surface: (id: string) => key(`P#${id}`, 'SURFACE'),
  audit: (id: string, sequence: number) => key(`AUDIT#${id}`, padded(sequence)),
  refusal: (id: string, sequence: number) => key(`REFUSAL#${id}`, padded(sequence)),
  announcement: (id: string, sequence: number) => key(`OUT#${id}`, padded(sequence)),
  lock: (name: string) => key(`LOCK#${name}`, 'L'),
  unlock: (app: string, environment: string, sequence: number) =>
    key(`UNLOCK#${app}#${environment}`, padded(sequence)),
  unlockRefusal: (app: string, environment: string, sequence: number) =>
    key(`UNLOCK-REFUSED#${app}#${environment}`, padded(sequence)),
  /** Under the letter of promotions, because the due index names both by it. */
  notice: (id: string) => key(`P#${id}`, 'NOTICE'),
  live: (app: string, environment: string, atMs: number, id: string) =>
    key(`LIVE#${app}#${environment}`, `${padded(atMs)}#${id}`),
  delivery: (hash: string) => key(`REQ#${hash}`, 'R'),
  held: (kind: string, id: string, sequence: number | null) =>
    key(`HELD#${id}`, sequence === null ? kind : `${kind}#${padded(sequence)}`),
  budget: (pot: string) => key(`BUDGET#${pot}`, 'B'),
  clock: () => key('SYS', 'CLOCK'),
};

/** Partitions of the due index: promotions that want a tick, surfaces that want a drawing, held rows that want a look. */
export type DueKind = 'DUE' | 'SHOW' | 'HELD';

const shardOf = (id: string) =>
  [...id].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973, 7) % shards;

export const dueShards = Array.from({ length: shards }, (_, shard) => shard);

export function dueKey(kind: DueKind, id: string, dueAtMs: number): Item {
  return { duePk: text(`${kind}#${shardOf(id)}`), dueSk: text(`${padded(dueAtMs)}#${id}`) };
}

const sameText = (one: Attribute | undefined, other: Attribute | undefined) =>
  one === undefined || other === undefined ? one === other : 'S' in one && 'S' in other && one.S === other.S;

/** Whether the row stands in the due index exactly where `dueKey` puts it; with null, whether it is not in it. */
export function isDueAt(item: Item, kind: DueKind, id: string, dueAtMs: number | null): boolean {
  const due: Item = dueAtMs === null ? {} : dueKey(kind, id, dueAtMs);
  return sameText(item['duePk'], due['duePk']) && sameText(item['dueSk'], due['dueSk']);
}

/** Held rows are few: one partition has them all. */
export const heldShard = 0;

export function heldDueKey(id: string, dueAtMs: number): Item {
  return { duePk: text(`HELD#${heldShard}`), dueSk: text(`${padded(dueAtMs)}#${id}`) };
}

export function dueBy(kind: DueKind, shard: number, nowMs: number): Expression {
  return {
    text: 'duePk = :partition AND dueSk <= :latest',
    // `~` sorts behind every id, so that the whole millisecond is in.
    values: { ':partition': text(`${kind}#${shard}`), ':latest': text(`${padded(nowMs)}#~`) },
  };
}

/** Everything that is held, whenever it wants to be looked at. */
export const heldRows = (): Expression => ({
  text: 'duePk = :partition',
  values: { ':partition': text(`HELD#${heldShard}`) },
});

/** Which row a note found in the due index is about. */
export function heldNamed(item: Item): { readonly kind: string; readonly id: string } | undefined {
  const { [partitionKey]: partition, [sortKey]: sort } = item;
  if (partition === undefined || !('S' in partition) || sort === undefined || !('S' in sort))
    return undefined;
  const [, id] = /^HELD#(.*)$/s.exec(partition.S) ?? [];
  return id === undefined ? undefined : { kind: sort.S.split('#')[0] ?? '', id };
}

/** As `dueBy` in this row's partition, from it on: it is found again. */
export function dueFrom(row: Item, nowMs: number): Expression {
  const { duePk = text(''), dueSk = text('') } = row;
  return {
    text: 'duePk = :partition AND dueSk BETWEEN :from AND :latest',
    values: { ':partition': duePk, ':from': dueSk, ':latest': text(`${padded(nowMs)}#~`) },
  };
}

/** For expressions that keep or drop a row's place in the due index. */
export const setDue = 'duePk = :duePk, dueSk = :dueSk';
export const removeDue = 'duePk, dueSk';

export function dueValues(kind: DueKind, id: string, dueAtMs: number): Item {
  const { duePk, dueSk } = dueKey(kind, id, dueAtMs);
  return { ':duePk': duePk ?? text(''), ':dueSk': dueSk ?? text('') };
}

/** Only the partition, for expressions that take the time from the row itself. */
export function duePartition(id: string): Item {
  return { ':duePk': dueKey('SHOW', id, 0)['duePk'] ?? text('') };
}

export function listKey(app: string, environment: string, createdAtMs: number, id: string): Item {
  return { listPk: text(`${app}#${environment}`), listSk: text(`${padded(createdAtMs)}#${id}`) };
}

export function listOf(app: string, environment: string): Expression {
  return { text: 'listPk = :partition', values: { ':partition': text(`${app}#${environment}`) } };
}

const wholePartition = (partition: string): Expression => ({
  text: `${partitionKey} = :partition`,
  values: { ':partition': text(partition) },
});

export const partitions = {
  promotion: (id: string) => wholePartition(`P#${id}`),
  audit: (id: string) => wholePartition(`AUDIT#${id}`),
  refusals: (id: string) => wholePartition(`REFUSAL#${id}`),
  live: (app: string, environment: string) => wholePartition(`LIVE#${app}#${environment}`),
  unlocks: (app: string, environment: string) => wholePartition(`UNLOCK#${app}#${environment}`),
  unlockRefusals: (app: string, environment: string) =>
    wholePartition(`UNLOCK-REFUSED#${app}#${environment}`),
  announcementsAfter: (id: string, sequence: number): Expression => ({
    text: `${partitionKey} = :partition AND ${sortKey} > :after`,
    values: { ':partition': text(`OUT#${id}`), ':after': text(padded(sequence)) },
  }),
};

/** The id of the promotion that a row found in the due or list index belongs to. */
export function promotionIdOf(item: Item): string {
  const partition = item[partitionKey];
  return partition !== undefined && 'S' in partition ? partition.S.slice(2) : '';
}

const rowKinds = {
  OUT: 'announcement',
  AUDIT: 'audit',
  REFUSAL: 'refusal',
  LIVE: 'live',
  LOCK: 'lock',
} as const;
const numbered: ReadonlySet<string> = new Set(['announcement', 'audit', 'refusal']);

/** Which row of whom this is; undefined for the kinds of row that nobody holds. */
export function rowNamed(item: Item): Pick<UnreadableRow, 'kind' | 'id' | 'sequence'> | undefined {
  const partition = item[partitionKey];
  const sort = item[sortKey];
  if (partition === undefined || !('S' in partition) || sort === undefined || !('S' in sort))
    return undefined;
  const [, letters = '', id = ''] = /^([A-Z]+)#(.*)$/s.exec(partition.S) ?? [];
  if (letters === 'P') {
    if (sort.S === 'META') return { kind: 'promotion', id, sequence: null };
    if (sort.S === 'NOTICE') return { kind: 'notice', id, sequence: null };
    return sort.S === 'SURFACE' ? { kind: 'surface', id, sequence: null } : undefined;
  }
  const kind = Object.entries(rowKinds).find(([prefix]) => prefix === letters)?.[1];
  if (kind === undefined) return undefined;
  return { kind, id, sequence: numbered.has(kind) ? Number(sort.S) : null };
}

/** The row's own key in the table. */
export function keyOf(item: Item): Item {
  const { [partitionKey]: partition = text(''), [sortKey]: sort = text('') } = item;
  return { [partitionKey]: partition, [sortKey]: sort };
}

/** App and environment that a promotion's row is listed under. */
export function listedIn(item: Item): { readonly app: string; readonly environment: string } | undefined {
  const { listPk } = item;
  const [app, environment, ...more] = listPk !== undefined && 'S' in listPk ? listPk.S.split('#') : [];
  return app === undefined || environment === undefined || more.length > 0 ? undefined : { app, environment };
}

/** When the due index says that this row is due. */
export function dueAtOf(item: Item): number | undefined {
  const { dueSk } = item;
  const [time] = dueSk !== undefined && 'S' in dueSk ? dueSk.S.split('#') : [];
  return time === undefined || !/^\d+$/.test(time) ? undefined : Number(time);
}

export const conditions = {
  absent: (): Expression => ({ text: `attribute_not_exists(${partitionKey})` }),
  present: (): Expression => ({ text: `attribute_exists(${partitionKey})` }),
};

/** The table as it has to be; the deployed one is made by the deployment, this one locally and in tests. */
export function tableDefinition(tableName: string): CreateTableCommandInput {
  const attribute = (name: string) => ({ AttributeName: name, AttributeType: 'S' as const });
  const schema = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: 'HASH' as const },
    { AttributeName: range, KeyType: 'RANGE' as const },
  ];
  const index = (name: string, hash: string, range: string) => ({
    IndexName: name,
    KeySchema: schema(hash, range),
    Projection: { ProjectionType: 'KEYS_ONLY' as const },
  });
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [partitionKey, sortKey, 'duePk', 'dueSk', 'listPk', 'listSk'].map(attribute),
    KeySchema: schema(partitionKey, sortKey),
    GlobalSecondaryIndexes: [index(indexes.due, 'duePk', 'dueSk'), index(indexes.list, 'listPk', 'listSk')],
  };
}

/** Rows with this attribute may be deleted by DynamoDB once its time, in seconds, has come. */
export const expiryAttribute = 'expiresAt';
