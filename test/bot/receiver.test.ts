import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createBotApp } from '../../src/bot/app.ts';
import { actionIds, blockIdOf } from '../../src/bot/messages/anchor.ts';
import { createHttpReceiver, type HttpReceiver } from '../../src/bot/receiver.ts';
import { UnreadableError } from '../../src/flows/errors.ts';
import { bareRow } from '../../src/flows/held.ts';
import { catalog } from './catalog.ts';
import { fakeDeliveries, fakeDesk, fakeLog, fakeSlack, handTimer, heldWork } from './fakes.ts';
import { clickBody, envelope, homeOpenedBody, responseUrl, submissionBody } from './payloads.ts';
import { ada, at, digest, grace, promotionIn } from './promotions.ts';
import { commandFields, form, gateSettings, type SignedOptions, slackHeaders } from './signed.ts';

const nowMs = Date.UTC(2026, 10, 21, 14, 0, 0);

function createBench() {
  const deliveries = fakeDeliveries();
  const desk = fakeDesk(deliveries);
  const slack = fakeSlack();
  const log = fakeLog();
  const timer = handTimer();
  const clock = { nowMs, storeNowMs: nowMs, asked: 0 };
  const tasks = heldWork({ desk, slack, nowMs: () => clock.nowMs, log });
  const receiver = createHttpReceiver({
    port: 0,
    gate: gateSettings,
    log,
    nowMs: () => clock.nowMs,
    storeNowMs: async () => {
      clock.asked += 1;
      clock.nowMs = clock.storeNowMs;
      return clock.storeNowMs;
    },
    send: tasks.send,
    after: timer.after,
  });
  const app = createBotApp({
    receiver,
    desk,
    catalog,
    slack,
    deliveries,
    send: tasks.send,
    nowMs: () => clock.nowMs,
    teamId: 'T0COUNTER',
    appId: 'A0COUNTER',
    botId: 'B0COUNTER',
    botUserId: 'U0COUNTER',
    log,
  });
  return { clock, desk, slack, deliveries, log, timer, tasks, receiver, app };
}

let bench: ReturnType<typeof createBench>;
let receiver: HttpReceiver;
let port: number;
let offset = 0;

beforeEach(async () => {
  bench = createBench();
  receiver = bench.receiver;
  ({ port } = await receiver.start());
});
afterEach(() => receiver.stop());

const headersOf = (options: Partial<SignedOptions> & { body: string }) => slackHeaders({ nowMs, ...options });
async function send(body: string, headers = headersOf({ body })) {
  const response = await fetch(`http://127.0.0.1:${port}/slack/events`, { method: 'POST', headers, body });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    text,
    json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}
/** A new second, and so a new signature, for every request. */
const fresh = (body: string) => send(body, headersOf({ body, offsetSeconds: -(offset++ % 250) }));
const command = (text: string, fields: Record<string, string> = {}) =>
  fresh(form(commandFields({ text, ...fields })));

const awaiting = promotionIn('awaiting-approval');
const click = (
  actionId: string,
  changes: Record<string, unknown> = {},
  action: Record<string, unknown> = {},
) => fresh(clickBody(actionId, awaiting, at(6), changes, action));
const submit = (...submission: Parameters<typeof submissionBody>) => fresh(submissionBody(...submission));

