import { z } from 'zod';
import type { AwsState } from './aws/control.ts';
import type { GithubState } from './github/control.ts';
import type { SlackState } from './slack/control.ts';

/** `starting` until its port answers; `stopped` says how it ended; `off` was never started. */
export type BotState = 'off' | 'starting' | 'running' | 'stopped';

export interface BotStatus {
  state: BotState;
  pid: number | null;
  port: number;
  /** How the last process ended, e.g. `killed by SIGKILL` or `exit code 1`. */
  ended: string | null;
  starts: number;
  /** The newest lines of what it wrote, oldest first. */
  log: string[];
}

/** A push whose staging run has not ended yet; the idle colour gets the release when it ends well. */
export const PendingPush = z.object({
  version: z.string(),
  runId: z.number(),
  endsAtMs: z.number(),
  succeeds: z.boolean(),
});
export type PendingPush = z.infer<typeof PendingPush>;

export interface DynamoStatus {
  /** Which engine answers, e.g. `dynoxide`. */
  engine: string;
  url: string;
  /** What is broken now, in words; empty when nothing is. */
  faults: string[];
}

/** Everything the page draws, as one person sees it: the answer to `GET /control/state`. */
export interface WorkspaceSnapshot {
  time: {
    nowMs: number;
    /** Virtual seconds per real second; 0 while paused. */
    speed: number;
    /** What `resume` goes back to. */
    resumeSpeed: number;
  };
  slack: SlackState;
  aws: AwsState;
  github: GithubState;
  dynamo: DynamoStatus;
  bot: BotStatus;
  pushes: PendingPush[];
}
