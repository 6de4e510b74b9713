import { invalid, tokenMismatch } from './refusals.ts';

const lifeMs = 600_000;
const longestToken = 36;

/** Remembers what was carried out under which token, for ten minutes after the first time. */
export function createRequestTokens(nowMs: () => number) {
  const known = new Map<string, { readonly content: unknown; readonly atMs: number }>();
  return {
    /** Whether this was carried out already. Throws IdempotentParameterMismatchException for other content. */
    wasCarriedOut(token: string | undefined, content: unknown): boolean {
      if (token === undefined) return false;
      if (token.length < 1 || token.length > longestToken)
        throw invalid("Value at 'clientRequestToken' failed to satisfy constraint: length");
      const before = known.get(token);
      if (before === undefined || nowMs() - before.atMs >= lifeMs) return false;
      if (!same(before.content, content)) throw tokenMismatch();
      return true;
    },
    carriedOut(token: string | undefined, content: unknown): void {
      for (const [each, { atMs }] of known) {
        if (nowMs() - atMs < lifeMs) break;
        known.delete(each);
      }
      if (token === undefined) return;
      // Behind the others, where the newest stand.
      known.delete(token);
      known.set(token, { content, atMs: nowMs() });
    },
  };
}

/** Only a repeat is compared, so that remembering costs nothing. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return left.length === right.size && left.every(([name, value]) => same(value, right.get(name)));
}
