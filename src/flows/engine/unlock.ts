import type { EnvironmentSettings, StuckLock, UnlockAnswer, UnlockRequest } from '../desk.ts';
import { RetryableError, UnreadableError } from '../errors.ts';
import { unlockNoticeId } from '../notices.ts';
import type { Locks, PromotionStore } from '../ports.ts';
import { hasEnded, type Person } from '../promotion/promotion.ts';
import { type Refusal, refusal } from '../promotion/refusal.ts';
import { rightFor, type Standing } from '../promotion/rights.ts';
import {
  decideUnlock,
  type HolderState,
  type LockSeen,
  refuseOpenHolder,
  secondPersonWithinMs,
  standingStatement,
} from '../unlock.ts';
import { standingOf } from './authorize.ts';
import type { World } from './world.ts';

export interface UnlockWorld extends Pick<World, 'store' | 'directory' | 'hash' | 'hints'> {
  readonly locks: Locks;
}

/** How often a lost race is run again before the person is asked to. */
const races = 8;
/** Promotions looked through for resources that an old lock row does not name. */
const recent = 20;

/**
 * One person's wish to free an environment whose holder cannot be worked on. Reads rights anew, the first person's
 * too, and so takes as long as Slack's directory does. Throws RetryableError when the directory or store cannot be
 * read; nothing is recorded then, or the second try finds it.
 */
export async function unlock(
  world: UnlockWorld,
  { app, environment, policy }: EnvironmentSettings,
  request: UnlockRequest,
): Promise<UnlockAnswer> {
  const { locks, hash } = world;
  const right = rightFor('resolve', policy);
  const known = new Map<string, Standing>();
  const standing = async (person: Person): Promise<Standing> => {
    const key = `${person.teamId} ${person.userId}`;
    const found = known.get(key) ?? (await standingOf(world, person, right, person));
    known.set(key, found);
    return found;
  };
  const refused = async (seen: LockSeen, why: Refusal): Promise<UnlockAnswer> => {
    const { person, reason } = request;
    await locks.recordRefusal({ app, environment, person, reason, refusal: why, atMs: seen.nowMs });
    return { outcome: 'refused', refusal: why };
  };

  for (let race = 0; race < races; race += 1) {
    const seen = await lookIfReadable(world, app, environment);
    if (seen === 'unreadable') return { outcome: 'refused', refusal: unreadableLock(app, environment) };
    const { held } = seen;
    if (held === null) return nothingToFree(seen);
    const holder = await stateOf(world.store, held.holder);
    if (holder.state === 'open') return refused(seen, refuseOpenHolder(holder.promotion));
    const first = standingStatement(seen);
    const decided = decideUnlock(
      {
        seen: { ...seen, held },
        because: holder.state,
        person: request.person,
        reason: request.reason,
        standing: await standing(request.person),
        firstStanding: first === null ? null : await standing(first.person),
      },
      hash,
    );
    if (decided.outcome === 'refused') return refused(seen, decided.refusal);
    const { entry } = decided;
    const { channel, onCall } = policy;
    const notice = { id: unlockNoticeId(entry), topic: 'unlock' as const, entry, channel, onCall };
    if ((await locks.record({ ...seen, held }, notice)) === 'changed') continue;
    world.hints.wake(notice.id, entry.atMs);
    return { outcome: entry.does === 'free' ? 'freed' : 'stated', entry };
  }
  throw new RetryableError('store.contended', 'Too many changes at once.', { data: { app, environment } });
}

/** What `/promote status` says of a lock whose holder cannot be worked on; undefined when there is no such lock. */
export async function stuckLock(
  world: Pick<UnlockWorld, 'store' | 'locks'>,
  app: string,
  environment: string,
): Promise<StuckLock | undefined> {
  const seen = await world.locks.glance(app, environment);
  if (seen.held === null) return undefined;
  const { state } = await stateOf(world.store, seen.held.holder);
  if (state === 'open') return undefined;
  const first = standingStatement(seen);
  return {
    holder: seen.held.holder,
    because: state,
    first,
    untilMs: first === null ? null : first.atMs + secondPersonWithinMs,
  };
}

async function lookIfReadable(
  { locks, store }: Pick<UnlockWorld, 'locks' | 'store'>,
  app: string,
  environment: string,
): Promise<LockSeen | 'unreadable'> {
  try {
    return await locks.look(app, environment, () => resourcesOf(store, app, environment));
  } catch (error) {
    if (error instanceof UnreadableError) return 'unreadable';
    throw error;
  }
}

/** Whose it is cannot be said, so nobody can be asked whether it may go. */
function unreadableLock(app: string, environment: string): Refusal {
  return refusal(
    'unlock.lock-unreadable',
    `The lock of ${app} ${environment} itself cannot be read, so whose it is cannot be said.`,
    'Somebody with access to the table has to mend its row, or delete it six minutes after the last change.',
  );
}

function nothingToFree(seen: LockSeen): UnlockAnswer {
  const { freeFromMs, nowMs } = seen;
  const entry = seen.newest?.entry ?? null;
  if (entry?.does === 'free' && freeFromMs !== null && nowMs < freeFromMs)
    return { outcome: 'rests', entry, freeFromMs };
  return {
    outcome: 'refused',
    refusal: refusal(
      'unlock.free',
      `Nothing holds ${seen.app} ${seen.environment}.`,
      `See /promote status ${seen.app} ${seen.environment}; a promotion that waits names what it waits for.`,
    ),
  };
}

async function stateOf(store: Pick<PromotionStore, 'load'>, id: string): Promise<HolderState> {
  try {
    const promotion = (await store.load(id))?.promotion;
    if (promotion === undefined) return { state: 'gone' };
    return hasEnded(promotion) ? { state: 'ended' } : { state: 'open', promotion };
  } catch (error) {
    if (error instanceof UnreadableError) return { state: 'unreadable' };
    throw error;
  }
}

/** The resources that promotions of this environment have changed lately; a row counts only if the holder has it. */
async function resourcesOf(
  store: Pick<PromotionStore, 'list'>,
  app: string,
  environment: string,
): Promise<readonly string[]> {
  const promotions = await store.list(app, environment, recent);
  return promotions.flatMap((promotion) =>
    'plan' in promotion && promotion.plan !== null ? promotion.plan.analysis.resources : [],
  );
}
