import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../src/flows/engine/planner.ts';
import {
  MisconfiguredError,
  RetryableError,
  TerminalError,
  UnreadableError,
} from '../../../src/flows/errors.ts';
import { returnsTo } from '../../../src/flows/promotion/phases/rolling-back.ts';
import type { CheckResult } from '../../../src/flows/promotion/plan.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { stands } from '../promotion/stands.ts';
import {
  analysis,
  approve,
  claim,
  failed,
  grace,
  hash,
  later,
  lin,
  newRelease,
  oldRelease,
  otto,
  passed,
  plan,
  through,
  unknown,
  type Walk,
  walkTo,
} from '../promotion/walk.ts';
import { tickOnce } from './one-tick.ts';

const admitted = () => stands['analyzing, its requester admitted']();
/** At the gate with a plan that was really signed. */
const toGate = (): Walk => {
  const walk = stands['deploying, not looked at again yet']();
  const { definition, policy } = walk.promotion;
  return {
    ...walk,
    promotion: { ...walk.promotion, digest: digestOf(plan, definition, policy, hash) } as Promotion,
  };
};
const spec = (id: string, essential = false) => ({ id, kind: id, title: id, essential, settings: {} });
const throttled = new RetryableError('aws.throttled', 'AWS is throttling.', { retryAfterMs: 40_000 });
const denied = new MisconfiguredError('aws.access-denied', 'The role may not look.');
const noTarget = new TerminalError('aws.no-such-distribution', 'There is no such distribution.');

describe('a promotion that is asked for', () => {
  it('is admitted, looked at and put before its approvers in one go, and then rests until it expires', async () => {
    const { types, promotion, woken, nowMs } = await tickOnce(walkTo('analyzing'), {
      kindOf: 'member',
    });

    expect(types).toEqual(['claim.granted', 'analysis.completed', 'validation.recorded']);
    expect(promotion.phase).toBe('awaiting-approval');
    expect(woken).toEqual([['p1', nowMs + 172_800_000]]);
  });

  it('tells the target everything it needs to look', async () => {
    const history = [
      {
        app: 'site',
        environment: 'production',
        version: 'v1.0.0',
        artifact: 'aaaa0000',
        promotionId: 'p0',
        atMs: 1,
        replaced: null,
      },
    ];
    const { analyzed, nowMs } = await tickOnce(admitted(), { live: history });

    expect(analyzed[0]).toMatchObject({
      kind: 'promotion',
      promotionId: 'p1',
      app: 'site',
      environment: 'production',
      version: 'v1.1.0',
      commit: newRelease.commit,
      history,
      nowMs,
    });
  });

  it('SITE-2 of a version that is no tag ends untouched, naming the nearest', async () => {
    const { first } = await tickOnce(admitted(), { resolve: { outcome: 'absent', nearest: ['v1.1.1'] } });
    const none = await tickOnce(admitted(), { resolve: { outcome: 'absent', nearest: [] } });

    expect(first).toMatchObject({
      type: 'analysis.refused',
      refusal: { code: 'release.unknown', next: 'The nearest tag is v1.1.1.' },
    });
    expect(none.first).toMatchObject({ refusal: { next: 'Tag the release first.' } });
  });

  it('that the target refuses ends with the target’s reason', async () => {
    const refusal = { code: 'target.same', text: 'It is live already.', next: 'Nothing.' };
    const { first, promotion } = await tickOnce(admitted(), { analyze: { outcome: 'refused', refusal } });

    expect(first).toEqual({ type: 'analysis.refused', refusal });
    expect(promotion.phase).toBe('failed');
  });

  it('ALL-2 by somebody who may not ends, and tells them why', async () => {
    const { first, promotion } = await tickOnce(walkTo('analyzing'), { kindOf: 'guest' });

    expect(first).toMatchObject({ type: 'claim.denied', refusal: { code: 'person.guest' } });
    expect(promotion.phase).toBe('rejected');
  });

  it('has its checks looked at on production as it is, and its gates on what would be live', async () => {
    const { checked } = await tickOnce(walkTo('validating'), {
      definition: { gates: [spec('staging')], checks: [spec('version', true)] },
    });

    expect(checked.map(({ id }) => id)).toEqual(['staging', 'version']);
    expect(checked[0]?.context).toMatchObject({
      promotionId: 'p1',
      expected: newRelease,
      previous: oldRelease,
      changedAtMs: null,
    });
    expect(checked[1]?.context).toMatchObject({ expected: oldRelease, previous: null, changedAtMs: null });
  });

  it('ALL-15 whose production does not show what is live already ends untouched', async () => {
    const { promotion } = await tickOnce(walkTo('validating'), {
      definition: { checks: [spec('version', true)] },
      check: () => failed('version'),
    });

    expect(promotion).toMatchObject({
      phase: 'failed',
      ending: { code: 'validation.failed' },
      results: [{ id: 'before-version', title: 'Production before: version', outcome: 'failed' }],
    });
  });

  it('ALL-13 notes what fails already, in its words, so that it is not blamed on the release', async () => {
    const { promotion } = await tickOnce(walkTo('validating'), {
      definition: { checks: [spec('errors'), spec('latency'), spec('health')] },
      check: ({ id }) => (id === 'errors' ? failed(id) : id === 'latency' ? unknown(id) : passed(id)),
    });

    expect(promotion).toMatchObject({
      phase: 'awaiting-approval',
      plan: { failingBefore: [{ id: 'errors', title: 'errors', text: 'broken' }] },
    });
  });

  it('a rollback asks neither GitHub nor the gates, and a broken production is no obstacle to it', async () => {
    const back = await tickOnce(
      { ...walkTo('analyzing'), promotion: { ...admitted().promotion, kind: 'rollback' } },
      {
        definition: { gates: [spec('staging')], checks: [spec('version', true)] },
        check: () => failed('version'),
        resolve: new Error('GitHub was asked'),
        analyze: (request) => {
          expect(request.commit).toBeNull();
          return {
            ...analysis,
            steps: [],
            rollback: analysis.rollback.map((step) => ({ ...step, undoes: [] })),
          };
        },
      },
    );

    expect(back.types.slice(0, 3)).toEqual(['analysis.completed', 'validation.recorded', 'lock.taken']);
    expect(back.checked).toEqual([]);
  });
});

