import { describe, expect, it } from 'vitest';
import { claim, otto } from '../promotion/walk.ts';
import { createSmallWorld } from './small-world.ts';

const soakSeconds = 180;
const limitSeconds = 2 * soakSeconds + 1800;

/** Every second reading says so, every other one is good. */
async function flapping(bad: 'failed' | 'inconclusive', withoutAnswer: 'continue' | 'roll-back') {
  const world = createSmallWorld({
    monitoring: {
      soakSeconds,
      intervalSeconds: 60,
      patienceSeconds: 120,
      answerWithinSeconds: 600,
      withoutAnswer,
    },
  });
  const { id } = await world.promote('v1.1.0', ({ phase }) => phase === 'monitoring');
  const { run } = world.world.checks;
  let readings = 0;
  world.world.checks.run = async (...given: Parameters<typeof run>) => {
    if (given[0].kind === 'errors') readings += 1;
    world.errors.outcome = readings % 2 === 0 ? bad : 'passed';
    return run(...given);
  };
  const sinceMs = world.nowMs();
  const questions = async () => (await world.told(id)).filter(({ topic }) => topic === 'question');
  const minutes = async (count: number) => {
    for (let minute = 0; minute < count; minute += 1) {
      world.pass(60);
      await world.sweep();
      const now = await world.load(id);
      if (now.phase !== 'monitoring') break;
      const { question } = now.watch;
      if (question !== null && question.toldAtMs === undefined)
        await world.desk.decide(id, { type: 'notice.delivered', questionId: question.id });
    }
    return (await world.load(id)).phase;
  };
  return { world, id, questions, minutes, sinceMs };
}

describe('ALL-13 a release that is good and bad in turn is not watched for ever', () => {
  it.each(['failed', 'inconclusive'] as const)(
    '%s: on-call is asked after two soaks and half an hour',
    async (bad) => {
      const { world, id, questions, minutes, sinceMs } = await flapping(bad, 'roll-back');

      expect(await minutes(limitSeconds / 60 - 1)).toBe('monitoring');
      expect(await questions()).toHaveLength(0);
      expect(await minutes(3)).toBe('monitoring');
      const [asked] = await questions();
      expect(asked).toMatchObject({ question: { overlong: true } });
      expect(JSON.stringify(asked)).toContain('not healthy for 3 min on end');
      // A good reading in between does not settle it, and so silence does.
      expect(await minutes(12)).toBe('rolling-back');
      expect(await questions()).toHaveLength(1);
      expect((world.nowMs() - sinceMs) / 1000).toBeLessThan(limitSeconds + 900);
      expect(await world.told(id)).toContainEqual(
        expect.objectContaining({ topic: 'answered', person: null, answer: 'roll-back', overlong: true }),
      );
    },
  );

  it('whoever wants it watched on is asked again after as long', async () => {
    const { world, id, questions, minutes } = await flapping('failed', 'roll-back');
    await minutes(limitSeconds / 60 + 2);
    const now = await world.load(id);
    const questionId = 'watch' in now ? (now.watch?.question?.id ?? '') : '';
    await world.desk.decide(id, {
      type: 'answer.claimed',
      questionId,
      claim: claim('answer', otto, { answer: 'continue' }),
    });

    expect(await minutes(limitSeconds / 60 - 2)).toBe('monitoring');
    expect(await questions()).toHaveLength(1);
    await minutes(5);
    expect(await questions()).toHaveLength(2);
  });

  it('that becomes good after all is promoted at the end of its soak, whatever was asked', async () => {
    const { world, questions, minutes } = await flapping('failed', 'roll-back');
    await minutes(limitSeconds / 60 + 2);
    expect(await questions()).toHaveLength(1);
    world.world.checks.run = async ({ id }) => ({
      id,
      title: id,
      outcome: 'passed',
      text: 'fine',
      link: null,
      urgent: false,
    });

    expect(await minutes(6)).toBe('promoted');
  });
});
