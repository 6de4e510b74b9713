import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import { keys } from '../../src/store/table.ts';
import { createPlainDynamo } from './plain-dynamo.ts';
import { type JourneyWorld, startJourney } from './world.ts';

let world: JourneyWorld;
beforeEach(async () => {
  world = await startJourney();
});
afterEach(() => world.close());

/** Reaches past the product, like a hand in the console would. */
async function changeBody(id: string, change: (body: string) => string): Promise<void> {
  const transport = createSdkTransport({
    client: createPlainDynamo(world.workspace.dynamo),
    tableName: world.workspace.botEnvironment['COUNTERSIGN_TABLE'] ?? '',
    pause: async () => {},
  });
  const { item } = await transport.get(keys.promotion(id));
  const body = item?.['body'];
  if (item === undefined || body === undefined || !('S' in body)) throw new Error('there is no such row');
  await transport.write({ does: 'put', item: { ...item, body: { S: change(body.S) } } });
  transport.close();
}
const told = (channel: 'deploysSite' | 'oncall', text: string) =>
  world.posts(channel).filter((post) => post.text.includes(text));

it('ALL-16 promise 5: a promotion damaged in the store is held, told once and let go, while another goes through', async () => {
  await world.command('ada', '/promote site v1.1.0');
  await world.advance(5);
  const { id } = await world.saved();
  await changeBody(id, (body) => `${body}}`);

  await world.click('grace', 'cs:approve');
  expect(world.whispers('grace').at(-1)).toContain('What is stored of this promotion cannot be read');
  await world.advance(310, 155);

  for (const channel of ['deploysSite', 'oncall'] as const) {
    expect(told(channel, `Promotion \`${id}\` cannot be read.`)).toHaveLength(1);
    expect(told(channel, 'two people free it with `/promote unlock site production REASON`')).toHaveLength(1);
  }
  await world.command('ada', '/promote status site production');
  expect(world.whispers('ada').at(-1)).toContain('1 promotion of this environment cannot be read.');

  await world.command('ada', '/promote site v1.1.0');
  await world.advance(5);
  expect((await world.saved()).id).not.toBe(id);
  expect(world.cardText()).toContain('cs:approve');
  await world.click('grace', 'cs:cancel');

  await changeBody(id, (body) => body.slice(0, -1));
  await world.advance(620, 310);

  expect((await world.byId(id)).phase).toBe('awaiting-approval');
  expect(told('oncall', `Promotion \`${id}\` can be read again. Its card says how it goes on`)).toHaveLength(
    1,
  );
  expect(told('oncall', 'cannot be read')).toHaveLength(1);
});

it('ALL-16 what is live is not known while the promotion that changed it cannot be read, nor after its lock was freed', async () => {
  await world.command('ada', '/promote site v1.1.0');
  await world.advance(5);
  await world.click('grace', 'cs:approve');
  await world.click('lin', 'cs:approve');
  await world.until('it is watched', async () => (await world.saved()).phase === 'monitoring', 900, 30);
  const { id } = await world.saved();
  const status = async () => {
    await world.command('ada', '/promote status site production');
    return world.whispers('ada').at(-1) ?? '';
  };
  const unknown = `live: not known, look at what is live; \`${id}\`, which cannot be read, may have changed it.`;
  expect(await status()).not.toContain('live: ');

  await changeBody(id, (body) => body.slice(0, 40));
  expect(await status()).toContain(unknown);
  expect(await status()).not.toContain('live: `v');

  await world.command('otto', '/promote unlock site production Its record is broken');
  await world.command('lin', '/promote unlock site production I see that too');
  expect(await status()).not.toContain('Locked by');
  expect(await status()).toContain(unknown);
});
