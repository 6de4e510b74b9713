import { z } from 'zod';
import { MisconfiguredError } from '../flows/errors.ts';
import type { GithubClient } from './client.ts';
import { ask } from './errors.ts';
import { parseRepositoryName, requireRepository } from './repository.ts';

export interface WorkflowRun {
  readonly id: number;
  readonly url: string;
  readonly attempt: number;
  /** GitHub's own word; `completed` is the only one that ends a run. */
  readonly status: string;
  readonly conclusion: string | null;
  readonly startedAtMs: number;
  readonly headSha: string;
}

export type NewestRun =
  | { readonly outcome: 'succeeded' | 'running' | 'failed'; readonly run: WorkflowRun }
  /** `forOtherCommit` is the newest run of the workflow at all, to say what did run. */
  | { readonly outcome: 'absent'; readonly forOtherCommit?: WorkflowRun };

export interface Workflows {
  /**
   * How the newest run of a workflow for exactly this commit stands. Only that run decides, never an earlier
   * green one, and only the conclusion `success` is success. A new attempt counts from its own start, so
   * running an old run again makes it the newest. Runs from forks do not count: whoever owns the fork also
   * wrote the workflow that ran.
   * `workflow` is the file's name (`deploy-staging.yml`) or the workflow's number.
   * Throws as `ask` does, and `MisconfiguredError` (github.repository-not-found, github.workflow-not-found).
   */
  newestRunForCommit(input: {
    readonly repository: string;
    readonly workflow: string;
    readonly sha: string;
  }): Promise<NewestRun>;
}

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

const Run = z.object({
  id: z.number(),
  html_url: z.string(),
  run_number: z.number(),
  run_attempt: z.number().default(1),
  status: z.string().nullable(),
  conclusion: z.string().nullable(),
  head_sha: z.string(),
  created_at: time,
  run_started_at: time.optional(),
  repository: z.object({ id: z.number() }),
  head_repository: z.object({ id: z.number() }).nullish(),
});
type Run = z.infer<typeof Run>;

export function createWorkflows(client: GithubClient): Workflows {
  const trustedRuns = async (repository: string, workflow: string, sha?: string): Promise<Run[]> => {
    const asked = await ask(
      z.object({ workflow_runs: z.array(Run) }),
      client.actions.listWorkflowRuns({
        ...parseRepositoryName(repository),
        workflow_id: workflow,
        ...(sha === undefined ? { per_page: 20 } : { head_sha: sha, per_page: 100 }),
      }),
    );
    if (asked.outcome === 'not-found') {
      await requireRepository(client, repository);
      throw new MisconfiguredError(
        'github.workflow-not-found',
        `${repository} has no workflow ${workflow}.`,
        {
          data: { repository, workflow },
        },
      );
    }
    return asked.data.workflow_runs
      .filter((run) => run.head_repository?.id === run.repository.id)
      .sort(newestFirst);
  };

  return {
    async newestRunForCommit({ repository, workflow, sha }) {
      const runs = await trustedRuns(repository, workflow, sha);
      const newest = runs.find((run) => run.head_sha === sha);
      if (newest !== undefined) return { outcome: standing(newest), run: workflowRun(newest) };
      const other = (await trustedRuns(repository, workflow)).find((run) => run.head_sha !== sha);
      return { outcome: 'absent', ...(other === undefined ? {} : { forOtherCommit: workflowRun(other) }) };
    },
  };
}

function startedAtMs(run: Run): number {
  return run.run_started_at ?? run.created_at;
}

function newestFirst(left: Run, right: Run): number {
  return (
    startedAtMs(right) - startedAtMs(left) ||
    right.created_at - left.created_at ||
    right.run_number - left.run_number ||
    right.run_attempt - left.run_attempt
  );
}

function standing(run: Run): 'succeeded' | 'running' | 'failed' {
  if (run.status !== 'completed') return 'running';
  return run.conclusion === 'success' ? 'succeeded' : 'failed';
}

function workflowRun(run: Run): WorkflowRun {
  return {
    id: run.id,
    url: run.html_url,
    attempt: run.run_attempt,
    status: run.status ?? 'unknown',
    conclusion: run.conclusion,
    startedAtMs: startedAtMs(run),
    headSha: run.head_sha,
  };
}