describe('trouble on the way', () => {
  it('ALL-16 before the change is noted and tried again when the other side says', async () => {
    const { events, promotion, nowMs, warned, thrown } = await tickOnce(admitted(), { analyze: throttled });

    expect(events).toEqual([
      {
        type: 'trouble.met',
        during: 'work',
        code: 'aws.throttled',
        text: 'AWS is throttling.',
        retryAfterMs: 40_000,
      },
    ]);
    expect(promotion.dueAtMs).toBe(nowMs + 40_000);
    expect(warned).toEqual([{ promotionId: 'p1', doing: 'analyze', code: 'aws.throttled' }]);
    expect(thrown).toBeUndefined();
  });

  it.each([
    ['while it is analyzed', admitted, 'analysis.refused'],
    ['while it is validated', () => walkTo('validating'), 'plan.refused'],
    ['at the gate', toGate, 'plan.refused'],
  ] as const)('ALL-15 that can never go away %s ends it untouched', async (_when, walk, type) => {
    for (const error of [denied, noTarget]) {
      const { first, promotion } = await tickOnce(walk(), { analyze: error, validate: error });

      expect(first).toMatchObject({ type, refusal: { code: error.code, text: error.message } });
      expect(promotion.phase).toBe('failed');
    }
  });

  it('that can never go away fails the step it was met at, once production was changed', async () => {
    const { first, promotion } = await tickOnce(walkTo('deploying'), {
      observe: ({ direction }) =>
        direction === 'back' ? { outcome: 'applying', text: '', fraction: null } : denied,
    });

    expect(first).toEqual({
      type: 'step.failed',
      stepId: 'switch',
      code: 'aws.access-denied',
      text: 'The role may not look.',
    });
    expect(promotion.phase).toBe('rolling-back');
  });

  it('that can never go away hands a rollback to people', async () => {
    const { first, promotion } = await tickOnce(walkTo('rolling-back'), { observe: noTarget });

    expect(first).toMatchObject({ type: 'step.failed', stepId: 'switch-back' });
    expect(promotion.phase).toBe('rollback-failed');
  });

  it('ALL-2 with the directory makes the claim wait, and the work goes on', async () => {
    const walk = through(walkTo('monitoring'), { type: 'rollback.claimed', claim: claim('roll-back', lin) });
    const { events, promotion } = await tickOnce(walk, {
      kindOf: new RetryableError('slack.unreachable', 'Slack does not answer.'),
    });

    expect(events[0]).toEqual({
      type: 'trouble.met',
      during: 'people',
      code: 'slack.unreachable',
      text: 'Slack does not answer.',
      retryAfterMs: null,
    });
    expect(promotion.phase).toBe('monitoring');
  });

  it('with a directory that can never be read keeps the claim waiting as well: it is not the person’s fault', async () => {
    const { first, promotion } = await tickOnce(walkTo('analyzing'), {
      kindOf: new MisconfiguredError('slack.missing-scope', 'users:read is missing.'),
    });

    expect(first).toMatchObject({ type: 'trouble.met', during: 'people', code: 'slack.missing-scope' });
    expect(promotion.claims).toHaveLength(1);
  });

  it('with the directory at the gate counts as such, so that the approvals wait for it', async () => {
    const { first } = await tickOnce(toGate(), {
      kindOf: new RetryableError('slack.rate-limited', 'Slow down.', { retryAfterMs: 9_000 }),
    });

    expect(first).toMatchObject({ type: 'trouble.met', during: 'people', retryAfterMs: 9_000 });
  });

  it('that nobody foresaw is noted, tried again, and told to whoever runs the tick', async () => {
    const odd = new Error('certificate has expired');
    const { first, thrown } = await tickOnce(admitted(), { analyze: odd });

    expect(first).toMatchObject({
      type: 'trouble.met',
      during: 'work',
      code: 'engine.unexpected',
      retryAfterMs: null,
    });
    expect(thrown).toBe(odd);
  });

  it('that nobody foresaw is told as what it is, even where the promotion is gone meanwhile', async () => {
    const odd = new Error('certificate has expired');

    expect((await tickOnce(admitted(), { analyze: odd, loads: 1 })).thrown).toBe(odd);
  });

  it('that a row cannot be read is left to whoever runs the tick, and nothing is saved', async () => {
    const unreadable = new UnreadableError('store.unreadable', 'This row cannot be read.');
    const { types, thrown } = await tickOnce(admitted(), { analyze: unreadable });

    expect(types).toEqual([]);
    expect(thrown).toBe(unreadable);
  });

  it('that a row cannot be written is a fault of ours, and noted', async () => {
    const unwritable = new UnreadableError('store.unwritable', 'This row is too large.');
    const { types, thrown } = await tickOnce(admitted(), { analyze: unwritable });

    expect(types).toEqual(['trouble.met']);
    expect(thrown).toBe(unwritable);
  });
});

