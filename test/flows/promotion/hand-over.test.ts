import { describe, expect, it } from 'vitest';
import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import { nextAction } from '../../../src/flows/promotion/next-action.ts';
import { hasEnded, type Phase, phases } from '../../../src/flows/promotion/promotion.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import {
  ada,
  analysis,
  begin,
  claim,
  digest,
  granted,
  oldRelease,
  otto,
  plan,
  policy,
  through,
  walkTo,
  walkToUntouchedDeployment,
} from './walk.ts';

const back = { ...analysis, steps: [], rollback: analysis.rollback.map((one) => ({ ...one, undoes: [] })) };
const askedRollback = () =>
  through(
    granted(begin({ kind: 'rollback' }), 'roll-back'),
    { type: 'analysis.completed', analysis: back, release: oldRelease },
    { type: 'validation.recorded', plan: { ...plan, analysis: back }, digest },
  );
const yielding: PromotionEvent = { type: 'promotion.handed-over', to: 'p2', person: ada };
const inheriting = (also: { dirty?: boolean; unfencedAtMs?: number | null } = {}): PromotionEvent => ({
  type: 'lock.inherited',
  from: 'p1',
  dirty: also.dirty ?? true,
  unfencedAtMs: also.unfencedAtMs ?? null,
  openClaimAtMs: null,
});

const changed: readonly Phase[] = ['deploying', 'verifying', 'monitoring', 'rolling-back', 'rollback-failed'];

describe('ALL-8 a rollback that takes over', () => {
  it.each(changed)('ends a promotion that is %s, which keeps that it had changed production', (phase) => {
    const { promotion } = through(walkTo(phase), yielding);

    expect(promotion).toMatchObject({
      phase: 'superseded',
      dirty: true,
      supersededBy: 'p2',
      ending: { code: 'handed-over', by: ada },
      dueAtMs: null,
      claims: [],
    });
  });

  it.each(phases.filter((phase) => !changed.includes(phase) && !hasEnded(walkTo(phase).promotion)))(
    'takes nothing over from a promotion that is %s: there is nothing to take back',
    (phase) => {
      const { promotion, nowMs } = walkTo(phase);

      expect(transition(promotion, yielding, nowMs).outcome).toBe('refused');
    },
  );

  it('takes nothing over from a deployment whose first change is not claimed', () => {
    const { promotion, nowMs } = walkToUntouchedDeployment();

    expect(transition(promotion, yielding, nowMs)).toMatchObject({
      refusal: { code: 'handover.nothing-changed' },
    });
  });

  it('begins with the obligation of the one before, so that only its end or people can drop it', () => {
    const { promotion, locks } = through(askedRollback(), inheriting({ unfencedAtMs: 7 }));

    expect(promotion).toMatchObject({
      phase: 'rolling-back',
      dirty: true,
      unfencedAtMs: 7,
      rollback: { tookOverFrom: 'p1', from: null },
    });
    expect(locks.at(-1)).toBe('take');
  });

  it('takes over a rollback that has claimed nothing without an obligation', () => {
    const { promotion } = through(askedRollback(), inheriting({ dirty: false }));

    expect(promotion).toMatchObject({ phase: 'rolling-back', dirty: false });
  });

  it('is refused to a promotion', () => {
    const { promotion, nowMs } = walkTo('awaiting-approval');

    expect(transition(promotion, inheriting(), nowMs)).toMatchObject({
      refusal: { code: 'lock.not-inherited' },
    });
  });

  it('is refused while approvals are missing or have expired', () => {
    const strict = { ...policy, rollback: { ...policy.rollback, approvals: 1 } };
    const waiting = through(
      granted(begin({ kind: 'rollback', policy: strict }), 'roll-back'),
      { type: 'analysis.completed', analysis: back, release: oldRelease },
      { type: 'validation.recorded', plan: { ...plan, analysis: back }, digest },
    );
    const { promotion, nowMs } = askedRollback();

    expect(transition(waiting.promotion, inheriting(), waiting.nowMs)).toMatchObject({
      refusal: { code: 'approval.missing' },
    });
    expect(transition(promotion, inheriting(), nowMs + 1e9)).toMatchObject({
      refusal: { code: 'approval.expired' },
    });
    if (promotion.phase !== 'awaiting-approval') throw new Error(promotion.phase);
    const { expiresAtMs } = promotion;
    expect(transition(promotion, inheriting(), expiresAtMs)).toMatchObject({
      refusal: { code: 'approval.expired' },
    });
    expect(transition(promotion, inheriting(), expiresAtMs - 1).outcome).toBe('accepted');
  });
});

const lost: PromotionEvent = { type: 'lock.lost', holder: 'p9' };

describe('ALL-5 an environment that was freed while a promotion could not be worked on', () => {
  it.each(['deploying', 'verifying', 'monitoring', 'rolling-back'] as const)(
    'is never touched again by a promotion that is %s and has changed it: people decide',
    (phase) => {
      const { promotion, told, nowMs } = through(walkTo(phase), lost);

      expect(promotion).toMatchObject({ phase: 'rollback-failed', failure: { code: 'lock.lost' } });
      expect(told.at(-1)).toEqual({ topic: 'rollback-failed' });
      expect(nextAction(promotion, nowMs)).toMatchObject({ does: 'rest' });
    },
  );

  it('ends a promotion that had changed nothing', () => {
    const waiting = through(walkTo('waiting'), lost);
    const gated = through(walkToUntouchedDeployment(), lost);

    expect(waiting.promotion).toMatchObject({ phase: 'failed', ending: { code: 'lock.lost' } });
    expect(gated.promotion).toMatchObject({ phase: 'failed', ending: { code: 'lock.lost' } });
  });

  it('ends a rollback that had changed nothing', () => {
    const started = through(askedRollback(), { type: 'lock.taken' });

    expect(through(started, lost).promotion).toMatchObject({
      phase: 'failed',
      ending: { code: 'lock.lost', text: expect.stringContaining('p9 has this environment now') },
    });
  });

  it('a retry is denied to its person, and the failed rollback goes on waiting', () => {
    const asked = through(walkTo('rollback-failed'), { type: 'retry.claimed', claim: claim('retry', otto) });
    const { promotion, told } = through(asked, { type: 'lock.lost', holder: 'nobody' });

    expect(promotion).toMatchObject({ phase: 'rollback-failed', claims: [] });
    expect(told.at(-1)).toMatchObject({
      topic: 'denied',
      person: otto,
      refusal: { code: 'lock.lost', text: expect.stringContaining('Two people freed') },
    });
  });

  it('says nothing when nothing needed the lock', () => {
    const { promotion, nowMs } = walkTo('rollback-failed');

    expect(transition(promotion, lost, nowMs).outcome).toBe('refused');
  });
});
