import { z } from 'zod';
import type { Hash } from './ports.ts';
import { canonical } from './promotion/canonical.ts';
import { unfencedMs } from './promotion/hold.ts';
import { isDirty, Person, type Promotion, samePerson } from './promotion/promotion.ts';
import { Refusal, refusal } from './promotion/refusal.ts';
import type { Standing } from './promotion/rights.ts';

/**
 * Two-person unlock: the way out when an environment is held by a promotion that cannot be worked on any more. Pure;
 * `engine/unlock.ts` reads and saves.
 */

/** Named as the holder of a lock that is free and still rests after it was freed. */
export const nobody = 'nobody';

/** How long the first of two people waits for the second. */
export const secondPersonWithinMs = 30 * 60_000;

/** What one person said, with why they were allowed to. */
export const UnlockStatement = z.strictObject({
  person: Person,
  /** The person's own words; foreign text. */
  reason: z.string(),
  atMs: z.int(),
  evidence: z.string(),
});
export type UnlockStatement = z.infer<typeof UnlockStatement>;

/** Why the holder cannot be worked on: its row is gone, cannot be read, or says that it has ended. */
export const Deadlock = z.enum(['gone', 'unreadable', 'ended']);
export type Deadlock = z.infer<typeof Deadlock>;

/** One line of an environment's record of unlocks, hash-chained to the line before it (ALL-11). */
export const UnlockEntry = z.strictObject({
  app: z.string(),
  environment: z.string(),
  sequence: z.int().positive(),
  /** `state`: the first of two people. `free`: the second, and the lock is free. */
  does: z.enum(['state', 'free']),
  atMs: z.int(),
  by: UnlockStatement,
  /** The statement that this one is the second to; null on a first one. */
  first: UnlockStatement.nullable(),
  holder: z.string(),
  because: Deadlock,
  epoch: z.int(),
  /** Every lock that the holder has here: the environment and the resources. */
  keys: z.array(z.string()),
  /** Before this nobody takes the freed locks; null on a first statement. */
  freeFromMs: z.int().nullable(),
  previous: z.string(),
  hash: z.string(),
});
export type UnlockEntry = z.infer<typeof UnlockEntry>;

/**
 * A refused wish to free a lock, chained to the refusal before it: a chain of its own, so that however many are
 * refused, nobody who may free it has to race against them.
 */
export const UnlockRefusal = z.strictObject({
  app: z.string(),
  environment: z.string(),
  sequence: z.int().positive(),
  atMs: z.int(),
  person: Person,
  reason: z.string(),
  refusal: Refusal,
  previous: z.string(),
  hash: z.string(),
});
export type UnlockRefusal = z.infer<typeof UnlockRefusal>;

/** The refusal as the one after `before`. */
export function chainUnlockRefusal(
  before: Pick<UnlockRefusal, 'sequence' | 'atMs' | 'hash'> | null,
  refused: Omit<UnlockRefusal, 'sequence' | 'previous' | 'hash'>,
  hash: Hash,
): UnlockRefusal {
  const entry = {
    ...refused,
    sequence: (before?.sequence ?? 0) + 1,
    atMs: Math.max(refused.atMs, before?.atMs ?? 0),
    previous: before?.hash ?? '',
  };
  return { ...entry, hash: hash(canonical(entry)) };
}

/** The place, from 1, of the first line of a chain that was changed or does not follow the line before; null if none. */
export function firstBroken(chain: readonly (UnlockEntry | UnlockRefusal)[], hash: Hash): number | null {
  let previous = '';
  for (const [index, { hash: sealed, ...content }] of chain.entries()) {
    const follows = content.sequence === index + 1 && content.previous === previous;
    if (!follows || hash(canonical(content)) !== sealed) return index + 1;
    previous = sealed;
  }
  return null;
}

/** The lock of an environment as it was read. */
export interface LockSeen {
  readonly app: string;
  readonly environment: string;
  readonly held: HeldLock | null;
  /** After a freeing nobody takes the lock before; null at all other times. */
  readonly freeFromMs: number | null;
  /** Where the environment's record of unlocks ends; null before the first. */
  readonly newest: {
    readonly sequence: number;
    readonly hash: string;
    /** Null when it cannot be read: it is followed all the same, and counts for nothing. */
    readonly entry: UnlockEntry | null;
  } | null;
  /** The store's clock when it answered for the holder's row. */
  readonly nowMs: number;
}

