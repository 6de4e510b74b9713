import { describe, expect, it } from 'vitest';
import { channelIds, userIds } from '../../../workspace/slack/people.ts';
import { refusalOf, signingSecret, startMs, startWorkspace, type TestWorkspace } from './workspace.ts';

const site = channelIds.deploysSite;
const { ada, grace } = userIds;
const plain = (text: string) => ({ type: 'plain_text' as const, text });
const button = (actionId: string, value: string) => ({
  type: 'button' as const,
  action_id: actionId,
  value,
  text: plain(actionId),
});
const actions = (blockId: string, ...elements: ReturnType<typeof button>[]) => ({
  type: 'actions' as const,
  block_id: blockId,
  elements,
});
const modal = (fields: object = {}) => ({
  type: 'modal' as const,
  callback_id: 'promote',
  title: plain('Promote'),
  submit: plain('Promote'),
  blocks: [
    {
      type: 'input' as const,
      block_id: 'version',
      label: plain('Version'),
      element: { type: 'plain_text_input' as const, action_id: 'text', max_length: 10 },
    },
    {
      type: 'input' as const,
      block_id: 'app',
      label: plain('App'),
      element: {
        type: 'static_select' as const,
        action_id: 'choice',
        options: ['site', 'api'].map((value) => ({ text: plain(value), value })),
      },
    },
  ],
  ...fields,
});
const filledIn = { version: { text: 'v1.1.0' }, app: { choice: 'site' } };

const openModal = async (workspace: TestWorkspace, view: object = modal()): Promise<string> => {
  workspace.app.answer(async ({ payload }) => {
    await workspace.client.apiCall('views.open', { trigger_id: payload['trigger_id'], view });
    return {};
  });
  const { openedViewId } = await workspace.control.command({ user: ada, channel: site, text: '/promote' });
  workspace.app.answer({});
  if (openedViewId === undefined) throw new Error('no view was opened');
  return openedViewId;
};

describe('commands', () => {
  it('arrive signed with the virtual time', async () => {
    const { control, app, clock } = await startWorkspace();
    await clock.advance(86_400_000);
    const result = await control.command({ user: ada, channel: site, text: '/promote site v1.1.0' });
    expect(result).toMatchObject({ outcome: 'acknowledged', httpStatus: 200 });
    const [request] = app.received;
    expect(request).toMatchObject({
      signatureValid: true,
      payload: { command: '/promote', text: 'site v1.1.0', user_id: ada, channel_name: 'deploys-site' },
    });
    expect(Number(request?.headers['x-slack-request-timestamp'])).toBe(startMs / 1_000 + 86_400);
  });

  it('escape what was typed and name people, groups, channels and links', async () => {
    const { control, app } = await startWorkspace();
    const typed = '/promote <b> & @grace @release-approvers #oncall https://x.example @nobody';
    await control.command({ user: ada, channel: site, text: typed });
    expect(app.received[0]?.payload['text']).toBe(
      '&lt;b&gt; &amp; <@U0GRACE001|grace> <!subteam^S0APPROVE1|@release-approvers> ' +
        '<#C0ONCALL01|oncall> <https://x.example> @nobody',
    );
  });

  it('show a JSON answer to the one person, or to the channel when asked to', async () => {
    const { control, app } = await startWorkspace();
    app.answer({ json: { response_type: 'ephemeral', text: 'only you' } });
    const first = await control.command({ user: ada, channel: site, text: '/promote help' });
    expect(first.ephemeral).toMatchObject({ user: ada, text: 'only you' });
    expect(control.messages(site)).toEqual([]);
    app.answer({ json: { response_type: 'in_channel', text: 'everybody' } });
    await control.command({ user: ada, channel: site, text: '/promote help' });
    expect(control.messages(site)).toMatchObject([{ text: 'everybody' }]);
  });

  it('are refused in threads, from outside the workspace, and where nobody offers them', async () => {
    const { control, app } = await startWorkspace();
    const refused = async (input: Parameters<typeof control.command>[0]) => {
      const result = await control.command(input);
      expect(result.outcome).toBe('refused');
      return result.error;
    };
    expect(await refused({ user: ada, channel: site, text: '/promote x', threadTs: '1.1' })).toBe(
      '/promote is not supported in threads. Sorry!',
    );
    expect(await refused({ user: userIds.petra, channel: channelIds.shared, text: '/promote x' })).toContain(
      'not a valid command',
    );
    expect(await refused({ user: ada, channel: site, text: '/deploy x' })).toContain('not a valid command');
    expect(await refused({ user: userIds.dana, channel: site, text: '/promote x' })).toContain('deactivated');
    expect(await refused({ user: userIds.sol, channel: channelIds.oncall, text: '/promote x' })).toContain(
      'not_in_channel',
    );
    expect(app.received).toEqual([]);
  });

  it('tell the person when the app is late, wrong or gone', async () => {
    const { control, app } = await startWorkspace({ ackTimeoutMs: 50 });
    const run = () => control.command({ user: ada, channel: site, text: '/promote x' });
    app.answer({ hang: true });
    expect(await run()).toMatchObject({ outcome: 'operation_timeout' });
    app.answer({ status: 500, text: 'boom' });
    expect(await run()).toMatchObject({ outcome: 'dispatch_failed', httpStatus: 500 });
    app.answer({ text: '{"text":', headers: { 'content-type': 'application/json' } });
    expect(await run()).toMatchObject({ outcome: 'bad_ack' });
    app.answer({ json: { blocks: [{ type: 'nonsense' }] } });
    expect(await run()).toMatchObject({
      outcome: 'bad_ack',
      error: expect.stringContaining('invalid_blocks'),
    });
    control.setRequestUrl('http://127.0.0.1:1/gone');
    expect(await run()).toMatchObject({ outcome: 'dispatch_failed' });
    expect(control.state({ user: ada }).toasts.map((toast) => toast.code.split(':')[0])).toEqual([
      'operation_timeout',
      'dispatch_failed',
      'dispatch_failed',
      'invalid_blocks',
      'dispatch_failed',
    ]);
    expect(control.state({ user: grace }).toasts).toEqual([]);
  });
});

