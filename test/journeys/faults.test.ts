import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { channelIds, userIds } from '../../workspace/slack/people.ts';
import { type JourneyWorld, startJourney } from './world.ts';

let world: JourneyWorld;
beforeEach(async () => {
  world = await startJourney();
});
afterEach(() => world.close());

const phase = async () => (await world.saved()).phase;
const calls = (operation: string) =>
  world.workspace.aws.control.calls().filter((call) => call.operation === operation);
async function asked(version = 'v1.1.0'): Promise<void> {
  await world.command('ada', `/promote site ${version}`);
  await world.advance(5);
}
async function approve(): Promise<void> {
  await world.click('grace', 'cs:approve');
  await world.click('lin', 'cs:approve');
}

describe('somebody else’s change', () => {
  it('SITE-5 ALL-3 before the switch voids the approvals, says what differs, and changes nothing', async () => {
    await asked();
    await approve();
    await world.advance(10);
    world.workspace.aws.control.editByHand({ what: 'price-class' });

    await world.until(
      'the approvals are void',
      async () => {
        const saved = await world.saved();
        return saved.phase === 'awaiting-approval' && saved.round === 2;
      },
      600,
    );
    await world.advance(10);

    expect(calls('UpdateDistribution')).toEqual([]);
    expect(world.cardText()).toContain('Configuration of the target');
  });

  it('SITE-5 somebody else’s switch before ours stops it, and production stays as they left it', async () => {
    await asked();
    await approve();
    await world.advance(10);
    world.workspace.aws.control.editByHand({ what: 'origin-path', value: '/green' });

    await world.until(
      'it stops',
      async () => (await phase()) === 'failed' || (await phase()) === 'awaiting-approval',
      600,
    );

    expect(calls('UpdateDistribution')).toEqual([]);
  });

  it('SITE-5 a change after our switch is never overwritten: people are asked', async () => {
    await asked();
    await approve();
    await world.until('it is switched', async () => calls('UpdateDistribution').length > 0, 600);
    world.workspace.aws.control.editByHand({ what: 'origin-path', value: '/elsewhere' });

    await world.until('people are asked', async () => (await phase()) === 'rollback-failed', 1_800);

    expect(calls('UpdateDistribution')).toHaveLength(1);
  });
});

describe('lost answers and throttling', () => {
  it('ALL-16 an answer lost after the switch was applied is found by looking: one switch, and on it goes', async () => {
    await asked();
    await approve();
    world.workspace.aws.control.loseAnswer({ operation: 'UpdateDistribution', count: 1 });

    await world.until('it is promoted', async () => (await phase()) === 'promoted', 2_400);

    expect(calls('UpdateDistribution')).toHaveLength(1);
  });

  it('ALL-16 throttling delays it and is shown, and then it goes on', async () => {
    await asked();
    world.workspace.aws.control.throttle({
      service: 'cloudfront',
      untilMs: world.workspace.clock.nowMs() + 60_000,
    });
    await approve();
    await world.advance(75);

    await world.until('it is promoted', async () => (await phase()) === 'promoted', 2_400);
    expect(calls('UpdateDistribution').filter(({ result }) => result === 'ok')).toHaveLength(1);
  });

  it('ALL-16 a lost answer to the invalidation makes no second one', async () => {
    await asked();
    await approve();
    world.workspace.aws.control.loseAnswer({ operation: 'CreateInvalidation', count: 1 });

    await world.until('it is promoted', async () => (await phase()) === 'promoted', 2_400);

    expect(world.workspace.aws.control.state().invalidations).toHaveLength(1);
  });
});

describe('GitHub down', () => {
  it('ALL-16 delays the plan, says so on the card, and goes on by itself', async () => {
    world.workspace.github.control.down(120, 'unavailable');
    await asked();
    await world.advance(20);
    expect(await phase()).toBe('analyzing');
    expect(world.cardText()).toMatch(/GitHub/);

    await world.advance(150);

    expect(await phase()).toBe('awaiting-approval');
  });

  it('ALL-16 for longer than allowed ends it untouched instead of guessing', async () => {
    world.workspace.github.control.down(7_200, 'unavailable');
    await asked();

    await world.until('it stops', async () => (await phase()) === 'failed', 3_600);

    expect(world.cardText()).toContain('Production was not touched');
  });

  it('ALL-16 after the first change does not matter: the rollback never asks GitHub', async () => {
    await asked();
    await approve();
    await world.until('it is watched', async () => (await phase()) === 'monitoring', 1_800);
    world.workspace.github.control.down(7_200, 'unreachable');

    await world.click('lin', 'cs:roll-back');

    await world.until('it is rolled back', async () => (await phase()) === 'rolled-back', 1_800);
  });
});

