import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JourneyWorld, startJourney } from './world.ts';

describe('a good release', () => {
  let world: JourneyWorld;
  beforeAll(async () => {
    world = await startJourney();
  });
  afterAll(() => world.close());

  it('goes to production', async () => {
    console.log(await world.command('ada', '/promote site v1.1.0'));
    await world.advance(10);
    console.log(
      world.complaints,
      world.card().text,
      JSON.stringify(world.card().blocks, null, 1).slice(0, 6000),
    );
    console.log(await world.click('ada', 'cs:approve'), world.whispers('ada').at(-1));
    await world.click('grace', 'cs:approve');
    await world.click('grace', 'cs:approve');
    console.log(world.whispers('grace'));
    await world.click('gil', 'cs:approve');
    console.log(world.whispers('gil'));
    await world.click('lin', 'cs:approve');
    await world.advance(10);
    console.log(world.card().text);
    await world
      .until('promoted', async () => (await world.saved()).phase === 'promoted', 1500)
      .catch((e) => console.log(e));
    console.log(world.complaints, world.card().text);
    console.log(
      world
        .thread()
        .map((t) => t.split('\n')[0])
        .join('\n'),
    );
    expect(1).toBe(1);
  }, 120000);
});
