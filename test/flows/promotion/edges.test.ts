import { describe, expect, it } from 'vitest';
import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import { attemptLimit, currentStep } from '../../../src/flows/promotion/phases/stepping.ts';
import type { CheckResult } from '../../../src/flows/promotion/plan.ts';
import type { Policy } from '../../../src/flows/promotion/policy.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import { stands } from './stands.ts';
import {
  begin,
  claim,
  digest,
  failed,
  grace,
  granted,
  lin,
  newRelease,
  passed,
  plan,
  policy,
  through,
  type Walk,
  walkTo,
  walkToUntouchedDeployment,
} from './walk.ts';

type Accepted = Extract<ReturnType<typeof transition>, { outcome: 'accepted' }>;

const code = ({ promotion, nowMs }: Walk, event: PromotionEvent, atMs = nowMs) => {
  const decision = transition(promotion, event, atMs);
  return decision.outcome === 'refused' ? decision.refusal.code : `-> ${decision.promotion.phase}`;
};
const taken = ({ promotion, nowMs }: Walk, event: PromotionEvent, atMs = nowMs): Accepted => {
  const decision = transition(promotion, event, atMs);
  if (decision.outcome === 'refused') throw new Error(decision.refusal.code);
  return decision;
};
const expiring = (walk: Walk, inMs: number): Walk => ({
  ...walk,
  promotion: { ...walk.promotion, expiresAtMs: walk.nowMs + inMs } as Promotion,
});
const results = (...outcomes: readonly CheckResult['outcome'][]) =>
  outcomes.map((outcome, index): CheckResult => ({ ...passed(`c${index}`), outcome, text: outcome }));
const validatedWith = (...outcomes: readonly CheckResult['outcome'][]): PromotionEvent => ({
  type: 'validation.recorded',
  plan: { ...plan, results: results(...outcomes) },
  digest,
});
const under = (also: Partial<Policy['approvals']>): Walk => {
  const rules = { ...policy, approvals: { ...policy.approvals, ...also } };
  return through(
    granted(begin({ policy: rules }), 'request'),
    { type: 'analysis.completed', analysis: plan.analysis, release: newRelease },
    { type: 'validation.recorded', plan, digest },
  );
};

describe('what is looked at before approval', () => {
  it.each(['failed', 'stale'] as const)(
    'ALL-15 ends it untouched where one is %s, naming all that are',
    (outcome) => {
      const { promotion } = taken(walkTo('validating'), validatedWith('passed', outcome, 'failed'));

      expect(promotion).toMatchObject({
        phase: 'failed',
        ending: { code: 'validation.failed', text: `c1: ${outcome}\nc2: failed` },
        results: [{ id: 'c0' }, { id: 'c1' }, { id: 'c2' }],
      });
    },
  );

  it('is looked at again where some of it cannot be told yet, naming all that cannot', () => {
    const { promotion } = taken(walkTo('validating'), validatedWith('inconclusive', 'passed', 'pending'));

    expect(promotion).toMatchObject({
      phase: 'validating',
      troubles: { work: { code: 'validation.inconclusive', text: 'c0: inconclusive\nc2: pending' } },
    });
  });

  it('that is all right is put before the approvers, and nobody is asked where nobody has to approve', () => {
    const asks = taken(walkTo('validating'), validatedWith('passed'));
    const walk = granted(
      begin({ policy: { ...policy, approvals: { ...policy.approvals, required: 0 } } }),
      'request',
    );
    const planned = through(walk, {
      type: 'analysis.completed',
      analysis: plan.analysis,
      release: newRelease,
    });

    expect(asks.announcements.map(({ topic }) => topic)).toEqual(['validated', 'approval-needed']);
    expect(taken(planned, validatedWith('passed')).announcements.map(({ topic }) => topic)).toEqual([
      'validated',
    ]);
  });
});

