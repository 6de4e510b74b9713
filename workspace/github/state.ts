import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type RunConclusion, type RunStatus, runConclusions, runStatuses } from './control.ts';

const Person = z.object({
  login: z.string(),
  id: z.number().int(),
  name: z.string(),
  email: z.string(),
  type: z.enum(['User', 'Bot', 'Organization']),
});
export type Person = z.infer<typeof Person>;

const Commit = z.object({
  sha: z.string(),
  parents: z.array(z.string()),
  message: z.string(),
  author: z.string(),
  committedAtMs: z.number(),
  /** Path to new content; null deletes the file. The tree is found by walking back through the parents. */
  changes: z.record(z.string(), z.string().nullable()),
});
export type Commit = z.infer<typeof Commit>;

const Tag = z.object({
  name: z.string(),
  commitSha: z.string(),
  annotation: z
    .object({ sha: z.string(), message: z.string(), tagger: z.string(), atMs: z.number() })
    .nullable(),
});
export type Tag = z.infer<typeof Tag>;

const Workflow = z.object({
  id: z.number().int(),
  name: z.string(),
  path: z.string(),
  createdAtMs: z.number(),
  jobs: z.array(z.string()),
});
export type Workflow = z.infer<typeof Workflow>;

const Attempt = z.object({
  startedAtMs: z.number(),
  runSeconds: z.number(),
  conclusion: z.enum(runConclusions),
  /** A state set by hand, which time no longer changes. */
  pinned: z
    .object({
      status: z.enum(runStatuses),
      conclusion: z.enum(runConclusions).nullable(),
      sinceMs: z.number(),
    })
    .nullable(),
});

const Run = z.object({
  id: z.number().int(),
  runNumber: z.number().int(),
  workflowId: z.number().int(),
  headSha: z.string(),
  headBranch: z.string(),
  event: z.string(),
  actor: z.string(),
  createdAtMs: z.number(),
  /** Oldest first, never empty; only the last one decides what the run is. */
  attempts: z.array(Attempt).min(1),
});
export type Run = z.infer<typeof Run>;

const DeploymentStatus = z.object({
  id: z.number().int(),
  state: z.enum(['error', 'failure', 'inactive', 'pending', 'success', 'queued', 'in_progress']),
  description: z.string(),
  environment: z.string(),
  targetUrl: z.string(),
  environmentUrl: z.string(),
  atMs: z.number(),
});
export type DeploymentStatus = z.infer<typeof DeploymentStatus>;

const Deployment = z.object({
  id: z.number().int(),
  sha: z.string(),
  ref: z.string(),
  task: z.string(),
  payload: z.union([z.record(z.string(), z.unknown()), z.string()]),
  environment: z.string(),
  description: z.string().nullable(),
  transient: z.boolean(),
  production: z.boolean(),
  createdAtMs: z.number(),
  statuses: z.array(DeploymentStatus),
});
export type Deployment = z.infer<typeof Deployment>;

const Release = z.object({
  id: z.number().int(),
  tagName: z.string(),
  name: z.string(),
  body: z.string(),
  author: z.string(),
  createdAtMs: z.number(),
});
export type Release = z.infer<typeof Release>;

/** Everything one repository holds; what `save` writes and `load` reads. */
export const Repository = z.object({
  id: z.number().int(),
  owner: z.string(),
  name: z.string(),
  description: z.string(),
  defaultBranch: z.string(),
  createdAtMs: z.number(),
  people: z.array(Person),
  commits: z.array(Commit),
  branches: z.array(z.object({ name: z.string(), sha: z.string() })),
  tags: z.array(Tag),
  workflows: z.array(Workflow),
  stagingWorkflow: z.string(),
  runs: z.array(Run),
  deployments: z.array(Deployment),
  releases: z.array(Release),
  nextId: z.number().int(),
});
export type Repository = z.infer<typeof Repository>;

export const defaultRunSeconds = 20;

export function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

/** The name git itself gives to a file's content. */
export function blobSha(content: string): string {
  return sha1(`blob ${Buffer.byteLength(content)}\0${content}`);
}

export function takeId(repository: Repository): number {
  const id = repository.nextId;
  repository.nextId += 1;
  return id;
}

export function findCommit(repository: Repository, sha: string): Commit | undefined {
  return repository.commits.find((commit) => commit.sha === sha);
}

/** The commit that a branch, tag, `heads/x`, `tags/x`, full or shortened hash stands for. */
export function resolveRef(repository: Repository, ref: string): Commit | undefined {
  if (ref === 'HEAD') return resolveRef(repository, `heads/${repository.defaultBranch}`);
  const name = ref.replace(/^refs\//, '').replace(/^(heads|tags)\//, '');
  const onlyTags = /^(refs\/)?tags\//.test(ref);
  const onlyBranches = /^(refs\/)?heads\//.test(ref);
  const branch = onlyTags ? undefined : repository.branches.find((each) => each.name === name);
  const tag = onlyBranches ? undefined : repository.tags.find((each) => each.name === name);
  const named = branch?.sha ?? tag?.commitSha;
  if (named !== undefined) return findCommit(repository, named);
  if (!/^[0-9a-f]{7,40}$/.test(ref)) return undefined;
  const matches = repository.commits.filter((commit) => commit.sha.startsWith(ref));
  return matches.length === 1 ? matches[0] : undefined;
}

/** The commit and all its ancestors, nearest first. */
export function ancestry(repository: Repository, sha: string): Commit[] {
  const found: Commit[] = [];
  const waiting = [sha];
  const seen = new Set<string>();
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    if (seen.has(next)) continue;
    seen.add(next);
    const commit = findCommit(repository, next);
    if (commit === undefined) continue;
    found.push(commit);
    waiting.push(...commit.parents);
  }
  return found;
}

