import { z } from 'zod';
import { type Answer, created, failure, notFound, ok, validationFailed } from './answers.ts';
import {
  annotatedTagData,
  branchData,
  branchRefData,
  commitWithFilesData,
  comparisonData,
  type Drawing,
  deploymentData,
  deploymentStatusData,
  fileData,
  jobsData,
  releaseData,
  repositoryData,
  runData,
  shortBranchData,
  tagData,
  tagRefData,
  workflowData,
} from './shapes.ts';
import {
  type Deployment,
  type DeploymentStatus,
  filesAt,
  findCommit,
  findWorkflow,
  newestRunsFirst,
  type Run,
  resolveRef,
  runAt,
  takeId,
} from './state.ts';

export interface RouteRequest {
  readonly drawing: Drawing;
  /** The variable parts of the path, decoded. */
  readonly parts: readonly string[];
  readonly query: URLSearchParams;
  /** The parsed JSON body; undefined where there was none. */
  readonly body: unknown;
}

interface Route {
  readonly method: 'GET' | 'POST';
  /** Below `/repos/{owner}/{repo}`. */
  readonly path: RegExp;
  /** The query parameters that are modelled; any other makes the request a refused one. */
  readonly query: readonly string[];
  answer(request: RouteRequest): Answer;
}

const pages = ['per_page', 'page'];
const runFilters = [...pages, 'actor', 'branch', 'event', 'status', 'head_sha', 'exclude_pull_requests'];

const routes: readonly Route[] = [
  { method: 'GET', path: /^$/, query: [], answer: ({ drawing }) => ok(repositoryData(drawing)) },
  { method: 'GET', path: /^\/git\/ref\/(.+)$/, query: [], answer: getRef },
  { method: 'GET', path: /^\/git\/tags\/([^/]+)$/, query: [], answer: getAnnotatedTag },
  { method: 'GET', path: /^\/commits\/([^/]+)$/, query: pages, answer: getCommit },
  { method: 'GET', path: /^\/compare\/([^/]+)$/, query: pages, answer: compare },
  { method: 'GET', path: /^\/contents\/(.+)$/, query: ['ref'], answer: getContents },
  { method: 'GET', path: /^\/tags$/, query: pages, answer: listTags },
  { method: 'GET', path: /^\/branches$/, query: [...pages, 'protected'], answer: listBranches },
  { method: 'GET', path: /^\/branches\/([^/]+)$/, query: [], answer: getBranch },
  { method: 'GET', path: /^\/actions\/workflows$/, query: pages, answer: listWorkflows },
  { method: 'GET', path: /^\/actions\/workflows\/([^/]+)$/, query: [], answer: getWorkflow },
  {
    method: 'GET',
    path: /^\/actions\/workflows\/([^/]+)\/runs$/,
    query: runFilters,
    answer: listWorkflowRuns,
  },
  { method: 'GET', path: /^\/actions\/runs$/, query: runFilters, answer: listRuns },
  { method: 'GET', path: /^\/actions\/runs\/(\d+)$/, query: ['exclude_pull_requests'], answer: getRun },
  { method: 'GET', path: /^\/actions\/runs\/(\d+)\/jobs$/, query: [...pages, 'filter'], answer: listJobs },
  {
    method: 'GET',
    path: /^\/deployments$/,
    query: [...pages, 'sha', 'ref', 'task', 'environment'],
    answer: listDeployments,
  },
  { method: 'POST', path: /^\/deployments$/, query: [], answer: createDeployment },
  { method: 'GET', path: /^\/deployments\/(\d+)$/, query: [], answer: getDeployment },
  { method: 'GET', path: /^\/deployments\/(\d+)\/statuses$/, query: pages, answer: listDeploymentStatuses },
  { method: 'POST', path: /^\/deployments\/(\d+)\/statuses$/, query: [], answer: createDeploymentStatus },
  { method: 'GET', path: /^\/releases$/, query: pages, answer: listReleases },
  { method: 'GET', path: /^\/releases\/tags\/([^/]+)$/, query: [], answer: getReleaseByTag },
];

export type Match =
  | { readonly kind: 'route'; answer(request: Omit<RouteRequest, 'parts' | 'query'>): Answer }
  | { readonly kind: 'refused'; readonly reason: string };

/** Finds what answers a request below `/repos/{owner}/{repo}`, or says why nothing does. */
export function matchRoute(method: string, path: string, query: URLSearchParams): Match {
  for (const route of routes) {
    if (route.method !== method) continue;
    const found = route.path.exec(path);
    if (found === null) continue;
    const unknown = [...query.keys()].find((name) => !route.query.includes(name));
    if (unknown !== undefined) {
      return { kind: 'refused', reason: `The query parameter ${unknown} is not modelled here.` };
    }
    // Octokit writes the slash inside a ref or a path as %2F; GitHub takes both.
    const parts = found.slice(1).map(decodeURIComponent);
    return { kind: 'route', answer: (request) => route.answer({ ...request, parts, query }) };
  }
  return { kind: 'refused', reason: 'This operation is not modelled here.' };
}

