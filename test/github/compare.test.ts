import { describe, expect, it } from 'vitest';
import { createGithubClient } from '../../src/github/client.ts';
import { createComparisons } from '../../src/github/compare.ts';
import { githubInHand, repository } from './github-in-hand.ts';

describe('comparing two releases', () => {
  it('counts the commits between them and names who wrote them, each once', async () => {
    const { client, control } = await githubInHand();
    control.pushRelease({ version: 'v1.3.0', author: 'yuki-h' });
    control.pushRelease({ version: 'v1.3.1', author: 'mara-okafor' });
    control.pushRelease({ version: 'v1.3.2', author: 'yuki-h' });

    const comparison = await createComparisons(client).compareCommits({
      repository,
      base: 'v1.2.0',
      head: 'v1.3.2',
    });

    expect(comparison).toEqual({
      outcome: 'compared',
      aheadBy: 3,
      behindBy: 0,
      authors: ['yuki-h', 'mara-okafor'],
      authorsComplete: true,
      url: expect.stringContaining('/northwind/site/compare/'),
    });
  });

  it('shows a step back as commits that would be taken away', async () => {
    const { client } = await githubInHand();

    const comparison = await createComparisons(client).compareCommits({
      repository,
      base: 'v1.2.0',
      head: 'v1.0.0',
    });

    expect(comparison).toMatchObject({ outcome: 'compared', aheadBy: 0, behindBy: 2, authors: [] });
  });

  it('reads a long range in pages and says when it did not read to the end', async () => {
    const { client, control } = await githubInHand();
    for (let count = 1; count <= 150; count += 1) {
      control.pushRelease({
        version: `v2.0.${count}`,
        author: count === 150 ? 'tlindqvist' : 'yuki-h',
        runSeconds: 0,
      });
    }
    const comparisons = createComparisons(client);

    const paged = await comparisons.compareCommits({ repository, base: 'v1.2.0', head: 'v2.0.150' });

    expect(paged).toMatchObject({
      aheadBy: 150,
      authors: ['yuki-h', 'tlindqvist'],
      authorsComplete: true,
    });
    expect(control.calls()).toHaveLength(2);
  });

  it('stops after 300 commits', async () => {
    const asked: string[] = [];
    const client = createGithubClient({
      token: 'secret',
      baseUrl: 'https://github.invalid',
      fetch: async (url) => {
        asked.push(String(url));
        const commit = { author: { login: 'yuki-h' }, commit: { author: { name: 'Yuki' } } };
        return Response.json({
          html_url: 'https://github.invalid/compare',
          ahead_by: 5_000,
          behind_by: 0,
          commits: Array.from({ length: 100 }, () => commit),
        });
      },
    });

    const comparison = await createComparisons(client).compareCommits({ repository, base: 'a', head: 'b' });

    expect(comparison).toMatchObject({ aheadBy: 5_000, authorsComplete: false });
    expect(asked).toHaveLength(3);
  });

  it('cannot compare with what does not exist, and tells that from a missing repository', async () => {
    const { client } = await githubInHand();
    const { compareCommits } = createComparisons(client);

    expect(await compareCommits({ repository, base: 'v0.0.1', head: 'v1.2.0' })).toEqual({
      outcome: 'incomparable',
    });
    await expect(
      compareCommits({ repository: 'northwind/elsewhere', base: 'v1.0.0', head: 'v1.2.0' }),
    ).rejects.toMatchObject({ code: 'github.repository-not-found' });
  });
});
