/** The bot's half of Slack, end to end: the same scenarios and assertions against `emulate` and against our stand-in. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAnnouncer } from '../../../src/bot/announcer.ts';
import { createBotApp } from '../../../src/bot/app.ts';
import { actionIds, blockIdOf } from '../../../src/bot/messages/anchor.ts';
import { card } from '../../../src/bot/messages/card.ts';
import { reasonForm, requestForm } from '../../../src/bot/messages/modal.ts';
import { createDirectory } from '../../../src/bot/people.ts';
import { createHttpReceiver } from '../../../src/bot/receiver.ts';
import { createSlackClient } from '../../../src/bot/slack-client.ts';
import { type Promotion, phases } from '../../../src/flows/promotion/promotion.ts';
import { catalog } from '../../bot/catalog.ts';
import { fakeDeliveries, fakeDesk, fakeLog, heldWork } from '../../bot/fakes.ts';
import { grace, policy, promotionIn } from '../../bot/promotions.ts';
import { createRows } from '../../bot/rows.ts';
import { commandFields, form, secret, slackHeaders } from '../../bot/signed.ts';
import { met, type NamedDivergence } from '../divergences.ts';
import { drawnBlocks, type Workspace, workspaces } from './workspaces.ts';

const divergence = {
  noGroups: {
    name: 'emulate has no usergroups.*',
    reason:
      'It answers 404; the bot then says that the directory cannot be read, and nobody’s right is settled.',
  },
  archived: {
    name: 'emulate edits messages of an archived channel',
    reason: 'Slack refuses with is_inactive (chat.update, errors).',
  },
  anyToken: {
    name: 'emulate takes an unknown token for a person without scopes',
    reason: 'Slack answers invalid_auth before anything else.',
  },
  lax: {
    name: 'emulate takes what is over Block Kit’s limits',
    reason: 'Slack refuses with invalid_blocks; the judges of blocks are others.',
  },
  longEdit: {
    name: 'emulate takes an edit of more than 4000 characters',
    reason: 'Slack refuses with msg_too_long (chat.update, errors).',
  },
} satisfies Record<string, NamedDivergence>;

const clientOf = ({ botToken, apiUrl: slackApiUrl, teamId }: Workspace, token = botToken) => {
  const log = fakeLog();
  return { log, slack: createSlackClient({ token, log, slackApiUrl, teamId }) };
};

/** A promotion whose channels are those of this workspace. */
const moved = (promotion: Promotion, { channel, onCall }: Workspace): Promotion => ({
  ...promotion,
  policy: { ...policy, channel, onCall: { ...policy.onCall, channel: onCall } },
});

