import type { RestEndpointMethodTypes } from '@octokit/rest';
import {
  ancestry,
  blobSha,
  type Commit,
  type Deployment,
  type DeploymentStatus,
  filesAt,
  findCommit,
  type Person,
  type Release,
  type Repository,
  type Run,
  runAt,
  sha1,
  type Tag,
  treeSha,
  type Workflow,
} from './state.ts';

/**
 * GitHub's answers, member for member. The types are GitHub's own OpenAPI description as Octokit ships it, so
 * a missing required member does not compile.
 */
type Methods = RestEndpointMethodTypes;
type Data<Group extends keyof Methods, Method extends keyof Methods[Group]> = Methods[Group][Method] extends {
  response: { data: infer Answer };
}
  ? Answer
  : never;

type RunData = Data<'actions', 'getWorkflowRun'>;
type SimpleUser = Data<'repos', 'getReleaseByTag'>['author'];
type CommitData = Data<'repos', 'getCommit'>;
type DiffEntry = NonNullable<CommitData['files']>[number];
type JobData = Data<'actions', 'listJobsForWorkflowRun'>['jobs'][number];

export interface Drawing {
  readonly repository: Repository;
  readonly nowMs: number;
  /** Where the API answers, without a trailing slash. */
  readonly apiUrl: string;
  /** Where people look at it. */
  readonly webUrl: string;
}

