/** Our requests and our stand-in against what slack-ruby/slack-api-ref took from Slack's own pages. */
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFormOpener } from '../../../src/bot/form-opener.ts';
import { card } from '../../../src/bot/messages/card.ts';
import { reasonForm } from '../../../src/bot/messages/modal.ts';
import { createSlackClient, type SlackClient } from '../../../src/bot/slack-client.ts';
import { slackManifest } from '../../../src/cli/manifest.ts';
import { createWorkspaceClock, type WorkspaceClock } from '../../../workspace/clock.ts';
import { methods } from '../../../workspace/slack/methods.ts';
import { app, channelIds, groupIds, initialScopes, team, userIds } from '../../../workspace/slack/people.ts';
import { createSlackStandIn, type SlackStandIn } from '../../../workspace/slack/stand-in.ts';
import { fakeLog } from '../../bot/fakes.ts';
import { promotionIn } from '../../bot/promotions.ts';
import { readingChannels, startWorkspace, type TestWorkspace } from '../../workspace/slack/workspace.ts';
import { leavingSrc } from '../leaving/leaving.mjs';
import { createRecorder, type Exchange, type Recorder } from '../recorder.ts';
import { errorsOfEveryMethod, type MethodFacts, methodFacts } from './facts.ts';

const botToken = 'xoxb-methods';
const manifestScopes = slackManifest({ name: 'Countersign', requestUrl: 'https://countersign.example.com' })
  .oauth_config.scopes.bot;

const factsOf = (method: string): MethodFacts => {
  const facts = methodFacts[method];
  if (facts === undefined) throw new Error(`the reference knows no ${method}`);
  return facts;
};
const withoutToken = (names: readonly string[]) => names.filter((name) => name !== 'token').sort();

describe('methods of our Slack stand-in', () => {
  const tiers: Record<string, unknown> = { t2: 2, t3: 3, t4: 4, t5: 'special' };

  it.each(Object.entries(methods))('%s: arguments, tier, JSON and scopes', (method, ours) => {
    const theirs = factsOf(method);
    expect([...ours.known].sort()).toEqual(withoutToken(Object.keys(theirs.args)));
    expect([...ours.required].sort()).toEqual(withoutToken(theirs.required));
    expect(ours.tier).toBe(tiers[String(theirs.rateLimit)]);
    expect(ours.acceptsJson).toBe(theirs.json === true);
    if (ours.appToken !== true)
      expect([...ours.scopes].sort()).toEqual([...(theirs.scopes.bot ?? [])].sort());
  });

  it('has the scopes of our manifest and no others', () => {
    expect([...initialScopes].sort()).toEqual([...manifestScopes].sort());
  });
});

