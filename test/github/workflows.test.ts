import { describe, expect, it } from 'vitest';
import { createGithubClient } from '../../src/github/client.ts';
import { createWorkflows } from '../../src/github/workflows.ts';
import { runConclusions } from '../../workspace/github/control.ts';
import { githubInHand, repository } from './github-in-hand.ts';

const workflow = 'deploy-staging.yml';

describe('SITE-1: the newest run of the staging workflow for a commit', () => {
  it('is running from the push on and succeeded when it has come to its end', async () => {
    const { client, control, clock } = await githubInHand();
    const { newestRunForCommit } = createWorkflows(client);
    const { sha, runId } = control.pushRelease({ version: 'v1.3.0', runSeconds: 20 });
    const ask = () => newestRunForCommit({ repository, workflow, sha });

    expect(await ask()).toMatchObject({ outcome: 'running', run: { id: runId, status: 'queued' } });
    await clock.advance(5_000);
    expect(await ask()).toMatchObject({ outcome: 'running', run: { status: 'in_progress' } });
    await clock.advance(15_000);
    expect(await ask()).toEqual({
      outcome: 'succeeded',
      run: {
        id: runId,
        url: expect.stringMatching(new RegExp(`/northwind/site/actions/runs/${runId}$`)),
        attempt: 1,
        status: 'completed',
        conclusion: 'success',
        startedAtMs: clock.nowMs() - 20_000,
        headSha: sha,
      },
    });
  });

  it.each(runConclusions.filter((each) => each !== 'success'))(
    'did not succeed when it ended as %s',
    async (conclusion) => {
      const { client, control } = await githubInHand();
      const { sha } = control.pushRelease({ version: 'v1.3.0' });
      control.setRun({ sha, status: 'completed', conclusion });

      expect(await createWorkflows(client).newestRunForCommit({ repository, workflow, sha })).toMatchObject({
        outcome: 'failed',
        run: { conclusion },
      });
    },
  );

  it('is absent when only another commit ran, and says which', async () => {
    const { client, control } = await githubInHand();
    const { sha } = control.pushRelease({ version: 'v1.3.0', runSeconds: 0 });
    control.removeRuns('v1.3.0');
    const other = control.runForOtherCommit('v1.3.0');

    expect(await createWorkflows(client).newestRunForCommit({ repository, workflow, sha })).toMatchObject({
      outcome: 'absent',
      forOtherCommit: { id: other.id, headSha: other.sha, conclusion: 'success' },
    });
  });

  it('is not outdone by a newer green run of another commit', async () => {
    const { client, control, clock } = await githubInHand();
    const { sha } = control.pushRelease({ version: 'v1.3.0', runSeconds: 0, conclusion: 'failure' });
    await clock.advance(60_000);
    control.runForOtherCommit('v1.3.0');

    expect(await createWorkflows(client).newestRunForCommit({ repository, workflow, sha })).toMatchObject({
      outcome: 'failed',
    });
  });

  it('is decided by the latest attempt, while it runs and after it failed', async () => {
    const { client, control, clock } = await githubInHand();
    const { newestRunForCommit } = createWorkflows(client);
    const { sha, runId } = control.pushRelease({ version: 'v1.3.0', runSeconds: 0 });
    const ask = () => newestRunForCommit({ repository, workflow, sha });
    expect(await ask()).toMatchObject({ outcome: 'succeeded', run: { attempt: 1 } });

    await clock.advance(60_000);
    control.rerun('v1.3.0', 'failure', 20);

    expect(await ask()).toMatchObject({ outcome: 'running', run: { id: runId, attempt: 2 } });
    await clock.advance(20_000);
    expect(await ask()).toMatchObject({ outcome: 'failed', run: { id: runId, attempt: 2 } });
  });

  it('says that the workflow is not there, or the repository, not that the run is absent', async () => {
    const { client, control } = await githubInHand();
    const { newestRunForCommit } = createWorkflows(client);
    const sha = control.state().headSha;

    await expect(newestRunForCommit({ repository, workflow: 'nightly.yml', sha })).rejects.toMatchObject({
      name: 'MisconfiguredError',
      code: 'github.workflow-not-found',
    });
    await expect(
      newestRunForCommit({ repository: 'northwind/elsewhere', workflow, sha }),
    ).rejects.toMatchObject({ name: 'MisconfiguredError', code: 'github.repository-not-found' });
  });

  it.each([
    ['down', 'github.unavailable'],
    ['rateLimited', 'github.rate-limited'],
  ] as const)('is never absent because GitHub is %s', async (fault, code) => {
    const { client, control } = await githubInHand();
    const sha = control.state().headSha;
    control[fault](60);

    await expect(
      createWorkflows(client).newestRunForCommit({ repository, workflow, sha }),
    ).rejects.toMatchObject({ name: 'RetryableError', code });
  });
});

