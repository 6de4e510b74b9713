import { RetryableError } from '../flows/errors.ts';
import { textOf } from './items.ts';
import { keys, partitions } from './table.ts';
import type { Item, Transport } from './transport.ts';

/** A promotion and both its chains as they lie in the table: no schema was asked, since they may have been tampered with. */
export interface AuditRecords {
  readonly promotion: unknown;
  readonly entries: readonly unknown[];
  readonly refusals: readonly unknown[];
}

/** How often a promotion that was saved while it was read is read again. */
const races = 5;

/** Reads the evidence of one promotion, all of it from between two saves. Throws RetryableError. */
export function createAuditRecords({ transport }: { readonly transport: Transport }) {
  const bodies = async (partition: 'audit' | 'refusals', promotionId: string) => {
    const { items } = await transport.query({ where: partitions[partition](promotionId) });
    return items.map(body);
  };
  return {
    async read(promotionId: string): Promise<AuditRecords | undefined> {
      const key = keys.promotion(promotionId);
      let { item } = await transport.get(key);
      for (let race = 0; race < races; race += 1) {
        if (item === undefined) return undefined;
        const entries = await bodies('audit', promotionId);
        const refusals = await bodies('refusals', promotionId);
        // The same save before and after: no entry was written in between.
        const { item: again } = await transport.get(key);
        if (again !== undefined && textOf(again, 'tx') === textOf(item, 'tx')) {
          return { promotion: body(item), entries, refusals };
        }
        item = again;
      }
      throw new RetryableError(
        'store.contended',
        'The promotion was saved again and again while it was read.',
      );
    },
  };
}

/** A body that is no JSON is evidence as well: handed on as the text that it is. */
function body(item: Item): unknown {
  const written = textOf(item, 'body') ?? '';
  try {
    return JSON.parse(written);
  } catch {
    return written;
  }
}