describe('a command', () => {
  it('asks the desk once and says where the card is, as an object', async () => {
    const answer = await command('site v1.1.0 --reason Brighter');
    expect(answer).toMatchObject({ status: 200, type: 'application/json; charset=utf-8' });
    expect(answer.json).toMatchObject({ response_type: 'ephemeral' });
    expect(answer.json['text']).toBe(
      'Asked for: promote `site` `v1.1.0` to `production`. The card is in <#C0DEPLOYS1>.',
    );
    expect(bench.desk.opened).toEqual([
      {
        kind: 'promotion',
        app: 'site',
        environment: 'production',
        version: 'v1.1.0',
        reason: 'Brighter',
        person: ada,
        dedupeKey: 'command:1.2.3',
      },
    ]);
  });

  it('calls no Slack method on its way to the desk', async () => {
    await command('site v1.1.0');
    expect(bench.slack.calls).toEqual([]);
  });

  it('passes on the desk’s no with what to do next, escaped', async () => {
    bench.desk.onOpen = async () => ({
      outcome: 'refused',
      refusal: { code: 'x', text: 'There is <!channel> no v9.', next: 'Did you mean v1?' },
    });
    const { json } = await command('site v9.0.0');
    expect(json['text']).toBe('Not done: There is &lt;!channel&gt; no v9. Did you mean v1?');
  });

  it('with a typo is refused before the desk is asked', async () => {
    expect((await command('sitee v1.1.0')).json['text']).toBe(
      'Not done: sitee is not an app or a subcommand. Did you mean site?',
    );
    expect(bench.desk.opened).toEqual([]);
  });

  it('without arguments opens the form and says nothing', async () => {
    expect(await command('')).toMatchObject({ status: 200, text: '' });
    expect(bench.slack.of('openView')).toMatchObject([
      { triggerId: '1.2.3', view: { callback_id: 'cs:form-promote' } },
    ]);
  });

  it('says so when the form cannot be opened', async () => {
    bench.slack.outcomes.openView = [{ outcome: 'refused', error: 'expired_trigger_id' }];
    expect((await command('')).json['text']).toMatch(
      /could not be opened, and nothing was started.*write it out/,
    );
  });

  it('answers help and status at once', async () => {
    expect((await command('help')).json['text']).toContain('/promote APP VERSION');
    const { json } = await command('status site');
    expect(json['text']).toContain('live: not known');
    expect(json['text']).toContain('Waiting for approval: 0 of 2 given');
    expect(json['text']).toContain('Rolled back.');
  });

  it('of a plan is answered at once, and the plan follows through the response URL', async () => {
    const { json } = await command('plan site v1.1.0');
    expect(json['text']).toContain('Working out the plan');
    expect(bench.slack.of('respond')).toEqual([]);
    await bench.tasks.run();
    expect(bench.slack.of('respond')).toMatchObject([{ text: 'Not done: Staging is red. Mend it.' }]);
    expect(bench.desk.opened).toEqual([]);
  });

  it('of a plan that cannot be worked out is told so, in private in the channel if the response URL is used up', async () => {
    bench.desk.onRehearse = () => Promise.reject(new Error('boom'));
    bench.slack.outcomes.respond = [{ outcome: 'refused', error: 'http_404' }];
    await command('plan site v1.1.0');
    await bench.tasks.run();
    expect(bench.slack.of('whisper')).toMatchObject([
      {
        userId: ada.userId,
        answer: { text: expect.stringContaining('could not be worked out. Nothing was started') },
      },
    ]);
  });

  it('/rollback goes to the desk as a rollback', async () => {
    await command('site', { command: '/rollback' });
    expect(bench.desk.opened).toMatchObject([{ kind: 'rollback', version: null, environment: 'production' }]);
  });
});