describe('requests of the bot', () => {
  let clock: WorkspaceClock;
  let standIn: SlackStandIn;
  let recorder: Recorder;
  let slack: SlackClient;
  const asked = new Set<string>();
  /** Every method that our sources name. */
  let leaving: readonly string[];

  beforeAll(async () => {
    // Before there is any connection that would go cold meanwhile.
    leaving = leavingSrc().slack.map(({ name }) => name);
    clock = createWorkspaceClock({ startMs: Date.UTC(2026, 10, 21), speed: 0 });
    standIn = await createSlackStandIn({ clock, signingSecret: 'unused', botToken });
    recorder = await createRecorder(new URL(standIn.apiUrl).origin);
    slack = createSlackClient({
      token: botToken,
      log: fakeLog(),
      slackApiUrl: `${recorder.origin}/api/`,
      teamId: team.id,
    });
  });
  afterAll(async () => {
    await recorder.close();
    await standIn.close();
    clock.close();
  });

  /** As it arrived: a form's texts, or a body of JSON. */
  const argumentsOf = ({ method, headers, body }: Exchange): [Record<string, unknown>, 'form' | 'json'] => {
    expect(method).toBe('POST');
    const type = headers['content-type'] ?? '';
    if (type.startsWith('application/json')) return [JSON.parse(body), 'json'];
    expect(type).toMatch(/^application\/x-www-form-urlencoded/);
    return [Object.fromEntries(new URLSearchParams(body)), 'form'];
  };

  const allowed = (facts: MethodFacts['args'][string], value: unknown, sentAs: 'form' | 'json'): boolean => {
    const types = [facts.type ?? []].flat();
    if (types.length === 0) return true;
    return types.some((type) => {
      if (type === 'boolean')
        return sentAs === 'form' ? /^(true|false)$/.test(String(value)) : value === !!value;
      if (type === 'null') return value === null;
      if (type === 'array') return Array.isArray(value) || (sentAs === 'form' && typeof value === 'string');
      // Blocks, metadata and views are texts of JSON in a form, and JSON itself in JSON.
      return (
        type === 'string' && (typeof value === 'string' || (sentAs === 'json' && typeof value === 'object'))
      );
    });
  };

  const judge = (exchange: Exchange) => {
    const name = exchange.path.replace(/^\/api\//, '');
    const facts = factsOf(name);
    const [args, sentAs] = argumentsOf(exchange);
    asked.add(name);
    if (sentAs === 'json') expect(facts.json).toBe(true);
    for (const [key, value] of Object.entries(args)) {
      // Slack's own client adds the team to every call of an installed app.
      if (key === 'team_id') continue;
      expect(Object.keys(facts.args)).toContain(key);
      const fact = facts.args[key];
      if (fact !== undefined) expect([key, allowed(fact, value, sentAs)]).toEqual([key, true]);
      if (fact?.enum !== undefined) expect(fact.enum).toContain(value);
    }
    const given = Object.keys(args);
    expect(given).toEqual(expect.arrayContaining(withoutToken(facts.required)));
    expect(given).not.toContain('token');
    expect(exchange.headers.authorization).toBe(`Bearer ${botToken}`);
    const needed = facts.scopes.bot ?? [];
    if (needed.length > 0) expect(manifestScopes.filter((scope) => needed.includes(scope))).not.toEqual([]);
  };

  const message = card(promotionIn('awaiting-approval'), { nowMs: Date.UTC(2026, 10, 21) });
  const channel = channelIds.deploysSite;
  const anchor = { promotionId: 'p0123456789', round: 1, digest: 'abcdef012345', questionId: null };
  const view = reasonForm('reject', anchor);
  const home = { type: 'home' as const, blocks: message.blocks };
  const triggerId = 'not-issued';
  let ts = '';

  const formOpener = () =>
    createFormOpener({
      token: botToken,
      apiUrl: `${recorder.origin}/api/`,
      log: fakeLog(),
      post: ({ url, headers, body }) =>
        new Promise((resolve, reject) => {
          const sent = request(url, { method: 'POST', headers }, (answer) => {
            answer.resume();
            resolve({ status: answer.statusCode ?? 0, headers: {}, body: '{"ok":true}' });
          });
          sent.on('error', reject);
          sent.end(body);
        }),
    });

  const calls: Record<string, () => Promise<unknown>> = {
    'a card is posted': async () => {
      const posted = await slack.post({ channel, message });
      if (posted.outcome === 'sent') ts = posted.ts;
      expect(posted.outcome).toBe('sent');
    },
    'a reply is posted': () => slack.post({ channel, threadTs: ts, message }),
    'a card is edited': () => slack.update({ channel, ts, message }),
    'somebody is told in private': () =>
      slack.whisper({ channel, userId: userIds.ada, answer: { text: 'No', blocks: message.blocks } }),
    'somebody is told in private, in words alone': () =>
      slack.whisper({ channel, userId: userIds.ada, answer: { text: 'No' } }),
    'a link to a card': () => slack.permalink({ channel, ts }),
    'a form is opened': () => slack.openView({ triggerId, view }),
    'a form is opened without Slack’s client': () => formOpener().openView({ triggerId, view }),
    'Home is drawn': () => slack.publishHome({ userId: userIds.ada, view: home }),
    'a person is looked up': () => slack.user(userIds.ada),
    'a group is looked up': () => slack.groupMembers(groupIds.releaseApprovers),
  };

  it.each(Object.entries(calls))('%s', async (_what, call) => {
    recorder.take();
    await call();
    const news = recorder.take();
    expect(news).toHaveLength(1);
    for (const exchange of news) judge(exchange);
  });

  it('were all that leave our sources, by whichever client', () => {
    expect([...new Set(leaving)].sort()).toEqual([...asked].sort());
  });

  it('through a response_url say what Bolt’s type of them has', async () => {
    const declared = readFileSync(
      createRequire(import.meta.url)
        .resolve('@slack/bolt')
        .replace(/index\.js$/, 'types/utilities.d.ts'),
      'utf8',
    );
    const [, base = '', own = ''] =
      /type RespondArguments = DistributiveOmit<ChatPostMessageArguments, ([^>]+)> & \{([^}]+)\}/.exec(
        declared,
      ) ?? [];
    const without = [...base.matchAll(/'(\w+)'/g)].map(([, name]) => name);
    const beside = [...own.matchAll(/^\s*(\w+)\?: /gm)].map(([, name = '']) => name);
    expect(without).toContain('channel');
    expect(beside).toEqual(expect.arrayContaining(['response_type', 'replace_original']));

    recorder.take();
    await slack.respond(`${recorder.origin}/commands/T1/1/a`, { text: 'No', blocks: message.blocks });
    const [exchange, ...more] = recorder.take();
    expect(more).toEqual([]);
    const said = JSON.parse(exchange?.body ?? '{}') as Record<string, unknown>;
    const known = new Set([...Object.keys(factsOf('chat.postMessage').args), ...beside]);
    for (const name of without) if (name !== undefined && !beside.includes(name)) known.delete(name);
    expect(Object.keys(said).filter((name) => !known.has(name))).toEqual([]);
    expect(said).toMatchObject({ response_type: 'ephemeral', replace_original: false, text: 'No' });
    expect(exchange?.headers['content-type']).toMatch(/^application\/json/);
    expect(exchange?.headers.authorization).toBeUndefined();
  });

  it('use every scope that the manifest asks for', () => {
    const used = new Set([...asked].flatMap((name) => factsOf(name).scopes.bot ?? []));
    expect(manifestScopes.filter((scope) => scope !== 'commands' && !used.has(scope))).toEqual([]);
  });
});

