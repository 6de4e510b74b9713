import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JourneyWorld, startJourney } from './world.ts';

describe('the bot over Socket Mode', () => {
  let world: JourneyWorld;
  beforeAll(async () => {
    world = await startJourney({ socketMode: true, sdk: true });
  });
  afterAll(() => world.close());

  it('ALL-1 ALL-2 ALL-21 takes commands and clicks through the socket, and a promotion goes the same way', async () => {
    expect(world.workspace.slack.control.state().app.sockets).toBe(1);

    const asked = await world.command('ada', '/promote site v1.1.0');
    expect(asked.outcome).toBe('acknowledged');
    await world.advance(5);
    await world.click('ada', 'cs:approve');
    expect(world.whispers('ada').at(-1)).toContain('You asked for this promotion');
    await world.click('grace', 'cs:approve');
    await world.click('lin', 'cs:approve');
    await world.until('it is watched', async () => (await world.saved()).phase === 'monitoring', 1_200);

    expect(world.complaints).toEqual([]);
    expect(world.workspace.slack.control.deliveries().every(({ transport }) => transport === 'socket')).toBe(
      true,
    );
  });
});
