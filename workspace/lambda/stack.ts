import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import type { DynamoStandIn } from '../dynamodb/index.ts';
import { unpackArtifact } from './artifact.ts';
import type { LambdaCloud } from './cloud.ts';
import { createEventBus, type EventBus, type Rule } from './event-bus.ts';
import { createEventSource, type EventSource } from './event-source.ts';
import { createFunction, type LambdaFunction } from './function.ts';
import { createGateway, type Gateway, type Route } from './gateway.ts';
import type { LambdaRuntime } from './instance.ts';
import { PolicyDocument } from './policies.ts';
import type { Queue } from './queue.ts';
import { type ResolvedStack, resolveTemplate } from './template.ts';

export interface DeployedStack {
  /** By what its name ends in: `slack` for `countersign-dev-slack`. */
  lambda(name: string): LambdaFunction;
  queue(name: string): Queue;
  eventSource(functionName: string): EventSource;
  readonly bus: EventBus;
  /** The HTTP API of the template. */
  readonly gateway: Gateway;
  readonly tableName: string;
  close(): Promise<void>;
}

export interface StackOptions {
  readonly cloud: LambdaCloud;
  readonly dynamo: DynamoStandIn;
  readonly runtime: LambdaRuntime;
  /** The packaged template, as CloudFormation gets it. */
  readonly template: string;
  /** Where the packaged zip files are. */
  readonly artifacts: string;
  readonly parameters?: Readonly<Record<string, string>>;
  /** What every function is told besides its own variables: where the stand-ins are. */
  readonly environment: Readonly<Record<string, string>>;
  /** Put into each artifact in the place of what is there: another pipeline.json. */
  readonly files?: Readonly<Record<string, string>>;
}

