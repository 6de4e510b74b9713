import { RetryableError, UnreadableError } from '../flows/errors.ts';
import {
  type Held,
  type HeldRows,
  newerSchema,
  rowMissing,
  rowOf,
  type UnreadableRow,
} from '../flows/held.ts';
import { type Format, promotionFormat } from './format.ts';
import {
  bodyOf,
  number,
  numberOf,
  parseAnnouncement,
  parseAudit,
  parseChained,
  parseHeld,
  parseLive,
  parseLock,
  parseNotice,
  parsePromotion,
  parseSurface,
  text,
  textOf,
} from './items.ts';
import {
  dueBy,
  expiryAttribute,
  heldDueKey,
  heldShard,
  indexes,
  keyOf,
  keys,
  listedIn,
  partitions,
} from './table.ts';
import type { Expression, Item, Transport } from './transport.ts';

/** How long what was held is kept for whoever looks into it. */
const keptSeconds = 30 * 24 * 3600;
/** As many as whoever plans a rollback reads. */
const liveRecords = 20;

/** What cannot be read, noted in rows of its own: the rows themselves are never touched. */
export function createHeldRows({
  transport,
  nonce,
  format = promotionFormat,
}: {
  readonly transport: Transport;
  /** A new random text each time; names one write. */
  readonly nonce: () => string;
  readonly format?: Format;
}): HeldRows {
  const rowKey = ({ kind, id, sequence }: UnreadableRow) => keys.held(kind, id, sequence);

  const put = async (held: Held, condition: Expression, ended: boolean): Promise<boolean> => {
    const { revision, ...body } = held;
    const tx = nonce();
    const key = rowKey(held.row);
    const item: Item = {
      ...key,
      ...(ended
        ? {
            endedAtMs: number(held.dueAtMs),
            [expiryAttribute]: number(Math.ceil(held.dueAtMs / 1000) + keptSeconds),
          }
        : heldDueKey(held.row.id, held.dueAtMs)),
      revision: number(revision),
      tx: text(tx),
      ...bodyOf(body),
    };
    try {
      return (await transport.write({ does: 'put', item, condition })).outcome === 'written';
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      // The answer was lost: a message that arrived must not be sent again for that.
      const { item: there } = await transport.get(key);
      if (there !== undefined && textOf(there, 'tx') === tx) return true;
      throw error;
    }
  };
  const unchanged = (held: Held): Expression => ({
    text: 'revision = :expected AND attribute_not_exists(endedAtMs)',
    values: { ':expected': number(held.revision) },
  });

  const read = async (row: UnreadableRow): Promise<'readable' | 'gone'> => {
    const { kind, id } = row;
    switch (kind) {
      case 'promotion': {
        const { item } = await transport.get(keys.promotion(id));
        if (item === undefined) return missing(row);
        parsePromotion(item, id, format);
        return 'readable';
      }
      case 'live': {
        const [app = '', environment = ''] = id.split('#');
        const where = partitions.live(app, environment);
        const { items } = await transport.query({ where, newestFirst: true, limit: liveRecords });
        items.map(parseLive);
        return 'readable';
      }
      case 'surface':
      case 'announcement':
      case 'notice':
      case 'audit':
      case 'refusal':
      case 'lock': {
        const { item } = await transport.get(keyInTable(row));
        if (item === undefined) return 'gone';
        parsers[kind](item);
        return 'readable';
      }
    }
  };

  /** A promotion that is not there is missed only where something that is due leads to it. */
  const missing = async (row: UnreadableRow): Promise<'gone'> => {
    const { items } = await transport.query({ where: partitions.promotion(row.id) });
    if (items.every((item) => textOf(item, 'dueSk') === undefined)) return 'gone';
    throw new UnreadableError(rowMissing, 'A promotion is not there.', { data: { row } });
  };

  /** What stands beside a promotion that a newer version saved is the newer version's as well. */
  const asOfItsPromotion = async (row: UnreadableRow): Promise<UnreadableRow> => {
    if (row.kind === 'promotion' || !ofPromotion.has(row.kind)) return row;
    const { item } = await transport.get(keys.promotion(row.id));
    const schema = item === undefined ? undefined : numberOf(item, 'schema');
    return schema === undefined || schema <= format.newest ? row : { ...row, code: newerSchema, schema };
  };

  const channelOf = async (id: string): Promise<string | null> => {
    const { item } = await transport.get(keys.surface(id));
    try {
      return item === undefined ? null : parseSurface(item).channel;
    } catch (error) {
      if (error instanceof UnreadableError) return null;
      throw error;
    }
  };

  return {
    async hold(row, nowMs) {
      const held: Held = {
        row,
        sinceMs: nowMs,
        over: null,
        untold: null,
        told: [],
        unsure: 0,
        dueAtMs: nowMs,
        // Above every revision of an earlier holding of the same row.
        revision: nowMs,
      };
      await put(held, { text: 'attribute_not_exists(revision) OR attribute_exists(endedAtMs)' }, false);
    },
    async due(limit) {
      const { nowMs } = await transport.get(keys.clock());
      const { items } = await transport.query({
        index: indexes.due,
        where: dueBy('HELD', heldShard, nowMs),
        limit,
      });
      const rows = await Promise.all(items.map((item) => transport.get(keyOf(item))));
      const held = rows.flatMap(({ item }) => (item === undefined ? [] : readHeld(item)));
      return { held, nowMs };
    },
    async save(held) {
      const next = { ...held, revision: held.revision + 1 };
      return (await put(next, unchanged(held), false)) ? next : undefined;
    },
    end: (held) => put({ ...held, revision: held.revision + 1 }, unchanged(held), true),
    async look(row) {
      try {
        return { outcome: await read(row) };
      } catch (error) {
        if (!(error instanceof UnreadableError)) throw error;
        return { outcome: 'unreadable', row: await asOfItsPromotion(rowOf(error) ?? row) };
      }
    },
    async whereabouts(row) {
      const { app, environment } = row;
      if (!ofPromotion.has(row.kind)) return { app, environment, channel: null };
      const promotion = await transport.get(keys.promotion(row.id));
      const listed = promotion.item === undefined ? undefined : listedIn(promotion.item);
      return {
        app: app ?? listed?.app ?? null,
        environment: environment ?? listed?.environment ?? null,
        channel: await channelOf(row.id),
      };
    },
    keyOf: (row) => JSON.stringify(keyInTable(row)),
  };
}

