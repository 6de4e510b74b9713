import { describe, expect, it } from 'vitest';
import { nextAction } from '../../../src/flows/promotion/next-action.ts';
import { stepsBack } from '../../../src/flows/promotion/phases/rolling-back.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import {
  ada,
  analysis,
  begin,
  claim,
  digest,
  failed,
  grace,
  granted,
  later,
  lin,
  newRelease,
  oldRelease,
  passed,
  plan,
  policy,
  through,
  unknown,
  walkTo,
  walkToUntouchedDeployment,
} from './walk.ts';

const codeOf = (decision: ReturnType<typeof transition>) =>
  decision.outcome === 'refused' ? decision.refusal.code : 'accepted';

describe('the way back', () => {
  it('ALL-7 a failure before the first claim leaves production untouched', () => {
    const failedEarly = through(walkToUntouchedDeployment(), {
      type: 'step.failed',
      stepId: 'switch',
      code: 'aws.not-found',
      text: 'gone',
    });

    expect(failedEarly.promotion.phase).toBe('failed');
    expect(failedEarly.locks.at(-1)).toBe('release');
  });

  it('ALL-7 a failure after the first claim rolls back, and keeps the lock until it is done', () => {
    const turned = through(walkTo('deploying'), {
      type: 'step.failed',
      stepId: 'switch',
      code: 'step.deadline',
      text: 'late',
    });

    expect(turned.promotion).toMatchObject({
      phase: 'rolling-back',
      rollback: { cause: { code: 'step.deadline' }, from: 'deploying' },
    });
    expect(turned.locks.at(-1)).toBe('hold');
    expect(walkTo('rolled-back').locks.at(-1)).toBe('return');
  });

  it('SITE-8 only what undoes a claimed step is carried out', () => {
    const touched = walkTo('deploying').promotion;

    expect(stepsBack(touched.plan, touched.steps).map(({ id }) => id)).toEqual([
      'switch-back',
      'settle-back',
    ]);
    expect(stepsBack(touched.plan, {})).toEqual([]);
  });

  it('a rollback always writes: a step back that only looks done is not taken as done', () => {
    const back = walkTo('rolling-back');

    expect(
      codeOf(
        transition(
          back.promotion,
          { type: 'step.completed', stepId: 'switch-back', text: 'looks old' },
          back.nowMs,
        ),
      ),
    ).toBe('step.not-current');
  });

  it('SITE-9 the clock holds detected, decided, switched and verified apart', () => {
    const { rollback } = walkTo('rolled-back').promotion;

    expect(rollback.detectedAtMs).toBeLessThanOrEqual(rollback.decidedAtMs);
    expect(rollback.switchedAtMs).toBeGreaterThanOrEqual(rollback.decidedAtMs);
    expect(rollback.settledAtMs).toBeGreaterThanOrEqual(rollback.switchedAtMs ?? Number.NaN);
    expect(rollback.verifiedAtMs).toBeGreaterThanOrEqual(rollback.settledAtMs ?? Number.NaN);
  });

  it('ALL-7 a rollback that fails is handed to people, pages again, and is never retried by itself', () => {
    const stuck = walkTo('rollback-failed');

    expect(stuck.told.at(-1)).toEqual({ topic: 'rollback-failed' });
    expect(stuck.locks.at(-1)).toBe('hold');
    expect(nextAction(stuck.promotion, stuck.nowMs + 60_000)).toEqual({
      does: 'rest',
      untilMs: stuck.promotion.pageAtMs,
    });
    expect(later(stuck, 900, { type: 'page.due' }).told.at(-1)).toEqual({ topic: 'rollback-failed' });
  });

  it('a person can order a failed rollback again, under new claim keys', () => {
    const again = granted(
      through(walkTo('rollback-failed'), { type: 'retry.claimed', claim: claim('retry', grace) }),
      'retry',
    );

    expect(again.promotion).toMatchObject({ phase: 'rolling-back', rollback: { attempt: 2, steps: {} } });
  });

  it('a failed rollback is closed by two distinct people, never by one', () => {
    const said = (walk: ReturnType<typeof begin>, person: typeof ada) =>
      granted(
        through(walk, { type: 'resolution.claimed', claim: claim('resolve', person, { reason: 'mended' }) }),
        'resolve',
      );
    const once = said(walkTo('rollback-failed'), grace);

    expect(once.promotion.phase).toBe('rollback-failed');
    expect(
      codeOf(
        transition(
          once.promotion,
          { type: 'resolution.claimed', claim: claim('resolve', grace) },
          once.nowMs,
        ),
      ),
    ).toBe('resolution.already-given');
    expect(said(once, lin).promotion.phase).toBe('resolved');
  });

  it('SITE-5 somebody else’s change after our claim is never overwritten: people are asked', () => {
    const drifted = through(walkTo('deploying'), {
      type: 'drift.found',
      stepId: 'switch',
      text: 'price class changed',
    });

    expect(drifted.promotion).toMatchObject({ phase: 'rollback-failed', failure: { code: 'drift' } });
  });

  it('ALL-8 the Roll back button turns a running promotion around once the person’s right is confirmed', () => {
    const asked = through(walkTo('monitoring'), { type: 'rollback.claimed', claim: claim('roll-back', ada) });
    expect(asked.promotion.phase).toBe('monitoring');

    expect(granted(asked, 'roll-back').promotion).toMatchObject({
      phase: 'rolling-back',
      rollback: { cause: { code: 'requested', by: ada } },
    });
  });

  it('ALL-8 a rollback asked for by command takes no wait timer and returns to the release asked for', () => {
    const analyzed = through(granted(begin({ kind: 'rollback' }), 'roll-back'), {
      type: 'analysis.completed',
      analysis: {
        ...analysis,
        live: { release: newRelease, place: 'green' },
        candidate: { release: oldRelease, place: 'blue' },
      },
      release: oldRelease,
    });
    const rolling = through(analyzed, { type: 'validation.recorded', plan, digest }, { type: 'lock.taken' });

    expect(rolling.promotion).toMatchObject({
      phase: 'rolling-back',
      kind: 'rollback',
      rollback: { from: null },
    });
    expect(rolling.locks).toEqual(['take']);
  });
});

