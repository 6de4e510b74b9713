import { afterEach, describe, expect, it } from 'vitest';
import { type JourneyWorld, startJourney } from './world.ts';

let world: JourneyWorld;
afterEach(() => world.close());

const phase = async () => (await world.saved()).phase;
const productionVersion = async () => {
  const page = await (await fetch(world.workspace.aws.productionUrl)).text();
  return /name="deployment-version" content="([^"]*)"/.exec(page)?.[1];
};
const switches = () =>
  world.workspace.aws.control.calls().filter(({ operation }) => operation === 'UpdateDistribution');

async function approved(version = 'v1.1.0'): Promise<void> {
  await world.command('ada', `/promote site ${version}`);
  await world.advance(5);
  await world.click('grace', 'cs:approve');
  await world.click('lin', 'cs:approve');
}
const until = (wanted: string, seconds = 2_400) =>
  world.until(`it is ${wanted}`, async () => (await phase()) === wanted, seconds);

describe('rolling back is no way around the approvals', () => {
  it('ALL-2 ALL-8 /rollback to a release that was never good in production is refused', async () => {
    world = await startJourney();

    await world.command('ada', '/rollback site production v1.1.0');
    await world.advance(30);

    expect(await phase()).toBe('failed');
    expect(switches()).toEqual([]);
    expect(await productionVersion()).toBe('v1.0.0');
  });

  it('ALL-8 a second /rollback in the same incident does not put the bad release back', async () => {
    world = await startJourney();
    await approved();
    await until('promoted');
    await world.command('lin', '/rollback site');
    await until('rolled-back');

    await world.command('otto', '/rollback site');
    await world.advance(60);

    expect(await phase()).toBe('failed');
    expect(await productionVersion()).toBe('v1.0.0');
  });
});

describe('what production points at', () => {
  it('SITE-5 somebody who takes the switch back in the watch is seen: it is not called promoted', async () => {
    world = await startJourney();
    await approved();
    await until('monitoring');

    world.workspace.aws.control.editByHand({ what: 'origin-path', value: '/blue' });
    await until('rollback-failed', 300);

    expect(world.cardText()).toContain('Somebody else');
  });

  it('ALL-6 a card does not go on saying that its release is live once another one is', async () => {
    world = await startJourney();
    await approved();
    await until('promoted');
    await world.advance(10);
    const first = world.card();
    expect(JSON.stringify(first.blocks)).toContain('cs:roll-back');

    await world.command('lin', '/rollback site');
    await until('rolled-back');
    await world.advance(20);

    const redrawn = world.workspace.slack.control.messages(first.channel).find(({ ts }) => ts === first.ts);
    expect(JSON.stringify(redrawn?.blocks)).not.toContain('cs:roll-back');
    expect(redrawn?.text).toContain('no longer');
  });
});

describe('an alarm that fires while CloudFront still delivers the switch', () => {
  it('ALL-7 ALL-9 brings it back before it is everywhere, and on-call is told', async () => {
    world = await startJourney();
    await approved();
    await world.until('it is switched', async () => switches().length === 1, 600);
    await world.advance(5);
    expect(await phase()).toBe('deploying');

    world.workspace.aws.control.setAlarm({ name: 'site-5xx', state: 'ALARM' });
    await until('rolling-back', 60);
    expect(switches()).toHaveLength(2);
    await until('rolled-back');

    expect(await productionVersion()).toBe('v1.0.0');
    expect(await world.saved()).toMatchObject({ rollback: { from: 'deploying', cause: { code: 'alarm' } } });
    const pages = world.posts('oncall').map(({ text }) => text);
    expect(pages.some((text) => text.includes('Alarm site-5xx is in ALARM'))).toBe(true);
  });
});

describe('a production that cannot be looked at', () => {
  it('ALL-13 a check of the verification that is never answered rolls back, and is not asked in a loop', async () => {
    world = await startJourney({
      pipeline: (text) =>
        text.replace(
          'checks:\n',
          'checks:\n            - kind: cloudwatch-alarms\n              names:\n                - site-5xx\n',
        ),
    });
    await approved();
    await world.until('it is verified', async () => (await phase()) === 'verifying', 1_200);
    world.workspace.aws.control.deny({ operation: 'DescribeAlarms' });
    world.workspace.aws.control.clearCalls();

    await world.until('it turns around', async () => (await phase()) !== 'verifying', 300);

    expect(
      world.workspace.aws.control.calls().filter(({ operation }) => operation === 'DescribeAlarms').length,
    ).toBeLessThan(15);
    expect(await phase()).toMatch(/^roll/);
  });

  it('ALL-9 a changed production that cannot be worked on is told to on-call, and again', async () => {
    world = await startJourney();
    await approved();
    await world.until('it is switched', async () => switches().length > 0, 300);
    world.workspace.aws.control.down({ service: 'cloudfront', forSeconds: 7_200 });

    await world.advance(1_500, 30);

    const pages = world.posts('oncall').filter(({ text }) => /held up/.test(text));
    expect(pages.length).toBeGreaterThanOrEqual(2);
  });

  it('ALL-7 a switch back that is throttled for ten minutes is tried until it goes through', async () => {
    world = await startJourney();
    await approved();
    await until('monitoring');
    const { clock, aws } = world.workspace;
    aws.control.throttle({
      service: 'cloudfront',
      operation: 'UpdateDistribution',
      untilMs: clock.nowMs() + 600_000,
    });

    await world.click('lin', 'cs:roll-back');
    await until('rolled-back', 3_000);

    expect(await productionVersion()).toBe('v1.0.0');
  });
});

describe('somebody who may not ask', () => {
  it('ALL-2 a guest’s /promote is refused in private and leaves nothing in the channel', async () => {
    world = await startJourney();
    const before = world.posts('deploysSite').length;

    await world.command('gil', '/promote site v1.1.0');
    await world.advance(20);

    expect(world.whispers('gil').at(-1)).toContain('Guests of the workspace cannot do this');
    expect(world.posts('deploysSite')).toHaveLength(before);
    expect(() => world.card()).toThrow('no card');
    expect((await world.command('ada', '/promote status site')).ephemeral?.text).not.toContain('Rejected');
  });
});
