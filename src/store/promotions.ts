import { RetryableError, UnreadableError } from '../flows/errors.ts';
import type { Change, Loaded, PromotionStore, SaveOutcome } from '../flows/ports.ts';
import type { Promotion } from '../flows/promotion/promotion.ts';
import type { Receipt } from '../flows/receipt.ts';
import { nobody } from '../flows/unlock.ts';
import { receiptWrite, repeatedBy } from './deliveries.ts';
import { dueIds } from './due.ts';
import { type Format, promotionFormat } from './format.ts';
import {
  bodyOf,
  number,
  numberOf,
  parseAudit,
  parseLive,
  parseLock,
  parsePromotion,
  promotionBody,
  text,
  textOf,
} from './items.ts';
import { createRefusalRecorder } from './refusals.ts';
import {
  conditions,
  dueKey,
  dueValues,
  indexes,
  keys,
  listKey,
  listOf,
  partitions,
  promotionIdOf,
  setDue,
} from './table.ts';
import type { Expression, Item, Met, Transport, Write } from './transport.ts';

export interface PromotionStoreDeps {
  readonly transport: Transport;
  /** A new random text each time; names one save, so that a lost answer can be told from a lost race. */
  readonly nonce: () => string;
  /** Left out, this version's own. */
  readonly format?: Format;
}

