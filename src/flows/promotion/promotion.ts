import { z } from 'zod';
import { Analysis, CheckResult, Definition, Plan, Release } from './plan.ts';
import { Policy } from './policy.ts';

/** A person as Slack names them; display names are never used to decide anything. */
export const Person = z.strictObject({ teamId: z.string(), userId: z.string() });
export type Person = z.infer<typeof Person>;

/** Who or what caused an event. `system` is the bot carrying out what was decided. */
export const Actor = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('person'), person: Person }),
  z.strictObject({ kind: z.literal('system') }),
]);
export type Actor = z.infer<typeof Actor>;

/** What a person asked for, written down at once and settled by the next tick, which reads their rights anew. */
export const PersonClaim = z.strictObject({
  id: z.string(),
  does: z.enum(['request', 'approve', 'reject', 'cancel', 'roll-back', 'answer', 'retry', 'resolve']),
  person: Person,
  atMs: z.int(),
  /** The person's own words; foreign text. */
  reason: z.string().nullable(),
  /** Only for `answer`. */
  answer: z.enum(['continue', 'roll-back']).nullable(),
});
export type PersonClaim = z.infer<typeof PersonClaim>;

export const Approval = z.strictObject({
  person: Person,
  atMs: z.int(),
  /** Why the person was allowed, for the audit: "named", or the group. */
  evidence: z.string(),
});
export type Approval = z.infer<typeof Approval>;

/** The write-ahead record of one act: saved before the call, holds what the call is conditional on. */
export const StepClaim = z.strictObject({
  /** The same for every attempt of one step of one promotion in one direction: markers and caller references. */
  key: z.string(),
  attempt: z.int().positive(),
  /** ETag, revision id or the like, exactly as it will be sent; null where the provider has none. */
  precondition: z.string().nullable(),
  /** What the provider called the thing that the act made, once known: an invalidation id. */
  reference: z.string().nullable(),
  claimedAtMs: z.int(),
  /** Before this, an unchanged target means that the act may still be on its way. */
  retryAtMs: z.int(),
});
export type StepClaim = z.infer<typeof StepClaim>;

export const StepState = z.strictObject({
  status: z.enum(['claimed', 'waiting', 'done', 'failed']),
  claim: StepClaim.nullable(),
  startedAtMs: z.int(),
  doneAtMs: z.int().nullable(),
  lookAtMs: z.int(),
  progress: z.strictObject({ text: z.string(), fraction: z.number().nullable() }).nullable(),
  text: z.string().nullable(),
});
export type StepState = z.infer<typeof StepState>;

/** Something outside that could not be reached; the work goes on by itself when it can. */
export const Trouble = z.strictObject({
  code: z.string(),
  text: z.string(),
  sinceMs: z.int(),
  retryAtMs: z.int(),
  tries: z.int().positive(),
  /** Acts go unanswered: looks that are answered do not end it. */
  acting: z.literal(true).exactOptional(),
});
export type Trouble = z.infer<typeof Trouble>;

const Probe = z.strictObject({
  atMs: z.int(),
  outcome: z.enum(['passed', 'failed', 'stale', 'inconclusive']),
  results: z.array(CheckResult),
});
export type Probe = z.infer<typeof Probe>;

export const Verification = z.strictObject({
  startedAtMs: z.int(),
  nextAtMs: z.int(),
  passedInARow: z.int().min(0),
  probes: z.int().min(0),
  inconclusiveInARow: z.int().min(0),
  last: Probe.nullable(),
});
export type Verification = z.infer<typeof Verification>;

export const Question = z.strictObject({
  id: z.string(),
  askedAtMs: z.int(),
  deadlineAtMs: z.int(),
  text: z.string(),
  /** When it was delivered to people; left out until then. */
  toldAtMs: z.int().exactOptional(),
  /** The watch has lasted too long: health that comes back for a moment does not settle it. */
  overlong: z.literal(true).exactOptional(),
});
export type Question = z.infer<typeof Question>;

export const Watch = z.strictObject({
  startedAtMs: z.int(),
  nextAtMs: z.int(),
  readings: z.int().min(0),
  /** From here on nothing but health was seen; whatever else was seen starts the soak anew. */
  soakFromMs: z.int(),
  unhealthyInARow: z.int().min(0),
  inconclusiveSinceMs: z.int().nullable(),
  /** Time up to which healthy data was really seen; the soak ends when it reaches start + soak. */
  healthyUntilMs: z.int().nullable(),
  /** Up to when each check has judged data, by its id. */
  judgedUntilMs: z.record(z.string(), z.int()).exactOptional(),
  last: z
    .strictObject({
      atMs: z.int(),
      outcome: z.enum(['healthy', 'unhealthy', 'inconclusive', 'pending']),
      results: z.array(CheckResult),
    })
    .nullable(),
  question: Question.nullable(),
  /** From when on it may last two soaks and half an hour until people are asked; its start, if left out. */
  limitFromMs: z.int().exactOptional(),
  /** Who decided to go on without conclusive data; `default` when nobody answered and the policy says so. */
  acceptedBy: z.union([Person, z.literal('default')]).nullable(),
});
export type Watch = z.infer<typeof Watch>;

