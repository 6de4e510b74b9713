import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface Resource {
  readonly id: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, Json>>;
  readonly attributes: Readonly<Record<string, Json>>;
}

interface RawTemplate {
  readonly Resources: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly Parameters: Readonly<Record<string, { readonly Type: string; readonly Default: string }>>;
  readonly Conditions: Readonly<Record<string, Json>>;
  readonly Outputs: Readonly<Record<string, Json>>;
}

export const account = '111122223333';
export const region = 'eu-central-1';

const pseudo: Readonly<Record<string, string>> = {
  'AWS::AccountId': account,
  'AWS::Region': region,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
};
/** Left out wherever it stands. */
const nothing = Symbol('AWS::NoValue');

/**
 * A packaged template as CloudFormation would deploy it: with every function of the template language that it uses
 * worked out, and ARNs made from the names that it gives. Throws on what it does not know. Source: AWS CloudFormation
 * user guide, "Intrinsic function reference"; the ARN forms are those of the service authorization reference.
 */
export function readTemplate(place: string, parameters: Readonly<Record<string, string>> = {}) {
  const file = join(place, '.serverless/cloudformation-template-update-stack.json');
  const raw = JSON.parse(readFileSync(file, 'utf8')) as RawTemplate;

  const parameterOf = (name: string): string | undefined => {
    const declared = raw.Parameters[name];
    if (declared === undefined) return undefined;
    return (
      parameters[name] ??
      (declared.Type.startsWith('AWS::SSM') ? `{value of ${declared.Default}}` : declared.Default)
    );
  };

  const holds = (condition: string): boolean => {
    const rule = raw.Conditions[condition];
    if (rule === undefined) throw new Error(`there is no condition ${condition}`);
    return resolve(rule) === true;
  };

  const ref = (name: string): Json | typeof nothing => {
    if (name === 'AWS::NoValue') return nothing;
    const known = pseudo[name] ?? parameterOf(name);
    if (known !== undefined) return known;
    const { type, properties } = resource(name);
    switch (type) {
      case 'AWS::DynamoDB::Table':
        return text(properties['TableName']);
      case 'AWS::Lambda::Function':
        return text(properties['FunctionName']);
      case 'AWS::SQS::Queue':
        return `https://sqs.${region}.amazonaws.com/${account}/${text(properties['QueueName'])}`;
      case 'AWS::SNS::Topic':
        return `arn:aws:sns:${region}:${account}:${text(properties['TopicName'])}`;
      default:
        return `{${name}}`;
    }
  };

  const attribute = (id: string, name: string): string => {
    const { type, properties } = resource(id);
    if (type === 'AWS::SQS::Queue' && name === 'QueueName') return text(properties['QueueName']);
    if (name !== 'Arn') throw new Error(`there is no attribute ${name} of ${id} here`);
    const at = (service: string, what: string) => `arn:aws:${service}:${region}:${account}:${what}`;
    switch (type) {
      case 'AWS::DynamoDB::Table':
        return at('dynamodb', `table/${text(properties['TableName'])}`);
      case 'AWS::SQS::Queue':
        return at('sqs', text(properties['QueueName']));
      case 'AWS::Lambda::Function':
        return at('lambda', `function:${text(properties['FunctionName'])}`);
      // With the streams in it, as CloudFormation gives it.
      case 'AWS::Logs::LogGroup':
        return at('logs', `log-group:${text(properties['LogGroupName'])}:*`);
      case 'AWS::Events::Rule':
        return at('events', `rule/${text(properties['Name'])}`);
      case 'AWS::IAM::Role':
        return `arn:aws:iam::${account}:role/${text(properties['RoleName'])}`;
      default:
        throw new Error(`the ARN of a ${type} is not known here`);
    }
  };

  function resolve(value: Json): Json | typeof nothing {
    if (value === null || typeof value !== 'object') return value;
    if (isList(value)) return value.map(resolve).filter((each) => each !== nothing) as Json[];
    const [[key, argument] = ['', null], ...more] = Object.entries(value);
    const list = (): readonly Json[] => (argument !== null && isList(argument) ? argument : []);
    if (more.length === 0) {
      const [first = null, second = null, third = null] = list();
      switch (key) {
        case 'Ref':
          return ref(text(argument));
        case 'Fn::GetAtt':
          return attribute(text(first), text(second));
        case 'Fn::Sub':
          return text(argument).replaceAll(/\$\{([\w:.]+)\}/g, (_, name: string) => {
            const [id = '', attributeName] = name.split('.');
            return attributeName === undefined ? text(ref(name)) : attribute(id, attributeName);
          });
        case 'Fn::Join': {
          const parts = resolve(second);
          return (isList(parts) ? parts : []).map(text).join(text(first));
        }
        case 'Fn::If':
          return resolve(holds(text(first)) ? second : third);
        case 'Fn::Equals':
          return resolve(first) === resolve(second);
        case 'Fn::Not':
          return resolve(first) !== true;
      }
      if (key.startsWith('Fn::')) throw new Error(`${key} is not known here`);
    }
    return Object.fromEntries(
      Object.entries(value)
        .map(([name, each]) => [name, resolve(each)] as const)
        .filter(([, each]) => each !== nothing),
    ) as { readonly [key: string]: Json };
  }

  const resources = new Map<string, Resource>();
  /** Only what others refer to is looked at here, so that two resources may name each other. */
  function resource(id: string): Resource {
    const known = resources.get(id);
    if (known !== undefined) return known;
    const found = raw.Resources[id];
    if (found === undefined) throw new Error(`nothing in the template is called ${id}`);
    const { Type, Properties = {}, ...attributes } = found;
    let resolved: Resource['properties'] | undefined;
    const made: Resource = {
      id,
      type: text(Type ?? null),
      get properties() {
        resolved ??= resolve(Properties) as Resource['properties'];
        return resolved;
      },
      attributes,
    };
    resources.set(id, made);
    return made;
  }

  const present = Object.entries(raw.Resources)
    .filter(([, { Condition }]) => typeof Condition !== 'string' || holds(Condition))
    .map(([id]) => resource(id));
  return {
    resources: present,
    ofType: (type: string) => present.filter((each) => each.type === type),
    named: (id: string) => resource(id),
    parameters: raw.Parameters,
    outputs: Object.fromEntries(
      Object.entries(raw.Outputs).map(([name, output]) => {
        const resolved = resolve(output);
        return [name, isObject(resolved) ? text(resolved['Value']) : ''];
      }),
    ),
    text: JSON.stringify(raw),
  };
}

export type Template = ReturnType<typeof readTemplate>;

export function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

export function isObject(value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Throws on anything else: a number in place of a name is a mistake of the template. */
export function text(value: unknown): string {
  if (typeof value !== 'string') throw new Error(`${JSON.stringify(value)} is no text`);
  return value;
}

/** What the template says of one function. */
export function functionNamed(template: Template, name: string): Resource {
  const found = template
    .ofType('AWS::Lambda::Function')
    .find(({ properties }) => text(properties['FunctionName']).endsWith(`-${name}`));
  if (found === undefined) throw new Error(`there is no function ${name}`);
  return found;
}

export function environmentOf(template: Template, name: string): Readonly<Record<string, string>> {
  const { Environment } = functionNamed(template, name).properties;
  const variables = isObject(Environment) ? Environment['Variables'] : undefined;
  return Object.fromEntries(
    Object.entries(isObject(variables) ? variables : {}).map(([key, value]) => [key, text(value)]),
  );
}
