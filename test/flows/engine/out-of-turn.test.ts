import { describe, expect, it } from 'vitest';
import { act, carryOut } from '../../../src/flows/engine/step.ts';
import { lookAhead } from '../../../src/flows/engine/turn.ts';
import { probeEvent, undoneWhileSettling } from '../../../src/flows/engine/watching.ts';
import type { Step } from '../../../src/flows/promotion/plan.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { stands } from '../promotion/stands.ts';
import { analysis, through, walkTo, walkToUntouchedDeployment } from '../promotion/walk.ts';
import { createSmallWorld } from './small-world.ts';

/** A world that notes whenever its target is reached, and finds it unchanged. */
function noting() {
  const reached: string[] = [];
  const { world } = createSmallWorld();
  return {
    reached,
    world: {
      ...world,
      targetOf: (...given: Parameters<typeof world.targetOf>): ReturnType<typeof world.targetOf> => ({
        ...world.targetOf(...given),
        async observe() {
          reached.push('observe');
          return { outcome: 'before', precondition: 'E1' };
        },
        async act() {
          reached.push('act');
          return { reference: null };
        },
      }),
    },
  };
}
const fresh = () => true;
const stepNamed = (id: string): Step => {
  const step = analysis.steps.find((each) => each.id === id);
  if (step === undefined) throw new Error(`there is no step ${id}`);
  return step;
};

describe('what the engine is asked for out of turn', () => {
  it.each(['waiting', 'verifying', 'monitoring', 'rollback-failed', 'promoted'] as const)(
    'reaches no target: a step of a promotion that is %s is neither looked at nor sent',
    async (phase) => {
      const { world, reached } = noting();
      const { promotion, nowMs } = walkTo(phase);

      expect(await carryOut(world, promotion, 'switch', 'forward', nowMs, fresh)).toBe(false);
      expect(await act(world, promotion, stepNamed('switch'), 'forward', nowMs)).toBe(false);
      expect(reached).toEqual([]);
    },
  );

  it('reaches no target for a step that the plan does not have', async () => {
    const { world, reached } = noting();
    const { promotion, nowMs } = walkTo('deploying');

    expect(await carryOut(world, promotion, 'unknown', 'forward', nowMs, fresh)).toBe(false);
    expect(reached).toEqual([]);
  });

  it('begins no way back of a promotion that still goes forward', async () => {
    const { world, reached } = noting();
    const { promotion, nowMs } = walkTo('deploying');

    expect(await carryOut(world, promotion, 'switch-back', 'back', nowMs, fresh)).toBe(false);
    expect(reached).not.toContain('act');
  });

  it.each([
    ['was never looked at', walkToUntouchedDeployment, 'switch'],
    [
      'was only looked at',
      () =>
        through(stands['deploying, the switch done'](), {
          type: 'step.progressed',
          stepId: 'settle',
          text: 'moving',
          fraction: null,
        }),
      'settle',
    ],
  ] as const)('ALL-16 sends nothing without a claim: a step that %s', async (_how, walk, stepId) => {
    const { world, reached } = noting();
    const { promotion, nowMs } = walk();

    expect(await act(world, promotion, stepNamed(stepId), 'forward', nowMs)).toBe(false);
    expect(reached).toEqual([]);
  });

  it('looks ahead at nothing where nothing was begun, or where no way back is needed', async () => {
    const { world, reached } = noting();
    const { promotion: waiting, nowMs } = walkTo('waiting');
    const { promotion: verifying } = walkTo('verifying');
    const wayless: Promotion = {
      ...verifying,
      plan: { ...verifying.plan, analysis: { ...analysis, rollback: [] } },
    };

    expect(await lookAhead(world, waiting, nowMs)()).toBeNull();
    expect(await lookAhead(world, wayless, nowMs)()).toBeNull();
    expect(reached).toEqual([]);
  });

  it('probes nothing that was never begun: that is a fault of ours', async () => {
    const { world } = noting();
    const { promotion, nowMs } = walkTo('waiting');

    await expect(probeEvent(world, promotion, nowMs)).rejects.toMatchObject({ code: 'engine.phase' });
  });

  it('looks for what a late request undid on the way back alone, whatever the steps are called', async () => {
    const { world, reached } = noting();
    const forward = stands['deploying, the switch done']();
    if (forward.promotion.phase !== 'deploying') throw new Error(forward.promotion.phase);
    const rollback = analysis.rollback.map(({ undoes, step }) => ({
      undoes,
      step: step.does === 'settle' ? { ...step, id: 'settle' } : step,
    }));
    const plan = { ...forward.promotion.plan, analysis: { ...analysis, rollback } };
    const back = stands['rolling back, switched back']();

    expect(
      await undoneWhileSettling(world, { ...forward.promotion, plan }, 'settle', forward.nowMs),
    ).toBeNull();
    expect(await undoneWhileSettling(world, back.promotion, 'unknown', back.nowMs)).toBeNull();
    expect(reached).toEqual([]);
  });
});