function getRef({ drawing, parts: [ref = ''] }: RouteRequest): Answer {
  const { repository } = drawing;
  const tag = repository.tags.find((each) => `tags/${each.name}` === ref);
  if (tag !== undefined) return ok(tagRefData(drawing, tag));
  const branch = repository.branches.find((each) => `heads/${each.name}` === ref);
  if (branch !== undefined) return ok(branchRefData(drawing, branch));
  return notFound();
}

function getAnnotatedTag({ drawing, parts: [sha] }: RouteRequest): Answer {
  for (const tag of drawing.repository.tags) {
    const { annotation } = tag;
    if (annotation !== null && annotation.sha === sha) return ok(annotatedTagData(drawing, tag, annotation));
  }
  return notFound();
}

function getCommit({ drawing, parts: [ref = ''] }: RouteRequest): Answer {
  const commit = resolveRef(drawing.repository, ref);
  if (commit === undefined) {
    return failure(422, `No commit found for SHA: ${ref}`, {
      documentation: 'https://docs.github.com/rest/commits/commits#get-a-commit',
    });
  }
  return ok(commitWithFilesData(drawing, commit));
}

function compare({ drawing, parts: [basehead = ''], query }: RouteRequest): Answer {
  const [base = '', head = ''] = basehead.split('...');
  const baseCommit = resolveRef(drawing.repository, base);
  const headCommit = resolveRef(drawing.repository, head);
  if (baseCommit === undefined || headCommit === undefined) return notFound();
  const comparison = comparisonData(drawing, baseCommit, headCommit);
  if (comparison === undefined) return notFound(`No common ancestor between ${base} and ${head}.`);
  // Without paging GitHub shows the first 250 commits; files come with the first page only.
  const paged = query.has('page') || query.has('per_page');
  const page = paged ? pageOf(query) : { number: 1, size: 250 };
  const start = (page.number - 1) * page.size;
  const answer = { ...comparison, commits: comparison.commits.slice(start, start + page.size) };
  if (page.number > 1) answer.files = [];
  return ok(answer);
}

function getContents({ drawing, parts: [path = ''], query }: RouteRequest): Answer {
  const ref = query.get('ref') ?? drawing.repository.defaultBranch;
  const commit = resolveRef(drawing.repository, ref);
  if (commit === undefined) return notFound(`No commit found for the ref ${ref}`);
  const content = filesAt(drawing.repository, commit.sha).get(path);
  return content === undefined ? notFound() : ok(fileData(drawing, path, content, ref));
}

function listTags({ drawing, query }: RouteRequest): Answer {
  const tags = [...drawing.repository.tags].sort((left, right) =>
    right.name.localeCompare(left.name, 'en', { numeric: true }),
  );
  return listed(drawing, query, tags, (tag) => tagData(drawing, tag), '/tags');
}

function listBranches({ drawing, query }: RouteRequest): Answer {
  const all = query.get('protected') === 'true' ? [] : drawing.repository.branches;
  return listed(drawing, query, all, (branch) => shortBranchData(drawing, branch), '/branches');
}

function getBranch({ drawing, parts: [name] }: RouteRequest): Answer {
  const branch = drawing.repository.branches.find((each) => each.name === name);
  const commit = branch === undefined ? undefined : findCommit(drawing.repository, branch.sha);
  if (branch === undefined || commit === undefined) return notFound('Branch not found');
  return ok(branchData(drawing, branch, commit));
}

function listWorkflows({ drawing, query }: RouteRequest): Answer {
  const { workflows } = drawing.repository;
  const page = cut(query, workflows);
  return ok(
    { total_count: workflows.length, workflows: page.map((workflow) => workflowData(drawing, workflow)) },
    links(drawing, query, workflows.length, '/actions/workflows'),
  );
}

function getWorkflow({ drawing, parts: [id = ''] }: RouteRequest): Answer {
  const workflow = findWorkflow(drawing.repository, id);
  return workflow === undefined ? notFound() : ok(workflowData(drawing, workflow));
}

function listWorkflowRuns({ drawing, parts: [id = ''], query }: RouteRequest): Answer {
  const workflow = findWorkflow(drawing.repository, id);
  if (workflow === undefined) return notFound();
  const runs = drawing.repository.runs.filter((run) => run.workflowId === workflow.id);
  return runList(drawing, query, runs, `/actions/workflows/${id}/runs`);
}

