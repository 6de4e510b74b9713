/**
 * What our stand-in answers, against the types of answers that Slack's own client ships; they were made from answers that
 * Slack gave. Every member is optional there, so this finds what was invented and what is of the wrong kind; what has to
 * be there is told by the samples of Slack's SDK for Java, as far as an app without files or attachments meets it, and by
 * what our own client reads.
 */
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { card } from '../../../src/bot/messages/card.ts';
import { reasonForm } from '../../../src/bot/messages/modal.ts';
import { methods } from '../../../workspace/slack/methods.ts';
import { channelIds, groupIds, partnerTeam, userIds } from '../../../workspace/slack/people.ts';
import { promotionIn } from '../../bot/promotions.ts';
import { readingChannels, startWorkspace, type TestWorkspace } from '../../workspace/slack/workspace.ts';
import { met } from '../divergences.ts';

const fromHere = createRequire(import.meta.url);
const typesFile = fromHere.resolve('@slack/web-api').replace(/dist\/.*$/, 'dist/types/response/index.d.ts');

const Schema = z.record(z.string(), z.unknown());
const Generator = z.object({
  createGenerator: z.custom<(options: object) => { createSchema(type: string): unknown }>(
    (value) => typeof value === 'function',
  ),
});

let generator: { createSchema(type: string): unknown };
beforeAll(async () => {
  // By name, so that the types of this package need not be there where nobody judges.
  const name: string = 'ts-json-schema-generator';
  const { createGenerator } = Generator.parse(await import(name));
  generator = createGenerator({
    path: typesFile,
    type: '*',
    expose: 'export',
    jsDoc: 'none',
    skipTypeCheck: true,
    additionalProperties: false,
  });
});

/** `usergroups.users.list` is UsergroupsUsersListResponse. */
const typeOf = (method: string) =>
  `${method.replace(/(?:^|\.)(.)/g, (_match, letter: string) => letter.toUpperCase())}Response`;

/** What the app itself wrote and gets back, which these types list as far as somebody's app has sent it. */
const echoed: ReadonlySet<string> = new Set(['blocks', 'event_payload', 'values']);

/** Without that, and without members that are null, which were left out when the types were made. */
function withoutEcho(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEcho);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([key, each]) => each !== null && !echoed.has(key));
  return Object.fromEntries(kept.map(([key, each]) => [key, withoutEcho(each)]));
}

const compiled = new Map<string, ValidateFunction>();

function wrongs(method: string, answer: unknown): string[] {
  const ajv = new Ajv({ strict: false, allErrors: true });
  const validate = compiled.get(method) ?? ajv.compile(Schema.parse(generator.createSchema(typeOf(method))));
  compiled.set(method, validate);
  validate(withoutEcho(answer));
  return (validate.errors ?? []).map(({ instancePath, message, params }) =>
    `${instancePath} ${message} ${JSON.stringify(params)}`.slice(0, 200),
  );
}

const channel = channelIds.deploysSite;
const user = userIds.ada;
const { text, blocks, metadata } = card(promotionIn('awaiting-approval'), { nowMs: Date.UTC(2026, 10, 21) });
const anchor = { promotionId: 'p0123456789', round: 1, digest: 'abcdef012345', questionId: null };
const view = reasonForm('reject', anchor);

type Call = (workspace: TestWorkspace) => Promise<unknown>;
const post = async ({ client }: TestWorkspace, more: object = {}) =>
  (await client.chat.postMessage({ channel, text, ...more })).ts ?? '';
const trigger = async ({ control, app }: TestWorkspace) => {
  await control.command({ user, channel, text: '/promote' });
  return String(app.received.at(-1)?.payload['trigger_id']);
};
const call = (method: string, args: object) => (workspace: TestWorkspace) =>
  workspace.client.apiCall(method, { ...args });

