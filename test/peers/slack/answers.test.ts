/**
 * What our stand-in answers, against the types of answers that Slack's own client ships; they were made from answers that
 * Slack gave. Every member is optional there, so this finds what was invented and what is of the wrong kind.
 */
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { card } from '../../../src/bot/messages/card.ts';
import { reasonForm } from '../../../src/bot/messages/modal.ts';
import { methods } from '../../../workspace/slack/methods.ts';
import { channelIds, groupIds, userIds } from '../../../workspace/slack/people.ts';
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
/** Over another kind of token, or on top of a modal: their answers are those of others. */
const alike = ['apps.connections.open', 'views.push'];

describe('answers of our Slack stand-in', () => {
  it('are those of every method', () => {
    expect(Object.keys(calls).sort()).toEqual(Object.keys(methods).sort());
    const none = Object.entries(calls).filter(([, each]) => each.length === 0);
    expect(none.map(([method]) => method).sort()).toEqual(alike);
  });

  it.each(Object.entries(calls).filter(([, each]) => each.length > 0))('%s', async (method, each) => {
    for (const ask of each)
      expect(wrongs(method, await ask(await startWorkspace(readingChannels)))).toEqual([]);
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
  });
});