describe('what is looked at again before the first change', () => {
  const atGate = () => stands['deploying, not looked at again yet']();
  const gate = (...outcomes: readonly CheckResult['outcome'][]): PromotionEvent => ({
    type: 'gate.recorded',
    results: results(...outcomes),
  });

  it('ends it untouched where it failed', () => {
    expect(taken(atGate(), gate('passed', 'failed'))).toMatchObject({
      promotion: {
        phase: 'failed',
        ending: { code: 'validation.failed' },
        results: [{ id: 'c0' }, { id: 'c1' }],
      },
      locks: 'release',
    });
  });

  it('is looked at again where it cannot be told yet', () => {
    const { promotion } = taken(atGate(), gate('pending', 'inconclusive'));

    expect(promotion).toMatchObject({
      phase: 'deploying',
      gate: null,
      troubles: { work: { code: 'gate.inconclusive', text: 'c0: pending\nc1: inconclusive' } },
    });
  });

  it('ALL-3 counts for a minute, and no first change is claimed without it', () => {
    const claimed: PromotionEvent = { type: 'step.claimed', stepId: 'switch', key: 'k', precondition: 'E1' };
    const gated = walkToUntouchedDeployment();

    expect(code(atGate(), claimed)).toBe('gate.stale');
    expect(code(gated, claimed, gated.nowMs + 60_000)).toBe('-> deploying');
    expect(code(gated, claimed, gated.nowMs + 60_001)).toBe('gate.stale');
  });

  it('ALL-4 nor is one after the approvals have expired', () => {
    const claimed: PromotionEvent = { type: 'step.claimed', stepId: 'switch', key: 'k', precondition: 'E1' };

    expect(code(expiring(walkToUntouchedDeployment(), 0), claimed)).toBe('approval.expired');
    expect(code(expiring(walkToUntouchedDeployment(), 1), claimed)).toBe('-> deploying');
    expect(code(expiring(walkTo('deploying'), -1), claimed)).toBe('-> deploying');
  });
});

describe('a step', () => {
  const again: PromotionEvent = { type: 'step.claimed', stepId: 'switch', key: 'k', precondition: 'E1' };

  it('is claimed six times at most', () => {
    let walk = walkToUntouchedDeployment();
    for (let attempt = 0; attempt < attemptLimit; attempt += 1) walk = through(walk, again);

    expect(code(walk, again)).toBe('step.attempts');
  });

  it('whose target was still busy when it was first looked at is claimed for the first time all the same', () => {
    const busy: PromotionEvent = { type: 'step.progressed', stepId: 'switch', text: 'x', fraction: null };

    expect(through(walkToUntouchedDeployment(), busy, again).promotion).toMatchObject({
      dirty: true,
      steps: { switch: { status: 'claimed', claim: { attempt: 1 } } },
    });
  });

  it('that only waits is done without a claim, and no other is', () => {
    const done = (stepId: string): PromotionEvent => ({ type: 'step.completed', stepId, text: 'done' });
    const progressed = through(walkToUntouchedDeployment(), {
      type: 'step.progressed',
      stepId: 'switch',
      text: 'x',
      fraction: null,
    });
    const settling = through(stands['deploying, the switch done'](), {
      type: 'step.progressed',
      stepId: 'settle',
      text: 'x',
      fraction: null,
    });

    expect(code(progressed, done('switch'))).toBe('step.not-current');
    expect(code(settling, done('settle'))).toBe('-> deploying');
    expect(code(settling, done('invalidate'))).toBe('step.not-current');
    expect(code(settling, done('unknown'))).toBe('step.not-current');
  });

  it('that was never claimed has no answer to be recorded', () => {
    const acted = (stepId: string): PromotionEvent => ({ type: 'step.acted', stepId, reference: 'r' });
    const progressed = through(walkToUntouchedDeployment(), {
      type: 'step.progressed',
      stepId: 'switch',
      text: 'x',
      fraction: null,
    });

    expect(code(walkToUntouchedDeployment(), acted('switch'))).toBe('step.not-current');
    expect(code(progressed, acted('switch'))).toBe('step.not-current');
    expect(code(walkTo('deploying'), acted('switch'))).toBe('-> deploying');
  });

  it('of a progress line is the one being carried out', () => {
    const line = (stepId: string): PromotionEvent => ({
      type: 'step.progressed',
      stepId,
      text: 'x',
      fraction: null,
    });

    expect(code(walkTo('deploying'), line('settle'))).toBe('step.not-current');
    expect(code(walkTo('deploying'), line('unknown'))).toBe('step.not-current');
    expect(code(walkTo('rolling-back'), line('settle-back'))).toBe('step.not-current');
    expect(code(walkTo('rolling-back'), line('unknown'))).toBe('step.not-current');
    expect(code(walkTo('rolling-back'), line('switch-back'))).toBe('-> rolling-back');
  });

  it('comes after those before it, in their order, until all are done', () => {
    const { steps } = plan.analysis;
    const state = (status: 'done' | 'claimed') => ({
      status,
      claim: null,
      startedAtMs: 0,
      doneAtMs: null,
      lookAtMs: 0,
      progress: null,
      text: null,
    });

    expect(currentStep(steps, {})?.id).toBe('switch');
    expect(currentStep(steps, { switch: state('claimed') })?.id).toBe('switch');
    expect(currentStep(steps, { switch: state('done') })?.id).toBe('settle');
    expect(currentStep([], {})).toBeUndefined();
  });
});