const calls: Record<string, readonly Call[]> = {
  'auth.test': [call('auth.test', {})],
  'apps.connections.open': [],
  'chat.postMessage': [
    call('chat.postMessage', { channel, text, blocks, metadata }),
    async (workspace) =>
      call('chat.postMessage', { channel, text, thread_ts: await post(workspace) })(workspace),
    call('chat.postMessage', { channel: user, text }),
  ],
  'chat.update': [
    async (workspace) =>
      call('chat.update', { channel, ts: await post(workspace, { blocks }), text, blocks, metadata })(
        workspace,
      ),
    async (workspace) => call('chat.update', { channel, ts: await post(workspace), text })(workspace),
  ],
  'chat.postEphemeral': [call('chat.postEphemeral', { channel, user, text, blocks })],
  'chat.delete': [
    async (workspace) => call('chat.delete', { channel, ts: await post(workspace) })(workspace),
  ],
  'chat.getPermalink': [
    async (workspace) => call('chat.getPermalink', { channel, message_ts: await post(workspace) })(workspace),
  ],
  'views.open': [
    async (workspace) => call('views.open', { trigger_id: await trigger(workspace), view })(workspace),
  ],
  'views.push': [],
  'views.update': [
    async (workspace) => {
      const opened = await call('views.open', { trigger_id: await trigger(workspace), view })(workspace);
      const { id } = z.object({ view: z.object({ id: z.string() }) }).parse(opened).view;
      return call('views.update', { view_id: id, view })(workspace);
    },
  ],
  'views.publish': [call('views.publish', { user_id: user, view: { type: 'home', blocks } })],
  'users.info': Object.values(userIds).map((each) => call('users.info', { user: each })),
  'users.list': [call('users.list', { limit: 5 }), call('users.list', { limit: 2 })],
  'usergroups.list': [
    call('usergroups.list', { include_users: true, include_count: true, include_disabled: true }),
  ],
  'usergroups.users.list': [call('usergroups.users.list', { usergroup: groupIds.releaseApprovers })],
  'conversations.info': [
    call('conversations.info', { channel, include_num_members: true }),
    call('conversations.info', { channel: channelIds.shared }),
  ],
  'conversations.list': [call('conversations.list', { types: 'public_channel,private_channel' })],
  'conversations.members': [call('conversations.members', { channel })],
  'conversations.open': [
    async (workspace) => {
      workspace.control.faults.setScopes({ scopes: ['im:write'] });
      return call('conversations.open', { users: user })(workspace);
    },
  ],
};
const ofMessage = ['type', 'user', 'text', 'bot_id', 'team', 'bot_profile'];
const ofView = [
  'id',
  'team_id',
  'type',
  'blocks',
  'private_metadata',
  'callback_id',
  'state',
  'hash',
  'root_view_id',
];
/** By path, in every answer of the method. Source: slackapi/java-slack-sdk, json-logs/samples/api. */
const demanded: Readonly<Record<string, readonly string[]>> = {
  'auth.test': ['url', 'team', 'user', 'team_id', 'user_id', 'bot_id'],
  'chat.postMessage': ['channel', 'ts', ...[...ofMessage, 'ts'].map((key) => `message.${key}`)],
  'chat.update': ['channel', 'ts', 'text', ...ofMessage.map((key) => `message.${key}`)],
  'chat.postEphemeral': ['message_ts'],
  'chat.delete': ['channel', 'ts'],
  'chat.getPermalink': ['channel', 'permalink'],
  'views.open': ofView.map((key) => `view.${key}`),
  'views.update': ofView.map((key) => `view.${key}`),
  'views.publish': ofView.map((key) => `view.${key}`),
  'users.info': ['id', 'team_id', 'name', 'deleted', 'profile', 'is_bot', 'updated'].map(
    (key) => `user.${key}`,
  ),
  'users.list': ['members', 'cache_ts', 'response_metadata.next_cursor'],
  'usergroups.list': ['usergroups'],
  'usergroups.users.list': ['users'],
  'conversations.info': ['channel.id', 'channel.is_archived', 'channel.is_member', 'channel.is_ext_shared'],
  'conversations.list': ['channels', 'response_metadata.next_cursor'],
  'conversations.members': ['members', 'response_metadata.next_cursor'],
  'conversations.open': ['channel.id'],
};

const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (each, key) => (typeof each === 'object' && each !== null ? Reflect.get(each, key) : undefined),
      value,
    );
const missing = (method: string, answer: unknown) =>
  ['ok', ...(demanded[method] ?? [])].filter((path) => at(answer, path) === undefined);