describe('verification', () => {
  it('SITE-7 one failing probe is enough to roll back', () => {
    const turned = through(walkTo('verifying'), {
      type: 'probe.recorded',
      results: [passed('page'), failed('version')],
    });

    expect(turned.promotion).toMatchObject({
      phase: 'rolling-back',
      rollback: { cause: { code: 'verification.failed' } },
    });
  });

  it('SITE-7 the old version is tolerated only for the time of grace', () => {
    const stale = {
      type: 'probe.recorded' as const,
      results: [{ ...passed('version'), outcome: 'stale' as const }],
    };
    const early = later(walkTo('verifying'), 10, stale);
    expect(early.promotion.phase).toBe('verifying');

    expect(later(early, 60, stale).promotion).toMatchObject({
      phase: 'rolling-back',
      rollback: { cause: { code: 'verification.stale' } },
    });
  });

  it('ALL-13 three probes in a row that say nothing roll back: unknown is not healthy', () => {
    const nothing = { type: 'probe.recorded' as const, results: [unknown('version')] };
    const twice = through(walkTo('verifying'), nothing, nothing);
    expect(twice.promotion.phase).toBe('verifying');

    expect(through(twice, nothing).promotion).toMatchObject({
      phase: 'rolling-back',
      rollback: { cause: { code: 'verification.inconclusive' } },
    });
  });

  it('a passing probe after a bad one starts the count anew', () => {
    const stale = {
      type: 'probe.recorded' as const,
      results: [{ ...passed('version'), outcome: 'stale' as const }],
    };
    const good = { type: 'probe.recorded' as const, results: [passed('version')] };

    const walk = through(walkTo('verifying'), good, stale, good);

    expect(walk.promotion).toMatchObject({ phase: 'verifying', verification: { passedInARow: 1 } });
  });
});