describe('the gate before the first change', () => {
  it('lets it begin when approvers and plan are as they were', async () => {
    const { types, asked } = await tickOnce(toGate(), { validate: [passed('staging')] });

    expect(types.slice(0, 2)).toEqual(['gate.recorded', 'step.claimed']);
    expect(asked.filter((who) => who.startsWith('U'))).toEqual(['UGRACE', 'ULIN']);
  });

  it('ALL-2 sends it back when an approver is none any more', async () => {
    const { first, promotion } = await tickOnce(toGate(), { kindOf: 'deactivated' });

    expect(first).toMatchObject({
      type: 'approval.lapsed',
      person: grace,
      refusal: { code: 'person.deactivated' },
    });
    expect(promotion.phase).toBe('awaiting-approval');
  });

  it('ALL-3 asks again when the plan is another one, with what differs', async () => {
    const { first, promotion, acted } = await tickOnce(toGate(), {
      validate: [passed('staging')],
      analyze: () => ({ ...analysis, fingerprint: 'f2', risks: ['new risk'] }),
    });

    expect(first).toMatchObject({
      type: 'plan.changed',
      release: newRelease,
      differences: ['Configuration of the target: somebody changed it', 'Risks: changed'],
    });
    expect(promotion).toMatchObject({ phase: 'awaiting-approval', round: 2, approvals: [] });
    expect(acted).toEqual([]);
  });

  describe('where something failed already when it was approved', () => {
    const alarms = spec('alarms');
    const failing = (...signs: readonly string[]) => ({
      id: 'alarms',
      title: 'alarms',
      text: 'broken',
      signs: [...signs],
    });
    /** Approved while these alarms rang; these ring by now. */
    const gateWith = async (approved: readonly string[], now: readonly string[]) => {
      const walk = toGate();
      const definition = { ...walk.promotion.definition, readings: [alarms] };
      const known = { ...plan, failingBefore: approved.length === 0 ? [] : [failing(...approved)] };
      const promotion = {
        ...walk.promotion,
        plan: known,
        digest: digestOf(known, definition, walk.promotion.policy, hash),
      } as Promotion;
      const { first, promotion: after } = await tickOnce(
        { ...walk, promotion },
        {
          validate: [passed('staging')],
          definition: { readings: [alarms] },
          check: ({ id }) =>
            id === 'alarms' && now.length > 0 ? { ...failed(id), signs: [...now] } : passed(id),
        },
      );
      return { type: first?.type, failingBefore: 'plan' in after ? after.plan?.failingBefore : null };
    };

    it.each([
      ['it fails still', ['a@1', 'b@1'], ['a@1', 'b@1']],
      ['some of it has healed', ['a@1', 'b@1'], ['b@1']],
      ['all of it has healed', ['a@1', 'b@1'], []],
      ['it was quiet in between', ['a@1'], ['a@7']],
    ])(
      'ALL-13 nobody is asked again when %s, and what fails now is what is known',
      async (_what, approved, now) => {
        expect(await gateWith(approved, now)).toEqual({
          type: 'gate.recorded',
          failingBefore: now.length === 0 ? [] : [failing(...now)],
        });
      },
    );

    it.each([
      ['more fails than was approved', ['a@1'], ['a@1', 'c@2']],
      ['another one fails', ['a@1'], ['c@2']],
      ['nothing failed then', [], ['a@1']],
    ])('ALL-3 approvers are asked again when %s', async (_what, approved, now) => {
      expect(await gateWith(approved, now)).toMatchObject({ type: 'plan.changed' });
    });
  });

  it('records what did not pass instead of asking for another approval of it', async () => {
    const { first, promotion } = await tickOnce(toGate(), {
      validate: [failed('staging')],
      analyze: () => ({ ...analysis, fingerprint: 'f2' }),
    });

    expect(first).toMatchObject({ type: 'gate.recorded', results: [{ outcome: 'failed' }] });
    expect(promotion.phase).toBe('failed');
  });

  it('ends it untouched when the target refuses it now', async () => {
    const refusal = { code: 'target.gone', text: 'It is gone.', next: 'Look.' };
    const { first, promotion } = await tickOnce(toGate(), { analyze: { outcome: 'refused', refusal } });

    expect(first).toEqual({ type: 'plan.refused', refusal });
    expect(promotion.phase).toBe('failed');
  });
});

