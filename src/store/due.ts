import { textOf } from './items.ts';
import {
  type DueKind,
  dueAtOf,
  dueBy,
  dueFrom,
  dueShards,
  heldNamed,
  heldRows,
  indexes,
  keys,
  promotionIdOf,
} from './table.ts';
import type { Item, Transport } from './transport.ts';

const nothing: ReadonlySet<string> = new Set();
/** Skipped rows are asked for on top, so that most sweeps need one page however many of them are in front. */
const mostOnTop = 450;

/**
 * Ids whose due time has come, oldest first. Rows that somebody cannot work on stay in the index, in front of the
 * others, because nobody may touch them: they are named in `except` and paged past.
 */
export async function dueIds(
  transport: Transport,
  kind: DueKind,
  limit: number,
  except: ReadonlySet<string> = nothing,
): Promise<{ readonly ids: readonly string[]; readonly nowMs: number }> {
  const { nowMs } = await transport.get(keys.clock());
  return { ids: (await dueItems(transport, kind, limit, except, nowMs)).map(promotionIdOf), nowMs };
}

async function dueItems(
  transport: Transport,
  kind: DueKind,
  limit: number,
  except: ReadonlySet<string>,
  nowMs: number,
): Promise<readonly Item[]> {
  const found = await Promise.all(
    dueShards.map((shard) => dueInShard(transport, kind, shard, limit, except, nowMs)),
  );
  return oldestFirst(found.flat()).slice(0, limit);
}

export interface DueRow {
  readonly id: string;
  readonly dueAtMs: number;
}

/** What nobody has come to, although it was due for a while. */
export interface Overdue {
  readonly promotions: readonly DueRow[];
  /** Of promotions and of notices. */
  readonly surfaces: readonly DueRow[];
  /** How many rows are held, and whether one of them wants to be looked at. */
  readonly held: { readonly count: number; readonly isDue: boolean };
  readonly nowMs: number;
}

/** Notes that keep the row of this name from being worked on; others are about rows beside it. */
const holdsTick: ReadonlySet<string> = new Set(['promotion']);
const holdsShowing: ReadonlySet<string> = new Set(['promotion', 'surface', 'announcement', 'notice']);

/**
 * Finds what is due in the due index alone, whatever else is open: one query for what is held, which also tells the
 * time, then one for each partition. What was due for less than `overdueMs` is left to whoever was sent for it; what is
 * held is passed over.
 */
export function createDueIndex({ transport }: { readonly transport: Transport }) {
  return {
    async overdue(limit: number, overdueMs: number): Promise<Overdue> {
      const notes = await transport.query({ index: indexes.due, where: heldRows() });
      const { nowMs } = notes;
      const names = notes.items.flatMap((item) => heldNamed(item) ?? []);
      const heldBy = (kinds: ReadonlySet<string>) =>
        new Set(names.filter(({ kind }) => kinds.has(kind)).map(({ id }) => id));
      const find = async (kind: DueKind, kinds: ReadonlySet<string>): Promise<DueRow[]> => {
        const items = await dueItems(transport, kind, limit, heldBy(kinds), nowMs - overdueMs);
        return items.map((item) => ({ id: promotionIdOf(item), dueAtMs: dueAtOf(item) ?? nowMs }));
      };
      const [promotions, surfaces] = await Promise.all([find('DUE', holdsTick), find('SHOW', holdsShowing)]);
      const isDue = notes.items.some((item) => (dueAtOf(item) ?? 0) <= nowMs);
      return { promotions, surfaces, held: { count: notes.items.length, isDue }, nowMs };
    },
  };
}

async function dueInShard(
  transport: Transport,
  kind: DueKind,
  shard: number,
  limit: number,
  except: ReadonlySet<string>,
  nowMs: number,
): Promise<readonly Item[]> {
  const page = limit + Math.min(mostOnTop, except.size) + 1;
  const wanted: Item[] = [];
  let where = dueBy(kind, shard, nowMs);
  let from: Item | undefined;
  for (;;) {
    const { items } = await transport.query({ index: indexes.due, where, limit: page });
    const [first] = items;
    // The row that the page before ended with comes again.
    const fresh = from !== undefined && first !== undefined && sameRow(first, from) ? items.slice(1) : items;
    wanted.push(...fresh.filter((item) => !except.has(promotionIdOf(item))));
    const last = fresh.at(-1);
    if (last === undefined || items.length < page || wanted.length >= limit) return wanted;
    from = last;
    where = dueFrom(last, nowMs);
  }
}

const dueOf = (item: Item) => textOf(item, 'dueSk') ?? '';
const sameRow = (one: Item, other: Item) =>
  dueOf(one) === dueOf(other) && promotionIdOf(one) === promotionIdOf(other);

function oldestFirst(items: readonly Item[]): Item[] {
  return [...items].sort((one, other) => (dueOf(one) < dueOf(other) ? -1 : 1));
}
