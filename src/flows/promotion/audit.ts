import { z } from 'zod';
import { PromotionEvent } from './events.ts';
import { Actor } from './promotion.ts';
import { Refusal } from './refusal.ts';

/** What was asked for, so that the chain itself says what it is about; entries of before it was kept lack it. */
const Requested = z.strictObject({
  type: z.literal('promotion.requested'),
  request: z
    .strictObject({
      kind: z.enum(['promotion', 'rollback']),
      app: z.string(),
      environment: z.string(),
      version: z.string().nullable(),
      reason: z.string().nullable(),
    })
    .optional(),
});

/** One line of the audit: what happened or was refused, hash-chained to the line before it (ALL-11). */
export const AuditEntry = z.strictObject({
  promotionId: z.string(),
  sequence: z.int().positive(),
  atMs: z.int(),
  actor: Actor,
  from: z.string(),
  to: z.string(),
  digest: z.string().nullable(),
  event: z.union([PromotionEvent, Requested]),
  /** Why the event was refused; null when it was accepted. */
  refusal: Refusal.nullable(),
  previous: z.string(),
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** Enough of a hash to be compared by eye: as much as Slack is shown, which keeps it (ALL-11). */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}
