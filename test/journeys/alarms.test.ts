import { afterEach, describe, expect, it } from 'vitest';
import { type JourneyWorld, startJourney } from './world.ts';

let world: JourneyWorld;
afterEach(() => world.close());

const phase = async () => (await world.saved()).phase;
const until = (wanted: RegExp, seconds = 3_000) =>
  world.until(`it is ${wanted}`, async () => wanted.test(await phase()), seconds);
const set = (name: string, state: 'OK' | 'ALARM') => world.workspace.aws.control.setAlarm({ name, state });

async function approved(): Promise<void> {
  await world.command('ada', '/promote site v1.1.0');
  await world.advance(5);
  await world.click('grace', 'cs:approve');
  await world.click('lin', 'cs:approve');
}

/** The alarm of the origin's health, which the pipeline names nowhere else, under `checks` or `readings`. */
const alsoUnder = (list: 'checks' | 'readings') => (pipeline: string) =>
  pipeline.replace(
    `${list}:\n`,
    `${list}:\n            - kind: cloudwatch-alarms\n              names:\n                - site-unhealthy\n`,
  );

describe('an alarm', () => {
  it('ALL-9 that rang while the bot was away is not slept through: the whole watch is carried out again', async () => {
    world = await startJourney({ pipeline: (text) => text.replace('soak: 5m', 'soak: 30m') });
    await approved();
    await until(/monitoring/);
    await world.advance(120);

    await world.workspace.clock.advance(300_000);
    set('site-5xx', 'ALARM');
    await world.workspace.clock.advance(600_000);
    set('site-5xx', 'OK');
    await world.workspace.clock.advance(1_500_000);
    await world.settle();
    await world.settle();

    expect(await phase()).toBe('monitoring');
    expect(world.cardText()).toContain('Watched: 0 of 30 min healthy');
  });

  it('ALL-9 that only the checks after the change name rolls back to the end of the watch', async () => {
    world = await startJourney({ pipeline: alsoUnder('checks') });
    set('site-unhealthy', 'OK');
    await approved();
    await until(/monitoring/);
    await world.advance(60);

    set('site-unhealthy', 'ALARM');
    await until(/promoted|roll/);

    expect(await world.saved()).toMatchObject({ rollback: { from: 'monitoring', cause: { code: 'alarm' } } });
  });

  it.each([['checks'], ['readings']] as const)(
    'ALL-13 of the %s that rang before, and that the approvers were shown, is not blamed on the release',
    async (list) => {
      world = await startJourney({ pipeline: alsoUnder(list) });
      set('site-unhealthy', 'ALARM');
      await world.advance(120);
      await approved();
      expect(JSON.stringify(world.card().blocks)).toContain('Failing already before this');

      await until(/promoted|roll/);

      expect(await phase()).toBe('promoted');
    },
  );

  it('ALL-7 that rings on for minutes after the switch back does not make a good rollback a failed one', async () => {
    world = await startJourney({ pipeline: alsoUnder('checks') });
    set('site-unhealthy', 'OK');
    await approved();
    await until(/deploying/);
    await world.advance(30);

    set('site-unhealthy', 'ALARM');
    await until(/rolled-back|rollback-failed/);

    expect(await phase()).toBe('rolled-back');
  });
});
