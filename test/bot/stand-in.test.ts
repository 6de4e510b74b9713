import { LogLevel, SocketModeReceiver } from '@slack/bolt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAnnouncer } from '../../src/bot/announcer.ts';
import { createBotApp } from '../../src/bot/app.ts';
import { actionIds } from '../../src/bot/messages/anchor.ts';
import { createDirectory } from '../../src/bot/people.ts';
import { createHttpReceiver } from '../../src/bot/receiver.ts';
import { createSlackClient } from '../../src/bot/slack-client.ts';
import { phases } from '../../src/flows/promotion/promotion.ts';
import { createWorkspaceClock } from '../../workspace/clock.ts';
import { channelIds, app as slackApp, team, userIds } from '../../workspace/slack/people.ts';
import { createSlackStandIn, type SlackStandIn } from '../../workspace/slack/stand-in.ts';
import { catalog } from './catalog.ts';
import { fakeDeliveries, fakeDesk, fakeLog, heldWork } from './fakes.ts';
import { ada, promotionIn, startMs } from './promotions.ts';
import { createRows } from './rows.ts';

const signingSecret = 'stand-in-secret';
const botToken = 'xoxb-stand-in';
const appToken = 'xapp-stand-in';
const channel = channelIds.deploysSite;

const nothing = () => {};
/** Socket Mode complains of the sockets that the end of a test cuts. */
const quiet = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  getLevel: () => LogLevel.ERROR,
  setName: nothing,
};

let slackSide: SlackStandIn;
let clock: ReturnType<typeof createWorkspaceClock>;
let desk: ReturnType<typeof fakeDesk>;
let bench: ReturnType<typeof createRows>;
let announcer: ReturnType<typeof createAnnouncer>;
let log: ReturnType<typeof fakeLog>;
let work: ReturnType<typeof heldWork>;
let deliveries: ReturnType<typeof fakeDeliveries>;
let stop: () => Promise<unknown>;

async function start(transport: 'http' | 'socket') {
  clock = createWorkspaceClock({ startMs, speed: 0 });
  slackSide = await createSlackStandIn({ clock, signingSecret, botToken, appToken });
  deliveries = fakeDeliveries();
  desk = fakeDesk(deliveries);
  bench = createRows();
  log = fakeLog();
  const slack = createSlackClient({ token: botToken, log, slackApiUrl: slackSide.apiUrl });
  work = heldWork({ desk, slack, nowMs: clock.nowMs, log });
  const receiver =
    transport === 'http'
      ? createHttpReceiver({
          port: 0,
          gate: {
            path: '/slack/events',
            secrets: { current: signingSecret },
            appId: slackApp.id,
            teamId: team.id,
          },
          log,
          nowMs: clock.nowMs,
          storeNowMs: async () => clock.nowMs(),
          send: work.send,
        })
      : new SocketModeReceiver({
          appToken,
          logger: quiet,
          installerOptions: { clientOptions: { slackApiUrl: slackSide.apiUrl } },
        } as ConstructorParameters<typeof SocketModeReceiver>[0]);
  createBotApp({
    receiver,
    desk,
    catalog,
    slack,
    deliveries,
    send: work.send,
    nowMs: clock.nowMs,
    teamId: team.id,
    appId: slackApp.id,
    botId: slackApp.botId,
    botUserId: slackApp.botUserId,
    log,
  });
  announcer = createAnnouncer({ ...bench, slack, log });
  const started = (await receiver.start()) as { port?: number };
  if (started.port !== undefined)
    slackSide.control.setRequestUrl(`http://127.0.0.1:${started.port}/slack/events`);
  stop = () => receiver.stop();
}

const settle = () => work.run();
const whispered = (user: string) => slackSide.control.state({ user }).ephemerals.map(({ text }) => text);
const toasts = () => slackSide.control.state().toasts;
async function show(promotion: ReturnType<typeof promotionIn>) {
  bench.rows.save(promotion);
  await clock.advance(5000);
  bench.rows.nowMs = clock.nowMs();
  await announcer.runDue(clock.nowMs());
  const [message] = slackSide.control.messages(channel);
  if (message === undefined) throw new Error('the card was not posted');
  return message;
}

afterEach(async () => {
  await stop();
  await slackSide.close();
  clock.close();
});