/** Every refusal of the Web API in our stand-in is brought about once, and must be one that Slack has for that method. */
describe('refusals of our Slack stand-in', () => {
  const channel = channelIds.deploysSite;
  const modal = { type: 'modal', title: { type: 'plain_text', text: 'T' }, blocks: [] };
  const rich = [{ type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [] }] }];
  const divider = [{ type: 'divider' }];
  const seen = new Set<string>();

  interface Hand extends TestWorkspace {
    readonly call: (method: string, args?: Record<string, unknown>) => Promise<unknown>;
    /** A message of the bot's. */
    readonly post: (more?: Record<string, unknown>) => Promise<string>;
    /** A trigger that Slack has just handed out. */
    readonly trigger: (click?: Parameters<TestWorkspace['control']['click']>[0]) => Promise<string>;
  }
  type Case = readonly [method: string, error: string, provoke: (hand: Hand) => Promise<unknown>];
  const open = { view: modal };

  const cases: readonly Case[] = [
    ...['chat.postMessage', 'chat.postEphemeral'].flatMap((method): Case[] => {
      const to = method === 'chat.postEphemeral' ? { user: userIds.ada } : {};
      return [
        [method, 'channel_not_found', ({ call }) => call(method, { ...to, channel: 'C0NOWHERE', text: 'x' })],
        [
          method,
          'is_archived',
          ({ call, control }) => {
            control.faults.archiveChannel({ channel, archived: true });
            return call(method, { ...to, channel, text: 'x' });
          },
        ],
        [
          method,
          'not_in_channel',
          ({ call, control }) => {
            control.faults.removeFromChannel({ channel, user: app.botUserId });
            return call(method, { ...to, channel, text: 'x' });
          },
        ],
        [method, 'no_text', ({ call }) => call(method, { ...to, channel, text: '' })],
        [method, 'invalid_blocks', ({ call }) => call(method, { ...to, channel, blocks: [{ type: 'x' }] })],
        [method, 'invalid_blocks_format', ({ call }) => call(method, { ...to, channel, blocks: '{' })],
        [
          method,
          'cannot_reply_to_message',
          ({ call }) => call(method, { ...to, channel, text: 'x', thread_ts: '1.000001' }),
        ],
        [
          method,
          method === 'chat.postMessage' ? 'as_user_not_supported' : 'invalid_arguments',
          ({ call }) => call(method, { ...to, channel, text: 'x', as_user: true }),
        ],
        [
          method,
          'missing_scope',
          ({ call }) => call(method, { ...to, channel, text: 'x', username: 'Boss' }),
        ],
        [
          method,
          'invalid_arguments',
          ({ call }) => call(method, { ...to, channel, text: 'x', parse: 'full' }),
        ],
        [method, 'invalid_arguments', ({ call }) => call(method, { ...to, channel, attachments: [{}] })],
      ];
    }),
    [
      'chat.postMessage',
      'msg_blocks_too_long',
      ({ call }) =>
        call('chat.postMessage', {
          channel,
          text: 'x',
          blocks: Array.from({ length: 5 }, () => ({
            type: 'section',
            text: { type: 'mrkdwn', text: 'x'.repeat(3_000) },
          })),
        }),
    ],
    [
      'chat.postMessage',
      'invalid_metadata_format',
      ({ call }) => call('chat.postMessage', { channel, text: 'x', metadata: '[]' }),
    ],
    [
      'chat.postMessage',
      'invalid_metadata_schema',
      ({ call }) =>
        call('chat.postMessage', {
          channel,
          text: 'x',
          metadata: { event_type: 'e', event_payload: { deep: { deeper: { deepest: 1 } } } },
        }),
    ],
    [
      'chat.postEphemeral',
      'user_not_in_channel',
      ({ call }) => call('chat.postEphemeral', { channel, user: userIds.petra, text: 'x' }),
    ],
    [
      'chat.postEphemeral',
      'msg_too_long',
      ({ call }) => call('chat.postEphemeral', { channel, user: userIds.ada, text: 'x'.repeat(4_001) }),
    ],
    [
      'chat.update',
      'channel_not_found',
      ({ call }) => call('chat.update', { channel: 'C0', ts: '1.1', text: 'x' }),
    ],
    [
      'chat.update',
      'message_not_found',
      ({ call }) => call('chat.update', { channel, ts: '1.1', text: 'x' }),
    ],
    [
      'chat.update',
      'cant_update_message',
      ({ call, control }) =>
        call('chat.update', {
          channel,
          ts: control.say({ channel, user: userIds.ada, text: 'hi' }).ts,
          text: 'x',
        }),
    ],
    [
      'chat.update',
      'is_inactive',
      async ({ call, control, post }) => {
        const ts = await post();
        control.faults.archiveChannel({ channel, archived: true });
        return call('chat.update', { channel, ts, text: 'x' });
      },
    ],
    [
      'chat.update',
      'no_text',
      async ({ call, post }) => call('chat.update', { channel, ts: await post(), text: '' }),
    ],
    [
      'chat.update',
      'msg_too_long',
      async ({ call, post }) => call('chat.update', { channel, ts: await post(), text: 'x'.repeat(4_001) }),
    ],
    [
      'chat.update',
      'block_mismatch',
      async ({ call, post }) =>
        call('chat.update', { channel, ts: await post({ blocks: rich }), blocks: divider }),
    ],
    [
      'chat.update',
      'invalid_blocks',
      async ({ call, post }) => call('chat.update', { channel, ts: await post(), blocks: [{ type: 'x' }] }),
    ],
    [
      'chat.update',
      'cant_broadcast_message',
      async ({ call, post }) =>
        call('chat.update', { channel, ts: await post(), text: 'x', reply_broadcast: true }),
    ],
    [
      'chat.update',
      'as_user_not_supported',
      ({ call }) => call('chat.update', { channel, ts: '1.1', text: 'x', as_user: true }),
    ],
    ['chat.delete', 'channel_not_found', ({ call }) => call('chat.delete', { channel: 'C0', ts: '1.1' })],
    ['chat.delete', 'message_not_found', ({ call }) => call('chat.delete', { channel, ts: '1.1' })],
    [
      'chat.delete',
      'cant_delete_message',
      ({ call, control }) =>
        call('chat.delete', { channel, ts: control.say({ channel, user: userIds.ada, text: 'hi' }).ts }),
    ],
    [
      'chat.delete',
      'invalid_arguments',
      ({ call }) => call('chat.delete', { channel, ts: '1.1', as_user: true }),
    ],
    [
      'chat.getPermalink',
      'channel_not_found',
      ({ call }) => call('chat.getPermalink', { channel: 'C', message_ts: '1' }),
    ],
    [
      'chat.getPermalink',
      'message_not_found',
      ({ call }) => call('chat.getPermalink', { channel, message_ts: '1.1' }),
    ],

    ['views.open', 'invalid_trigger_id', ({ call }) => call('views.open', { ...open, trigger_id: 'none' })],
    [
      'views.open',
      'exchanged_trigger_id',
      async ({ call, trigger }) => {
        const trigger_id = await trigger();
        await call('views.open', { ...open, trigger_id });
        return call('views.open', { ...open, trigger_id });
      },
    ],
    ['views.open', 'invalid_arguments', ({ call }) => call('views.open', { view: { type: 'modal' } })],
    ['views.open', 'invalid_arguments', ({ call }) => call('views.open', open)],
    [
      'views.open',
      'view_too_large',
      ({ call }) =>
        call('views.open', { trigger_id: 't', view: { ...modal, callback_id: 'x'.repeat(250_001) } }),
    ],
    [
      'views.open',
      'duplicate_external_id',
      async ({ call, trigger }) => {
        const view = { type: 'home', blocks: [], external_id: 'one' };
        await call('views.publish', { user_id: userIds.ada, view });
        return call('views.open', { trigger_id: await trigger(), view: { ...modal, external_id: 'one' } });
      },
    ],
    [
      'views.push',
      'not_found',
      async ({ call, trigger }) => call('views.push', { ...open, trigger_id: await trigger() }),
    ],
    ['views.update', 'not_found', ({ call }) => call('views.update', { ...open, view_id: 'V0' })],
    [
      'views.publish',
      'hash_conflict',
      ({ call }) =>
        call('views.publish', { user_id: userIds.ada, view: { type: 'home', blocks: [] }, hash: 'old' }),
    ],
    [
      'views.publish',
      'invalid_arguments',
      ({ call }) => call('views.publish', { user_id: 'U0NOBODY', view: { type: 'home', blocks: [] } }),
    ],

    ['users.info', 'user_not_found', ({ call }) => call('users.info', { user: 'U0NOBODY' })],
    ['users.list', 'invalid_cursor', ({ call }) => call('users.list', { cursor: 'x' })],
    [
      'usergroups.users.list',
      'no_such_subteam',
      ({ call }) => call('usergroups.users.list', { usergroup: 'S0' }),
    ],
    ['conversations.info', 'channel_not_found', ({ call }) => call('conversations.info', { channel: 'C0' })],
    ['conversations.list', 'invalid_limit', ({ call }) => call('conversations.list', { limit: 0 })],
    ['conversations.list', 'invalid_cursor', ({ call }) => call('conversations.list', { cursor: 'x' })],
    ['conversations.list', 'invalid_types', ({ call }) => call('conversations.list', { types: 'secret' })],
    ['conversations.list', 'missing_scope', ({ call }) => call('conversations.list', { types: 'im' })],
    [
      'conversations.members',
      'channel_not_found',
      ({ call }) => call('conversations.members', { channel: 'C0' }),
    ],
    [
      'conversations.members',
      'invalid_limit',
      ({ call }) => call('conversations.members', { channel, limit: 0 }),
    ],
    ['conversations.open', 'missing_scope', ({ call }) => call('conversations.open', { users: userIds.ada })],
    ...(
      [
        ['users_list_not_supplied', { users: '' }],
        ['user_not_found', { users: 'U0NOBODY' }],
        ['user_disabled', { users: userIds.dana }],
        ['method_not_supported_for_channel_type', { users: `${userIds.ada},${userIds.lin}` }],
        ['channel_not_found', { channel: 'C0' }],
      ] as const
    ).map(
      ([error, args]): Case => [
        'conversations.open',
        error,
        ({ call, control }) => {
          control.faults.setScopes({ scopes: ['im:write'] });
          return call('conversations.open', args);
        },
      ],
    ),

    [
      'auth.test',
      'not_authed',
      ({ slack }) => refused(fetch(`${slack.apiUrl}auth.test`, { method: 'POST' })),
    ],
    [
      'auth.test',
      'invalid_auth',
      ({ slack }) =>
        refused(
          fetch(`${slack.apiUrl}auth.test`, { method: 'POST', headers: { authorization: 'Bearer x' } }),
        ),
    ],
    [
      'auth.test',
      'token_revoked',
      ({ call, control }) => {
        control.faults.revokeToken({ revoked: true });
        return call('auth.test');
      },
    ],
    ['apps.connections.open', 'not_allowed_token_type', ({ call }) => call('apps.connections.open')],
    [
      'users.info',
      'missing_scope',
      ({ call, control }) => {
        control.faults.setScopes({ scopes: ['commands'] });
        return call('users.info', { user: userIds.ada });
      },
    ],
    [
      'users.info',
      'invalid_arg_name',
      ({ call }) => call('users.info', { user: userIds.ada, colour: 'red' }),
    ],
    ['users.info', 'invalid_arguments', ({ call }) => call('users.info')],
    [
      'users.info',
      'team_access_not_granted',
      ({ call }) => call('users.info', { user: userIds.ada, team_id: 'T0' }),
    ],
    ['reactions.add', 'unknown_method', ({ call }) => call('reactions.add')],
    ...(
      [
        ['invalid_post_type', 'text/plain', 'x'],
        ['invalid_json', 'application/json', '{'],
        ['json_not_object', 'application/json', '[]'],
      ] as const
    ).map(
      ([error, type, body]): Case => [
        'chat.postMessage',
        error,
        ({ slack }) =>
          refused(
            fetch(`${slack.apiUrl}chat.postMessage`, {
              method: 'POST',
              headers: { authorization: 'Bearer xoxb-test-token', 'content-type': type },
              body,
            }),
          ),
      ],
    ),
  ];

  /** The error of an answer, as the client would throw it. */
  async function refused(answer: Promise<Response>): Promise<never> {
    const data = (await (await answer).json()) as { error?: string };
    throw { data };
  }

  it.each(cases)('%s: %s (%#)', async (method, error, provoke) => {
    const workspace = await startWorkspace(readingChannels);
    const { client, control, app: received } = workspace;
    const hand: Hand = {
      ...workspace,
      call: (name, args) => client.apiCall(name, args),
      async post(more) {
        const { ts = '' } = await client.chat.postMessage({ channel, text: 'x', ...more });
        return ts;
      },
      async trigger() {
        await control.command({ user: userIds.ada, channel, text: '/promote' });
        return String(received.received.at(-1)?.payload['trigger_id']);
      },
    };
    const thrown = await provoke(hand).then(
      () => undefined,
      (failure: { data?: { error?: string } }) => failure.data?.error ?? failure,
    );
    expect(thrown).toBe(error);
    seen.add(error);
    const own = methodFacts[method]?.errors ?? [];
    expect(own.includes(error) || errorsOfEveryMethod.has(error)).toBe(true);
  });

  it('were all of the Web API’s', () => {
    const folder = new URL('../../../workspace/slack/', import.meta.url);
    const sources = readdirSync(folder)
      .filter((name) => name.endsWith('.ts') && name !== 'response-urls.ts')
      .map((name) => readFileSync(new URL(name, folder), 'utf8'));
    const named = sources.flatMap((source) =>
      [...source.matchAll(/SlackError\(\s*'([a-z_]+)'|, '(invalid_[a-z_]+_(?:format|schema))'\)/g)].map(
        ([, thrown, broken]) => thrown ?? broken ?? '',
      ),
    );
    // These need three modals or three real seconds, and are brought about in the stand-in's own tests.
    const elsewhere = ['push_limit_reached', 'expired_trigger_id'];
    for (const error of elsewhere) expect(factsOf('views.push').errors).toContain(error);
    expect([...new Set(named)].filter((name) => !seen.has(name) && !elsewhere.includes(name))).toEqual([]);
  });
});
