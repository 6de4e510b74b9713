import { z } from 'zod';
import { downKinds, type GithubControl, rateLimitKinds, runConclusions, runStatuses } from './control.ts';

const Version = z.string().min(1).max(100);
const seconds = z.number().nonnegative().max(1_000_000);

const Bodies = {
  pushRelease: z.object({
    version: Version,
    conclusion: z.enum(runConclusions).optional(),
    runSeconds: seconds.optional(),
    message: z.string().optional(),
    author: z.string().optional(),
    annotated: z.boolean().optional(),
  }),
  setRun: z.union([
    z.strictObject({
      version: Version,
      status: z.enum(runStatuses),
      conclusion: z.enum(runConclusions).optional(),
    }),
    z.strictObject({
      sha: z.string(),
      status: z.enum(runStatuses),
      conclusion: z.enum(runConclusions).optional(),
    }),
  ]),
  version: z.object({ version: Version }),
  rerun: z.object({
    version: Version,
    conclusion: z.enum(runConclusions),
    runSeconds: seconds.optional(),
  }),
  moveTag: z.object({ version: Version, toSha: z.string() }),
  down: z.object({ forSeconds: seconds, how: z.enum(downKinds).optional() }),
  rateLimited: z.object({ forSeconds: seconds, kind: z.enum(rateLimitKinds).optional() }),
  badCredentials: z.object({ on: z.boolean() }),
  slow: z.object({ ms: z.number().nonnegative().max(60_000) }),
} as const;

/**
 * The control by name, for `POST /control/github/<name>` of the workspace's panel.
 * Each throws a ZodError for a body it cannot read and an Error for one it cannot carry out.
 */
export function githubControlRoutes(
  control: GithubControl,
): Record<string, (body: unknown) => Promise<unknown>> {
  return {
    pushRelease: async (body) => control.pushRelease(Bodies.pushRelease.parse(body)),
    setRun: async (body) => control.setRun(Bodies.setRun.parse(body)),
    removeRuns: async (body) => ({ removed: control.removeRuns(Bodies.version.parse(body).version) }),
    rerun: async (body) => {
      const { version, conclusion, runSeconds } = Bodies.rerun.parse(body);
      return control.rerun(version, conclusion, runSeconds);
    },
    runForOtherCommit: async (body) => control.runForOtherCommit(Bodies.version.parse(body).version),
    moveTag: async (body) => {
      const { version, toSha } = Bodies.moveTag.parse(body);
      control.moveTag(version, toSha);
      return control.state();
    },
    down: async (body) => {
      const { forSeconds, how } = Bodies.down.parse(body);
      control.down(forSeconds, how);
      return control.state().faults;
    },
    rateLimited: async (body) => {
      const { forSeconds, kind } = Bodies.rateLimited.parse(body);
      control.rateLimited(forSeconds, kind);
      return control.state().faults;
    },
    badCredentials: async (body) => {
      control.badCredentials(Bodies.badCredentials.parse(body).on);
      return control.state().faults;
    },
    slow: async (body) => {
      control.slow(Bodies.slow.parse(body).ms);
      return control.state().faults;
    },
    state: async () => control.state(),
    calls: async () => control.calls(),
    refused: async () => control.refused(),
  };
}