describe('the lock', () => {
  const approved = () => stands['awaiting approval, approved by all']();

  it('ALL-5 is waited for while somebody else has it', async () => {
    const { first, promotion, nowMs } = await tickOnce(approved(), { holder: 'p9' });

    expect(first).toEqual({ type: 'lock.refused', holder: 'p9' });
    expect(promotion).toMatchObject({ phase: 'awaiting-approval', dueAtMs: nowMs + 30_000 });
  });

  it('a rollback whose plan is older than a minute is looked at again before it takes it', async () => {
    const ready = stands['ready to go as a rollback'];
    const sameBack = () => ({
      ...analysis,
      steps: [],
      rollback: analysis.rollback.map((step) => ({ ...step, undoes: [] })),
    });

    expect((await tickOnce(ready(), { analyze: sameBack }, 60)).analyzed).toHaveLength(0);
    expect((await tickOnce(ready(), { analyze: sameBack }, 61)).analyzed).toHaveLength(1);
    expect((await tickOnce(approved(), {}, 61)).analyzed).toHaveLength(0);
  });

  it('a rollback whose target refuses it by then, or does not pass any more, ends untouched', async () => {
    const refusal = { code: 'target.gone', text: 'It is gone.', next: 'Look.' };
    const ready = stands['ready to go as a rollback'];
    const refused = await tickOnce(ready(), { analyze: { outcome: 'refused', refusal } }, 61);
    const broken = await tickOnce(ready(), { validate: [failed('candidate')] }, 61);

    expect(refused.first).toEqual({ type: 'plan.refused', refusal });
    expect(broken.first).toMatchObject({ type: 'plan.refused', refusal: { code: 'validation.failed' } });
  });

  it('ALL-3 a rollback whose plan is another one by then is put before its approvers again', async () => {
    const waiting = approve(stands['awaiting approval as a rollback'](), grace);
    const { first } = await tickOnce(waiting, { validate: [passed('staging')] }, 61);

    expect(first).toMatchObject({
      type: 'plan.changed',
      differences: expect.arrayContaining(['Steps: changed']),
    });
  });
});

