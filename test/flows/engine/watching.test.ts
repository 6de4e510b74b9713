import { describe, expect, it } from 'vitest';
import { readForAlarm } from '../../../src/flows/engine/watching.ts';
import { MisconfiguredError, RetryableError } from '../../../src/flows/errors.ts';
import type { Observation, StepContext } from '../../../src/flows/ports.ts';
import type { Analysis, Step } from '../../../src/flows/promotion/plan.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import {
  analysis,
  claim,
  failed,
  grace,
  later,
  passed,
  through,
  unknown,
  type Walk,
  walkTo,
  walkToUntouchedDeployment,
} from '../promotion/walk.ts';
import { type Outside, tickOnce } from './one-tick.ts';
import { createSmallWorld } from './small-world.ts';

const spec = (id: string) => ({ id, kind: id, title: id, essential: false, settings: {} });
const readings = { readings: [spec('alarms'), spec('errors')] };
const green = { outcome: 'done', text: 'green' } as const;
const alarmed = { alarmed: true };
/** The next reading is a minute away. */
const watched = () =>
  later(walkTo('monitoring'), 0, {
    type: 'reading.recorded',
    results: [passed('alarms')],
    completeUntilMs: null,
  });
const ids = (checked: readonly { readonly id: string }[]) => checked.map(({ id }) => id);

describe('an alarm', () => {
  it('that fires when the reading is due is answered by that one reading, which is recorded however good it is', async () => {
    const { types, checked } = await tickOnce(
      watched(),
      { observe: green, definition: readings, options: alarmed },
      60,
    );

    expect(types).toEqual(['reading.recorded']);
    expect(ids(checked)).toEqual(['alarms', 'errors']);
  });

  it('that fires when the probe is due is answered by that one probe', async () => {
    const { types, checked } = await tickOnce(walkTo('verifying'), {
      observe: green,
      definition: { checks: [spec('alarms')] },
      options: alarmed,
    });

    expect(types).toEqual(['probe.recorded']);
    expect(ids(checked)).toEqual(['alarms']);
  });

  it('that turns out to be none ends the tick: one load, one round of looks, one load for when it is due', async () => {
    const { calls } = await tickOnce(watched(), { observe: green, definition: readings, options: alarmed });

    expect(calls).toEqual([
      'load',
      'observe switch-back',
      'observe switch',
      'check alarms',
      'check errors',
      'load',
    ]);
  });

  it('waits for nobody, but what a person asked for before is settled first', async () => {
    const walk = through(watched(), { type: 'rollback.claimed', claim: claim('roll-back', grace) });
    const { types, checked } = await tickOnce(walk, {
      observe: green,
      definition: readings,
      options: alarmed,
    });

    expect(types[0]).toBe('claim.granted');
    expect(checked).toEqual([]);
  });

  it('that is quiet again does not make a second sick reading count before its time', async () => {
    const sick = later(watched(), 60, {
      type: 'reading.recorded',
      results: [failed('errors')],
      completeUntilMs: null,
    });
    const { saves, promotion } = await tickOnce(sick, {
      observe: green,
      check: ({ id }) => (id === 'errors' ? failed('errors') : { ...passed(id), urgent: true }),
      definition: readings,
      options: alarmed,
    });

    expect(saves).toBe(0);
    expect(promotion.phase).toBe('monitoring');
  });

  it('ALL-13 that fired before the promotion already is not blamed on it, and nothing is read early', async () => {
    const walk = watched();
    if (walk.promotion.phase !== 'monitoring') throw new Error(walk.promotion.phase);
    const { plan } = walk.promotion;
    const failingBefore = [{ id: 'alarms', title: 'alarms', text: 'broken' }];
    const before: Walk = { ...walk, promotion: { ...walk.promotion, plan: { ...plan, failingBefore } } };
    const { saves } = await tickOnce(before, {
      observe: green,
      check: ({ id }) => (id === 'alarms' ? failed('alarms', true) : passed(id)),
      definition: readings,
      options: alarmed,
    });

    expect(saves).toBe(0);
  });
});

