import { Octokit } from '@octokit/rest';
import { describe, expect, it } from 'vitest';
import { githubInHand, repository, token } from '../../github/github-in-hand.ts';

const at = { owner: 'northwind', repo: 'site' };

async function get(apiUrl: string, path: string, headers: Record<string, string> = {}) {
  return fetch(`${apiUrl}${path}`, {
    headers: { authorization: `Bearer ${token}`, 'user-agent': 'test', ...headers },
  });
}

describe('the GitHub stand-in on the wire', () => {
  it('stamps its answers with the workspace clock and counts the hourly budget', async () => {
    const { apiUrl, clock } = await githubInHand();
    await get(apiUrl, '/repos/northwind/site');

    const response = await get(apiUrl, '/repos/northwind/site');

    expect(response.status).toBe(200);
    expect(Date.parse(response.headers.get('date') ?? '')).toBe(clock.nowMs());
    expect(response.headers.get('x-ratelimit-limit')).toBe('5000');
    expect(response.headers.get('x-ratelimit-remaining')).toBe('4998');
    expect(Number(response.headers.get('x-ratelimit-reset')) * 1000).toBe(clock.nowMs() + 3_600_000);

    await clock.advance(3_600_000);
    const later = await get(apiUrl, '/repos/northwind/site');
    expect(later.headers.get('x-ratelimit-remaining')).toBe('4999');
  });

  it('answers 304 to whoever has the answer already, and only as long as it holds', async () => {
    const { apiUrl, control } = await githubInHand();
    const first = await get(apiUrl, '/repos/northwind/site/tags');
    const etag = first.headers.get('etag') ?? '';

    const same = await get(apiUrl, '/repos/northwind/site/tags', { 'if-none-match': etag });
    control.pushRelease({ version: 'v1.3.0' });
    const changed = await get(apiUrl, '/repos/northwind/site/tags', { 'if-none-match': etag });

    expect(same.status).toBe(304);
    expect(await same.text()).toBe('');
    expect(changed.status).toBe(200);
  });

  it('hides the private repository from whoever brings no token, and refuses a wrong one', async () => {
    const { apiUrl } = await githubInHand();
    const anonymous = await fetch(`${apiUrl}/repos/northwind/site`, { headers: { 'user-agent': 'test' } });
    const wrong = await get(apiUrl, '/repos/northwind/site', { authorization: 'token nope' });

    expect(anonymous.status).toBe(404);
    expect(await anonymous.json()).toEqual({
      message: 'Not Found',
      documentation_url: 'https://docs.github.com/rest',
      status: '404',
    });
    expect(wrong.status).toBe(401);
    expect(await wrong.json()).toMatchObject({ message: 'Bad credentials', status: '401' });
  });

  it.each([
    ['GET', '/repos/northwind/site/pulls'],
    ['GET', '/repos/northwind/site/commits/main/status'],
    ['DELETE', '/repos/northwind/site/git/refs/tags/v1.0.0'],
    ['GET', '/user'],
    ['GET', '/repos/northwind/site/actions/runs?created=%3E2026-01-01'],
  ])('refuses and counts what it does not model: %s %s', async (method, path) => {
    const { apiUrl, control } = await githubInHand();

    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'user-agent': 'test' },
    });

    expect(response.status).toBe(404);
    expect(((await response.json()) as { message: string }).message).toMatch(/not modelled here/);
    expect(control.refused()).toMatchObject([{ method, path: `/api/v3${path}` }]);
    expect(control.state().refusedCount).toBe(1);
  });

  it('does not count an ordinary 404 as refused', async () => {
    const { apiUrl, control } = await githubInHand();

    const responses = await Promise.all([
      get(apiUrl, '/repos/northwind/elsewhere'),
      get(apiUrl, '/repos/northwind/site/git/ref/tags/v9'),
      get(apiUrl, '/repos/northwind/site/branches/nope'),
      get(apiUrl, '/repos/northwind/site/contents/nope.txt'),
      get(apiUrl, '/repos/northwind/site/actions/runs/1'),
      get(apiUrl, '/repos/northwind/site/releases/tags/v9'),
    ]);

    expect(responses.map((response) => response.status)).toEqual([404, 404, 404, 404, 404, 404]);
    expect(control.refused()).toEqual([]);
  });

  it('answers an unknown commit as GitHub does, with 422', async () => {
    const { apiUrl } = await githubInHand();

    const response = await get(apiUrl, '/repos/northwind/site/commits/nope');

    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({ message: 'No commit found for SHA: nope' });
  });

  it('survives a path that is not one', async () => {
    const { apiUrl } = await githubInHand();

    expect((await get(apiUrl, '/repos/northwind/site/branches/%E0%A4%A')).status).toBe(400);
    expect((await get(apiUrl, '/repos/northwind/site')).status).toBe(200);
  });

  it('recovers from each fault by itself when its time is over', async () => {
    const { apiUrl, control, clock } = await githubInHand();
    const status = async () => (await get(apiUrl, '/repos/northwind/site')).status;

    control.down(30);
    expect(await status()).toBe(503);
    await clock.advance(30_000);
    expect(await status()).toBe(200);

    control.rateLimited(30);
    expect(await status()).toBe(403);
    await clock.advance(30_000);
    expect(await status()).toBe(200);

    control.badCredentials(true);
    expect(await status()).toBe(401);
    control.badCredentials(false);
    expect(await status()).toBe(200);

    control.down(30, 'unreachable');
    await expect(status()).rejects.toThrow('fetch failed');
    expect(control.calls().at(-1)).toMatchObject({ status: 0 });
    control.down(0);
    expect(await status()).toBe(200);
  });

  it('leads the links of its answers to pages that a person can read', async () => {
    const { client, control } = await githubInHand();
    const { runId, sha } = control.pushRelease({ version: 'v1.3.0', message: 'Less <b>bold</b>' });
    const run = await client.actions.getWorkflowRun({ ...at, run_id: runId });
    const commit = await client.repos.getCommit({ ...at, ref: sha });

    const runPage = await fetch(run.data.html_url);
    const commitPage = await fetch(commit.data.html_url);

    expect(await runPage.text()).toContain('Deploy staging #');
    expect(await commitPage.text()).toContain('Less &#60;b&#62;bold&#60;/b&#62;');
    expect((await fetch(`${new URL(run.data.html_url).origin}/nobody/nothing`)).status).toBe(404);
  });
});

