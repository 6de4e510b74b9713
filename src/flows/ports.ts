import type { Notice, NoticeState } from './notices.ts';
import type { StoredAnnouncement } from './promotion/announcements.ts';
import type { AuditEntry } from './promotion/audit.ts';
import type { Analysis, CheckResult, CheckSpec, Definition, Release, Step } from './promotion/plan.ts';
import type { Person, Promotion, StepClaim } from './promotion/promotion.ts';
import type { Refusal } from './promotion/refusal.ts';
import type { Receipt, Repeated } from './receipt.ts';
import type { HeldLock, LockGlance, LockSeen, UnlockEntry, UnlockRefusal } from './unlock.ts';

/** SHA-256 in lower-case hex, passed in so that the flows stay free of Node. */
export type Hash = (text: string) => string;

/** What one save changes; all of it or none of it. */
export interface Change {
  /** Its `revision` is the expected one plus one. */
  readonly promotion: Promotion;
  readonly audit: readonly AuditEntry[];
  readonly announcements: readonly StoredAnnouncement[];
  /**
   * `take`: every key must be free or already ours. `hold`: every key must be ours.
   * `release`: frees those that are ours. `return`: frees all, which must all be ours.
   */
  readonly locks: {
    readonly does: 'take' | 'hold' | 'release' | 'return';
    readonly keys: readonly string[];
    /** On `take`: keys may be this promotion's, which gives up all of its own in the same save. */
    readonly from?: { readonly holder: string; readonly keys: readonly string[] };
  } | null;
  /** The other promotion, which ends in the same save because this one takes over. */
  readonly handedOver: Pick<Change, 'promotion' | 'audit' | 'announcements'> | null;
  /** A release that production was seen to hold well, or to hold no longer. */
  readonly live: LiveRecord | null;
}

/** One line of an environment's history of good releases; the newest is what is live by our hand. */
export interface LiveRecord {
  readonly app: string;
  readonly environment: string;
  readonly version: string;
  readonly artifact: string;
  readonly promotionId: string;
  readonly atMs: number;
  /**
   * The artifact that was rolled back to make room for this one: not a good release any more. Its own, where its
   * rollback failed and people closed it by hand: nothing is said of what is live since.
   */
  readonly replaced: string | null;
}

export type SaveOutcome =
  | { readonly outcome: 'saved'; readonly nowMs: number }
  /** Somebody else saved first; load again. */
  | { readonly outcome: 'conflict' }
  | { readonly outcome: 'locked'; readonly holder: string }
  | Repeated;

/** Where a promotion's chain of refusals ends: all that the next one needs. */
export interface RefusalHead {
  readonly sequence: number;
  readonly atMs: number;
  readonly hash: string;
}

export interface Loaded {
  readonly promotion: Promotion;
  /** The store's clock when it answered, in milliseconds; resolution one second. */
  readonly nowMs: number;
}

/** The truth. Strongly consistent reads; one conditional write per decision. Throws RetryableError, UnreadableError. */
export interface PromotionStore {
  load(id: string): Promise<Loaded | undefined>;
  /** Saves a new promotion; a second create with the same id answers the one that is there, and writes no receipt. */
  create(
    change: Change,
    receipt?: Receipt,
  ): Promise<
    | { readonly outcome: 'created' | 'exists'; readonly promotion: Promotion; readonly nowMs: number }
    | Repeated
  >;
  /** Succeeds only while the stored revision is one less than the promotion's. */
  save(change: Change, receipt?: Receipt): Promise<SaveOutcome>;
  /** The newest refusal of a promotion; null before the first. */
  newestRefusal(promotionId: string): Promise<RefusalHead | null>;
  /** Records a refusal beside the promotion without changing it. `before`, where it was read already, saves a read. */
  recordRefusal(
    promotion: Promotion,
    entry: Omit<AuditEntry, 'sequence' | 'previous' | 'hash'>,
    also?: { readonly before?: RefusalHead | null | undefined; readonly receipt?: Receipt | undefined },
  ): Promise<{ readonly outcome: 'recorded' } | Repeated>;
  /**
   * Ids whose due time has come, oldest first; may be late or name one that is no longer due. Those in `except` are
   * passed over, however many of them stand in front.
   */
  due(
    limit: number,
    except?: ReadonlySet<string>,
  ): Promise<{ readonly ids: readonly string[]; readonly nowMs: number }>;
  /** Newest first. May lag behind by moments. */
  list(app: string, environment: string, limit: number): Promise<readonly Promotion[]>;
  /** As `list`, and how many of them cannot be read. */
  survey(
    app: string,
    environment: string,
    limit: number,
  ): Promise<{ readonly promotions: readonly Promotion[]; readonly unreadable: number }>;
  /** Who holds a lock key now. */
  holder(key: string): Promise<string | undefined>;
  /** Good releases of an environment, newest first. */
  liveRecords(app: string, environment: string, limit: number): Promise<readonly LiveRecord[]>;
  audit(promotionId: string): Promise<readonly AuditEntry[]>;
  now(): Promise<number>;
}

