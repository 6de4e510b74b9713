import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createGithubClient } from '../../src/github/client.ts';
import { ask } from '../../src/github/errors.ts';
import { githubInHand, repository } from './github-in-hand.ts';

const [owner, repo] = repository.split('/') as [string, string];
const Repository = z.object({ full_name: z.string() });

/** One question to a GitHub that gives this answer. */
function askingFor(answer: () => Response | Promise<Response>) {
  const client = createGithubClient({
    token: 'secret',
    baseUrl: 'https://github.invalid',
    fetch: async () => answer(),
  });
  return ask(Repository, client.repos.get({ owner, repo }));
}

function refusal(status: number, headers: Record<string, string> = {}, body: unknown = { message: 'No' }) {
  return () => Response.json(body, { status, headers });
}

describe('asking GitHub', () => {
  it('hands out the fields that were named', async () => {
    const { client } = await githubInHand();

    const asked = await ask(Repository, client.repos.get({ owner, repo }));

    expect(asked).toEqual({ outcome: 'answered', data: { full_name: repository } });
  });

  it('makes a value of 404, because only the caller knows what is missing', async () => {
    const { client } = await githubInHand();

    const asked = await ask(Repository, client.repos.get({ owner, repo: 'elsewhere' }));

    expect(asked).toEqual({ outcome: 'not-found' });
  });

  it.each([500, 502, 503, 504, 408])('can be tried again after %i', async (status) => {
    await expect(askingFor(refusal(status))).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'github.unavailable',
      data: { status },
      retryAfterMs: undefined,
    });
  });

  it('waits as long as a failing GitHub asks', async () => {
    await expect(askingFor(refusal(503, { 'retry-after': '7' }))).rejects.toMatchObject({
      code: 'github.unavailable',
      retryAfterMs: 7_000,
    });
  });

  it('can be tried again when the connection is cut', async () => {
    const { client, control } = await githubInHand();
    control.down(60, 'unreachable');

    await expect(ask(Repository, client.repos.get({ owner, repo }))).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'github.unreachable',
    });
  });

  it('can be tried again when nothing listens there', async () => {
    const client = createGithubClient({ token: 'secret', baseUrl: 'http://127.0.0.1:9' });

    await expect(ask(Repository, client.repos.get({ owner, repo }))).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'github.unreachable',
    });
  });

  it('can be tried again when the answer does not come in time', async () => {
    const { client, control } = await githubInHand({ timeoutMs: 40 });
    control.slow(20_000);

    await expect(ask(Repository, client.repos.get({ owner, repo }))).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'github.unreachable',
    });
  });

  it('can be tried again when the request is aborted from outside', async () => {
    await expect(
      askingFor(() => Promise.reject(new DOMException('The operation was aborted', 'AbortError'))),
    ).rejects.toMatchObject({ name: 'RetryableError', code: 'github.unreachable' });
  });

  it('can be tried again when the answer breaks off in the middle', async () => {
    const broken = () =>
      new Response('{"full_name": "north', { headers: { 'content-type': 'application/json' } });

    await expect(askingFor(broken)).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'github.unreadable',
    });
  });

  it('does not take an answer without the fields it needs', async () => {
    await expect(askingFor(() => Response.json({ full_name: null }))).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'github.unreadable',
      data: { problems: ['full_name'] },
    });
  });

  it('needs a person when the token is not accepted', async () => {
    const { client } = await githubInHand({ token: 'ghs_old' });

    await expect(ask(Repository, client.repos.get({ owner, repo }))).rejects.toMatchObject({
      name: 'MisconfiguredError',
      code: 'github.unauthorized',
      data: { status: 401 },
    });
  });

  it('needs a person when the token may not do this, whatever the message says about rates', async () => {
    await expect(
      askingFor(refusal(403, { 'x-ratelimit-remaining': '4200' }, { message: 'rate limit exceeded' })),
    ).rejects.toMatchObject({ name: 'MisconfiguredError', code: 'github.unauthorized' });
  });

  it('waits until the hourly budget comes back, by the clock of GitHub', async () => {
    const { client, control } = await githubInHand();
    control.rateLimited(90);

    await expect(ask(Repository, client.repos.get({ owner, repo }))).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'github.rate-limited',
      retryAfterMs: 90_000,
    });
  });

  it('waits as long as the secondary limit asks', async () => {
    const { client, control, clock } = await githubInHand();
    control.rateLimited(30, 'secondary');
    await clock.advance(10_000);

    await expect(ask(Repository, client.repos.get({ owner, repo }))).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'github.rate-limited',
      retryAfterMs: 20_000,
    });
  });

  it('waits a minute for a limit that does not say how long', async () => {
    const secondary = refusal(
      403,
      {},
      {
        message: 'Slow down',
        documentation_url: 'https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api',
      },
    );

    await expect(askingFor(refusal(429))).rejects.toMatchObject({ retryAfterMs: 60_000 });
    await expect(askingFor(secondary)).rejects.toMatchObject({
      code: 'github.rate-limited',
      retryAfterMs: 60_000,
    });
  });

  it('never waits for a moment in the past', async () => {
    const reset = {
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '1000',
      date: new Date(5_000_000).toUTCString(),
    };

    await expect(askingFor(refusal(403, reset))).rejects.toMatchObject({ retryAfterMs: 1_000 });
  });

  it.each([400, 409, 410, 422, 451])('is not repeated after %i', async (status) => {
    await expect(askingFor(refusal(status))).rejects.toMatchObject({
      name: 'TerminalError',
      code: 'github.request-refused',
      data: { status },
    });
  });

  it('lets a fault of our own through as it is', async () => {
    const ours = new TypeError('undefined is not a function');

    await expect(ask(Repository, Promise.reject(ours))).rejects.toBe(ours);
  });
});
