import { describe, expect, it } from 'vitest';
import {
  heldUntil,
  openClaimAfter,
  openClaimDone,
  risksOf,
  settlesInMs,
  unfencedAfter,
  unfencedMs,
} from '../../../src/flows/promotion/hold.ts';
import { nextAction } from '../../../src/flows/promotion/next-action.ts';
import type { Analysis, Step } from '../../../src/flows/promotion/plan.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import {
  analysis,
  approve,
  begin,
  claim,
  digest,
  failed,
  grace,
  granted,
  later,
  lin,
  newRelease,
  otto,
  passed,
  plan,
  policy,
  through,
  type Walk,
  walkTo,
} from './walk.ts';

const unfenced = (id: string): Step => ({
  id,
  does: 'deploy',
  fence: 'hold',
  title: `Do ${id}`,
  pollSeconds: 15,
  deadlineSeconds: 600,
  typicalSeconds: 60,
  settings: {},
});
const service: Analysis = {
  ...analysis,
  steps: [unfenced('deploy')],
  rollback: [{ undoes: ['deploy'], step: unfenced('deploy-back') }],
};
const servicePlan = { ...plan, analysis: service };
const probe = { type: 'probe.recorded' as const, results: [passed('version')] };
const claimed = (stepId: string) => ({
  type: 'step.claimed' as const,
  stepId,
  key: `p1.${stepId}.1`,
  precondition: null,
});
const done = (stepId: string) => ({ type: 'step.completed' as const, stepId, text: 'done' });

function deployed(also: { soakSeconds: number } = { soakSeconds: 60 }): Walk {
  const short = { ...policy, monitoring: { ...policy.monitoring, ...also } };
  const asked = granted(begin({ policy: short }), 'request');
  const planned = through(
    asked,
    { type: 'analysis.completed', analysis: service, release: newRelease },
    { type: 'validation.recorded', plan: servicePlan, digest },
  );
  const approved = through(approve(approve(planned, grace), lin), { type: 'lock.taken' });
  const running = later(through(approved, { type: 'notice.delivered' }), 300, { type: 'wait.elapsed' });
  return through(
    running,
    { type: 'gate.recorded', results: [passed('staging')] },
    claimed('deploy'),
    done('deploy'),
  );
}

const rollingBack = () =>
  through(
    deployed(),
    { type: 'probe.recorded', results: [failed('version')] },
    claimed('deploy-back'),
    done('deploy-back'),
  );

const untilMs = (promotion: Promotion) => heldUntil(promotion) ?? 0;

describe('a target that takes requests unconditionally', () => {
  it('ALL-7 keeps the lock for six minutes after the newest claim, there and back', () => {
    const there = deployed();
    const back = rollingBack();

    expect(untilMs(there.promotion)).toBe(there.nowMs - 1000 + unfencedMs);
    expect(untilMs(back.promotion)).toBe(back.nowMs - 1000 + unfencedMs);
    expect(unfencedMs).toBe(360_000);
  });

  it('is not promoted before a late request can arrive no more, however healthy it is', () => {
    const watched = through(deployed({ soakSeconds: 0 }), probe, probe);
    const reading = {
      type: 'reading.recorded' as const,
      results: [passed('errors')],
      completeUntilMs: null,
    };
    const early = later(watched, 60, reading);
    const atLast = later(early, (untilMs(early.promotion) - early.nowMs) / 1000, reading);

    expect(early.promotion.phase).toBe('monitoring');
    expect(atLast.promotion.phase).toBe('promoted');
    expect(atLast.locks.at(-1)).toBe('return');
  });

  it('is not rolled back before that either, and goes on being looked at', () => {
    const probed = through(rollingBack(), probe, probe);

    expect(probed.promotion.phase).toBe('rolling-back');
    expect(nextAction(probed.promotion, probed.nowMs)).toMatchObject({ does: 'rest' });
    expect(nextAction(probed.promotion, probed.nowMs + 30_000)).toEqual({ does: 'probe' });
    const ended = later(probed, (untilMs(probed.promotion) - probed.nowMs) / 1000, probe);
    expect(ended.promotion.phase).toBe('rolled-back');
  });

  it('a healthy rollback that is only held is not handed to people for taking long', () => {
    let walk = rollingBack();
    while (walk.nowMs + 10_000 < untilMs(walk.promotion)) walk = later(walk, 10, probe);

    expect(walk.promotion.phase).toBe('rolling-back');
  });

  it('a late forward request is undone once more, under new keys, and held again', () => {
    const probed = through(rollingBack(), probe, probe);
    const reopened = later(probed, 60, {
      type: 'step.reopened',
      stepId: 'deploy-back',
      text: 'it came back',
    });

    expect(reopened.promotion).toMatchObject({
      phase: 'rolling-back',
      rollback: { attempt: 2, steps: {}, verification: null, settledAtMs: null },
    });
    expect(nextAction(reopened.promotion, reopened.nowMs)).toEqual({
      does: 'step',
      stepId: 'deploy-back',
      direction: 'back',
    });
    const again = through(reopened, claimed('deploy-back'), done('deploy-back'));
    expect(untilMs(again.promotion)).toBe(again.nowMs - 1000 + unfencedMs);
  });

  it('what keeps coming back is handed to people instead of being fought for ever', () => {
    let walk = through(rollingBack(), probe);
    for (let round = 0; round < 5; round += 1) {
      walk = through(
        walk,
        { type: 'step.reopened', stepId: 'deploy-back', text: 'it came back' },
        claimed('deploy-back'),
        done('deploy-back'),
      );
    }
    const handed = through(walk, { type: 'step.reopened', stepId: 'deploy-back', text: 'it came back' });

    expect(handed.promotion).toMatchObject({
      phase: 'rollback-failed',
      failure: { code: 'rollback.undone' },
    });
  });

  it('two people cannot close it while a request may still arrive', () => {
    const handed = through(rollingBack(), {
      type: 'step.failed',
      stepId: 'deploy-back',
      code: 'x',
      text: 'x',
    });
    const saying = { type: 'resolution.claimed' as const, claim: claim('resolve', otto) };

    expect(transition(handed.promotion, saying, handed.nowMs)).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'resolution.too-early' },
    });
    expect(transition(handed.promotion, saying, untilMs(handed.promotion))).toMatchObject({
      outcome: 'accepted',
    });
  });

  it('nor while a claimed request to a target with a fence was never seen to arrive', () => {
    const claimedBack = through(walkTo('rolling-back'), {
      type: 'step.claimed',
      stepId: 'switch-back',
      key: 'p1.switch-back.1',
      precondition: 'E2',
    });
    const handed = through(claimedBack, { type: 'step.failed', stepId: 'switch-back', code: 'x', text: 'x' });
    const saying = { type: 'resolution.claimed' as const, claim: claim('resolve', otto) };

    expect(transition(handed.promotion, saying, handed.nowMs + 60_000)).toMatchObject({
      refusal: { code: 'resolution.too-early', text: expect.stringContaining('for 5 more min') },
    });
    expect(transition(handed.promotion, saying, claimedBack.nowMs + unfencedMs).outcome).toBe('accepted');
  });

  it('a statement that was made in time is not counted once a retry has sent another request', () => {
    const failedBack = () => ({ type: 'step.failed' as const, stepId: 'switch-back', code: 'x', text: 'x' });
    const stuck = through(walkTo('rolling-back'), failedBack());
    const said = later(stuck, 400, { type: 'resolution.claimed', claim: claim('resolve', grace) });
    const retried = granted(through(said, { type: 'retry.claimed', claim: claim('retry', otto) }), 'retry');
    const again = through(
      retried,
      { type: 'step.claimed', stepId: 'switch-back', key: 'p1.switch-back.2', precondition: 'E2' },
      failedBack(),
    );
    const settled = granted(again, 'resolve');

    expect(settled.promotion).toMatchObject({ phase: 'rollback-failed', resolutions: [] });
    expect(settled.told.at(-1)).toMatchObject({ topic: 'denied', person: grace });
  });

  it('a write that was seen fences what came before it, so people can close it at once', () => {
    expect(walkTo('resolved').promotion.openClaimAtMs).toBeNull();
  });

  it('a target with a fence is not held', () => {
    expect(heldUntil(through(begin()).promotion)).toBeNull();
    expect(risksOf(plan)).toEqual(plan.analysis.risks);
  });

  it('the approvers read what that means', () => {
    expect(risksOf(servicePlan).join(' ')).toMatch(/up to 6 minutes.*stays locked.*can be overwritten/s);
  });
});

