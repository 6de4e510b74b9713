import { DeleteItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channelIds, userIds } from '../../workspace/slack/people.ts';
import { inTable } from './table-rows.ts';
import { type JourneyWorld, startJourney } from './world.ts';

let world: JourneyWorld;
beforeEach(async () => {
  world = await startJourney();
});
afterEach(() => world.close());

const unlock = (reason: string) => `/promote unlock site production ${reason}`;
const said = (who: keyof typeof userIds) => world.whispers(who).at(-1) ?? '';
const phase = async () => (await world.saved()).phase;
const switches = () =>
  world.workspace.aws.control.calls().filter(({ operation }) => operation === 'UpdateDistribution');

const rowOf = (id: string) => ({ pk: { S: `P#${id}` }, sk: { S: 'META' } });
const write = (id: string, body: string) =>
  inTable(world, (client, name) =>
    client.send(
      new UpdateItemCommand({
        TableName: name,
        Key: rowOf(id),
        UpdateExpression: 'SET body = :body',
        ExpressionAttributeValues: { ':body': { S: body } },
      }),
    ),
  );

async function approved(version: string): Promise<string> {
  await world.command('ada', `/promote site ${version}`);
  await world.advance(5);
  await world.click('grace', 'cs:approve');
  await world.click('lin', 'cs:approve');
  return (await world.saved()).id;
}

describe('two-person unlock', () => {
  it('ALL-5 two people free what a promotion holds once it cannot be read; nothing takes it for six minutes, then the next one goes through', async () => {
    const lost = await approved('v1.1.0');
    expect(await phase()).toBe('waiting');
    await world.command('otto', unlock('In a hurry'));
    expect(said('otto')).toContain(`${lost} holds it, can be read and is still open (waiting).`);
    expect(said('otto')).toContain('press Cancel on its card');

    const readable = JSON.stringify(await world.byId(lost));
    await write(lost, '{"phase":"wait');
    await world.command('ada', '/promote status site production');
    expect(said('ada')).toContain(`Locked by \`${lost}\`, which cannot be read; two people can free it`);

    await world.command('ada', unlock('I want to go on'));
    expect(said('ada')).toContain('This is for the on-call people and approvers of this environment');
    await world.command('gil', unlock('I want to go on'));
    expect(said('gil')).toContain('Guests of the workspace cannot do this.');

    await world.command('otto', unlock('Its record is broken <!channel>'));
    expect(said('otto')).toContain(
      `Recorded, 1 of 2: \`site\` \`production\` is to be freed from \`${lost}\``,
    );
    expect(world.posts('oncall').at(-1)?.text).toContain('1 of 2 people has asked to free it');
    expect(world.posts('deploysSite').at(-1)?.text).toContain('Its record is broken &lt;!channel&gt;');
    await world.command('otto', unlock('Really'));
    expect(said('otto')).toContain('You have said so already; it takes two people.');

    await world.crash();
    await world.command('lin', '/promote status site production');
    expect(said('lin')).toContain(
      `which cannot be read; 1 of 2 people has asked to free it (<@${userIds.otto}>`,
    );

    // Two second people at the same instant: one frees it, and both are told.
    const both = ['grace', 'lin'] as const;
    await Promise.all(
      both.map((who) =>
        world.workspace.slack.control.command({
          user: userIds[who],
          channel: channelIds.deploysSite,
          text: unlock('Looked at it with Otto'),
        }),
      ),
    );
    await world.settle();
    expect(both.map((who) => said(who).includes('Freed:'))).toContain(true);
    expect(both.map((who) => said(who).includes('have freed'))).toContain(true);
    await world.advance(15);
    for (const channel of ['oncall', 'deploysSite'] as const) {
      const told = world.posts(channel).filter(({ text }) => text.includes('Two people have freed'));
      expect(told).toHaveLength(1);
      expect(told[0]?.text).toContain('Its record is broken');
      expect(told[0]?.text).toContain('Looked at it with Otto');
    }

    const next = await approved('v1.1.0');
    expect(next).not.toBe(lost);
    await world.advance(5);
    expect(await phase()).toBe('awaiting-approval');
    expect(world.cardText()).toContain('Two people have freed this environment');
    await write(lost, readable);
    await world.advance(330, 110);
    expect(await phase()).toBe('awaiting-approval');
    expect(switches()).toEqual([]);
    // The one that lost its lock can be read again, and finds out before it does anything.
    expect(await world.byId(lost)).toMatchObject({ phase: 'failed', ending: { code: 'lock.lost' } });

    await world.until('it has the lock', async () => (await phase()) === 'waiting', 90);
    await world.until('it goes through', async () => switches().length > 0, 600, 60);
  });

  it('ALL-5 a holder whose record is gone is freed by two people, and what they have freed needs no more', async () => {
    const lost = await approved('v1.1.0');
    await inTable(world, (client, name) =>
      client.send(new DeleteItemCommand({ TableName: name, Key: rowOf(lost) })),
    );

    await world.command('grace', unlock('Its record is gone'));
    await world.command('otto', unlock('I see that too'));

    expect(said('otto')).toContain(`Freed: \`site\` \`production\` from \`${lost}\`, whose record is gone.`);
    await world.command('otto', unlock('Once more'));
    expect(said('otto')).toContain(`Nothing to do: <@${userIds.grace}> and <@${userIds.otto}> have freed`);
  });
});