describe('the newest run among several of one commit', () => {
  const sha = 'a'.repeat(40);
  const run = (given: Record<string, unknown>) => ({
    id: 1,
    html_url: 'https://github.invalid/run',
    run_number: 1,
    run_attempt: 1,
    status: 'completed',
    conclusion: 'success',
    head_sha: sha,
    created_at: '2026-03-02T10:00:00Z',
    run_started_at: '2026-03-02T10:00:00Z',
    repository: { id: 7 },
    head_repository: { id: 7 },
    ...given,
  });

  function newestOf(...runs: unknown[]) {
    const client = createGithubClient({
      token: 'secret',
      baseUrl: 'https://github.invalid',
      fetch: async () => Response.json({ total_count: runs.length, workflow_runs: runs }),
    });
    return createWorkflows(client).newestRunForCommit({ repository, workflow, sha });
  }

  it('is not the older green one, in whatever order they are listed', async () => {
    const green = run({ id: 1 });
    const red = run({
      id: 2,
      conclusion: 'failure',
      created_at: '2026-03-02T11:00:00Z',
      run_started_at: '2026-03-02T11:00:00Z',
    });

    expect(await newestOf(green, red)).toMatchObject({ outcome: 'failed', run: { id: 2 } });
    expect(await newestOf(red, green)).toMatchObject({ outcome: 'failed', run: { id: 2 } });
  });

  it('is an older run that was run again last', async () => {
    const again = run({
      id: 1,
      conclusion: 'failure',
      run_attempt: 2,
      run_started_at: '2026-03-02T12:00:00Z',
    });
    const between = run({
      id: 2,
      created_at: '2026-03-02T11:00:00Z',
      run_started_at: '2026-03-02T11:00:00Z',
    });

    expect(await newestOf(between, again)).toMatchObject({ outcome: 'failed', run: { id: 1, attempt: 2 } });
  });

  it('is the one with the higher number when both began in the same second', async () => {
    const first = run({ id: 1, run_number: 8 });
    const second = run({ id: 2, run_number: 9, conclusion: 'failure' });

    expect(await newestOf(first, second)).toMatchObject({ outcome: 'failed', run: { id: 2 } });
  });

  it('is never one from a fork, nor of another commit the filter let through', async () => {
    const fork = run({ head_repository: { id: 8 } });
    const deletedFork = run({ head_repository: null });
    const other = run({ head_sha: 'b'.repeat(40) });

    expect(await newestOf(fork, deletedFork)).toEqual({ outcome: 'absent' });
    expect(await newestOf(other)).toMatchObject({
      outcome: 'absent',
      forOtherCommit: { headSha: 'b'.repeat(40) },
    });
  });

  it.each([
    ['waiting', null, 'running'],
    [null, null, 'running'],
    ['completed', null, 'failed'],
    ['completed', 'SUCCESS', 'failed'],
    ['paused', 'success', 'running'],
  ])('is not taken for a success with status %s and conclusion %s', async (status, conclusion, outcome) => {
    expect(await newestOf(run({ status, conclusion }))).toMatchObject({ outcome });
  });
});
