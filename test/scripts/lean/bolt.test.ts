import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as plain from '@slack/bolt';
import { beforeAll, describe, expect, it } from 'vitest';
import { asInTheFunction } from './bundled.ts';

type Bolt = Pick<typeof plain, 'App' | 'LogLevel'>;
type Body = Readonly<Record<string, unknown>>;

const folder = join(import.meta.dirname, '../../peers/slack/data/samples');

/** The shapes that Slack publishes, with the few values that tell kinds apart. */
function published(): [string, Body][] {
  return readdirSync(folder).map((file) => {
    const body = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, unknown>;
    const named = file.replace('Payload.json', '');
    if (named === 'SlashCommand') body['command'] = '/promote';
    if ('callback_id' in body) body['callback_id'] = 'cs:known';
    for (const part of [body['view'], ...(Array.isArray(body['actions']) ? body['actions'] : [])]) {
      if (typeof part !== 'object' || part === null) continue;
      if ('callback_id' in part) part.callback_id = 'cs:known';
      if ('action_id' in part) part.action_id = 'cs:known';
    }
    const eventTypes: Readonly<Record<string, string>> = {
      AppHomeOpened: 'app_home_opened',
      AppUninstalled: 'app_uninstalled',
      TokensRevoked: 'tokens_revoked',
    };
    const event = body['event'];
    if (typeof event === 'object' && event !== null && 'type' in event) event.type = eventTypes[named];
    return [`the published ${named}`, body];
  });
}

const user = { id: 'U0ADA00001', team_id: 'T0COUNTER' };
const about = { api_app_id: 'A0COUNTER', team: { id: 'T0COUNTER' }, user, trigger_id: '1.2.3' };
const event = (inner: Body): Body => ({
  type: 'event_callback',
  team_id: 'T0COUNTER',
  api_app_id: 'A0COUNTER',
  event_id: 'Ev1',
  event_time: 1,
  authorizations: [{ team_id: 'T0COUNTER', user_id: 'U0BOT00001', is_bot: true }],
  event: inner,
});
const action = (more: Body) => ({
  ...about,
  type: 'block_actions',
  container: { type: 'message', message_ts: '1.1', channel_id: 'C0DEPLOYS1' },
  channel: { id: 'C0DEPLOYS1', name: 'deploys' },
  response_url: 'https://hooks.slack.com/actions/1/2/3',
  actions: [{ type: 'button', action_id: 'cs:known', block_id: 'b', value: 'p1', action_ts: '1.5' }],
  ...more,
});

const kinds: Readonly<Record<string, Body>> = {
  'a command': {
    command: '/promote',
    text: 'site v1.1.0',
    user_id: user.id,
    team_id: 'T0COUNTER',
    channel_id: 'C0DEPLOYS1',
    response_url: 'https://hooks.slack.com/commands/1/2/3',
    is_enterprise_install: 'false',
  },
  'a command of nobody': { command: '/elsewhere', text: '', user_id: user.id, team_id: 'T0COUNTER' },
  'a click': action({}),
  'a click on nothing of ours': action({ actions: [{ type: 'button', action_id: 'other', block_id: 'b' }] }),
  'a click in a form': action({
    container: { type: 'view', view_id: 'V1' },
    view: { id: 'V1', type: 'modal' },
  }),
  'a click for a whole organisation': action({
    team: null,
    enterprise: { id: 'E1' },
    is_enterprise_install: true,
  }),
  'a click of a workflow': action({
    function_data: { execution_id: 'Fx1', inputs: { a: 1 } },
    bot_access_token: 'xwfp-1',
  }),
  'options to choose from': {
    ...about,
    type: 'block_suggestion',
    action_id: 'cs:known',
    block_id: 'b',
    value: 'si',
    container: { type: 'view', view_id: 'V1' },
  },
  'a form sent in': {
    ...about,
    type: 'view_submission',
    view: { id: 'V1', hash: 'h', callback_id: 'cs:known', state: { values: {} } },
  },
  'a form closed': {
    ...about,
    type: 'view_closed',
    is_cleared: false,
    view: { id: 'V1', callback_id: 'cs:known' },
  },
  'a shortcut': { ...about, type: 'shortcut', callback_id: 'cs:known', action_ts: '1.5' },
  'a shortcut on a message': {
    ...about,
    type: 'message_action',
    callback_id: 'cs:known',
    channel: { id: 'C0DEPLOYS1' },
    message: { ts: '1.1', text: 'x' },
    response_url: 'https://hooks.slack.com/app/1/2/3',
  },
  'an old button': {
    ...about,
    type: 'interactive_message',
    callback_id: 'cs:known',
    actions: [{ type: 'button', name: 'x' }],
    channel: { id: 'C0DEPLOYS1' },
  },
  'an old form': {
    ...about,
    type: 'dialog_submission',
    callback_id: 'cs:known',
    submission: {},
    channel: { id: 'C0DEPLOYS1' },
  },
  'a message': event({ type: 'message', channel: 'C0DEPLOYS1', user: user.id, text: 'hello', ts: '1.1' }),
  'a message of the bot': event({
    type: 'message',
    channel: 'C0DEPLOYS1',
    user: 'U0BOT00001',
    text: 'hello',
    ts: '1.1',
  }),
  'a home that is opened': event({ type: 'app_home_opened', user: user.id, tab: 'home', channel: 'D1' }),
  'a step of a workflow': event({
    type: 'function_executed',
    function_execution_id: 'Fx1',
    bot_access_token: 'xwfp-1',
    inputs: {},
    function: { callback_id: 'known' },
  }),
  'an event of a thread': event({
    type: 'app_mention',
    channel: 'C0DEPLOYS1',
    user: user.id,
    ts: '1.1',
    thread_ts: '1.0',
  }),
  'nothing that is known': { type: 'tomorrow' },
  'nothing at all': {},
};

