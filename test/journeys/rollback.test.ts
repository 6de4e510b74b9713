import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { userIds } from '../../workspace/slack/people.ts';
import { type JourneyWorld, startJourney } from './world.ts';

let world: JourneyWorld;
beforeEach(async () => {
  world = await startJourney();
});
afterEach(() => world.close());

const phase = async () => (await world.saved()).phase;
const productionVersion = async () => {
  const page = await (await fetch(world.workspace.aws.productionUrl)).text();
  return /name="deployment-version" content="([^"]*)"/.exec(page)?.[1];
};

async function approve(): Promise<void> {
  await world.click('grace', 'cs:approve');
  await world.click('lin', 'cs:approve');
}

async function promoted(version = 'v1.1.0'): Promise<void> {
  await world.command('ada', `/promote site ${version}`);
  await world.advance(5);
  await approve();
  await world.until('it is promoted', async () => (await phase()) === 'promoted', 2_400);
}

async function watching(): Promise<void> {
  await world.command('ada', '/promote site v1.1.0');
  await world.advance(5);
  await approve();
  await world.until('it is watched', async () => (await phase()) === 'monitoring', 2_400);
}

describe('rolling back by hand', () => {
  it('ALL-8 /rollback site goes back to the last good version, without approval or wait', async () => {
    await promoted();

    const asked = await world.command('lin', '/rollback site');
    expect(asked.ephemeral?.text).toMatch(/site/);
    await world.until('it is rolled back', async () => (await phase()) === 'rolled-back', 1_800);

    expect(await world.saved()).toMatchObject({
      kind: 'rollback',
      version: 'v1.0.0',
      requester: { userId: userIds.lin },
    });
    expect(await productionVersion()).toBe('v1.0.0');
    expect(world.complaints).toEqual([]);
  });

  it('ALL-8 /rollback site production v1.0.0 names the version, and a version in no colour is refused', async () => {
    await promoted();

    await world.command('lin', '/rollback site production v0.9.0');
    await world.advance(10);
    expect(await phase()).toBe('failed');
    expect(world.cardText()).toContain('v0.9.0');
    expect(world.cardText()).toContain('v1.0.0');

    await world.command('lin', '/rollback site production v1.0.0');
    await world.until('it is rolled back', async () => (await phase()) === 'rolled-back', 1_800);
    expect(await productionVersion()).toBe('v1.0.0');
  });

  it('ALL-8 the Roll Back button of a running promotion takes it back', async () => {
    await watching();

    await world.click('lin', 'cs:roll-back');
    await world.until('it is rolled back', async () => (await phase()) === 'rolled-back', 1_800);

    expect(await world.saved()).toMatchObject({
      kind: 'promotion',
      rollback: { from: 'monitoring', cause: { code: 'requested', by: { userId: userIds.lin } } },
    });
    expect(await productionVersion()).toBe('v1.0.0');
  });

  it('ALL-8 the Roll Back button of a promoted card opens a rollback to what was live before it', async () => {
    await promoted();

    await world.click('lin', 'cs:roll-back');
    await world.until('it is rolled back', async () => (await phase()) === 'rolled-back', 1_800);

    expect(await world.saved()).toMatchObject({ kind: 'rollback', version: 'v1.0.0' });
    expect(await productionVersion()).toBe('v1.0.0');
  });

  it('ALL-8 /rollback during a promotion that has changed production takes that promotion back', async () => {
    await watching();

    await world.command('lin', '/rollback site');
    await world.until('it is rolled back', async () => (await phase()) === 'rolled-back', 1_800);

    expect(await world.saved()).toMatchObject({
      kind: 'promotion',
      rollback: { cause: { code: 'requested' } },
    });
  });

  it('ALL-8 a guest cannot roll back', async () => {
    await watching();

    await world.click('gil', 'cs:roll-back');
    await world.advance(10);

    expect(await phase()).toBe('monitoring');
    expect(world.whispers('gil').at(-1)).toContain('Guests');
  });

  it('ALL-8 a waiting promotion that has changed nothing gives way to a rollback', async () => {
    await promoted();
    await world.command('ada', '/promote site v1.0.0');
    await world.advance(5);
    await approve();
    await world.advance(10);
    expect(await phase()).toBe('waiting');
    const waiting = await world.saved();

    await world.command('lin', '/rollback site production v1.0.0');
    await world.until('it is rolled back', async () => (await phase()) === 'rolled-back', 1_800);

    expect((await world.byId(waiting.id)).phase).toBe('superseded');
  });
});

describe('a rollback that fails', () => {
  it('ALL-7 ALL-15 a way back that was overwritten meanwhile is not taken: production is left, and people are paged', async () => {
    await watching();
    world.workspace.releases.push({ version: 'v1.2.0' });
    await world.advance(40, 10);
    expect(world.workspace.aws.control.state().colours.blue.version).toBe('v1.2.0');

    await world.click('lin', 'cs:roll-back');
    await world.until('people are asked', async () => (await phase()) === 'rollback-failed', 600);
    await world.advance(10);

    expect(await productionVersion()).toBe('v1.1.0');
    expect(world.cardText()).toContain('blue should hold v1.0.0, but blue holds v1.2.0');
    expect(
      world
        .posts('oncall')
        .map((post) => JSON.stringify(post))
        .join(''),
    ).toContain('<!subteam^');

    await world.workspace.aws.control.putRelease({ colour: 'blue', version: 'v1.0.0' });
    await world.click('otto', 'cs:retry');
    await world.until('it is rolled back', async () => (await phase()) === 'rolled-back', 1_800);
    expect(await productionVersion()).toBe('v1.0.0');
  });

  it('ALL-7 ALL-9 pages on-call with the exact commands, keeps the lock, and a person can order it again', async () => {
    await watching();
    world.workspace.aws.control.deny({ operation: 'UpdateDistribution' });

    await world.click('lin', 'cs:roll-back');
    await world.until('it has failed', async () => (await phase()) === 'rollback-failed', 600);
    await world.advance(10);
    const card = world.cardText();
    expect(card).toContain('aws cloudfront');
    expect(
      world
        .posts('oncall')
        .map((post) => JSON.stringify(post))
        .join(''),
    ).toContain('<!subteam^');

    world.workspace.aws.control.clearFaults();
    await world.advance(10);
    await world.click('otto', 'cs:retry');
    await world.until('it is rolled back', async () => (await phase()) === 'rolled-back', 1_800);
    expect(await productionVersion()).toBe('v1.0.0');
  });
});