/** Over another kind of token, or on top of a modal: their answers are those of others. */
const alike = ['apps.connections.open', 'views.push'];

describe('answers of our Slack stand-in', () => {
  it('are those of every method', () => {
    expect(Object.keys(calls).sort()).toEqual(Object.keys(methods).sort());
    const none = Object.entries(calls).filter(([, each]) => each.length === 0);
    expect(none.map(([method]) => method).sort()).toEqual(alike);
  });

  it.each(Object.entries(calls).filter(([, each]) => each.length > 0))('%s', async (method, each) => {
    expect(demanded[method]).not.toBe(undefined);
    for (const ask of each) {
      const answer = await ask(await startWorkspace(readingChannels));
      expect(wrongs(method, answer)).toEqual([]);
      expect(missing(method, answer)).toEqual([]);
    }
  });

  it('give a message back as it was sent', async () => {
    const { client } = await startWorkspace();
    const { message, ts } = await client.chat.postMessage({ channel, text });
    expect(message).toMatchObject({ text, ts });
    const drawn = await client.apiCall('chat.postMessage', { channel, text, blocks, metadata });
    expect(at(drawn, 'message.blocks')).toHaveLength(blocks.length);
    expect(at(drawn, 'message.metadata')).toEqual(metadata);
    expect(
      at(await client.chat.postMessage({ channel, text, thread_ts: ts ?? '' }), 'message.thread_ts'),
    ).toBe(ts);
  });

  /** Who may approve hangs on these. Source: Slack, user object. */
  it.each<[string, keyof typeof userIds, object]>([
    ['a member', 'ada', { is_restricted: false, is_ultra_restricted: false, deleted: false, is_bot: false }],
    ['a guest', 'gil', { is_restricted: true, is_ultra_restricted: false, deleted: false }],
    ['a guest of one channel', 'sol', { is_restricted: true, is_ultra_restricted: true, deleted: false }],
    ['somebody deactivated', 'dana', { deleted: true }],
    ['the bot', 'bot', { is_bot: true }],
    ['somebody of another workspace', 'petra', { team_id: partnerTeam.id, is_stranger: false }],
    ['a stranger', 'stan', { team_id: partnerTeam.id, is_stranger: true }],
  ])('tell of %s who it is, alone and in the list', async (_who, name, flags) => {
    const { client } = await startWorkspace();
    expect((await client.users.info({ user: userIds[name] })).user).toMatchObject(flags);
    const { members = [] } = await client.users.list({});
    const inList = members.find(({ id }) => id === userIds[name]);
    // Who shares no channel with the app is in no list of its.
    if (name === 'stan') expect(inList).toBe(undefined);
    else expect(inList).toMatchObject(flags);
  });

  it.each(Object.keys(methods))('%s, refused', async (method) => {
    const { slack } = await startWorkspace();
    const answer = await fetch(`${slack.apiUrl}${method}`, {
      method: 'POST',
      headers: {
        authorization: 'Bearer xoxb-test-token',
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'colour=red',
    });
    const said: unknown = await answer.json();
    expect(said).toMatchObject({ ok: false });
    expect(wrongs(method, said)).toEqual([]);
  });

  it('users.list, with people of other workspaces', async ({ task }) => {
    const { client } = await startWorkspace();
    const all = await client.users.list({});
    expect(new Set(wrongs('users.list', all).map((wrong) => wrong.replace(/^\/members\/\d+ /, '')))).toEqual(
      new Set(['must NOT have additional properties {"additionalProperty":"is_stranger"}']),
    );
    met(task, {
      name: 'the client’s type of users.list knows no is_stranger',
      reason:
        'Slack’s page of users.list has it, and the type of users.info does; the bot asks for the latter.',
    });
  });

  it('would be found out if a member were invented or of another kind', () => {
    expect(wrongs('users.info', { ok: true, user: { id: 'U1', colour: 'red' } })).not.toEqual([]);
    expect(wrongs('users.info', { ok: true, user: { id: 'U1', deleted: 'no' } })).not.toEqual([]);
    expect(missing('chat.postMessage', { ok: true, channel, ts: '1.1', message: {} })).toContain(
      'message.text',
    );
  });
});
