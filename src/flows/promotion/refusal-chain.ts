import { z } from 'zod';
import type { Hash, RefusalHead } from '../ports.ts';
import { AuditEntry } from './audit.ts';
import { auditHash } from './change.ts';
import type { Promotion } from './promotion.ts';

/** Where a chain stands: the number of its newest entry, and that entry's hash; 0 and nothing before the first. */
export const ChainHead = z.strictObject({ sequence: z.int().min(0), hash: z.string() });
export type ChainHead = z.infer<typeof ChainHead>;

/**
 * One refused click, chained to the refusal before it and tied to the saved promotion that it was decided on (ALL-11).
 * A chain of its own, because a refusal must not change the promotion: one that has ended never changes again.
 */
export const RefusalEntry = z.strictObject({
  ...AuditEntry.shape,
  /** Where the promotion's own chain stood. */
  after: ChainHead,
});
export type RefusalEntry = z.infer<typeof RefusalEntry>;

/** The refusal as the one after `before`. Of two refused at once the later one takes the later time. */
export function chainRefusal(
  before: RefusalHead | undefined,
  promotion: Promotion,
  entry: Omit<AuditEntry, 'sequence' | 'previous' | 'hash'>,
  hash: Hash,
): RefusalEntry {
  const unsealed = {
    ...entry,
    atMs: Math.max(entry.atMs, before?.atMs ?? 0),
    sequence: (before?.sequence ?? 0) + 1,
    after: { sequence: promotion.audit.sequence, hash: promotion.audit.head },
    previous: before?.hash ?? '',
  };
  return { ...unsealed, hash: auditHash(unsealed, hash) };
}