describe('buttons', () => {
  const card = async (workspace: TestWorkspace, revision = 1) => {
    const { ts = '' } = await workspace.client.chat.postMessage({
      channel: site,
      text: 'card',
      blocks: [actions(`rev-${revision}`, button('approve', 'p1'), button('reject', 'p1'))],
    });
    return ts;
  };

  it('send the action with message, container and a response URL', async () => {
    const workspace = await startWorkspace();
    const ts = await card(workspace);
    const result = await workspace.control.click({
      user: grace,
      channel: site,
      messageTs: ts,
      actionId: 'approve',
    });
    expect(result.outcome).toBe('acknowledged');
    expect(workspace.app.received[0]).toMatchObject({
      signatureValid: true,
      payload: {
        type: 'block_actions',
        user: { id: grace, team_id: 'T0COUNTER' },
        container: { type: 'message', message_ts: ts, channel_id: site, is_ephemeral: false },
        message: { ts, text: 'card' },
        actions: [{ type: 'button', action_id: 'approve', block_id: 'rev-1', value: 'p1' }],
        response_url: expect.stringContaining('/response/'),
      },
    });
  });

  it('can only be pressed while they are on show, except on an old rendering', async () => {
    const workspace = await startWorkspace();
    const { client, control, app } = workspace;
    const ts = await card(workspace);
    await client.chat.update({
      channel: site,
      ts,
      text: 'card',
      blocks: [actions('rev-2', button('cancel', 'p1'))],
    });
    const click = { user: grace, channel: site, messageTs: ts, actionId: 'approve' };
    expect(await control.click(click)).toMatchObject({
      outcome: 'refused',
      error: 'nothing called approve is on show; there is: rev-2/cancel',
    });
    expect(app.received).toEqual([]);
    await control.click({ ...click, stale: { blockId: 'rev-1', actionId: 'approve', value: 'p1' } });
    expect(app.received[0]?.payload).toMatchObject({
      actions: [{ block_id: 'rev-1', action_id: 'approve', value: 'p1' }],
      message: { blocks: [{ block_id: 'rev-2' }] },
    });
  });

  it('cannot be pressed by people who do not see the channel, but can by a partner in a shared one', async () => {
    const workspace = await startWorkspace();
    const { client, control, app } = workspace;
    const ts = await card(workspace);
    const click = (user: string, channel: string, messageTs: string) =>
      control.click({ user, channel, messageTs, actionId: 'approve' });
    expect(await click(userIds.petra, site, ts)).toMatchObject({ outcome: 'refused' });
    const shared = await client.chat.postMessage({
      channel: channelIds.shared,
      text: 'card',
      blocks: [actions('r', button('approve', 'p1'))],
    });
    expect(await click(userIds.petra, channelIds.shared, shared.ts ?? '')).toMatchObject({
      outcome: 'acknowledged',
    });
    expect(app.received[0]?.payload['user']).toMatchObject({ id: userIds.petra, team_id: 'T0PARTNER' });
    expect(await click(userIds.sol, site, ts)).toMatchObject({ outcome: 'acknowledged' });
  });

  it('on a private message carry no message, as with Slack', async () => {
    const { client, control, app } = await startWorkspace();
    await client.chat.postEphemeral({
      channel: site,
      user: ada,
      text: 'sure?',
      blocks: [actions('e', button('yes', 'p1'))],
    });
    const ephemeralId = control.state({ user: ada }).ephemerals[0]?.id ?? '';
    await control.click({ user: ada, ephemeralId, actionId: 'yes' });
    expect(app.received[0]?.payload).toMatchObject({ container: { is_ephemeral: true } });
    expect(app.received[0]?.payload).not.toHaveProperty('message');
    expect(await control.click({ user: grace, ephemeralId, actionId: 'yes' })).toMatchObject({
      outcome: 'refused',
    });
  });
});