describe('when something goes wrong', () => {
  it('ALL-16 a row that cannot be read is said to be held, and is handed on to be held', async () => {
    const row = { ...bareRow, kind: 'promotion' as const, id: 'p0123456789', code: 'store.unreadable' };
    bench.desk.onDecide = () =>
      Promise.reject(new UnreadableError('store.unreadable', 'A stored promotion.', { data: { row } }));

    await click(actionIds.approve);
    await bench.tasks.run();

    expect(bench.slack.of('respond')).toMatchObject([
      { responseUrl, text: expect.stringMatching(/nothing was done\. What is stored .* cannot be read/) },
    ]);
    expect(bench.tasks.unreadable).toEqual([row]);
  });

  it('a desk that throws is answered with 200 and "not accepted, nothing was started"', async () => {
    bench.desk.onOpen = () => Promise.reject(new Error('store is down'));
    const answer = await command('site v1.1.0');
    expect(answer.status).toBe(200);
    expect(answer.json['text']).toMatch(/^Not accepted, nothing was started\./);
  });

  it.each([
    ['the receipt cannot be kept', 'deliveries'],
    ['the work cannot be passed on', 'tasks'],
  ] as const)('what would only be passed on is not accepted when %s', async (_name, part) => {
    bench[part].fail();
    const answer = await command('plan site v1.1.0');
    expect(answer).toMatchObject({ status: 200 });
    expect(answer.json['text']).toMatch(/^Not accepted, nothing was started\./);
    await bench.tasks.run();
    expect(bench.slack.calls).toEqual([]);
  });

  it('what was decided is accepted though nobody could be told of it', async () => {
    bench.tasks.fail();
    expect((await command('site v1.1.0')).json['text']).toMatch(/^Asked for/);
    expect(await click(actionIds.approve)).toMatchObject({ status: 200, text: '' });
    expect(bench.log.lines.map(({ message }) => message)).toContain('work was not sent');
  });

  it('a decision that could not be written is never told to have been made', async () => {
    bench.deliveries.fail();
    expect(await click(actionIds.approve)).toMatchObject({ status: 200, text: '' });
    await bench.tasks.run();
    expect(bench.slack.of('respond').map(({ text }) => text)).toEqual([
      expect.stringMatching(/^Not accepted, nothing was started\./),
    ]);
  });

  it('a click that could not be saved is told so through its response URL', async () => {
    bench.desk.onDecide = () => Promise.reject(new Error('store is down'));
    expect(await click(actionIds.approve)).toMatchObject({ status: 200, text: '' });
    await bench.tasks.run();
    expect(bench.slack.of('respond')).toMatchObject([
      { responseUrl, text: expect.stringMatching(/^Not accepted/) },
    ]);
  });

  it('a form that could not be saved says so under its first input', async () => {
    bench.desk.onOpen = () => Promise.reject(new Error('store is down'));
    const { json } = await submit('cs:form-promote', { where: 'site production', version: 'v1.1.0' });
    expect(json).toMatchObject({
      response_action: 'errors',
      errors: { where: expect.stringMatching(/^Not accepted/) },
    });
  });

  it('a listener that takes too long is answered truthfully, and its own answer follows in private', async () => {
    let finish = () => {};
    bench.desk.onOpen = () =>
      new Promise((resolve) => {
        finish = () => resolve({ outcome: 'opened', promotion: promotionIn('analyzing') });
        bench.timer.ring();
      });
    const answer = await command('site v1.1.0');
    expect(answer.json['text']).toBe('Still being saved; look at the card before you try again.');
    finish();
    await expect.poll(() => bench.log.lines.length).toBeGreaterThan(0);
    await expect
      .poll(async () => {
        await bench.tasks.run();
        return bench.slack.of('respond').map(({ text }) => text);
      })
      .toEqual(['Asked for: promote `site` `v1.1.0` to `production`. The card is in <#C0DEPLOYS1>.']);
  });

  it('a request that nobody listens to is still answered with 200', async () => {
    const { status } = await fresh(form(commandFields({ command: '/other' })));
    expect(status).toBe(200);
    expect(bench.log.lines.some(({ message }) => message === 'request could not be worked on')).toBe(true);
  });

  it('a second acknowledgement is logged and changes nothing', async () => {
    bench.app.command('/twice', async ({ ack }) => {
      await ack({ text: 'one' });
      await ack({ text: 'two' });
    });
    const answer = await fresh(form(commandFields({ command: '/twice' })));
    expect(answer.json).toEqual({ text: 'one' });
    expect(bench.log.lines.some(({ message }) => message === 'request was acknowledged twice')).toBe(true);
  });

  it('an acknowledgement survives a listener that throws after it', async () => {
    bench.app.command('/late', async ({ ack }) => {
      await ack({ text: 'done' });
      throw new Error('after');
    });
    expect((await fresh(form(commandFields({ command: '/late' })))).json).toEqual({ text: 'done' });
  });

  it('the timer is stopped once there is an answer', async () => {
    await command('site v1.1.0');
    await expect.poll(() => bench.timer.waiting.size).toBe(0);
  });
});

