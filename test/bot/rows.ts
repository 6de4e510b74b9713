import type { Budget } from '../../src/bot/ports.ts';
import type { Outbox, Surface } from '../../src/flows/ports.ts';
import type { Announcement, StoredAnnouncement } from '../../src/flows/promotion/announcements.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { startMs } from './promotions.ts';

/** What a surface has when nothing was shown of its promotion yet. */
export const freshSurface = {
  url: null,
  shown: '',
  drawingUntilMs: null,
  redrawAtMs: null,
  editAtMs: null,
  homeless: false,
  tellingUntilMs: null,
  postAt: null,
  underway: null,
  reading: null,
  asked: [],
};

/** A store and outbox in memory that keep the ports' rules: compare-and-set, due by time, nothing due is lost. */
export function createRows() {
  const promotions = new Map<string, Promotion>();
  const surfaces = new Map<string, Surface>();
  const dueAt = new Map<string, number>();
  const announcements: StoredAnnouncement[] = [];
  const rows = {
    nowMs: startMs,
    surfaces,
    /** What another process does between our read and our write. */
    interfere: undefined as (() => void) | undefined,
    save(promotion: Promotion, ...told: Announcement[]) {
      const announced = announcements.filter(({ promotionId }) => promotionId === promotion.id).length;
      told.forEach((announcement, index) => {
        announcements.push({
          promotionId: promotion.id,
          sequence: announced + index + 1,
          atMs: rows.nowMs,
          announcement,
        });
      });
      const revision = (promotions.get(promotion.id)?.revision ?? 0) + 1;
      const saved = { ...promotion, revision, announced: announced + told.length };
      promotions.set(promotion.id, saved);
      dueAt.set(promotion.id, rows.nowMs);
      if (surfaces.has(promotion.id)) return saved;
      surfaces.set(promotion.id, {
        promotionId: promotion.id,
        channel: promotion.policy.channel,
        ts: null,
        drawnRevision: 0,
        drawnAtMs: 0,
        postingUntilMs: null,
        dueAtMs: rows.nowMs,
        toldSequence: 0,
        revision: 1,
        ...freshSurface,
      });
      return saved;
    },
    surface: (id: string) => surfaces.get(id) as Surface,
    dueAt: (id: string) => dueAt.get(id),
  };
  const outbox: Outbox = {
    dueSurfaces: async (limit) => ({
      ids: [...dueAt]
        .filter(([, atMs]) => atMs <= rows.nowMs)
        .map(([id]) => id)
        .slice(0, limit),
      nowMs: rows.nowMs,
    }),
    surface: async (id) => surfaces.get(id),
    saveSurface: async (surface, restUntilMs) => {
      rows.interfere?.();
      const { promotionId: id } = surface;
      if (surfaces.get(id)?.revision !== surface.revision) return false;
      surfaces.set(id, { ...surface, revision: surface.revision + 1 });
      const promotion = promotions.get(id);
      const behind =
        surface.drawnRevision < (promotion?.revision ?? 0) ||
        surface.toldSequence < (promotion?.announced ?? 0);
      if (surface.dueAtMs !== null) dueAt.set(id, surface.dueAtMs);
      else if (!behind && restUntilMs !== undefined) dueAt.set(id, restUntilMs);
      else if (!behind) dueAt.delete(id);
      return true;
    },
    announcements: async (id, after, limit) =>
      announcements
        .filter(({ promotionId, sequence }) => promotionId === id && sequence > after)
        .slice(0, limit),
  };
  const store = {
    load: async (id: string) => {
      const promotion = promotions.get(id);
      return promotion === undefined ? undefined : { promotion, nowMs: rows.nowMs };
    },
  };
  return { rows, outbox, store, budget: createMemoryBudget(), elapsedMs: () => rows.nowMs };
}

/** The shared rates in memory; to be shared by every announcer of a test. */
export function createMemoryBudget(): Budget {
  const pots = new Map<string, { nextMs: number; blockedMs: number }>();
  const of = (pot: string) => pots.get(pot) ?? { nextMs: 0, blockedMs: 0 };
  const budget: Budget = {
    fullUntilMs(pot, { nowMs, burstMs, withinMs }) {
      const atMs = Math.max(nowMs, of(pot).nextMs - burstMs, of(pot).blockedMs);
      return atMs - nowMs > withinMs ? atMs - withinMs : undefined;
    },
    async take(pot, terms) {
      const fullMs = budget.fullUntilMs(pot, terms);
      if (fullMs !== undefined) return { outcome: 'full', atMs: fullMs };
      const { nextMs, blockedMs } = of(pot);
      const atMs = Math.max(terms.nowMs, nextMs - terms.burstMs, blockedMs);
      pots.set(pot, { nextMs: Math.max(nextMs, atMs) + terms.intervalMs, blockedMs });
      return { outcome: 'taken', atMs };
    },
    async block(pot, untilMs) {
      pots.set(pot, { ...of(pot), blockedMs: Math.max(of(pot).blockedMs, untilMs) });
    },
  };
  return budget;
}
