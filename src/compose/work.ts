import { z } from 'zod';
import { Errand } from '../bot/errands.ts';

/** Another try follows only so often; after that the due index and the sweep bring it back. */
const tries = z.int().min(0).default(0);

/** Everything that stands in the queue. Losing a message costs time and nothing else; a second one does no harm. */
export const Work = z.discriminatedUnion('does', [
  /** Tick a promotion and show it, or tell a notice. */
  z.strictObject({
    does: z.literal('look'),
    /** A promotion's id, or a notice's. */
    promotionId: z.string().min(1).max(300),
    /** The promotion's as of the write that this was sent beside; null where nothing was written. */
    revision: z.int().nullable(),
    /** An alarm has fired: what is watched is read now, and not when its next reading is due. */
    alarmed: z.boolean().default(false),
    tries,
  }),
  /** Something to say or to do for a person, after their request was acknowledged. */
  z.strictObject({
    does: z.literal('errand'),
    errand: Errand,
    /** Only once the row of this delivery is there, which the transaction writes that decided the request. */
    receipt: z.string().nullable(),
    tries,
  }),
  /** Look at the rows that cannot be read, and tell of them. */
  z.strictObject({ does: z.literal('held') }),
]);
export type Work = z.infer<typeof Work>;
export type WorkThat<Does extends Work['does']> = Extract<Work, { does: Does }>;

/** A message as it came from the queue; undefined for one that is none of ours. */
export function parseWork(body: string): Work | undefined {
  try {
    return Work.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
