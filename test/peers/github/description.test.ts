/** Every request that we send GitHub, and every answer of our stand-in, against GitHub's own description of its API. */
import { Octokit } from '@octokit/rest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGithubClient } from '../../../src/github/client.ts';
import { createComparisons } from '../../../src/github/compare.ts';
import { createReleases } from '../../../src/github/releases.ts';
import { requireRepository } from '../../../src/github/repository.ts';
import { createWorkflows } from '../../../src/github/workflows.ts';
import { createWorkspaceClock, type WorkspaceClock } from '../../../workspace/clock.ts';
import { type GithubControl, runConclusions, runStatuses } from '../../../workspace/github/control.ts';
import { createGithubStandIn, type GithubStandIn } from '../../../workspace/github/stand-in.ts';
import { met, type NamedDivergence } from '../divergences.ts';
import { leavingSrc } from '../leaving/leaving.mjs';
import { createRecorder, type Recorder } from '../recorder.ts';
import { type GithubDescription, readDescription } from './description.ts';

const token = 'ghs_judged';
const at = { owner: 'northwind', repo: 'site' };
const repository = `${at.owner}/${at.repo}`;
const base = '/api/v3';
const silent = () => undefined;

let description: GithubDescription;
let clock: WorkspaceClock;
let standIn: GithubStandIn;
let recorder: Recorder;
let octokit: Octokit;
let control: GithubControl;
/** Every operation that our sources name. */
let leaving: readonly string[];

beforeAll(async () => {
  // Before there is any connection that would go cold meanwhile.
  leaving = leavingSrc().github.map(({ name }) => name);
  description = readDescription();
  clock = createWorkspaceClock({ startMs: Date.UTC(2026, 2, 2, 9), speed: 0 });
  standIn = await createGithubStandIn({ clock, token });
  ({ control } = standIn);
  recorder = await createRecorder(new URL(standIn.apiUrl).origin);
  octokit = new Octokit({
    auth: token,
    baseUrl: `${recorder.origin}${base}`,
    log: { debug: silent, info: silent, warn: silent, error: silent },
  });
});
afterAll(async () => {
  await recorder.close();
  await standIn.close();
  clock.close();
});

/** The operations that were asked for meanwhile, with what they answered; everything about them has to be right. */
async function judged(ask: () => Promise<unknown>): Promise<string[]> {
  recorder.take();
  await ask().catch((error: unknown) => {
    if (!(error instanceof Error) || !('status' in error || 'code' in error)) throw error;
  });
  const judgements = recorder.take().map((exchange) => description.judge(exchange, base));
  expect(
    judgements.flatMap(({ operationId, status, wrongs }) =>
      wrongs.map((wrong) => `${operationId} ${status}: ${wrong}`),
    ),
  ).toEqual([]);
  return judgements.map(({ operationId, status }) => `${operationId} ${status}`);
}

const sent = new Set<string>();

describe('what we send GitHub', () => {
  const client = () => createGithubClient({ token, baseUrl: `${recorder.origin}${base}` });
  const sha = () => control.state().releases[0]?.sha ?? '';

  it.each<[string, () => Promise<unknown>, string[]]>([
    [
      'looking up a release',
      () => createReleases(client()).resolveRelease({ repository, version: 'v1.2.0' }),
      ['git/get-ref 200', 'repos/get-commit 200'],
    ],
    [
      'looking up a release whose tag is annotated',
      () => createReleases(client()).resolveRelease({ repository, version: 'v1.1.0' }),
      ['git/get-ref 200', 'git/get-tag 200', 'repos/get-commit 200'],
    ],
    [
      'looking up a release with a slash in its name',
      () => createReleases(client()).resolveRelease({ repository, version: 'site/v1.0.0' }),
      ['git/get-ref 404', 'repos/list-tags 200'],
    ],
    [
      'looking up a release that is not there, and offering the nearest',
      () => createReleases(client()).resolveRelease({ repository, version: 'v9' }),
      ['git/get-ref 404', 'repos/list-tags 200'],
    ],
    [
      'comparing two releases',
      () => createComparisons(client()).compareCommits({ repository, base: 'v1.0.0', head: 'v1.2.0' }),
      ['repos/compare-commits-with-basehead 200'],
    ],
    [
      'comparing with one that is not there',
      () => createComparisons(client()).compareCommits({ repository, base: 'v1.0.0', head: 'v9' }),
      ['repos/compare-commits-with-basehead 404', 'repos/get 200'],
    ],
    [
      'looking at a run for a commit',
      () =>
        createWorkflows(client()).newestRunForCommit({
          repository,
          workflow: 'deploy-staging.yml',
          sha: sha(),
        }),
      ['actions/list-workflow-runs 200'],
    ],
    [
      'looking at a run for a commit that has none',
      () =>
        createWorkflows(client()).newestRunForCommit({
          repository,
          workflow: 'deploy-staging.yml',
          sha: '0'.repeat(40),
        }),
      ['actions/list-workflow-runs 200', 'actions/list-workflow-runs 200'],
    ],
    ['looking at a repository', () => requireRepository(client(), repository), ['repos/get 200']],
    [
      'looking at a repository that is not there',
      () => requireRepository(client(), 'northwind/elsewhere'),
      ['repos/get 404'],
    ],
  ])('%s', async (_what, ask, operations) => {
    expect(await judged(ask)).toEqual(operations);
    for (const operation of operations) sent.add(operation.replace(/ \d+$/, ''));
  });
});

