import { describe, expect, it } from 'vitest';
import { preempt } from '../../../src/flows/engine/preempt.ts';
import { RetryableError, UnreadableError } from '../../../src/flows/errors.ts';
import type { PromotionStore } from '../../../src/flows/ports.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { stands } from '../promotion/stands.ts';
import { hash, later, walkTo } from '../promotion/walk.ts';
import { createPaperStore } from './paper-store.ts';

/** A rollback that may go, asked for after what holds the environment. */
const ready = (
  stand: 'ready to go as a rollback' | 'awaiting approval as a rollback' = 'ready to go as a rollback',
) => {
  const { promotion } = stands[stand]();
  return { ...promotion, id: 'p2', requestedAtMs: promotion.requestedAtMs + 1 } as Promotion;
};

/** A rollback to a release that nobody here has on their way. */
const toAnother = () => {
  const rollback = ready();
  if (rollback.phase !== 'awaiting-approval') throw new Error(rollback.phase);
  const { candidate } = rollback.plan.analysis;
  const release = { ...candidate.release, version: 'v0.9.0', artifact: 'third' };
  const analysis = { ...rollback.plan.analysis, candidate: { ...candidate, release } };
  return { ...rollback, plan: { ...rollback.plan, analysis } };
};

/** What becomes of a rollback that finds this holder. */
async function meet(holder: Promotion, rollback = ready(), also: Partial<PromotionStore> = {}) {
  const laterMs = Math.max(holder.nowMs, rollback.nowMs) + 5_000;
  const store = createPaperStore(() => laterMs);
  for (const promotion of [holder, rollback])
    await store.create({
      promotion,
      audit: [],
      announcements: [],
      locks: null,
      handedOver: null,
      live: null,
    });
  const saved: Parameters<PromotionStore['save']>[0][] = [];
  const watched: PromotionStore = {
    ...store,
    save(change) {
      saved.push(change);
      return store.save(change);
    },
    ...also,
  };
  const again = await preempt({ store: watched, hash }, rollback, holder.id, rollback.nowMs);
  return { again, saved, laterMs };
}

