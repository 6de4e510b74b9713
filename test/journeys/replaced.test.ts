import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type JourneyWorld, startJourney } from './world.ts';

let world: JourneyWorld;
beforeEach(async () => {
  world = await startJourney();
});
afterEach(() => world.close());

const phase = async () => (await world.saved()).phase;
const cloud = () => world.workspace.aws.control;
const switches = () =>
  cloud()
    .calls()
    .filter(({ operation }) => operation === 'UpdateDistribution').length;

async function watching(version: string): Promise<void> {
  await world.command('ada', `/promote site ${version}`);
  await world.advance(5);
  await world.click('grace', 'cs:approve');
  await world.click('lin', 'cs:approve');
  await world.until('it is watched', async () => (await phase()) === 'monitoring', 2_400);
}

/** On-call is told by a new message in both channels, with a mention. */
function expectOnCallTold(words: string): void {
  for (const channel of ['deploysSite', 'oncall'] as const) {
    const posts = world.posts(channel).map(({ text, blocks }) => `${text} ${JSON.stringify(blocks)}`);
    expect(posts.filter((post) => post.includes(words) && post.includes('<!subteam^'))).not.toEqual([]);
  }
}

describe('what somebody put into a colour while a promotion runs', () => {
  it('ALL-9 the idle colour is staged anew in the watch, then errors: the way back is not taken, and on-call is told', async () => {
    world.workspace.releases.push({ version: 'v1.5.0' });
    await world.advance(40, 10);
    await watching('v1.5.0');
    await cloud().putRelease({ colour: 'blue', version: 'v1.2.0' });
    await world.until('the rollback failed', async () => (await phase()) === 'rollback-failed', 2_400, 10);

    expect(await world.saved()).toMatchObject({ failure: { code: 'site.way-back-gone' } });
    expect(switches()).toBe(1);
    expect(cloud().liveColour()).toBe('green');
    expectOnCallTold('The way back is gone: blue should hold v1.0.0, but blue holds v1.2.0.');

    await cloud().putRelease({ colour: 'blue', version: 'v1.0.0' });
    await world.click('otto', 'cs:retry');
    await world.until('it is rolled back', async () => (await phase()) === 'rolled-back', 2_400, 10);
    expect(cloud().liveColour()).toBe('blue');
    expect(switches()).toBe(2);
    expect(world.complaints).toEqual([]);
  });
});
