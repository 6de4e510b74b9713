import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { blockIdOf } from '../../src/bot/messages/anchor.ts';
import { formIds, inputIds } from '../../src/bot/messages/modal.ts';
import { startSlackHandler } from '../../src/compose/slack.ts';
import { startMs } from '../flows/promotion/walk.ts';
import { asInTheFunction } from '../scripts/lean/bundled.ts';
import { startTestDynamo, type TestDynamo } from '../support/dynamodb.ts';
import {
  eventOf,
  type Sent,
  type SlackWorld,
  savePromotion,
  startSlackWorld,
  type Way,
} from './slack-world.ts';

const form = (fields: Readonly<Record<string, string>>): Sent => ({
  body: new URLSearchParams(fields).toString(),
});
const interaction = (payload: object): Sent => form({ payload: JSON.stringify(payload) });
const json = (fields: object): Sent => ({
  body: JSON.stringify(fields),
  contentType: 'application/json; charset=utf-8',
});

let triggers = 0;
const trigger = () => {
  triggers += 1;
  return `${triggers}.2.3`;
};
const from = {
  team: { id: 'T0COUNTER' },
  user: { id: 'U0GRACE001', team_id: 'T0COUNTER' },
  api_app_id: 'A0COUNTER',
};
const command = (name: string, text: string) =>
  form({
    command: name,
    text,
    trigger_id: trigger(),
    user_id: 'U0ADA00001',
    team_id: 'T0COUNTER',
    channel_id: 'C0DEPLOYS1',
    api_app_id: 'A0COUNTER',
    response_url: 'https://hooks.slack.com/commands/1/2/3',
  });
const click = (actionId: string, blockId: string, value: string, more: object = {}) =>
  interaction({
    ...from,
    type: 'block_actions',
    trigger_id: trigger(),
    response_url: 'https://hooks.slack.com/actions/1/2/3',
    channel: { id: 'C0DEPLOYS1' },
    container: { type: 'message', message_ts: '1.1' },
    actions: [{ type: 'button', action_id: actionId, block_id: blockId, value, action_ts: `1.${triggers}` }],
    ...more,
  });
const submission = (callbackId: string, metadata: string, values: object) =>
  interaction({
    ...from,
    type: 'view_submission',
    view: {
      id: `V${triggers}`,
      hash: 'h',
      callback_id: callbackId,
      private_metadata: metadata,
      state: { values },
    },
  });
const input = (value: string) => ({ [inputIds.value]: { type: 'plain_text_input', value } });
const chosen = (value: string) => ({
  [inputIds.value]: { type: 'static_select', selected_option: { value } },
});
const event = (inner: object, more: object = {}) =>
  json({
    type: 'event_callback',
    team_id: 'T0COUNTER',
    api_app_id: 'A0COUNTER',
    event_id: 'Ev1',
    event: inner,
    ...more,
  });

