import type { Pipeline } from '../config/catalog.ts';
import { readPipeline } from '../config/load.ts';
import { packPipeline } from '../config/packaged.ts';
import { type Problem, problemLine } from '../config/problem.ts';
import { expiryAttribute, tableDefinition } from '../store/table.ts';

export type PackagingFacts =
  | {
      readonly outcome: 'valid';
      /** What goes into every artifact. */
      readonly pipeline: string;
      /** The table's keys and indexes in CloudFormation's terms; its name is the deployment's. */
      readonly table: object;
      /** The roles that `tick` may become, and no others. */
      readonly environmentRoles: readonly object[];
      readonly warnings: readonly string[];
    }
  | { readonly outcome: 'invalid'; readonly problems: readonly string[] };

/** What the packaging takes from the product, so that nothing is written down twice. Never throws on a wrong file. */
export async function packagingFacts(pipelineFile: string): Promise<PackagingFacts> {
  const answer = await readPipeline(pipelineFile);
  const line = (problem: Problem) => problemLine(pipelineFile, problem);
  if (answer.outcome === 'invalid') return { outcome: 'invalid', problems: answer.problems.map(line) };
  const { TableName: _, ...table } = tableDefinition('-');
  return {
    outcome: 'valid',
    pipeline: packPipeline(answer.pipeline),
    table: { ...table, TimeToLiveSpecification: { AttributeName: expiryAttribute, Enabled: true } },
    environmentRoles: environmentRoles(answer.pipeline),
    warnings: answer.warnings.map(line),
  };
}

/** In CloudFormation's terms; the name of the deployment is put in by what packages it. */
function environmentRoles(pipeline: Pipeline): object[] {
  const names = pipeline.apps.flatMap(({ environments }) =>
    environments.map(({ app, environment }) => `${app}-${environment}`),
  );
  return [...new Set(names)].sort().map((name) => ({
    'Fn::Sub': `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/\${self:service}-\${sls:stage}-${name}`,
  }));
}