const FunctionProperties = z.object({
  Code: z.object({ S3Key: z.string() }),
  FunctionName: z.string(),
  Handler: z.string(),
  MemorySize: z.number(),
  Timeout: z.number(),
  Role: z.string(),
  Runtime: z.literal('nodejs22.x'),
  ReservedConcurrentExecutions: z.number().optional(),
  Environment: z.object({ Variables: z.record(z.string(), z.coerce.string()) }),
});
const RoleProperties = z.object({
  Policies: z.array(z.object({ PolicyDocument })),
});
const QueueProperties = z.object({
  QueueName: z.string(),
  VisibilityTimeout: z.number().default(30),
  DelaySeconds: z.number().default(0),
  MessageRetentionPeriod: z.number().default(345_600),
  RedrivePolicy: z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: z.number() }).optional(),
});
const MappingProperties = z.object({
  BatchSize: z.number(),
  Enabled: z.literal(true),
  EventSourceArn: z.string(),
  FunctionName: z.string(),
  FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
  ScalingConfig: z.object({ MaximumConcurrency: z.number() }).optional(),
});
const RuleProperties = z.object({
  Name: z.string(),
  State: z.enum(['ENABLED', 'DISABLED']),
  EventPattern: z.record(z.string(), z.unknown()).optional(),
  ScheduleExpression: z.string().optional(),
  Targets: z.array(
    z.strictObject({
      Arn: z.string(),
      Id: z.string(),
      Input: z.string().optional(),
      // Between EventBridge and Lambda nothing is lost here, so nothing is retried there.
      RetryPolicy: z.unknown().optional(),
    }),
  ),
});
const InvokeConfigProperties = z.object({
  FunctionName: z.string(),
  MaximumRetryAttempts: z.number().default(2),
});
const RouteProperties = z.object({ RouteKey: z.string(), Target: z.string() });
const IntegrationProperties = z.object({
  IntegrationUri: z.string(),
  PayloadFormatVersion: z.literal('2.0'),
});
const KeySchema = z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));
const TableProperties = z.object({
  TableName: z.string(),
  AttributeDefinitions: z.array(
    z.strictObject({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
  ),
  KeySchema,
  BillingMode: z.literal('PAY_PER_REQUEST'),
  GlobalSecondaryIndexes: z.array(
    z.strictObject({
      IndexName: z.string(),
      KeySchema,
      Projection: z.strictObject({
        ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']),
        NonKeyAttributes: z.array(z.string()).optional(),
      }),
    }),
  ),
});

/**
 * Brings up what a packaged template describes: functions from their artifacts with their own roles' permissions, the
 * table, queues, event source mappings, rules and the HTTP API. Throws where the template says something that is not
 * modelled. What alarms of the bot itself would do is left out.
 */
export async function deployStack(options: StackOptions): Promise<DeployedStack> {
  const { cloud, dynamo, runtime } = options;
  const { clock } = cloud;
  const stack = resolveTemplate(options.template, {
    ssm: cloud.parameter,
    ...(options.parameters === undefined ? {} : { parameters: options.parameters }),
  });
  const folder = await mkdtemp(join(tmpdir(), 'countersign-stack-'));

  const [table] = stack.ofType('AWS::DynamoDB::Table');
  const tableName = await createTable(dynamo, TableProperties.parse(table?.properties));

  const policiesOf = new Map(
    stack
      .ofType('AWS::IAM::Role')
      .map(({ logicalId, properties }) => [
        stack.arn(logicalId),
        RoleProperties.parse(properties).Policies.map(({ PolicyDocument: document }) => document),
      ]),
  );
  const functions: LambdaFunction[] = [];
  for (const { properties } of stack.ofType('AWS::Lambda::Function')) {
    const read = FunctionProperties.parse(properties);
    const zip = read.Code.S3Key.split('/').at(-1) ?? '';
    const taskRoot = join(folder, zip.replace(/\.zip$/, ''));
    await unpackArtifact(join(options.artifacts, zip), taskRoot);
    for (const [name, content] of Object.entries(options.files ?? {})) {
      await writeFile(join(taskRoot, name), content);
    }
    const credentials = cloud.credentialsFor(read.Role, policiesOf.get(read.Role) ?? []);
    functions.push(
      createFunction({
        runtime,
        nowMs: clock.nowMs,
        settings: {
          name: read.FunctionName,
          handler: read.Handler,
          taskRoot,
          memoryMb: read.MemorySize,
          timeoutSeconds: read.Timeout,
          ...(read.ReservedConcurrentExecutions === undefined
            ? {}
            : { concurrency: read.ReservedConcurrentExecutions }),
          environment: {
            ...read.Environment.Variables,
            ...options.environment,
            AWS_REGION: 'us-east-1',
            AWS_DEFAULT_REGION: 'us-east-1',
            AWS_ACCESS_KEY_ID: credentials.accessKeyId,
            AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
            AWS_SESSION_TOKEN: credentials.sessionToken,
          },
        },
      }),
    );
  }
  const byArn = (arn: string) => find(functions, (each) => each.arn === arn, `the function ${arn}`);

  const queues = createQueues(cloud, stack);
  const eventSources = stack.ofType('AWS::Lambda::EventSourceMapping').map(({ properties }) => {
    const read = MappingProperties.parse(properties);
    const target = byArn(read.FunctionName);
    const source = createEventSource({
      clock,
      queue: find(queues, ({ arn }) => arn === read.EventSourceArn, `the queue ${read.EventSourceArn}`),
      target,
      settings: {
        batchSize: read.BatchSize,
        reportsItemFailures: read.FunctionResponseTypes.length > 0,
        ...(read.ScalingConfig === undefined
          ? {}
          : { maximumConcurrency: read.ScalingConfig.MaximumConcurrency }),
      },
    });
    return { name: target.name, source };
  });

  const bus = createEventBus({ clock, rules: rulesOf(stack, byArn) });
  cloud.connect({ dynamo, bus });

  const routes: Route[] = stack.ofType('AWS::ApiGatewayV2::Route').map(({ properties }) => {
    const { RouteKey, Target } = RouteProperties.parse(properties);
    const integration = stack.resource(Target.split('/').at(-1) ?? '');
    const { IntegrationUri } = IntegrationProperties.parse(integration.properties);
    const [method = '', path = ''] = RouteKey.split(' ');
    return { method, path, target: byArn(IntegrationUri) };
  });
  const gateway = await createGateway({ kind: 'http', clock, routes });

  const named = <Each extends { readonly name: string }>(all: readonly Each[], name: string) =>
    find(all, (each) => each.name === name || each.name.endsWith(`-${name}`), name);

  return {
    lambda: (name) => named(functions, name),
    queue: (name) => named(queues, name),
    eventSource: (name) => named(eventSources, name).source,
    bus,
    gateway,
    tableName,
    async close() {
      bus.close();
      for (const { source } of eventSources) source.close();
      await gateway.close();
      await Promise.all(functions.map((each) => each.close()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Dead letters first, because the others lead there. */
function createQueues(cloud: LambdaCloud, stack: ResolvedStack): readonly Queue[] {
  const declared = stack
    .ofType('AWS::SQS::Queue')
    .map(({ properties }) => QueueProperties.parse(properties))
    .sort(
      (one, other) => Number(one.RedrivePolicy !== undefined) - Number(other.RedrivePolicy !== undefined),
    );
  const queues: Queue[] = [];
  for (const { QueueName, RedrivePolicy, ...read } of declared) {
    const settings = {
      name: QueueName,
      visibilitySeconds: read.VisibilityTimeout,
      delaySeconds: read.DelaySeconds,
      retentionSeconds: read.MessageRetentionPeriod,
    };
    if (RedrivePolicy === undefined) {
      queues.push(cloud.createQueue(settings));
      continue;
    }
    const { deadLetterTargetArn, maxReceiveCount } = RedrivePolicy;
    const queue = find(queues, ({ arn }) => arn === deadLetterTargetArn, deadLetterTargetArn);
    queues.push(cloud.createQueue({ ...settings, deadLetters: { queue, maxReceiveCount } }));
  }
  return queues;
}

function rulesOf(stack: ResolvedStack, byArn: (arn: string) => LambdaFunction): Rule[] {
  const repeats = new Map(
    stack
      .ofType('AWS::Lambda::EventInvokeConfig')
      .map(({ properties }) => InvokeConfigProperties.parse(properties))
      .map((read) => [read.FunctionName, read.MaximumRetryAttempts]),
  );
  return stack.ofType('AWS::Events::Rule').flatMap(({ properties }) => {
    const {
      Name: name,
      Targets,
      EventPattern: pattern,
      ScheduleExpression,
    } = RuleProperties.parse(properties);
    const rate = /^rate\((\d+) minutes?\)$/.exec(ScheduleExpression ?? '')?.[1];
    return Targets.map(({ Arn, Input }): Rule => {
      const target = byArn(Arn);
      const rule = {
        name,
        target,
        repeats: repeats.get(target.name) ?? 2,
        ...(Input === undefined ? {} : { input: JSON.parse(Input) as unknown }),
      };
      if (pattern !== undefined) return { ...rule, pattern };
      if (rate === undefined) throw new Error(`The workspace does not model ${ScheduleExpression}.`);
      return { ...rule, everySeconds: 60 * Number(rate) };
    });
  });
}

async function createTable({ url }: DynamoStandIn, table: z.infer<typeof TableProperties>): Promise<string> {
  const client = new DynamoDBClient({
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIADEPLOYMENT', secretAccessKey: 'deployment' },
  });
  try {
    await client.send(new CreateTableCommand(table));
    return table.TableName;
  } finally {
    client.destroy();
  }
}

function find<Each>(all: readonly Each[], is: (each: Each) => boolean, what: string): Each {
  const found = all.find(is);
  if (found === undefined) throw new Error(`The stack has no ${what}.`);
  return found;
}