describe('a look at production', () => {
  const checks = [spec('version'), spec('health')];

  it('after the switch expects the release, excuses the one before, and knows since when', async () => {
    const walk = walkTo('verifying');
    const { checked, first, nowMs } = await tickOnce(walk, { definition: { checks } });

    expect(checked.slice(0, 2).map(({ id }) => id)).toEqual(['version', 'health']);
    expect(checked[0]?.context).toMatchObject({
      promotionId: 'p1',
      expected: newRelease,
      previous: oldRelease,
      changedAtMs: 'steps' in walk.promotion ? walk.promotion.steps['switch']?.claim?.claimedAtMs : null,
      nowMs,
    });
    expect(first).toMatchObject({ type: 'probe.recorded', results: [{ id: 'version' }, { id: 'health' }] });
  });

  it('after the way back expects the release before, since it was switched', async () => {
    const walk = stands['rolling back, settled']();
    const { checked } = await tickOnce(walk, { definition: { checks } });
    if (walk.promotion.phase !== 'rolling-back') throw new Error('not rolling back');

    expect(returnsTo(walk.promotion)).toEqual(oldRelease);
    expect(checked[0]?.context).toMatchObject({
      expected: oldRelease,
      previous: newRelease,
      changedAtMs: walk.promotion.rollback.switchedAtMs,
    });
  });

  it('ALL-13 that cannot be made after the change is an inconclusive result, and counted', async () => {
    const { first } = await tickOnce(walkTo('verifying'), {
      definition: { checks },
      check: ({ id }) => (id === 'version' ? throttled : passed(id)),
    });

    expect(first).toEqual({
      type: 'probe.recorded',
      results: [
        {
          id: 'version',
          title: 'version',
          outcome: 'inconclusive',
          text: 'AWS is throttling.',
          link: null,
          urgent: false,
        },
        passed('health'),
      ],
    });
  });

  it('that cannot be made during a rollback is tried again; what never works is counted', async () => {
    const walk = stands['rolling back, settled']();
    const away = await tickOnce(walk, { definition: { checks }, check: () => throttled });
    const never = await tickOnce(walk, { definition: { checks }, check: () => denied });

    expect(away.first).toMatchObject({ type: 'trouble.met', code: 'aws.throttled' });
    expect(never.first).toMatchObject({ type: 'probe.recorded', results: [{ outcome: 'inconclusive' }, {}] });
  });

  it('that breaks in a way nobody foresaw is no result', async () => {
    const odd = new Error('odd');
    const { first, thrown } = await tickOnce(walkTo('verifying'), {
      definition: { checks },
      check: () => odd,
    });

    expect(first).toMatchObject({ type: 'trouble.met', code: 'engine.unexpected' });
    expect(thrown).toBe(odd);
  });

  it('in the watch says up to when its data is complete: the oldest of all, and never later than now', async () => {
    const walk = walkTo('monitoring');
    const until = (seconds: number) => walk.nowMs - seconds * 1000;
    const { first } = await tickOnce(walk, {
      observe: { outcome: 'done', text: '' },
      definition: { readings: [spec('errors'), spec('latency'), spec('alarm')] },
      check: ({ id }) =>
        id === 'errors'
          ? { ...passed(id), judged: { fromMs: 0, untilMs: until(60) } }
          : id === 'latency'
            ? { ...passed(id), judged: { fromMs: 0, untilMs: until(120) } }
            : passed(id),
    });
    const ahead = await tickOnce(walk, {
      observe: { outcome: 'done', text: '' },
      definition: { readings: [spec('errors')] },
      check: ({ id }) => ({ ...passed(id), judged: { fromMs: 0, untilMs: until(-500) } }),
    });

    expect(first).toMatchObject({ type: 'reading.recorded', completeUntilMs: until(120) });
    expect(first).not.toHaveProperty('results.0.judged');
    expect(ahead.first).toMatchObject({ completeUntilMs: walk.nowMs });
  });

  it('in the watch that nothing says the data of, is complete now', async () => {
    const { first } = await tickOnce(walkTo('monitoring'), {
      observe: { outcome: 'done', text: '' },
      definition: { readings: [spec('errors')] },
    });

    expect(first).toMatchObject({
      type: 'reading.recorded',
      results: [passed('errors')],
      completeUntilMs: null,
    });
  });
});

