import type { WorkspaceClock } from '../clock.ts';
import type {
  DeploymentView,
  DownKind,
  GithubCall,
  GithubControl,
  RateLimitKind,
  RefusedCall,
  ReleaseView,
  RunView,
} from './control.ts';
import { authorFor, packageJson } from './seed.ts';
import { runWebUrl } from './shapes.ts';
import {
  addCommit,
  addRun,
  addTag,
  type Commit,
  defaultRunSeconds,
  findCommit,
  newestRunsFirst,
  Repository,
  type Run,
  resolveRef,
  runAt,
  stagingWorkflow,
} from './state.ts';

/** What the transport reads before it answers, and writes after. */
export interface Traffic {
  fault(): {
    readonly down: DownKind | null;
    readonly rateLimited: { readonly kind: RateLimitKind; readonly endsAtMs: number } | null;
    readonly badCredentials: boolean;
    readonly slowMs: number;
  };
  record(call: GithubCall): void;
  refuse(call: RefusedCall): void;
}

const logLength = 1_000;

/** Builds the control and the traffic log around one repository. */
export function createGithubControl(options: {
  readonly clock: WorkspaceClock;
  readonly repository: Repository;
  readonly webUrl: () => string;
}): { control: GithubControl; traffic: Traffic; repository: () => Repository } {
  const { clock } = options;
  let repository = options.repository;
  let down: { how: DownKind; endsAtMs: number } | null = null;
  let limited: { kind: RateLimitKind; endsAtMs: number } | null = null;
  let badCredentials = false;
  let slowMs = 0;
  const calls: GithubCall[] = [];
  const refused: RefusedCall[] = [];
  let callCount = 0;
  let refusedCount = 0;

  const traffic: Traffic = {
    fault() {
      const nowMs = clock.nowMs();
      return {
        down: down !== null && nowMs < down.endsAtMs ? down.how : null,
        rateLimited: limited !== null && nowMs < limited.endsAtMs ? limited : null,
        badCredentials,
        slowMs,
      };
    },
    record(call) {
      callCount += 1;
      calls.push(call);
      if (calls.length > logLength) calls.shift();
    },
    refuse(call) {
      refusedCount += 1;
      refused.push(call);
      if (refused.length > logLength) refused.shift();
    },
  };

  const taggedCommit = (version: string): Commit => {
    const tag = repository.tags.find((each) => each.name === version);
    const commit = tag === undefined ? undefined : findCommit(repository, tag.commitSha);
    if (commit === undefined) throw new Error(`The repository has no tag ${version}.`);
    return commit;
  };

  const stagingRunsOf = (sha: string): Run[] => {
    const { id } = stagingWorkflow(repository);
    return newestRunsFirst(repository.runs.filter((run) => run.workflowId === id && run.headSha === sha));
  };

  const runView = (run: Run): RunView => {
    const moment = runAt(run, clock.nowMs());
    const workflow = repository.workflows.find((each) => each.id === run.workflowId);
    const drawing = { repository, nowMs: clock.nowMs(), apiUrl: '', webUrl: options.webUrl() };
    return {
      id: run.id,
      runNumber: run.runNumber,
      attempt: moment.attempt,
      workflow: workflow?.name ?? '',
      sha: run.headSha,
      status: moment.status,
      conclusion: moment.conclusion,
      createdAtMs: run.createdAtMs,
      startedAtMs: moment.startedAtMs,
      url: runWebUrl(drawing, run),
    };
  };

  const releaseViews = (): ReleaseView[] =>
    repository.tags
      .map((tag) => {
        const commit = taggedCommit(tag.name);
        const run = stagingRunsOf(commit.sha)[0];
        return {
          version: tag.name,
          sha: commit.sha,
          author: commit.author,
          message: commit.message,
          committedAtMs: commit.committedAtMs,
          annotated: tag.annotation !== null,
          run: run === undefined ? null : runView(run),
        };
      })
      .sort((left, right) => right.committedAtMs - left.committedAtMs);

  const deploymentViews = (): DeploymentView[] =>
    [...repository.deployments].reverse().map((deployment) => ({
      id: deployment.id,
      environment: deployment.environment,
      ref: deployment.ref,
      sha: deployment.sha,
      state: deployment.statuses.at(-1)?.state ?? 'pending',
      createdAtMs: deployment.createdAtMs,
    }));

  const control: GithubControl = {
    pushRelease(input) {
      if (repository.tags.some((tag) => tag.name === input.version)) {
        throw new Error(`The repository already has a tag ${input.version}.`);
      }
      const author = input.author ?? authorFor(repository, repository.commits.length);
      if (!repository.people.some((person) => person.login === author)) {
        throw new Error(`Nobody in the repository is called ${author}.`);
      }
      const atMs = clock.nowMs();
      const commit = addCommit(repository, {
        branch: repository.defaultBranch,
        message: input.message ?? `Release ${input.version}`,
        author,
        atMs,
        changes: {
          'package.json': packageJson(input.version),
          'content/version.txt': `${input.version}\n`,
        },
      });
      addTag(repository, {
        name: input.version,
        commit,
        annotation: input.annotated === true ? { message: `Release ${input.version}\n`, atMs } : undefined,
      });
      const run = addRun(repository, {
        workflow: stagingWorkflow(repository),
        commit,
        atMs,
        conclusion: input.conclusion ?? 'success',
        runSeconds: input.runSeconds ?? defaultRunSeconds,
      });
      return { version: input.version, sha: commit.sha, runId: run.id };
    },

    setRun(input) {
      const commit =
        input.version === undefined ? resolveRef(repository, input.sha) : taggedCommit(input.version);
      if (commit === undefined) throw new Error(`The repository has no commit ${input.sha}.`);
      const sinceMs = clock.nowMs();
      const conclusion = input.conclusion ?? 'success';
      const run =
        stagingRunsOf(commit.sha)[0] ??
        addRun(repository, {
          workflow: stagingWorkflow(repository),
          commit,
          atMs: sinceMs,
          conclusion,
          runSeconds: defaultRunSeconds,
        });
      const attempt = run.attempts.at(-1);
      if (attempt !== undefined) {
        attempt.pinned = {
          status: input.status,
          conclusion: input.status === 'completed' ? conclusion : null,
          sinceMs,
        };
      }
      return runView(run);
    },

    removeRuns(version) {
      const { sha } = taggedCommit(version);
      const kept = repository.runs.filter((run) => run.headSha !== sha);
      const removed = repository.runs.length - kept.length;
      repository.runs = kept;
      return removed;
    },

    rerun(version, conclusion, runSeconds = defaultRunSeconds) {
      const run = stagingRunsOf(taggedCommit(version).sha)[0];
      if (run === undefined) throw new Error(`No run of ${version} to run again.`);
      run.attempts.push({ startedAtMs: clock.nowMs(), runSeconds, conclusion, pinned: null });
      return runView(run);
    },

    runForOtherCommit(version) {
      taggedCommit(version);
      const atMs = clock.nowMs();
      const commit = addCommit(repository, {
        branch: repository.defaultBranch,
        message: `Work after ${version}`,
        author: authorFor(repository, repository.commits.length),
        atMs,
        changes: { 'content/notes.md': `After ${version}, ${repository.commits.length}\n` },
      });
      const workflow = stagingWorkflow(repository);
      return runView(addRun(repository, { workflow, commit, atMs, conclusion: 'success', runSeconds: 0 }));
    },

    moveTag(version, toSha) {
      taggedCommit(version);
      const commit = resolveRef(repository, toSha);
      if (commit === undefined) throw new Error(`The repository has no commit ${toSha}.`);
      repository.tags = repository.tags.map((tag) =>
        tag.name === version ? { name: version, commitSha: commit.sha, annotation: null } : tag,
      );
    },

    down(forSeconds, how = 'unavailable') {
      down = { how, endsAtMs: clock.nowMs() + forSeconds * 1000 };
    },
    rateLimited(forSeconds, kind = 'primary') {
      limited = { kind, endsAtMs: clock.nowMs() + forSeconds * 1000 };
    },
    badCredentials(on) {
      badCredentials = on;
    },
    slow(ms) {
      slowMs = ms;
    },

    state() {
      const fault = traffic.fault();
      const head = repository.branches.find((each) => each.name === repository.defaultBranch);
      return {
        repository: `${repository.owner}/${repository.name}`,
        defaultBranch: repository.defaultBranch,
        headSha: head?.sha ?? '',
        workflow: stagingWorkflow(repository).name,
        releases: releaseViews(),
        runs: newestRunsFirst(repository.runs).map(runView),
        deployments: deploymentViews(),
        faults: { ...fault, rateLimited: fault.rateLimited?.kind ?? null },
        callCount,
        refusedCount,
      };
    },
    calls: () => [...calls],
    refused: () => [...refused],
    save: () => structuredClone(repository),
    load(saved) {
      repository = Repository.parse(saved);
    },
  };

  return { control, traffic, repository: () => repository };
}
