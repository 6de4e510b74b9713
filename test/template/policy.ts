import {
  functionNamed,
  isList,
  isObject,
  type Json,
  type Resource,
  type Template,
  text,
} from './template.ts';

export interface Statement {
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly statement: Readonly<Record<string, Json>>;
}

export function roleOf(template: Template, name: string): Resource {
  const arn = text(functionNamed(template, name).properties['Role']);
  const role = template
    .ofType('AWS::IAM::Role')
    .find(({ properties }) => arn.endsWith(`:role/${text(properties['RoleName'])}`));
  if (role === undefined) throw new Error(`${name} runs as ${arn}, which is not in the template`);
  return role;
}

/** Everything that a function's role is allowed or denied. */
export function statementsOf(template: Template, name: string): readonly Statement[] {
  const { Policies } = roleOf(template, name).properties;
  return (isList(Policies) ? Policies : []).flatMap((policy) => {
    const document = isObject(policy) ? policy['PolicyDocument'] : undefined;
    const statements = isObject(document) ? document['Statement'] : undefined;
    return (isList(statements) ? statements : []).flatMap((statement) => {
      if (!isObject(statement)) return [];
      const { Effect, Action, Resource: resource } = statement;
      return [{ effect: text(Effect), actions: texts(Action), resources: texts(resource), statement }];
    });
  });
}

/** "action on resource", one line for each pair. */
export function permissionsOf(template: Template, name: string): string[] {
  return statementsOf(template, name)
    .flatMap(({ actions, resources }) =>
      actions.flatMap((action) => resources.map((resource) => `${action} on ${resource}`)),
    )
    .sort();
}

/** Whether the role may do this on anything at all. Conditions are taken as met: they could only take away. */
export function mayAnywhere(template: Template, name: string, action: string): boolean {
  return statementsOf(template, name).some(
    ({ effect, actions }) => effect === 'Allow' && actions.some((pattern) => matches(pattern, action)),
  );
}

/** As IAM reads `*` and `?`. */
function matches(pattern: string, what: string): boolean {
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'i').test(what);
}

function texts(value: Json | undefined): readonly string[] {
  return (isList(value) ? value : [value]).map(text);
}
