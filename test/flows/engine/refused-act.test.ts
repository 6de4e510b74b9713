import { expect, it } from 'vitest';
import { ConflictError, RetryableError } from '../../../src/flows/errors.ts';
import { claim, otto } from '../promotion/walk.ts';
import { createSmallWorld } from './small-world.ts';

it.each([
  ['throttled', 1, () => new RetryableError('aws.throttled', 'Fewer calls.')],
  ['refused by its precondition', 2, () => new ConflictError('aws.precondition-failed', 'Stale.')],
] as const)(
  'ALL-9 on-call hears soon after five minutes of a way back that is %s each time',
  async (_what, losses, fault) => {
    const world = createSmallWorld();
    const { id, definition } = await world.promote('v1.1.0', ({ phase }) => phase === 'monitoring');
    const target = world.world.targetOf(definition, { promotionId: '', digest: null });
    const saidBefore: boolean[] = [];
    Object.assign(target, {
      act: async () => {
        saidBefore.push((await world.told(id)).some(({ topic }) => topic === 'trouble'));
        throw fault();
      },
    });
    await world.desk.decide(id, { type: 'rollback.claimed', claim: claim('roll-back', otto) });
    const slow = async () => (await world.told(id)).some(({ topic }) => topic === 'rollback-slow');
    let seconds = 0;
    for (; seconds < 900 && !(await slow()); seconds += 5) {
      world.pass(5);
      await world.sweep();
    }

    expect(seconds).toBeGreaterThanOrEqual(300);
    expect(seconds).toBeLessThan(420);
    expect(saidBefore.indexOf(true)).toBe(losses);
  },
);
