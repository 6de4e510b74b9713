import { bodyOf, number, parseAnswer, textOf } from './items.ts';
import { expiryAttribute, keys } from './table.ts';
import type { Transport } from './transport.ts';

export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Remembers the requests that were let in, so that a replayed one does nothing and gets the first one's answer. Rows
 * expire by themselves; DynamoDB may take days to delete them, so their time is looked at as well.
 */
export function createDeliveries({ transport }: { readonly transport: Transport }) {
  const expiryOf = (nowMs: number, ttlSeconds: number) => Math.ceil(nowMs / 1000) + ttlSeconds;
  return {
    async claim(
      hash: string,
      ttlSeconds: number,
    ): Promise<
      { readonly outcome: 'first' } | { readonly outcome: 'repeat'; readonly answer: StoredAnswer | null }
    > {
      const { nowMs } = await transport.get(keys.clock());
      const claimed = await transport.write({
        does: 'put',
        item: { ...keys.delivery(hash), [expiryAttribute]: number(expiryOf(nowMs, ttlSeconds)) },
        condition: {
          text: `attribute_not_exists(${expiryAttribute}) OR ${expiryAttribute} < :now`,
          values: { ':now': number(Math.floor(nowMs / 1000)) },
        },
      });
      if (claimed.outcome === 'written') return { outcome: 'first' };
      const answered = claimed.found !== undefined && textOf(claimed.found, 'body') !== undefined;
      return {
        outcome: 'repeat',
        answer: answered && claimed.found !== undefined ? parseAnswer(claimed.found) : null,
      };
    },
    async complete(hash: string, answer: StoredAnswer): Promise<void> {
      const key = keys.delivery(hash);
      const body = bodyOf(answer)['body'] ?? number(0);
      await transport.write({
        does: 'update',
        key,
        update: { text: 'SET body = :body', values: { ':body': body } },
        condition: { text: `attribute_exists(${expiryAttribute})` },
      });
    },
  };
}