function listRuns({ drawing, query }: RouteRequest): Answer {
  return runList(drawing, query, drawing.repository.runs, '/actions/runs');
}

function runList(drawing: Drawing, query: URLSearchParams, runs: readonly Run[], path: string): Answer {
  const filters: [string, (run: Run, value: string) => boolean][] = [
    ['head_sha', (run, sha) => run.headSha === sha],
    ['branch', (run, branch) => run.headBranch === branch],
    ['event', (run, event) => run.event === event],
    ['actor', (run, login) => run.actor === login],
    [
      'status',
      (run, status) => {
        const moment = runAt(run, drawing.nowMs);
        return moment.status === status || moment.conclusion === status;
      },
    ],
  ];
  const found = newestRunsFirst(runs).filter((run) =>
    filters.every(([name, holds]) => {
      const value = query.get(name);
      return value === null || holds(run, value);
    }),
  );
  return ok(
    { total_count: found.length, workflow_runs: cut(query, found).map((run) => runData(drawing, run)) },
    links(drawing, query, found.length, path),
  );
}

function getRun({ drawing, parts: [id] }: RouteRequest): Answer {
  const run = drawing.repository.runs.find((each) => String(each.id) === id);
  return run === undefined ? notFound() : ok(runData(drawing, run));
}

function listJobs({ drawing, parts: [id], query }: RouteRequest): Answer {
  const run = drawing.repository.runs.find((each) => String(each.id) === id);
  if (run === undefined) return notFound();
  const jobs = jobsData(drawing, run);
  return ok(
    { total_count: jobs.length, jobs: cut(query, jobs) },
    links(drawing, query, jobs.length, `/actions/runs/${id}/jobs`),
  );
}

function listDeployments({ drawing, query }: RouteRequest): Answer {
  const wanted = ['sha', 'ref', 'task', 'environment'] as const;
  const found = [...drawing.repository.deployments].reverse().filter((deployment) =>
    wanted.every((name) => {
      const value = query.get(name);
      return value === null || value === 'none' || deployment[name] === value;
    }),
  );
  return listed(drawing, query, found, (each) => deploymentData(drawing, each), '/deployments');
}

const NewDeployment = z.object({
  ref: z.string().min(1),
  task: z.string().default('deploy'),
  auto_merge: z.boolean().default(true),
  required_contexts: z.array(z.string()).optional(),
  payload: z.union([z.record(z.string(), z.unknown()), z.string()]).default({}),
  environment: z.string().default('production'),
  description: z.string().nullable().default(''),
  transient_environment: z.boolean().default(false),
  production_environment: z.boolean().optional(),
});

function createDeployment({ drawing, body }: RouteRequest): Answer {
  const parsed = NewDeployment.safeParse(body ?? {});
  if (!parsed.success) return invalidBody('Deployment', parsed.error, body);
  const input = parsed.data;
  const { repository } = drawing;
  const commit = resolveRef(repository, input.ref);
  if (commit === undefined) {
    return failure(422, `No ref found for: ${input.ref}`, {
      documentation: 'https://docs.github.com/rest/deployments/deployments#create-a-deployment',
    });
  }
  // No commit here carries a status, so any context that is asked for is one that has not passed.
  if (input.required_contexts !== undefined && input.required_contexts.length > 0) {
    return failure(409, 'Conflict: Commit status checks failed for the given commit.', {
      errors: [{ contexts: [], resource: 'Deployment', field: 'required_contexts', code: 'invalid' }],
    });
  }
  const deployment: Deployment = {
    id: takeId(repository),
    sha: commit.sha,
    ref: input.ref,
    task: input.task,
    payload: input.payload,
    environment: input.environment,
    description: input.description,
    transient: input.transient_environment,
    production: input.production_environment ?? input.environment === 'production',
    createdAtMs: drawing.nowMs,
    statuses: [],
  };
  repository.deployments.push(deployment);
  return created(deploymentData(drawing, deployment));
}

function findDeployment({ drawing, parts: [id] }: RouteRequest): Deployment | undefined {
  return drawing.repository.deployments.find((each) => String(each.id) === id);
}

function getDeployment(request: RouteRequest): Answer {
  const deployment = findDeployment(request);
  return deployment === undefined ? notFound() : ok(deploymentData(request.drawing, deployment));
}

function listDeploymentStatuses(request: RouteRequest): Answer {
  const deployment = findDeployment(request);
  if (deployment === undefined) return notFound();
  const { drawing, query } = request;
  return listed(
    drawing,
    query,
    [...deployment.statuses].reverse(),
    (status) => deploymentStatusData(drawing, deployment, status),
    `/deployments/${deployment.id}/statuses`,
  );
}

