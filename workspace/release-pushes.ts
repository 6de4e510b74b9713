import { z } from 'zod';
import type { AwsControl } from './aws/control.ts';
import type { WorkspaceClock } from './clock.ts';
import { ControlRefusal, type ControlRoutes } from './control.ts';
import { type GithubControl, type RunConclusion, runConclusions } from './github/control.ts';
import type { PendingPush } from './snapshot.ts';

export interface ReleasePushes {
  /** A tag, a staging run that begins now, and the idle colour once the run ended well. Refuses unknown versions. */
  push(input: { version: string; conclusion?: RunConclusion; runSeconds?: number }): {
    version: string;
    sha: string;
    runId: number;
    endsAtMs: number;
  };
  pending(): PendingPush[];
  routes: ControlRoutes;
}

const usualRunSeconds = 20;

const Push = z.strictObject({
  version: z.string().min(1),
  conclusion: z.enum(runConclusions).exactOptional(),
  runSeconds: z.number().positive().max(3_600).exactOptional(),
});

/** "A developer pushes": what GitHub and the deployment workflow to the idle colour do together. */
export function createReleasePushes(options: {
  clock: WorkspaceClock;
  aws: Pick<AwsControl, 'putRelease' | 'state'>;
  github: Pick<GithubControl, 'pushRelease'>;
  pending?: readonly PendingPush[];
  changed: () => void;
}): ReleasePushes {
  const { clock, aws, github, changed } = options;
  const pending = new Set<PendingPush>();

  const follow = (push: PendingPush) => {
    pending.add(push);
    clock.at(push.endsAtMs, async () => {
      if (push.succeeds) await aws.putRelease({ version: push.version });
      pending.delete(push);
      changed();
    });
  };
  for (const push of options.pending ?? []) follow({ ...push });

  const push: ReleasePushes['push'] = ({ version, conclusion = 'success', runSeconds = usualRunSeconds }) => {
    const known = aws.state().releases.map((release) => release.version);
    if (!known.includes(version)) {
      throw new ControlRefusal(`There is no release ${version} to push. There are: ${known.join(', ')}.`);
    }
    if ([...pending].some((each) => each.version === version)) {
      throw new ControlRefusal(`${version} is on its way already; its staging run has not ended.`);
    }
    const pushed = github.pushRelease({ version, conclusion, runSeconds });
    const endsAtMs = clock.nowMs() + runSeconds * 1_000;
    follow({ version, runId: pushed.runId, endsAtMs, succeeds: conclusion === 'success' });
    changed();
    return { ...pushed, endsAtMs };
  };

  return {
    push,
    pending: () => [...pending].map((each) => ({ ...each })),
    routes: {
      push: async (body) => push(Push.parse(body)),
      list: async () => aws.state().releases,
    },
  };
}
