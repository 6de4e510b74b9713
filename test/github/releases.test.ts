import { describe, expect, it } from 'vitest';
import { createGithubClient } from '../../src/github/client.ts';
import { createReleases } from '../../src/github/releases.ts';
import { githubInHand, repository } from './github-in-hand.ts';

describe('resolving a release', () => {
  it('finds the commit of a lightweight tag, with who wrote it and when', async () => {
    const { client, control, clock } = await githubInHand();
    const pushed = control.pushRelease({
      version: 'v1.3.0',
      author: 'yuki-h',
      message: 'Faster search\n\nCloses #52',
    });

    const release = await createReleases(client).resolveRelease({ repository, version: 'v1.3.0' });

    expect(release).toEqual({
      outcome: 'found',
      version: 'v1.3.0',
      commit: {
        sha: pushed.sha,
        author: 'yuki-h',
        message: 'Faster search\n\nCloses #52',
        committedAtMs: clock.nowMs(),
        url: expect.stringMatching(new RegExp(`/northwind/site/commit/${pushed.sha}$`)),
      },
    });
  });

  it('follows an annotated tag to its commit', async () => {
    const { client, control } = await githubInHand();
    const seeded = control.state().releases.find((each) => each.version === 'v1.1.0');

    const release = await createReleases(client).resolveRelease({ repository, version: 'v1.1.0' });

    expect(seeded?.annotated).toBe(true);
    expect(release).toMatchObject({ outcome: 'found', commit: { sha: seeded?.sha } });
  });

  it('finds another commit once the tag was moved', async () => {
    const { client, control } = await githubInHand();
    const releases = createReleases(client);
    const older = control.state().releases.find((each) => each.version === 'v1.0.0');
    const before = await releases.resolveRelease({ repository, version: 'v1.2.0' });

    control.moveTag('v1.2.0', older?.sha ?? '');
    const after = await releases.resolveRelease({ repository, version: 'v1.2.0' });

    expect(before).not.toMatchObject({ commit: { sha: older?.sha } });
    expect(after).toMatchObject({ outcome: 'found', commit: { sha: older?.sha } });
  });

  it('does not guess at a version without its v, and names what looks most like it', async () => {
    const { client } = await githubInHand();

    const release = await createReleases(client).resolveRelease({ repository, version: '1.2.0' });

    expect(release).toMatchObject({ outcome: 'absent' });
    expect(release.outcome === 'absent' && release.nearest[0]).toBe('v1.2.0');
  });

  it('takes neither a branch, nor a commit, nor the beginning of a tag', async () => {
    const { client, control } = await githubInHand();
    const { headSha } = control.state();
    const releases = createReleases(client);

    for (const version of ['main', 'heads/main', headSha, 'v1.2', 'HEAD']) {
      expect(await releases.resolveRelease({ repository, version })).toMatchObject({ outcome: 'absent' });
    }
  });

  it('does not take a ref that merely begins with the version', async () => {
    const client = createGithubClient({
      token: 'secret',
      baseUrl: 'https://github.invalid',
      fetch: async (url) =>
        String(url).includes('/git/ref/')
          ? Response.json({ ref: 'refs/tags/v1.2.0', object: { type: 'commit', sha: 'a'.repeat(40) } })
          : Response.json([]),
    });

    const release = await createReleases(client).resolveRelease({ repository, version: 'v1.2' });

    expect(release).toEqual({ outcome: 'absent', nearest: [] });
  });

  it.each(['', '../../orgs/northwind', 'v1 2', 'v1\n', '\ud800', 'x'.repeat(5_000)])(
    'calls a name that no tag can have absent, case %#',
    async (version) => {
      const { client, control } = await githubInHand();

      const release = await createReleases(client).resolveRelease({ repository, version });

      expect(release).toMatchObject({ outcome: 'absent' });
      expect(control.calls().map((call) => call.path)).toEqual([
        '/api/v3/repos/northwind/site/tags?per_page=100',
      ]);
    },
  );

  it('sends a tag with odd characters as one name', async () => {
    const { client, control } = await githubInHand();
    const pushed = control.pushRelease({ version: 'site/v1.3.0+build#7%2e&x=1' });

    const release = await createReleases(client).resolveRelease({
      repository,
      version: 'site/v1.3.0+build#7%2e&x=1',
    });

    expect(release).toMatchObject({ outcome: 'found', commit: { sha: pushed.sha } });
  });

  it.each(['northwind/elsewhere', 'northwind', 'northwind/site/x', '../site', 'northwind/..'])(
    'says that the repository %s is not there, not the version',
    async (wrong) => {
      const { client } = await githubInHand();

      await expect(
        createReleases(client).resolveRelease({ repository: wrong, version: 'v1.2.0' }),
      ).rejects.toMatchObject({
        name: 'MisconfiguredError',
        code: 'github.repository-not-found',
        data: { repository: wrong },
      });
    },
  );

  it('does not call a version absent while GitHub is down', async () => {
    const { client, control } = await githubInHand();
    control.down(60);

    await expect(
      createReleases(client).resolveRelease({ repository, version: 'v1.2.0' }),
    ).rejects.toMatchObject({ name: 'RetryableError', code: 'github.unavailable' });
  });

  it('refuses a tag that leads to something else than a commit', async () => {
    const client = createGithubClient({
      token: 'secret',
      baseUrl: 'https://github.invalid',
      fetch: async () =>
        Response.json({ ref: 'refs/tags/v1', object: { type: 'tree', sha: 'a'.repeat(40) } }),
    });

    await expect(createReleases(client).resolveRelease({ repository, version: 'v1' })).rejects.toMatchObject({
      name: 'TerminalError',
      code: 'github.tag-not-a-commit',
    });
  });

  it('gives up on tags that point at tags without end', async () => {
    const client = createGithubClient({
      token: 'secret',
      baseUrl: 'https://github.invalid',
      fetch: async () => Response.json({ ref: 'refs/tags/v1', object: { type: 'tag', sha: 'a'.repeat(40) } }),
    });

    await expect(createReleases(client).resolveRelease({ repository, version: 'v1' })).rejects.toMatchObject({
      code: 'github.tag-not-a-commit',
    });
  });
});