/** GitHub writes times to the second. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function nodeId(kind: string, id: number | string): string {
  return `${kind}_${Buffer.from(String(id)).toString('base64url')}`;
}

function repositoryUrl({ apiUrl, repository }: Drawing): string {
  return `${apiUrl}/repos/${repository.owner}/${repository.name}`;
}

function repositoryWebUrl({ webUrl, repository }: Drawing): string {
  return `${webUrl}/${repository.owner}/${repository.name}`;
}

function personOf(repository: Repository, login: string): Person {
  const found = repository.people.find((each) => each.login === login);
  if (found === undefined) throw new Error(`Nobody in the repository is called ${login}.`);
  return found;
}

function simpleUser(drawing: Drawing, login: string): SimpleUser {
  const person = personOf(drawing.repository, login);
  const url = `${drawing.apiUrl}/users/${encodeURIComponent(login)}`;
  return {
    login,
    id: person.id,
    node_id: nodeId('U', person.id),
    avatar_url: `${drawing.webUrl}/avatars/u/${person.id}`,
    gravatar_id: '',
    url,
    html_url: `${drawing.webUrl}/${encodeURIComponent(login)}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: person.type,
    site_admin: false,
    user_view_type: 'public',
  };
}

function repositoryCore(drawing: Drawing) {
  const { repository } = drawing;
  const url = repositoryUrl(drawing);
  return {
    id: repository.id,
    node_id: nodeId('R', repository.id),
    name: repository.name,
    full_name: `${repository.owner}/${repository.name}`,
    private: true,
    owner: simpleUser(drawing, repository.owner),
    html_url: repositoryWebUrl(drawing),
    description: repository.description,
    fork: false,
    url,
    forks_url: `${url}/forks`,
    keys_url: `${url}/keys{/key_id}`,
    collaborators_url: `${url}/collaborators{/collaborator}`,
    teams_url: `${url}/teams`,
    hooks_url: `${url}/hooks`,
    issue_events_url: `${url}/issues/events{/number}`,
    events_url: `${url}/events`,
    assignees_url: `${url}/assignees{/user}`,
    branches_url: `${url}/branches{/branch}`,
    tags_url: `${url}/tags`,
    blobs_url: `${url}/git/blobs{/sha}`,
    git_tags_url: `${url}/git/tags{/sha}`,
    git_refs_url: `${url}/git/refs{/sha}`,
    trees_url: `${url}/git/trees{/sha}`,
    statuses_url: `${url}/statuses/{sha}`,
    languages_url: `${url}/languages`,
    stargazers_url: `${url}/stargazers`,
    contributors_url: `${url}/contributors`,
    subscribers_url: `${url}/subscribers`,
    subscription_url: `${url}/subscription`,
    commits_url: `${url}/commits{/sha}`,
    git_commits_url: `${url}/git/commits{/sha}`,
    comments_url: `${url}/comments{/number}`,
    issue_comment_url: `${url}/issues/comments{/number}`,
    contents_url: `${url}/contents/{+path}`,
    compare_url: `${url}/compare/{base}...{head}`,
    merges_url: `${url}/merges`,
    archive_url: `${url}/{archive_format}{/ref}`,
    downloads_url: `${url}/downloads`,
    issues_url: `${url}/issues{/number}`,
    pulls_url: `${url}/pulls{/number}`,
    milestones_url: `${url}/milestones{/number}`,
    notifications_url: `${url}/notifications{?since,all,participating}`,
    labels_url: `${url}/labels{/name}`,
    releases_url: `${url}/releases{/id}`,
    deployments_url: `${url}/deployments`,
  };
}

export function repositoryData(drawing: Drawing): Data<'repos', 'get'> {
  const { repository } = drawing;
  const web = repositoryWebUrl(drawing);
  const lastPushMs = Math.max(...repository.commits.map((commit) => commit.committedAtMs));
  return {
    ...repositoryCore(drawing),
    created_at: timestamp(repository.createdAtMs),
    updated_at: timestamp(lastPushMs),
    pushed_at: timestamp(lastPushMs),
    git_url: `${web.replace(/^https?:/, 'git:')}.git`,
    ssh_url: `git@${new URL(drawing.webUrl).hostname}:${repository.owner}/${repository.name}.git`,
    clone_url: `${web}.git`,
    svn_url: web,
    homepage: null,
    mirror_url: null,
    size: 108,
    stargazers_count: 0,
    watchers_count: 0,
    language: 'HTML',
    has_issues: true,
    has_projects: false,
    has_downloads: true,
    has_wiki: false,
    has_pages: false,
    has_discussions: false,
    forks_count: 0,
    archived: false,
    disabled: false,
    open_issues_count: 0,
    license: null,
    allow_forking: false,
    is_template: false,
    web_commit_signoff_required: false,
    topics: [],
    visibility: 'private',
    forks: 0,
    open_issues: 0,
    watchers: 0,
    default_branch: repository.defaultBranch,
    permissions: { admin: false, maintain: false, push: true, triage: true, pull: true },
    organization: simpleUser(drawing, repository.owner),
    network_count: 0,
    subscribers_count: 1,
  };
}

export function tagRefData(drawing: Drawing, tag: Tag): Data<'git', 'getRef'> {
  const url = repositoryUrl(drawing);
  return {
    ref: `refs/tags/${tag.name}`,
    node_id: nodeId('REF', `tags/${tag.name}`),
    url: `${url}/git/refs/tags/${tag.name}`,
    object:
      tag.annotation === null
        ? { sha: tag.commitSha, type: 'commit', url: `${url}/git/commits/${tag.commitSha}` }
        : { sha: tag.annotation.sha, type: 'tag', url: `${url}/git/tags/${tag.annotation.sha}` },
  };
}

export function branchRefData(
  drawing: Drawing,
  branch: { name: string; sha: string },
): Data<'git', 'getRef'> {
  const url = repositoryUrl(drawing);
  return {
    ref: `refs/heads/${branch.name}`,
    node_id: nodeId('REF', `heads/${branch.name}`),
    url: `${url}/git/refs/heads/${branch.name}`,
    object: { sha: branch.sha, type: 'commit', url: `${url}/git/commits/${branch.sha}` },
  };
}

const unsigned = {
  verified: false,
  reason: 'unsigned' as const,
  signature: null,
  payload: null,
  verified_at: null,
};

export function annotatedTagData(
  drawing: Drawing,
  tag: Tag,
  annotation: NonNullable<Tag['annotation']>,
): Data<'git', 'getTag'> {
  const url = repositoryUrl(drawing);
  const tagger = personOf(drawing.repository, annotation.tagger);
  return {
    node_id: nodeId('TA', annotation.sha),
    sha: annotation.sha,
    url: `${url}/git/tags/${annotation.sha}`,
    tag: tag.name,
    message: annotation.message,
    tagger: { name: tagger.name, email: tagger.email, date: timestamp(annotation.atMs) },
    object: { sha: tag.commitSha, type: 'commit', url: `${url}/git/commits/${tag.commitSha}` },
    verification: unsigned,
  };
}

function lineCount(content: string): number {
  return content === '' ? 0 : content.replace(/\n$/, '').split('\n').length;
}

/** What changed between two trees. Whole-file counts: nobody reads the stand-in's line numbers. */
function diffEntries(drawing: Drawing, from: Map<string, string>, to: Map<string, string>, ref: string) {
  const url = repositoryUrl(drawing);
  const web = repositoryWebUrl(drawing);
  const entries: DiffEntry[] = [];
  for (const path of [...new Set([...from.keys(), ...to.keys()])].sort()) {
    const before = from.get(path);
    const after = to.get(path);
    if (before === after) continue;
    const additions = after === undefined ? 0 : lineCount(after);
    const deletions = before === undefined ? 0 : lineCount(before);
    entries.push({
      sha: blobSha(after ?? before ?? ''),
      filename: path,
      status: before === undefined ? 'added' : after === undefined ? 'removed' : 'modified',
      additions,
      deletions,
      changes: additions + deletions,
      blob_url: `${web}/blob/${ref}/${path}`,
      raw_url: `${web}/raw/${ref}/${path}`,
      contents_url: `${url}/contents/${path}?ref=${ref}`,
    });
  }
  return entries;
}