describe('modals', () => {
  it('open with a trigger once, within three seconds, and not with an invented one', async () => {
    let realMs = 0;
    const workspace = await startWorkspace({ realNowMs: () => realMs });
    const { client, control, app, clock } = workspace;
    const trigger = async () => {
      await control.command({ user: ada, channel: site, text: '/promote' });
      return String(app.received.at(-1)?.payload['trigger_id']);
    };
    const open = (trigger_id: string) => client.views.open({ trigger_id, view: modal() });
    const first = await trigger();
    await clock.advance(60_000);
    expect(await open(first)).toMatchObject({ ok: true, view: { type: 'modal', hash: expect.any(String) } });
    expect(await refusalOf(open(first))).toBe('exchanged_trigger_id');
    const second = await trigger();
    realMs += 3_001;
    expect(await refusalOf(open(second))).toBe('expired_trigger_id');
    expect(await refusalOf(open('1.2.abc'))).toBe('invalid_trigger_id');
  });

  it('are checked by Slack before the app hears of a submission', async () => {
    const workspace = await startWorkspace();
    const { control, app } = workspace;
    const viewId = await openModal(workspace);
    const before = app.received.length;
    expect(
      await control.submit({ user: ada, viewId, values: { version: { text: 'v1.1.0-too-long' } } }),
    ).toMatchObject({
      outcome: 'refused',
      viewErrors: { version: 'Must be at most 10 characters.', app: 'Please complete this required field.' },
    });
    expect(await control.submit({ user: ada, viewId, values: { app: { choice: 'nosuch' } } })).toMatchObject({
      outcome: 'refused',
      error: 'no option "nosuch", there is: site, api',
    });
    expect(await control.submit({ user: grace, viewId, values: filledIn })).toMatchObject({
      outcome: 'refused',
    });
    expect(app.received).toHaveLength(before);
  });

  it('submit their values and close on an empty answer', async () => {
    const workspace = await startWorkspace();
    const { control, app } = workspace;
    const viewId = await openModal(workspace, modal({ private_metadata: 'm' }));
    expect(await control.submit({ user: ada, viewId, values: filledIn })).toMatchObject({
      outcome: 'acknowledged',
    });
    expect(app.received.at(-1)?.payload).toMatchObject({
      type: 'view_submission',
      view: {
        id: viewId,
        callback_id: 'promote',
        private_metadata: 'm',
        state: {
          values: {
            version: { text: { type: 'plain_text_input', value: 'v1.1.0' } },
            app: { choice: { type: 'static_select', selected_option: { value: 'site' } } },
          },
        },
      },
    });
    expect(control.state({ user: ada }).views).toEqual([]);
  });

  it('stay open with errors by block, and refuse errors for blocks they do not have', async () => {
    const workspace = await startWorkspace();
    const { control, app } = workspace;
    const viewId = await openModal(workspace);
    app.answer({ json: { response_action: 'errors', errors: { version: 'no such version' } } });
    const submit = () => control.submit({ user: ada, viewId, values: filledIn });
    expect(await submit()).toMatchObject({ viewErrors: { version: 'no such version' } });
    expect(control.state({ user: ada }).views).toMatchObject([{ errors: { version: 'no such version' } }]);
    app.answer({ json: { response_action: 'errors', errors: { nosuch: 'x' } } });
    expect(await submit()).toMatchObject({ outcome: 'bad_ack' });
    app.answer({ status: 500 });
    expect(await submit()).toMatchObject({
      outcome: 'dispatch_failed',
      error: expect.stringContaining('trouble'),
    });
    expect(control.state({ user: ada }).views).toHaveLength(1);
  });

  it('are replaced, stacked three high and no higher, and cleared', async () => {
    const workspace = await startWorkspace();
    const { control, app } = workspace;
    const viewId = await openModal(workspace);
    app.answer({ json: { response_action: 'push', view: modal({ title: plain('Second') }) } });
    const second = await control.submit({ user: ada, viewId, values: filledIn });
    const third = await control.submit({ user: ada, viewId: second.openedViewId ?? '', values: filledIn });
    expect(control.state({ user: ada }).views).toHaveLength(3);
    const fourth = await control.submit({ user: ada, viewId: third.openedViewId ?? '', values: filledIn });
    expect(fourth).toMatchObject({ outcome: 'bad_ack' });
    app.answer({ json: { response_action: 'update', view: modal({ title: plain('Changed') }) } });
    await control.submit({ user: ada, viewId: third.openedViewId ?? '', values: filledIn });
    expect(control.state({ user: ada }).views.at(-1)).toMatchObject({
      title: 'Changed',
      previousViewId: second.openedViewId,
      values: { version: { text: { value: 'v1.1.0' } } },
    });
    app.answer({ json: { response_action: 'clear' } });
    await control.submit({ user: ada, viewId: third.openedViewId ?? '', values: filledIn });
    expect(control.state({ user: ada }).views).toEqual([]);
  });

  it('guard updates with the hash', async () => {
    const workspace = await startWorkspace();
    const viewId = await openModal(workspace);
    const hash = workspace.control.state({ user: ada }).views[0]?.hash ?? '';
    const update = (with_: string) =>
      workspace.client.views.update({ view_id: viewId, hash: with_, view: modal() });
    await update(hash);
    expect(await refusalOf(update(hash))).toBe('hash_conflict');
    expect(await refusalOf(workspace.client.views.update({ view_id: 'V0NONE', view: modal() }))).toBe(
      'not_found',
    );
  });

  it('tell of being closed only where they asked to', async () => {
    const workspace = await startWorkspace();
    const { control, app } = workspace;
    const quiet = await openModal(workspace);
    const before = app.received.length;
    await control.closeView({ user: ada, viewId: quiet });
    expect(app.received).toHaveLength(before);
    const loud = await openModal(workspace, modal({ notify_on_close: true }));
    await control.closeView({ user: ada, viewId: loud, all: true });
    expect(app.received.at(-1)?.payload).toMatchObject({ type: 'view_closed', is_cleared: true });
  });

  it('open from the shortcut too', async () => {
    const { control, app } = await startWorkspace();
    await control.shortcut({ user: ada });
    expect(app.received[0]?.payload).toMatchObject({
      type: 'shortcut',
      callback_id: 'promote_shortcut',
      trigger_id: expect.any(String),
    });
    expect(await control.shortcut({ user: ada, callbackId: 'other' })).toMatchObject({ outcome: 'refused' });
  });
});