/** The clock of a rollback (SITE-9): our seconds apart from the provider's minutes. */
export const Rollback = z.strictObject({
  cause: z.strictObject({ code: z.string(), text: z.string(), by: Person.nullable() }),
  /** Phase that was left for it; null when the promotion is itself a rollback. */
  from: z.enum(['deploying', 'verifying', 'monitoring']).nullable(),
  detectedAtMs: z.int(),
  decidedAtMs: z.int(),
  /** The provider accepted the change back. */
  switchedAtMs: z.int().nullable(),
  /** Every rollback step is finished. */
  settledAtMs: z.int().nullable(),
  verifiedAtMs: z.int().nullable(),
  /** Rises with each retry that a person ordered. */
  attempt: z.int().positive(),
  steps: z.record(z.string(), StepState),
  verification: Verification.nullable(),
  /** On-call was told that it takes too long. */
  pagedAtMs: z.int().nullable(),
  /** The promotion whose changes and lock this rollback took over; null when it is its own. */
  tookOverFrom: z.string().nullable(),
});
export type Rollback = z.infer<typeof Rollback>;

const base = {
  schema: z.literal(3),
  id: z.string(),
  kind: z.enum(['promotion', 'rollback']),
  app: z.string(),
  environment: z.string(),
  /** As asked for; for a rollback without a version it is filled in by the analysis. */
  version: z.string().nullable(),
  requester: Person,
  reason: z.string().nullable(),
  requestedAtMs: z.int(),
  policy: Policy,
  definition: Definition,
  /** Rises by exactly one with every save. */
  revision: z.int().positive(),
  /** Store time of the newest event; never runs backwards. */
  nowMs: z.int(),
  /** When the promotion wants to be looked at again; null once it has ended. */
  dueAtMs: z.int().nullable(),
  claims: z.array(PersonClaim),
  troubles: z.strictObject({ people: Trouble.nullable(), work: Trouble.nullable() }),
  phases: z.array(z.strictObject({ phase: z.string(), atMs: z.int() })),
  audit: z.strictObject({ sequence: z.int().min(0), head: z.string() }),
  /** How many announcements were written; their order. */
  announced: z.int().min(0),
  /** Requester confirmed by the directory. */
  admitted: z.boolean(),
  /** Of a rollback: who held its environment when it was asked for. What became of that was not known yet. */
  heldBy: z.string().exactOptional(),
};

const planned = {
  release: Release,
  plan: Plan,
  digest: z.string(),
  /** Rises when the plan changes and approvals are asked for again (ALL-3). */
  round: z.int().positive(),
  approvals: z.array(Approval),
  expiresAtMs: z.int(),
  /** Why earlier approvals no longer count, with the difference; null in the first round. */
  voided: z.strictObject({ text: z.string(), differences: z.array(z.string()) }).nullable(),
};

const executing = {
  startedAtMs: z.int(),
  /** Set by the first claim and never cleared: from here rolling back is an obligation. */
  dirty: z.boolean(),
  gate: z.strictObject({ atMs: z.int(), results: z.array(CheckResult) }).nullable(),
  steps: z.record(z.string(), StepState),
  /** On-call was told that a changed production cannot be worked on. */
  pagedAtMs: z.int().nullable(),
  /** Newest claim of an act that its provider does not fence (Step.fence `hold`); see hold.ts. */
  unfencedAtMs: z.int().nullable(),
  /** Newest claim whose act was not seen to be done: its request may still arrive, and only our next write fences it. */
  openClaimAtMs: z.int().nullable(),
};

const reversing = { verification: Verification.nullable(), watch: Watch.nullable(), rollback: Rollback };

const ending = {
  endedAtMs: z.int(),
  ending: z.strictObject({ code: z.string(), text: z.string(), next: z.string(), by: Person.nullable() }),
};

/** An end that may come before there is a plan. Nothing was touched. */
const untouched = {
  ...base,
  ...ending,
  plan: Plan.nullable(),
  digest: z.string().nullable(),
  approvals: z.array(Approval),
  results: z.array(CheckResult),
};

