import { createHash } from 'node:crypto';
import { RetryableError } from '../flows/errors.ts';
import type { PromotionStore } from '../flows/ports.ts';
import { chainRefusal } from '../flows/promotion/refusal-chain.ts';
import type { Receipt, Repeated } from '../flows/receipt.ts';
import { receiptWrite, repeatedBy } from './deliveries.ts';
import { bodyOf, parseChained, text, textOf } from './items.ts';
import { conditions, keys, partitions } from './table.ts';
import type { Item, Transport, Write } from './transport.ts';

/** Each lost race is somebody else's refusal recorded; more than this many at once and the click is answered with an error. */
const races = 100;

const sha256 = (value: string) => createHash('sha256').update(value).digest('hex');

type Recorder = Pick<PromotionStore, 'newestRefusal' | 'recordRefusal'>;

/**
 * Appends to a promotion's chain of refusals, which has a partition of its own: however many clicks are refused, the
 * promotion's rows are neither read nor written. Throws RetryableError, and UnreadableError when the newest one is not
 * readable.
 */
export function createRefusalRecorder(deps: {
  readonly transport: Transport;
  readonly nonce: () => string;
}): Recorder {
  const { transport, nonce } = deps;
  const busy = (promotionId: string) =>
    new RetryableError('store.contended', 'Too many refusals at once.', { data: { promotionId } });

  /** What stands under the refusal's key, where it is not known to be ours. */
  type Appended =
    | { readonly outcome: 'written' }
    | Repeated
    | { readonly outcome: 'refused'; readonly found: Item | undefined }
    | { readonly outcome: 'unknown'; readonly error: RetryableError };

  const append = async (write: Extract<Write, { does: 'put' }>, receipt: Receipt | undefined) => {
    if (receipt === undefined) return transport.write(write);
    const answer = await transport.transact([write, receiptWrite(receipt)], nonce());
    if (answer.outcome === 'written') return answer;
    const [appended, kept] = answer.met;
    return repeatedBy(receipt, kept) ?? ({ outcome: 'refused', found: appended?.found } as const);
  };
  const appendOnce: (...write: Parameters<typeof append>) => Promise<Appended> = async (write, receipt) => {
    try {
      return await append(write, receipt);
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
      // One write that is not known to have failed; a transaction never says whether it has.
      if (receipt === undefined && error.code !== 'store.ambiguous') throw error;
      return { outcome: 'unknown', error };
    }
  };

  const newestRefusal: Recorder['newestRefusal'] = async (promotionId) => {
    const { items } = await transport.query({
      where: partitions.refusals(promotionId),
      newestFirst: true,
      limit: 1,
    });
    return items[0] === undefined ? null : parseChained(items[0]);
  };

  return {
    newestRefusal,
    async recordRefusal(promotion, entry, { before: known, receipt } = {}) {
      const tx = nonce();
      let before = known === undefined ? await newestRefusal(promotion.id) : known;
      for (let race = 0; race < races; race += 1) {
        const chained = chainRefusal(before ?? undefined, promotion, entry, sha256);
        const key = keys.refusal(promotion.id, chained.sequence);
        const item = { ...key, tx: text(tx), ...bodyOf(chained) };
        const answer = await appendOnce({ does: 'put', item, condition: conditions.absent() }, receipt);
        if (answer.outcome === 'written') return { outcome: 'recorded' };
        if (answer.outcome === 'repeated') return answer;
        // Somebody was first, or our own answer was lost: what is there now tells, and comes before ours.
        const there =
          (answer.outcome === 'refused' ? answer.found : undefined) ?? (await transport.get(key)).item;
        if (there === undefined) throw answer.outcome === 'unknown' ? answer.error : busy(promotion.id);
        if (textOf(there, 'tx') === tx) return { outcome: 'recorded' };
        before = parseChained(there);
      }
      throw busy(promotion.id);
    },
  };
}