/** A time at which something may be sent to Slack, kept for one surface. */
export interface SendingPlace {
  /** What it was taken from: the channel, its places for pages, or a method. */
  readonly queue: string;
  readonly atMs: number;
  /** Kept in the workspace's pot as well as in the channel's. */
  readonly whole: boolean;
}

/** Where a Slack message of ours is, how new its drawing is, and how far the telling has come. */
export interface Surface {
  readonly promotionId: string;
  readonly channel: string;
  /** Null until the first post is confirmed. */
  readonly ts: string | null;
  /** Revision that was drawn last; below the promotion's means that a drawing is due. */
  readonly drawnRevision: number;
  /** As of when it was drawn last; while there is no card, when its first post was tried. */
  readonly drawnAtMs: number;
  /** Set while the card is being posted; a post that is never confirmed is repeated after this time. */
  readonly postingUntilMs: number | null;
  /** When the announcer wants to look again; null when everything is drawn and told. */
  readonly dueAtMs: number | null;
  /** Announcements up to here are told. */
  readonly toldSequence: number;
  /** For compare-and-set. */
  readonly revision: number;
  /** The card's address, once Slack was asked for it. */
  readonly url: string | null;
  /** What mattered of the last drawing, in words that are only ever compared. */
  readonly shown: string;
  /** Set while an edit is on its way, or has to wait; nobody else edits before. */
  readonly drawingUntilMs: number | null;
  /** An edit was never answered and may still arrive: draw once more then, so that the newest stays. */
  readonly redrawAtMs: number | null;
  /** When an edit of this card may be sent. */
  readonly editAtMs: number | null;
  /** The channel refused the card, so what must be told does not wait for it. */
  readonly homeless: boolean;
  /** Set while an announcement is being sent; one that is never confirmed is repeated after this time. */
  readonly tellingUntilMs: number | null;
  /** When the next post of this surface may be sent. */
  readonly postAt: SendingPlace | null;
  /** Announcements up to `last` are being told: how many of their messages are out, and whether one arrived. */
  readonly underway: { readonly last: number; readonly out: number; readonly arrived: boolean } | null;
  /** Outcome of the last reading that was told; only a change is told again. */
  readonly reading: string | null;
  /** Questions whose buttons are still there. */
  readonly asked: readonly {
    readonly id: string;
    readonly sequence: number;
    readonly channel: string;
    readonly ts: string;
  }[];
}

/** What is still to be shown. Written beside the promotion, in the same save. */
export interface Outbox {
  /** As `PromotionStore.due`. */
  dueSurfaces(
    limit: number,
    except?: ReadonlySet<string>,
  ): Promise<{ readonly ids: readonly string[]; readonly nowMs: number }>;
  surface(promotionId: string): Promise<Surface | undefined>;
  /**
   * False when somebody else changed it first. With `dueAtMs` null it rests, until `restUntilMs` if given; a promotion
   * saved since it was drawn keeps it due.
   */
  saveSurface(surface: Surface, restUntilMs?: number): Promise<boolean>;
  announcements(promotionId: string, after: number, limit: number): Promise<readonly StoredAnnouncement[]>;
}

/** Locks whose holder cannot be worked on any more. Strongly consistent. Throws RetryableError, UnreadableError. */
export interface Locks {
  /** `also`: keys that rows of an earlier version may hold without naming them. */
  look(app: string, environment: string, also: () => Promise<readonly string[]>): Promise<LockSeen>;
  /** Who holds the environment and what was last said of it, in one round; nothing may be freed on that. */
  glance(app: string, environment: string): Promise<LockGlance>;
  /**
   * One write: the entry, its notice and, where it frees, every lock of the holder. `changed` when the lock, the
   * holder's row or the record of unlocks is not what was seen any more; nothing is written then.
   */
  record(seen: LockSeen & { readonly held: HeldLock }, notice: Notice): Promise<'recorded' | 'changed'>;
  recordRefusal(refused: Omit<UnlockRefusal, 'sequence' | 'previous' | 'hash'>): Promise<void>;
  /** The environment's record of unlocks, oldest first. */
  history(app: string, environment: string): Promise<readonly UnlockEntry[]>;
  /** The environment's refused wishes, oldest first. */
  refusals(app: string, environment: string): Promise<readonly UnlockRefusal[]>;
}

/** Notices that are due are found among the surfaces. Throws RetryableError, UnreadableError. */
export interface Notices {
  find(id: string): Promise<NoticeState | undefined>;
  /** False when somebody else changed it first. */
  save(state: NoticeState): Promise<boolean>;
}