/** Every place a promotion can stand. */
export const Promotion = z.discriminatedUnion('phase', [
  z.strictObject({ phase: z.literal('analyzing'), ...base }),
  z.strictObject({ phase: z.literal('validating'), ...base, release: Release, analysis: Analysis }),
  z.strictObject({
    phase: z.literal('awaiting-approval'),
    ...base,
    ...planned,
    /** Another promotion holds what it would change: since when it waits, whether on-call knows, when it tries again. */
    lockBusy: z
      .strictObject({
        holder: z.string(),
        retryAtMs: z.int(),
        sinceMs: z.int().exactOptional(),
        calledAtMs: z.int().exactOptional(),
      })
      .nullable(),
  }),
  z.strictObject({
    phase: z.literal('waiting'),
    ...base,
    ...planned,
    /** When the countdown was seen in the channel; nobody could cancel before that, so it does not run before. */
    noticeAtMs: z.int().nullable(),
    executeAtMs: z.int().nullable(),
  }),
  z.strictObject({ phase: z.literal('deploying'), ...base, ...planned, ...executing }),
  z.strictObject({
    phase: z.literal('verifying'),
    ...base,
    ...planned,
    ...executing,
    verification: Verification,
  }),
  z.strictObject({
    phase: z.literal('monitoring'),
    ...base,
    ...planned,
    ...executing,
    verification: Verification,
    watch: Watch,
  }),
  z.strictObject({ phase: z.literal('rolling-back'), ...base, ...planned, ...executing, ...reversing }),
  z.strictObject({
    phase: z.literal('rollback-failed'),
    ...base,
    ...planned,
    ...executing,
    ...reversing,
    failure: z.strictObject({ code: z.string(), text: z.string(), atMs: z.int() }),
    pageAtMs: z.int(),
    /** Two distinct people end it by hand. */
    resolutions: z.array(z.strictObject({ person: Person, reason: z.string(), atMs: z.int() })),
  }),
  z.strictObject({
    phase: z.literal('promoted'),
    ...base,
    ...planned,
    ...executing,
    ...ending,
    verification: Verification,
    watch: Watch,
  }),
  z.strictObject({
    phase: z.literal('rolled-back'),
    ...base,
    ...planned,
    ...executing,
    ...reversing,
    ...ending,
  }),
  z.strictObject({
    phase: z.literal('resolved'),
    ...base,
    ...planned,
    ...executing,
    ...reversing,
    ...ending,
    resolutions: z.array(z.strictObject({ person: Person, reason: z.string(), atMs: z.int() })),
  }),
  z.strictObject({ phase: z.literal('rejected'), ...untouched }),
  z.strictObject({ phase: z.literal('expired'), ...untouched }),
  z.strictObject({ phase: z.literal('cancelled'), ...untouched }),
  z.strictObject({ phase: z.literal('failed'), ...untouched }),
  z.strictObject({
    phase: z.literal('superseded'),
    ...untouched,
    /** True when it had changed production: what it changed, and taking it back, is the other's now. */
    dirty: z.boolean(),
    supersededBy: z.string().nullable(),
  }),
]);
export type Promotion = z.infer<typeof Promotion>;
export type Phase = Promotion['phase'];
export type PromotionIn<P extends Phase> = Extract<Promotion, { phase: P }>;

export const phases = Promotion.options.map((option) => option.shape.phase.value) as readonly Phase[];

const ends: ReadonlySet<string> = new Set<Phase>([
  'promoted',
  'rolled-back',
  'rejected',
  'expired',
  'cancelled',
  'failed',
  'superseded',
  'resolved',
]);

/** True once nothing more will happen: the lock is released and no event is accepted. */
export function hasEnded(promotion: Promotion): boolean {
  return isEnd(promotion.phase);
}

/** Whether a phase, by its name, is an end. */
export function isEnd(phase: string): boolean {
  return ends.has(phase);
}

/** True from the first saved claim on: production may have been changed. */
export function isDirty(promotion: Promotion): boolean {
  return 'dirty' in promotion && promotion.dirty;
}

export function samePerson(a: Person, b: Person): boolean {
  return a.userId === b.userId && a.teamId === b.teamId;
}

/** The lock that whoever works on an environment holds. */
export const environmentLock = (app: string, environment: string): string => `${app}#${environment}`;

/** What one promotion at a time may hold (ALL-5): its environment and every resource it changes. */
export function lockKeys(promotion: Promotion): string[] {
  const environment = environmentLock(promotion.app, promotion.environment);
  return 'plan' in promotion && promotion.plan !== null
    ? [environment, ...promotion.plan.analysis.resources]
    : [environment];
}