describe('a request sent a second time', () => {
  const twice = async (body: string) => {
    const headers = headersOf({ body });
    return [await send(body, headers), await send(body, headers)] as const;
  };

  it('gets the same answer, byte for byte, whatever would be answered by now', async () => {
    const body = form(commandFields());
    const headers = headersOf({ body });
    const first = await send(body, headers);
    bench.desk.onOpen = async () => ({
      outcome: 'refused',
      refusal: { code: 'x', text: 'It is closed.', next: 'Wait.' },
    });
    expect(await send(body, headers)).toEqual(first);
    expect(first.json['text']).toMatch(/^Asked for/);
    expect([...bench.deliveries.stored.values()]).toEqual([
      expect.objectContaining({ body: first.text, expiresAtMs: expect.any(Number) }),
    ]);
  });

  it('of which a click is told once what came of it', async () => {
    const actions = [
      {
        type: 'button',
        action_id: actionIds.approve,
        block_id: blockIdOf(awaiting, 'card', at(6)),
        value: awaiting.id,
        action_ts: '1.1',
      },
    ];
    const user = { id: grace.userId, team_id: 'T0COUNTER' };
    const container = { type: 'message', message_ts: '1.0', channel_id: 'C0DEPLOYS1' };
    const click = { type: 'block_actions', ...envelope, user, container, response_url: responseUrl, actions };
    const [first, second] = await twice(form({ payload: JSON.stringify(click) }));
    expect([first.text, second.text]).toEqual(['', '']);
    await bench.tasks.run();
    expect(bench.slack.of('respond')).toHaveLength(1);
  });

  it('is passed on once where it is only passed on', async () => {
    const [first, second] = await twice(form(commandFields({ text: 'plan site v1.1.0' })));
    expect(first.json['text']).toMatch(/^Working out the plan/);
    expect(second).toEqual(first);
    await bench.tasks.run();
    expect(bench.slack.of('respond')).toHaveLength(1);
  });

  it('at the same time is decided once, and both get the answer that was written', async () => {
    const body = form(commandFields());
    const headers = headersOf({ body });
    const [first, second] = await Promise.all([send(body, headers), send(body, headers)]);
    expect(second).toEqual(first);
    expect(bench.deliveries.stored.size).toBe(1);
  });

  it('of a question learns nothing new', async () => {
    const [first, second] = await twice(form(commandFields({ text: 'status site' })));
    expect(first.json['text']).toContain('Waiting for approval');
    expect(second.json['text']).toBe('This was answered already. Ask again.');
  });

  it('leaves nothing behind where nothing stored is touched', async () => {
    await twice(form(commandFields({ text: 'help' })));
    await twice(form(commandFields({ text: '' })));
    expect(bench.deliveries.stored.size).toBe(0);
  });
});

