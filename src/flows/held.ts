import { z } from 'zod';
import { UnreadableError } from './errors.ts';

/** One row of the store that cannot be read, with what its attributes still say. Nobody guesses the rest. */
export const UnreadableRow = z.strictObject({
  kind: z.enum(['promotion', 'surface', 'announcement', 'notice', 'audit', 'refusal', 'live', 'lock']),
  /** The promotion or notice; for `live` "app#environment", for `lock` the name of what it locks. */
  id: z.string(),
  /** Which announcement or audit entry. */
  sequence: z.int().nullable(),
  /** `store.newer-schema`, `store.row-missing` or `store.unreadable`. */
  code: z.string(),
  app: z.string().nullable(),
  environment: z.string().nullable(),
  phase: z.string().nullable(),
  schema: z.number().nullable(),
  revision: z.number().nullable(),
  dueAtMs: z.number().nullable(),
});
export type UnreadableRow = z.infer<typeof UnreadableRow>;

/** The row that an error is about; undefined where it names none. */
export function rowOf(error: unknown): UnreadableRow | undefined {
  return error instanceof UnreadableError ? UnreadableRow.safeParse(error.data['row']).data : undefined;
}

export const newerSchema = 'store.newer-schema';
export const rowMissing = 'store.row-missing';

/** What is known of a row that says nothing of itself. */
export const bareRow: Omit<UnreadableRow, 'kind' | 'id' | 'code'> = {
  sequence: null,
  app: null,
  environment: null,
  phase: null,
  schema: null,
  revision: null,
  dueAtMs: null,
};

/** A row that is held: left exactly as it is, and told to people once. */
export const HeldBody = z.strictObject({
  row: UnreadableRow,
  sinceMs: z.int(),
  /** It needs no holding any more, which is still to be told where the holding was told. */
  over: z.enum(['readable', 'gone']).nullable(),
  /** Channels that still have to hear it; null until somebody worked out which. */
  untold: z.array(z.string()).nullable(),
  told: z.array(z.string()),
  /** Posts whose arrival nobody knows; each makes the next one rarer. */
  unsure: z.int(),
  /** When it is looked at again, or its next message is due. */
  dueAtMs: z.int(),
});
/** `revision` is for compare-and-set. */
export type Held = z.infer<typeof HeldBody> & { readonly revision: number };

export type LookAtHeld =
  | { readonly outcome: 'readable' }
  /** Nobody comes across it any more. */
  | { readonly outcome: 'gone' }
  | { readonly outcome: 'unreadable'; readonly row: UnreadableRow };

export interface Whereabouts {
  readonly app: string | null;
  readonly environment: string | null;
  /** Where its promotion's messages go. */
  readonly channel: string | null;
}

/** What is held, kept apart from the rows themselves, which nobody touches. Throws RetryableError. */
export interface HeldRows {
  /** Notes that a row cannot be read; one that is noted already stays as it is. */
  hold(row: UnreadableRow, nowMs: number): Promise<void>;
  due(limit: number): Promise<{ readonly held: readonly Held[]; readonly nowMs: number }>;
  /** The new revision of it, or undefined when somebody else changed it first. */
  save(held: Held): Promise<Held | undefined>;
  /** It is held no longer and everything was told; false when somebody else changed it first. */
  end(held: Held): Promise<boolean>;
  /** Reads the row itself once more. */
  look(row: UnreadableRow): Promise<LookAtHeld>;
  /** What other rows say of where it belongs. */
  whereabouts(row: UnreadableRow): Promise<Whereabouts>;
  /** The key under which a person finds it in the table, as JSON. */
  keyOf(row: UnreadableRow): string;
}