describe('with the Slack stand-in over HTTP', () => {
  beforeEach(() => start('http'));

  it('the address is verified', async () => {
    expect(await slackSide.control.verifyRequestUrl()).toBe(true);
  });

  it('a command is answered in private', async () => {
    const result = await slackSide.control.command({
      user: userIds.ada,
      channel,
      text: '/promote site v1.1.0',
    });
    expect(result.ephemeral?.text).toContain('Asked for: promote `site` `v1.1.0` to `production`.');
    expect(desk.opened).toMatchObject([{ person: ada, version: 'v1.1.0' }]);
  });

  it('the form opens, is filled in and asks', async () => {
    const { openedViewId: viewId } = await slackSide.control.command({
      user: userIds.ada,
      channel,
      text: '/promote site',
    });
    expect(viewId).toBeDefined();
    const values = { version: { value: 'v1.1.0' }, reason: { value: 'Brighter' } };
    const result = await slackSide.control.submit({ user: userIds.ada, viewId: viewId ?? '', values });
    expect(result).toMatchObject({ outcome: 'acknowledged' });
    expect(desk.opened).toMatchObject([
      { app: 'site', environment: 'production', version: 'v1.1.0', reason: 'Brighter' },
    ]);
    expect(JSON.stringify(slackSide.control.state({ user: userIds.ada }).views)).toContain('Asked for');
  });

  it.each(phases)('the card in %s is taken as it is, posted and edited', async (phase) => {
    await show(promotionIn('analyzing'));
    const message = await show(promotionIn(phase));
    expect(message.blocks.length).toBeGreaterThan(3);
    expect(log.lines).toEqual([]);
    expect(slackSide.control.calls().filter(({ ok }) => !ok)).toEqual([]);
  });

  it('a click on Approve reaches the desk and is answered in private, the card untouched', async () => {
    const message = await show(promotionIn('awaiting-approval'));
    const result = await slackSide.control.click({
      user: userIds.grace,
      channel,
      messageTs: message.ts,
      actionId: actionIds.approve,
    });
    await settle();
    expect(result.outcome).toBe('acknowledged');
    expect(desk.decided).toMatchObject([
      { event: { type: 'approval.claimed', claim: { person: { userId: userIds.grace } } } },
    ]);
    expect(whispered(userIds.grace)).toEqual(['Your approval is being checked. The card will show it.']);
    expect(slackSide.control.messages(channel)[0]?.editsAtMs).toEqual(message.editsAtMs);
  });

  it('Reject asks for a reason and passes it on', async () => {
    const message = await show(promotionIn('awaiting-approval'));
    const { openedViewId: viewId } = await slackSide.control.click({
      user: userIds.grace,
      channel,
      messageTs: message.ts,
      actionId: actionIds.reject,
    });
    await slackSide.control.submit({
      user: userIds.grace,
      viewId: viewId ?? '',
      values: { reason: { value: 'Not today' } },
    });
    expect(desk.decided).toMatchObject([
      { event: { type: 'rejection.claimed', claim: { reason: 'Not today' } } },
    ]);
  });

  it('a partner from a shared channel is refused in words', async () => {
    slackSide.control.faults.addToChannel({ channel, user: userIds.petra });
    slackSide.control.faults.setSharedExternally({ channel, shared: true });
    const message = await show(promotionIn('awaiting-approval'));
    await slackSide.control.click({
      user: userIds.petra,
      channel,
      messageTs: message.ts,
      actionId: actionIds.approve,
    });
    await settle();
    expect(desk.decided).toEqual([]);
    expect(whispered(userIds.petra)).toEqual([
      expect.stringContaining('People of other workspaces cannot do this.'),
    ]);
    expect(toasts()).toEqual([]);
  });

  it('a replayed request is answered like the first, and nothing more is written', async () => {
    await slackSide.control.command({ user: userIds.ada, channel, text: '/promote site v1.1.0' });
    const [receipt] = deliveries.stored.values();
    const again = await slackSide.control.replayLast();
    expect(again.httpStatus).toBe(200);
    expect([...deliveries.stored.values()]).toEqual([receipt]);
  });

  it('Home is drawn and the shortcut opens the form', async () => {
    await slackSide.control.openHome({ user: userIds.ada });
    await settle();
    expect(JSON.stringify(slackSide.control.state({ user: userIds.ada }).homes[userIds.ada])).toContain(
      'Waiting for approval',
    );
    expect((await slackSide.control.shortcut({ user: userIds.ada })).openedViewId).toBeDefined();
  });

  it('the directory tells members from everybody else', async () => {
    const slack = createSlackClient({ token: botToken, log, slackApiUrl: slackSide.apiUrl });
    const people = createDirectory({ slack, teamId: team.id });
    const kindOf = (name: keyof typeof userIds) => people.kindOf({ teamId: team.id, userId: userIds[name] });
    expect(await Promise.all((['ada', 'gil', 'sol', 'dana', 'petra', 'bot'] as const).map(kindOf))).toEqual([
      'member',
      'guest',
      'guest',
      'deactivated',
      'stranger',
      'bot',
    ]);
    expect(await people.membersOf('S0APPROVE1')).toContain(userIds.grace);
    slackSide.control.faults.setGroupDisabled({ group: 'S0APPROVE1', disabled: true });
    expect(await people.membersOf('S0APPROVE1')).toEqual([]);
    expect(await people.membersOf('S0NOBODY01')).toEqual([]);
    slackSide.control.faults.directoryDown({ down: true });
    await expect(kindOf('ada')).rejects.toMatchObject({ code: 'slack.directory-unavailable' });
  });

  it('a card that an admin deleted is posted anew', async () => {
    await show(promotionIn('deploying'));
    slackSide.control.faults.deleteMessage({ channel });
    bench.rows.save(promotionIn('promoted'));
    await clock.advance(5000);
    bench.rows.nowMs = clock.nowMs();
    await announcer.runDue(clock.nowMs());
    expect(slackSide.control.messages(channel).map(({ text }) => text)).toEqual([
      expect.stringContaining('Promoted.'),
    ]);
  });
});

describe('with the Slack stand-in over Socket Mode', () => {
  beforeEach(() => start('socket'));

  it('the same listeners answer the same', async () => {
    await expect.poll(() => slackSide.control.state().app.sockets).toBe(1);
    const result = await slackSide.control.command({
      user: userIds.ada,
      channel,
      text: '/promote site v1.1.0',
    });
    expect(result.ephemeral?.text).toContain('Asked for: promote');
    const message = await show(promotionIn('awaiting-approval'));
    await slackSide.control.click({
      user: userIds.grace,
      channel,
      messageTs: message.ts,
      actionId: actionIds.approve,
    });
    await settle();
    expect(desk.decided).toHaveLength(1);
  });
});
