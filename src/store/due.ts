import { textOf } from './items.ts';
import { type DueKind, dueBy, dueFrom, dueShards, indexes, keys, promotionIdOf } from './table.ts';
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
  const found = await Promise.all(
    dueShards.map((shard) => dueInShard(transport, kind, shard, limit, except, nowMs)),
  );
  return { ids: oldestFirst(found.flat()).slice(0, limit).map(promotionIdOf), nowMs };
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