describe('Home', () => {
  it('is published for one person and carried by the next app_home_opened', async () => {
    const { client, control, app } = await startWorkspace();
    await control.openHome({ user: ada });
    expect(app.received[0]?.payload).toMatchObject({
      event: { type: 'app_home_opened', user: ada, tab: 'home' },
    });
    const view = { type: 'home' as const, blocks: [actions('h', button('refresh', '1'))] };
    await client.views.publish({ user_id: ada, view });
    await control.openHome({ user: ada });
    expect(app.received[1]?.payload).toMatchObject({ event: { view: { type: 'home' } } });
    const home = control.state({ user: ada }).homes[ada];
    await control.click({ user: ada, viewId: home?.id ?? '', actionId: 'refresh' });
    expect(app.received[2]?.payload).toMatchObject({ container: { type: 'view' }, view: { type: 'home' } });
    expect(control.state({ user: grace }).homes).toEqual({});
  });

  it('events that failed come again at once, after one minute and after five, and then no more', async () => {
    const { control, app, clock } = await startWorkspace();
    app.answer({ status: 500 });
    await control.openHome({ user: ada });
    await clock.advance(0);
    await clock.advance(60_000);
    await clock.advance(300_000);
    await clock.advance(3_600_000);
    expect(app.received.map((request) => request.headers['x-slack-retry-num'])).toEqual([
      undefined,
      '1',
      '2',
      '3',
    ]);
    expect(new Set(app.received.map((request) => request.payload['event_id'])).size).toBe(1);
    expect(app.received.every((request) => request.signatureValid)).toBe(true);
    expect(app.received[1]?.headers['x-slack-retry-reason']).toBe('http_error');
  });

  it('events are not retried when the app asks for that', async () => {
    const { control, app, clock } = await startWorkspace();
    app.answer({ status: 500, headers: { 'x-slack-no-retry': '1' } });
    await control.openHome({ user: ada });
    await clock.advance(3_600_000);
    expect(app.received).toHaveLength(1);
  });
});

