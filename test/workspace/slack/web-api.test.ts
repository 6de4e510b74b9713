import { describe, expect, it } from 'vitest';
import { app, channelIds, groupIds, team, userIds } from '../../../workspace/slack/people.ts';
import { createClient, readingChannels, refusalOf, startMs, startWorkspace } from './workspace.ts';

const button = (actionId: string, value = 'p1') => ({
  type: 'button' as const,
  action_id: actionId,
  value,
  text: { type: 'plain_text' as const, text: 'Approve' },
});
const section = (text: string) => ({ type: 'section' as const, text: { type: 'mrkdwn' as const, text } });

describe('who may call', () => {
  it('answers auth.test with the ids of team and bot', async () => {
    const { client } = await startWorkspace();
    expect(await client.auth.test()).toMatchObject({
      ok: true,
      team_id: team.id,
      user_id: app.botUserId,
      bot_id: app.botId,
    });
  });

  it('refuses a wrong token, no token and a revoked one, each by its own name', async () => {
    const { slack, client, control } = await startWorkspace();
    expect(await refusalOf(createClient(slack, 'xoxb-wrong').auth.test())).toBe('invalid_auth');
    const answer = await fetch(`${slack.apiUrl}auth.test`, { method: 'POST' });
    expect(await answer.json()).toMatchObject({ ok: false, error: 'not_authed' });
    control.faults.revokeToken({ revoked: true });
    expect(await refusalOf(client.auth.test())).toBe('token_revoked');
  });

  it('refuses what the bot has no scope for and names the scope', async () => {
    const { client, control } = await startWorkspace();
    expect(await refusalOf(client.conversations.open({ users: userIds.ada }))).toBe('missing_scope');
    control.faults.setScopes({ scopes: ['commands'] });
    const error = await client.chat
      .postMessage({ channel: channelIds.general, text: 'x' })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      data: { error: 'missing_scope', needed: 'chat:write', provided: 'commands' },
    });
  });

  it('answers unknown_method for what it does not model', async () => {
    const { client } = await startWorkspace();
    expect(await refusalOf(client.reactions.add({ channel: 'C1', timestamp: '1', name: 'eyes' }))).toBe(
      'unknown_method',
    );
  });

  it('refuses unknown and missing arguments', async () => {
    const { client } = await startWorkspace();
    expect(await refusalOf(client.apiCall('chat.postMessage', { channel: 'C1', txt: 'typo' }))).toBe(
      'invalid_arg_name',
    );
    expect(await refusalOf(client.apiCall('chat.update', { channel: 'C1', text: 'no ts' }))).toBe(
      'invalid_arguments',
    );
  });

  it('reads a JSON body only where Slack does', async () => {
    const { slack } = await startWorkspace();
    const call = (method: string, body: unknown) =>
      fetch(`${slack.apiUrl}${method}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          authorization: 'Bearer xoxb-test-token',
        },
        body: JSON.stringify(body),
      }).then((answer) => answer.json());
    expect(await call('chat.postMessage', { channel: channelIds.general, text: 'hi' })).toMatchObject({
      ok: true,
    });
    expect(await call('users.info', { user: userIds.ada })).toMatchObject({ error: 'invalid_arguments' });
  });

  it('stamps Date from the virtual clock', async () => {
    const { slack, clock } = await startWorkspace();
    await clock.advance(3_600_000);
    const answer = await fetch(`${slack.apiUrl}auth.test`, { method: 'POST' });
    expect(answer.headers.get('date')).toBe(new Date(startMs + 3_600_000).toUTCString());
  });
});

describe('messages', () => {
  it('posts blocks with ids filled in, metadata and a thread', async () => {
    const { client, control } = await startWorkspace();
    const metadata = { event_type: 'promotion', event_payload: { promotion_id: 'p1', revision: 3 } };
    const parent = await client.chat.postMessage({
      channel: channelIds.deploysSite,
      text: 'Promote site',
      blocks: [section('*Promote*'), { type: 'actions', elements: [button('approve')] }],
      metadata,
    });
    await client.chat.postMessage({
      channel: channelIds.deploysSite,
      text: 'approved',
      thread_ts: parent.ts ?? '',
      reply_broadcast: true,
    });
    const [first, reply] = control.messages(channelIds.deploysSite);
    expect(first).toMatchObject({ text: 'Promote site', metadata, replyCount: 1, threadTs: parent.ts });
    expect(first?.blocks.every((block) => block.block_id !== '')).toBe(true);
    expect(reply).toMatchObject({ threadTs: parent.ts, broadcast: true });
  });

  it('refuses a post whose blocks are too long in all, though each is within its limits', async () => {
    const { client } = await startWorkspace();
    const post = (count: number) =>
      client.chat.postMessage({
        channel: channelIds.deploysSite,
        text: 'x',
        blocks: Array.from({ length: count }, () => section('x'.repeat(3_000))),
      });
    expect(await post(4)).toMatchObject({ ok: true });
    expect(await refusalOf(post(5))).toBe('msg_blocks_too_long');
  });

  it('refuses channels it cannot post to by the right name', async () => {
    const { client, control } = await startWorkspace();
    const post = (channel: string) => refusalOf(client.chat.postMessage({ channel, text: 'x' }));
    expect(await post('C0NOWHERE')).toBe('channel_not_found');
    control.faults.archiveChannel({ channel: channelIds.general, archived: true });
    expect(await post(channelIds.general)).toBe('is_archived');
    control.faults.removeFromChannel({ channel: channelIds.oncall, user: app.botUserId });
    expect(await post(channelIds.oncall)).toBe('not_in_channel');
    expect(await refusalOf(client.chat.postMessage({ channel: channelIds.deploysSite, text: '' }))).toBe(
      'no_text',
    );
    expect(
      await refusalOf(
        client.chat.postMessage({ channel: channelIds.deploysSite, text: 'x', thread_ts: '1.000000' }),
      ),
    ).toBe('cannot_reply_to_message');
  });

  it('opens a direct message when the channel is a person', async () => {
    const { client, control } = await startWorkspace();
    const answer = await client.chat.postMessage({ channel: userIds.ada, text: 'yours was approved' });
    expect(answer.channel).toMatch(/^D/);
    expect(control.state({ user: userIds.ada }).notifications).toMatchObject([{ because: 'direct' }]);
    expect(control.state({ user: userIds.grace }).messages[answer.channel ?? '']).toBeUndefined();
  });

  it('deletes the blocks when an update sends text alone', async () => {
    const { client, control } = await startWorkspace();
    const channel = channelIds.deploysSite;
    const metadata = { event_type: 'promotion', event_payload: { id: 'p1' } };
    const { ts = '' } = await client.chat.postMessage({
      channel,
      text: 'a',
      blocks: [section('a')],
      metadata,
    });
    await client.chat.update({ channel, ts, text: 'b', blocks: [section('b')] });
    expect(control.messages(channel)[0]).toMatchObject({ metadata, markedEdited: false });
    await client.chat.update({ channel, ts, text: 'c' });
    expect(control.messages(channel)[0]).toMatchObject({ blocks: [], text: 'c', markedEdited: true });
    await client.apiCall('chat.update', { channel, ts, text: 'd', metadata: {} });
    expect(control.messages(channel)[0]).not.toHaveProperty('metadata');
    expect(control.messages(channel)[0]?.editsAtMs).toHaveLength(3);
    expect(control.versions({ channel, ts }).map((version) => version.text)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('refuses updates that Slack refuses', async () => {
    const { client, control } = await startWorkspace();
    const channel = channelIds.deploysSite;
    const { ts = '' } = await client.chat.postMessage({ channel, text: 'a' });
    const update = (input: { ts: string; text: string; channel?: string }) =>
      refusalOf(client.chat.update({ channel, ...input }));
    expect(await update({ ts, text: 'x'.repeat(4_001) })).toBe('msg_too_long');
    expect(await update({ ts: '1.000000', text: 'x' })).toBe('message_not_found');
    const typed = control.say({ user: userIds.ada, channel, text: 'hello' });
    expect(await update({ ts: typed.ts, text: 'x' })).toBe('cant_update_message');
    expect(await refusalOf(client.chat.delete({ channel, ts: typed.ts }))).toBe('cant_delete_message');
    const ephemeral = await client.chat.postEphemeral({ channel, user: userIds.ada, text: 'psst' });
    expect(await update({ ts: ephemeral.message_ts ?? '', text: 'x' })).toBe('message_not_found');
    control.faults.deleteMessage({ channel, ts });
    expect(await update({ ts, text: 'x' })).toBe('message_not_found');
    const last = await client.chat.postMessage({ channel, text: 'last' });
    control.faults.archiveChannel({ channel, archived: true });
    expect(await update({ ts: last.ts ?? '', text: 'x' })).toBe('is_inactive');
  });

  it('never lets a rich_text message cease to be one', async () => {
    const { client } = await startWorkspace();
    const channel = channelIds.deploysSite;
    const rich = {
      type: 'rich_text' as const,
      elements: [{ type: 'rich_text_section' as const, elements: [{ type: 'text' as const, text: 'v1' }] }],
    };
    const { ts = '' } = await client.chat.postMessage({ channel, text: 'a', blocks: [rich] });
    expect(await refusalOf(client.chat.update({ channel, ts, text: 'b', blocks: [section('b')] }))).toBe(
      'block_mismatch',
    );
  });

  it('leaves a tombstone for a deleted parent, so that its thread goes on', async () => {
    const { client, control } = await startWorkspace();
    const channel = channelIds.deploysSite;
    const { ts = '' } = await client.chat.postMessage({ channel, text: 'parent' });
    await client.chat.postMessage({ channel, text: 'reply', thread_ts: ts });
    control.faults.deleteMessage({ channel, ts });
    expect(control.messages(channel)[0]).toMatchObject({ tombstone: true, blocks: [] });
    expect(await refusalOf(client.chat.update({ channel, ts, text: 'x' }))).toBe('message_not_found');
    await client.chat.postMessage({ channel, text: 'still here', thread_ts: ts });
    expect(control.messages(channel)).toHaveLength(3);
  });

  it('shows an ephemeral to its one person only', async () => {
    const { client, control } = await startWorkspace();
    const channel = channelIds.deploysSite;
    await client.chat.postEphemeral({ channel, user: userIds.ada, text: 'only you' });
    expect(control.state({ user: userIds.ada }).ephemerals).toMatchObject([{ text: 'only you' }]);
    expect(control.state({ user: userIds.grace }).ephemerals).toEqual([]);
    expect(await refusalOf(client.chat.postEphemeral({ channel, user: userIds.petra, text: 'x' }))).toBe(
      'user_not_in_channel',
    );
  });

  it('gives a permalink with the thread in it', async () => {
    const { client } = await startWorkspace();
    const channel = channelIds.deploysSite;
    const { ts = '' } = await client.chat.postMessage({ channel, text: 'parent' });
    const reply = await client.chat.postMessage({ channel, text: 'reply', thread_ts: ts });
    const link = await client.chat.getPermalink({ channel, message_ts: reply.ts ?? '' });
    expect(link.permalink).toContain(`thread_ts=${ts}&cid=${channel}`);
  });
});

describe('notifications', () => {
  it('notifies mentioned people and groups of new messages, in the channel only', async () => {
    const { client, control } = await startWorkspace();
    const channel = channelIds.oncall;
    await client.chat.postMessage({
      channel,
      text: 'fallback',
      blocks: [section(`<@${userIds.grace}> <@${userIds.lin}> <!subteam^${groupIds.oncall}>`)],
    });
    const { notifications } = control.state();
    expect(notifications.map(({ user, because }) => [user, because])).toEqual([
      [userIds.grace, 'mention'],
      [userIds.otto, 'group'],
    ]);
  });

  it('notifies nobody of an edit, of escaped text and of a fallback under blocks', async () => {
    const { client, control } = await startWorkspace();
    const channel = channelIds.oncall;
    const { ts = '' } = await client.chat.postMessage({ channel, text: `&lt;@${userIds.grace}&gt;` });
    await client.chat.update({ channel, ts, text: `<@${userIds.grace}> <!channel>` });
    await client.chat.postMessage({ channel, text: '<!channel>', blocks: [section('quiet')] });
    expect(control.state().notifications).toEqual([]);
  });
});

describe('the directory', () => {
  it('tells guests, deactivated people, bots, partners and strangers apart', async () => {
    const { client, control } = await startWorkspace();
    const user = async (id: string) => (await client.users.info({ user: id })).user;
    expect(await user(userIds.ada)).toMatchObject({
      deleted: false,
      is_restricted: false,
      team_id: team.id,
      is_email_confirmed: true,
    });
    expect(await user(userIds.gil)).toMatchObject({ is_restricted: true, is_ultra_restricted: false });
    expect(await user(userIds.sol)).toMatchObject({ is_restricted: true, is_ultra_restricted: true });
    expect(await user(userIds.dana)).toMatchObject({ deleted: true });
    expect(await user(userIds.bot)).toMatchObject({ is_bot: true });
    expect(await user(userIds.petra)).toMatchObject({ is_stranger: false, team_id: 'T0PARTNER' });
    expect(await user(userIds.stan)).toMatchObject({ is_stranger: true, team_id: 'T0PARTNER' });
    control.faults.removeFromChannel({ channel: channelIds.shared, user: userIds.petra });
    expect(await user(userIds.petra)).toMatchObject({ is_stranger: true });
    expect(await refusalOf(client.users.info({ user: 'U0NOBODY' }))).toBe('user_not_found');
  });

  it('shows addresses with users:read.email, which the app does not ask for', async () => {
    const { client, control } = await startWorkspace();
    const profile = async () => (await client.users.info({ user: userIds.ada })).user?.profile;
    expect(await profile()).not.toHaveProperty('email');
    control.faults.setScopes({ scopes: ['users:read', 'users:read.email'] });
    expect(await profile()).toMatchObject({ email: 'ada@countersign.example' });
  });

  it('lists group members as they are at this moment and refuses a disabled group', async () => {
    const { client, control } = await startWorkspace();
    const usergroup = groupIds.releaseApprovers;
    control.faults.removeFromGroup({ group: usergroup, user: userIds.lin });
    const { users } = await client.usergroups.users.list({ usergroup });
    expect(users).toEqual([userIds.grace, userIds.gil, userIds.dana]);
    control.faults.setGroupDisabled({ group: usergroup, disabled: true });
    expect(await refusalOf(client.usergroups.users.list({ usergroup }))).toBe('no_such_subteam');
    expect((await client.usergroups.list()).usergroups).toHaveLength(1);
  });

  it('pages people with a cursor', async () => {
    const { client } = await startWorkspace();
    const first = await client.users.list({ limit: 4 });
    const second = await client.users.list({ limit: 50, cursor: first.response_metadata?.next_cursor ?? '' });
    const ids = [...(first.members ?? []), ...(second.members ?? [])].map((member) => member.id);
    expect(new Set(ids).size).toBe(9);
    expect(second.response_metadata?.next_cursor).toBe('');
    expect(await refusalOf(client.users.list({ cursor: 'nonsense' }))).toBe('invalid_cursor');
  });

  it('marks a channel shared with another workspace', async () => {
    const { client } = await startWorkspace(readingChannels);
    const { channel } = await client.conversations.info({ channel: channelIds.shared });
    expect(channel).toMatchObject({ is_ext_shared: true, is_member: true });
  });

  it('fails as a whole while it is down, and nothing else does', async () => {
    const { client, control } = await startWorkspace();
    control.faults.directoryDown({ down: true });
    expect(await refusalOf(client.users.info({ user: userIds.ada }))).toBe('internal_error');
    expect(await refusalOf(client.usergroups.users.list({ usergroup: groupIds.oncall }))).toBe(
      'internal_error',
    );
    expect(await client.chat.postMessage({ channel: channelIds.general, text: 'x' })).toMatchObject({
      ok: true,
    });
  });
});

describe('faults', () => {
  it('cuts connections or answers 503 while down, and recovers with virtual time', async () => {
    const { slack, control, clock } = await startWorkspace();
    const call = () => fetch(`${slack.apiUrl}auth.test`, { method: 'POST' });
    control.faults.down({ seconds: 30 });
    await expect(call()).rejects.toThrow();
    await clock.advance(30_000);
    expect((await call()).status).toBe(200);
    control.faults.down({ seconds: 30, as: 'unavailable' });
    expect((await call()).status).toBe(503);
    expect(
      await control.command({ user: userIds.ada, channel: channelIds.deploysSite, text: '/promote' }),
    ).toMatchObject({ outcome: 'refused', error: 'Slack is not reachable' });
  });

  it('applies a call whose answer it loses', async () => {
    const { client, control } = await startWorkspace();
    control.faults.loseAnswer({ method: 'chat.postMessage' });
    await expect(client.chat.postMessage({ channel: channelIds.general, text: 'lost' })).rejects.toThrow();
    expect(control.messages(channelIds.general)).toMatchObject([{ text: 'lost' }]);
    expect(control.calls()).toMatchObject([{ method: 'chat.postMessage', ok: true, answerLost: true }]);
    await client.chat.postMessage({ channel: channelIds.general, text: 'kept' });
    expect(control.messages(channelIds.general)).toHaveLength(2);
  });

  it('answers the error it was told to, as often as told, and does nothing', async () => {
    const { client, control } = await startWorkspace();
    control.faults.fail({ method: 'chat.postMessage', error: 'ratelimited' });
    const post = () => client.chat.postMessage({ channel: channelIds.general, text: 'x' });
    expect(await refusalOf(post())).toBe('ratelimited');
    expect(control.messages(channelIds.general)).toEqual([]);
    expect(await post()).toMatchObject({ ok: true });
  });

  it('rate-limits everything for as long as told', async () => {
    const { client, control, clock } = await startWorkspace();
    control.faults.rateLimit({ seconds: 20 });
    await expect(client.auth.test()).rejects.toMatchObject({ retryAfter: 20 });
    await clock.advance(20_000);
    expect(await client.auth.test()).toMatchObject({ ok: true });
  });
});

describe('saving', () => {
  it('comes back with messages, people and ids where it was, and refuses other files', async () => {
    const first = await startWorkspace();
    const { ts } = await first.client.chat.postMessage({ channel: channelIds.general, text: 'before' });
    first.control.faults.deactivateUser({ user: userIds.lin });
    const second = await startWorkspace();
    let changes = 0;
    second.control.subscribe(() => {
      changes += 1;
    });
    second.control.load(first.control.save());
    expect(changes).toBe(1);
    expect(second.control.messages(channelIds.general)).toMatchObject([{ ts, text: 'before' }]);
    expect((await second.client.users.info({ user: userIds.lin })).user?.deleted).toBe(true);
    const next = await second.client.chat.postMessage({ channel: channelIds.general, text: 'after' });
    expect(Number(next.ts)).toBeGreaterThan(Number(ts));
    expect(() => second.control.load('{"version":2}')).toThrow();
  });
});