/** Path to content of every file at a commit. */
export function filesAt(repository: Repository, sha: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const commit of ancestry(repository, sha).reverse()) {
    for (const [path, content] of Object.entries(commit.changes)) {
      if (content === null) files.delete(path);
      else files.set(path, content);
    }
  }
  return files;
}

export function treeSha(repository: Repository, sha: string): string {
  const entries = [...filesAt(repository, sha)].sort(([left], [right]) => (left < right ? -1 : 1));
  return sha1(`tree ${entries.map(([path, content]) => `${path} ${blobSha(content)}`).join('\n')}`);
}

export interface NewCommit {
  readonly branch: string;
  readonly message: string;
  readonly author: string;
  readonly atMs: number;
  readonly changes: Record<string, string | null>;
}

export function addCommit(repository: Repository, input: NewCommit): Commit {
  const branch = repository.branches.find((each) => each.name === input.branch);
  const parents = branch === undefined ? [] : [branch.sha];
  const sha = sha1(
    `commit ${parents.join(' ')} ${input.author} ${input.atMs} ${input.message} ${JSON.stringify(input.changes)}`,
  );
  const commit: Commit = {
    sha,
    parents,
    message: input.message,
    author: input.author,
    committedAtMs: input.atMs,
    changes: input.changes,
  };
  repository.commits.push(commit);
  if (branch === undefined) repository.branches.push({ name: input.branch, sha });
  else branch.sha = sha;
  return commit;
}

export function addTag(
  repository: Repository,
  input: { name: string; commit: Commit; annotation?: { message: string; atMs: number } | undefined },
): Tag {
  const annotation =
    input.annotation === undefined
      ? null
      : {
          sha: sha1(`tag ${input.name} ${input.commit.sha} ${input.annotation.message}`),
          message: input.annotation.message,
          tagger: input.commit.author,
          atMs: input.annotation.atMs,
        };
  const tag: Tag = { name: input.name, commitSha: input.commit.sha, annotation };
  repository.tags.push(tag);
  return tag;
}

export interface NewRun {
  readonly workflow: Workflow;
  readonly commit: Commit;
  readonly atMs: number;
  readonly conclusion: RunConclusion;
  readonly runSeconds: number;
}

export function addRun(repository: Repository, input: NewRun): Run {
  const siblings = repository.runs.filter((run) => run.workflowId === input.workflow.id);
  const run: Run = {
    id: takeId(repository),
    runNumber: 1 + Math.max(0, ...siblings.map((each) => each.runNumber)),
    workflowId: input.workflow.id,
    headSha: input.commit.sha,
    headBranch: repository.defaultBranch,
    event: 'push',
    actor: input.commit.author,
    createdAtMs: input.atMs,
    attempts: [
      {
        startedAtMs: input.atMs,
        runSeconds: input.runSeconds,
        conclusion: input.conclusion,
        pinned: null,
      },
    ],
  };
  repository.runs.push(run);
  return run;
}

export interface RunMoment {
  readonly attempt: number;
  readonly status: RunStatus;
  readonly conclusion: RunConclusion | null;
  readonly startedAtMs: number;
  readonly updatedAtMs: number;
}

/** Where a run stands at a moment: queued for the first tenth of its time, then in progress, then completed. */
export function runAt(run: Run, nowMs: number): RunMoment {
  const attempt = run.attempts.at(-1);
  if (attempt === undefined) throw new Error('A run without an attempt cannot exist.');
  const { startedAtMs, runSeconds, conclusion, pinned } = attempt;
  const which = { attempt: run.attempts.length, startedAtMs };
  if (pinned !== null) {
    return { ...which, status: pinned.status, conclusion: pinned.conclusion, updatedAtMs: pinned.sinceMs };
  }
  const beginsAtMs = startedAtMs + runSeconds * 100;
  const endsAtMs = startedAtMs + runSeconds * 1000;
  if (nowMs >= endsAtMs) return { ...which, status: 'completed', conclusion, updatedAtMs: endsAtMs };
  if (nowMs >= beginsAtMs) {
    return { ...which, status: 'in_progress', conclusion: null, updatedAtMs: beginsAtMs };
  }
  return { ...which, status: 'queued', conclusion: null, updatedAtMs: startedAtMs };
}

/** The order GitHub lists runs in: newest creation first; a new attempt does not move a run. */
export function newestRunsFirst(runs: readonly Run[]): Run[] {
  return [...runs].sort(
    (left, right) => right.createdAtMs - left.createdAtMs || right.runNumber - left.runNumber,
  );
}

export function findWorkflow(repository: Repository, idOrFile: string): Workflow | undefined {
  return repository.workflows.find(
    (each) => String(each.id) === idOrFile || each.path === `.github/workflows/${idOrFile}`,
  );
}

export function stagingWorkflow(repository: Repository): Workflow {
  const workflow = findWorkflow(repository, repository.stagingWorkflow);
  if (workflow === undefined) throw new Error('The repository has lost its staging workflow.');
  return workflow;
}
