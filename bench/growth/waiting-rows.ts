import { createOutbox } from '../../src/store/outbox.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import { dueKey, keys, listKey } from '../../src/store/table.ts';
import type { Item } from '../../src/store/transport.ts';
import { walkTo } from '../../test/flows/promotion/walk.ts';
import { createTableModel } from '../../test/simulation/table-model.ts';
import { tableName } from './metered-bot.ts';

const id = 'waiting';
const apps = 200;

/**
 * What so many promotions waiting for approval leave in the table: promotion, card and audit entry each, over two
 * hundred apps. One is written by the store; the others have its size and keys of their own. None is due before
 * `dueAtMs`.
 */
export async function waitingRows(dueAtMs: number): Promise<(nth: number) => readonly Item[]> {
  const { promotion } = walkTo('awaiting-approval');
  const table = createTableModel({ nowMs: () => promotion.nowMs });
  const transport = createSdkTransport({ client: table.client, tableName, pause: async () => {} });
  const nonce = () => 'a-nonce-of-the-usual-length-0123456789'.slice(0, 36);
  const store = createPromotionStore({ transport, nonce });
  const outbox = createOutbox({ transport, nonce });
  await store.create({
    promotion: { ...promotion, id, revision: 1 },
    audit: [],
    announcements: [],
    locks: null,
    handedOver: null,
    live: null,
  });
  const surface = await outbox.surface(id);
  if (surface === undefined) throw new Error('a promotion without a card');
  const drawn = { ts: '1.1', drawnRevision: 1, toldSequence: promotion.announced, dueAtMs: null };
  await outbox.saveSurface({ ...surface, ...drawn });
  const written = (key: Item) => {
    const { pk, sk, duePk, dueSk, listPk, listSk, ...rest } = table.row(key) ?? {};
    return rest;
  };
  const [meta, card] = [written(keys.promotion(id)), written(keys.surface(id))];
  return (nth) => {
    const own = `waiting-${nth}`;
    return [
      {
        ...meta,
        ...keys.promotion(own),
        ...listKey(`app-${nth % apps}`, 'production', promotion.requestedAtMs + nth, own),
        ...dueKey('DUE', own, dueAtMs + nth),
      },
      { ...card, ...keys.surface(own) },
    ];
  };
}
