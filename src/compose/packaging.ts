import { readPipeline } from '../config/load.ts';
import { packPipeline } from '../config/packaged.ts';
import { type Problem, problemLine } from '../config/problem.ts';
import type { EnvironmentSettings } from '../flows/desk.ts';
import { expiryAttribute, tableDefinition } from '../store/table.ts';

export type PackagingFacts =
  | {
      readonly outcome: 'valid';
      /** What goes into every artifact. */
      readonly pipeline: string;
      /** The table's keys and indexes in CloudFormation's terms; its name is the deployment's. */
      readonly table: object;
      /** The roles that `tick` may become, and no others. */
      readonly environmentRoles: readonly string[];
      readonly warnings: readonly string[];
    }
  | { readonly outcome: 'invalid'; readonly problems: readonly string[] };

/** What the packaging takes from the product, so that nothing is written down twice. Never throws on a wrong file. */
export async function packagingFacts(pipelineFile: string): Promise<PackagingFacts> {
  const answer = await readPipeline(pipelineFile);
  const line = (problem: Problem) => problemLine(pipelineFile, problem);
  if (answer.outcome === 'invalid') return { outcome: 'invalid', problems: answer.problems.map(line) };
  const environments = answer.pipeline.apps.flatMap((each) => each.environments);
  const roleless = environments.filter(({ definition }) => definition.role === undefined);
  if (roleless.length > 0) return { outcome: 'invalid', problems: roleless.map(noRole(pipelineFile)) };
  const { TableName: _, ...table } = tableDefinition('-');
  return {
    outcome: 'valid',
    pipeline: packPipeline(answer.pipeline),
    table: { ...table, TimeToLiveSpecification: { AttributeName: expiryAttribute, Enabled: true } },
    environmentRoles: [...new Set(environments.flatMap(({ definition }) => definition.role ?? []))].sort(),
    warnings: answer.warnings.map(line),
  };
}

const noRole =
  (file: string) =>
  ({ app, environment }: EnvironmentSettings) =>
    `${file} apps.${app}.environments.${environment}: names no role, and the functions have no rights of their own to what they promote; npx countersign iam prints what the role needs`;
