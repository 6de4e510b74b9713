/** Our half of GitHub against `emulate`, which others wrote, and against our stand-in: the same scenarios and assertions. */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Octokit } from '@octokit/rest';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { MisconfiguredError } from '../../../src/flows/errors.ts';
import { createGithubClient } from '../../../src/github/client.ts';
import { createComparisons } from '../../../src/github/compare.ts';
import { createReleases } from '../../../src/github/releases.ts';
import { requireRepository } from '../../../src/github/repository.ts';
import { createWebhookGate, type Webhook } from '../../../src/github/webhooks.ts';
import { createWorkflows } from '../../../src/github/workflows.ts';
import { createWorkspaceClock } from '../../../workspace/clock.ts';
import { createGithubStandIn } from '../../../workspace/github/stand-in.ts';
import { met, type NamedDivergence } from '../divergences.ts';

const at = { owner: 'northwind', repo: 'site' };
const repository = `${at.owner}/${at.repo}`;
const workflow = 'deploy-staging.yml';

const divergence = {
  tags: {
    name: 'emulate lists annotated tags alone',
    reason: 'GitHub lists every tag; a release that is not there is then offered fewer neighbours.',
  },
  anyToken: {
    name: 'emulate takes any token',
    reason: 'GitHub answers 401 for one that it does not know.',
  },
  noWorkflows: {
    name: 'emulate has no way to have a workflow',
    reason: 'Runs of workflows are judged by GitHub’s description alone.',
  },
  numbered: {
    name: 'emulate numbers its deliveries',
    reason: 'GitHub names each by a GUID, and our gate lets nothing else in; here each is given one before.',
  },
} satisfies Record<string, NamedDivergence>;

interface Peer {
  readonly name: 'emulate' | 'our stand-in';
  readonly baseUrl: string;
  readonly token: string;
  /** v1.0.0 and v1.2.0 are plain tags, v1.1.0 is annotated; each is one commit on top of the one before. */
  readonly commits: Readonly<
    Record<string, { readonly sha: string; readonly message: string; readonly author: string }>
  >;
}

const Emulate = z.object({
  createEmulator: z.custom<(options: object) => Promise<{ readonly url: string; close(): Promise<void> }>>(
    (value) => typeof value === 'function',
  ),
});

