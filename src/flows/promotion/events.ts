import { z } from 'zod';
import { Analysis, CheckResult, Plan, Release } from './plan.ts';
import { Person, PersonClaim } from './promotion.ts';
import { Refusal } from './refusal.ts';

/** Asked for by a person, in Slack or elsewhere. Settled by `claim.granted` or `claim.denied`. */
const fromPeople = [
  /** `round` and `digest` are what the person's screen showed; another plan's click is refused. */
  z.strictObject({
    type: z.literal('approval.claimed'),
    claim: PersonClaim,
    round: z.int(),
    digest: z.string(),
  }),
  z.strictObject({
    type: z.literal('rejection.claimed'),
    claim: PersonClaim,
    round: z.int(),
    digest: z.string(),
  }),
  z.strictObject({ type: z.literal('cancellation.claimed'), claim: PersonClaim }),
  z.strictObject({ type: z.literal('rollback.claimed'), claim: PersonClaim }),
  z.strictObject({ type: z.literal('answer.claimed'), claim: PersonClaim, questionId: z.string() }),
  z.strictObject({ type: z.literal('retry.claimed'), claim: PersonClaim }),
  z.strictObject({ type: z.literal('resolution.claimed'), claim: PersonClaim }),
] as const;

/** Found out or done by a tick. */
const fromTicks = [
  z.strictObject({ type: z.literal('claim.granted'), claimId: z.string(), evidence: z.string() }),
  z.strictObject({ type: z.literal('claim.denied'), claimId: z.string(), refusal: Refusal }),
  z.strictObject({ type: z.literal('analysis.completed'), analysis: Analysis, release: Release }),
  z.strictObject({ type: z.literal('analysis.refused'), refusal: Refusal }),
  z.strictObject({ type: z.literal('validation.recorded'), plan: Plan, digest: z.string() }),
  z.strictObject({ type: z.literal('approval.expired') }),
  /** An approver lost the right before execution (ALL-2). */
  z.strictObject({ type: z.literal('approval.lapsed'), person: Person, refusal: Refusal }),
  z.strictObject({ type: z.literal('lock.taken') }),
  z.strictObject({ type: z.literal('lock.refused'), holder: z.string() }),
  /** A rollback takes over a promotion that holds the environment, with what that one has changed. */
  z.strictObject({
    type: z.literal('lock.inherited'),
    from: z.string(),
    dirty: z.boolean(),
    unfencedAtMs: z.int().nullable(),
    openClaimAtMs: z.int().nullable(),
  }),
  /** Somebody freed or took what this promotion held, while it could not be worked on. */
  z.strictObject({ type: z.literal('lock.lost'), holder: z.string() }),
  /** The countdown with its Cancel button, or this question with its buttons, was delivered. */
  z.strictObject({ type: z.literal('notice.delivered'), questionId: z.string().exactOptional() }),
  z.strictObject({ type: z.literal('wait.elapsed') }),
  /** `failingBefore`: as it is by now; what approvers were shown to fail may have become less. */
  z.strictObject({
    type: z.literal('gate.recorded'),
    results: z.array(CheckResult),
    failingBefore: Plan.shape.failingBefore.exactOptional(),
  }),
  z.strictObject({
    type: z.literal('plan.changed'),
    plan: Plan,
    digest: z.string(),
    release: Release,
    differences: z.array(z.string()),
  }),
  /** The plan cannot be made any more, before anything changed. */
  z.strictObject({ type: z.literal('plan.refused'), refusal: Refusal }),
  z.strictObject({
    type: z.literal('step.claimed'),
    stepId: z.string(),
    key: z.string(),
    precondition: z.string().nullable(),
  }),
  /** The act was answered; a hint only, the outcome is found by looking. */
  z.strictObject({ type: z.literal('step.acted'), stepId: z.string(), reference: z.string() }),
  z.strictObject({
    type: z.literal('step.progressed'),
    stepId: z.string(),
    text: z.string(),
    fraction: z.number().nullable(),
  }),
  z.strictObject({ type: z.literal('step.completed'), stepId: z.string(), text: z.string() }),
  /** A request without a fence has arrived after the step was done: it is carried out once more. */
  z.strictObject({ type: z.literal('step.reopened'), stepId: z.string(), text: z.string() }),
  z.strictObject({ type: z.literal('step.failed'), stepId: z.string(), code: z.string(), text: z.string() }),
  /** Somebody else's change: never overwritten by us. */
  z.strictObject({ type: z.literal('drift.found'), stepId: z.string(), text: z.string() }),
  z.strictObject({ type: z.literal('probe.recorded'), results: z.array(CheckResult) }),
  z.strictObject({
    type: z.literal('reading.recorded'),
    results: z.array(CheckResult),
    /** From when to when each check judged data; those that told of their moment alone are left out. */
    judged: z.array(z.strictObject({ id: z.string(), fromMs: z.int(), untilMs: z.int() })).exactOptional(),
    /** Data is complete up to here; null when nothing is known yet. */
    completeUntilMs: z.int().nullable(),
    /** Whether it was seen where production points; left out in entries from before this was recorded. */
    looked: z.boolean().optional(),
  }),
  z.strictObject({ type: z.literal('question.expired'), questionId: z.string() }),
  /** Another promotion took over before this one touched anything. */
  z.strictObject({ type: z.literal('promotion.superseded'), by: z.string(), person: Person }),
  /** The other side of `lock.inherited`, in the same save. */
  z.strictObject({ type: z.literal('promotion.handed-over'), to: z.string(), person: Person }),
  z.strictObject({ type: z.literal('page.due') }),
  z.strictObject({
    type: z.literal('trouble.met'),
    during: z.enum(['people', 'work']),
    code: z.string(),
    text: z.string(),
    retryAfterMs: z.int().nullable(),
    /** It was an act that was not answered. */
    acting: z.literal(true).exactOptional(),
  }),
] as const;

/** Everything that can happen to a promotion; all of it passes through `transition`. */
export const PromotionEvent = z.discriminatedUnion('type', [...fromPeople, ...fromTicks]);
export type PromotionEvent = z.infer<typeof PromotionEvent>;
export type EventType = PromotionEvent['type'];
export type EventOf<T extends EventType> = Extract<PromotionEvent, { type: T }>;

export const eventTypes = PromotionEvent.options.map(
  (option) => option.shape.type.value,
) as readonly EventType[];
