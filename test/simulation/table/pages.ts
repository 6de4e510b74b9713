import { type Entry, firstIndex, order, type Position } from './rows.ts';

const mostPageBytes = 1024 * 1024;

interface Page {
  readonly entries: readonly Entry[];
  readonly bytes: number;
  /** Whether reading stopped before the end of the range was seen. */
  readonly more: boolean;
}

/** One page of a query: what lies in the range behind the starting key, up to the limit or a megabyte. */
export function pageOf(
  all: readonly Entry[],
  wanted: {
    readonly range: { where(sort: string): number };
    readonly after: Position | undefined;
    readonly forward: boolean;
    readonly limit: number;
  },
): Page {
  const { range, after, forward, limit } = wanted;
  // Bounds of the range, then of what lies behind the starting key in the direction of reading.
  let low = firstIndex(all, ({ sort }) => range.where(sort) >= 0);
  let high = firstIndex(all, ({ sort }) => range.where(sort) > 0);
  if (after !== undefined && forward)
    low = Math.max(
      low,
      firstIndex(all, (each) => order(each, after) > 0),
    );
  if (after !== undefined && !forward)
    high = Math.min(
      high,
      firstIndex(all, (each) => order(each, after) >= 0),
    );
  const entries: Entry[] = [];
  let bytes = 0;
  for (let step = 0; step < high - low; step += 1) {
    const entry = all[forward ? low + step : high - 1 - step];
    if (entry === undefined) break;
    entries.push(entry);
    bytes += entry.bytes;
    if (entries.length >= limit || bytes >= mostPageBytes) return { entries, bytes, more: true };
  }
  return { entries, bytes, more: false };
}