/** What a person or a stranger may send, each with what it was sent for. */
async function everyKind(world: SlackWorld): Promise<[string, Sent][]> {
  triggers = 0;
  const p1 = await savePromotion(world, 'p1', 'awaiting-approval');
  const block = blockIdOf(p1, 'top', startMs);
  const stale = block.replace(/:\d+:/, ':7:');
  const anchor = JSON.stringify({
    promotionId: 'p1',
    round: 1,
    digest: block.split(':')[2],
    questionId: null,
  });
  return [
    ['help', command('/promote', 'help')],
    ['status', command('/promote', 'status')],
    ['status of nothing', command('/promote', 'status nowhere')],
    ['a promotion', command('/promote', 'site v1.1.0')],
    ['a promotion with letters beyond ASCII', command('/promote', 'site v1.1.1 grün 東京')],
    ['a word too much', command('/promote', 'sight v1.1.0')],
    ['a form', command('/promote', '')],
    ['a rehearsal', command('/promote', 'plan site v1.1.0')],
    ['an unlock', command('/promote', 'unlock site production it is stuck')],
    ['a rollback', command('/rollback', 'site')],
    ['a command of another app', command('/elsewhere', '')],
    ['approve', click('cs:approve', block, 'p1')],
    ['approve twice', click('cs:approve', block, 'p1')],
    ['approve what has changed', click('cs:approve', stale, 'p1')],
    ['approve what is not there', click('cs:approve', block.replace('p1', 'p9'), 'p9')],
    [
      'approve from another workspace',
      click('cs:approve', block, 'p1', { user: { id: 'U0ODD00001', team_id: 'T0OTHER01' } }),
    ],
    ['a button of somebody else', click('other', 'b', 'v')],
    ['a button whose block is odd', click('cs:approve', 'odd', 'p1')],
    ['two buttons at once', click('cs:approve', block, 'p1', { actions: [] })],
    ['reject', click('cs:reject', block, 'p1')],
    ['reject with a reason', submission(formIds.reject, anchor, { [inputIds.reason]: input('not today') })],
    ['reject without one', submission(formIds.reject, anchor, { [inputIds.reason]: input('') })],
    [
      'a form sent in',
      submission(formIds.promote, '', {
        [inputIds.where]: chosen('site production'),
        [inputIds.version]: input('v1.2.0'),
        [inputIds.reason]: input(''),
      }),
    ],
    [
      'a form filled in wrongly',
      submission(formIds.promote, '', {
        [inputIds.where]: chosen('nowhere'),
        [inputIds.version]: input('?'),
      }),
    ],
    ['a form of somebody else', submission('other', '', {})],
    ['cancel', click('cs:cancel', block, 'p1')],
    ['roll back', click('cs:roll-back', block, 'p1')],
    [
      'the shortcut',
      interaction({ ...from, type: 'shortcut', callback_id: 'promote_shortcut', trigger_id: trigger() }),
    ],
    [
      'a shortcut on a message',
      interaction({ ...from, type: 'message_action', callback_id: 'promote_shortcut' }),
    ],
    [
      'a form closed',
      interaction({ ...from, type: 'view_closed', view: { id: 'V1', callback_id: formIds.promote } }),
    ],
    [
      'options to choose from',
      interaction({ ...from, type: 'block_suggestion', action_id: 'cs:x', block_id: 'b', value: 's' }),
    ],
    ['the home tab', event({ type: 'app_home_opened', user: 'U0ADA00001', tab: 'home' })],
    ['the messages tab', event({ type: 'app_home_opened', user: 'U0ADA00001', tab: 'messages' })],
    ['an event nobody listens to', event({ type: 'tokens_revoked', tokens: { bot: ['U1'] } })],
    [
      'an event of another workspace',
      event({ type: 'app_home_opened', user: 'U1' }, { team_id: 'T0OTHER01' }),
    ],
    ['the address being verified', json({ type: 'url_verification', challenge: 'grün-東京-🚀' })],
    ['the certificate being looked at', { ...form({ ssl_check: '1' }), secret: 'none' }],
    ['an unsigned request', { ...command('/promote', 'help'), secret: 'guessed' }],
    ['an old request', { ...command('/promote', 'help'), offsetSeconds: -400 }],
    ['a request from the future', { ...command('/promote', 'help'), offsetSeconds: 400 }],
    ['a body too large', form({ payload: 'x'.repeat(300_000) })],
    ['no JSON', { body: '{"', contentType: 'application/json' }],
    ['no form', { body: 'a=1&a=2' }],
    ['another content type', { body: 'x', contentType: 'text/plain' }],
    ['another method', { ...command('/promote', 'help'), method: 'GET' }],
    ['another path', { ...command('/promote', 'help'), path: '/elsewhere' }],
    ['another app', form({ command: '/promote', api_app_id: 'A0OTHER01', team_id: 'T0COUNTER' })],
  ];
}

const ways: readonly Way[] = ['http', 'rest', 'function-url', 'base64'];
/** Different for every attempt, on purpose. */
const mark = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