/** What was seen of one step's target. */
export type Observation =
  /**
   * Not applied; an act conditional on `precondition` would be accepted now. `older`: what is seen was there before
   * the claim, so that once the claimed change was seen it is an old answer, and nobody took the change back.
   */
  | { readonly outcome: 'before'; readonly precondition: string | null; readonly older?: boolean }
  /** Accepted and on its way. */
  | { readonly outcome: 'applying'; readonly text: string; readonly fraction: number | null }
  | { readonly outcome: 'done'; readonly text: string }
  /** It can no longer succeed. */
  | { readonly outcome: 'failed'; readonly code: string; readonly text: string }
  /** Neither what was there before nor what we would make of it: somebody else's change. */
  | { readonly outcome: 'foreign'; readonly text: string };

export interface StepContext {
  readonly promotionId: string;
  /** The promotion whose change is taken back, when it is another: its late requests are ours, not somebody else's. */
  readonly tookOverFrom: string | null;
  readonly step: Step;
  readonly direction: 'forward' | 'back';
  readonly claim: StepClaim | null;
  /** It was seen to be done before: the question is whether that still holds. */
  readonly seenDone: boolean;
  readonly startedAtMs: number;
  readonly nowMs: number;
}

export interface AnalysisRequest {
  readonly kind: Promotion['kind'];
  readonly promotionId: string;
  readonly app: string;
  readonly environment: string;
  readonly definition: Definition;
  readonly version: string | null;
  readonly commit: Release['commit'];
  /** Good releases, newest first: where a rollback without a version goes. */
  readonly history: readonly LiveRecord[];
  readonly nowMs: number;
}

/**
 * What is deployed to. Looks and acts; decides nothing. Throws RetryableError when it could not look,
 * ConflictError when the precondition of an act did not hold, TerminalError and MisconfiguredError otherwise.
 */
export interface Target {
  analyze(
    request: AnalysisRequest,
  ): Promise<{ outcome: 'analyzed'; analysis: Analysis } | { outcome: 'refused'; refusal: Refusal }>;
  /** Whether the candidate is there and is exactly what was asked for, and the way back is sound (ALL-15). */
  validate(definition: Definition, analysis: Analysis, nowMs: number): Promise<readonly CheckResult[]>;
  observe(definition: Definition, context: StepContext): Promise<Observation>;
  /** One mutating call with the claimed precondition and token. */
  act(definition: Definition, context: StepContext): Promise<{ readonly reference: string | null }>;
}

/** On whose behalf a target or a service is reached. */
export interface Mandate {
  readonly promotionId: string;
  /** Of the signed plan; null while there is none. */
  readonly digest: string | null;
}

export interface CheckContext extends Mandate {
  readonly definition: Definition;
  /** The release that should be seen. */
  readonly expected: Release;
  /** The release that was live before, whose sight may be a cache's memory; null when it does not matter. */
  readonly previous: Release | null;
  /** When the change was accepted; null before anything changed. */
  readonly changedAtMs: number | null;
  /** Up to when this very check has judged data in the watch; null before it did. */
  readonly judgedUntilMs: number | null;
  readonly nowMs: number;
}

/** What one look said, and of which stretch of time its data told; left out where it told of that moment alone. */
export type Looked = CheckResult & {
  readonly judged?: { readonly fromMs: number; readonly untilMs: number };
};

/** Runs gates, checks and readings. Answers `inconclusive` where it could look but not tell; throws RetryableError where it could not look. */
export interface Checks {
  /** Whether what it finds may be urgent: an alarm, which is heard from the first change on. */
  isAlarm(spec: Pick<CheckSpec, 'kind'>): boolean;
  run(spec: CheckSpec, context: CheckContext): Promise<Looked>;
}

/** Finds the release that a version names. */
export interface Releases {
  resolve(
    repository: string,
    version: string,
  ): Promise<
    | { readonly outcome: 'found'; readonly version: string; readonly commit: NonNullable<Release['commit']> }
    | { readonly outcome: 'absent'; readonly nearest: readonly string[] }
  >;
}

export type PersonKind = 'member' | 'guest' | 'bot' | 'deactivated' | 'stranger' | 'unknown';

/** Slack's directory, read anew at every call. Throws RetryableError when it cannot be read. */
export interface Directory {
  kindOf(person: Person): Promise<PersonKind>;
  /** Empty when the group is disabled or unknown. */
  membersOf(groupId: string): Promise<readonly string[]>;
}

/** Brings a promotion's next tick nearer; losing it only costs time. */
export interface Hints {
  wake(promotionId: string, atMs: number): void;
}

/** Structured log; constant messages, data beside them. */
export interface Log {
  info(data: Readonly<Record<string, unknown>>, message: string): void;
  warn(data: Readonly<Record<string, unknown>>, message: string): void;
  error(data: Readonly<Record<string, unknown>>, message: string): void;
}
