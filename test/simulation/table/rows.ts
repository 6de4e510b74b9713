import { tableDefinition } from '../../../src/store/table.ts';
import { invalid, NotModelled, noSuchTable } from './refusals.ts';
import { compareTexts, keyPart, type Row, sizeOf } from './values.ts';

/** Names of a table's or an index's two keys. */
export interface Schema {
  readonly hash: string;
  readonly range: string;
}

/** Where an entry stands in its partition. */
export interface Position {
  readonly sort: string;
  /** The table's key, joined; orders entries of one sort key. */
  readonly tie: string;
}

export interface Entry extends Position {
  readonly row: Row;
  readonly bytes: number;
}

/** The entries of one partition, by sort key. */
export type Partition = readonly Entry[];

/** A row before and after one write; `before` is undefined where there was none. */
export interface RowChange {
  readonly key: Row;
  readonly before: Row | undefined;
  readonly after: Row;
}

/** What a write cost beside its own row: bytes of every index entry it put or took away. */
export interface Written extends RowChange {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly indexBytes: readonly number[];
}

export interface Rows {
  readonly schema: Schema;
  /** Throws ValidationException for a key that is not the table's. */
  keyOf(item: Row, exactly: boolean): { readonly partition: string; readonly sort: string };
  find(partition: string, sort: string): Entry | undefined;
  tieOf(key: Row): string;
  /** Throws ValidationException where an index could not take the row. */
  refuseIndexKeys(row: Row): void;
  put(key: Row, row: Row, bytes: number): Written;
  partition(index: string | undefined, partition: string): Partition;
  /** Throws ValidationException for an index that the table does not have. */
  schemaOf(index: string | undefined): Schema;
  all(): Row[];
  /** Throws ResourceNotFoundException for any table but this one, or the first one that was asked for. */
  refuseOtherTable(name: string | undefined): void;
}

interface Index extends Schema {
  readonly name: string;
  readonly partitions: Map<string, Entry[]>;
}

interface Place {
  readonly partition: string;
  readonly entry: Entry;
}

interface IndexChange {
  readonly index: Index;
  readonly from: Place | undefined;
  readonly to: Place | undefined;
  readonly visibleAtMs: number;
}

const noBytes: readonly number[] = [];
const mostHashBytes = 2048;
const mostRangeBytes = 1024;

