import type { Change, LiveRecord, PromotionStore } from '../../../src/flows/ports.ts';
import type { StoredAnnouncement } from '../../../src/flows/promotion/announcements.ts';
import type { AuditEntry } from '../../../src/flows/promotion/audit.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';

export interface PaperStore extends PromotionStore {
  readonly announcements: StoredAnnouncement[];
  readonly entries: AuditEntry[];
  readonly locks: Map<string, string>;
  /** Every promotion as it was saved, in order. */
  readonly history: Promotion[];
}

/** The store port in memory with the same conditions: expected revision, locks, all or nothing. */
export function createPaperStore(nowMs: () => number): PaperStore {
  const promotions = new Map<string, Promotion>();
  const locks = new Map<string, string>();
  const entries: AuditEntry[] = [];
  const announcements: StoredAnnouncement[] = [];
  const records: LiveRecord[] = [];
  const history: Promotion[] = [];

  const read = (id: string) => promotions.get(id);

  const write = (change: Change) => {
    const { promotion } = change;
    promotions.set(promotion.id, promotion);
    history.push(promotion);
    entries.push(...change.audit);
    announcements.push(...change.announcements);
    if (change.live !== null) records.unshift(change.live);
    for (const key of change.locks?.keys ?? []) {
      if (change.locks?.does === 'take') locks.set(key, promotion.id);
      if (
        (change.locks?.does === 'release' || change.locks?.does === 'return') &&
        locks.get(key) === promotion.id
      )
        locks.delete(key);
    }
  };

  return {
    announcements,
    entries,
    locks,
    history,
    async load(id) {
      const promotion = read(id);
      return promotion === undefined ? undefined : { promotion, nowMs: nowMs() };
    },
    async create(change) {
      const there = read(change.promotion.id);
      if (there !== undefined) return { outcome: 'exists', promotion: there, nowMs: nowMs() };
      write(change);
      return { outcome: 'created', promotion: change.promotion, nowMs: nowMs() };
    },
    async save(change) {
      if (read(change.promotion.id)?.revision !== change.promotion.revision - 1)
        return { outcome: 'conflict' };
      const { id } = change.promotion;
      for (const key of change.locks?.keys ?? []) {
        const holder = locks.get(key);
        if (change.locks?.does === 'take' && holder !== undefined && holder !== id)
          return { outcome: 'locked', holder };
        if (change.locks?.does === 'hold' && holder !== id)
          return { outcome: 'locked', holder: holder ?? 'nobody' };
      }
      write(change);
      return { outcome: 'saved', nowMs: nowMs() };
    },
    newestRefusal: async () => null,
    recordRefusal: async () => ({ outcome: 'recorded' }),
    async due() {
      const ids = [...promotions.keys()].filter((id) => {
        const dueAtMs = read(id)?.dueAtMs ?? null;
        return dueAtMs !== null && dueAtMs <= nowMs();
      });
      return { ids, nowMs: nowMs() };
    },
    list: async (app, environment) =>
      [...promotions.keys()]
        .map(read)
        .filter((promotion) => promotion !== undefined)
        .filter((promotion) => promotion.app === app && promotion.environment === environment),
    survey: async (app, environment) => ({
      promotions: [...promotions.keys()]
        .map(read)
        .filter((promotion) => promotion !== undefined)
        .filter((promotion) => promotion.app === app && promotion.environment === environment),
      unreadable: 0,
    }),
    holder: async (key) => locks.get(key),
    liveRecords: async () => records,
    audit: async (id) => entries.filter(({ promotionId }) => promotionId === id),
    now: async () => nowMs(),
  };
}
