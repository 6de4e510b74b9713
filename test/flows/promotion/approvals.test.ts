import { describe, expect, it } from 'vitest';
import { nextAction } from '../../../src/flows/promotion/next-action.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import {
  ada,
  approve,
  claim,
  digest,
  grace,
  granted,
  later,
  lin,
  newRelease,
  otto,
  plan,
  through,
  type Walk,
  walkTo,
  walkToUntouchedDeployment,
} from './walk.ts';

const click = (walk: Walk, person: typeof ada, shown = digest.slice(0, 12), round = 1) =>
  transition(
    walk.promotion,
    { type: 'approval.claimed', claim: claim('approve', person), round, digest: shown },
    walk.nowMs,
  );

const codeOf = (decision: ReturnType<typeof transition>) =>
  decision.outcome === 'refused' ? decision.refusal.code : 'accepted';

describe('approvals', () => {
  it('ALL-2 the requester cannot approve their own promotion', () => {
    expect(codeOf(click(walkTo('awaiting-approval'), ada))).toBe('approval.own-request');
  });

  it('ALL-2 one person counts once, however often they click', () => {
    const once = approve(walkTo('awaiting-approval'), grace);

    expect(codeOf(click(once, grace))).toBe('approval.already-given');
  });

  it('ALL-2 a second click while the first is being checked is refused without counting', () => {
    const asked = through(walkTo('awaiting-approval'), {
      type: 'approval.claimed',
      claim: claim('approve', grace),
      round: 1,
      digest: digest.slice(0, 12),
    });

    expect(codeOf(click(asked, grace))).toBe('claim.pending');
  });

  it('ALL-2 a denied approval counts for nothing, and its person is told why', () => {
    const asked = through(walkTo('awaiting-approval'), {
      type: 'approval.claimed',
      claim: claim('approve', otto),
      round: 1,
      digest: digest.slice(0, 12),
    });
    const pending = asked.promotion.claims[0]?.id ?? '';

    const denied = later(asked, 1, {
      type: 'claim.denied',
      claimId: pending,
      refusal: { code: 'person.guest', text: 'Guests cannot.', next: 'Ask.' },
    });

    expect(denied.promotion).toMatchObject({ phase: 'awaiting-approval', approvals: [], claims: [] });
    expect(denied.told.at(-1)).toMatchObject({
      topic: 'denied',
      person: otto,
      refusal: { code: 'person.guest' },
    });
  });

  it('ALL-3 a click on a card that shows another plan is refused', () => {
    const walk = walkTo('awaiting-approval');

    expect(codeOf(click(walk, grace, 'abcdefabcdef'))).toBe('approval.plan-changed');
    expect(codeOf(click(walk, grace, digest.slice(0, 12), 2))).toBe('approval.plan-changed');
    expect(codeOf(click(walk, grace, ''))).toBe('approval.plan-changed');
  });

  it('ALL-3 a plan that changed voids the approvals, frees the lock and asks again with the difference', () => {
    const walk = walkToUntouchedDeployment();

    const changed = through(walk, {
      type: 'plan.changed',
      plan,
      digest: 'other',
      release: newRelease,
      differences: ['The release: was a, is b'],
    });

    expect(changed.promotion).toMatchObject({
      phase: 'awaiting-approval',
      round: 2,
      approvals: [],
      digest: 'other',
    });
    expect(changed.locks.at(-1)).toBe('release');
    expect(changed.told.at(-1)).toEqual({
      topic: 'approval-needed',
      differences: ['The release: was a, is b'],
    });
  });

  it('ALL-2 an approver who lost the right before execution no longer counts', () => {
    const lapsed = through(walkToUntouchedDeployment(), {
      type: 'approval.lapsed',
      person: grace,
      refusal: { code: 'person.not-allowed', text: 'Not an approver any more.', next: 'Ask another.' },
    });

    expect(lapsed.promotion).toMatchObject({ phase: 'awaiting-approval', approvals: [{ person: lin }] });
    expect(lapsed.locks.at(-1)).toBe('release');
  });

  it('ALL-4 an approval that comes after the expiry is refused, and the request expires', () => {
    const walk = walkTo('awaiting-approval');
    const lateMs = walk.nowMs + 172_800_000;

    const late = transition(
      walk.promotion,
      { type: 'approval.claimed', claim: claim('approve', grace), round: 1, digest: digest.slice(0, 12) },
      lateMs,
    );

    expect(codeOf(late)).toBe('approval.expired');
    expect(later(walk, 172_800, { type: 'approval.expired' }).promotion).toMatchObject({
      phase: 'expired',
      ending: { text: 'Not approved in time.' },
    });
  });

  it('ALL-4 an approval claimed in time but settled after the expiry does not count', () => {
    const asked = through(walkTo('awaiting-approval'), {
      type: 'approval.claimed',
      claim: claim('approve', grace),
      round: 1,
      digest: digest.slice(0, 12),
    });

    const settled = later(asked, 172_800, {
      type: 'claim.granted',
      claimId: asked.promotion.claims[0]?.id ?? '',
      evidence: 'named',
    });

    expect(settled.promotion).toMatchObject({ approvals: [] });
  });

  it('ALL-4 an approval counts up to the last millisecond before the expiry', () => {
    const asked = through(walkTo('awaiting-approval'), {
      type: 'approval.claimed',
      claim: claim('approve', grace),
      round: 1,
      digest: digest.slice(0, 12),
    });
    const settle = (atMs: number) => {
      const claimId = asked.promotion.claims[0]?.id ?? '';
      const decision = transition(
        asked.promotion,
        { type: 'claim.granted', claimId, evidence: 'named' },
        atMs,
      );
      return decision.outcome === 'accepted' && 'approvals' in decision.promotion
        ? decision.promotion.approvals.length
        : null;
    };
    const { expiresAtMs } = walkTo('awaiting-approval').promotion;

    expect([settle(expiresAtMs - 1), settle(expiresAtMs)]).toEqual([1, 0]);
  });

  it('ALL-4 the wait timer starts when its message was delivered, not before', () => {
    const waiting = walkTo('waiting');
    expect(waiting.promotion.executeAtMs).toBeNull();
    expect(codeOf(transition(waiting.promotion, { type: 'wait.elapsed' }, waiting.nowMs + 3_600_000))).toBe(
      'wait.running',
    );

    const seen = through(waiting, { type: 'notice.delivered' });

    expect(codeOf(transition(seen.promotion, { type: 'wait.elapsed' }, seen.nowMs + 299_000))).toBe(
      'wait.running',
    );
    expect(later(seen, 300, { type: 'wait.elapsed' }).promotion.phase).toBe('deploying');
  });

  it('ALL-4 Cancel works until the first claim and is refused after it', () => {
    const untouched = walkToUntouchedDeployment();
    const cancelled = granted(
      through(untouched, { type: 'cancellation.claimed', claim: claim('cancel', ada) }),
      'cancel',
    );
    expect(cancelled.promotion.phase).toBe('cancelled');
    expect(cancelled.locks.at(-1)).toBe('release');

    const touched = walkTo('deploying');
    expect(
      codeOf(
        transition(
          touched.promotion,
          { type: 'cancellation.claimed', claim: claim('cancel', ada) },
          touched.nowMs,
        ),
      ),
    ).toBe('cancel.too-late');
  });

  it('ALL-4 a Cancel that is settled after the first claim rolls back instead of being lost', () => {
    const asked = through(walkToUntouchedDeployment(), {
      type: 'cancellation.claimed',
      claim: claim('cancel', ada),
    });
    const claimed = through(asked, { type: 'step.claimed', stepId: 'switch', key: 'k', precondition: 'E1' });

    expect(granted(claimed, 'cancel').promotion.phase).toBe('rolling-back');
  });

  it('ALL-5 the lock is taken when the last approval is there, and a busy lock keeps the approvals', () => {
    const approved = approve(approve(walkTo('awaiting-approval'), grace), lin);

    const busy = through(approved, { type: 'lock.refused', holder: 'p9' });
    const again = later(busy, 30, { type: 'lock.refused', holder: 'p9' });

    expect(busy.promotion).toMatchObject({ phase: 'awaiting-approval', lockBusy: { holder: 'p9' } });
    expect(busy.told.at(-1)).toEqual({ topic: 'lock-busy', holder: 'p9' });
    expect(again.told.filter(({ topic }) => topic === 'lock-busy')).toHaveLength(1);
    expect(through(again, { type: 'lock.taken' })).toMatchObject({
      promotion: { phase: 'waiting' },
      locks: ['take'],
    });
  });

  it('ALL-9 a rollback that waits for somebody’s lock calls on-call once, after five minutes', () => {
    const calls = (kind: 'promotion' | 'rollback', afterSeconds: readonly number[]) => {
      const approved = approve(approve(walkTo('awaiting-approval'), grace), lin);
      let state = { ...approved, promotion: { ...approved.promotion, kind } };
      return afterSeconds.map((seconds, index) => {
        const before = state.told.length;
        state = later(state, seconds, { type: 'lock.refused', holder: index < 2 ? 'p8' : 'p9' });
        return state.told.slice(before);
      });
    };
    const busy = (holder: string) => ({ topic: 'lock-busy', holder });
    const call = { topic: 'rollback-waits', holder: 'p9' };

    expect(calls('rollback', [1, 30, 269.999, 0.001, 30, 900])).toEqual([
      [busy('p8')],
      [],
      [busy('p9')],
      [call],
      [],
      [],
    ]);
    expect(calls('promotion', [1, 30, 270, 900])).toEqual([[busy('p8')], [], [busy('p9')], []]);
  });

  it('ALL-4 a rejection ends it with its reason and its person', () => {
    expect(walkTo('rejected').promotion.ending).toMatchObject({ text: 'not today', by: grace });
  });

  it('ALL-3 an approval that was asked for on the earlier plan does not count for the changed one', () => {
    const asked = through(walkTo('awaiting-approval'), {
      type: 'approval.claimed',
      claim: claim('approve', grace),
      round: 1,
      digest: digest.slice(0, 12),
    });

    const changed = through(asked, {
      type: 'plan.changed',
      plan,
      digest: 'other',
      release: newRelease,
      differences: ['x'],
    });

    expect(changed.promotion).toMatchObject({ round: 2, claims: [] });
  });

  it('ALL-4 while a Cancel is being checked nothing is changed', () => {
    const asked = through(walkToUntouchedDeployment(), {
      type: 'cancellation.claimed',
      claim: claim('cancel', ada),
    });
    const unreadable = {
      type: 'trouble.met' as const,
      during: 'people' as const,
      code: 'slack.down',
      text: 'down',
      retryAfterMs: null,
    };
    const held = through(asked, unreadable);

    expect(nextAction(held.promotion, held.nowMs)).toMatchObject({ does: 'rest' });
    expect(nextAction(held.promotion, held.nowMs + 10_000)).toMatchObject({ does: 'authorize' });
  });
});

it('what was approved and could not be begun for another reason names that one', () => {
  const approved = approve(approve(walkTo('awaiting-approval'), grace), lin);
  const trouble = later(approved, 1, {
    type: 'trouble.met',
    during: 'work',
    code: 'aws.throttled',
    text: 'AWS is throttling.',
    retryAfterMs: null,
  });

  expect(later(trouble, 172_800, { type: 'approval.expired' }).promotion).toMatchObject({
    phase: 'expired',
    ending: {
      code: 'expired',
      text: 'It could not be begun before its time was over: AWS is throttling.',
    },
  });
});

it('what was approved and waited for another promotion all its time says so, and not that nobody approved', () => {
  const approved = approve(approve(walkTo('awaiting-approval'), grace), lin);
  const waits = later(approved, 1, { type: 'lock.refused', holder: 'p2' });

  expect(later(waits, 172_800, { type: 'approval.expired' }).promotion).toMatchObject({
    phase: 'expired',
    ending: {
      text: expect.stringContaining('held by another promotion until the time of this one was over'),
    },
  });
});
