import { ifReadable } from '../flows/errors.ts';
import type { Hints, LiveRecord, Log, Outbox, PromotionStore } from '../flows/ports.ts';
import type { Promotion } from '../flows/promotion/promotion.ts';

/** How many cards of promoted releases back somebody might still press a button. */
const cardsBack = 10;
/** Far enough back for those, however many were rolled back in between; one page of a query. */
const recordsBack = 200;
/** How many of those records may be of promotions that were not promoted in the end. */
const looksBack = 40;
/** The card's own drawing may save its surface at the same time. */
const saveRaces = 8;

/**
 * Has the cards of releases that were live drawn anew once something else is, and the other way round. Every one of them
 * is drawn at each change while it is among the newest, so none that is left behind still says that its release is live.
 * Cards and records that cannot be read keep no others from it. Throws RetryableError; bears a repeat.
 */
export function createRedrawing({
  promotions,
  outbox,
  hints,
  nowMs,
  log,
}: {
  readonly promotions: Pick<PromotionStore, 'load' | 'liveRecords'>;
  readonly outbox: Pick<Outbox, 'surface' | 'saveSurface'>;
  readonly hints: Hints;
  readonly nowMs: () => number;
  readonly log: Log;
}): (ended: Pick<Promotion, 'id' | 'app' | 'environment'>) => Promise<void> {
  /** Newest first, from before what cannot be read. */
  const readableRecords = async (app: string, environment: string): Promise<readonly LiveRecord[]> => {
    for (let limit = recordsBack; limit > 0; limit = Math.floor(limit / 2)) {
      const records = await ifReadable(() => promotions.liveRecords(app, environment, limit));
      if (records !== undefined) return records;
    }
    return [];
  };

  const wasPromoted = async (id: string): Promise<boolean> =>
    (await ifReadable(() => promotions.load(id)))?.promotion.phase === 'promoted';

  const redraw = async (promotionId: string): Promise<void> => {
    for (let race = 0; race < saveRaces; race += 1) {
      const surface = await ifReadable(() => outbox.surface(promotionId));
      if (surface?.ts == null) return;
      const atMs = nowMs();
      // One that is owed for later covers what may still arrive until then.
      if (
        await outbox.saveSurface({
          ...surface,
          redrawAtMs: Math.max(surface.redrawAtMs ?? 0, atMs),
          dueAtMs: atMs,
        })
      ) {
        hints.wake(promotionId, atMs);
        return;
      }
    }
    log.error({ promotionId }, 'card of what was live could not be drawn anew');
  };

  return async ({ id: endedId, app, environment }) => {
    const records = await readableRecords(app, environment);
    // Whoever rolled back says so in its newest record, and needs no look.
    const kept = newestOfEach(records).filter(
      ({ promotionId, replaced }) => promotionId !== endedId && replaced === null,
    );
    let cards = 0;
    for (const { promotionId: id } of kept.slice(0, looksBack)) {
      if (!(await wasPromoted(id))) continue;
      await redraw(id);
      cards += 1;
      if (cards === cardsBack) return;
    }
  };
}

function newestOfEach(records: readonly LiveRecord[]): readonly LiveRecord[] {
  const newest = new Map<string, LiveRecord>();
  for (const record of records) {
    if (!newest.has(record.promotionId)) newest.set(record.promotionId, record);
  }
  return [...newest.values()];
}
