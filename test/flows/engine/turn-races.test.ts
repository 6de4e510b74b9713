import { describe, expect, it } from 'vitest';
import { decideAndTurn } from '../../../src/flows/engine/turn.ts';
import { analysis, failed, later, passed, walkTo } from '../promotion/walk.ts';
import { type Outside, tickOnce } from './one-tick.ts';
import { createSmallWorld } from './small-world.ts';

const spec = (id: string) => ({ id, kind: id, title: id, essential: false, settings: {} });
const sick: Outside = {
  observe: { outcome: 'before', precondition: 'E7' },
  check: () => failed('alarms', true),
  definition: { checks: [spec('alarms')] },
};

describe('a turn that is saved with its first claim', () => {
  it('is carried out backwards, under the very claim that was saved', async () => {
    const { acted, store } = await tickOnce(walkTo('verifying'), sick);
    const saved = store.history[1];

    expect(acted[0]).toMatchObject({ direction: 'back', step: { id: 'switch-back' } });
    expect(saved?.phase === 'rolling-back' && saved.rollback.steps['switch-back']?.claim).toEqual(
      acted[0]?.claim,
    );
  });

  it('sends nothing when somebody else saved first', async () => {
    const { acted, calls } = await tickOnce(walkTo('verifying'), { ...sick, saves: { outcome: 'conflict' } });

    expect(calls.filter((call) => call === 'save')).toHaveLength(1);
    expect(acted).toEqual([]);
  });

  it('sends nothing when the worker slept between its save and its call: the claim is made anew', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', ({ phase }) => phase === 'verifying');
    world.breakProbes(true);
    world.sleep('act', 120);

    const moved = await world.until(running.id, () => world.production.writes.length > 1);

    expect(moved).toMatchObject({ rollback: { steps: { 'move-back': { claim: { attempt: 2 } } } } });
    expect(world.production.writes.map(({ to }) => to)).toEqual(['v2.0.0', 'v1.0.0']);
  });

  it('goes on in the same tick: what was sent is looked at', async () => {
    const { ticked, promotion, calls } = await tickOnce(walkTo('verifying'), sick);

    expect(ticked?.saved).toBe(true);
    expect(promotion.phase).toBe('rolling-back');
    expect(calls.slice(calls.indexOf('act switch-back') + 1)[0]).toBe('load');
    expect(calls.lastIndexOf('observe switch-back')).toBeGreaterThan(calls.indexOf('act switch-back'));
  });
});

describe('an event that the promotion refuses', () => {
  it('turns nothing around, saves nothing and ends the tick', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', ({ phase }) => phase === 'verifying');

    const goesOn = await decideAndTurn(
      world.world,
      running,
      { type: 'wait.elapsed' },
      world.nowMs(),
      () => true,
    );

    expect(goesOn).toBe(false);
    expect(await world.load(running.id)).toEqual(running);
  });
});

describe('a look that was made elsewhere than where the way back begins', () => {
  it('claims nothing: the decision is saved alone, and the first step is looked at anew', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', ({ phase }) => phase === 'verifying');
    const [step] = analysis.steps;
    if (step === undefined) throw new Error('no steps');

    const goesOn = await decideAndTurn(
      world.world,
      running,
      { type: 'probe.recorded', results: [failed('version')] },
      world.nowMs(),
      () => true,
      async () => ({ step, observation: { outcome: 'before', precondition: 'E1' } }),
    );

    expect(goesOn).toBe(true);
    expect(await world.load(running.id)).toMatchObject({ phase: 'rolling-back', rollback: { steps: {} } });
    expect(world.production.writes.map(({ to }) => to)).toEqual(['v2.0.0']);
  });
});

describe('an event that turns nothing around', () => {
  it('is saved alone, and nothing of the way back is looked at', async () => {
    const { types, observed } = await tickOnce(
      later(walkTo('verifying'), 0, { type: 'probe.recorded', results: [passed('page')] }),
      { definition: { checks: [spec('page')] } },
      10,
    );

    expect(types).toContain('probe.recorded');
    expect(observed.filter(({ direction }) => direction === 'back')).toEqual([]);
  });
});