describe('the wire itself', () => {
  it('replays the very same bytes and headers', async () => {
    const { control, app, clock } = await startWorkspace();
    await control.command({ user: ada, channel: site, text: '/promote x' });
    await clock.advance(1_000);
    const answer = await control.replayLast();
    expect(answer.httpStatus).toBe(200);
    expect(app.received[1]?.body).toBe(app.received[0]?.body);
    expect(app.received[1]?.headers['x-slack-signature']).toBe(app.received[0]?.headers['x-slack-signature']);
  });

  it('delivers anything at all, signed well or badly', async () => {
    const { control, app } = await startWorkspace();
    const body = 'command=%2Fpromote&text=x';
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    await control.deliverRaw({ headers: { ...headers, ...control.sign({ body }) }, body });
    await control.deliverRaw({ headers: { ...headers, ...control.sign({ body, secret: 'wrong' }) }, body });
    await control.deliverRaw({ headers: { ...headers, ...control.sign({ body, version: 'v9' }) }, body });
    await control.deliverRaw({ headers, body });
    expect(app.received.map((request) => request.signatureValid)).toEqual([true, false, false, false]);
    expect(signingSecret).not.toBe('wrong');
  });

  it('recognises an app that answers the challenge and one that does not', async () => {
    const { control, app } = await startWorkspace();
    app.answer(({ payload }) => ({ json: { challenge: payload['challenge'] } }));
    expect(await control.verifyRequestUrl()).toBe(true);
    app.answer({ json: { challenge: 'something else' } });
    expect(await control.verifyRequestUrl()).toBe(false);
  });
});

describe('external selects', () => {
  it('ask the app for options', async () => {
    const workspace = await startWorkspace();
    const view = modal({
      blocks: [
        {
          type: 'input',
          block_id: 'release',
          label: plain('Release'),
          element: { type: 'external_select', action_id: 'pick', min_query_length: 0 },
        },
      ],
    });
    const viewId = await openModal(workspace, view);
    workspace.app.answer({ json: { options: [{ text: plain('v1.1.0'), value: 'v1.1.0' }] } });
    const result = await workspace.control.suggest({ user: ada, viewId, actionId: 'pick', typed: 'v1' });
    expect(result.options).toEqual([{ text: 'v1.1.0', value: 'v1.1.0' }]);
    expect(workspace.app.received.at(-1)?.payload).toMatchObject({ type: 'block_suggestion', value: 'v1' });
    workspace.app.answer({ json: { options: 'none' } });
    expect(
      await workspace.control.suggest({ user: ada, viewId, actionId: 'pick', typed: 'v' }),
    ).toMatchObject({
      options: [],
      error: 'These options could not be loaded',
    });
  });
});