describe('Slack down', () => {
  it('ALL-16 in the watch delays the messages and nothing else; the final card is drawn when it is back', async () => {
    await asked();
    await approve();
    await world.until('it is watched', async () => (await phase()) === 'monitoring', 1_800);
    const before = world.card();
    world.workspace.slack.control.faults.down({ seconds: 900, as: 'unavailable' });
    await world.advance(600, 10);
    expect(await phase()).toBe('promoted');

    await world.advance(400, 10);

    expect(world.card().ts).toBe(before.ts);
    expect(world.card().text).toContain('Promoted');
  });

  it('ALL-4 ALL-16 while nobody could press Cancel the countdown does not run', async () => {
    await asked();
    await world.click('grace', 'cs:approve');
    await world.click('lin', 'cs:approve');
    world.workspace.slack.control.faults.down({ seconds: 600, as: 'refused' });
    const saved = await world.saved();

    if (saved.phase === 'waiting' && saved.noticeAtMs === null) {
      await world.advance(300, 10);
      expect(await phase()).toBe('waiting');
    }
    await world.advance(620, 10);
    expect(['waiting', 'deploying', 'verifying', 'monitoring', 'promoted']).toContain(await phase());
  });

  it('ALL-2 ALL-6 a card whose posting was not answered may be there twice; a click on either counts once', async () => {
    world.workspace.slack.control.faults.loseAnswer({ method: 'chat.postMessage' });
    await asked();
    await world.advance(75, 15);
    const cards = world.workspace.slack.control
      .messages(channelIds.deploysSite)
      .filter(({ metadata }) => metadata?.event_type === 'promotion');
    const [orphan, live] = cards;
    if (orphan === undefined || live === undefined) throw new Error('there are not two cards');
    const press = (user: keyof typeof userIds, ts: string, actionId: string) =>
      world.workspace.slack.control.click({
        user: userIds[user],
        channel: channelIds.deploysSite,
        messageTs: ts,
        actionId,
      });

    expect(orphan.metadata?.event_payload['promotion_id']).toBe(live.metadata?.event_payload['promotion_id']);
    await press('grace', orphan.ts, 'cs:approve');
    await world.settle();
    await press('grace', live.ts, 'cs:approve');
    await world.settle();
    await world.advance(15, 15);

    expect(await world.saved()).toMatchObject({
      phase: 'awaiting-approval',
      approvals: [{ person: { userId: userIds.grace } }],
    });
    expect(world.card().ts).toBe(live.ts);
    expect(world.card().text).toContain('1 of 2 given');
  });

  it('ALL-6 a deleted card is posted again', async () => {
    await asked();
    const first = world.card();
    world.workspace.slack.control.faults.deleteMessage({ channel: first.channel, ts: first.ts });

    await world.advance(330, 15);

    const card = world.card();
    expect(card.ts === first.ts).toBe(false);
    expect(card.text).toContain('v1.1.0');
  });
});

describe('the store', () => {
  it('a click that cannot be saved is answered truthfully, and counts when it is made again', async () => {
    await asked();
    world.workspace.dynamo.control.down(1);
    const lost = await world.click('grace', 'cs:approve');
    expect(lost.outcome).toBe('acknowledged');
    expect(world.whispers('grace').at(-1)).toMatch(/nothing was started|not accepted/i);

    world.workspace.dynamo.control.clearFaults();
    await world.click('grace', 'cs:approve');

    expect(await world.saved()).toMatchObject({ approvals: [{ person: { userId: 'U0GRACE001' } }] });
  });
});

describe('the bot killed', () => {
  it('ALL-16 again and again at every turn still brings a promotion to its rightful end, with one switch', async () => {
    await asked();
    await world.crash();
    await approve();
    for (let round = 0; round < 80 && (await phase()) !== 'promoted'; round += 1) {
      await world.workspace.clock.advance(10_000);
      await world.crash();
    }

    expect(await phase()).toBe('promoted');
    expect(calls('UpdateDistribution')).toHaveLength(1);
  });
});