describe('an alarm while the change is carried out', () => {
  const alarms = [spec('alarms')];
  const ringing = { ...failed('alarms'), urgent: true };
  const applying = { outcome: 'applying', text: 'delivering', fraction: null } as const;
  /** Switched, and asked again later whether it is delivered everywhere. */
  const delivering = () =>
    through(walkTo('deploying'), {
      type: 'step.progressed',
      stepId: 'switch',
      text: 'delivering',
      fraction: null,
    });
  const looked: Outside['observe'] = ({ direction }) =>
    direction === 'forward' ? applying : { outcome: 'before', precondition: 'E2' };

  it('ALL-7 turns it around at once, and the way back begins in the same write', async () => {
    const { types, calls, promotion, checked } = await tickOnce(delivering(), {
      observe: looked,
      check: () => ringing,
      definition: { readings: alarms },
      options: alarmed,
    });

    expect(calls.slice(0, calls.indexOf('save') + 1)).toEqual([
      'load',
      'observe switch-back',
      'check alarms',
      'save',
    ]);
    expect(types.slice(0, 2)).toEqual(['reading.recorded', 'step.claimed']);
    expect(promotion.phase === 'rolling-back' && promotion.rollback.cause).toEqual({
      code: 'alarm',
      text: 'alarms: broken',
      by: null,
    });
    expect(checked[0]?.context.changedAtMs).toBe(walkTo('deploying').nowMs);
  });

  it('is of this change from its first attempt on, however often it was sent', async () => {
    const walk = walkTo('deploying');
    const again = later(walk, 90, {
      type: 'step.claimed',
      stepId: 'switch',
      key: 'p1.switch.1',
      precondition: 'E2',
    });
    const { checked } = await tickOnce(again, {
      observe: looked,
      definition: { readings: alarms },
      options: alarmed,
    });

    expect(checked[0]?.context.changedAtMs).toBe(walk.nowMs);
  });

  it('is heard by every look at the delivery, when its event got lost', async () => {
    const { types, calls } = await tickOnce(
      delivering(),
      { observe: looked, check: () => ringing, definition: { readings: alarms } },
      60,
    );

    expect(calls.slice(0, 2)).toEqual(['load', 'check alarms']);
    expect(types.slice(0, 2)).toEqual(['reading.recorded', 'step.claimed']);
  });

  it('that fires while verification runs is heard by the next probe, though only the watch names it', async () => {
    const { types, promotion } = await tickOnce(walkTo('verifying'), {
      observe: { outcome: 'before', precondition: 'E2' },
      check: ({ id }) => (id === 'alarms' ? ringing : passed(id)),
      definition: { checks: [spec('page')], readings: alarms },
    });

    expect(types.slice(0, 2)).toEqual(['reading.recorded', 'step.claimed']);
    expect(promotion.phase).toBe('rolling-back');
  });

  it.each([
    ['is quiet', passed('alarms')],
    ['is quiet, and would be urgent', { ...passed('alarms'), urgent: true }],
    ['cannot be told, and would be urgent', { ...unknown('alarms'), urgent: true }],
    ['was there before the change', failed('alarms')],
    ['cannot be read', new RetryableError('aws.throttled', 'CloudWatch asks to wait.')],
    ['is not there', new MisconfiguredError('check.alarm-missing', 'There is no such alarm.')],
  ])('that %s does not hold up the change: the watch tells it', async (_name, answer) => {
    const { calls, saves, promotion } = await tickOnce(
      delivering(),
      { observe: looked, check: () => answer, definition: { readings: alarms } },
      60,
    );

    expect(calls).toEqual(['load', 'check alarms', 'observe switch', 'save', 'load']);
    expect(saves).toBe(1);
    expect(promotion.phase).toBe('deploying');
  });

  it('is one look at the alarms and at nothing else, and nothing is saved while they are quiet', async () => {
    const { calls, saves, ticked } = await tickOnce(delivering(), {
      observe: looked,
      definition: { checks: [spec('page')], ...readings },
      options: alarmed,
    });

    expect(calls).toEqual(['load', 'observe switch-back', 'check alarms', 'load']);
    expect(saves).toBe(0);
    expect(ticked).toMatchObject({ dueAtMs: delivering().promotion.dueAtMs });
  });

  it('that fires when the delivery is looked at anyway is asked for once, and the look is taken', async () => {
    const { calls } = await tickOnce(
      delivering(),
      { observe: looked, definition: { readings: alarms }, options: alarmed },
      60,
    );

    expect(calls).toEqual(['load', 'check alarms', 'observe switch', 'save', 'load']);
  });

  it('that fires while somebody’s rights are being read is heard right after, in the same tick', async () => {
    const eve = { teamId: 'T1', userId: 'UEVE' };
    const walk = through(delivering(), { type: 'rollback.claimed', claim: claim('roll-back', eve) });
    const { types } = await tickOnce(walk, {
      observe: looked,
      check: () => ringing,
      definition: { readings: alarms },
      options: alarmed,
    });

    expect(types.slice(0, 3)).toEqual(['claim.denied', 'reading.recorded', 'step.claimed']);
  });

  it('that only the checks after the change name is heard while it is delivered too', async () => {
    const { types } = await tickOnce(
      delivering(),
      { observe: looked, check: () => ringing, definition: { checks: alarms } },
      60,
    );

    expect(types.slice(0, 2)).toEqual(['reading.recorded', 'step.claimed']);
  });

  it('ALL-11 is kept as what it is: nobody looked where production points, and no data was counted', async () => {
    const { first } = await tickOnce(delivering(), {
      observe: looked,
      check: () => ringing,
      definition: { readings: alarms },
      options: alarmed,
    });

    expect(first).toEqual({
      type: 'reading.recorded',
      results: [ringing],
      completeUntilMs: null,
      looked: false,
    });
  });

  it('ALL-13 is named without those that rang before the change already', async () => {
    const walk = delivering();
    if (walk.promotion.phase !== 'deploying') throw new Error(walk.promotion.phase);
    const failingBefore = [{ id: 'old', title: 'old', text: 'broken' }];
    const before = {
      ...walk,
      promotion: { ...walk.promotion, plan: { ...walk.promotion.plan, failingBefore } },
    };
    const { promotion } = await tickOnce(before, {
      observe: looked,
      check: ({ id }) => failed(id, true),
      definition: { readings: [{ ...spec('old'), kind: 'alarms' }, ...alarms] },
      options: alarmed,
    });

    expect(promotion).toMatchObject({ rollback: { cause: { code: 'alarm', text: 'alarms: broken' } } });
  });

  it('that breaks in a way nobody foresaw does not hold up the change either, and is logged', async () => {
    const odd = new Error('odd');
    const { calls, thrown, warned } = await tickOnce(delivering(), {
      observe: looked,
      check: () => odd,
      definition: { readings: alarms },
      options: alarmed,
    });

    expect(calls).toContain('check alarms');
    expect(thrown).toBeUndefined();
    expect(warned).toEqual([expect.objectContaining({ check: 'alarms', code: 'engine.unexpected' })]);
  });

  it('whose turn could not be saved is noted as trouble with listening, and comes again with the next look', async () => {
    let away = true;
    const { types, warned, promotion } = await tickOnce(delivering(), {
      observe: looked,
      check: () => ringing,
      definition: { readings: alarms },
      options: alarmed,
      saves() {
        if (!away) return undefined;
        away = false;
        return new RetryableError('store.unreachable', 'No answer.');
      },
    });

    expect(warned[0]).toEqual({ promotionId: 'p1', doing: 'listen', code: 'store.unreachable' });
    expect(types).toEqual(['trouble.met']);
    expect(promotion.phase).toBe('deploying');
  });

  it('turns nothing around that has changed nothing, whoever brings it', () => {
    const { promotion, nowMs } = walkToUntouchedDeployment();
    const reading = { results: [ringing], completeUntilMs: null, looked: false };

    expect(transition(promotion, { type: 'reading.recorded', ...reading }, nowMs)).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'alarm.quiet' },
    });
  });

  it('ALL-13 that failed before the promotion in the same words is not blamed on it', async () => {
    const walk = delivering();
    const failingBefore = [{ id: 'alarms', title: 'alarms', text: 'broken' }];
    if (walk.promotion.phase !== 'deploying') throw new Error(walk.promotion.phase);
    const before = {
      ...walk,
      promotion: { ...walk.promotion, plan: { ...walk.promotion.plan, failingBefore } },
    };
    const { promotion } = await tickOnce(
      before,
      { observe: looked, check: () => ringing, definition: { readings: alarms } },
      60,
    );

    expect(promotion.phase).toBe('deploying');
  });

  it('is not asked for before the first change, and not on the way back', async () => {
    const forward = await tickOnce(walkToUntouchedDeployment(), {
      check: ({ id }) => (id === 'alarms' ? ringing : passed(id)),
      definition: { readings: alarms },
      options: alarmed,
    });
    const back = await tickOnce(walkTo('rolling-back'), {
      observe: applying,
      check: () => ringing,
      definition: { readings: alarms },
      options: alarmed,
    });

    expect(forward.calls).toContain('act switch');
    expect(forward.calls.slice(0, forward.calls.indexOf('act switch'))).not.toContain('check alarms');
    expect(back.types).not.toContain('reading.recorded');
  });
});

