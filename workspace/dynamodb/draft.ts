import type { DynaliteBatchStep, DynaliteDb, DynaliteItem, DynaliteStore } from './dynalite-modules.ts';

/** A store whose writes are only kept in memory until they are committed, all of them in one LevelDB batch. */
export interface Draft {
  readonly store: DynaliteStore;
  commit(): Promise<void>;
}

/**
 * Lets dynalite's own actions write into a draft: their reads see the draft first and the database behind it.
 * Dynalite itself writes an item and its index entries one after the other; a batch is all or nothing even
 * when the process is killed. Only one draft may be open at a time, so its locks are free.
 */
export function createDraft(store: DynaliteStore): Draft {
  const pending = new Map<string, DynaliteBatchStep>();

  const drafted = (base: DynaliteDb, name: string): DynaliteDb => {
    const fullKey = (key: string) => `${name}~${key}`;
    return {
      get(key, callback) {
        const step = pending.get(fullKey(key));
        if (step === undefined) base.get(key, callback);
        else setImmediate(callback, null, step.type === 'put' ? step.value : undefined);
      },
      put(key, value, callback) {
        pending.set(fullKey(key), { type: 'put', key: fullKey(key), value });
        setImmediate(callback, null);
      },
      del(key, callback) {
        pending.set(fullKey(key), { type: 'del', key: fullKey(key) });
        setImmediate(callback, null);
      },
      lock: (_key, run) => run((callback) => callback),
    };
  };

  return {
    store: {
      ...store,
      getItemDb: (table) => drafted(store.getItemDb(table), `item-${table}`),
      getIndexDb: (type, table, index) =>
        drafted(store.getIndexDb(type, table, index), `index-${type.toLowerCase()}~${table}~${index}`),
    },
    async commit() {
      if (pending.size === 0) return;
      await called<void>((callback) => store.db.batch([...pending.values()], callback));
    },
  };
}

/** Turns one of dynalite's callbacks into a promise. */
export function called<T = DynaliteItem>(
  run: (callback: (error: unknown, value?: T) => void) => void,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    run((error, value) => (error ? reject(error) : resolve(value)));
  });
}