describe('the watch', () => {
  const reading = (...results: ReturnType<typeof passed>[]) => ({
    type: 'reading.recorded' as const,
    results,
    completeUntilMs: null,
  });

  it('one unhealthy reading is not enough, two in a row roll back', () => {
    const once = later(walkTo('monitoring'), 60, reading(failed('errors')));
    expect(once.promotion.phase).toBe('monitoring');

    expect(later(once, 60, reading(failed('errors'))).promotion).toMatchObject({
      phase: 'rolling-back',
      rollback: { cause: { code: 'health.unhealthy' } },
    });
  });

  it('an alarm rolls back at once', () => {
    expect(later(walkTo('monitoring'), 60, reading(failed('alarm', true))).promotion).toMatchObject({
      phase: 'rolling-back',
      rollback: { cause: { code: 'alarm' }, from: 'monitoring' },
    });
  });

  it('ALL-13 missing data never passes: after the patience on-call is asked, with a deadline', () => {
    const first = later(walkTo('monitoring'), 60, reading(unknown('errors')));
    expect(first.told.some(({ topic }) => topic === 'question')).toBe(false);

    const asked = later(first, 60, reading(unknown('errors')));

    expect(asked.promotion).toMatchObject({
      phase: 'monitoring',
      watch: { question: { deadlineAtMs: asked.nowMs + 300_000 } },
    });
    expect(asked.told.at(-1)).toMatchObject({ topic: 'question', withoutAnswer: 'roll-back' });
  });

  it('ALL-13 without an answer the default of the environment is carried out', () => {
    const asked = later(
      later(walkTo('monitoring'), 60, reading(unknown('errors'))),
      60,
      reading(unknown('errors')),
    );
    const questionId =
      asked.promotion.phase === 'monitoring' ? (asked.promotion.watch.question?.id ?? '') : '';

    expect(later(asked, 300, { type: 'question.expired', questionId }).promotion).toMatchObject({
      phase: 'rolling-back',
      rollback: { cause: { code: 'health.inconclusive' } },
    });
  });

  it('ALL-13 on-call can decide to go on without data, and the record says who did', () => {
    const asked = later(
      later(walkTo('monitoring'), 60, reading(unknown('errors'))),
      60,
      reading(unknown('errors')),
    );
    const questionId =
      asked.promotion.phase === 'monitoring' ? (asked.promotion.watch.question?.id ?? '') : '';
    const accepted = granted(
      through(asked, {
        type: 'answer.claimed',
        claim: claim('answer', grace, { answer: 'continue' }),
        questionId,
      }),
      'answer',
    );

    expect(accepted.promotion).toMatchObject({
      phase: 'monitoring',
      watch: { acceptedBy: grace, question: null },
    });
    expect(later(accepted, 120, reading(unknown('errors'))).promotion.phase).toBe('promoted');
  });

  it('ALL-13 going on without data does not make it promoted while nobody sees where production points', () => {
    const asked = later(
      later(walkTo('monitoring'), 60, reading(unknown('errors'))),
      60,
      reading(unknown('errors')),
    );
    const answered = (walk: typeof asked) =>
      granted(
        through(walk, {
          type: 'answer.claimed',
          claim: claim('answer', grace, { answer: 'continue' }),
          questionId: walk.promotion.phase === 'monitoring' ? (walk.promotion.watch.question?.id ?? '') : '',
        }),
        'answer',
      );
    const unseen = { ...reading(unknown('errors'), unknown('target-switch')), looked: false };
    const blind = later(answered(asked), 120, unseen);

    expect(blind.promotion).toMatchObject({
      phase: 'monitoring',
      watch: { question: { askedAtMs: blind.nowMs }, acceptedBy: null },
    });
    const again = later(answered(blind), 30, unseen);
    expect(again.promotion).toMatchObject({ phase: 'monitoring', watch: { question: null } });
    const seen = { ...reading(unknown('errors')), looked: true };
    expect(later(again, 60, seen).promotion.phase).toBe('promoted');
  });

  it('ALL-13 what failed before the promotion is not blamed on it', () => {
    const walk = walkTo('monitoring');
    const blamed = {
      ...walk,
      promotion: {
        ...walk.promotion,
        plan: { ...walk.promotion.plan, failingBefore: [{ id: 'errors', title: 'errors', text: 'broken' }] },
      },
    };

    const read = later(
      later(blamed, 60, reading(failed('errors'), passed('alarm'))),
      60,
      reading(failed('errors'), passed('alarm')),
    );

    expect(read.promotion.phase).toBe('monitoring');
  });

  it('the soak ends only when healthy data reaches its end, not when the clock does', () => {
    const walk = walkTo('monitoring');
    const lagging = {
      type: 'reading.recorded' as const,
      results: [passed('errors')],
      completeUntilMs: walk.nowMs + 100_000,
    };

    const early = later(walk, 180, lagging);
    expect(early.promotion.phase).toBe('monitoring');

    const complete = later(early, 120, { ...lagging, completeUntilMs: walk.nowMs + 200_000 });
    expect(complete.promotion.phase).toBe('promoted');
    expect(policy.monitoring.soakSeconds).toBe(180);
  });

  it('a site that loses its traffic does not look better for it: unhealthy readings add up over inconclusive ones', () => {
    const walk = later(
      later(walkTo('monitoring'), 60, reading(failed('errors'))),
      60,
      reading(unknown('errors')),
    );

    expect(later(walk, 60, reading(failed('errors'))).promotion).toMatchObject({ phase: 'rolling-back' });
  });

  it('one healthy reading at the end is no healthy soak: whatever interrupts it starts it anew', () => {
    const interrupted = later(
      later(walkTo('monitoring'), 90, reading(failed('errors'))),
      100,
      reading(passed('errors')),
    );
    expect(interrupted.promotion.phase).toBe('monitoring');

    expect(later(interrupted, 90, reading(passed('errors'))).promotion.phase).toBe('promoted');
  });

  it('data that is not there after twenty minutes is missing, not late', () => {
    const late = later(walkTo('monitoring'), 1_260, reading({ ...passed('errors'), outcome: 'pending' }));

    expect(late.promotion).toMatchObject({ watch: { last: { outcome: 'inconclusive' } } });
  });

  it('an answer to a question that settled itself does not answer the next one, and whoever gave it is told', () => {
    const asked = later(
      later(walkTo('monitoring'), 60, reading(unknown('errors'))),
      60,
      reading(unknown('errors')),
    );
    const questionId =
      asked.promotion.phase === 'monitoring' ? (asked.promotion.watch.question?.id ?? '') : '';
    const answered = through(asked, {
      type: 'answer.claimed',
      claim: claim('answer', grace, { answer: 'continue' }),
      questionId,
    });

    const settled = later(answered, 60, reading(passed('errors')));
    expect(settled.promotion.claims).toEqual([]);
    expect(settled.told.at(-1)).toMatchObject({
      topic: 'denied',
      person: grace,
      refusal: { code: 'question.settled' },
    });
    const bad = later(answered, 60, reading(unknown('errors')));
    expect(bad.promotion.claims).toHaveLength(1);
    expect(bad.told.at(-1)).toMatchObject({ topic: 'reading' });
  });
});

