import { isDirty, type Promotion } from '../promotion/promotion.ts';
import { apply } from './save.ts';
import type { World } from './world.ts';

/**
 * A rollback meets a promotion that holds the environment. One that has changed nothing gives way at once, its lock
 * freed in its own last write; one that has changed production is rolled back itself. Answers whether the lock can be
 * tried again now.
 */
export async function preempt(
  world: Pick<World, 'store' | 'hash' | 'hints'>,
  rollback: Promotion,
  holderId: string,
  nowMs: number,
): Promise<boolean> {
  const loaded = await world.store.load(holderId);
  if (loaded === undefined || isDirty(loaded.promotion)) return false;
  // Another app may share a resource; its promotion is waited for, not taken over.
  const { app, environment } = loaded.promotion;
  if (app !== rollback.app || environment !== rollback.environment) return false;
  const event = { type: 'promotion.superseded' as const, by: rollback.id, person: rollback.requester };
  const superseded = await apply(world, loaded.promotion, event, Math.max(nowMs, loaded.nowMs));
  return superseded.outcome === 'saved';
}