describe('an alarm that is named among the checks alone', () => {
  const checks = [spec('alarms'), spec('page')];

  it('ALL-9 is read in the watch as well, to its end', async () => {
    const { types, checked, promotion } = await tickOnce(walkTo('monitoring'), {
      observe: ({ direction }) =>
        direction === 'forward' ? green : { outcome: 'before', precondition: 'E2' },
      check: ({ id }) => (id === 'alarms' ? { ...failed(id), urgent: true } : passed(id)),
      definition: { checks, readings: [spec('errors')] },
    });

    expect(types.slice(0, 2)).toEqual(['reading.recorded', 'step.claimed']);
    expect(ids(checked)).toEqual(['errors', 'alarms']);
    expect(promotion.phase).toBe('rolling-back');
  });

  it('ALL-9 is an alarm whichever look hears it first: a probe tells it as one', async () => {
    const { promotion } = await tickOnce(walkTo('verifying'), {
      observe: { outcome: 'before', precondition: 'E2' },
      check: ({ id }) => (id === 'alarms' ? { ...failed(id), urgent: true } : failed(id)),
      definition: { checks },
    });

    expect(promotion).toMatchObject({ rollback: { cause: { code: 'alarm', text: 'alarms: broken' } } });
  });

  it('says nothing of the way back: it rings on for minutes about what is over', async () => {
    const back = through(
      walkTo('rolling-back'),
      { type: 'step.claimed', stepId: 'switch-back', key: 'p1.switch-back.1', precondition: 'E2' },
      { type: 'step.completed', stepId: 'switch-back', text: 'back' },
      { type: 'step.completed', stepId: 'settle-back', text: 'everywhere' },
    );
    const probedWith = async (...specs: ReturnType<typeof spec>[]) =>
      ids((await tickOnce(back, { definition: { checks: specs } })).checked);

    expect(new Set(await probedWith(...checks))).toEqual(new Set(['page']));
    expect(new Set(await probedWith(spec('alarms')))).toEqual(new Set(['alarms']));
  });
});

