import type { PackagingFacts } from '../../src/compose/packaging.ts';
import type { EnvironmentRole } from '../../workspace/lambda/cloud.ts';
import { PolicyDocument, TrustDocument } from '../../workspace/lambda/policies.ts';

const everything = PolicyDocument.parse({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});

const trust = TrustDocument.parse({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::111122223333:role/countersign-test-tick' },
      Action: ['sts:AssumeRole', 'sts:TagSession'],
      Condition: { StringLike: { 'aws:RequestTag/countersign:promotion': '?*' } },
    },
  ],
});

/** The roles that the pipeline names, each with the policy and the trust that `npx countersign iam` prints for it. */
export async function environmentRolesOf(
  facts: Extract<PackagingFacts, { outcome: 'valid' }>,
  _pipelineFile: string,
): Promise<readonly EnvironmentRole[]> {
  return facts.environmentRoles.map((arn) => ({ arn, policies: [everything], trust }));
}
