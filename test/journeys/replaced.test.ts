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

async function watching(): Promise<void> {
  await world.command('ada', '/promote site v1.1.0');
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
  it('ALL-9 the idle colour is staged anew in the watch, then an alarm fires: the way back is not taken, and on-call is told', async () => {
    await watching();
    await cloud().putRelease({ colour: 'blue', version: 'v1.2.0' });
    cloud().setAlarm({ name: 'site-5xx', state: 'ALARM' });
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

  it('SITE-5 another release is put into the live colour in the watch: nothing is called promoted, and on-call is told', async () => {
    await watching();
    await cloud().putRelease({ colour: 'green', version: 'v1.2.0' });
    await world.until('it is left to people', async () => (await phase()) === 'rollback-failed', 600, 10);

    expect(await world.saved()).toMatchObject({ failure: { code: 'drift' } });
    expect(switches()).toBe(1);
    expectOnCallTold('Somebody replaced what lies in green: v1.2.0 instead of v1.1.0.');

    await world.click('otto', 'cs:retry');
    await world.until('it is rolled back', async () => (await phase()) === 'rolled-back', 2_400, 10);
    expect(cloud().liveColour()).toBe('blue');
    expect(world.complaints).toEqual([]);
  });
});
