import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGateway, type Gateway, type GatewayKind } from '../../workspace/lambda/gateway.ts';
import { channelIds, team, userIds } from '../../workspace/slack/people.ts';
import { type LambdaWorld, parameterAt, startLambdaWorld } from './world.ts';

const path = '/slack/events';
const form = 'application/x-www-form-urlencoded';

describe('the Slack function as Lambda runs it', () => {
  let world: LambdaWorld;
  const gateways: Gateway[] = [];
  beforeAll(async () => {
    world = await startLambdaWorld();
  });
  afterAll(async () => {
    for (const gateway of gateways) await gateway.close();
    await world.close();
  });

  const gatewayOf = async (kind: GatewayKind, stage?: string) => {
    const gateway = await createGateway({
      kind,
      clock: world.workspace.clock,
      routes: [{ method: 'ANY', path: '/{proxy+}', target: world.stack.lambda('slack') }],
      ...(stage === undefined ? {} : { stage }),
    });
    gateways.push(gateway);
    return gateway;
  };
  const command = (text: string) =>
    new URLSearchParams({
      command: '/promote',
      text,
      user_id: userIds.ada,
      team_id: team.id,
      channel_id: channelIds.deploysSite,
      api_app_id: 'A0COUNTER',
      trigger_id: `${Math.random()}`,
      response_url: 'https://hooks.slack.com/commands/x',
    }).toString();
  const signed = (body: string) => world.workspace.slack.control.sign({ body });
  const post = async (
    gateway: Pick<Gateway, 'url'>,
    body: string,
    headers: Record<string, string> = {},
    at: { method?: string; path?: string } = {},
  ) => {
    const method = at.method ?? 'POST';
    const response = await fetch(gateway.url + (at.path ?? path), {
      method,
      ...(method === 'GET' ? {} : { body }),
      headers: { 'content-type': form, ...headers },
    });
    return { status: response.status, text: await response.text() };
  };
  const tableCalls = () =>
    Object.values(world.workspace.dynamo.control.counts()).reduce((sum, count) => sum + count, 0);

  it.each([
    ['http', undefined],
    ['http', 'live'],
    ['rest', undefined],
    ['function-url', undefined],
  ] as const)('answers a signed command through %s, stage %s', async (kind, stage) => {
    const gateway = await gatewayOf(kind, stage);
    const body = command('help');

    const answer = await post(gateway, body, signed(body));

    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ response_type: 'ephemeral' });
  });

  it.each(['http', 'rest', 'function-url'] as const)(
    '%s: letters beyond ASCII keep their signature',
    async (kind) => {
      const gateway = await gatewayOf(kind);
      const body = JSON.stringify({ type: 'url_verification', challenge: 'grün-東京-🚀' });

      const answer = await post(gateway, body, {
        ...signed(body),
        'content-type': 'application/json; charset=utf-8',
      });

      expect(answer).toMatchObject({ status: 200, text: expect.stringContaining('grün-東京-🚀') });
    },
  );

  it('a cold start answers a click well within Slack’s three seconds, and asks neither Slack nor GitHub', async () => {
    const { slack, github } = world.workspace;
    await world.stack.lambda('slack').recycle();
    slack.control.clearLogs();
    const githubCalls = github.control.calls().length;

    const result = await world.command('ada', '/promote help');

    expect(result.outcome).toBe('acknowledged');
    expect(world.stack.lambda('slack').invocations().at(-1)).toMatchObject({
      isCold: true,
      functionError: null,
    });
    expect(slack.control.calls()).toEqual([]);
    expect(github.control.calls()).toHaveLength(githubCalls);
  });

  it('thawed after its connections were cut, it answers as before', async () => {
    await world.command('ada', '/promote status site');
    await world.stack.lambda('slack').rested();
    world.workspace.aws.cutConnections();

    const result = await world.command('ada', '/promote status site');

    expect(result.outcome).toBe('acknowledged');
    expect(result.ephemeral?.text).toContain('site');
    expect(world.stack.lambda('slack').invocations().at(-1)).toMatchObject({
      isCold: false,
      functionError: null,
    });
  });

  it.each([
    ['another method', 'GET', path, 405],
    ['another path', 'POST', '/elsewhere', 404],
  ])('%s is refused without an error', async (_, method, at, status) => {
    const gateway = await gatewayOf('function-url');
    const body = command('help');

    expect((await post(gateway, body, signed(body), { method, path: at })).status).toBe(status);
    expect(world.functionErrors()).toEqual([]);
  });

  it('a body over the limit is 413, and one that Lambda would not take never reaches it', async () => {
    const large = command('x'.repeat(300_000));
    const before = world.stack.lambda('slack').invocations().length;

    expect((await post(world.stack.gateway, large, signed(large))).status).toBe(413);
    expect((await post(world.stack.gateway, 'x'.repeat(5_000_000))).status).toBe(413);
    expect(world.stack.lambda('slack').invocations()).toHaveLength(before + 1);
    expect(world.functionErrors()).toEqual([]);
  });

  it('unsigned traffic at volume is 401, touches no table, and is no error of the function', async () => {
    const calls = tableCalls();
    const warm = world.stack.lambda('slack').invocations().length;
    const odd = [
      (index: number) => post(world.stack.gateway, command(`${index}`)),
      (index: number) =>
        post(world.stack.gateway, command(`${index}`), {
          'x-slack-signature': `v0=${'0'.repeat(64)}`,
          'x-slack-request-timestamp': String(Math.floor(world.workspace.clock.nowMs() / 1000)),
        }),
      (index: number) => post(world.stack.gateway, `{"${index}`, { 'content-type': 'application/json' }),
      () => post(world.stack.gateway, '', { 'x-slack-signature': 'v1=x' }),
    ];

    const statuses: number[] = [];
    for (let round = 0; round < 50; round += 1) {
      const answers = await Promise.all(odd.map((send) => send(round)));
      statuses.push(...answers.map(({ status }) => status));
    }

    expect(new Set(statuses)).toEqual(new Set([401]));
    const invocations = world.stack.lambda('slack').invocations().slice(warm);
    expect(invocations).toHaveLength(200);
    // A process that is started for them reads the table once, whoever it is started for.
    expect(tableCalls() - calls).toBe(invocations.filter(({ isCold }) => isCold).length);
    expect(invocations.filter(({ isCold }) => isCold).length).toBeLessThan(5);
    expect(world.functionErrors()).toEqual([]);
  });

  it('a signed request from outside the window is 401 after one look at the clock', async () => {
    await world.command('ada', '/promote help');
    const body = command('help');
    const timestampSeconds = Math.floor(world.workspace.clock.nowMs() / 1000) - 400;
    const calls = tableCalls();

    const answer = await post(
      world.stack.gateway,
      body,
      world.workspace.slack.control.sign({ body, timestampSeconds }),
    );

    expect(answer.status).toBe(401);
    expect(tableCalls() - calls).toBe(1);
  });

  it('the same request twice, even at once, is one request, and gets one answer', async () => {
    const body = command('site v1.1.0');
    const headers = signed(body);

    const [one, other] = await Promise.all([
      post(world.stack.gateway, body, headers),
      post(world.stack.gateway, body, headers),
    ]);
    const later = await post(world.stack.gateway, body, headers);
    await world.advance(5);

    expect(one).toMatchObject({ status: 200, text: expect.stringContaining('site') });
    expect(other).toEqual(one);
    expect(later).toEqual(one);
    const cards = world.workspace.slack.control
      .messages(channelIds.deploysSite)
      .filter(({ metadata }) => metadata?.event_type === 'promotion');
    expect(cards).toHaveLength(1);
  });

  it('two people who press at the same moment meet two processes, and both count', async () => {
    const press = (user: string) => {
      const { ts: messageTs } = world.card();
      const channel = channelIds.deploysSite;
      return world.workspace.slack.control.click({ user, channel, messageTs, actionId: 'cs:approve' });
    };

    await world.until('Approve is on the card', () => world.cardText().includes('cs:approve'), 120);
    const results = await Promise.all([press(userIds.grace), press(userIds.lin)]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['acknowledged', 'acknowledged']);
    await world.until('both count', async () => (await world.phase()) === 'waiting', 120);
  });

  it('while the queue takes nothing, what was decided stays decided, and the sweep brings it on', async () => {
    world.workspace.aws.control.down({ service: 'sqs', forSeconds: 30 });

    const result = await world.click('ada', 'cs:cancel');
    await world.advance(120);

    expect(result.outcome).toBe('acknowledged');
    expect(await world.phase()).toBe('cancelled');
    expect(world.functionErrors()).toEqual([]);
  });

  it('while the table does not answer, it says that nothing was started', async () => {
    world.workspace.dynamo.control.down(60);

    const result = await world.command('ada', '/promote site v1.1.0');
    world.workspace.dynamo.control.clearFaults();
    await world.advance(5);

    expect(result.outcome).toBe('acknowledged');
    expect(result.ephemeral?.text).toMatch(/[Nn]ot accepted|[Nn]othing was started/);
    expect(await world.phase()).toBe('cancelled');
    expect(world.functionErrors()).toEqual([]);
  });

  it('what was frozen before it was saved is not saved when somebody else thaws the process', async () => {
    const { dynamo, slack } = world.workspace;
    const cards = () =>
      slack.control
        .messages(channelIds.deploysSite)
        .filter(({ metadata }) => metadata?.event_type === 'promotion');
    const before = cards().length;
    await world.stack.lambda('slack').recycle();
    await world.command('grace', '/promote help');
    dynamo.control.slow(2_000);
    const asked = await world.command('ada', '/promote site v1.1.0');
    await world.stack.lambda('slack').rested();
    // Real time, because the process lives in it.
    await pause(5_100);
    dynamo.control.clearFaults();

    for (let round = 0; round < 5; round += 1) {
      await world.command('grace', '/promote status site');
      await pause(50);
    }
    await world.advance(60);

    expect(asked.outcome).toBe('acknowledged');
    expect(asked.ephemeral?.text).toContain('look at the card before you try again');
    expect(cards()).toHaveLength(before);
    expect(world.functionErrors()).toEqual([]);
  });

  it('nothing that it wrote holds a secret, a token, a signature or an address to answer at', async () => {
    const text = world.stack.lambda('slack').lines().join('\n');
    const { SLACK_SIGNING_SECRET: secret = '-', SLACK_BOT_TOKEN: token = '-' } =
      world.workspace.botEnvironment;

    for (const hidden of [secret, token, 'v0=', 'hooks.slack.com', 'trigger_id'])
      expect(text).not.toContain(hidden);
  });

  it('may do what its role says: nothing was refused, and no target was touched', async () => {
    expect(world.cloud.denials()).toEqual([]);
    const reached = world.workspace.aws.control
      .calls()
      .filter(({ accessKeyId }) => world.cloud.holderOf(accessKeyId)?.endsWith('-slack') === true)
      .map(({ service }) => service);
    expect(new Set(reached)).toEqual(new Set(['dynamodb', 'sqs', 'ssm']));
  });
});

