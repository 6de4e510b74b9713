import { UnreadableError } from '../errors.ts';
import type { Loaded } from '../ports.ts';
import { toChange } from '../promotion/change.ts';
import { returnsTo } from '../promotion/phases/rolling-back.ts';
import type { Release } from '../promotion/plan.ts';
import { hasEnded, isDirty, lockKeys, type Promotion } from '../promotion/promotion.ts';
import { refusal } from '../promotion/refusal.ts';
import { transition } from '../promotion/transition.ts';
import { apply } from './save.ts';
import type { World } from './world.ts';

type Saving = Pick<World, 'store' | 'hash'>;

/**
 * A rollback meets a promotion that holds the environment. One that has changed nothing gives way at once, its lock
 * freed in its own last write; one that has is taken over in one save, with the obligation to take it back. Answers
 * whether to look again now.
 */
export async function preempt(
  world: Saving,
  rollback: Promotion,
  holderId: string,
  nowMs: number,
): Promise<boolean> {
  const loaded = await readable(world, holderId);
  if (loaded === undefined || hasEnded(loaded.promotion)) return false;
  const holder = loaded.promotion;
  // Another app may share a resource; its promotion is waited for, not taken over.
  if (holder.app !== rollback.app || holder.environment !== rollback.environment) return false;
  const atMs = Math.max(nowMs, loaded.nowMs);
  if (holder.requestedAtMs > rollback.requestedAtMs) {
    const why = refusal(
      'rollback.overtaken',
      `${holder.id} was asked for after this rollback, and is at work here now.`,
      'Look at what is live, and ask again if that has to be rolled back.',
    );
    return (await apply(world, rollback, { type: 'plan.refused', refusal: why }, atMs)).outcome === 'saved';
  }
  if (holder.phase === 'rolling-back') {
    const back = returnsTo(holder);
    if (goesTo(rollback) === back.artifact) {
      const why = refusal(
        'rollback.running',
        `${holder.id} is taking production back to ${back.version} already.`,
        'Follow it on its card.',
      );
      return (await apply(world, rollback, { type: 'plan.refused', refusal: why }, atMs)).outcome === 'saved';
    }
  }
  const fled = takenAwayBy(holder);
  if (fled !== null && goesTo(rollback) === fled.artifact) {
    const why = refusal(
      'rollback.fled',
      `${fled.version} is what ${holder.id} is taking out of production.`,
      'Name another release, or promote this one once that has ended.',
    );
    return (await apply(world, rollback, { type: 'plan.refused', refusal: why }, atMs)).outcome === 'saved';
  }
  if (holder.phase !== 'rolling-back' && !isDirty(holder)) {
    const event = { type: 'promotion.superseded' as const, by: rollback.id, person: rollback.requester };
    return (await apply(world, holder, event, atMs)).outcome === 'saved';
  }
  return takeOver(world, rollback, holder, atMs);
}

/** Who cannot be read is not taken over: nobody knows what it has changed. Two people can free its lock. */
async function readable(world: Saving, id: string): Promise<Loaded | undefined> {
  try {
    return await world.store.load(id);
  } catch (error) {
    if (error instanceof UnreadableError) return undefined;
    throw error;
  }
}

/** Going back there would undo what somebody has just decided; it may look like the way back while production is old again. */
function takenAwayBy(holder: Promotion): Release | null {
  if (holder.phase !== 'rolling-back' && holder.phase !== 'rollback-failed') return null;
  const { live, candidate } = holder.plan.analysis;
  return holder.kind === 'rollback' ? live.release : candidate.release;
}

function goesTo(rollback: Promotion): string | null {
  return 'plan' in rollback && rollback.plan !== null
    ? rollback.plan.analysis.candidate.release.artifact
    : null;
}

/** One save: the holder ends, the rollback begins with what the holder had changed, every lock changes hands. */
async function takeOver(
  world: Saving,
  rollback: Promotion,
  holder: Promotion,
  atMs: number,
): Promise<boolean> {
  const inheriting = {
    type: 'lock.inherited' as const,
    from: holder.id,
    dirty: isDirty(holder),
    unfencedAtMs: 'unfencedAtMs' in holder ? holder.unfencedAtMs : null,
    openClaimAtMs: 'openClaimAtMs' in holder ? holder.openClaimAtMs : null,
  };
  const yielding = {
    type: 'promotion.handed-over' as const,
    to: rollback.id,
    person: rollback.requester,
  };
  const taken = transition(rollback, inheriting, atMs);
  const given = transition(holder, yielding, atMs);
  if (taken.outcome === 'refused' || given.outcome === 'refused') return false;
  const change = toChange(rollback, taken, inheriting, atMs, world.hash);
  const saved = await world.store.save({
    ...change,
    locks: {
      does: 'take',
      keys: lockKeys(change.promotion),
      from: { holder: holder.id, keys: lockKeys(holder) },
    },
    handedOver: toChange(holder, given, yielding, atMs, world.hash),
  });
  return saved.outcome !== 'locked';
}
