import { describe, expect, it } from 'vitest';
import { createGithubClient } from '../../src/github/client.ts';
import { githubInHand, repository } from './github-in-hand.ts';

const [owner, repo] = repository.split('/') as [string, string];

describe('the GitHub client', () => {
  it('is not built without a token, because Octokit would go on anonymously', () => {
    expect(() => createGithubClient({ token: '', baseUrl: 'https://api.github.com' })).toThrowError(
      expect.objectContaining({ name: 'MisconfiguredError', code: 'github.token-missing' }),
    );
  });

  it('says who it is and which version of the API it reads', async () => {
    const sent: Headers[] = [];
    const client = createGithubClient({
      token: 'secret',
      baseUrl: 'https://github.invalid/',
      fetch: async (_url, init) => {
        sent.push(new Headers(init?.headers));
        return Response.json({ id: 1 });
      },
    });

    await client.repos.get({ owner, repo });

    expect(sent[0]?.get('user-agent')).toMatch(/^countersign /);
    expect(sent[0]?.get('x-github-api-version')).toBe('2022-11-28');
    expect(sent[0]?.get('authorization')).toBe('token secret');
  });

  it('asks once, whatever the answer', async () => {
    const { client, control } = await githubInHand();
    control.down(60);

    await expect(client.repos.get({ owner, repo })).rejects.toMatchObject({ status: 503 });

    expect(control.calls()).toHaveLength(1);
  });

  it('gives up on an answer that does not come', async () => {
    const { client, control } = await githubInHand({ timeoutMs: 40 });
    control.slow(20_000);

    await expect(client.repos.get({ owner, repo })).rejects.toMatchObject({
      cause: { name: 'TimeoutError' },
    });
  });
});