describe('the last approval', () => {
  it('ALL-4 begins the countdown with the lock, or the change itself where there is nothing to wait for', () => {
    const ready = stands['awaiting approval, approved by all']();
    const counted = taken(ready, { type: 'lock.taken' });
    const rules = { ...policy, approvals: { ...policy.approvals, waitSeconds: 0 } };
    const promotion = { ...ready.promotion, policy: rules } as Promotion;
    const atOnce = taken({ ...ready, promotion }, { type: 'lock.taken' });

    expect(counted).toMatchObject({
      promotion: { phase: 'waiting', noticeAtMs: null, executeAtMs: null },
      announcements: [{ topic: 'waiting', waitSeconds: 300 }],
      locks: 'take',
    });
    expect(atOnce).toMatchObject({
      promotion: { phase: 'waiting', noticeAtMs: ready.nowMs, executeAtMs: ready.nowMs },
      announcements: [],
      locks: 'take',
    });
  });

  it('where nobody has to approve there is no countdown either', () => {
    const free = under({ required: 0 });

    expect(taken(free, { type: 'lock.taken' })).toMatchObject({
      promotion: { phase: 'waiting', executeAtMs: free.nowMs },
      announcements: [],
    });
  });

  it('ALL-4 takes no lock after the request has expired, nor while one is missing', () => {
    const ready = stands['awaiting approval, approved by all']();

    expect(code(expiring(ready, 0), { type: 'lock.taken' })).toBe('approval.expired');
    expect(code(expiring(ready, 1), { type: 'lock.taken' })).toBe('-> waiting');
    expect(code(stands['awaiting approval, approved once'](), { type: 'lock.taken' })).toBe(
      'approval.missing',
    );
  });

  it('the same person is counted once, also when a second claim of theirs was recorded', () => {
    const once = stands['awaiting approval, approved once']();
    const second = claim('approve', grace);
    const walk = { ...once, promotion: { ...once.promotion, claims: [second] } };
    const { promotion, announcements } = taken(walk, {
      type: 'claim.granted',
      claimId: second.id,
      evidence: 'named',
    });

    expect(promotion).toMatchObject({ approvals: [{ person: grace }], claims: [] });
    expect(announcements).toEqual([]);
  });

  it('ALL-3 what was asked for on the plan before is dropped with it, a Cancel is not', () => {
    const walk = walkTo('awaiting-approval');
    const claims = [claim('approve', grace), claim('reject', lin), claim('cancel', lin)];
    const { promotion } = taken(
      { ...walk, promotion: { ...walk.promotion, claims } },
      { type: 'plan.changed', plan, digest: 'd2', release: newRelease, differences: ['x'] },
    );

    expect(promotion.claims.map(({ does }) => does)).toEqual(['cancel']);
  });

  it.each([
    ['awaiting approval', () => walkTo('awaiting-approval')],
    ['waiting', () => walkTo('waiting')],
    ['deploying, untouched', walkToUntouchedDeployment],
  ] as const)('ALL-4 the request expires to the millisecond while %s', (_name, walk) => {
    const event: PromotionEvent = { type: 'approval.expired' };

    expect(code(expiring(walk(), 1), event)).toBe('approval.not-expired');
    expect(taken(expiring(walk(), 0), event)).toMatchObject({
      promotion: { phase: 'expired', ending: { code: 'expired' } },
      locks: 'release',
    });
  });

  it('ALL-5 the change begins only with the lock still in hand', () => {
    const counted = through(walkTo('waiting'), { type: 'notice.delivered' });

    expect(taken(counted, { type: 'wait.elapsed' }, counted.nowMs + 300_000)).toMatchObject({
      promotion: { phase: 'deploying', dirty: false, gate: null, steps: {} },
      announcements: [],
      locks: 'hold',
    });
  });

  it('ALL-4 the countdown runs from the first delivery of its notice, to the millisecond', () => {
    const waiting = walkTo('waiting');
    const counted = through(waiting, { type: 'notice.delivered' });
    const started = counted.nowMs;

    expect(transition(counted.promotion, { type: 'notice.delivered' }, started)).toMatchObject({
      refusal: { code: 'notice.known', next: 'Wait.' },
    });
    expect(code(waiting, { type: 'wait.elapsed' }, started + 1e9)).toBe('wait.running');
    expect(code(counted, { type: 'wait.elapsed' }, started + 299_999)).toBe('wait.running');
    expect(code(counted, { type: 'wait.elapsed' }, started + 300_000)).toBe('-> deploying');
  });
});

