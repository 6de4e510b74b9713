import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { type JourneyWorld, startJourney } from './world.ts';

const productionVersion = async (world: JourneyWorld) => {
  const page = await (await fetch(world.workspace.aws.productionUrl)).text();
  return /name="deployment-version" content="([^"]*)"/.exec(page)?.[1];
};
const updates = (world: JourneyWorld) =>
  world.workspace.aws.control.calls().filter(({ operation }) => operation === 'UpdateDistribution');
const phaseOf = async (world: JourneyWorld) => (await world.saved()).phase;

describe('a good release of the static site', () => {
  let world: JourneyWorld;
  beforeAll(async () => {
    world = await startJourney({ sdk: true });
  });
  afterAll(() => world.close());

  it('ALL-1 SITE-1 SITE-2 SITE-3 /promote shows the plan: gates, both colours, what changes and the way back', async () => {
    const asked = await world.command('ada', '/promote site v1.1.0');
    expect(asked.outcome).toBe('acknowledged');
    expect(asked.ephemeral?.text).toContain('site');

    await world.advance(5);

    const card = world.cardText();
    expect(world.card().text).toContain('0 of 2');
    expect(card).toMatch(/All \d passed/);
    expect(card).toContain('/blue → /green');
    expect(card).toContain('The way back');
    const thread = world.thread().join('\n');
    expect(thread).toContain('deploy-staging.yml succeeded');
    expect(thread).toContain('green holds exactly v1.1.0');
    expect(thread).toContain('blue still holds v1.0.0');
    expect(thread).toContain('Switch production back to blue');
  });

  it('SITE-4 nothing in production has changed before the approvals', async () => {
    expect(updates(world)).toEqual([]);
    expect(await productionVersion(world)).toBe('v1.0.0');
  });

  it('ALL-2 the requester, the same person twice and a guest cannot bring it to two approvals', async () => {
    await world.click('ada', 'cs:approve');
    expect(world.whispers('ada').at(-1)).toContain('You asked for this promotion');

    await world.click('grace', 'cs:approve');
    await world.click('grace', 'cs:approve');
    expect(world.whispers('grace').at(-1)).toContain('You have approved this already');

    await world.click('gil', 'cs:approve');
    expect(world.whispers('gil').at(-1)).toContain('Guests of the workspace cannot do this');

    expect(await world.saved()).toMatchObject({
      phase: 'awaiting-approval',
      approvals: [{ person: { userId: 'U0GRACE001' } }],
    });
  });

  it('ALL-4 after the second approval the countdown runs, with Cancel', async () => {
    await world.click('lin', 'cs:approve');
    await world.advance(5);

    expect(await phaseOf(world)).toBe('waiting');
    expect(world.card().text).toContain('Cancel');
    expect(updates(world)).toEqual([]);
  });

  it('SITE-5 SITE-6 the switch is one change of the origin path; then delivered, invalidated, verified in this order', async () => {
    await world.until('it is verified', async () => (await phaseOf(world)) === 'monitoring', 900);

    const writes = world.workspace.aws.control
      .calls()
      .filter(({ operation }) => operation === 'UpdateDistribution' || operation === 'CreateInvalidation');
    expect(writes.map(({ operation }) => operation)).toEqual(['UpdateDistribution', 'CreateInvalidation']);
    const thread = world.thread().join('\n');
    const order = [
      'CloudFront accepted origin path /green',
      'has delivered it everywhere, after',
      'The cache is empty everywhere',
      'The page shows version v1.1.0',
    ];
    const places = order.map((line) => thread.indexOf(line));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(await productionVersion(world)).toBe('v1.1.0');
  });

  it('ALL-6 the watch tells in the thread what changed, not every reading, and it ends promoted with durations', async () => {
    await world.until('it is promoted', async () => (await phaseOf(world)) === 'promoted', 1_200);

    const saved = await world.saved();
    expect('watch' in saved ? saved.watch?.readings : 0).toBeGreaterThan(3);
    expect(world.thread().filter((reply) => reply.includes('Watch: healthy'))).toHaveLength(1);
    expect(world.card().text).toContain('Promoted');
    expect(world.cardText()).toMatch(/\*Watch\* — done \d+ min/);
    expect(
      world
        .posts('deploysSite')
        .map(({ text }) => text)
        .join('\n'),
    ).toMatch(/[Pp]romoted/);
  });

  it('ALL-11 its exported audit holds, refused clicks included, and the head that Slack shows is its witness', async () => {
    const { id } = await world.saved();
    const shown = /audit `([0-9a-f]{12})`/.exec(world.cardText())?.[1] ?? 'none';
    const exported = await runCli(['audit', 'export', id]);
    const folder = await mkdtemp(join(tmpdir(), 'countersign-journey-audit-'));
    const file = join(folder, 'audit.json');
    await writeFile(file, exported.stdout);
    const verified = await runCli(['audit', 'verify', file, '--head', shown]);
    await rm(folder, { recursive: true });

    expect(verified.exitCode, verified.stdout).toBe(0);
    expect(verified.stdout).toContain('The witness names this head');
    const { refusals } = JSON.parse(exported.stdout) as { refusals: { refusal: { code: string } }[] };
    expect(refusals.map(({ refusal }) => refusal.code)).toContain('approval.own-request');
    expect(world.posts('deploysSite').at(-1)?.blocks).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          elements: expect.arrayContaining([expect.objectContaining({ text: `audit \`${shown}\`` })]),
        }),
      ]),
    );
  });

  it('ALL-6 the card is one message, edited in place and never more often than every three seconds', async () => {
    const edits = world.card().editsAtMs;

    expect(edits.length).toBeGreaterThan(5);
    expect(edits.every((atMs, index) => index === 0 || atMs - (edits[index - 1] ?? 0) >= 3_000)).toBe(true);
  });

  it('ALL-20 no visitor’s request failed because of it', () => {
    expect(world.workspace.aws.control.state().visitors.failed).toEqual([]);
  });

  it('ALL-5 the environment is free again', async () => {
    expect((await world.command('ada', '/promote status site')).ephemeral?.text).toContain('v1.1.0');
    await world.command('ada', '/rollback site');
    await world.advance(5);
    expect(await phaseOf(world)).not.toBe('awaiting-approval');
  });

  it('nothing went wrong on the way that was only logged', () => {
    expect(world.complaints).toEqual([]);
  });
});