describe('the watch', () => {
  it('says from when to when each check has judged, and tells each how far it had come', async () => {
    const walk = walkTo('monitoring');
    const watch = { ...walk.promotion.watch, judgedUntilMs: { errors: walk.nowMs - 90_000 } };
    const judged = {
      errors: { fromMs: walk.nowMs - 300_000, untilMs: walk.nowMs - 60_000 },
      latency: { fromMs: walk.nowMs - 240_000, untilMs: walk.nowMs },
    };
    const { store, checked } = await tickOnce(
      { ...walk, promotion: { ...walk.promotion, watch } },
      {
        observe: green,
        check: ({ id }) => ({
          ...passed(id),
          ...(id === 'errors' || id === 'latency' ? { judged: judged[id] } : {}),
        }),
        definition: { readings: [...readings.readings, spec('latency')] },
      },
    );

    expect(store.entries.map(({ event }) => event)).toContainEqual(
      expect.objectContaining({
        type: 'reading.recorded',
        judged: [
          { id: 'errors', ...judged.errors },
          { id: 'latency', ...judged.latency },
        ],
        completeUntilMs: walk.nowMs - 60_000,
      }),
    );
    expect(checked.map(({ id, context }) => [id, context.judgedUntilMs])).toEqual([
      ['alarms', null],
      ['errors', walk.nowMs - 90_000],
      ['latency', null],
    ]);
  });

  it('has nothing more to do after an alarm that turned out to be none', async () => {
    const world = createSmallWorld();
    const watched = await world.promote(
      'v2.0.0',
      (promotion) => promotion.phase === 'monitoring' && promotion.watch.readings > 0,
    );

    expect(await readForAlarm(world.world, watched, { does: 'read' }, world.nowMs(), () => true)).toBe(false);
    expect(await world.load(watched.id)).toEqual(watched);
  });

  it('of a plan that moves nothing looks at no target, and reads all the same', async () => {
    const walk = walkTo('monitoring');
    const steps = analysis.steps.filter(({ does }) => does !== 'shift');
    const plan = { ...walk.promotion.plan, analysis: { ...analysis, steps } };
    const { types, observed } = await tickOnce(
      { ...walk, promotion: { ...walk.promotion, plan } },
      {
        definition: readings,
      },
    );

    expect(types[0]).toBe('reading.recorded');
    expect(observed).toEqual([]);
  });
});