type Behaviour =
  | 'says nothing'
  | 'says a text'
  | 'says an object'
  | 'acknowledges twice'
  | 'throws'
  | 'throws after it answered'
  | 'keeps silent';
const behaviours: readonly Behaviour[] = [
  'says nothing',
  'says a text',
  'says an object',
  'acknowledges twice',
  'throws',
  'throws after it answered',
  'keeps silent',
];

interface Args {
  readonly ack?: (answer?: unknown) => Promise<void>;
  readonly [name: string]: unknown;
}

/** Everything that comes out of Bolt for one request. */
async function handled({ App, LogLevel }: Bolt, body: Body, behaviour: Behaviour) {
  const out: unknown[] = [];
  const note = (...what: unknown[]) => void out.push(JSON.parse(JSON.stringify(what)));
  const quiet = { debug() {}, info() {}, setLevel() {}, setName() {}, getLevel: () => LogLevel.ERROR };
  const app = new App({
    receiver: { init() {}, start: async () => {}, stop: async () => {} },
    authorize: async ({ teamId, enterpriseId }) => {
      note('authorize', { teamId, enterpriseId });
      return { botId: 'B0BOT', botUserId: 'U0BOT00001', ...(teamId === undefined ? {} : { teamId }) };
    },
    convoStore: false,
    logLevel: LogLevel.ERROR,
    logger: { ...quiet, warn: () => note('warned'), error: () => note('complained') },
  });
  app.error(async (error) => {
    note('error', { name: error.name, code: error.code, message: error.message });
  });
  const listener = (name: string) => async (given: unknown) => {
    const args = given as Args;
    note(name, {
      arguments: Object.keys(args).sort(),
      body: args['body'],
      payload: args['payload'],
      context: args['context'],
    });
    const { ack = async () => {} } = args;
    if (behaviour === 'keeps silent') return;
    if (behaviour === 'throws') throw new TypeError('listener');
    await ack(
      behaviour === 'says a text'
        ? 'done'
        : behaviour === 'says an object'
          ? { options: [], text: 'done' }
          : undefined,
    );
    if (behaviour === 'acknowledges twice') await ack();
    if (behaviour === 'throws after it answered') throw new TypeError('listener');
  };
  app.use(async ({ next }) => {
    note('middleware');
    await next();
  });
  app.command('/promote', listener('command'));
  app.action(/^cs:/, listener('action'));
  app.action({ type: 'dialog_submission', callback_id: /^cs:/ }, listener('dialog'));
  app.action({ type: 'interactive_message', callback_id: /^cs:/ }, listener('attachment'));
  app.options(/^cs:/, listener('options'));
  app.view(/^cs:/, listener('view'));
  app.view({ type: 'view_closed', callback_id: /^cs:/ }, listener('closed'));
  app.shortcut(/^cs:/, listener('shortcut'));
  app.message(listener('message'));
  app.event(/.*/, listener('event'));
  app.function('known', listener('function'));

  const answered = await app
    .processEvent({
      body: structuredClone(body),
      retryNum: 1,
      retryReason: 'http_timeout',
      customProperties: { deliveryId: 'd1' },
      ack: async (answer) => note('acknowledged', answer ?? null),
    })
    .then(
      () => 'done',
      (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : 'unknown'),
    );
  return { out, answered };
}

describe('Bolt in the Slack function', () => {
  let lean: Bolt;
  beforeAll(async () => {
    lean = await asInTheFunction<Bolt>("export { App, LogLevel } from '@slack/bolt';");
  });

  const samples = existsSync(folder) ? published() : [];
  it.skipIf(samples.length === 0).each(samples)('does with %s what Bolt does', async (_, body) => {
    for (const behaviour of behaviours)
      expect(await handled(lean, body, behaviour)).toEqual(await handled(plain, body, behaviour));
  });

  it.each(Object.keys(kinds))('does with %s what Bolt does', async (kind) => {
    for (const behaviour of behaviours)
      expect(await handled(lean, kinds[kind] ?? {}, behaviour)).toEqual(
        await handled(plain, kinds[kind] ?? {}, behaviour),
      );
  });

  it('reaches a listener with every kind that has one', async () => {
    const reached = new Set<unknown>();
    for (const body of Object.values(kinds)) {
      const { out } = await handled(lean, body, 'says nothing');
      for (const [first] of out as [unknown][]) reached.add(first);
    }

    expect([...reached].sort()).toEqual(
      expect.arrayContaining([
        'action',
        'attachment',
        'closed',
        'command',
        'dialog',
        'event',
        'function',
        'message',
        'options',
        'shortcut',
        'view',
      ]),
    );
  });

  it('has no client for Slack, and says so to whoever tries it', async () => {
    const app = new lean.App({
      receiver: { init() {}, start: async () => {}, stop: async () => {} },
      authorize: async () => ({}),
    });

    await expect(app.client.chat.postMessage({ channel: 'C1', text: 'x' })).rejects.toThrow(
      /not part of the function: chat\.postMessage/,
    );
  });
});
