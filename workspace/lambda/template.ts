import { z } from 'zod';

/** A resource of a stack with every reference in it resolved. */
export interface StackResource {
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface ResolvedStack {
  resource(logicalId: string): StackResource;
  ofType(type: string): readonly (StackResource & { readonly logicalId: string })[];
  /** What other parts of the template call a resource by: its name, address or ARN. */
  ref(logicalId: string): string;
  arn(logicalId: string): string;
}

const Template = z.object({
  Parameters: z
    .record(z.string(), z.object({ Type: z.string(), Default: z.string().optional() }))
    .default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
});

const pseudo: Record<string, string> = {
  'AWS::AccountId': '111122223333',
  'AWS::Partition': 'aws',
  'AWS::Region': 'us-east-1',
  'AWS::URLSuffix': 'amazonaws.com',
};

const nothing = Symbol('AWS::NoValue');

/**
 * Works out what CloudFormation would make of a packaged template: parameters (those of SSM by what `ssm` holds),
 * conditions, and the functions that refer to other resources. Throws on whatever it does not model, and on an SSM
 * parameter that is not there, as a deployment would.
 */
export function resolveTemplate(
  text: string,
  given: { parameters?: Readonly<Record<string, string>>; ssm: (name: string) => string | undefined },
): ResolvedStack {
  const { Parameters, Conditions, Resources } = Template.parse(JSON.parse(text));

  const parameter = (name: string): string | undefined => {
    const declared = Parameters[name];
    if (declared === undefined) return undefined;
    const value = given.parameters?.[name] ?? declared.Default;
    if (value === undefined) throw new Error(`The parameter ${name} has no value.`);
    if (!declared.Type.startsWith('AWS::SSM::Parameter::Value')) return value;
    const held = given.ssm(value);
    if (held === undefined) throw new Error(`Unable to fetch parameters [${value}] from parameter store.`);
    return held;
  };

  const declaredAt = (logicalId: string) => {
    const declared = Resources[logicalId];
    if (declared === undefined) throw new Error(`The template has no resource ${logicalId}.`);
    return declared;
  };
  const resource = (logicalId: string): StackResource => {
    const { Type, Properties } = declaredAt(logicalId);
    return { type: Type, properties: asObject(resolve(Properties)) };
  };
  const nameOf = (logicalId: string): string => {
    const { Type, Properties } = declaredAt(logicalId);
    const property = nameProperties[Type];
    const name = property === undefined ? undefined : Properties[property];
    return name === undefined ? logicalId : String(resolve(name));
  };
  const ref = (logicalId: string): string => {
    const name = nameOf(logicalId);
    const { Type } = declaredAt(logicalId);
    return Type === 'AWS::SQS::Queue' ? `https://sqs.us-east-1.amazonaws.com/111122223333/${name}` : name;
  };
  const arn = (logicalId: string): string => {
    const { Type } = declaredAt(logicalId);
    const write = arns[Type];
    if (write === undefined) throw new Error(`The workspace does not know the ARN of a ${Type}.`);
    return write(nameOf(logicalId));
  };
  const attribute = (logicalId: string, name: string): string => {
    if (name === 'Arn') return arn(logicalId);
    throw new Error(`The workspace does not know ${logicalId}.${name}.`);
  };
  const referred = (name: string): string | typeof nothing => {
    if (name === 'AWS::NoValue') return nothing;
    return pseudo[name] ?? parameter(name) ?? ref(name);
  };

  const substitute = (pattern: string, own: Readonly<Record<string, unknown>>): string =>
    pattern.replace(/\$\{([^!}][^}]*)\}/g, (_, name: string) => {
      if (name in own) return String(resolve(own[name]));
      const [logicalId = '', attributeName] = name.split('.');
      return attributeName === undefined ? String(referred(name)) : attribute(logicalId, attributeName);
    });

  const condition = (value: unknown): boolean => {
    if (typeof value === 'string') return condition(Conditions[value]);
    const [[name, operand] = ['nothing', undefined]] = Object.entries(asObject(value));
    const operands = Array.isArray(operand) ? operand : [operand];
    switch (name) {
      case 'Condition':
        return condition(operand);
      case 'Fn::Equals':
        return resolve(operands[0]) === resolve(operands[1]);
      case 'Fn::Not':
        return !condition(operands[0]);
      case 'Fn::And':
        return operands.every(condition);
      case 'Fn::Or':
        return operands.some(condition);
      default:
        throw new Error(`The workspace does not model the condition ${name}.`);
    }
  };

  const intrinsic = (name: string, operand: unknown): unknown => {
    const operands = Array.isArray(operand) ? operand : [operand];
    switch (name) {
      case 'Ref':
        return referred(String(operand));
      case 'Fn::GetAtt': {
        const [logicalId = '', attributeName = ''] = Array.isArray(operand)
          ? operand
          : String(operand).split('.');
        return attribute(String(logicalId), String(attributeName));
      }
      case 'Fn::Sub':
        return substitute(String(operands[0]), asObject(operands[1] ?? {}));
      case 'Fn::Join':
        return asList(resolve(operands[1])).join(String(operands[0]));
      case 'Fn::If':
        return resolve(condition(operands[0]) ? operands[1] : operands[2]);
      default:
        throw new Error(`The workspace does not model ${name}.`);
    }
  };

  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolve).filter((each) => each !== nothing);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [only] = entries;
    if (entries.length === 1 && only !== undefined && (only[0] === 'Ref' || only[0].startsWith('Fn::'))) {
      return intrinsic(only[0], only[1]);
    }
    return Object.fromEntries(
      entries.map(([key, each]) => [key, resolve(each)]).filter(([, each]) => each !== nothing),
    );
  };

  return {
    resource,
    ofType: (type) =>
      Object.keys(Resources)
        .filter((logicalId) => Resources[logicalId]?.Type === type)
        .map((logicalId) => ({ logicalId, ...resource(logicalId) })),
    ref,
    arn,
  };
}

const nameProperties: Record<string, string> = {
  'AWS::DynamoDB::Table': 'TableName',
  'AWS::Events::Rule': 'Name',
  'AWS::IAM::Role': 'RoleName',
  'AWS::Lambda::Function': 'FunctionName',
  'AWS::Logs::LogGroup': 'LogGroupName',
  'AWS::SNS::Topic': 'TopicName',
  'AWS::SQS::Queue': 'QueueName',
};

const arns: Record<string, (name: string) => string> = {
  'AWS::DynamoDB::Table': (name) => `arn:aws:dynamodb:us-east-1:111122223333:table/${name}`,
  'AWS::Events::Rule': (name) => `arn:aws:events:us-east-1:111122223333:rule/${name}`,
  'AWS::IAM::Role': (name) => `arn:aws:iam::111122223333:role/${name}`,
  'AWS::Lambda::Function': (name) => `arn:aws:lambda:us-east-1:111122223333:function:${name}`,
  'AWS::Logs::LogGroup': (name) => `arn:aws:logs:us-east-1:111122223333:log-group:${name}:*`,
  'AWS::S3::Bucket': (name) => `arn:aws:s3:::${name}`,
  'AWS::SNS::Topic': (name) => `arn:aws:sns:us-east-1:111122223333:${name}`,
  'AWS::SQS::Queue': (name) => `arn:aws:sqs:us-east-1:111122223333:${name}`,
};

function asObject(value: unknown): Record<string, unknown> {
  return z.record(z.string(), z.unknown()).parse(value);
}

function asList(value: unknown): unknown[] {
  return z.array(z.unknown()).parse(value);
}
