import { z } from 'zod';
import { runCli } from '../../src/cli/run.ts';
import type { EnvironmentRole } from '../../workspace/lambda/cloud.ts';
import { PolicyDocument, TrustDocument } from '../../workspace/lambda/policies.ts';

const Printed = z.object({ role: z.string(), trustPolicy: TrustDocument, permissionsPolicy: PolicyDocument });

/** The role of production, with exactly the policy and the trust that `npx countersign iam` prints for it. */
export async function productionRole(pipelineFile: string): Promise<EnvironmentRole> {
  const printed = await runCli(['iam', 'production', 'site', '--file', pipelineFile, '--stage', 'test']);
  if (printed.exitCode !== 0) throw new Error(printed.stdout);
  const { role, trustPolicy, permissionsPolicy } = Printed.parse(JSON.parse(printed.stdout));
  return { arn: role, trust: trustPolicy, policies: [permissionsPolicy] };
}
