import { RetryableError, UnreadableError } from '../flows/errors.ts';
import type { Hash, Locks } from '../flows/ports.ts';
import { chainUnlockRefusal, type HeldLock, type LockSeen, type UnlockEntry } from '../flows/unlock.ts';
import {
  bodyOf,
  number,
  numberOf,
  parseLock,
  parseUnlock,
  parseUnlockRefusal,
  takenKeysOf,
  text,
  textOf,
} from './items.ts';
import { newNotice } from './notices.ts';
import { conditions, keys, partitions, sequenceOf } from './table.ts';
import type { Expression, Item, Transport, Write } from './transport.ts';

export interface LocksDeps {
  readonly transport: Transport;
  /** A new random text each time; names one write. */
  readonly nonce: () => string;
  readonly hash: Hash;
}

/** Each lost race is somebody else's refusal recorded. */
const refusalRaces = 20;

/** The locks of environments, read and freed from outside the promotion that holds them: two-person unlock. */
export function createLocks({ transport, nonce, hash }: LocksDeps): Locks {
  const newestOf = async (app: string, environment: string): Promise<LockSeen['newest']> => {
    const { items } = await transport.query({
      where: partitions.unlocks(app, environment),
      newestFirst: true,
      limit: 1,
    });
    const [item] = items;
    if (item === undefined) return null;
    return { sequence: sequenceOf(item), hash: textOf(item, 'hash') ?? '', entry: ifReadable(item) };
  };

  return {
    async look(app, environment, also) {
      const key = `${app}#${environment}`;
      const lock = await transport.get(keys.lock(key));
      const holder = lock.item === undefined ? undefined : parseLock(lock.item).holder;
      const seen = { app, environment, newest: await newestOf(app, environment) };
      if (lock.item === undefined || holder === undefined) {
        const freeFromMs = lock.item === undefined ? undefined : numberOf(lock.item, 'freeFromMs');
        return { ...seen, held: null, freeFromMs: freeFromMs ?? null, nowMs: lock.nowMs };
      }
      // Read before anything is concluded from it: whatever the holder claimed later changes the mark.
      const row = await transport.get(keys.promotion(holder));
      const taken = takenKeysOf(lock.item) ?? (await also());
      const rows = await Promise.all(
        [...new Set([key, ...taken])].map(async (name) => {
          const { item } = await transport.get(keys.lock(name));
          const theirs = item !== undefined && textOf(item, 'holder') === holder;
          return theirs ? [{ key: name, epoch: numberOf(item, 'epoch') ?? 0 }] : [];
        }),
      );
      const held: HeldLock = {
        holder,
        epoch: numberOf(lock.item, 'epoch') ?? 0,
        rows: rows.flat(),
        mark: markOf(row.item),
      };
      return { ...seen, held, freeFromMs: null, nowMs: row.nowMs };
    },
    async glance(app, environment) {
      const [lock, newest] = await Promise.all([
        transport.get(keys.lock(`${app}#${environment}`)),
        newestOf(app, environment),
      ]);
      const holder = lock.item === undefined ? undefined : parseLock(lock.item).holder;
      if (lock.item === undefined || holder === undefined) return { held: null, newest, nowMs: lock.nowMs };
      return { held: { holder, epoch: numberOf(lock.item, 'epoch') ?? 0 }, newest, nowMs: lock.nowMs };
    },
    async record(seen, notice) {
      const { entry } = notice;
      const tx = nonce();
      const row = keys.unlock(entry.app, entry.environment, entry.sequence);
      const writes: Write[] = [
        {
          does: 'put',
          item: { ...row, tx: text(tx), hash: text(entry.hash), ...bodyOf(entry) },
          condition: conditions.absent(),
        },
        ...(entry.does === 'free' ? freeing(seen.held, entry) : standing(seen)),
        newNotice(notice, entry.atMs, tx),
      ];
      try {
        return (await transport.transact(writes, tx)).outcome === 'written' ? 'recorded' : 'changed';
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        const { item } = await transport.get(row);
        if (item === undefined) throw error;
        return textOf(item, 'tx') === tx ? 'recorded' : 'changed';
      }
    },
    async recordRefusal(refused) {
      const { app, environment } = refused;
      for (let race = 0; race < refusalRaces; race += 1) {
        const where = partitions.unlockRefusals(app, environment);
        const { items } = await transport.query({ where, newestFirst: true, limit: 1 });
        const before = items[0] === undefined ? null : parseUnlockRefusal(items[0]);
        const entry = chainUnlockRefusal(before, refused, hash);
        const { outcome } = await transport.write({
          does: 'put',
          item: { ...keys.unlockRefusal(app, environment, entry.sequence), ...bodyOf(entry) },
          condition: conditions.absent(),
        });
        if (outcome === 'written') return;
      }
      throw new RetryableError('store.contended', 'Too many refusals at once.', {
        data: { app, environment },
      });
    },
    async history(app, environment) {
      const { items } = await transport.query({ where: partitions.unlocks(app, environment) });
      return items.map(parseUnlock);
    },
    async refusals(app, environment) {
      const { items } = await transport.query({ where: partitions.unlockRefusals(app, environment) });
      return items.map(parseUnlockRefusal);
    },
  };
}

/** A line that cannot be read must not keep people from the way out. */
function ifReadable(item: Item): UnlockEntry | null {
  try {
    return parseUnlock(item);
  } catch (error) {
    if (error instanceof UnreadableError) return null;
    throw error;
  }
}

/** A statement is about this holding and no other. */
function standing({ app, environment, held }: LockSeen & { readonly held: HeldLock }): Write[] {
  const key = keys.lock(`${app}#${environment}`);
  return [{ does: 'check', key, condition: heldAs(held.holder, held.epoch) }];
}

function freeing(held: HeldLock, entry: UnlockEntry): Write[] {
  return [
    { does: 'check', key: keys.promotion(held.holder), condition: unchanged(held.mark) },
    ...held.rows.map(
      ({ key, epoch }): Write => ({
        does: 'update',
        key: keys.lock(key),
        update: {
          text: 'SET epoch = if_not_exists(epoch, :zero) + :one, freeFromMs = :from REMOVE holder, takenKeys',
          values: { ':zero': number(0), ':one': number(1), ':from': number(entry.freeFromMs ?? entry.atMs) },
        },
        condition: heldAs(held.holder, epoch),
      }),
    ),
  ];
}

const heldAs = (holder: string, epoch: number): Expression => ({
  text: `holder = :holder AND ${epoch === 0 ? 'attribute_not_exists(epoch)' : 'epoch = :epoch'}`,
  values: { ':holder': text(holder), ...(epoch === 0 ? {} : { ':epoch': number(epoch) }) },
});

/** What every save of a promotion changes, as far as the row still has it: no version of the bot saves without. */
function markOf(item: Item | undefined): HeldLock['mark'] {
  if (item === undefined) return { exists: false, tx: null, revision: null };
  return { exists: true, tx: textOf(item, 'tx') ?? null, revision: numberOf(item, 'revision') ?? null };
}

function unchanged({ exists, tx, revision }: HeldLock['mark']): Expression {
  if (!exists) return conditions.absent();
  const values: Item = {
    ...(tx === null ? {} : { ':tx': text(tx) }),
    ...(revision === null ? {} : { ':revision': number(revision) }),
  };
  return {
    text: [
      conditions.present().text,
      ...(tx === null ? [] : ['tx = :tx']),
      ...(revision === null ? [] : ['revision = :revision']),
    ].join(' AND '),
    ...(Object.keys(values).length === 0 ? {} : { values }),
  };
}