/** The rows of one table and its keys-only sparse indexes; what an index shows may lag behind the table. */
export function createRows(options: {
  readonly nowMs: () => number;
  /** For one write, how long its change of the indexes stays unseen. Changes of one row keep their order. */
  readonly indexLagMs: () => number;
  readonly tableName: string | undefined;
}): Rows {
  const { nowMs, indexLagMs } = options;
  const definition = tableDefinition('any');
  const schema = schemaIn(definition.KeySchema);
  const indexes: readonly Index[] = (definition.GlobalSecondaryIndexes ?? []).map((each) => {
    if (each.Projection?.ProjectionType !== 'KEYS_ONLY')
      throw new NotModelled('an index with other attributes');
    return { ...schemaIn(each.KeySchema), name: each.IndexName ?? '', partitions: new Map() };
  });
  const partitions = new Map<string, Entry[]>();
  const places = new Map<string, Entry>();
  const visibleAtMs = new Map<string, number>();
  let pending: IndexChange[] = [];
  let { tableName } = options;

  const placeIn = (index: Index, row: Row, tie: string): Place | undefined => {
    const partition = row[index.hash]?.S;
    const sort = row[index.range]?.S;
    if (partition === undefined || sort === undefined) return undefined;
    const projected: Record<string, Row[string]> = {};
    for (const name of [schema.hash, schema.range, index.hash, index.range]) {
      const value = row[name];
      if (value !== undefined) projected[name] = value;
    }
    return { partition, entry: { sort, tie, row: projected, bytes: sizeOf(projected) } };
  };

  const apply = ({ index, from, to }: IndexChange) => {
    if (from !== undefined) remove(index.partitions, from);
    if (to !== undefined) insert(index.partitions, to);
  };

  /** Answers the bytes that were written to the indexes. */
  const project = (tie: string, before: Row | undefined, after: Row): readonly number[] => {
    const changes: Omit<IndexChange, 'visibleAtMs'>[] = [];
    for (const index of indexes) {
      const { hash, range } = index;
      if (before?.[hash]?.S === after[hash]?.S && before?.[range]?.S === after[range]?.S) continue;
      const from = before === undefined ? undefined : placeIn(index, before, tie);
      const to = placeIn(index, after, tie);
      if (from !== undefined || to !== undefined) changes.push({ index, from, to });
    }
    if (changes.length === 0) return noBytes;
    const at = Math.max(nowMs() + indexLagMs(), visibleAtMs.get(tie) ?? 0);
    const earlierIsPending = (visibleAtMs.get(tie) ?? 0) > nowMs();
    if (at > nowMs() || earlierIsPending) {
      visibleAtMs.set(tie, at);
      pending.push(...changes.map((change) => ({ ...change, visibleAtMs: at })));
    } else {
      settle();
      for (const change of changes) apply({ ...change, visibleAtMs: at });
    }
    return changes.flatMap(({ from, to }) =>
      [from, to].flatMap((place) => (place === undefined ? [] : [place.entry.bytes])),
    );
  };

  const settle = () => {
    if (pending.length === 0) return;
    const now = nowMs();
    const later: IndexChange[] = [];
    for (const change of pending) {
      if (change.visibleAtMs <= now) apply(change);
      else later.push(change);
    }
    pending = later;
    if (pending.length === 0) visibleAtMs.clear();
  };

  const indexNamed = (name: string): Index => {
    const index = indexes.find((each) => each.name === name);
    if (index === undefined) throw invalid(`The table does not have the specified index: ${name}`);
    return index;
  };

  return {
    schema,
    keyOf(item, exactly) {
      const partition = keyPart(item, schema.hash, mostHashBytes);
      const sort = keyPart(item, schema.range, mostRangeBytes);
      if (exactly && Object.keys(item).length !== 2)
        throw invalid('The provided key element does not match the schema');
      return { partition, sort };
    },
    find: (partition, sort) => places.get(joined(partition, sort)),
    tieOf: (key) => joined(key[schema.hash]?.S ?? '', key[schema.range]?.S ?? ''),
    refuseIndexKeys(row) {
      for (const { hash, range } of indexes) {
        if (row[hash] !== undefined) keyPart(row, hash, mostHashBytes);
        if (row[range] !== undefined) keyPart(row, range, mostRangeBytes);
      }
    },
    put(key, row, bytes) {
      const partition = key[schema.hash]?.S ?? '';
      const sort = key[schema.range]?.S ?? '';
      const tie = joined(partition, sort);
      const before = places.get(tie);
      const entry: Entry = { sort, tie, row, bytes };
      places.set(tie, entry);
      insert(partitions, { partition, entry });
      return {
        key,
        before: before?.row,
        after: row,
        bytesBefore: before?.bytes ?? 0,
        bytesAfter: bytes,
        indexBytes: project(tie, before?.row, row),
      };
    },
    partition(index, partition) {
      if (index !== undefined) settle();
      const all = index === undefined ? partitions : indexNamed(index).partitions;
      return all.get(partition) ?? [];
    },
    schemaOf: (index) => (index === undefined ? schema : indexNamed(index)),
    all: () => [...partitions.values()].flatMap((entries) => entries.map(({ row }) => row)),
    refuseOtherTable(name) {
      tableName ??= name;
      if (name === undefined || name !== tableName) throw noSuchTable();
    },
  };
}

/** No key holds this letter unless somebody means harm, and then the two parts still differ in length. */
const joined = (partition: string, sort: string) => `${partition.length}\u0000${partition}\u0000${sort}`;

function schemaIn(
  keys: readonly { AttributeName?: string | undefined; KeyType?: string | undefined }[] | undefined,
): Schema {
  const named = (type: string) => keys?.find(({ KeyType }) => KeyType === type)?.AttributeName;
  const [hash, range] = [named('HASH'), named('RANGE')];
  if (hash === undefined || range === undefined) throw new NotModelled('a key of one part');
  return { hash, range };
}

export const order = (a: Position, b: Position) => compareTexts(a.sort, b.sort) || compareTexts(a.tie, b.tie);

/** The first entry from which on it is true; as many as there are where it never is. */
export function firstIndex(entries: readonly Entry[], isTrue: (entry: Entry) => boolean): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const there = entries[middle];
    if (there === undefined || isTrue(there)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Where an entry stands, or would stand; most are new and last. */
function placeOf(entries: readonly Entry[], entry: Entry): number {
  const last = entries[entries.length - 1];
  if (last !== undefined && order(last, entry) < 0) return entries.length;
  return firstIndex(entries, (there) => order(there, entry) >= 0);
}

function insert(partitions: Map<string, Entry[]>, { partition, entry }: Place): void {
  const entries = partitions.get(partition);
  if (entries === undefined) {
    partitions.set(partition, [entry]);
    return;
  }
  const at = placeOf(entries, entry);
  const there = entries[at];
  if (there !== undefined && order(there, entry) === 0) entries[at] = entry;
  else entries.splice(at, 0, entry);
}

function remove(partitions: Map<string, Entry[]>, { partition, entry }: Place): void {
  const entries = partitions.get(partition);
  if (entries === undefined) return;
  const at = placeOf(entries, entry);
  const there = entries[at];
  if (there !== undefined && order(there, entry) === 0) entries.splice(at, 1);
  if (entries.length === 0) partitions.delete(partition);
}