/** The promotions in one DynamoDB table. The revision is the only lock on a promotion. */
export function createPromotionStore({
  transport,
  nonce,
  format = promotionFormat,
}: PromotionStoreDeps): PromotionStore {
  const load = async (id: string): Promise<Loaded | undefined> => {
    const { item, nowMs } = await transport.get(keys.promotion(id));
    return item === undefined ? undefined : { promotion: parsePromotion(item, id, format), nowMs };
  };

  /** One row that cannot be read must not hide the others from a list; whoever works on it is told. */
  const loadIfReadable = async (id: string): Promise<Promotion | 'gone' | 'unreadable'> => {
    try {
      return (await load(id))?.promotion ?? 'gone';
    } catch (error) {
      if (error instanceof UnreadableError) return 'unreadable';
      throw error;
    }
  };

  const survey: PromotionStore['survey'] = async (app, environment, limit) => {
    const { items } = await transport.query({
      index: indexes.list,
      where: listOf(app, environment),
      newestFirst: true,
      limit,
    });
    const loaded = await Promise.all(items.map((item) => loadIfReadable(promotionIdOf(item))));
    return {
      promotions: loaded.filter((one) => one !== 'gone' && one !== 'unreadable'),
      unreadable: loaded.filter((one) => one === 'unreadable').length,
    };
  };

  const now = async () => (await transport.get(keys.clock())).nowMs;

  const holder = async (key: string) => {
    const { item } = await transport.get(keys.lock(key));
    return item === undefined ? undefined : textOf(item, 'holder');
  };

  /** Sends a save whose answer may get lost; the stored nonce tells whether it was this one. */
  const commit = async (change: Change, tx: string, writes: readonly Write[]) => {
    try {
      return await transport.transact(writes, tx);
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      const { item, nowMs } = await transport.get(keys.promotion(change.promotion.id));
      if (item !== undefined && textOf(item, 'tx') === tx) return { outcome: 'written' as const, nowMs };
      if (item === undefined || (numberOf(item, 'revision') ?? 0) < change.promotion.revision) throw error;
      // Somebody saved since: ours is either under theirs, and then its audit entry is there, or can never be applied.
      const [entry] = change.audit;
      const row =
        entry === undefined
          ? undefined
          : (await transport.get(keys.audit(entry.promotionId, entry.sequence))).item;
      if (row !== undefined && textOf(row, 'tx') === tx) return { outcome: 'written' as const, nowMs };
      return { outcome: 'refused' as const, met: [] };
    }
  };

  const save: PromotionStore['save'] = async (change, receipt) => {
    const { promotion } = change;
    const tx = nonce();
    const locks = await lockWrites(change);
    const writes: Write[] = [
      { does: 'put', item: promotionItem(promotion, tx, format), condition: expected(promotion) },
      ...locks,
      ...recordWrites(change, tx),
      wakeSurface(promotion),
      ...handedOverWrites(change, tx, format),
      ...receiptWrites(receipt),
    ];
    const outcome = await commit(change, tx, writes);
    if (outcome.outcome === 'written') return { outcome: 'saved', nowMs: outcome.nowMs };
    const repeated = repeatedBy(receipt, outcome.met[writes.length - 1]);
    if (repeated !== undefined) return repeated;
    return lostTo(outcome.met, locks.length, change.locks?.does === 'take');
  };

  /** Frees those that this holder has; the others are somebody else's business, and stop nobody. */
  const freeing = async (id: string, among: readonly string[]): Promise<Write[]> => {
    const held = await Promise.all(among.map(async (key) => ((await holder(key)) === id ? [key] : [])));
    return held
      .flat()
      .map((key) => ({ does: 'update', key: keys.lock(key), update: freeLock, condition: heldBy(id) }));
  };

  const lockWrites = async ({ promotion, locks: wanted }: Change): Promise<Write[]> => {
    if (wanted === null) return [];
    const locks = { does: wanted.does, keys: [...new Set(wanted.keys)] };
    const ours = heldBy(promotion.id);
    switch (locks.does) {
      case 'take': {
        const { from } = wanted;
        const taken = locks.keys.map(
          (key): Write => ({
            does: 'update',
            key: keys.lock(key),
            update: takeLock(promotion.id, locks.keys),
            condition:
              from?.keys.includes(key) === true
                ? theirsOrFree(from.holder, promotion.nowMs)
                : freeOrOurs(promotion.nowMs),
          }),
        );
        if (from === undefined) return taken;
        const left = from.keys.filter((key) => !locks.keys.includes(key));
        return [...taken, ...(await freeing(from.holder, [...new Set(left)]))];
      }
      case 'hold':
        return locks.keys.map((key) => ({ does: 'check', key: keys.lock(key), condition: ours }));
      case 'return':
        return locks.keys.map((key) => ({
          does: 'update',
          key: keys.lock(key),
          update: freeLock,
          condition: ours,
        }));
      case 'release':
        // A promotion that ends early holds none of them, and only its own saves can free the ones it holds.
        return freeing(promotion.id, locks.keys);
    }
  };

  return {
    load,
    now,
    holder,
    save,
    async create(change, receipt) {
      const { promotion } = change;
      const tx = nonce();
      const writes: Write[] = [
        { does: 'put', item: promotionItem(promotion, tx, format), condition: conditions.absent() },
        { does: 'put', item: newSurface(promotion), condition: conditions.absent() },
        ...recordWrites(change, tx),
        ...receiptWrites(receipt),
      ];
      const outcome = await commit(change, tx, writes);
      if (outcome.outcome === 'written') return { outcome: 'created', promotion, nowMs: outcome.nowMs };
      const repeated = repeatedBy(receipt, outcome.met[writes.length - 1]);
      if (repeated !== undefined) return repeated;
      const there = await load(promotion.id);
      if (there === undefined)
        throw new RetryableError('store.contended', 'The promotion could not be created.');
      return { outcome: 'exists', ...there };
    },
    ...createRefusalRecorder({ transport, nonce }),
    due: (limit, except) => dueIds(transport, 'DUE', limit, except),
    survey,
    list: async (app, environment, limit) => (await survey(app, environment, limit)).promotions,
    async liveRecords(app, environment, limit) {
      const { items } = await transport.query({
        where: partitions.live(app, environment),
        newestFirst: true,
        limit,
      });
      return items.map(parseLive);
    },
    async audit(promotionId) {
      const { items } = await transport.query({ where: partitions.audit(promotionId) });
      return items.map(parseAudit);
    },
  };
}

const expected = ({ revision }: Promotion): Expression => ({
  text: 'revision = :expected',
  values: { ':expected': number(revision - 1) },
});

/** The other promotion's last write stands in the same transaction, under its own revision. */
function handedOverWrites({ handedOver }: Change, tx: string, format: Format): Write[] {
  if (handedOver === null) return [];
  const { promotion } = handedOver;
  return [
    { does: 'put', item: promotionItem(promotion, tx, format), condition: expected(promotion) },
    ...recordWrites({ ...handedOver, live: null }, tx),
    wakeSurface(promotion),
  ];
}

function promotionItem(promotion: Promotion, tx: string, format: Format): Item {
  return {
    ...keys.promotion(promotion.id),
    ...listKey(promotion.app, promotion.environment, promotion.requestedAtMs, promotion.id),
    ...(promotion.dueAtMs === null ? {} : dueKey('DUE', promotion.id, promotion.dueAtMs)),
    revision: number(promotion.revision),
    phase: text(promotion.phase),
    tx: text(tx),
    ...promotionBody(promotion, format),
  };
}

