import { z } from 'zod';

/** Who may do something: people by id and members of user groups by id. Two empty lists mean nobody. */
export const Audience = z.strictObject({
  people: z.array(z.string()),
  groups: z.array(z.string()),
});
export type Audience = z.infer<typeof Audience>;

/**
 * The rules one promotion lives by, pinned from `pipeline.yml` when it is requested, so that a later edit of the
 * file changes no promotion under way. All durations in seconds.
 */
export const Policy = z.strictObject({
  /** Who may ask for a promotion; `members` is every full member of the workspace. */
  promoters: z.union([z.literal('members'), Audience]),
  approvals: z.strictObject({
    required: z.int().min(0),
    from: Audience,
    expiresAfterSeconds: z.int().positive(),
    /** From the last approval to the first change, with a Cancel button (ALL-4). */
    waitSeconds: z.int().min(0),
  }),
  rollback: z.strictObject({
    approvals: z.int().min(0),
    from: z.union([z.literal('members'), Audience]),
  }),
  verification: z.strictObject({
    /** Passing probes in a row that end verification (SITE-7). */
    probes: z.int().positive(),
    intervalSeconds: z.int().min(0),
    /** How long the old version may still be seen before it counts as a failure. */
    graceSeconds: z.int().min(0),
  }),
  monitoring: z.strictObject({
    soakSeconds: z.int().min(0),
    intervalSeconds: z.int().positive(),
    /** Unhealthy readings in a row that roll back; an alarm in ALARM rolls back at once. */
    unhealthyReadings: z.int().positive(),
    /** Inconclusive time after which on-call is asked (ALL-13). */
    patienceSeconds: z.int().min(0),
    /** How long on-call has to answer. */
    answerWithinSeconds: z.int().positive(),
    /** What silence means: after the first change. */
    withoutAnswer: z.enum(['roll-back', 'continue']),
  }),
  /** How long analysis, validation and the gate may be held up by an unreachable service before they stop. */
  troubleLimitSeconds: z.int().positive(),
  onCall: z.strictObject({
    people: z.array(z.string()),
    groups: z.array(z.string()),
    /** Null: only the promotion's own channel. */
    channel: z.string().nullable(),
  }),
  channel: z.string(),
});
export type Policy = z.infer<typeof Policy>;
