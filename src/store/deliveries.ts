import { RetryableError } from '../flows/errors.ts';
import { parseReceiptName, type Receipt, type Repeated } from '../flows/receipt.ts';
import { number, text, textOf } from './items.ts';
import { conditions, expiryAttribute, keys } from './table.ts';
import type { Item, Met, Transport, Write } from './transport.ts';

/** How the work that waits for a receipt names it. */
export type Standing =
  /** This very receipt is there, and nobody else took its work before. */
  | 'taken'
  /** It is not there yet, or never will be. */
  | 'absent'
  /** Another attempt at an answer is the one that stands, or somebody took the work already: there is nothing to do. */
  | 'over';

/** The receipt as one write among others; it is refused where an earlier delivery of the same request has left its own. */
export function receiptWrite({ id, mark, expiresAtMs, body }: Receipt): Extract<Write, { does: 'put' }> {
  return {
    does: 'put',
    item: {
      ...keys.delivery(id),
      mark: text(mark),
      answer: text(body),
      [expiryAttribute]: number(Math.ceil(expiresAtMs / 1000)),
    },
    // Whatever may be repeated outside of Slack's window is refused before it comes here, so that no row is too old.
    condition: conditions.absent(),
  };
}

/** The earlier answer, where a write met its receipt. A row that was found under our own mark is ours. */
export function repeatedBy(receipt: Receipt | undefined, met: Met | undefined): Repeated | undefined {
  if (receipt === undefined || met?.refused !== true || isOurs(receipt, met.found)) return undefined;
  const body = met.found === undefined ? undefined : textOf(met.found, 'answer');
  // Of a row that another version of the bot wrote only its being there is known.
  return { outcome: 'repeated', body: body ?? '' };
}

const isOurs = ({ mark }: Receipt, found: Item | undefined) =>
  found !== undefined && textOf(found, 'mark') === mark;

/** Remembers the requests that were decided or passed on, for as long as they could be sent again. */
export function createDeliveries({ transport }: { readonly transport: Transport }) {
  return {
    /** Keeps the receipt of a request that writes nothing else. Throws RetryableError. */
    async keep(receipt: Receipt): Promise<{ readonly outcome: 'kept' } | Repeated> {
      try {
        const kept = await transport.write(receiptWrite(receipt));
        if (kept.outcome === 'written') return { outcome: 'kept' };
        return repeatedBy(receipt, { refused: true, found: kept.found }) ?? { outcome: 'kept' };
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        const { item } = await transport.get(keys.delivery(receipt.id));
        if (item === undefined) throw error;
        return repeatedBy(receipt, { refused: true, found: item }) ?? { outcome: 'kept' };
      }
    },
    /**
     * Takes the work that waits for a receipt, so that a message that comes twice is not obeyed twice. Whoever took it
     * may take it again, by the same name. One conditional write. Throws RetryableError.
     */
    async take(name: string, by: string): Promise<Standing> {
      const { id, mark } = parseReceiptName(name);
      const taken = await transport.write({
        does: 'update',
        key: keys.delivery(id),
        update: { text: 'SET takenBy = :by', values: { ':by': text(by) } },
        condition: {
          text: 'mark = :mark AND (attribute_not_exists(takenBy) OR takenBy = :by)',
          values: { ':mark': text(mark) },
        },
      });
      if (taken.outcome === 'written') return 'taken';
      return taken.found === undefined ? 'absent' : 'over';
    },
  };
}
