import type { Outbox } from '../flows/ports.ts';
import { bodyOf, number, numberOf, parseAnnouncement, parseSurface } from './items.ts';
import { oldestFirst } from './promotions.ts';
import { dueBy, dueShards, dueValues, indexes, keys, partitions, removeDue, setDue } from './table.ts';
import type { Expression, Transport } from './transport.ts';

/** What is still to be shown: one surface per promotion, and its announcements in their order. */
export function createOutbox({ transport }: { readonly transport: Transport }): Outbox {
  return {
    async dueSurfaces(limit) {
      const { nowMs } = await transport.get(keys.clock());
      const found = await Promise.all(
        dueShards.map((shard) =>
          transport.query({ index: indexes.due, where: dueBy('SHOW', shard, nowMs), limit }),
        ),
      );
      return { ids: oldestFirst(found.flatMap(({ items }) => items)).slice(0, limit), nowMs };
    },
    async surface(promotionId) {
      const { item } = await transport.get(keys.surface(promotionId));
      return item === undefined
        ? undefined
        : { ...parseSurface(item), revision: numberOf(item, 'revision') ?? 0 };
    },
    async saveSurface(surface) {
      const key = keys.surface(surface.promotionId);
      const { revision, ...body } = surface;
      const unchanged: Expression = {
        text: 'revision = :expected',
        values: { ':expected': number(revision) },
      };
      const fields = bodyOf(body);
      const values = { ':body': fields['body'] ?? number(0), ':next': number(revision + 1) };
      const update = (due: string, also = {}): Expression => ({
        text: `SET body = :body, revision = :next${due}`,
        values: { ...values, ...also },
      });
      if (surface.dueAtMs !== null) {
        const dueAt = update(`, ${setDue}`, dueValues('SHOW', surface.promotionId, surface.dueAtMs));
        return (
          (await transport.write({ does: 'update', key, update: dueAt, condition: unchanged })).outcome ===
          'written'
        );
      }
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
        update: update(` REMOVE ${removeDue}`),
        condition: nothingNew,
      });
      if (settled.outcome === 'written') return true;
      // A promotion was saved since this was drawn: what it set due has to stay due.
      return (
        (await transport.write({ does: 'update', key, update: update(''), condition: unchanged })).outcome ===
        'written'
      );
    },
    async announcements(promotionId, after, limit) {
      const { items } = await transport.query({
        where: partitions.announcementsAfter(promotionId, after),
        limit,
      });
      return items.map(parseAnnouncement);
    },
  };
}
