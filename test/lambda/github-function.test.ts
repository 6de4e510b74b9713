import { createHmac, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LambdaWorld, startLambdaWorld } from './world.ts';

const webhookSecret = 'a-webhook-secret-of-the-workspace-0001';

describe('GitHub’s webhooks through the packaged function', () => {
  let world: LambdaWorld;
  beforeAll(async () => {
    world = await startLambdaWorld({ parameters: { 'github-webhook-secret': webhookSecret } });
  });
  afterAll(() => world.close());

  const post = async (body: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${world.stack.gateway.url}/github/webhooks`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'x-github-event': 'workflow_run', ...headers },
    });
    return response.status;
  };
  const signed = (body: string) => ({
    'x-hub-signature-256': `sha256=${createHmac('sha256', webhookSecret).update(body).digest('hex')}`,
    'x-github-delivery': randomUUID(),
  });
  const runCompleted = () =>
    JSON.stringify({
      action: 'completed',
      workflow_run: { id: 1, conclusion: 'success', name: 'grün' },
      repository: { full_name: world.workspace.github.control.state().repository },
    });
  const tableCalls = () =>
    Object.values(world.workspace.dynamo.control.counts()).reduce((sum, count) => sum + count, 0);

  it('for whoever waits for GitHub it brings a look at once; the same delivery again brings none', async () => {
    world.workspace.github.control.down(3_600);
    await world.command('ada', '/promote site v1.1.0');
    await world.advance(10);
    expect(await world.phase()).toBe('analyzing');
    world.workspace.github.control.down(0);
    const before = world.stack.lambda('tick').invocations().length;
    const body = runCompleted();
    const headers = signed(body);

    expect(await post(body, headers)).toBe(202);
    await world.advance(0);
    const afterOne = world.stack.lambda('tick').invocations().length;
    expect(await post(body, headers)).toBe(202);
    await world.advance(0);

    expect(afterOne).toBeGreaterThan(before);
    expect(world.stack.lambda('tick').invocations()).toHaveLength(afterOne);
  });

  it('unsigned and badly signed traffic is refused without touching the table', async () => {
    const body = runCompleted();
    const calls = tableCalls();
    const starts = () =>
      world.stack
        .lambda('github')
        .invocations()
        .filter(({ isCold }) => isCold).length;
    const started = starts();

    const statuses: number[] = [];
    for (let round = 0; round < 25; round += 1) {
      statuses.push(
        ...(await Promise.all([
          post(body),
          post(body, { ...signed(body), 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` }),
          post('{', signed('}')),
        ])),
      );
    }

    expect(new Set(statuses)).toEqual(new Set([401]));
    // A process that is started for them reads the table once, whoever it is started for.
    expect(tableCalls() - calls).toBe(starts() - started);
    expect(world.functionErrors()).toEqual([]);
  });

  it('what is signed and of no interest is taken and does nothing', async () => {
    const calls = tableCalls();
    const body = JSON.stringify({ action: 'created', repository: { full_name: 'somebody/else' } });

    expect(await post(body, { ...signed(body), 'x-github-event': 'star' })).toBe(202);
    expect(await post(body, { ...signed(body), 'x-github-event': 'ping' })).toBe(200);

    expect(tableCalls()).toBe(calls);
  });

  it('may do what its role says, and nothing was refused', () => {
    expect(world.cloud.denials()).toEqual([]);
  });
});

describe.each([
  ['github', 'github-webhook-secret', 'GITHUB_WEBHOOK_SECRET'],
  ['tick', 'slack-bot-token', 'SLACK_BOT_TOKEN'],
  ['tick', 'github-token', 'GITHUB_TOKEN'],
])('the function %s without %s', (name, parameter, variable) => {
  it('does not start, and names the variable', async () => {
    const world = await startLambdaWorld({ parameters: { [parameter]: null } });
    const answer = await world.stack.lambda(name).invoke({});
    await world.close();

    expect(answer).toMatchObject({ functionError: 'Unhandled', payload: expect.stringContaining(variable) });
  });
});
