import { createHash, randomUUID } from 'node:crypto';
import type { Hash } from '../flows/ports.ts';
import { createBudget } from '../store/budget.ts';
import { createDeliveries } from '../store/deliveries.ts';
import { createDueIndex } from '../store/due.ts';
import { createHeldRows } from '../store/held.ts';
import { createLocks } from '../store/locks.ts';
import { createNotices } from '../store/notices.ts';
import { createOutbox } from '../store/outbox.ts';
import { createPromotionStore } from '../store/promotions.ts';
import type { Transport } from '../store/transport.ts';
import { withStoreClock } from './store-clock.ts';

export const sha256: Hash = (text) => createHash('sha256').update(text).digest('hex');

const nonce = () => randomUUID();

/** Everything that is kept in the table, and its clock, over whichever transport reaches it. */
export function buildStore(reached: Transport) {
  const { transport, clock } = withStoreClock(reached);
  return {
    clock,
    promotions: createPromotionStore({ transport, nonce }),
    outbox: createOutbox({ transport, nonce }),
    deliveries: createDeliveries({ transport }),
    budget: createBudget({ transport }),
    dueIndex: createDueIndex({ transport }),
    held: createHeldRows({ transport, nonce }),
    locks: createLocks({ transport, nonce, hash: sha256 }),
    notices: createNotices({ transport, nonce }),
  };
}

export type Store = ReturnType<typeof buildStore>;