describe('the function that Slack calls', () => {
  let dynamo: TestDynamo;
  const worlds: SlackWorld[] = [];
  const start = async (
    ...given: Parameters<typeof startSlackWorld> extends [unknown, ...infer Rest] ? Rest : never
  ) => {
    const world = await startSlackWorld(dynamo, ...given);
    worlds.push(world);
    return world;
  };
  beforeAll(async () => {
    dynamo = await startTestDynamo({ startMs });
  });
  afterAll(async () => {
    for (const world of worlds) await world.close();
    await dynamo.close();
  });

  it('starts with one call for its secrets beside one read, and asks nobody else', async () => {
    const world = await start(startSlackHandler);

    expect(world.outside().map(({ to }) => to)).toEqual(['AmazonSSM.GetParameters']);
    expect(world.startCalls).toBe(1);
  });

  it('answers every kind of request as the same code does unbundled, over plain Bolt and plain zod', async () => {
    const lean = await asInTheFunction<{ startSlackHandler: typeof startSlackHandler }>(
      "export * from './compose/slack.ts';",
    );
    const [plainly, bundled] = [await start(startSlackHandler), await start(lean.startSlackHandler)];
    const kinds = await everyKind(plainly);
    await everyKind(bundled);
    const seen: Record<string, { statusCode: number; body: string }> = {};

    for (const [index, [kind, sent]] of kinds.entries()) {
      const way = ways[index % ways.length] ?? 'http';
      const answers = [];
      for (const world of [plainly, bundled]) {
        const [calls, asked] = [world.tableCalls(), world.outside().length];
        const { statusCode, headers, body } = await world.handler(eventOf(sent, way, dynamo.clock.nowMs()));
        const outside = world
          .outside()
          .slice(asked)
          .map(({ to, body: told }) => [to, told]);
        answers.push({
          kind,
          statusCode,
          headers,
          body,
          calls: world.tableCalls() - calls,
          outside: JSON.stringify(outside).replace(mark, '·'),
        });
        if (world === bundled) seen[kind] = { statusCode, body };
      }
      expect(answers[1]).toEqual(answers[0]);
    }

    const statuses = (status: number) =>
      Object.entries(seen)
        .filter(([, { statusCode }]) => statusCode === status)
        .map(([kind]) => kind);
    expect(statuses(401)).toEqual([
      'an event of another workspace',
      'an unsigned request',
      'an old request',
      'a request from the future',
      'another app',
    ]);
    expect(statuses(400)).toEqual(['no JSON', 'no form', 'another content type']);
    expect([...statuses(404), ...statuses(405), ...statuses(413)]).toEqual([
      'another path',
      'another method',
      'a body too large',
    ]);
    expect(statuses(500)).toEqual([]);
    expect(seen['the address being verified']?.body).toContain('grün-東京-🚀');
    expect(seen['a promotion']?.body).toContain('v1.1.0');
    expect(bundled.outside().filter(({ to }) => to === '/api/views.open')).toHaveLength(3);
    expect(await bundled.store.load('p1')).toMatchObject({
      promotion: { claims: [{ does: 'approve' }, { does: 'reject' }, { does: 'cancel' }] },
    });
  });

  it('a click is one round of reads and one of writes, whichever way it comes', async () => {
    const world = await start(startSlackHandler);
    for (const [index, way] of ways.entries()) {
      const id = `c${index}`;
      const promotion = await savePromotion(world, id, 'awaiting-approval');
      const sent = click('cs:approve', blockIdOf(promotion, 'top', startMs), id);
      const [before, asked] = [dynamo.control.counts(), world.outside().length];

      expect(await world.handler(eventOf(sent, way, dynamo.clock.nowMs()))).toMatchObject({
        statusCode: 200,
        body: '',
      });

      const after = dynamo.control.counts();
      const made = Object.entries(after).flatMap(([name, count]) =>
        count === before[name] ? [] : [[name, count - (before[name] ?? 0)]],
      );
      expect(Object.fromEntries(made)).toEqual({ GetItem: 1, Query: 1, TransactWriteItems: 1 });
      const [queued, ...more] = world.outside().slice(asked);
      expect(more).toEqual([]);
      expect(queued?.to).toBe('AmazonSQS.SendMessageBatch');
      expect(JSON.stringify(queued?.body)).toMatch(/look.*p|look/);
    }
  });

  it('strangers never reach the table, whatever they send', async () => {
    const world = await start(startSlackHandler);
    const before = world.tableCalls();

    const odd: unknown[] = [
      undefined,
      null,
      'x',
      7,
      [],
      {},
      { version: '2.0' },
      { requestContext: { http: null } },
      { httpMethod: 'POST', path: '/slack/events', headers: null, body: null },
    ];
    const answers = await Promise.all([
      ...odd.map((each) => world.handler(each)),
      ...ways.map((way) =>
        world.handler(
          eventOf({ ...command('/promote', 'help'), secret: 'guessed' }, way, dynamo.clock.nowMs()),
        ),
      ),
    ]);

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([
      404, 404, 404, 404, 404, 404, 404, 404, 401, 401, 401, 401, 401,
    ]);
    expect(world.tableCalls()).toBe(before);
  });

  it.each([
    [
      { SLACK_BOT_TOKEN_FROM: 'ssm:/countersign/none' },
      /^SLACK_BOT_TOKEN_FROM names \/countersign\/none, which is not in the Parameter Store/,
    ],
    [
      { SLACK_BOT_TOKEN_FROM: 'ssm:/countersign/slack-signing-secret' },
      /^SLACK_BOT_TOKEN is not a bot token/,
    ],
    [{ SLACK_BOT_TOKEN_FROM: undefined }, /^SLACK_BOT_TOKEN is not set/],
    [
      { SLACK_SIGNING_SECRET: 'f'.repeat(32) },
      /^SLACK_SIGNING_SECRET_FROM is set beside SLACK_SIGNING_SECRET/,
    ],
    [{ SLACK_APP_ID: undefined, SLACK_TEAM_ID: 'x' }, /^SLACK_APP_ID is not set.*\nSLACK_TEAM_ID must be/],
    [{ COUNTERSIGN_QUEUE_URL: undefined }, /^COUNTERSIGN_QUEUE_URL is not set/],
    [{ COUNTERSIGN_TABLE: 'no-such-table' }, /refused the call: ResourceNotFoundException/],
    [{ COUNTERSIGN_PIPELINE: 'none.json' }, /none\.json is not beside the function/],
  ])('does not start with %j, and says why without a secret', async (environment, message) => {
    const started = startSlackWorld(dynamo, startSlackHandler, { environment });

    await expect(started).rejects.toThrow(message);
    const error: unknown = await started.catch((met: unknown) => met);
    expect(String(error)).not.toMatch(/xoxb-1234|0123456789abcdef|f{32}/);
  });

  it('starts while the table does not answer: the next request may find it', async () => {
    const world = await start(async (environment) => {
      dynamo.control.down(60);
      const handler = await startSlackHandler(environment);
      dynamo.control.clearFaults();
      return handler;
    });

    expect(
      await world.handler(eventOf(command('/promote', 'status'), 'http', dynamo.clock.nowMs())),
    ).toMatchObject({ statusCode: 200 });
  });
});
