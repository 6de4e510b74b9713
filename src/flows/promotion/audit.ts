import { z } from 'zod';
import { PromotionEvent } from './events.ts';
import { Actor } from './promotion.ts';
import { Refusal } from './refusal.ts';

/** One line of the audit: what happened or was refused, hash-chained to the line before it (ALL-11). */
export const AuditEntry = z.strictObject({
  promotionId: z.string(),
  sequence: z.int().positive(),
  atMs: z.int(),
  actor: Actor,
  from: z.string(),
  to: z.string(),
  digest: z.string().nullable(),
  event: z.union([PromotionEvent, z.strictObject({ type: z.literal('promotion.requested') })]),
  /** Why the event was refused; null when it was accepted. */
  refusal: Refusal.nullable(),
  previous: z.string(),
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;
