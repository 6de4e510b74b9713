/**
 * What a person at the workspace's panel, or a test, can do to the GitHub stand-in. Every time span is in
 * virtual time except `slow`, which really holds the answer back, because the bot's time-outs are real.
 */
export interface GithubControl {
  /** A commit on the default branch, a tag on it and a run of the staging workflow that begins now. */
  pushRelease(input: PushReleaseInput): PushedRelease;
  /** Puts the newest staging run of a commit into a state at once; makes a run if the commit has none. */
  setRun(input: SetRunInput): RunView;
  /** Deletes every run of the version's commit. Returns how many there were. */
  removeRuns(version: string): number;
  /** A new attempt of the version's newest run: same id and creation time, as "Re-run all jobs" does. */
  rerun(version: string, conclusion: RunConclusion, runSeconds?: number): RunView;
  /** A green run, newer than all others, on a new commit after the version's own. */
  runForOtherCommit(version: string): RunView;
  /** Points the tag somewhere else; it is a lightweight tag from then on. */
  moveTag(version: string, toSha: string): void;

  /** Nobody answers: 503 from GitHub's edge, or `unreachable`, where the connection is cut. 0 ends it. */
  down(forSeconds: number, how?: DownKind): void;
  /** `primary` is the hourly budget (403, nothing remaining), `secondary` the abuse limit (retry-after). 0 ends it. */
  rateLimited(forSeconds: number, kind?: RateLimitKind): void;
  /** Every token is answered with 401 while this is on. */
  badCredentials(on: boolean): void;
  /** Holds every answer back by this many real milliseconds. 0 ends it. */
  slow(ms: number): void;

  /** What the page draws. */
  state(): GithubState;
  /** The last 1000 requests, oldest first. */
  calls(): readonly GithubCall[];
  /** The last 1000 requests for something that is not modelled, oldest first. */
  refused(): readonly RefusedCall[];
  /** Everything but the faults and the request log, as plain JSON. */
  save(): unknown;
  /** Puts a saved state back. Throws a ZodError if it is not one. */
  load(saved: unknown): void;
}

export const runConclusions = [
  'success',
  'failure',
  'cancelled',
  'timed_out',
  'skipped',
  'neutral',
  'action_required',
  'stale',
  'startup_failure',
] as const;
export type RunConclusion = (typeof runConclusions)[number];

export const runStatuses = ['queued', 'in_progress', 'completed'] as const;
export type RunStatus = (typeof runStatuses)[number];

export const downKinds = ['unavailable', 'unreachable'] as const;
export type DownKind = (typeof downKinds)[number];

export const rateLimitKinds = ['primary', 'secondary'] as const;
export type RateLimitKind = (typeof rateLimitKinds)[number];

export interface PushReleaseInput {
  /** The tag, as people type it: `v1.4.0`. */
  readonly version: string;
  /** How the staging run ends; `success` unless told. */
  readonly conclusion?: RunConclusion | undefined;
  /** How long it takes from the push to its end; 20 unless told. */
  readonly runSeconds?: number | undefined;
  readonly message?: string | undefined;
  /** A login of the repository's authors; they take turns unless told. */
  readonly author?: string | undefined;
  readonly annotated?: boolean | undefined;
}

export interface PushedRelease {
  readonly version: string;
  readonly sha: string;
  readonly runId: number;
}

export type SetRunInput = (
  | { readonly sha: string; readonly version?: undefined }
  | { readonly version: string; readonly sha?: undefined }
) & {
  readonly status: RunStatus;
  /** Only for `completed`, where it is `success` unless told. */
  readonly conclusion?: RunConclusion | undefined;
};

export interface RunView {
  readonly id: number;
  readonly runNumber: number;
  readonly attempt: number;
  readonly workflow: string;
  readonly sha: string;
  readonly status: RunStatus;
  readonly conclusion: RunConclusion | null;
  readonly createdAtMs: number;
  readonly startedAtMs: number;
  readonly url: string;
}

export interface ReleaseView {
  readonly version: string;
  readonly sha: string;
  readonly author: string;
  readonly message: string;
  readonly committedAtMs: number;
  readonly annotated: boolean;
  /** The newest staging run of the tagged commit. */
  readonly run: RunView | null;
}

export interface DeploymentView {
  readonly id: number;
  readonly environment: string;
  readonly ref: string;
  readonly sha: string;
  readonly state: string;
  readonly createdAtMs: number;
}

export interface GithubState {
  readonly repository: string;
  readonly defaultBranch: string;
  readonly headSha: string;
  readonly workflow: string;
  /** Newest first. */
  readonly releases: readonly ReleaseView[];
  /** Newest first. */
  readonly runs: readonly RunView[];
  /** Newest first. */
  readonly deployments: readonly DeploymentView[];
  readonly faults: {
    readonly down: DownKind | null;
    readonly rateLimited: RateLimitKind | null;
    readonly badCredentials: boolean;
    readonly slowMs: number;
  };
  readonly callCount: number;
  readonly refusedCount: number;
}

export interface GithubCall {
  readonly atMs: number;
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  /** 0 where the connection was cut. */
  readonly status: number;
}

export interface RefusedCall {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly reason: string;
}