describe('SITE-5 in the watch, where production points', () => {
  it('is looked at with the claim of the switch', async () => {
    const walk = walkTo('monitoring');
    const { observed, nowMs } = await tickOnce(walk, { observe: { outcome: 'done', text: '' } });

    expect(observed[0]).toMatchObject({
      promotionId: 'p1',
      step: { id: 'switch' },
      direction: 'forward',
      claim: { key: 'p1.switch.1' },
      nowMs,
    });
  });

  it('is drift when somebody changed it, or took it back', async () => {
    const changed = await tickOnce(walkTo('monitoring'), {
      observe: { outcome: 'foreign', text: 'points elsewhere' },
    });
    const taken = await tickOnce(walkTo('monitoring'), {
      observe: { outcome: 'before', precondition: 'E9' },
    });

    expect(changed.first).toEqual({ type: 'drift.found', stepId: 'switch', text: 'points elsewhere' });
    expect(taken.first).toEqual({
      type: 'drift.found',
      stepId: 'switch',
      text: 'Somebody else took back what "Do switch" had done.',
    });
    expect(taken.promotion.phase).toBe('rollback-failed');
  });

  it('is inconclusive when it cannot be looked at, beside the other readings', async () => {
    const { first } = await tickOnce(walkTo('monitoring'), {
      observe: throttled,
      definition: { readings: [spec('errors')] },
    });
    const expected: CheckResult[] = [
      passed('errors'),
      {
        id: 'target-switch',
        title: 'What production points at',
        text: 'AWS is throttling.',
        outcome: 'inconclusive',
        link: null,
        urgent: false,
      },
    ];

    expect(first).toMatchObject({ type: 'reading.recorded', results: expected, completeUntilMs: null });
  });

  it('that breaks in a way nobody foresaw is no reading', async () => {
    const odd = new Error('odd');
    const { first, thrown } = await tickOnce(walkTo('monitoring'), { observe: odd });

    expect(first).toMatchObject({ type: 'trouble.met', code: 'engine.unexpected' });
    expect(thrown).toBe(odd);
  });
});

describe('a tick', () => {
  it('of a promotion that rests brings the next one near and saves nothing', async () => {
    const { saves, woken, promotion } = await tickOnce(walkTo('awaiting-approval'));

    expect(saves).toBe(0);
    expect(woken).toEqual([['p1', promotion.dueAtMs]]);
  });

  it('of a promotion that is not there does nothing', async () => {
    const { saves, woken, thrown } = await tickOnce(walkTo('verifying'), { ticked: 'p404' });

    expect([saves, woken, thrown]).toEqual([0, [], undefined]);
  });

  it('of a promotion that has ended does nothing', async () => {
    const { saves, woken } = await tickOnce(walkTo('rejected'));

    expect(saves).toBe(0);
    expect(woken).toEqual([]);
  });

  it('does eight things at most and leaves the rest to the next one, which comes at once', async () => {
    const walk = walkTo('verifying');
    const verification = { probes: 20, intervalSeconds: 0, graceSeconds: 60 };
    const policy = { ...walk.promotion.policy, verification };
    const { types, woken, nowMs } = await tickOnce(
      { ...walk, promotion: { ...walk.promotion, policy } },
      {
        definition: { checks: [spec('version')] },
      },
    );

    expect(types).toEqual(Array.from({ length: 8 }, () => 'probe.recorded'));
    expect(woken).toEqual([['p1', nowMs]]);
  });

  it('settles what people asked for with the directory of this moment', async () => {
    const walk = through(walkTo('awaiting-approval'), {
      type: 'approval.claimed',
      claim: claim('approve', otto),
      round: 1,
      digest: 'promotion' in walkTo('awaiting-approval') ? walkTo('awaiting-approval').promotion.digest : '',
    });
    const member = await tickOnce(walk, { membersOf: { SAPPROVE: ['UOTTO'] } });
    const stranger = await tickOnce(walk, { membersOf: { SAPPROVE: ['USOMEBODY'] } });

    expect(member.first).toMatchObject({ type: 'claim.granted', evidence: 'member of SAPPROVE' });
    expect(stranger.first).toMatchObject({ type: 'claim.denied', refusal: { code: 'person.not-allowed' } });
    expect(member.asked).toEqual(['UOTTO', 'SAPPROVE']);
  });

  it('asks no group about a person who is named, and nobody at all on the way back', async () => {
    const approves = through(walkTo('awaiting-approval'), {
      type: 'approval.claimed',
      claim: claim('approve', grace),
      round: 1,
      digest: walkTo('awaiting-approval').promotion.digest,
    });
    const back = later(walkTo('verifying'), 1, {
      type: 'rollback.claimed',
      claim: claim('roll-back', grace),
    });

    expect((await tickOnce(approves)).asked).toEqual(['UGRACE']);
    const { asked, first } = await tickOnce(back);
    expect(asked).toEqual([]);
    expect(first).toMatchObject({ type: 'claim.granted', evidence: expect.stringContaining('not asked') });
  });

  it('asks no group about somebody who is no member', async () => {
    const walk = through(walkTo('awaiting-approval'), {
      type: 'approval.claimed',
      claim: claim('approve', otto),
      round: 1,
      digest: walkTo('awaiting-approval').promotion.digest,
    });

    expect((await tickOnce(walk, { kindOf: 'guest' })).asked).toEqual(['UOTTO']);
  });
});