describe('how long people have to wait before they can close it by hand', () => {
  const nowMs = 1_800_000_000_000;
  const waits = (unfencedAtMs: number | null, openClaimAtMs: number | null) =>
    settlesInMs({ unfencedAtMs, openClaimAtMs }, nowMs);

  it('is six minutes from the newest request that may still arrive', () => {
    expect(waits(nowMs, null)).toBe(360_000);
    expect(waits(null, nowMs - 60_000)).toBe(300_000);
    expect(waits(nowMs - 300_000, nowMs - 60_000)).toBe(300_000);
    expect(waits(nowMs - 60_000, nowMs - 300_000)).toBe(300_000);
  });

  it('is nothing when none was sent, or when it is long ago', () => {
    expect(waits(null, null)).toBe(0);
    expect(waits(nowMs - 360_000, nowMs - 900_000)).toBe(0);
  });

  it('is asked of every promotion alike: one that executes nothing holds nothing', () => {
    expect(heldUntil(walkTo('awaiting-approval').promotion)).toBeNull();
    expect(heldUntil(walkTo('verifying').promotion)).toBeNull();
  });

  it('is not begun by what does no harm when it is repeated, nor ended by it', () => {
    const { promotion } = walkTo('deploying');
    if (promotion.phase !== 'deploying') throw new Error('not deploying');
    const [shift, settle, invalidate] = promotion.plan.analysis.steps;

    expect(openClaimAfter(7, shift, nowMs)).toBe(nowMs);
    expect(openClaimAfter(7, invalidate, nowMs)).toBe(7);
    expect(openClaimAfter(7, undefined, nowMs)).toBe(7);
    expect(unfencedAfter(7, shift, nowMs)).toBe(7);
    expect(unfencedAfter(7, undefined, nowMs)).toBe(7);
    expect(unfencedAfter(7, unfenced('deploy'), nowMs)).toBe(nowMs);
    if (shift === undefined || settle === undefined || invalidate === undefined) throw new Error('no steps');
    expect(openClaimDone(7, shift)).toBeNull();
    expect(openClaimDone(7, invalidate)).toBe(7);
    expect(openClaimDone(7, unfenced('deploy'))).toBe(7);
  });

  it('approvers are told as soon as one step has no fence, on the way there or back', () => {
    const fenced = plan.analysis;
    const there = { ...fenced, steps: [...fenced.steps, unfenced('deploy')] };
    const back = { ...fenced, rollback: [...fenced.rollback, { undoes: [], step: unfenced('deploy-back') }] };

    expect(risksOf({ ...plan, analysis: { ...fenced, risks: ['a'] } })).toEqual(['a']);
    for (const analysis of [there, back]) {
      const risks = risksOf({ ...plan, analysis: { ...analysis, risks: ['a'] } });
      expect(risks).toHaveLength(2);
      expect(risks[0]).toBe('a');
      expect(risks[1]).toContain('unconditionally');
    }
  });
});