describe('verification that never decides', () => {
  const probe = (...results: ReturnType<typeof passed>[]) => ({ type: 'probe.recorded' as const, results });

  it('of a promotion rolls back at its deadline', () => {
    const twoMinds = later(
      later(walkTo('verifying'), 10, probe(passed('version'))),
      10,
      probe(unknown('version')),
    );

    expect(later(twoMinds, 400, probe(passed('version'))).promotion).toMatchObject({
      phase: 'rolling-back',
      rollback: { cause: { code: 'verification.undecided' } },
    });
  });

  it('of a rollback is handed to people at its deadline', () => {
    const back = through(
      walkTo('rolling-back'),
      { type: 'step.claimed', stepId: 'switch-back', key: 'p1.switch-back.1', precondition: 'E2' },
      { type: 'step.completed', stepId: 'switch-back', text: 'done' },
      { type: 'step.completed', stepId: 'settle-back', text: 'done' },
    );
    const twoMinds = later(later(back, 10, probe(passed('version'))), 10, probe(failed('version')));

    expect(later(twoMinds, 400, probe(passed('version'))).promotion.phase).toBe('rollback-failed');
  });

  it('a check that failed before in other words is blamed on the release', () => {
    const walk = walkTo('verifying');
    const failingBefore = [{ id: 'http', title: 'Pages', text: '/old/ answers 404' }];
    const before = {
      ...walk,
      promotion: { ...walk.promotion, plan: { ...walk.promotion.plan, failingBefore } },
    };

    const same = later(before, 1, probe(passed('version'), { ...failed('http'), text: '/old/ answers 404' }));
    const worse = later(
      before,
      1,
      probe(passed('version'), { ...failed('http'), text: '/old/ answers 404, /new/ answers 500' }),
    );

    expect(same.promotion.phase).toBe('verifying');
    expect(worse.promotion.phase).toBe('rolling-back');
  });
});