describe('a rollback that waited for its lock', () => {
  const sameBack = () => ({
    ...analysis,
    steps: [],
    rollback: analysis.rollback.map((each) => ({ ...each, undoes: [] })),
  });
  /** Asked for, planned and signed as it would be now. */
  const ready = (): Walk => {
    const walk = stands['ready to go as a rollback']();
    const { definition, policy } = walk.promotion;
    const now = { analysis: sameBack(), results: [], failingBefore: [] };
    const digest = digestOf(now, definition, policy, hash);
    return { ...walk, promotion: { ...walk.promotion, digest } as Promotion };
  };
  const became = (artifact: string, atMs: number) => ({
    app: 'site',
    environment: 'production',
    version: 'v1.9.0',
    artifact,
    promotionId: 'p5',
    atMs,
    replaced: null,
  });

  it('goes on when its plan is still the one that was signed', async () => {
    const { types, analyzed } = await tickOnce(ready(), { analyze: sameBack }, 61);

    expect(analyzed).toHaveLength(1);
    expect(types.slice(0, 2)).toEqual(['lock.taken', 'step.claimed']);
  });

  it('ends untouched once another release than it meant has become live since it was asked for', async () => {
    const askedAtMs = ready().promotion.requestedAtMs;
    const firstWith = async (artifact: string, atMs: number) =>
      (await tickOnce(ready(), { analyze: sameBack, live: [became(artifact, atMs)] }, 61)).first;

    expect(await firstWith('eeee9999', askedAtMs + 1)).toMatchObject({
      type: 'plan.refused',
      refusal: { code: 'rollback.overtaken', text: expect.stringContaining('v1.9.0') },
    });
    expect(await firstWith('eeee9999', askedAtMs)).toMatchObject({ type: 'lock.taken' });
    expect(await firstWith(oldRelease.artifact, askedAtMs + 1)).toMatchObject({ type: 'lock.taken' });
    expect(await firstWith(newRelease.artifact, askedAtMs + 1)).toMatchObject({ type: 'lock.taken' });
  });

  it('ALL-8 ends untouched once what it goes to was taken out of production since it was asked for, however fresh its plan', async () => {
    const askedAtMs = ready().promotion.requestedAtMs;
    const fled = (atMs: number, replaced = newRelease.artifact) => ({
      ...became(oldRelease.artifact, atMs),
      replaced,
    });
    const firstWith = async (record: ReturnType<typeof fled>) =>
      (await tickOnce(ready(), { analyze: sameBack, live: [record] }, 1)).first;

    expect(await firstWith(fled(askedAtMs + 1))).toMatchObject({
      type: 'plan.refused',
      refusal: {
        code: 'rollback.overtaken',
        text: expect.stringContaining('v1.1.0 was taken out of production'),
      },
    });
    expect(await firstWith(fled(askedAtMs))).toMatchObject({ type: 'lock.taken' });
    expect(await firstWith(fled(askedAtMs + 1, 'third'))).toMatchObject({ type: 'lock.taken' });
  });

  it('ALL-8 what its holder recorded counts as new, however old the time of that: whoever records may have slept', async () => {
    const { requestedAtMs } = ready().promotion;
    const fled = {
      ...became(oldRelease.artifact, requestedAtMs - 9),
      promotionId: 'sleeper',
      replaced: newRelease.artifact,
    };
    const third = { ...became('eeee9999', requestedAtMs - 9), promotionId: 'sleeper' };
    const firstWith = async (heldBy: string, record: typeof fled | typeof third) => {
      const walk = ready();
      const held = { ...walk, promotion: { ...walk.promotion, heldBy } };
      return (await tickOnce(held, { analyze: sameBack, live: [record] }, 1)).first?.type;
    };

    expect(await firstWith('sleeper', fled)).toBe('plan.refused');
    expect(await firstWith('another', fled)).toBe('lock.taken');
    expect(await firstWith('sleeper', third)).toBe('plan.refused');
    expect(await firstWith('another', third)).toBe('lock.taken');
  });

  it('is not overtaken by a record that put nothing new in place of what was there', async () => {
    const nothingNew = { ...became('eeee9999', ready().promotion.requestedAtMs + 1), replaced: 'eeee9999' };

    expect((await tickOnce(ready(), { analyze: sameBack, live: [nothingNew] }, 61)).first).toMatchObject({
      type: 'lock.taken',
    });
  });

  it('takes no lock that was freed after it looked: whoever freed it may have ended well or otherwise', async () => {
    const { first, promotion } = await tickOnce(ready(), { seenHolder: 'p9' });
    const own = await tickOnce(ready(), { analyze: sameBack, seenHolder: ready().promotion.id });

    expect(first).toEqual({ type: 'lock.refused', holder: 'p9' });
    expect(promotion.phase).toBe('awaiting-approval');
    expect(own.first).toMatchObject({ type: 'lock.taken' });
  });

  it('waits for a holder that it cannot take over, and is told who it is', async () => {
    const { first, promotion } = await tickOnce(ready(), { holder: 'p9' });

    expect(first).toEqual({ type: 'lock.refused', holder: 'p9' });
    expect(promotion.phase).toBe('awaiting-approval');
  });
});

