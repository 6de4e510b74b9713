import { createHash } from 'node:crypto';
import { RetryableError } from '../flows/errors.ts';
import type { PromotionStore } from '../flows/ports.ts';
import { chainRefusal } from '../flows/promotion/refusal-chain.ts';
import { bodyOf, parseChained, text, textOf } from './items.ts';
import { conditions, keys, partitions } from './table.ts';
import type { Transport, Write } from './transport.ts';

/** Each lost race is somebody else's refusal recorded; more than this many at once and the click is answered with an error. */
const races = 100;

const sha256 = (value: string) => createHash('sha256').update(value).digest('hex');

/**
 * Appends to a promotion's chain of refusals, which has a partition of its own: however many clicks are refused, the
 * promotion's rows are neither read nor written. Throws RetryableError, and UnreadableError when the newest one is not
 * readable.
 */
export function createRefusalRecorder(deps: {
  readonly transport: Transport;
  readonly nonce: () => string;
}): PromotionStore['recordRefusal'] {
  const { transport, nonce } = deps;
  const busy = (promotionId: string) =>
    new RetryableError('store.contended', 'Too many refusals at once.', { data: { promotionId } });

  const append = async (write: Extract<Write, { does: 'put' }>) => {
    try {
      return await transport.write(write);
    } catch (error) {
      if (!(error instanceof RetryableError) || error.code !== 'store.ambiguous') throw error;
      return { outcome: 'unknown' as const, error };
    }
  };

  return async (promotion, entry) => {
    const tx = nonce();
    const { items } = await transport.query({
      where: partitions.refusals(promotion.id),
      newestFirst: true,
      limit: 1,
    });
    let before = items[0] === undefined ? undefined : parseChained(items[0]);
    for (let race = 0; race < races; race += 1) {
      const chained = chainRefusal(before, promotion, entry, sha256);
      const key = keys.refusal(promotion.id, chained.sequence);
      const item = { ...key, tx: text(tx), ...bodyOf(chained) };
      const answer = await append({ does: 'put', item, condition: conditions.absent() });
      if (answer.outcome === 'written') return;
      // Somebody was first, or our own answer was lost: what is there now tells, and comes before ours.
      const there =
        (answer.outcome === 'refused' ? answer.found : undefined) ?? (await transport.get(key)).item;
      if (there === undefined) throw answer.outcome === 'unknown' ? answer.error : busy(promotion.id);
      if (textOf(there, 'tx') === tx) return;
      before = parseChained(there);
    }
    throw busy(promotion.id);
  };
}