describe('a request at another time than it says', () => {
  const late = (seconds: number) => {
    const body = form(commandFields());
    return [body, headersOf({ body, offsetSeconds: seconds })] as const;
  };

  it('is let in when it was our clock that was wrong, which is asked for once', async () => {
    bench.clock.nowMs = nowMs - 3_600_000;
    expect((await send(...late(0))).json['text']).toMatch(/^Asked for/);
    expect((await send(...late(1))).json['text']).toMatch(/^Asked for/);
    expect(bench.clock.asked).toBe(1);
  });

  it('is refused when the request is old, and the clock is not asked again for a minute', async () => {
    expect((await send(...late(-301))).json).toEqual({ error: 'timestamp.outside-window' });
    expect((await send(...late(-302))).status).toBe(401);
    expect(bench.clock.asked).toBe(1);
    bench.clock.nowMs += 60_000;
    bench.clock.storeNowMs += 60_000;
    expect((await send(...late(-303))).status).toBe(401);
    expect(bench.clock.asked).toBe(2);
    expect(bench.desk.opened).toEqual([]);
  });

  it('is refused without a look at the clock when it is not signed rightly', async () => {
    const body = form(commandFields());
    const headers = headersOf({ body, offsetSeconds: -4_000, secret: 'of somebody else' });
    expect((await send(body, headers)).json).toEqual({ error: 'signature.wrong' });
    expect(bench.clock.asked).toBe(0);
  });
});