describe('what an unfenced step took back', () => {
  /** The way back is done; its step is one that its provider takes unconditionally. */
  const taken = (walk = stands['rolling back, settled']()): Walk => {
    if (walk.promotion.phase !== 'rolling-back') throw new Error('not rolling back');
    const { plan: made } = walk.promotion;
    const rollback = made.analysis.rollback.map(({ undoes, step }) => ({
      undoes,
      step: step.does === 'shift' ? { ...step, fence: 'hold' as const } : step,
    }));
    const analysisHeld = { ...made.analysis, rollback };
    return { ...walk, promotion: { ...walk.promotion, plan: { ...made, analysis: analysisHeld } } };
  };

  it('is looked at before every probe, with the claim it was made under', async () => {
    const { observed, first } = await tickOnce(taken(), { observe: { outcome: 'done', text: '' } });

    expect(observed[0]).toMatchObject({
      promotionId: 'p1',
      step: { id: 'switch-back' },
      direction: 'back',
      claim: { key: 'p1.switch-back.1' },
    });
    expect(first).toMatchObject({ type: 'probe.recorded' });
  });

  it.each([
    { outcome: 'before' as const, precondition: null },
    { outcome: 'failed' as const, code: 'x', text: 'x' },
  ])('is done once more when a late request undid it: $outcome', async (seen) => {
    const { first } = await tickOnce(taken(), { observe: seen });

    expect(first).toEqual({
      type: 'step.reopened',
      stepId: 'switch-back',
      text: expect.stringContaining('"Do switch-back"'),
    });
  });

  it('is done once more at once when a late request undid it while it settles', async () => {
    const walk = taken(stands['rolling back, switched back']());
    const { first } = await tickOnce(walk, { observe: { outcome: 'before', precondition: null } });

    expect(first).toMatchObject({ type: 'step.reopened', stepId: 'switch-back' });
  });

  it('is left to people when somebody else changed it', async () => {
    const { first, promotion } = await tickOnce(taken(), {
      observe: { outcome: 'foreign', text: 'elsewhere' },
    });

    expect(first).toEqual({ type: 'drift.found', stepId: 'switch-back', text: 'elsewhere' });
    expect(promotion.phase).toBe('rollback-failed');
  });

  it('is not looked at where the provider fences requests itself', async () => {
    const { observed, first } = await tickOnce(stands['rolling back, settled']());

    expect(observed).toEqual([]);
    expect(first).toMatchObject({ type: 'probe.recorded' });
  });
});

describe('an answer that is old', () => {
  it('SITE-5 in the watch is no drift while the target answers as it did before the claim', async () => {
    const seen = (precondition: string | null, about: { older?: boolean } = {}) =>
      tickOnce(walkTo('monitoring'), { observe: { outcome: 'before', precondition, ...about } });

    expect((await seen('E1', { older: true })).first).toMatchObject({
      type: 'reading.recorded',
      looked: false,
      results: [{ id: 'target-switch', outcome: 'inconclusive' }],
    });
    expect((await seen('E2')).first).toMatchObject({ type: 'drift.found' });
    expect((await seen(null)).first).toMatchObject({ type: 'drift.found' });
  });

  it('tells that production was looked at when it was', async () => {
    const { first } = await tickOnce(walkTo('monitoring'), { observe: { outcome: 'done', text: '' } });

    expect(first).toMatchObject({ type: 'reading.recorded', looked: true });
  });
});

describe('the gate with several results', () => {
  it('records them when only one of them did not pass', async () => {
    const { first } = await tickOnce(toGate(), {
      validate: [passed('staging'), unknown('candidate')],
      analyze: () => ({ ...analysis, fingerprint: 'f2' }),
    });

    expect(first).toMatchObject({ type: 'gate.recorded' });
  });
});

describe('a rollback whose target can never be looked at', () => {
  it('ALL-7 is handed to people, although it has changed nothing itself', async () => {
    const back = stands['rolling back as asked for']();
    const away = await tickOnce(back, { observe: denied });

    expect(away.first).toMatchObject({
      type: 'step.failed',
      stepId: 'switch-back',
      code: 'aws.access-denied',
    });
    expect(away.promotion.phase).toBe('rollback-failed');
  });
});
