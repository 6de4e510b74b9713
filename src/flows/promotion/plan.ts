import { z } from 'zod';

type Json = z.infer<ReturnType<typeof z.json>>;

/** By hand, because a recursive schema makes the parsing of everything around it several times slower. */
const isJson = (value: unknown): value is Json => {
  if (Array.isArray(value)) return value.every(isJson);
  if (typeof value === 'object') return value === null || Object.values(value).every(isJson);
  return typeof value === 'number'
    ? Number.isFinite(value)
    : typeof value === 'string' || typeof value === 'boolean';
};

/** Settings that belong to one adapter: opaque here, parsed again by the adapter that wrote them. */
const Settings = z.record(z.string(), z.custom<Json>(isJson));

/** A gate, check or reading as the configuration asks for it; `kind` picks the adapter. */
export const CheckSpec = z.strictObject({
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  /** Proves which release is there: a failure is never excused because it failed before as well. */
  essential: z.boolean(),
  settings: Settings,
});
export type CheckSpec = z.infer<typeof CheckSpec>;

/**
 * What one look said. `inconclusive` is never a pass (ALL-13). `pending` is data that cannot be there yet.
 * `stale` says that the release before this one was seen, which a cache may still show for a while.
 */
export const CheckResult = z.strictObject({
  id: z.string(),
  title: z.string(),
  outcome: z.enum(['passed', 'failed', 'inconclusive', 'pending', 'stale']),
  /** One sentence for the channel, naming what was expected and what was found. Foreign text unescaped. */
  text: z.string(),
  link: z.string().nullable(),
  /** An alarm that fired: rolls back at once instead of waiting for a second reading. */
  urgent: z.boolean(),
  /**
   * What fails: for each its name, `@`, and what is its own as long as it goes on failing. Left out where the text alone
   * tells.
   */
  signs: z.array(z.string()).exactOptional(),
});
export type CheckResult = z.infer<typeof CheckResult>;

/** The immutable thing promoted. `artifact` identifies its content, not its name. */
export const Release = z.strictObject({
  version: z.string(),
  commit: z
    .strictObject({ sha: z.string(), author: z.string(), message: z.string(), url: z.string() })
    .nullable(),
  artifact: z.string(),
});
export type Release = z.infer<typeof Release>;

const stepBase = {
  id: z.string(),
  /** In the imperative, for the card: "Switch production to green". */
  title: z.string(),
  pollSeconds: z.int().positive(),
  deadlineSeconds: z.int().positive(),
  typicalSeconds: z.int().min(0),
  settings: Settings,
};

/**
 * One action of the plan on one target, known by what it can do and never by target kind.
 * `compare-and-set`: the provider refuses it unless the claimed precondition holds.
 * `idempotent`: repeating it with the claimed token does nothing more.
 * `hold`: neither; a repeat may reappear and is held off by time.
 * `settle` acts on nothing: it waits until the provider has finished.
 */
export const Step = z.discriminatedUnion('does', [
  z.strictObject({ ...stepBase, does: z.literal('backup'), fence: z.literal('idempotent') }),
  z.strictObject({ ...stepBase, does: z.literal('deploy'), fence: z.enum(['compare-and-set', 'hold']) }),
  z.strictObject({ ...stepBase, does: z.literal('shift'), fence: z.enum(['compare-and-set', 'hold']) }),
  z.strictObject({ ...stepBase, does: z.literal('invalidate'), fence: z.literal('idempotent') }),
  z.strictObject({ ...stepBase, does: z.literal('settle'), fence: z.literal('none') }),
]);
export type Step = z.infer<typeof Step>;

/** A step of the way back, carried out if any step it undoes was claimed; an empty list means always. */
export const RollbackStep = z.strictObject({ undoes: z.array(z.string()), step: Step });
export type RollbackStep = z.infer<typeof RollbackStep>;

/** One line of "what will change" or "what is at risk", ready for the card. */
const Lines = z.array(z.string());

/** What a target found when it was looked at, and what it would do: everything that the plan needs from it. */
export const Analysis = z.strictObject({
  /** What production shows now; the release that a rollback goes back to. */
  live: z.strictObject({ release: Release, place: z.string() }),
  /** What would be live afterwards. */
  candidate: z.strictObject({ release: Release, place: z.string() }),
  /** Of the target's configuration apart from what this plan changes: a difference is somebody else's change. */
  fingerprint: z.string(),
  /** Everything that is locked while the plan is carried out. */
  resources: z.array(z.string()),
  changes: Lines,
  risks: Lines,
  steps: z.array(Step),
  rollback: z.array(RollbackStep),
  /** What a person can do by hand if the rollback itself fails (ALL-7). */
  byHand: Lines,
  links: z.array(z.strictObject({ label: z.string(), url: z.string() })),
});
export type Analysis = z.infer<typeof Analysis>;

/** What `pipeline.yml` says of one environment's target, gates, checks and readings, pinned when requested. */
export const Definition = z.strictObject({
  repository: z.string().nullable(),
  /** As whom the target and the checks are reached; left out, as the bot itself. */
  role: z.string().optional(),
  target: z.strictObject({ kind: z.string(), settings: Settings }),
  /** Before approval and again before the first change. */
  gates: z.array(CheckSpec),
  /** After the change and after a rollback. */
  checks: z.array(CheckSpec),
  /** Every interval of the watch. */
  readings: z.array(CheckSpec),
});
export type Definition = z.infer<typeof Definition>;

/** Everything the approvers sign. Its digest binds their approvals (ALL-3). */
export const Plan = z.strictObject({
  analysis: Analysis,
  /** Gate and validation results at planning time. */
  results: z.array(CheckResult),
  /**
   * What already failed on production before anything changed, by its signs or in its words: the same failure is not
   * blamed on the release (ALL-13), another one of the same check is.
   */
  failingBefore: z.array(
    z.strictObject({
      id: z.string(),
      title: z.string(),
      text: z.string(),
      signs: z.array(z.string()).exactOptional(),
    }),
  ),
});
export type Plan = z.infer<typeof Plan>;
