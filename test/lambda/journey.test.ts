import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Document } from 'yaml';
import { functionNames, type LambdaWorld, startLambdaWorld } from './world.ts';

const productionVersion = async (world: LambdaWorld) => {
  const page = await (await fetch(world.workspace.aws.productionUrl)).text();
  return /name="deployment-version" content="([^"]*)"/.exec(page)?.[1];
};
const switches = (world: LambdaWorld) =>
  world.workspace.aws.control.calls().filter(({ operation }) => operation === 'UpdateDistribution');

async function askAndApprove(world: LambdaWorld, version: string): Promise<void> {
  await world.command('ada', `/promote site ${version}`);
  await world.until('it can be approved', async () => (await world.phase()) === 'awaiting-approval', 60);
  await world.advance(5);
  await world.click('grace', 'cs:approve');
  await world.click('lin', 'cs:approve');
}

/** What every journey through the functions has to leave behind. */
function expectQuiet(world: LambdaWorld): void {
  expect(world.functionErrors()).toEqual([]);
  expect(world.complaints()).toEqual([]);
  expect(world.cloud.denials()).toEqual([]);
  expect(world.stack.queue('dead-letters').all()).toEqual([]);
  expect(world.stack.bus.dropped()).toEqual([]);
}

describe('a good release of the site through the packaged functions', () => {
  let world: LambdaWorld;
  beforeAll(async () => {
    world = await startLambdaWorld();
  });
  afterAll(() => world.close());

  it('/promote shows the plan, worked out by another function than the one that answered', async () => {
    const asked = await world.command('ada', '/promote site v1.1.0');
    await world.advance(5);

    expect(asked.outcome).toBe('acknowledged');
    expect(world.card().text).toContain('0 of 2');
    expect(world.cardText()).toContain('/blue → /green');
    expect(switches(world)).toEqual([]);
  });

  it('the requester may not approve, and two others do', async () => {
    await world.click('ada', 'cs:approve');
    expect(world.whispers('ada').at(-1)).toContain('You asked for this promotion');
    await world.click('grace', 'cs:approve');
    await world.click('lin', 'cs:approve');
    await world.advance(5);

    expect(await world.phase()).toBe('waiting');
  });

  it('it is switched once, verified, watched, and ends promoted', async () => {
    await world.until('it is watched', async () => (await world.phase()) === 'monitoring', 900);
    expect(await productionVersion(world)).toBe('v1.1.0');
    // As time does to connections while the functions are frozen.
    world.workspace.aws.cutConnections();
    await world.advance(60);
    // As a deployment of another version does, with a promotion in flight.
    await Promise.all(functionNames.map((name) => world.stack.lambda(name).recycle()));
    await world.until('it is promoted', async () => (await world.phase()) === 'promoted', 1_200);

    expect(switches(world)).toHaveLength(1);
    expect(world.card().text).toContain('Promoted');
    expect(world.workspace.aws.control.state().visitors.failed).toEqual([]);
  });

  it('what changed production was signed by the environment’s role, with promotion and plan on the session', async () => {
    const { id, ...promotion } = await world.saved();
    const digest = 'digest' in promotion ? promotion.digest : null;
    const keys = switches(world).map(({ accessKeyId }) => accessKeyId);
    const sessions = world.cloud.sessions().filter(({ accessKeyId }) => keys.includes(accessKeyId));

    expect(sessions).toMatchObject([
      {
        roleArn: 'arn:aws:iam::111122223333:role/countersign-site-production',
        tags: { 'countersign:promotion': id, 'countersign:plan': digest },
      },
    ]);
  });

  it('only tick reached the targets, and only as that role', () => {
    const holders = world.workspace.aws.control
      .calls()
      .filter(({ service }) => service === 'cloudfront' || service === 'cloudwatch')
      .map(({ accessKeyId }) => world.cloud.holderOf(accessKeyId));

    expect(new Set(holders)).toEqual(new Set(['arn:aws:iam::111122223333:role/countersign-site-production']));
  });

  it('nothing failed, nothing complained, nothing was refused, nothing is left in the queue', async () => {
    await world.advance(1_000);

    expectQuiet(world);
    expect(world.stack.queue('work').all()).toEqual([]);
  });

  it('every line about this promotion names it, and no line holds a secret', async () => {
    const { id } = await world.saved();
    const lines = world.stack.lambda('tick').lines().join('\n');
    const { SLACK_BOT_TOKEN: slack = '-', GITHUB_TOKEN: github = '-' } = world.workspace.botEnvironment;

    expect(lines).toContain(id);
    for (const secret of [slack, github, 'hooks.slack.com']) expect(lines).not.toContain(secret);
  });
});

describe('a bad release, taken back by the event of an alarm', () => {
  let world: LambdaWorld;
  beforeAll(async () => {
    // Readings so far apart that only the event can be why it is quick.
    const rarely = (pipeline: Document) => {
      const watch = ['apps', 'site', 'environments', 'production', 'watch'];
      pipeline.setIn([...watch, 'interval'], '10m');
      pipeline.setIn([...watch, 'soak'], '40m');
      pipeline.setIn([...watch, 'patience'], '30m');
    };
    world = await startLambdaWorld({ pipeline: rarely });
  });
  afterAll(() => world.close());

  it('the alarm goes off, and in the same second production is on its way back', async () => {
    const { releases, aws } = world.workspace;
    releases.push({ version: 'v1.6.0' });
    await world.advance(40);
    aws.control.setAlarm({ name: 'site-origin-latency', state: 'OK' });
    await askAndApprove(world, 'v1.6.0');
    await world.until('it is watched', async () => (await world.phase()) === 'monitoring', 900);
    await world.advance(20);
    expect(switches(world)).toHaveLength(1);

    aws.control.setAlarm({ name: 'site-origin-latency', state: 'measured' });
    await world.until('it is going back', () => switches(world).length === 2, 300);

    const alarm = aws.control.state().alarms.find(({ name }) => name === 'site-origin-latency');
    const [, back] = switches(world);
    expect(alarm?.state).toBe('ALARM');
    expect((back?.atMs ?? Number.NaN) - (alarm?.transitionedAtMs ?? Number.NaN)).toBeLessThan(1_000);
    expect(world.stack.lambda('alarms').invocations().length).toBeGreaterThan(0);
  });

  it('it ends rolled back and verified, with on-call told', async () => {
    await world.until('it is rolled back', async () => (await world.phase()) === 'rolled-back', 2_400);

    expect(await productionVersion(world)).toBe('v1.0.0');
    expect(switches(world)).toHaveLength(2);
    expectQuiet(world);
  });
});

describe('a good release while messages and events come twice', () => {
  let world: LambdaWorld;
  beforeAll(async () => {
    world = await startLambdaWorld();
    world.stack.queue('work').deliverTwice(60);
    world.stack.bus.deliverTwice(100_000);
  });
  afterAll(() => world.close());

  it('is switched once, told once, and ends promoted', async () => {
    await askAndApprove(world, 'v1.1.0');
    await world.until('it is promoted', async () => (await world.phase()) === 'promoted', 2_400);

    expect(switches(world)).toHaveLength(1);
    const replies = world.thread();
    expect(new Set(replies).size).toBe(replies.length);
    expect(world.functionErrors()).toEqual([]);
  });

  it('and what came twice does not make ever more of itself', async () => {
    // Without doubles it takes about sixty.
    expect(world.stack.lambda('tick').invocations().length).toBeLessThan(180);
  });
});
