import { describe, expect, it } from 'vitest';
import { createExperience } from '../../src/compose/experience.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { walkTo } from '../flows/promotion/walk.ts';

const took = (seconds: number): Promotion => {
  const { promotion } = walkTo('promoted');
  const startMs = promotion.requestedAtMs;
  return {
    ...promotion,
    phases: [
      { phase: 'awaiting-approval', atMs: startMs },
      { phase: 'deploying', atMs: startMs + 5_000 },
      { phase: 'verifying', atMs: startMs + 5_000 + seconds * 1000 },
    ],
  };
};

describe('expected durations', () => {
  it('ALL-6 are the median of earlier promotions of the same environment, and say nothing of what waits for people', async () => {
    const experience = createExperience({ list: async () => [took(100), took(900), took(200)] }, () => 0);

    expect(await experience(walkTo('deploying').promotion)).toEqual({ deploying: 200 });
  });

  it('leave out what was cut short: it says nothing of how long the whole takes', async () => {
    const cutShort: Promotion = {
      ...took(1),
      phases: [
        { phase: 'deploying', atMs: 0 },
        { phase: 'rolling-back', atMs: 27_000 },
        { phase: 'rollback-failed', atMs: 30_000 },
      ],
    };
    const experience = createExperience({ list: async () => [cutShort, took(400)] }, () => 0);

    expect(await experience(walkTo('deploying').promotion)).toEqual({ deploying: 400 });
  });

  it('say nothing while there is no history', async () => {
    const experience = createExperience({ list: async () => [] }, () => 0);

    expect(await experience(walkTo('deploying').promotion)).toEqual({});
  });

  it('of rollbacks are not those of promotions', async () => {
    const experience = createExperience({ list: async () => [{ ...took(100), kind: 'rollback' }] }, () => 0);

    expect(await experience(walkTo('deploying').promotion)).toEqual({});
  });

  it('are asked of the store once in five minutes, not at every drawing', async () => {
    let nowMs = 0;
    let asked = 0;
    const list = async () => {
      asked += 1;
      return [took(100)];
    };
    const experience = createExperience({ list }, () => nowMs);

    await experience(took(1));
    await experience(took(1));
    nowMs = 300_001;
    await experience(took(1));

    expect(asked).toBe(2);
  });
});