export interface HeldLock {
  readonly holder: string;
  readonly epoch: number;
  /** Every row that this holder is known to have, each with its own epoch; the environment's first. */
  readonly rows: readonly { readonly key: string; readonly epoch: number }[];
  /** The state of the holder's row when it was read; a freeing fails when it was written since. */
  readonly mark: { readonly exists: boolean; readonly tx: string | null; readonly revision: number | null };
}

/** As much of a lock as is needed to tell people of it. */
export interface LockGlance extends Pick<LockSeen, 'newest' | 'nowMs'> {
  readonly held: Pick<HeldLock, 'holder' | 'epoch'> | null;
}

export type HolderState =
  | { readonly state: 'open'; readonly promotion: Promotion }
  | { readonly state: Deadlock };

/** The statement that a second person may still join; null when there is none, or it is about another holding. */
export function standingStatement({ held, newest, nowMs }: LockGlance): UnlockStatement | null {
  const said = newest?.entry ?? null;
  if (held === null || said === null || said.does !== 'state') return null;
  if (said.holder !== held.holder || said.epoch !== held.epoch) return null;
  return nowMs < said.by.atMs + secondPersonWithinMs ? said.by : null;
}

/** Why this holder's lock is not for two people to free: it can be worked on, so the ordinary ways are open. */
export function refuseOpenHolder(promotion: Promotion): Refusal {
  return refusal(
    'unlock.holder-open',
    `${promotion.id} holds it, can be read and is still open (${promotion.phase}).`,
    ordinaryWay(promotion),
  );
}

function ordinaryWay(promotion: Promotion): string {
  const rollback = `/rollback ${promotion.app} ${promotion.environment}`;
  switch (promotion.phase) {
    case 'rolling-back':
      return 'It is taking production back: follow its card. Should that fail, the card offers to try again, or lets two people close it as mended by hand.';
    case 'rollback-failed':
      return 'On its card press Try the Rollback Again, or mend production by hand and let two people press Close by Hand.';
    default:
      return isDirty(promotion)
        ? `It has changed production: press Roll Back on its card, or write ${rollback}.`
        : 'It has changed nothing yet: press Cancel on its card.';
  }
}

export type UnlockDecision =
  | { readonly outcome: 'recorded'; readonly entry: UnlockEntry }
  | { readonly outcome: 'refused'; readonly refusal: Refusal };

export interface UnlockWish {
  readonly seen: LockSeen & { readonly held: HeldLock };
  readonly because: Deadlock;
  readonly person: Person;
  readonly reason: string;
  /** What the directory said of this person just now. */
  readonly standing: Standing;
  /** What it said just now of whoever made the statement that stands; null when none stands. */
  readonly firstStanding: Standing | null;
}

/**
 * Decides one wish to free a lock whose holder cannot be worked on. The first person's word is recorded; a second,
 * different person within half an hour frees it. Whoever may no longer do it does not count, not even as the first.
 */
export function decideUnlock(wish: UnlockWish, hash: Hash): UnlockDecision {
  const { seen, because, person, reason, standing, firstStanding } = wish;
  if (standing.outcome === 'denied') return { outcome: 'refused', refusal: standing.refusal };
  const stated = standingStatement(seen);
  const first = stated !== null && firstStanding?.outcome === 'granted' ? stated : null;
  if (first !== null && samePerson(first.person, person)) {
    return {
      outcome: 'refused',
      refusal: refusal(
        'unlock.same-person',
        'You have said so already; it takes two people.',
        `Somebody else has to write /promote unlock ${seen.app} ${seen.environment} REASON.`,
      ),
    };
  }
  // What was recorded never seems to come before what it follows, whatever the store's clocks say.
  const atMs = Math.max(seen.nowMs, seen.newest?.entry?.atMs ?? 0);
  const entry = {
    app: seen.app,
    environment: seen.environment,
    sequence: (seen.newest?.sequence ?? 0) + 1,
    does: first === null ? ('state' as const) : ('free' as const),
    atMs,
    by: { person, reason, atMs, evidence: standing.evidence },
    first,
    holder: seen.held.holder,
    because,
    epoch: seen.held.epoch,
    keys: seen.held.rows.map(({ key }) => key),
    // A worker of the holder that slept may have claimed just before its row was read, and its request still land.
    freeFromMs: first === null ? null : atMs + unfencedMs,
    previous: seen.newest?.hash ?? '',
  };
  return { outcome: 'recorded', entry: { ...entry, hash: hash(canonical(entry)) } };
}
