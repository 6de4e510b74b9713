import { z } from 'zod';
import type { CheckContext } from '../flows/ports.ts';
import type { CheckResult, CheckSpec } from '../flows/promotion/plan.ts';
import { WorkflowGateSettings } from './gate-config.ts';
import type { NewestRun, Workflows } from './workflows.ts';

/**
 * SITE-1: the newest run of the named workflow for exactly the commit being promoted has succeeded. Running, absent,
 * failed, or only there for another commit: no pass, saying which. Throws what `Workflows` throws.
 */
export function createWorkflowGate(workflows: Workflows) {
  return {
    async run(spec: CheckSpec, context: CheckContext): Promise<CheckResult> {
      const { workflow } = z.parse(WorkflowGateSettings, spec.settings);
      const { repository } = context.definition;
      const { commit } = context.expected;
      const result = (outcome: CheckResult['outcome'], text: string, link: string | null): CheckResult => ({
        id: spec.id,
        title: spec.title,
        outcome,
        text,
        link,
        urgent: false,
      });
      if (repository === null || commit === null) {
        return result('failed', `there is no commit to look for a run of ${workflow}`, null);
      }
      const newest = await workflows.newestRunForCommit({ repository, workflow, sha: commit.sha });
      const { outcome, text, link } = judged(newest, workflow, commit.sha);
      return result(outcome, text, link);
    },
  };
}

const short = (sha: string) => sha.slice(0, 7);

function judged(
  newest: NewestRun,
  workflow: string,
  sha: string,
): Pick<CheckResult, 'outcome' | 'text' | 'link'> {
  const commit = short(sha);
  switch (newest.outcome) {
    case 'succeeded':
      return { outcome: 'passed', text: `${workflow} succeeded for ${commit}`, link: newest.run.url };
    case 'running':
      return {
        outcome: 'failed',
        text: `${workflow} is still running for ${commit} (${newest.run.status}); ask again when it is green`,
        link: newest.run.url,
      };
    case 'failed':
      return {
        outcome: 'failed',
        text: `the newest run of ${workflow} for ${commit} ended with ${newest.run.conclusion ?? 'no conclusion'}`,
        link: newest.run.url,
      };
    case 'absent': {
      const other = newest.forOtherCommit;
      if (other === undefined)
        return { outcome: 'failed', text: `${workflow} has never run for ${commit}`, link: null };
      return {
        outcome: 'failed',
        text: `${workflow} has not run for ${commit}; its newest run is for another commit, ${short(other.headSha)}`,
        link: other.url,
      };
    }
  }
}