describe('the GitHub stand-in through Octokit', () => {
  it('knows the repository, its branches and its workflow', async () => {
    const { client, control } = await githubInHand();

    const repo = await client.repos.get(at);
    const branches = await client.repos.listBranches(at);
    const main = await client.repos.getBranch({ ...at, branch: 'main' });
    const workflows = await client.actions.listRepoWorkflows(at);
    const workflow = await client.actions.getWorkflow({ ...at, workflow_id: 'deploy-staging.yml' });

    expect(repo.data).toMatchObject({ full_name: repository, default_branch: 'main', private: true });
    expect(branches.data.map((branch) => branch.name)).toEqual(['main']);
    expect(main.data.commit.sha).toBe(control.state().headSha);
    expect(workflows.data.workflows).toEqual([workflow.data]);
    expect(workflow.data).toMatchObject({ name: 'Deploy staging', state: 'active' });
  });

  it('keeps lightweight and annotated tags apart', async () => {
    const { client, control } = await githubInHand();
    const [annotated] = control.state().releases.filter((release) => release.annotated);

    const light = await client.git.getRef({ ...at, ref: 'tags/v1.2.0' });
    const ref = await client.git.getRef({ ...at, ref: 'tags/v1.1.0' });
    const tag = await client.git.getTag({ ...at, tag_sha: ref.data.object.sha });

    expect(light.data.object.type).toBe('commit');
    expect(ref.data.object.type).toBe('tag');
    expect(tag.data).toMatchObject({ tag: 'v1.1.0', object: { type: 'commit', sha: annotated?.sha } });
  });

  it('shows a file as it was at a tag', async () => {
    const { client } = await githubInHand();
    const read = async (ref?: string) => {
      const { data } = await client.repos.getContent({
        ...at,
        path: 'package.json',
        ...(ref === undefined ? {} : { ref }),
      });
      if (Array.isArray(data) || data.type !== 'file') throw new Error('Not a file.');
      return JSON.parse(Buffer.from(data.content, 'base64').toString()).version;
    };

    expect(await read('v1.0.0')).toBe('1.0.0');
    expect(await read('v1.1.0')).toBe('1.1.0');
    expect(await read()).toBe('1.2.0');
  });

  it('has a green staging run for every released commit, with its jobs', async () => {
    const { client, control } = await githubInHand();

    for (const release of control.state().releases) {
      const runs = await client.actions.listWorkflowRuns({
        ...at,
        workflow_id: 'deploy-staging.yml',
        head_sha: release.sha,
      });
      expect(runs.data).toMatchObject({
        total_count: 1,
        workflow_runs: [{ status: 'completed', conclusion: 'success', head_sha: release.sha }],
      });
      const jobs = await client.actions.listJobsForWorkflowRun({
        ...at,
        run_id: runs.data.workflow_runs[0]?.id ?? 0,
      });
      expect(jobs.data.jobs.map((job) => [job.name, job.conclusion])).toEqual([
        ['build', 'success'],
        ['deploy', 'success'],
      ]);
    }
  });

  it('filters runs and lists them newest first', async () => {
    const { client, control, clock } = await githubInHand();
    const { runId } = control.pushRelease({ version: 'v1.3.0', conclusion: 'failure', runSeconds: 5 });
    await clock.advance(5_000);
    const list = async (filter: Parameters<typeof client.actions.listWorkflowRunsForRepo>[0]) =>
      (await client.actions.listWorkflowRunsForRepo(filter)).data.workflow_runs.map((run) => run.id);
    const all = await list(at);

    expect(all).toHaveLength(4);
    expect(all[0]).toBe(runId);
    expect(await list({ ...at, status: 'failure' })).toEqual([runId]);
    expect(await list({ ...at, status: 'completed' })).toEqual(all);
    expect(await list({ ...at, status: 'in_progress' })).toEqual([]);
    expect(await list({ ...at, branch: 'main', event: 'push' })).toEqual(all);
    expect(await list({ ...at, branch: 'other' })).toEqual([]);
    expect(await list({ ...at, event: 'schedule' })).toEqual([]);
  });

  it('links its pages so that Octokit can follow them', async () => {
    const { client, control } = await githubInHand();
    for (let count = 0; count < 5; count += 1) control.pushRelease({ version: `v3.0.${count}` });

    const tags = await client.paginate(client.repos.listTags, { ...at, per_page: 3 });
    const runs = await client.paginate(client.actions.listWorkflowRuns, {
      ...at,
      workflow_id: 'deploy-staging.yml',
      per_page: 3,
    });

    expect(tags.map((tag) => tag.name)).toEqual([
      'v3.0.4',
      'v3.0.3',
      'v3.0.2',
      'v3.0.1',
      'v3.0.0',
      'v1.2.0',
      'v1.1.0',
      'v1.0.0',
    ]);
    expect(new Set(runs.map((run) => run.id)).size).toBe(8);
  });

  it('compares two tags, both ways and to itself', async () => {
    const { client } = await githubInHand();
    const compare = async (basehead: string) =>
      (await client.repos.compareCommitsWithBasehead({ ...at, basehead })).data;

    expect(await compare('v1.0.0...v1.2.0')).toMatchObject({
      status: 'ahead',
      ahead_by: 2,
      behind_by: 0,
      files: [
        { filename: 'content/version.txt', status: 'modified' },
        { filename: 'package.json', status: 'modified' },
      ],
    });
    expect(await compare('v1.2.0...v1.0.0')).toMatchObject({ status: 'behind', behind_by: 2, commits: [] });
    expect(await compare('v1.2.0...v1.2.0')).toMatchObject({ status: 'identical', total_commits: 0 });
  });

  it('lists releases newest first and finds one by its tag', async () => {
    const { client } = await githubInHand();

    const releases = await client.repos.listReleases(at);
    const release = await client.repos.getReleaseByTag({ ...at, tag: 'v1.1.0' });

    expect(releases.data.map((each) => each.tag_name)).toEqual(['v1.2.0', 'v1.1.0', 'v1.0.0']);
    expect(release.data).toMatchObject({ tag_name: 'v1.1.0', draft: false, prerelease: false });
  });

  it('follows a deployment by its statuses and retires the ones before it', async () => {
    const { client, control } = await githubInHand();
    const deploy = async (ref: string) => {
      const { data } = await client.repos.createDeployment({
        ...at,
        ref,
        environment: 'staging',
        required_contexts: [],
      });
      if (!('id' in data)) throw new Error('Not created.');
      return Number(data.id);
    };
    const report = (deployment_id: number, state: 'in_progress' | 'success') =>
      client.repos.createDeploymentStatus({ ...at, deployment_id, state, log_url: 'https://log.invalid/1' });

    const first = await deploy('v1.1.0');
    await report(first, 'in_progress');
    await report(first, 'success');
    const second = await deploy('v1.2.0');
    const done = await report(second, 'success');

    expect(done.data).toMatchObject({ state: 'success', environment: 'staging' });
    const statuses = await client.repos.listDeploymentStatuses({ ...at, deployment_id: first });
    expect(statuses.data.map((status) => status.state)).toEqual(['inactive', 'success', 'in_progress']);
    const listed = await client.repos.listDeployments({ ...at, environment: 'staging' });
    expect(listed.data.map((deployment) => deployment.id)).toEqual([second, first]);
    const one = await client.repos.getDeployment({ ...at, deployment_id: second });
    expect(one.data).toMatchObject({ ref: 'v1.2.0', sha: control.state().headSha });
    expect(control.state().deployments).toMatchObject([
      { id: second, state: 'success' },
      { id: first, state: 'inactive' },
    ]);
  });

  it('refuses a deployment it could not make and a state that does not exist', async () => {
    const { client } = await githubInHand();
    const { data } = await client.repos.createDeployment({ ...at, ref: 'main', required_contexts: [] });
    const deployment_id = 'id' in data ? Number(data.id) : 0;

    await expect(client.repos.createDeployment({ ...at, ref: 'nope' })).rejects.toMatchObject({
      status: 422,
    });
    await expect(client.request('POST /repos/northwind/site/deployments')).rejects.toMatchObject({
      status: 422,
      response: { data: { errors: [{ resource: 'Deployment', field: 'ref', code: 'missing_field' }] } },
    });
    await expect(
      client.request('POST /repos/northwind/site/deployments/{deployment_id}/statuses', {
        deployment_id,
        state: 'deployed',
      }),
    ).rejects.toMatchObject({
      status: 422,
      response: { data: { errors: [{ resource: 'DeploymentStatus', field: 'state', code: 'invalid' }] } },
    });
  });

  it('takes a token in either of the two ways that Octokit writes it', async () => {
    const { apiUrl } = await githubInHand();
    const plain = new Octokit({ auth: token, baseUrl: apiUrl });

    await expect(plain.repos.get(at)).resolves.toMatchObject({ status: 200 });
  });
});