const NewDeploymentStatus = z.object({
  state: z.enum(['error', 'failure', 'inactive', 'in_progress', 'queued', 'pending', 'success']),
  target_url: z.string().default(''),
  log_url: z.string().optional(),
  description: z.string().max(140).default(''),
  environment: z.string().optional(),
  environment_url: z.string().default(''),
  auto_inactive: z.boolean().default(true),
});

function createDeploymentStatus(request: RouteRequest): Answer {
  const { drawing, body } = request;
  const deployment = findDeployment(request);
  if (deployment === undefined) return notFound();
  const parsed = NewDeploymentStatus.safeParse(body ?? {});
  if (!parsed.success) return invalidBody('DeploymentStatus', parsed.error, body);
  const input = parsed.data;
  const status: DeploymentStatus = {
    id: takeId(drawing.repository),
    state: input.state,
    description: input.description,
    environment: input.environment ?? deployment.environment,
    targetUrl: input.log_url ?? input.target_url,
    environmentUrl: input.environment_url,
    atMs: drawing.nowMs,
  };
  deployment.statuses.push(status);
  if (input.auto_inactive && input.state === 'success') retireEarlierDeployments(drawing, deployment);
  return created(deploymentStatusData(drawing, deployment, status));
}

/**
 * GitHub: "Adds a new inactive status to all prior non-transient, non-production environment deployments with
 * the same repository and environment name as the created status's deployment."
 */
function retireEarlierDeployments(drawing: Drawing, successful: Deployment): void {
  for (const earlier of drawing.repository.deployments) {
    const isPrior = earlier.id < successful.id && earlier.environment === successful.environment;
    const isActive = earlier.statuses.at(-1)?.state === 'success';
    if (!isPrior || !isActive || earlier.transient || earlier.production) continue;
    earlier.statuses.push({
      id: takeId(drawing.repository),
      state: 'inactive',
      description: '',
      environment: earlier.environment,
      targetUrl: '',
      environmentUrl: '',
      atMs: drawing.nowMs,
    });
  }
}

function listReleases({ drawing, query }: RouteRequest): Answer {
  const newestFirst = [...drawing.repository.releases].sort(
    (left, right) => right.createdAtMs - left.createdAtMs,
  );
  return listed(drawing, query, newestFirst, (each) => releaseData(drawing, each), '/releases');
}

function getReleaseByTag({ drawing, parts: [tag] }: RouteRequest): Answer {
  const release = drawing.repository.releases.find((each) => each.tagName === tag);
  return release === undefined ? notFound() : ok(releaseData(drawing, release));
}

function invalidBody(resource: string, error: z.ZodError, body: unknown): Answer {
  const given = typeof body === 'object' && body !== null ? Object.keys(body) : [];
  return validationFailed(
    error.issues.map((issue) => {
      const field = String(issue.path[0] ?? '');
      return { resource, field, code: given.includes(field) ? 'invalid' : 'missing_field' };
    }),
  );
}

function pageOf(query: URLSearchParams): { number: number; size: number } {
  const whole = (name: string, fallback: number) => {
    const value = Number(query.get(name) ?? fallback);
    return Number.isInteger(value) && value > 0 ? value : fallback;
  };
  return { number: whole('page', 1), size: Math.min(whole('per_page', 30), 100) };
}

function cut<Item>(query: URLSearchParams, all: readonly Item[]): Item[] {
  const page = pageOf(query);
  return all.slice((page.number - 1) * page.size, page.number * page.size);
}

function listed<Item>(
  drawing: Drawing,
  query: URLSearchParams,
  all: readonly Item[],
  draw: (item: Item) => unknown,
  path: string,
): Answer {
  return ok(cut(query, all).map(draw), links(drawing, query, all.length, path));
}

/** The `Link` header that Octokit's paginate follows; absent when everything fits on one page. */
function links(
  { apiUrl, repository }: Drawing,
  query: URLSearchParams,
  total: number,
  path: string,
): Record<string, string> {
  const page = pageOf(query);
  const last = Math.max(1, Math.ceil(total / page.size));
  if (last === 1) return {};
  const to = (number: number, rel: string) => {
    const target = new URL(`${apiUrl}/repos/${repository.owner}/${repository.name}${path}`);
    for (const [name, value] of query) target.searchParams.set(name, value);
    target.searchParams.set('page', String(number));
    return `<${target.href}>; rel="${rel}"`;
  };
  const backward = page.number > 1 ? [to(page.number - 1, 'prev'), to(1, 'first')] : [];
  const forward = page.number < last ? [to(page.number + 1, 'next'), to(last, 'last')] : [];
  return { link: [...backward, ...forward].join(', ') };
}
