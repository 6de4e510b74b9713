import { describe, expect, it } from 'vitest';
import { tick } from '../../../src/flows/engine/tick.ts';
import { RetryableError } from '../../../src/flows/errors.ts';
import { claim, otto } from '../promotion/walk.ts';
import { createSmallWorld } from './small-world.ts';

/** May do it by her group only. */
const mia = { teamId: 'T1', userId: 'UMIA' };
const patient = { soakSeconds: 86_400, answerWithinSeconds: 80_000, patienceSeconds: 60 };

function closeDirectory({ world }: ReturnType<typeof createSmallWorld>) {
  const unreachable = async () => {
    throw new RetryableError('slack.unreachable', 'Slack does not answer.');
  };
  Object.assign(world, { directory: { kindOf: unreachable, membersOf: unreachable } });
}

async function watched(monitoring?: Parameters<typeof createSmallWorld>[0]) {
  const world = createSmallWorld(monitoring);
  const { id } = await world.promote('v1.1.0', ({ phase }) => phase === 'monitoring');
  return { world, id };
}

async function minutesIn(world: ReturnType<typeof createSmallWorld>, id: string, phase: string) {
  for (let minutes = 0; ; minutes += 1) {
    await world.sweep();
    if (minutes === 60 || (await world.load(id)).phase !== phase) return minutes;
    world.pass(60);
  }
}

describe('while Slack’s directory cannot be read, whoever is named waits for nobody', () => {
  it('ALL-8 their Roll Back does not wait behind one whose rights cannot be read', async () => {
    const { world, id } = await watched();
    closeDirectory(world);
    for (const person of [mia, otto]) {
      await world.desk.decide(id, { type: 'rollback.claimed', claim: claim('roll-back', person) });
      await world.sweep();
      world.pass(2);
    }

    expect(await minutesIn(world, id, 'monitoring')).toBeLessThan(2);
  });

  it('ALL-13 nor does their answer to a question', async () => {
    const { world, id } = await watched({ monitoring: patient });
    world.errors.outcome = 'inconclusive';
    const asked = await world.until(id, (now) => now.phase === 'monitoring' && now.watch.question !== null);
    const questionId = 'watch' in asked ? (asked.watch?.question?.id ?? '') : '';
    closeDirectory(world);
    for (const [person, answer] of [
      [mia, 'continue'],
      [otto, 'roll-back'],
    ] as const)
      await world.desk.decide(id, {
        type: 'answer.claimed',
        questionId,
        claim: claim('answer', person, { answer }),
      });

    expect(await minutesIn(world, id, 'monitoring')).toBeLessThan(2);
  });

  it('ALL-9 nor does their Try Again after a rollback that failed', async () => {
    const { world, id } = await watched();
    world.breakProbes(true);
    await world.desk.decide(id, { type: 'rollback.claimed', claim: claim('roll-back', otto) });
    await world.until(id, ({ phase }) => phase === 'rollback-failed');
    closeDirectory(world);
    await world.desk.decide(id, { type: 'retry.claimed', claim: claim('retry', mia) });
    await world.sweep();
    await world.desk.decide(id, { type: 'retry.claimed', claim: claim('retry', otto) });

    expect(await minutesIn(world, id, 'rollback-failed')).toBeLessThan(2);
  });
});

it('ALL-9 whoever wanted a failed rollback closed by hand hears that it has succeeded since', async () => {
  const { world, id } = await watched();
  world.breakProbes(true);
  await world.desk.decide(id, { type: 'rollback.claimed', claim: claim('roll-back', otto) });
  await world.until(id, ({ phase }) => phase === 'rollback-failed');
  world.breakProbes(false);
  closeDirectory(world);
  await world.desk.decide(id, { type: 'resolution.claimed', claim: claim('resolve', mia) });
  await world.desk.decide(id, { type: 'retry.claimed', claim: claim('retry', otto) });
  await world.until(id, ({ phase }) => phase === 'rolled-back');

  expect(await world.told(id)).toContainEqual(
    expect.objectContaining({
      topic: 'denied',
      person: mia,
      refusal: expect.objectContaining({ code: 'rollback.done' }),
    }),
  );
});

describe('an answer that cannot be checked yet', () => {
  const asking = async (withoutAnswer: 'continue' | 'roll-back') => {
    const monitoring = { soakSeconds: 180, patienceSeconds: 60, answerWithinSeconds: 300, withoutAnswer };
    const { world, id } = await watched({ monitoring });
    world.errors.outcome = 'inconclusive';
    const asked = await world.until(id, (now) => now.phase === 'monitoring' && now.watch.question !== null);
    const questionId = 'watch' in asked ? (asked.watch?.question?.id ?? '') : '';
    await world.desk.decide(id, { type: 'notice.delivered', questionId });
    const { directory } = world.world;
    closeDirectory(world);
    const answer = (says: 'continue' | 'roll-back') =>
      world.desk.decide(id, {
        type: 'answer.claimed',
        questionId,
        claim: claim('answer', mia, { answer: says }),
      });
    const openDirectory = () =>
      Object.assign(world.world, {
        directory: { ...directory, kindOf: async () => 'member', membersOf: async () => ['UMIA'] },
      });
    return { world, id, answer, openDirectory };
  };

  it('ALL-13 Roll Back is no silence: it is not overridden by what silence means', async () => {
    const { world, id, answer, openDirectory } = await asking('continue');
    await answer('roll-back');

    expect(await minutesIn(world, id, 'monitoring')).toBe(60);
    openDirectory();
    expect((await world.until(id, ({ phase }) => phase !== 'monitoring')).phase).toBe('rolling-back');
    expect(await world.told(id)).not.toContainEqual(expect.objectContaining({ person: null }));
  });

  it('ALL-13 an alarm’s look records its reading while the deadline is over and Roll Back is being checked', async () => {
    const { world, id, answer } = await asking('continue');
    await answer('roll-back');
    world.pass(400);
    await tick(world.world, id);
    const readings = async () => (await world.told(id)).filter(({ topic }) => topic === 'reading').length;
    const before = await readings();
    await tick(world.world, id, { alarmed: true });

    expect(await readings()).toBe(before + 1);
  });

  it('ALL-13 Continue does not hold up a rollback that silence means, which says why', async () => {
    const { world, id, answer } = await asking('roll-back');
    await answer('continue');

    const back = await world.until(id, ({ phase }) => phase === 'rolling-back');
    expect('rollback' in back ? back.rollback?.cause.text : '').toMatch(/could not be checked in time/);
  });

  it('ALL-8 Roll Back still counts when health comes back meanwhile', async () => {
    const { world, id, answer, openDirectory } = await asking('roll-back');
    await answer('roll-back');
    world.errors.outcome = 'passed';
    world.pass(30);
    await world.sweep();
    openDirectory();

    const end = await world.until(id, ({ phase }) => phase === 'promoted' || phase === 'rolled-back');
    expect(end.phase).toBe('rolled-back');
  });
});