/** A commit as lists show it: without files and counts. */
export function commitData(drawing: Drawing, commit: Commit): CommitData {
  const { repository } = drawing;
  const url = repositoryUrl(drawing);
  const web = repositoryWebUrl(drawing);
  const author = personOf(repository, commit.author);
  const signature = { name: author.name, email: author.email, date: timestamp(commit.committedAtMs) };
  const tree = treeSha(repository, commit.sha);
  return {
    sha: commit.sha,
    node_id: nodeId('C', commit.sha),
    commit: {
      author: signature,
      committer: signature,
      message: commit.message,
      tree: { sha: tree, url: `${url}/git/trees/${tree}` },
      url: `${url}/git/commits/${commit.sha}`,
      comment_count: 0,
      verification: unsigned,
    },
    url: `${url}/commits/${commit.sha}`,
    html_url: `${web}/commit/${commit.sha}`,
    comments_url: `${url}/commits/${commit.sha}/comments`,
    author: simpleUser(drawing, commit.author),
    committer: simpleUser(drawing, commit.author),
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${url}/commits/${sha}`,
      html_url: `${web}/commit/${sha}`,
    })),
  };
}

export function commitWithFilesData(drawing: Drawing, commit: Commit): CommitData {
  const { repository } = drawing;
  const parent = commit.parents[0];
  const before = parent === undefined ? new Map<string, string>() : filesAt(repository, parent);
  const files = diffEntries(drawing, before, filesAt(repository, commit.sha), commit.sha);
  const additions = files.reduce((sum, file) => sum + file.additions, 0);
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0);
  return {
    ...commitData(drawing, commit),
    stats: { total: additions + deletions, additions, deletions },
    files,
  };
}

/** The comparison with all its commits, oldest first; the route pages them. */
export function comparisonData(
  drawing: Drawing,
  base: Commit,
  head: Commit,
): Data<'repos', 'compareCommitsWithBasehead'> | undefined {
  const { repository } = drawing;
  const url = repositoryUrl(drawing);
  const web = repositoryWebUrl(drawing);
  const ofBase = ancestry(repository, base.sha);
  const ofHead = ancestry(repository, head.sha);
  const inBase = new Set(ofBase.map((commit) => commit.sha));
  const inHead = new Set(ofHead.map((commit) => commit.sha));
  const mergeBase = ofHead.find((commit) => inBase.has(commit.sha));
  if (mergeBase === undefined) return undefined;
  const ahead = ofHead.filter((commit) => !inBase.has(commit.sha)).reverse();
  const behindBy = ofBase.filter((commit) => !inHead.has(commit.sha)).length;
  const range = `${base.sha}...${head.sha}`;
  return {
    url: `${url}/compare/${range}`,
    html_url: `${web}/compare/${range}`,
    permalink_url: `${web}/compare/${range}`,
    diff_url: `${web}/compare/${range}.diff`,
    patch_url: `${web}/compare/${range}.patch`,
    base_commit: commitData(drawing, base),
    merge_base_commit: commitData(drawing, mergeBase),
    status: ahead.length > 0 ? (behindBy > 0 ? 'diverged' : 'ahead') : behindBy > 0 ? 'behind' : 'identical',
    ahead_by: ahead.length,
    behind_by: behindBy,
    total_commits: ahead.length,
    commits: ahead.map((commit) => commitData(drawing, commit)),
    files: diffEntries(drawing, filesAt(repository, mergeBase.sha), filesAt(repository, head.sha), head.sha),
  };
}

export function fileData(drawing: Drawing, path: string, content: string, ref: string) {
  const url = repositoryUrl(drawing);
  const web = repositoryWebUrl(drawing);
  const sha = blobSha(content);
  const self = `${url}/contents/${path}?ref=${ref}`;
  const git = `${url}/git/blobs/${sha}`;
  const html = `${web}/blob/${ref}/${path}`;
  // GitHub breaks base64 every 60 characters; a reader that does not strip white space fails there.
  const encoded = Buffer.from(content).toString('base64').replace(/.{60}/g, '$&\n');
  return {
    name: path.split('/').at(-1) ?? path,
    path,
    sha,
    size: Buffer.byteLength(content),
    url: self,
    html_url: html,
    git_url: git,
    download_url: `${web}/raw/${ref}/${path}`,
    type: 'file',
    content: encoded.endsWith('\n') ? encoded : `${encoded}\n`,
    encoding: 'base64',
    _links: { self, git, html },
  } satisfies Data<'repos', 'getContent'>;
}

export function tagData(drawing: Drawing, tag: Tag): Data<'repos', 'listTags'>[number] {
  const url = repositoryUrl(drawing);
  return {
    name: tag.name,
    zipball_url: `${url}/zipball/refs/tags/${tag.name}`,
    tarball_url: `${url}/tarball/refs/tags/${tag.name}`,
    commit: { sha: tag.commitSha, url: `${url}/commits/${tag.commitSha}` },
    node_id: nodeId('REF', `tags/${tag.name}`),
  };
}

function noProtection(drawing: Drawing, name: string) {
  return {
    protected: false,
    protection: {
      enabled: false,
      required_status_checks: { enforcement_level: 'off', contexts: [], checks: [] },
    },
    protection_url: `${repositoryUrl(drawing)}/branches/${name}/protection`,
  };
}

export function shortBranchData(
  drawing: Drawing,
  branch: { name: string; sha: string },
): Data<'repos', 'listBranches'>[number] {
  return {
    name: branch.name,
    commit: { sha: branch.sha, url: `${repositoryUrl(drawing)}/commits/${branch.sha}` },
    ...noProtection(drawing, branch.name),
  };
}

export function branchData(
  drawing: Drawing,
  branch: { name: string },
  commit: Commit,
): Data<'repos', 'getBranch'> {
  return {
    name: branch.name,
    commit: commitData(drawing, commit),
    _links: {
      self: `${repositoryUrl(drawing)}/branches/${branch.name}`,
      html: `${repositoryWebUrl(drawing)}/tree/${branch.name}`,
    },
    ...noProtection(drawing, branch.name),
  };
}

export function workflowData(drawing: Drawing, workflow: Workflow): Data<'actions', 'getWorkflow'> {
  const web = repositoryWebUrl(drawing);
  const { defaultBranch } = drawing.repository;
  return {
    id: workflow.id,
    node_id: nodeId('W', workflow.id),
    name: workflow.name,
    path: workflow.path,
    state: 'active',
    created_at: timestamp(workflow.createdAtMs),
    updated_at: timestamp(workflow.createdAtMs),
    url: `${repositoryUrl(drawing)}/actions/workflows/${workflow.id}`,
    html_url: `${web}/blob/${defaultBranch}/${workflow.path}`,
    badge_url: `${web}/workflows/${encodeURIComponent(workflow.name)}/badge.svg`,
  };
}

export function runWebUrl(drawing: Drawing, run: Run): string {
  return `${repositoryWebUrl(drawing)}/actions/runs/${run.id}`;
}

export function runData(drawing: Drawing, run: Run): RunData {
  const { repository, nowMs } = drawing;
  const workflow = repository.workflows.find((each) => each.id === run.workflowId);
  const commit = findCommit(repository, run.headSha);
  if (workflow === undefined || commit === undefined) throw new Error('A run has lost what it ran.');
  const url = `${repositoryUrl(drawing)}/actions/runs/${run.id}`;
  const moment = runAt(run, nowMs);
  const suiteId = run.id + 20_000_000_000;
  const author = personOf(repository, commit.author);
  const signature = { name: author.name, email: author.email };
  return {
    id: run.id,
    name: workflow.name,
    node_id: nodeId('WFR', run.id),
    check_suite_id: suiteId,
    check_suite_node_id: nodeId('CS', suiteId),
    head_branch: run.headBranch,
    head_sha: run.headSha,
    path: workflow.path,
    display_title: commit.message.split('\n')[0] ?? '',
    run_number: run.runNumber,
    run_attempt: moment.attempt,
    event: run.event,
    status: moment.status,
    conclusion: moment.conclusion,
    workflow_id: workflow.id,
    url,
    html_url: runWebUrl(drawing, run),
    pull_requests: [],
    created_at: timestamp(run.createdAtMs),
    updated_at: timestamp(moment.updatedAtMs),
    actor: simpleUser(drawing, run.actor),
    triggering_actor: simpleUser(drawing, run.actor),
    run_started_at: timestamp(moment.startedAtMs),
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${repositoryUrl(drawing)}/check-suites/${suiteId}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: moment.attempt > 1 ? `${url}/attempts/${moment.attempt - 1}` : null,
    workflow_url: `${repositoryUrl(drawing)}/actions/workflows/${workflow.id}`,
    referenced_workflows: [],
    head_commit: {
      id: commit.sha,
      tree_id: treeSha(repository, commit.sha),
      message: commit.message,
      timestamp: timestamp(commit.committedAtMs),
      author: signature,
      committer: signature,
    },
    repository: repositoryCore(drawing),
    head_repository: repositoryCore(drawing),
  };
}

const jobConclusions = new Set([
  'success',
  'failure',
  'neutral',
  'cancelled',
  'skipped',
  'timed_out',
  'action_required',
]);

/** All jobs of a run share its state, except that only the last one shows how a failed run ended. */
export function jobsData(drawing: Drawing, run: Run): JobData[] {
  const { repository, nowMs } = drawing;
  const workflow = repository.workflows.find((each) => each.id === run.workflowId);
  const moment = runAt(run, nowMs);
  const url = repositoryUrl(drawing);
  const names = workflow?.jobs ?? [];
  return names.map((name, index) => {
    const id = run.id * 100 + moment.attempt * 10 + index;
    const last = index === names.length - 1;
    const conclusion = moment.conclusion === null ? null : last ? moment.conclusion : 'success';
    const started = timestamp(moment.startedAtMs);
    return {
      id,
      run_id: run.id,
      workflow_name: workflow?.name ?? null,
      head_branch: run.headBranch,
      run_url: `${url}/actions/runs/${run.id}`,
      run_attempt: moment.attempt,
      node_id: nodeId('CR', id),
      head_sha: run.headSha,
      url: `${url}/actions/jobs/${id}`,
      html_url: `${runWebUrl(drawing, run)}/job/${id}`,
      status: moment.status,
      conclusion:
        conclusion !== null && jobConclusions.has(conclusion)
          ? (conclusion as JobData['conclusion'])
          : conclusion === null
            ? null
            : 'cancelled',
      created_at: started,
      started_at: started,
      completed_at: moment.status === 'completed' ? timestamp(moment.updatedAtMs) : null,
      name,
      steps: [],
      check_run_url: `${url}/check-runs/${id}`,
      labels: ['ubuntu-latest'],
      runner_id: null,
      runner_name: null,
      runner_group_id: null,
      runner_group_name: null,
    };
  });
}

export const botLogin = 'countersign[bot]';

export function deploymentData(drawing: Drawing, deployment: Deployment): Data<'repos', 'getDeployment'> {
  const url = `${repositoryUrl(drawing)}/deployments/${deployment.id}`;
  const updatedAtMs = deployment.statuses.at(-1)?.atMs ?? deployment.createdAtMs;
  return {
    url,
    id: deployment.id,
    node_id: nodeId('DE', deployment.id),
    task: deployment.task,
    original_environment: deployment.environment,
    environment: deployment.environment,
    description: deployment.description,
    created_at: timestamp(deployment.createdAtMs),
    updated_at: timestamp(updatedAtMs),
    statuses_url: `${url}/statuses`,
    repository_url: repositoryUrl(drawing),
    creator: simpleUser(drawing, botLogin),
    sha: deployment.sha,
    ref: deployment.ref,
    payload: deployment.payload,
    transient_environment: deployment.transient,
    production_environment: deployment.production,
    performed_via_github_app: null,
  };
}

export function deploymentStatusData(
  drawing: Drawing,
  deployment: Deployment,
  status: DeploymentStatus,
): Data<'repos', 'getDeploymentStatus'> {
  const deploymentUrl = `${repositoryUrl(drawing)}/deployments/${deployment.id}`;
  return {
    url: `${deploymentUrl}/statuses/${status.id}`,
    id: status.id,
    node_id: nodeId('DES', status.id),
    state: status.state,
    creator: simpleUser(drawing, botLogin),
    description: status.description,
    environment: status.environment,
    target_url: status.targetUrl,
    created_at: timestamp(status.atMs),
    updated_at: timestamp(status.atMs),
    deployment_url: deploymentUrl,
    repository_url: repositoryUrl(drawing),
    environment_url: status.environmentUrl,
    log_url: status.targetUrl,
    performed_via_github_app: null,
  };
}

export function releaseData(drawing: Drawing, release: Release): Data<'repos', 'getReleaseByTag'> {
  const url = `${repositoryUrl(drawing)}/releases/${release.id}`;
  const web = repositoryWebUrl(drawing);
  return {
    url,
    assets_url: `${url}/assets`,
    upload_url: `${url}/assets{?name,label}`,
    html_url: `${web}/releases/tag/${release.tagName}`,
    id: release.id,
    author: simpleUser(drawing, release.author),
    node_id: nodeId('RE', release.id),
    tag_name: release.tagName,
    target_commitish: drawing.repository.defaultBranch,
    name: release.name,
    draft: false,
    immutable: false,
    prerelease: false,
    created_at: timestamp(release.createdAtMs),
    updated_at: timestamp(release.createdAtMs),
    published_at: timestamp(release.createdAtMs),
    assets: [],
    tarball_url: `${repositoryUrl(drawing)}/tarball/${release.tagName}`,
    zipball_url: `${repositoryUrl(drawing)}/zipball/${release.tagName}`,
    body: release.body,
  };
}

/** A stable name for an answer's content. */
export function etagOf(body: string): string {
  return `W/"${sha1(body)}${sha1(`${body}#`).slice(0, 24)}"`;
}