async function startEmulate() {
  // By name, so that its types need not be there where nobody judges.
  const name: string = 'emulate';
  const { createEmulator } = Emulate.parse(await import(name));
  const token = 'ghs_emulate';
  const emulator = await createEmulator({
    service: 'github',
    port: 0,
    seed: {
      tokens: { [token]: { login: 'mara-okafor', scopes: ['repo', 'admin:repo_hook'] } },
      github: {
        users: [{ login: 'mara-okafor', name: 'Mara Okafor', email: 'mara@northwind.example' }],
        orgs: [{ login: at.owner, members: [{ login: 'mara-okafor', role: 'admin' }] }],
        repos: [{ owner: at.owner, name: at.repo, auto_init: true }],
      },
    },
  });
  onTestFinished(() => emulator.close());
  const baseUrl = emulator.url.replace('localhost', '127.0.0.1');
  const silent = () => undefined;
  const octokit = new Octokit({
    auth: token,
    baseUrl,
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
  return { token, baseUrl, octokit };
}

async function openEmulate(): Promise<Peer> {
  const { token, baseUrl, octokit } = await startEmulate();
  const { git, repos } = octokit.rest;
  const commits: Record<string, { sha: string; message: string; author: string }> = {};
  for (const version of ['v1.0.0', 'v1.1.0', 'v1.2.0']) {
    const message = `Release ${version}`;
    const person = { name: 'Mara Okafor', email: 'mara@northwind.example' };
    const { data } = await repos.createOrUpdateFileContents({
      ...at,
      path: `releases/${version}.txt`,
      message,
      content: Buffer.from(version).toString('base64'),
      author: person,
      committer: person,
    });
    const sha = data.commit.sha ?? '';
    commits[version] = { sha, message, author: 'mara-okafor' };
    const tagged =
      version === 'v1.1.0'
        ? (await git.createTag({ ...at, tag: version, message, object: sha, type: 'commit' })).data.sha
        : sha;
    await git.createRef({ ...at, ref: `refs/tags/${version}`, sha: tagged });
  }
  return { name: 'emulate', baseUrl, token, commits };
}

async function openOurs(): Promise<Peer> {
  const clock = createWorkspaceClock({ startMs: Date.UTC(2026, 2, 2, 9), speed: 0 });
  const token = 'ghs_workspace';
  const standIn = await createGithubStandIn({ clock, token });
  onTestFinished(async () => {
    await standIn.close();
    clock.close();
  });
  const { releases } = standIn.control.state();
  return {
    name: 'our stand-in',
    baseUrl: standIn.apiUrl,
    token,
    commits: Object.fromEntries(
      releases.map(({ version, sha, message, author }) => [version, { sha, message, author }]),
    ),
  };
}

describe.each([
  ['emulate', openEmulate],
  ['our stand-in', openOurs],
] as const)('GitHub as %s', (_name, open) => {
  const clientOf = ({ baseUrl, token }: Peer) => createGithubClient({ baseUrl, token });
  const shaOf = ({ commits }: Peer, version: string) => commits[version]?.sha ?? '';

  it.each(['v1.0.0', 'v1.1.0', 'v1.2.0'])('knows the commit of %s, however it is tagged', async (version) => {
    const peer = await open();
    const found = await createReleases(clientOf(peer)).resolveRelease({ repository, version });
    expect(found).toMatchObject({ outcome: 'found', version, commit: peer.commits[version] });
  });

  it.each(['main', '1.1.0', 'v1.1', 'heads/main'])('takes %s for no release', async (version) => {
    const peer = await open();
    expect(await createReleases(clientOf(peer)).resolveRelease({ repository, version })).toMatchObject({
      outcome: 'absent',
    });
  });

  it('offers the releases that look most like one that is not there', async ({ task }) => {
    const peer = await open();
    const asked = await createReleases(clientOf(peer)).resolveRelease({ repository, version: 'v1.1.1' });
    if (peer.name === 'our stand-in')
      expect(asked).toEqual({
        outcome: 'absent',
        nearest: expect.arrayContaining(['v1.0.0', 'v1.1.0', 'v1.2.0']),
      });
    else {
      expect(asked).toEqual({ outcome: 'absent', nearest: ['v1.1.0'] });
      met(task, divergence.tags);
    }
  });

  it.each([
    ['v1.0.0', 'v1.2.0', 2, 0],
    ['v1.2.0', 'v1.1.0', 0, 1],
    ['v1.1.0', 'v1.1.0', 0, 0],
  ])('from %s to %s there are %i commits, and %i back', async (base, head, aheadBy, behindBy) => {
    const peer = await open();
    const compared = await createComparisons(clientOf(peer)).compareCommits({ repository, base, head });
    expect(compared).toMatchObject({ outcome: 'compared', aheadBy, behindBy, authorsComplete: true });
    if (compared.outcome === 'compared') expect(compared.authors.length > 0).toBe(aheadBy > 0);
  });

  it('compares commits by their names as well', async () => {
    const peer = await open();
    const [base, head] = [shaOf(peer, 'v1.0.0'), shaOf(peer, 'v1.1.0')];
    expect(await createComparisons(clientOf(peer)).compareCommits({ repository, base, head })).toMatchObject({
      aheadBy: 1,
    });
  });

  it('compares nothing with what is not there', async () => {
    const peer = await open();
    const compared = createComparisons(clientOf(peer)).compareCommits({
      repository,
      base: 'v1.0.0',
      head: 'v9',
    });
    expect(await compared).toEqual({ outcome: 'incomparable' });
  });

  it('tells a repository that is not there from a release that is not', async () => {
    const peer = await open();
    const client = clientOf(peer);
    await requireRepository(client, repository);
    const code = { code: 'github.repository-not-found' };
    const elsewhere = `${at.owner}/elsewhere`;
    await expect(requireRepository(client, elsewhere)).rejects.toMatchObject(code);
    await expect(
      createReleases(client).resolveRelease({ repository: elsewhere, version: 'v1' }),
    ).rejects.toMatchObject(code);
  });

  it('tells a workflow that is not there', async ({ task }) => {
    const peer = await open();
    const workflows = createWorkflows(clientOf(peer));
    const asked = { repository, sha: shaOf(peer, 'v1.2.0') };
    await expect(workflows.newestRunForCommit({ ...asked, workflow: 'nope.yml' })).rejects.toMatchObject({
      code: 'github.workflow-not-found',
    });
    if (peer.name === 'our stand-in')
      expect(await workflows.newestRunForCommit({ ...asked, workflow })).toMatchObject({
        outcome: 'succeeded',
      });
    else met(task, divergence.noWorkflows);
  });

  it('refuses a token that it does not know', async ({ task }) => {
    const peer = await open();
    const client = createGithubClient({ baseUrl: peer.baseUrl, token: 'ghs_nobodys' });
    const asked = requireRepository(client, repository);
    if (peer.name === 'our stand-in') await expect(asked).rejects.toBeInstanceOf(MisconfiguredError);
    else {
      expect(await asked).toBeUndefined();
      met(task, divergence.anyToken);
    }
  });
});

describe('webhooks that emulate sends over HTTP', () => {
  /** An address that only keeps what comes. */
  async function listening() {
    const received: { headers: Record<string, string | string[] | undefined>; rawBody: Buffer }[] = [];
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(Buffer.from(chunk as Uint8Array));
      received.push({ headers: request.headers, rawBody: Buffer.concat(chunks) });
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    });
    return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/github/webhooks` };
  }

  it('pass our gate, each with its event, and none with another secret', async ({ task }) => {
    const { octokit } = await startEmulate();
    const { git, repos, issues, checks } = octokit.rest;
    const { received, url } = await listening();
    const secret = 'hook secret ✓';
    await repos.createWebhook({ ...at, config: { url, secret, content_type: 'json' }, events: ['*'] });
    const { data } = await repos.createOrUpdateFileContents({
      ...at,
      path: 'a.txt',
      message: 'Grüße 東京',
      content: 'YQ==',
    });
    const sha = data.commit.sha ?? '';
    await git.createRef({ ...at, ref: 'refs/tags/v1.0.0', sha });
    await repos.createRelease({ ...at, tag_name: 'v1.0.0' });
    await issues.create({ ...at, title: '🗼' });
    await checks.create({ ...at, name: 'ci', head_sha: sha, status: 'completed', conclusion: 'success' });
    await expect.poll(() => received.length, { timeout: 10_000 }).toBeGreaterThan(4);

    const letIn = createWebhookGate(secret);
    const another = createWebhookGate('another secret');
    const seen: Webhook[] = [];
    for (const { headers, rawBody } of received) {
      expect(await letIn({ headers, rawBody })).toMatchObject({ outcome: 'refused', reason: 'unreadable' });
      const named = { headers: { ...headers, 'x-github-delivery': randomUUID() }, rawBody };
      seen.push(await letIn(named));
      expect(await another(named)).toMatchObject({ outcome: 'refused', status: 401 });
    }
    met(task, divergence.numbered);
    expect(seen.filter(({ outcome }) => outcome !== 'genuine')).toEqual([]);
    const events = seen.map((webhook) => (webhook.outcome === 'genuine' ? webhook.event : ''));
    expect(events).toEqual(expect.arrayContaining(['push', 'release', 'issues', 'check_run']));
    for (const webhook of seen) expect(webhook).toMatchObject({ repository });
  });
});