const ofPromotion: ReadonlySet<UnreadableRow['kind']> = new Set([
  'promotion',
  'surface',
  'announcement',
  'audit',
  'refusal',
]);

const parsers = {
  surface: parseSurface,
  announcement: parseAnnouncement,
  notice: parseNotice,
  audit: parseAudit,
  refusal: parseChained,
  lock: parseLock,
} satisfies Partial<Record<UnreadableRow['kind'], (item: Item) => unknown>>;

/** For a history of releases, where it begins. */
function keyInTable({ kind, id, sequence }: UnreadableRow): Item {
  switch (kind) {
    case 'promotion':
      return keys.promotion(id);
    case 'surface':
      return keys.surface(id);
    case 'announcement':
      return keys.announcement(id, sequence ?? 0);
    case 'notice':
      return keys.notice(id);
    case 'audit':
      return keys.audit(id, sequence ?? 0);
    case 'refusal':
      return keys.refusal(id, sequence ?? 0);
    case 'lock':
      return keys.lock(id);
    case 'live':
      return keys.live(id.split('#')[0] ?? '', id.split('#')[1] ?? '', 0, '');
  }
}

/** A note that is damaged itself is left alone: there is nothing more to tell from it. */
function readHeld(item: Item): Held[] {
  const revision = numberOf(item, 'revision');
  if (revision === undefined || numberOf(item, 'endedAtMs') !== undefined) return [];
  try {
    return [{ ...parseHeld(item), revision }];
  } catch (error) {
    if (error instanceof UnreadableError) return [];
    throw error;
  }
}
