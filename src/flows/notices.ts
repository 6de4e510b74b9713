import { z } from 'zod';
import { Audience } from './promotion/policy.ts';
import { UnlockEntry } from './unlock.ts';

/** What is told to an environment's channels apart from any promotion's card. */
export const Notice = z.strictObject({
  id: z.string(),
  topic: z.literal('unlock'),
  entry: UnlockEntry,
  channel: z.string(),
  onCall: z.strictObject({ ...Audience.shape, channel: z.string().nullable() }),
});
export type Notice = z.infer<typeof Notice>;

/** How far the telling of a notice has come. */
export interface NoticeState {
  readonly notice: Notice;
  /** How many of its messages have arrived. */
  readonly told: number;
  /** Set while a message is on its way; one that is never confirmed is repeated after this time. */
  readonly postingUntilMs: number | null;
  /** Null when everything is told. */
  readonly dueAtMs: number | null;
  /** For compare-and-set. */
  readonly revision: number;
}

const prefix = 'notice:';

export function unlockNoticeId({ app, environment, sequence }: UnlockEntry): string {
  return `${prefix}unlock:${app}#${environment}:${sequence}`;
}

/** Notices are due among the surfaces of promotions; their ids tell them apart. */
export function isNoticeId(id: string): boolean {
  return id.startsWith(prefix);
}
