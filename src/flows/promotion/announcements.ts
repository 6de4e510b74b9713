import { z } from 'zod';
import { CheckResult } from './plan.ts';
import { Person, Question } from './promotion.ts';
import { Refusal } from './refusal.ts';

/**
 * What must be told, written in the same save as the decision. Each topic has its place:
 * `started`, `promoted`, `failed`, `rolled-back` and everything for on-call are new messages, a `denied` goes to one
 * person, the rest goes into the promotion's thread.
 */
const topics = [
  z.strictObject({ topic: z.literal('requested') }),
  z.strictObject({ topic: z.literal('analyzed') }),
  z.strictObject({ topic: z.literal('validated'), results: z.array(CheckResult) }),
  z.strictObject({ topic: z.literal('approval-needed'), differences: z.array(z.string()) }),
  z.strictObject({ topic: z.literal('approved'), person: Person, count: z.int(), required: z.int() }),
  z.strictObject({ topic: z.literal('denied'), person: Person, refusal: Refusal }),
  z.strictObject({ topic: z.literal('waiting'), waitSeconds: z.int() }),
  z.strictObject({ topic: z.literal('lock-busy'), holder: z.string() }),
  z.strictObject({ topic: z.literal('started') }),
  z.strictObject({ topic: z.literal('step-done'), title: z.string(), text: z.string() }),
  z.strictObject({ topic: z.literal('probed'), outcome: z.string(), results: z.array(CheckResult) }),
  z.strictObject({
    topic: z.literal('reading'),
    outcome: z.string(),
    results: z.array(CheckResult),
    /** For how long nobody had looked, where that began the soak anew. */
    unwatchedMs: z.int().positive().exactOptional(),
  }),
  z.strictObject({ topic: z.literal('trouble'), text: z.string() }),
  z.strictObject({
    topic: z.literal('question'),
    question: Question,
    withoutAnswer: z.enum(['roll-back', 'continue']),
  }),
  z.strictObject({
    topic: z.literal('answered'),
    person: Person.nullable(),
    answer: z.enum(['continue', 'roll-back']),
    /** It was asked because the watch did not end. */
    overlong: z.literal(true).exactOptional(),
  }),
  z.strictObject({ topic: z.literal('rolling-back') }),
  z.strictObject({ topic: z.literal('rollback-slow'), text: z.string() }),
  /** Approved, and somebody else holds what it would change. */
  z.strictObject({ topic: z.literal('rollback-waits'), holder: z.string() }),
  /** It waits for people before anything was changed: nothing will go on by itself. */
  z.strictObject({ topic: z.literal('held'), text: z.string() }),
  /** Production was changed, and what comes next cannot be done at the moment. */
  z.strictObject({ topic: z.literal('held-up'), text: z.string() }),
  z.strictObject({ topic: z.literal('rolled-back') }),
  z.strictObject({ topic: z.literal('rollback-failed') }),
  z.strictObject({ topic: z.literal('retrying'), person: Person }),
  z.strictObject({ topic: z.literal('resolution'), person: Person, count: z.int(), reason: z.string() }),
  z.strictObject({ topic: z.literal('promoted') }),
  /** An end before anything was touched: rejected, expired, cancelled, failed, superseded; also resolved. */
  z.strictObject({ topic: z.literal('ended') }),
] as const;

export const Announcement = z.discriminatedUnion('topic', topics);
export type Announcement = z.infer<typeof Announcement>;

/** As stored: in the order in which they must be told. */
export const StoredAnnouncement = z.strictObject({
  promotionId: z.string(),
  sequence: z.int().positive(),
  atMs: z.int(),
  announcement: Announcement,
});
export type StoredAnnouncement = z.infer<typeof StoredAnnouncement>;
