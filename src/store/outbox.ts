import { RetryableError, UnreadableError } from '../flows/errors.ts';
import type { Outbox, Surface } from '../flows/ports.ts';
import type { StoredAnnouncement } from '../flows/promotion/announcements.ts';
import { dueIds } from './due.ts';
import { bodyOf, number, numberOf, parseAnnouncement, parseSurface, text, textOf } from './items.ts';
import { duePartition, dueValues, keys, partitions, removeDue, setDue } from './table.ts';
import type { Expression, Item, Transport } from './transport.ts';

/** What is still to be shown: one surface per promotion, and its announcements in their order. */
export function createOutbox({
  transport,
  nonce,
}: {
  readonly transport: Transport;
  /** A new random text each time; names one write. */
  readonly nonce: () => string;
}): Outbox {
  const write = async (surface: Surface, restUntilMs: number | undefined, tx: string): Promise<boolean> => {
    const { promotionId } = surface;
    const key = keys.surface(promotionId);
    const { revision, ...body } = surface;
    const unchanged: Expression = { text: 'revision = :expected', values: { ':expected': number(revision) } };
    const values: Item = {
      ':body': bodyOf(body)['body'] ?? text(''),
      ':next': number(revision + 1),
      ':tx': text(tx),
    };
    const update = (due: string, also: Item = {}): Expression => ({
      text: `SET body = :body, revision = :next, tx = :tx${due}`,
      values: { ...values, ...also },
    });
    if (surface.dueAtMs !== null) {
      const dueAt = update(`, ${setDue}`, dueValues('SHOW', promotionId, surface.dueAtMs));
      return (
        (await transport.write({ does: 'update', key, update: dueAt, condition: unchanged })).outcome ===
        'written'
      );
    }
    const resting =
      restUntilMs === undefined
        ? update(` REMOVE ${removeDue}`)
        : update(`, ${setDue}`, dueValues('SHOW', promotionId, restUntilMs));
    const nothingNew: Expression = {
      text: `${unchanged.text} AND wantedRevision <= :drawn AND wantedSequence <= :told`,
      values: {
        ...unchanged.values,
        ':drawn': number(surface.drawnRevision),
        ':told': number(surface.toldSequence),
      },
    };
    const settled = await transport.write({
      does: 'update',
      key,
      update: resting,
      condition: nothingNew,
    });
    if (settled.outcome === 'written') return true;
    // A promotion was saved since this was drawn: it is due at the time which that save set.
    const woken = update(`, duePk = :duePk, dueSk = wakeSk`, duePartition(promotionId));
    return (
      (await transport.write({ does: 'update', key, update: woken, condition: unchanged })).outcome ===
      'written'
    );
  };

  return {
    dueSurfaces: (limit, except) => dueIds(transport, 'SHOW', limit, except),
    async surface(promotionId) {
      const { item } = await transport.get(keys.surface(promotionId));
      return item === undefined
        ? undefined
        : { ...parseSurface(item), revision: numberOf(item, 'revision') ?? 0 };
    },
    async saveSurface(surface, restUntilMs) {
      const tx = nonce();
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await write(surface, restUntilMs, tx);
        } catch (error) {
          if (!(error instanceof RetryableError) || attempt >= 3) throw error;
          // The answer was lost: a timestamp that Slack gave must not be lost with it.
          const { item } = await transport.get(keys.surface(surface.promotionId));
          if (item !== undefined && textOf(item, 'tx') === tx) return true;
        }
      }
    },
    async announcements(promotionId, after, limit) {
      const { items } = await transport.query({
        where: partitions.announcementsAfter(promotionId, after),
        limit,
      });
      return readableFrom(items);
    },
  };
}

/** What comes before one that cannot be read is told first. Throws UnreadableError when that is the next. */
function readableFrom(items: readonly Item[]): StoredAnnouncement[] {
  const read: StoredAnnouncement[] = [];
  for (const item of items) {
    try {
      read.push(parseAnnouncement(item));
    } catch (error) {
      if (!(error instanceof UnreadableError) || read.length === 0) throw error;
      return read;
    }
  }
  return read;
}