describe('what an unfenced step took back', () => {
  const common = { title: 'x', pollSeconds: 15, deadlineSeconds: 600, typicalSeconds: 60, settings: {} };
  const deploy = (id: string): Step => ({ ...common, id, does: 'deploy', fence: 'hold' });
  const settle: Step = { ...common, id: 'settle', does: 'settle', fence: 'none' };
  const purge: Step = { ...common, id: 'purge', does: 'invalidate', fence: 'idempotent' };
  const back = deploy('back');

  /** On a way back of these steps, the first of which is done. */
  const afterBack = (...rest: readonly Step[]): Walk => {
    const rollback: Analysis['rollback'] = [back, ...rest].map((each) => ({ undoes: [], step: each }));
    const walk = walkTo('rolling-back');
    const plan = { ...walk.promotion.plan, analysis: { ...analysis, rollback } };
    const promotion: Promotion = { ...walk.promotion, plan };
    return through(
      { ...walk, promotion },
      { type: 'step.claimed', stepId: 'back', key: 'p1.back.1', precondition: null },
      { type: 'step.completed', stepId: 'back', text: 'runs' },
    );
  };
  /** Production as a late request has left it: the first step is undone. */
  const undone: Outside['observe'] = ({ step: { id, does } }: StepContext): Observation =>
    id === 'back'
      ? { outcome: 'before', precondition: null }
      : does === 'settle'
        ? { outcome: 'applying', text: 'moving', fraction: null }
        : { outcome: 'before', precondition: 'E1' };

  it('is looked at while it settles, since what a late request undid would never settle', async () => {
    const { types, observed } = await tickOnce(afterBack(settle), {
      observe: undone,
    });

    expect(types[0]).toBe('step.reopened');
    expect(observed[0]?.step.id).toBe('back');
  });

  it('is not looked at before a step that only adds to it', async () => {
    const { types, observed } = await tickOnce(afterBack(purge), {
      observe: undone,
    });

    expect(types[0]).toBe('step.claimed');
    expect(observed[0]?.step.id).toBe('purge');
  });

  it('is all that is looked at: a step that has not been carried out yet cannot have been undone', async () => {
    const { types, observed } = await tickOnce(afterBack(settle, deploy('second')), {
      observe: (context) =>
        context.step.id === 'back' ? { outcome: 'done', text: 'runs' } : undone(context),
    });

    expect(types).toEqual([]);
    expect([...new Set(observed.map(({ step: { id } }) => id))]).toEqual(['back', 'settle']);
  });
});

describe('a watch that has soaked', () => {
  it.each([
    [
      'rollback-failed',
      { outcome: 'failed', code: 'provider.rolled-back', text: 'The provider took it back by itself.' },
    ],
    ['monitoring', { outcome: 'applying', text: 'Nobody can tell yet.', fraction: null }],
    ['promoted', { outcome: 'done', text: 'There.' }],
  ] as const)('ALL-13 is %s when the target says so', async (phase, observe) => {
    const soaked = later(walkTo('monitoring'), 0, {
      type: 'reading.recorded',
      results: [passed('errors')],
      completeUntilMs: null,
    });
    const spec = { id: 'errors', kind: 'errors', title: 'errors', essential: false, settings: {} };
    const ticked = await tickOnce(soaked, { observe, definition: { readings: [spec] } }, 200);

    expect(ticked.promotion.phase).toBe(phase);
    if (phase === 'rollback-failed')
      expect(ticked.first).toMatchObject({ type: 'drift.found', text: observe.text });
  });
});
