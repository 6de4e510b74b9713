import type { LiveRecord } from './ports.ts';
import type { PromotionEvent } from './promotion/events.ts';
import type { Analysis, CheckResult, Definition } from './promotion/plan.ts';
import type { Policy } from './promotion/policy.ts';
import type { Person, Promotion } from './promotion/promotion.ts';
import type { Refusal } from './promotion/refusal.ts';
import type { Receipt, Repeated } from './receipt.ts';
import type { Deadlock, UnlockEntry, UnlockStatement } from './unlock.ts';

/** One environment of one app as the configuration has it. */
export interface EnvironmentSettings {
  readonly app: string;
  readonly environment: string;
  readonly definition: Definition;
  readonly policy: Policy;
}

/** The configuration as the flows need it: names in their order, settings by name. */
export interface Catalog {
  readonly apps: readonly { readonly app: string; readonly environments: readonly string[] }[];
  find(app: string, environment: string): EnvironmentSettings | undefined;
  /** Where `/promote APP VERSION` goes without an environment: the last of its pipeline. */
  defaultEnvironment(app: string): string | undefined;
}

export interface OpenRequest {
  readonly kind: Promotion['kind'];
  readonly app: string;
  readonly environment: string;
  readonly version: string | null;
  readonly person: Person;
  readonly reason: string | null;
  /** The same for a repeated delivery of one request: Slack's trigger id or view id. */
  readonly dedupeKey: string;
}

export type OpenAnswer =
  | { readonly outcome: 'opened'; readonly promotion: Promotion }
  /** `/rollback` while a promotion has changed the environment: that promotion is being taken back. */
  | { readonly outcome: 'joined'; readonly promotion: Promotion }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

export type DecideAnswer =
  | { readonly outcome: 'accepted'; readonly promotion: Promotion }
  | { readonly outcome: 'refused'; readonly refusal: Refusal; readonly promotion: Promotion | null };

export type Rehearsal =
  | {
      readonly outcome: 'planned';
      readonly analysis: Analysis;
      readonly results: readonly CheckResult[];
      readonly policy: Policy;
    }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

export interface UnlockRequest {
  readonly app: string;
  readonly environment: string;
  readonly person: Person;
  readonly reason: string;
}

export type UnlockAnswer =
  /** The first of two people; somebody else has to say so as well. */
  | { readonly outcome: 'stated'; readonly entry: UnlockEntry }
  | { readonly outcome: 'freed'; readonly entry: UnlockEntry }
  /** Two people freed it already; it can be taken from `freeFromMs` on. */
  | { readonly outcome: 'rests'; readonly entry: UnlockEntry; readonly freeFromMs: number }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

/** A lock whose holder cannot be worked on any more. */
export interface StuckLock {
  readonly holder: string;
  readonly because: Deadlock;
  /** Who wants it freed, while that counts; a second person does it. */
  readonly first: UnlockStatement | null;
  readonly untilMs: number | null;
}

export interface EnvironmentStatus {
  readonly app: string;
  readonly environment: string;
  /** The newest release that Countersign saw production hold well; undefined before the first. */
  readonly live: LiveRecord | undefined;
  /** Open promotions, newest first. */
  readonly open: readonly Promotion[];
  readonly lastEnded: Promotion | undefined;
  readonly stuck: StuckLock | undefined;
  /** Who may have changed the environment after that and cannot be asked: its record is gone or cannot be read. */
  readonly unseen: Pick<StuckLock, 'holder' | 'because'> | undefined;
  /** How many of the newest promotions cannot be read, and whether the history of good releases can. */
  readonly unreadable: { readonly promotions: number; readonly live: boolean };
}

/** What goes with the write that an answer is about. */
export interface Closing {
  /** Written in the same transaction; null where no repeat can come. */
  readonly receipt: Receipt | null;
  /**
   * Begins beside the write, which it must not be told of before `written` says so, and never fails. `look`: what the
   * write leaves to be looked at, by the revision that it makes; null where it changes no promotion.
   */
  readonly send: (
    look: { readonly promotionId: string; readonly revision: number } | null,
    written: Promise<boolean>,
  ) => Promise<void>;
}

/**
 * How one request of a person is closed with an answer that is known and not yet written. Asked once for every attempt,
 * since a lost race may end in another answer; not asked where nothing is written. Undefined leaves this one open.
 */
export type Close<Answer> = (answer: Answer) => Closing | undefined;

/** Where people's requests are decided: one read and one conditional write each, never a call to Slack or a target but where it says so. */
export interface Desk {
  /** Opens a promotion or rollback; refuses unknown apps and environments with the nearest known name. */
  open(request: OpenRequest, close?: Close<OpenAnswer>): Promise<OpenAnswer | Repeated>;
  /** Puts one person's event to `transition` and saves; retries lost races. */
  decide(
    promotionId: string,
    event: PromotionEvent,
    close?: Close<DecideAnswer>,
  ): Promise<DecideAnswer | Repeated>;
  /** The plan of a promotion that is not opened (dry run). Slow: looks at the target and runs the gates. */
  rehearse(request: Omit<OpenRequest, 'dedupeKey'>): Promise<Rehearsal>;
  /** Frees an environment whose holder cannot be worked on, once a second person asks. Slow: reads Slack's directory. */
  unlock(request: UnlockRequest): Promise<UnlockAnswer>;
  /** What is live where, from the store alone. */
  status(app: string | null, environment: string | null): Promise<readonly EnvironmentStatus[]>;
  find(promotionId: string): Promise<Promotion | undefined>;
}