describe('every refusal', () => {
  it('tells what to do next', () => {
    const waiting = walkTo('waiting');
    const why = [
      transition(waiting.promotion, { type: 'wait.elapsed' }, waiting.nowMs),
      transition(waiting.promotion, { type: 'approval.expired' }, waiting.nowMs),
      transition(
        walkTo('rollback-failed').promotion,
        { type: 'cancellation.claimed', claim: claim('cancel', grace) },
        0,
      ),
    ].map((decision) => (decision.outcome === 'refused' ? decision.refusal : null));

    for (const refusal of why) expect(refusal?.next).not.toBe('');
    expect(why[2]?.text).toContain('rollback has failed');
  });

  it('of a Cancel on a changed production says how to stop it', () => {
    const { promotion, nowMs } = walkTo('monitoring');
    const decision = transition(
      promotion,
      { type: 'cancellation.claimed', claim: claim('cancel', grace) },
      nowMs,
    );

    expect(decision).toMatchObject({ refusal: { code: 'cancel.too-late', next: 'Use Roll Back.' } });
  });

  it('of an approval that is settled names Cancel before the change and Roll Back after it', () => {
    const late = (walk: Walk) =>
      transition(
        walk.promotion,
        { type: 'approval.claimed', claim: claim('approve', grace), round: 1, digest },
        walk.nowMs,
      );

    expect(late(walkTo('waiting'))).toMatchObject({ refusal: { next: expect.stringContaining('Cancel') } });
    expect(late(walkTo('monitoring'))).toMatchObject({
      refusal: { next: expect.stringContaining('Roll Back') },
    });
    expect(late(walkTo('analyzing'))).toMatchObject({ refusal: { code: 'approval.too-early' } });
    expect(late(walkTo('validating'))).toMatchObject({ refusal: { code: 'approval.too-early' } });
  });

  it('after the end says how it ended, and a person is told where to look', () => {
    const click = (walk: Walk) =>
      transition(walk.promotion, { type: 'cancellation.claimed', claim: claim('cancel', grace) }, walk.nowMs);
    const words = (['promoted', 'rolled-back', 'resolved', 'rejected', 'expired'] as const).map((phase) => {
      const decision = click(walkTo(phase));
      return decision.outcome === 'refused' ? decision.refusal : null;
    });

    expect(new Set(words.map((refusal) => refusal?.text)).size).toBe(5);
    for (const refusal of words) expect(refusal?.next).toContain('/promote status site');
    expect(transition(walkTo('promoted').promotion, { type: 'wait.elapsed' }, 0)).toMatchObject({
      refusal: { next: 'Nothing more to do.' },
    });
  });
});

describe('a check that failed', () => {
  it('is kept with what it said in the promotion that it ended', () => {
    const { promotion } = taken(walkTo('verifying'), {
      type: 'probe.recorded',
      results: [failed('version')],
    });

    expect(promotion).toMatchObject({
      phase: 'rolling-back',
      verification: { last: { outcome: 'failed', results: [{ text: 'broken' }] } },
      rollback: {
        cause: { code: 'verification.failed', text: 'version: broken', by: null },
        from: 'verifying',
      },
    });
  });
});