describe('a rollback that finds the environment held', () => {
  it('takes over what was changed, with every request that may still arrive, as of the later of two clocks', async () => {
    const holder = { ...walkTo('verifying').promotion, unfencedAtMs: 111, openClaimAtMs: 222 };
    const { again, saved, laterMs } = await meet(holder);

    expect(again).toBe(true);
    expect(saved).toHaveLength(1);
    expect(saved[0]).toMatchObject({
      promotion: { id: 'p2', phase: 'rolling-back', nowMs: laterMs, unfencedAtMs: 111, openClaimAtMs: 222 },
      handedOver: { promotion: { id: 'p1', phase: 'superseded', nowMs: laterMs } },
      locks: { does: 'take', from: { holder: 'p1' } },
    });
  });

  it('takes over a promotion that goes forward, even where its own way back would go to the same release', async () => {
    const rollback = ready();
    if (rollback.phase !== 'awaiting-approval') throw new Error(rollback.phase);
    const { live, candidate } = rollback.plan.analysis;
    const analysis = { ...rollback.plan.analysis, candidate: { ...candidate, release: live.release } };
    const { saved } = await meet(walkTo('verifying').promotion, {
      ...rollback,
      plan: { ...rollback.plan, analysis },
    });

    expect(saved[0]).toMatchObject({ promotion: { id: 'p2', phase: 'rolling-back' } });
  });

  it('makes one that has changed nothing give way, and looks again', async () => {
    const { again, saved } = await meet(walkTo('waiting').promotion);

    expect(again).toBe(true);
    expect(saved[0]?.promotion).toMatchObject({ id: 'p1', phase: 'superseded', dirty: false });
  });

  it('ends where the other was asked for later', async () => {
    const holder = { ...walkTo('verifying').promotion, requestedAtMs: Date.UTC(2030, 0, 1) };
    const { again, saved } = await meet(holder);

    expect(again).toBe(true);
    expect(saved[0]?.promotion).toMatchObject({
      id: 'p2',
      phase: 'failed',
      ending: { code: 'rollback.overtaken' },
    });
  });

  it('ends where production is on its way there already', async () => {
    const { again, saved } = await meet({ ...walkTo('rolling-back').promotion, kind: 'rollback' });

    expect(again).toBe(true);
    expect(saved[0]?.promotion).toMatchObject({
      id: 'p2',
      phase: 'failed',
      ending: { code: 'rollback.running' },
    });
  });

  it('takes over one that is on its way to another release', async () => {
    const { again, saved } = await meet(walkTo('rolling-back').promotion, toAnother());

    expect(again).toBe(true);
    expect(saved[0]).toMatchObject({
      promotion: { id: 'p2', phase: 'rolling-back' },
      handedOver: { promotion: { id: 'p1', phase: 'superseded' } },
    });
  });

  it.each([['rolling-back'], ['rollback-failed']] as const)(
    'ALL-8 does not bring back what one that is %s is taking out of production, though it looks like the way back by now',
    async (phase) => {
      const { again, saved } = await meet(walkTo(phase).promotion);

      expect(again).toBe(true);
      expect(saved).toHaveLength(1);
      expect(saved[0]?.promotion).toMatchObject({
        id: 'p2',
        phase: 'failed',
        ending: { code: 'rollback.fled', text: 'v1.1.0 is what p1 is taking out of production.' },
      });
    },
  );

  it('ALL-8 does not bring back what a rollback that a person asked for takes out of production', async () => {
    const { promotion } = walkTo('rolling-back');
    const { live, candidate } = promotion.plan.analysis;
    const third = { ...live.release, version: 'v0.9.0', artifact: 'third' };
    const analysis = {
      ...promotion.plan.analysis,
      live: { ...live, release: candidate.release },
      candidate: { ...candidate, release: third },
    };
    const holder = { ...promotion, kind: 'rollback' as const, plan: { ...promotion.plan, analysis } };
    const { saved } = await meet(holder);

    expect(saved[0]?.promotion).toMatchObject({ id: 'p2', ending: { code: 'rollback.fled' } });
  });

  it('takes over one that is rolling back and has not begun to change anything', async () => {
    const { saved } = await meet({ ...walkTo('rolling-back').promotion, dirty: false }, toAnother());

    expect(saved[0]).toMatchObject({ promotion: { id: 'p2', phase: 'rolling-back' } });
  });

  it.each(['analyzing', 'failed'] as const)(
    'takes nothing over from a rollback that runs while it is %s itself, and has no plan',
    async (phase) => {
      const { promotion } = walkTo(phase);
      const planless: Promotion = {
        ...promotion,
        kind: 'rollback',
        id: 'p2',
        requestedAtMs: promotion.requestedAtMs + 1,
      };

      expect(await meet(walkTo('rolling-back').promotion, planless)).toMatchObject({
        again: false,
        saved: [],
      });
    },
  );

  it.each([
    ['an app that shares a resource', { app: 'shop' }],
    ['another environment that shares one', { environment: 'staging' }],
  ])('waits for %s', async (_whose, other) => {
    expect(await meet({ ...walkTo('verifying').promotion, ...other })).toMatchObject({
      again: false,
      saved: [],
    });
  });

  it('waits for one that has ended, whose lock is on its way', async () => {
    expect(await meet(walkTo('promoted').promotion)).toMatchObject({ again: false, saved: [] });
  });

  it('takes nothing over before it is approved itself', async () => {
    expect(await meet(walkTo('verifying').promotion, ready('awaiting approval as a rollback'))).toMatchObject(
      { again: false, saved: [] },
    );
  });

  it('waits for one that cannot be read, and is told when the store cannot be reached', async () => {
    const failing = (error: Error) =>
      meet(walkTo('verifying').promotion, ready(), { load: () => Promise.reject(error) });

    expect(await failing(new UnreadableError('store.unreadable', 'no'))).toMatchObject({
      again: false,
      saved: [],
    });
    await expect(failing(new RetryableError('store.unreachable', 'no'))).rejects.toMatchObject({
      code: 'store.unreachable',
    });
  });

  it.each([
    ['looks again where somebody else saved first', { outcome: 'conflict' } as const, true],
    ['waits where the lock is not to be had', { outcome: 'locked', holder: 'p9' } as const, false],
  ])('%s', async (_does, outcome, expected) => {
    const { again } = await meet(walkTo('verifying').promotion, ready(), { save: async () => outcome });

    expect(again).toBe(expected);
  });

  it.each([
    ['gives way', walkTo('waiting').promotion],
    ['was asked for later', { ...walkTo('verifying').promotion, requestedAtMs: Date.UTC(2030, 0, 1) }],
    ['goes there already', { ...walkTo('rolling-back').promotion, kind: 'rollback' as const }],
  ])('does not look again where the holder %s and the race to save that was lost', async (_how, holder) => {
    const { again } = await meet(holder, ready(), { save: async () => ({ outcome: 'conflict' }) });

    expect(again).toBe(false);
  });

  it('of a failed rollback takes over as well', async () => {
    const stuck = later({ ...walkTo('rollback-failed') }, 1, {
      type: 'trouble.met',
      during: 'work',
      code: 'x',
      text: 'x',
      retryAfterMs: null,
    });
    const { saved } = await meet(stuck.promotion, toAnother());

    expect(saved[0]?.handedOver?.promotion).toMatchObject({ id: 'p1', phase: 'superseded', dirty: true });
  });
});