describe.each(workspaces)('the bot in %s', (_name, open) => {
  it.each(phases)('posts a card, and edits it into that of one in %s', async (phase) => {
    const workspace = await open();
    const { slack, log } = clientOf(workspace);
    const draw = (promotion: Promotion) => card(promotion, { nowMs: workspace.nowMs() });
    const first = draw(promotionIn('analyzing'));
    const posted = await slack.post({ channel: workspace.channel, message: first });
    expect(posted).toMatchObject({ outcome: 'sent', channel: workspace.channel });
    const { ts } = posted as { ts: string };
    expect(await workspace.messages()).toEqual([
      {
        ts,
        threadTs: undefined,
        text: first.text,
        blocks: drawnBlocks(first.blocks),
        metadata: first.metadata,
      },
    ]);
    const next = draw(promotionIn(phase));
    expect(await slack.update({ channel: workspace.channel, ts, message: next })).toMatchObject({
      outcome: 'sent',
      ts,
    });
    expect(await workspace.messages()).toEqual([
      { ts, threadTs: undefined, text: next.text, blocks: drawnBlocks(next.blocks), metadata: next.metadata },
    ]);
    expect(log.lines).toEqual([]);
  });

  it('shows a whole life: one card, its replies in one thread, pages as messages of their own', async () => {
    const workspace = await open();
    const { slack, log } = clientOf(workspace);
    const bench = createRows();
    const announcer = createAnnouncer({ ...bench, slack, log });
    const life: [Promotion, Parameters<typeof bench.rows.save>[1][]][] = [
      [promotionIn('analyzing'), [{ topic: 'requested' }]],
      [promotionIn('awaiting-approval'), [{ topic: 'approval-needed', differences: [] }]],
      [
        promotionIn('waiting'),
        [
          { topic: 'approved', person: grace, count: 2, required: 2 },
          { topic: 'waiting', waitSeconds: 300 },
        ],
      ],
      [promotionIn('deploying'), [{ topic: 'started' }]],
      [promotionIn('rolling-back'), [{ topic: 'rolling-back' }]],
      [promotionIn('rolled-back'), [{ topic: 'rolled-back' }]],
    ];
    for (const [promotion, told] of life) {
      bench.rows.save(moved(promotion, workspace), ...told);
      for (let turn = 0; turn < 10; turn += 1) {
        await workspace.pass(5_000);
        bench.rows.nowMs = workspace.nowMs();
        await announcer.runDue(workspace.nowMs());
      }
    }
    const all = await workspace.messages();
    const [shown, ...others] = all;
    expect(shown?.text).toContain('Rolled back. Production shows `v1.0.0` again');
    const replies = others.filter(({ threadTs }) => threadTs !== undefined);
    expect(new Set(replies.map(({ threadTs }) => threadTs))).toEqual(new Set([shown?.ts]));
    expect(replies.map(({ text }) => text).join('\n')).toMatch(
      /Approval needed[\s\S]*Approved by[\s\S]*starts in 5 min/,
    );
    const news = others.filter(({ threadTs }) => threadTs === undefined);
    expect(news.map(({ text }) => text).join('\n')).toMatch(
      /Started: [\s\S]*Rolling back [\s\S]*shows `v1.0.0` again/,
    );
    // The card is linked from what comes after it.
    expect(JSON.stringify(news)).toMatch(/archives\/C[A-Z0-9]+\/p\d{16}\|/);
    expect(log.lines).toEqual([]);
  });

  it('tells one person in private, and nobody who is not there', async () => {
    const workspace = await open();
    const { slack } = clientOf(workspace);
    const { channel, person, outsider } = workspace;
    const answer = { text: 'No.', blocks: card(promotionIn('analyzing'), { nowMs: 0 }).blocks };
    expect(await slack.whisper({ channel, userId: person, answer })).toEqual({ outcome: 'sent' });
    expect(await slack.whisper({ channel, userId: outsider, answer })).toMatchObject({
      outcome: 'refused',
      error: expect.stringMatching(/^user_not_(in_channel|found)$/),
    });
    expect(await workspace.messages()).toEqual([]);
  });

  it('links to a card', async () => {
    const workspace = await open();
    const { slack } = clientOf(workspace);
    const { channel } = workspace;
    const { ts } = (await slack.post({ channel, message: { text: 'x', blocks: [] } })) as { ts: string };
    expect(await slack.permalink({ channel, ts })).toMatchObject({
      outcome: 'sent',
      url: expect.stringMatching(new RegExp(`/archives/${channel}/p${ts.replace('.', '')}$`)),
    });
    expect(await slack.permalink({ channel, ts: '1.000001' })).toEqual({
      outcome: 'refused',
      error: 'message_not_found',
    });
  });

  const anchor = { promotionId: 'p0123456789', round: 1, digest: 'abcdef012345', questionId: null };
  const nothing = { app: null, environment: null, version: null, reason: null };
  it.each([
    ['asks for a promotion', requestForm('promotion', catalog, nothing)],
    ['asks for a rollback', requestForm('rollback', catalog, nothing)],
    ['asks why it is rejected', reasonForm('reject', anchor)],
    ['asks what was mended', reasonForm('resolve', anchor)],
  ])('opens the form that %s, once for each trigger', async (_what, view) => {
    if (view === undefined) throw new Error('no form');
    const workspace = await open();
    const { slack } = clientOf(workspace);
    const triggerId = await workspace.trigger();
    expect(await slack.openView({ triggerId, view })).toEqual({ outcome: 'sent' });
    const [opened] = workspace.calls();
    expect(opened?.answer['view']).toMatchObject({ type: 'modal', callback_id: view.callback_id });
    expect(await slack.openView({ triggerId, view })).toEqual({
      outcome: 'refused',
      error: 'exchanged_trigger_id',
    });
    expect(await slack.openView({ triggerId: 'invented', view })).toEqual({
      outcome: 'refused',
      error: 'invalid_trigger_id',
    });
  });

  it('draws Home, and draws it again', async () => {
    const workspace = await open();
    const { slack } = clientOf(workspace);
    const { blocks } = card(promotionIn('monitoring'), { nowMs: 0 });
    const draw = () => slack.publishHome({ userId: workspace.person, view: { type: 'home', blocks } });
    expect([await draw(), await draw()]).toEqual([{ outcome: 'sent' }, { outcome: 'sent' }]);
    const [first, second] = workspace.calls().map(({ answer }) => answer['view'] as { id: string });
    expect(first?.id).toBe(second?.id);
  });

  it('knows members, bots and strangers of the directory', async () => {
    const workspace = await open();
    const { slack } = clientOf(workspace);
    const { teamId, person, app } = workspace;
    const people = createDirectory({ slack, teamId });
    expect(await people.kindOf({ teamId, userId: person })).toBe('member');
    expect(await people.kindOf({ teamId, userId: app.botUserId })).toBe('bot');
    expect(await people.kindOf({ teamId, userId: 'U0NOBODY' })).toBe('unknown');
    expect(await people.kindOf({ teamId: 'T0OTHER', userId: person })).toBe('stranger');
  });

  it('fails closed on a group that cannot be read', async ({ task }) => {
    const workspace = await open();
    const { slack } = clientOf(workspace);
    const people = createDirectory({ slack, teamId: workspace.teamId });
    const members = people.membersOf('S0NOBODY01');
    if (workspace.name === 'our stand-in') expect(await members).toEqual([]);
    else {
      await expect(members).rejects.toMatchObject({ code: 'slack.directory-unavailable' });
      met(task, divergence.noGroups);
    }
  });

  describe('is told no', () => {
    const message = { text: 'x', blocks: [] };

    it('in a channel that is not there', async () => {
      const { slack } = clientOf(await open());
      expect(await slack.post({ channel: 'C0NOWHERE', message })).toEqual({
        outcome: 'refused',
        error: 'channel_not_found',
      });
    });

    it('in a channel that is archived', async ({ task }) => {
      const workspace = await open();
      const { slack } = clientOf(workspace);
      const { channel } = workspace;
      const { ts } = (await slack.post({ channel, message })) as { ts: string };
      await workspace.archive();
      expect(await slack.post({ channel, message })).toEqual({ outcome: 'refused', error: 'is_archived' });
      const edited = await slack.update({ channel, ts, message });
      if (workspace.name === 'our stand-in')
        expect(edited).toEqual({ outcome: 'gone', error: 'is_inactive' });
      else {
        expect(edited.outcome).toBe('sent');
        met(task, divergence.archived);
      }
    });

    it('for a message that is gone, or is somebody else’s: another has to be posted', async () => {
      const workspace = await open();
      const { slack } = clientOf(workspace);
      const { channel } = workspace;
      const edit = (ts: string) => slack.update({ channel, ts, message });
      expect(await edit('1.000001')).toEqual({ outcome: 'gone', error: 'message_not_found' });
      expect(await edit(await workspace.say())).toEqual({ outcome: 'gone', error: 'cant_update_message' });
    });

    it('without the scope', async () => {
      const { slack } = clientOf(await open(['commands']));
      const refused = { outcome: 'refused', error: 'missing_scope' };
      expect(await slack.post({ channel: 'C0', message })).toEqual(refused);
      expect(await slack.user('U0')).toEqual(refused);
    });

    it('with a token that nobody knows', async ({ task }) => {
      const workspace = await open();
      const { slack } = clientOf(workspace, 'xoxb-nobodys');
      const answer = await slack.post({ channel: workspace.channel, message });
      if (workspace.name === 'our stand-in')
        expect(answer).toEqual({ outcome: 'refused', error: 'invalid_auth' });
      else {
        expect(answer).toEqual({ outcome: 'refused', error: 'missing_scope' });
        met(task, divergence.anyToken);
      }
    });

    it.for([
      [
        '51 blocks',
        { text: 'x', blocks: Array(51).fill({ type: 'divider' }) },
        'invalid_blocks',
        divergence.lax,
      ],
      [
        'a section of 3001 characters',
        {
          text: 'x',
          blocks: [{ type: 'section' as const, text: { type: 'mrkdwn' as const, text: 'x'.repeat(3001) } }],
        },
        'invalid_blocks',
        divergence.lax,
      ],
      [
        'an edit of 4001 characters',
        { text: 'x'.repeat(4001), blocks: [] },
        'msg_too_long',
        divergence.longEdit,
      ],
    ] as const)('for %s', async ([_what, over, error, named], { task }) => {
      const workspace = await open();
      const { slack } = clientOf(workspace);
      const { channel } = workspace;
      const { ts } = (await slack.post({ channel, message })) as { ts: string };
      const edited = await slack.update({ channel, ts, message: { ...over, blocks: [...over.blocks] } });
      if (workspace.name === 'our stand-in') expect(edited).toEqual({ outcome: 'refused', error });
      else {
        expect(edited.outcome).toBe('sent');
        met(task, named);
      }
    });
  });

  describe('when somebody does something', () => {
    /** The whole bot in front of this workspace; requests are signed by the tests, as Slack would. */
    async function listening() {
      const workspace = await open();
      const { slack, log } = clientOf(workspace);
      const deliveries = fakeDeliveries();
      const desk = fakeDesk(deliveries);
      const { nowMs, teamId, app, person, channel } = workspace;
      const work = heldWork({ desk, slack, nowMs, log });
      const receiver = createHttpReceiver({
        port: 0,
        gate: { path: '/slack/events', secrets: { current: secret }, appId: app.id, teamId },
        log,
        nowMs,
        storeNowMs: async () => nowMs(),
        send: work.send,
      });
      createBotApp({
        receiver,
        desk,
        catalog,
        slack,
        deliveries,
        send: work.send,
        nowMs,
        teamId,
        appId: app.id,
        botId: app.botId,
        botUserId: app.botUserId,
        log,
      });
      const { port } = await receiver.start();
      onTestFinished(() => receiver.stop());
      const send = async (body: string, contentType = 'application/x-www-form-urlencoded') => {
        const answer = await fetch(`http://127.0.0.1:${port}/slack/events`, {
          method: 'POST',
          headers: slackHeaders({ body, nowMs: nowMs(), contentType }),
          body,
        });
        expect(answer.status).toBe(200);
        await work.run();
        return answer.text();
      };
      const from = { team_id: teamId, api_app_id: app.id };
      return {
        workspace,
        desk,
        log,
        command: async (text: string) =>
          send(
            form({
              ...commandFields({ ...from, text, user_id: person, channel_id: channel, response_url: '' }),
              trigger_id: await workspace.trigger(),
            }),
          ),
        click: async (actionId: string, blockId: string, value: string, messageTs: string) =>
          send(
            form({
              payload: JSON.stringify({
                type: 'block_actions',
                team: { id: teamId, domain: 'd' },
                user: { id: person, team_id: teamId },
                api_app_id: app.id,
                container: { type: 'message', message_ts: messageTs, channel_id: channel },
                channel: { id: channel, name: 'deploys' },
                trigger_id: await workspace.trigger(),
                actions: [
                  { type: 'button', action_id: actionId, block_id: blockId, value, action_ts: '1.000001' },
                ],
              }),
            }),
          ),
        home: () =>
          send(
            JSON.stringify({
              ...from,
              type: 'event_callback',
              event_id: 'Ev1',
              event_time: Math.floor(nowMs() / 1000),
              authorizations: [
                { team_id: teamId, user_id: app.botUserId, is_bot: true, is_enterprise_install: false },
              ],
              event: {
                type: 'app_home_opened',
                user: person,
                channel: 'D0',
                tab: 'home',
                event_ts: '1.000001',
              },
            }),
            'application/json',
          ),
      };
    }

    const promotion = promotionIn('awaiting-approval');
    const approve = blockIdOf(promotion, 'act', 1_700_000_000_000);

    it('a command is taken and answered in private', async () => {
      const { command, desk } = await listening();
      expect(JSON.parse(await command('site v1.1.0'))).toMatchObject({ response_type: 'ephemeral' });
      expect(desk.opened).toMatchObject([{ app: 'site', version: 'v1.1.0' }]);
    });

    it('a command without words opens the form', async () => {
      const { command, workspace, log } = await listening();
      workspace.calls();
      expect(await command('site')).toBe('');
      expect(workspace.calls()).toMatchObject([
        { method: 'views.open', answer: { ok: true, view: { callback_id: 'cs:form-promote' } } },
      ]);
      expect(log.lines).toEqual([]);
    });

    it('a click on Approve is decided and answered in private', async () => {
      const { click, desk, workspace, log } = await listening();
      workspace.calls();
      expect(await click(actionIds.approve, approve, promotion.id, '1.000001')).toBe('');
      expect(desk.decided).toMatchObject([{ event: { type: 'approval.claimed' } }]);
      expect(workspace.calls()).toMatchObject([{ method: 'chat.postEphemeral', answer: { ok: true } }]);
      expect(log.lines).toEqual([]);
    });

    it('a click on Reject opens the form that asks why', async () => {
      const { click, workspace } = await listening();
      workspace.calls();
      expect(await click(actionIds.reject, approve, promotion.id, '1.000001')).toBe('');
      expect(workspace.calls()).toMatchObject([
        { method: 'views.open', answer: { ok: true, view: { callback_id: 'cs:form-reject' } } },
      ]);
    });

    it('Home is drawn', async () => {
      const { home, workspace } = await listening();
      await home();
      expect(workspace.calls()).toMatchObject([
        { method: 'views.publish', answer: { ok: true, view: { type: 'home' } } },
      ]);
    });
  });
});