it('what we send GitHub was all that leaves our sources', () => {
  expect([...new Set(leaving)].sort()).toEqual([...sent].sort());
});

/** Nothing else may be wrong with it than that GitHub's description does not list this answer. */
async function unlisted(ask: () => Promise<unknown>, operation: string, status: number) {
  recorder.take();
  await ask().catch(() => undefined);
  const [first] = recorder.take().map((exchange) => description.judge(exchange, base));
  expect(first).toEqual({ operationId: operation, status, wrongs: [`${operation} never answers ${status}`] });
}

const unlistedAnswer: NamedDivergence = {
  name: 'GitHub’s description lists no 404 for workflows and runs',
  reason: 'GitHub answers 404 for a workflow or a run that is not there, and so does the stand-in.',
};

it('looking at a run of a workflow that is not there', async ({ task }) => {
  const client = createGithubClient({ token, baseUrl: `${recorder.origin}${base}` });
  await unlisted(
    () =>
      createWorkflows(client).newestRunForCommit({ repository, workflow: 'nope.yml', sha: '0'.repeat(40) }),
    'actions/list-workflow-runs',
    404,
  );
  met(task, unlistedAnswer);
});

describe('what our stand-in answers', () => {
  const { repos, git, actions } = new Proxy({} as Octokit['rest'], {
    get: (_target, group: keyof Octokit['rest']) =>
      new Proxy(
        {},
        {
          get: (_group, method) => (options: object) =>
            Reflect.get(octokit.rest[group], method)({ ...at, ...options }),
        },
      ),
  }) as unknown as Record<
    'repos' | 'git' | 'actions',
    Record<string, (options?: object) => Promise<unknown>>
  >;
  const call = (group: typeof repos, method: string, options: object = {}) => {
    const asked = group[method];
    if (asked === undefined) throw new Error(`no ${method}`);
    return asked(options);
  };
  const head = () => control.state().headSha;
  const runId = () => control.state().runs[0]?.id ?? 0;

  it.each<[string, () => Promise<unknown>, string]>([
    ['a repository', () => call(repos, 'get'), 'repos/get 200'],
    ['a branch’s ref', () => call(git, 'getRef', { ref: 'heads/main' }), 'git/get-ref 200'],
    ['no ref', () => call(git, 'getRef', { ref: 'tags/v9' }), 'git/get-ref 404'],
    ['no annotated tag', () => call(git, 'getTag', { tag_sha: '0'.repeat(40) }), 'git/get-tag 404'],
    ['a commit by branch', () => call(repos, 'getCommit', { ref: 'main' }), 'repos/get-commit 200'],
    ['no commit', () => call(repos, 'getCommit', { ref: 'nope' }), 'repos/get-commit 422'],
    [
      'a comparison with itself',
      () => call(repos, 'compareCommitsWithBasehead', { basehead: 'main...main' }),
      'repos/compare-commits-with-basehead 200',
    ],
    [
      'a comparison backwards',
      () => call(repos, 'compareCommitsWithBasehead', { basehead: 'v1.2.0...v1.0.0', per_page: 1, page: 2 }),
      'repos/compare-commits-with-basehead 200',
    ],
    [
      'a file',
      () => call(repos, 'getContent', { path: 'package.json', ref: 'v1.0.0' }),
      'repos/get-content 200',
    ],
    ['no file', () => call(repos, 'getContent', { path: 'nope.txt' }), 'repos/get-content 404'],
    ['tags', () => call(repos, 'listTags', { per_page: 2 }), 'repos/list-tags 200'],
    ['branches', () => call(repos, 'listBranches'), 'repos/list-branches 200'],
    ['a branch', () => call(repos, 'getBranch', { branch: 'main' }), 'repos/get-branch 200'],
    ['no branch', () => call(repos, 'getBranch', { branch: 'nope' }), 'repos/get-branch 404'],
    ['workflows', () => call(actions, 'listRepoWorkflows'), 'actions/list-repo-workflows 200'],
    [
      'a workflow',
      () => call(actions, 'getWorkflow', { workflow_id: 'deploy-staging.yml' }),
      'actions/get-workflow 200',
    ],
    [
      'runs',
      () => call(actions, 'listWorkflowRunsForRepo', { status: 'success' }),
      'actions/list-workflow-runs-for-repo 200',
    ],
    ['a run', () => call(actions, 'getWorkflowRun', { run_id: runId() }), 'actions/get-workflow-run 200'],
    [
      'jobs of a run',
      () => call(actions, 'listJobsForWorkflowRun', { run_id: runId() }),
      'actions/list-jobs-for-workflow-run 200',
    ],
    ['releases', () => call(repos, 'listReleases'), 'repos/list-releases 200'],
    ['a release', () => call(repos, 'getReleaseByTag', { tag: 'v1.2.0' }), 'repos/get-release-by-tag 200'],
    ['no release', () => call(repos, 'getReleaseByTag', { tag: 'v9' }), 'repos/get-release-by-tag 404'],
    [
      'a new deployment',
      () =>
        call(repos, 'createDeployment', {
          ref: 'v1.2.0',
          payload: { promotion: 'p1' },
          required_contexts: [],
          description: 'x',
        }),
      'repos/create-deployment 201',
    ],
    [
      'a deployment that waits for checks',
      () => call(repos, 'createDeployment', { ref: 'v1.2.0', required_contexts: ['ci'] }),
      'repos/create-deployment 409',
    ],
    [
      'no deployment of nothing',
      () => call(repos, 'createDeployment', { ref: 'nope' }),
      'repos/create-deployment 422',
    ],
    [
      'deployments',
      () => call(repos, 'listDeployments', { environment: 'production' }),
      'repos/list-deployments 200',
    ],
    ['no deployment', () => call(repos, 'getDeployment', { deployment_id: 1 }), 'repos/get-deployment 404'],
  ])('%s', async (_what, ask, operation) => {
    expect(await judged(ask)).toEqual([operation]);
  });

  it.each(['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success'])(
    'a deployment that is %s, with its statuses',
    async (state) => {
      const { data } = await octokit.rest.repos.createDeployment({
        ...at,
        ref: 'v1.2.0',
        required_contexts: [],
      });
      const deployment_id = 'id' in data ? data.id : 0;
      const asked = await judged(async () => {
        await call(repos, 'createDeploymentStatus', {
          deployment_id,
          state,
          log_url: 'https://countersign.example/p1',
        });
        await call(repos, 'listDeploymentStatuses', { deployment_id });
        await call(repos, 'getDeployment', { deployment_id });
      });
      expect(asked).toEqual([
        'repos/create-deployment-status 201',
        'repos/list-deployment-statuses 200',
        'repos/get-deployment 200',
      ]);
    },
  );

  const standings = [
    ...runStatuses.filter((status) => status !== 'completed').map((status) => [status, undefined] as const),
    ...runConclusions.map((conclusion) => ['completed', conclusion] as const),
  ];
  it.each(standings)('a run that is %s (%s), with its jobs', async (status, conclusion) => {
    const { id } = control.setRun({ sha: head(), status, conclusion });
    const asked = await judged(async () => {
      await call(actions, 'getWorkflowRun', { run_id: id });
      await call(actions, 'listJobsForWorkflowRun', { run_id: id });
      await call(actions, 'listWorkflowRuns', { workflow_id: 'deploy-staging.yml', head_sha: head() });
    });
    expect(asked).toEqual([
      'actions/get-workflow-run 200',
      'actions/list-jobs-for-workflow-run 200',
      'actions/list-workflow-runs 200',
    ]);
  });

  it.each<[string, () => void, () => void, number]>([
    ['its edge is down', () => control.down(30), () => control.down(0), 503],
    [
      'the hour’s budget is used up',
      () => control.rateLimited(60, 'primary'),
      () => control.rateLimited(0),
      403,
    ],
    [
      'it thinks there is abuse',
      () => control.rateLimited(60, 'secondary'),
      () => control.rateLimited(0),
      403,
    ],
    ['the token is not taken', () => control.badCredentials(true), () => control.badCredentials(false), 401],
  ])('when %s', async (_what, begin, end, status) => {
    begin();
    try {
      expect(await judged(() => call(repos, 'get'))).toEqual([`repos/get ${status}`]);
    } finally {
      end();
    }
  });

  it.for<[string, string, object]>([
    ['no workflow', 'get-workflow', { workflow_id: 'nope.yml' }],
    ['no run', 'get-workflow-run', { run_id: 1 }],
    ['no jobs of no run', 'list-jobs-for-workflow-run', { run_id: 1 }],
  ])('%s', async ([_what, operation, options], { task }) => {
    const method = operation.replace(/-(.)/g, (_match, letter: string) => letter.toUpperCase());
    await unlisted(() => call(actions, method, options), `actions/${operation}`, 404);
    met(task, unlistedAnswer);
  });

  it('a refusal with its status in it', async ({ task }) => {
    recorder.take();
    await call(repos, 'getCommit', { ref: 'nope' }).catch(() => undefined);
    const [refusal] = recorder.take();
    expect(JSON.parse(refusal?.answer ?? '{}')).toMatchObject({ status: '422' });
    met(task, {
      name: 'GitHub’s description knows no status in the body of a 422',
      reason: 'GitHub writes it into every refusal; of the schemas only basic-error has it.',
    });
  });

  it('nothing new since the last time', async () => {
    const first = await octokit.rest.repos.listTags(at);
    const headers = { 'if-none-match': first.headers.etag ?? '' };
    expect(await judged(() => call(repos, 'listTags', { headers }))).toEqual(['repos/list-tags 304']);
  });

  it('a body that is no deployment, which Octokit would not send', async () => {
    recorder.take();
    const answer = await fetch(`${recorder.origin}${base}/repos/${repository}/deployments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.github+json', 'user-agent': 'x' },
      body: '{"environment":7}',
    });
    expect(answer.status).toBe(422);
    const [judgement] = recorder.take().map((exchange) => description.judge(exchange, base));
    // The request is wrong and has to be told so; the answer is GitHub's.
    expect(judgement?.wrongs.filter((wrong) => !wrong.startsWith('body:'))).toEqual([]);
    expect(judgement?.wrongs.length).toBeGreaterThan(0);
  });
});

describe('what would be wrong is found', () => {
  const exchange = {
    method: 'GET',
    path: `${base}/repos/${repository}/tags?per_page=2`,
    headers: { accept: 'application/vnd.github.v3+json', 'user-agent': 'x' },
    body: '',
    status: 200,
    answer: '[]',
    answerHeaders: { 'content-type': 'application/json' },
  };
  const deployment = {
    ...exchange,
    method: 'POST',
    path: `${base}/repos/${repository}/deployments`,
    status: 422,
    answer: '{"message":"x"}',
  };

  it.each([
    [
      'an operation that GitHub does not have',
      { ...exchange, path: `${base}/repos/${repository}/promotions` },
    ],
    ['a word in the query', { ...exchange, path: `${base}/repos/${repository}/tags?colour=red` }],
    [
      'a number in the query that is none',
      { ...exchange, path: `${base}/repos/${repository}/tags?per_page=many` },
    ],
    ['no user agent', { ...exchange, headers: { accept: exchange.headers.accept } }],
    ['a member that is missing in the answer', { ...exchange, answer: '[{"name":"v1"}]' }],
    ['a member of another kind', { ...exchange, answer: '{"name":"v1"}' }],
    ['a status that is never given', { ...exchange, status: 418, answer: '{"message":"x"}' }],
    ['a deployment without its ref', { ...deployment, body: '{"environment":"production"}' }],
    [
      'a state that there is none',
      {
        ...deployment,
        path: `${base}/repos/${repository}/deployments/1/statuses`,
        body: '{"state":"splendid"}',
      },
    ],
  ])('%s', (_what, wrong) => {
    expect(description.judge(exchange, base).wrongs).toEqual([]);
    expect(description.judge(wrong, base).wrongs).not.toEqual([]);
  });

  it('a member that was invented', async () => {
    recorder.take();
    await octokit.rest.git.getRef({ ...at, ref: 'heads/main' });
    const [real] = recorder.take();
    if (real === undefined) throw new Error('nothing was asked');
    const answer = { ...JSON.parse(real.answer), colour: 'red' };
    expect(description.judge({ ...real, answer: JSON.stringify(answer) }, base).wrongs).toEqual([
      'answer: /colour is in no schema',
    ]);
  });
});