describe('a Slack function that lacks something', () => {
  let world: LambdaWorld;
  beforeAll(async () => {
    world = await startLambdaWorld({ parameters: { 'slack-signing-secret': null } });
  });
  afterAll(() => world.close());

  const answerOf = async () => {
    const answer = await world.stack.lambda('slack').invoke({});
    await world.stack.lambda('slack').recycle();
    return answer.outcome === 'answered' ? answer : { functionError: null, payload: '' };
  };

  it('does not start without its signing secret, and names the variable and the way out', async () => {
    const { functionError, payload } = await answerOf();

    expect(functionError).toBe('Unhandled');
    expect(payload).toContain('SLACK_SIGNING_SECRET');
    expect(payload).toContain(parameterAt('slack-signing-secret'));
  });

  it('does not start with a secret of the wrong kind, and does not repeat it', async () => {
    world.cloud.setParameter(parameterAt('slack-signing-secret'), 'not-hex-but-secret');

    const { functionError, payload } = await answerOf();

    expect(functionError).toBe('Unhandled');
    expect(payload).toContain('SLACK_SIGNING_SECRET');
    expect(payload + world.stack.lambda('slack').lines().join('\n')).not.toContain('not-hex-but-secret');
  });

  it('does not start when it may not read the secret, and says so', async () => {
    world.cloud.forbid(parameterAt('slack-signing-secret'));

    const { functionError, payload } = await answerOf();

    expect(functionError).toBe('Unhandled');
    expect(payload).toMatch(/AccessDenied/);
  });

  it('what Slack shows meanwhile is a failed dispatch, not a half-started bot', async () => {
    const result = await world.command('ada', '/promote help');

    expect(result.outcome).toBe('dispatch_failed');
    expect(world.workspace.slack.control.calls()).toEqual([]);
  });
});

describe('an installation with its secrets in the Secrets Manager', () => {
  it('starts and works, with the rights that its package gives it', async () => {
    const world = await startLambdaWorld({ store: 'secretsmanager' });
    await world.command('ada', '/promote site v1.1.0');
    await world.advance(5);
    const text = world.card().text;
    const found = { errors: world.functionErrors(), denials: world.cloud.denials() };
    await world.close();

    expect(text).toContain('0 of 2');
    expect(found).toEqual({ errors: [], denials: [] });
  });

  it('does not start without one of them, and names it', async () => {
    const world = await startLambdaWorld({
      store: 'secretsmanager',
      parameters: { 'slack-bot-token': null },
    });
    const answer = await world.stack.lambda('slack').invoke({});
    await world.close();

    expect(answer).toMatchObject({
      functionError: 'Unhandled',
      payload: expect.stringContaining('SLACK_BOT_TOKEN'),
    });
  });
});
