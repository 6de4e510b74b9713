import type { Outbox, Surface } from '../../src/flows/ports.ts';
import type { Announcement, StoredAnnouncement } from '../../src/flows/promotion/announcements.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { startMs } from './promotions.ts';

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
  return { rows, outbox, store };
}
