import type { Definition } from '../flows/promotion/plan.ts';
import { AwsCheckConfig } from './checks/config.ts';
import { checkPermissions } from './checks/permissions.ts';
import type { Place, Statement } from './statement.ts';
import { TargetConfig } from './targets/config.ts';
import { targetPermissions } from './targets/permissions.ts';

/**
 * Everything that the target and the checks of one environment do in AWS, and nothing else. What reads nothing from AWS
 * needs nothing. Throws ZodError for a target that is none of ours.
 */
export function permissionsOf(
  { target, gates, checks, readings }: Definition,
  place: Place,
): readonly Statement[] {
  const configs = [...gates, ...checks, ...readings].flatMap(({ kind, settings }) => {
    const config = AwsCheckConfig.safeParse({ kind, settings });
    return config.success ? [config.data] : [];
  });
  return [
    ...targetPermissions(TargetConfig.parse(target), place),
    ...configs.flatMap(checkPermissions),
  ].reduce(merged, []);
}

/** One statement for each thing, however many checks need it. */
function merged(statements: readonly Statement[], next: Statement): readonly Statement[] {
  const there = statements.find(({ Sid }) => Sid === next.Sid);
  if (there === undefined) return [...statements, next];
  const both: Statement = {
    ...there,
    Resource: union(there.Resource, next.Resource),
    ...(there.Regions === undefined ? {} : { Regions: union(there.Regions, next.Regions ?? []) }),
  };
  return statements.map((each) => (each === there ? both : each));
}

const union = (one: readonly string[], other: readonly string[]) => [...new Set([...one, ...other])].sort();