describe('the server', () => {
  it.each([
    ['an unsigned request', {}, 401],
    ['a wrong content type', undefined, 400],
  ])('refuses %s without a word to Bolt', async (_name, headers, status) => {
    const body = form(commandFields());
    const answer = await send(body, headers ?? headersOf({ body, contentType: 'text/plain' }));
    expect(answer.status).toBe(status);
    expect(bench.deliveries.stored.size).toBe(0);
  });

  it('refuses what is too large, and the wrong address and method', async () => {
    expect((await send('a'.repeat(300_000))).status).toBe(413);
    expect((await fetch(`http://127.0.0.1:${port}/slack/events`)).status).toBe(405);
    expect((await fetch(`http://127.0.0.1:${port}/other`, { method: 'POST' })).status).toBe(404);
  });

  it('says that it is well', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/healthz`);
    expect([response.status, await response.json()]).toEqual([200, { ok: true }]);
  });

  it('never logs a body, a signature, a trigger or a response URL', async () => {
    bench.desk.onOpen = () => Promise.reject(new Error('1.2.3 https://hooks.slack.com/commands/1/2/3'));
    await command('site v1.1.0 --reason secret-words');
    await send(form(commandFields()), {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-signature': 'v0=secret-words',
    });
    const logged = JSON.stringify(bench.log.lines);
    expect(bench.log.lines.length).toBeGreaterThan(1);
    expect(logged).not.toMatch(/secret-words|hooks\.slack\.com|1\.2\.3|v0=/);
  });
});

describe('a click', () => {
  it('becomes the person’s claim on the plan that their screen showed', async () => {
    expect(await click(actionIds.approve)).toMatchObject({ status: 200, text: '' });
    expect(bench.desk.decided).toMatchObject([
      {
        promotionId: awaiting.id,
        event: {
          type: 'approval.claimed',
          round: 1,
          digest: digest.slice(0, 12),
          claim: { does: 'approve', person: grace, atMs: nowMs, reason: null, answer: null },
        },
      },
    ]);
    await bench.tasks.run();
    expect(bench.slack.of('respond')).toMatchObject([
      { responseUrl, text: 'Your approval is being checked. The card will show it.' },
    ]);
  });

  it('is the same claim however often it is delivered, and another one when pressed again', async () => {
    await click(actionIds.approve);
    await click(actionIds.approve);
    await click(actionIds.approve, {}, { action_ts: '1700000002.000001' });
    const ids = bench.desk.decided.map(({ event }) => ('claim' in event ? event.claim.id : ''));
    expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('that is refused is answered in private, the card untouched', async () => {
    bench.desk.onDecide = async () => ({
      outcome: 'refused',
      refusal: {
        code: 'x',
        text: 'You asked for this promotion, so you cannot approve it.',
        next: 'Two other people have to.',
      },
      promotion: awaiting,
    });
    await click(actionIds.approve);
    await bench.tasks.run();
    expect(bench.slack.calls.map(({ method }) => method)).toEqual(['respond']);
    expect(bench.slack.of('respond')[0]?.['text']).toMatch(/^Not done: You asked for this promotion/);
  });

  it.each([
    [actionIds.cancel, 'cancellation.claimed', 'cancel'],
    [actionIds.rollBack, 'rollback.claimed', 'roll-back'],
    [actionIds.retry, 'retry.claimed', 'retry'],
  ])('on %s becomes %s', async (actionId, type, does) => {
    await click(actionId);
    expect(bench.desk.decided).toMatchObject([{ event: { type, claim: { does } } }]);
  });

  it('answers the question that was on the screen, and no other', async () => {
    const question = { id: 'p0123456789-4', askedAtMs: at(10), deadlineAtMs: at(20), text: 'no data' };
    const asking = promotionIn('monitoring', { watch: { ...promotionIn('monitoring').watch, question } });
    await click(actionIds.answerContinue, {}, { block_id: blockIdOf(asking, 'ask', at(11)) });
    await click(actionIds.answerRollBack, {}, { block_id: blockIdOf(asking, 'ask', at(11)) });
    await click(actionIds.answerContinue);
    expect(bench.desk.decided).toMatchObject([
      { event: { type: 'answer.claimed', questionId: question.id, claim: { answer: 'continue' } } },
      { event: { type: 'answer.claimed', questionId: question.id, claim: { answer: 'roll-back' } } },
    ]);
  });

  it('of somebody from another workspace is refused at once', async () => {
    await click(actionIds.approve, { user: { id: 'U0PETRA001', team_id: 'T0PARTNER' } });
    await click(actionIds.approve, { user: { id: 'U0PETRA001' }, team: { id: 'T0PARTNER' } });
    await click(actionIds.approve, { user: { id: 'U0PETRA001' }, team: null });
    await bench.tasks.run();
    expect(bench.desk.decided).toEqual([]);
    expect(bench.slack.of('respond').map(({ text }) => text)).toEqual(
      Array(3).fill(
        'Not done: People of other workspaces cannot do this. Ask somebody of the workspace that runs Countersign.',
      ),
    );
  });

  it.each([
    ['a block id that we did not draw', { block_id: 'x' }],
    ['a value of another promotion', { value: 'p9999999999' }],
    ['a block id without a digest', { block_id: `${awaiting.id}:1:abc:7.a.card` }],
    ['an action that we do not know', { action_id: 'cs:launch' }],
  ])('with %s is refused as unreadable', async (_name, action) => {
    await click(actionIds.approve, {}, action);
    await bench.tasks.run();
    expect(bench.desk.decided).toEqual([]);
    expect(bench.slack.of('respond')[0]?.['text']).toMatch(/^Not done: This button cannot be read any more/);
  });

  it('of which two come at once is not half obeyed', async () => {
    const action = {
      type: 'button',
      action_id: actionIds.approve,
      block_id: blockIdOf(awaiting, 'card', at(6)),
      value: awaiting.id,
      action_ts: '1.1',
    };
    await click(actionIds.approve, { actions: [action, { ...action, action_id: actionIds.cancel }] });
    expect(bench.desk.decided).toEqual([]);
  });

  it('on Reject opens a form that remembers the plan, and what is written there rejects it', async () => {
    await click(actionIds.reject);
    const [opened] = bench.slack.of('openView') as {
      triggerId: string;
      view: { callback_id: string; private_metadata: string };
    }[];
    expect(opened).toMatchObject({ triggerId: '9.9.9', view: { callback_id: 'cs:form-reject' } });
    const { json } = await submit(
      'cs:form-reject',
      { reason: 'Too <late> today' },
      opened?.view.private_metadata,
    );
    expect(bench.desk.decided).toMatchObject([
      {
        promotionId: awaiting.id,
        event: {
          type: 'rejection.claimed',
          round: 1,
          digest: 'abcdef012345',
          claim: { does: 'reject', reason: 'Too <late> today' },
        },
      },
    ]);
    expect(json).toMatchObject({ response_action: 'update', view: { type: 'modal' } });
    expect(JSON.stringify(json)).toContain('Your rejection is being checked');
  });

  it('on Reject says so when the form cannot be opened', async () => {
    bench.slack.outcomes.openView = [{ outcome: 'unknown', error: 'timeout' }];
    await click(actionIds.reject);
    await bench.tasks.run();
    expect(bench.slack.of('respond')[0]?.['text']).toMatch(/could not be opened, and nothing was done/);
  });
});

describe('a form', () => {
  it('opens what it asks for, and turns into the answer', async () => {
    const { json } = await submit(
      'cs:form-promote',
      { where: 'site production', version: 'v1.1.0', reason: 'Brighter' },
      '',
      ada.userId,
    );
    expect(bench.desk.opened).toMatchObject([
      {
        kind: 'promotion',
        app: 'site',
        environment: 'production',
        version: 'v1.1.0',
        reason: 'Brighter',
        person: ada,
        dedupeKey: 'view:V1',
      },
    ]);
    expect(JSON.stringify(json)).toContain('Asked for: promote');
  });

  it('shows every mistake at once, each under its input, and keeps the desk out of it', async () => {
    const { json } = await submit('cs:form-promote', {
      where: 'site moon',
      version: '`v1`',
      reason: 'x'.repeat(501),
    });
    expect(json).toMatchObject({
      response_action: 'errors',
      errors: {
        where: expect.stringContaining('configured'),
        version: expect.stringContaining('cannot be a version'),
        reason: expect.stringContaining('500'),
      },
    });
    expect(bench.desk.opened).toEqual([]);
  });

  it('shows the desk’s no under the input that it is about', async () => {
    bench.desk.onOpen = async () => ({
      outcome: 'refused',
      refusal: { code: 'version.unknown', text: 'There is no v9.', next: 'Did you mean v1.0.9?' },
    });
    const { json } = await submit('cs:form-promote', { where: 'site production', version: 'v9' });
    expect(json).toEqual({
      response_action: 'errors',
      errors: { version: 'There is no v9. Did you mean v1.0.9?' },
    });
  });

  it('wants a reason for a rejection, and a readable one', async () => {
    const anchor = { promotionId: awaiting.id, round: 1, digest: 'abcdef012345', questionId: null };
    const { json } = await submit('cs:form-reject', { reason: ' \u200b ' }, anchor);
    expect(json).toMatchObject({ response_action: 'errors', errors: { reason: expect.any(String) } });
    expect(bench.desk.decided).toEqual([]);
  });

  it('with forged contents is not accepted', async () => {
    const { json } = await submit('cs:form-resolve', { reason: 'mended' }, { promotionId: 1 });
    expect(json).toMatchObject({
      response_action: 'errors',
      errors: { reason: expect.stringMatching(/^Not accepted/) },
    });
    expect(bench.desk.decided).toEqual([]);
  });
});

it('the Home tab shows what waits, drawn when it is opened', async () => {
  const body = homeOpenedBody;
  expect(await send(body, headersOf({ body, contentType: 'application/json' }))).toMatchObject({
    status: 200,
  });
  await bench.tasks.run();
  const [published] = bench.slack.of('publishHome');
  expect(published).toMatchObject({ userId: ada.userId, view: { type: 'home' } });
  expect(JSON.stringify(published)).toContain('Waiting for approval: 0 of 2 given');
});

it('the shortcut opens the form', async () => {
  const payload = {
    type: 'shortcut',
    ...envelope,
    callback_id: 'promote_shortcut',
    user: { id: ada.userId, team_id: 'T0COUNTER' },
    action_ts: '1.1',
  };
  expect(await fresh(form({ payload: JSON.stringify(payload) }))).toMatchObject({ status: 200, text: '' });
  expect(bench.slack.of('openView')).toHaveLength(1);
});