function recordWrites(change: Pick<Change, 'audit' | 'announcements' | 'live'>, tx: string): Write[] {
  const notThereYet = conditions.absent();
  const live = change.live;
  return [
    ...change.audit.map(
      (entry): Write => ({
        does: 'put',
        item: { ...keys.audit(entry.promotionId, entry.sequence), tx: text(tx), ...bodyOf(entry) },
        condition: notThereYet,
      }),
    ),
    ...change.announcements.map(
      (entry): Write => ({
        does: 'put',
        item: { ...keys.announcement(entry.promotionId, entry.sequence), ...bodyOf(entry) },
        condition: notThereYet,
      }),
    ),
    ...(live === null
      ? []
      : [
          {
            does: 'put' as const,
            item: { ...keys.live(live.app, live.environment, live.atMs, live.promotionId), ...bodyOf(live) },
          },
        ]),
  ];
}

/** Last in its transaction. */
const receiptWrites = (receipt: Receipt | undefined): Write[] =>
  receipt === undefined ? [] : [receiptWrite(receipt)];

function newSurface(promotion: Promotion): Item {
  const { id, policy } = promotion;
  const body = {
    promotionId: id,
    channel: policy.channel,
    ts: null,
    drawnRevision: 0,
    drawnAtMs: 0,
    postingUntilMs: null,
    dueAtMs: promotion.nowMs,
    toldSequence: 0,
  };
  return {
    ...keys.surface(id),
    ...dueKey('SHOW', id, promotion.nowMs),
    wakeSk: dueKey('SHOW', id, promotion.nowMs)['dueSk'] ?? text(''),
    revision: number(1),
    wantedRevision: number(promotion.revision),
    wantedSequence: number(promotion.announced),
    ...bodyOf(body),
  };
}

/** Every save makes the card due; the announcer's own fields and revision are left alone, so that neither blocks the other. */
function wakeSurface(promotion: Promotion): Write {
  return {
    does: 'update',
    key: keys.surface(promotion.id),
    update: {
      text: `SET wantedRevision = :revision, wantedSequence = :sequence, wakeSk = :dueSk, ${setDue}`,
      values: {
        ':revision': number(promotion.revision),
        ':sequence': number(promotion.announced),
        ...dueValues('SHOW', promotion.id, promotion.nowMs),
      },
    },
  };
}

const heldBy = (id: string): Expression => ({
  text: 'holder = :holder',
  values: { ':holder': text(id) },
});
/** Behind in time is safe: a lock that two people freed rests until every request of its holder must have landed. */
const freeOrOurs = (nowMs: number): Expression => ({
  text: '(attribute_not_exists(holder) AND (attribute_not_exists(freeFromMs) OR freeFromMs <= :now)) OR holder = :us',
  values: { ':now': number(nowMs) },
});
/** Whoever takes over takes what the other still has, and what it has lost to nobody. */
const theirsOrFree = (holder: string, nowMs: number): Expression => {
  const free = freeOrOurs(nowMs);
  return {
    text: `holder = :holder OR ${free.text}`,
    values: { ...free.values, ...heldBy(holder).values },
  };
};
const freeLock: Expression = {
  text: 'SET epoch = if_not_exists(epoch, :zero) + :one REMOVE holder, takenKeys',
  values: { ':zero': number(0), ':one': number(1) },
};

/**
 * The epoch only grows; who wrote under an older one no longer holds the lock. Each row names all that were taken with
 * it, so that they are found when the holder cannot be read any more.
 */
function takeLock(id: string, taken: readonly string[]): Expression {
  return {
    text: 'SET holder = :us, epoch = if_not_exists(epoch, :zero) + :one, takenKeys = :taken REMOVE freeFromMs',
    values: {
      ':us': text(id),
      ':zero': number(0),
      ':one': number(1),
      ':taken': text(JSON.stringify(taken)),
    },
  };
}

/** The locks stand right behind the promotion in the transaction. */
function lostTo(met: readonly Met[], lockCount: number, takes: boolean): SaveOutcome {
  if (met[0]?.refused === true) return { outcome: 'conflict' };
  const lock = met.slice(1, 1 + lockCount).find(({ refused }) => refused);
  if (lock === undefined) return { outcome: 'conflict' };
  // Who only wants it waits until it can be read; who relied on it hears that it is lost.
  if (takes && lock.found !== undefined) parseLock(lock.found);
  const holder = lock.found === undefined ? undefined : textOf(lock.found, 'holder');
  return { outcome: 'locked', holder: holder ?? nobody };
}
