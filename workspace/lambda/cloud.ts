import { randomBytes } from 'node:crypto';
import type { AwsStandInOptions } from '../aws/index.ts';
import type { WorkspaceClock } from '../clock.ts';
import type { DynamoStandIn } from '../dynamodb/index.ts';
import { deedsOf } from './deeds.ts';
import { createDynamoApi } from './dynamodb-api.ts';
import type { EventBus } from './event-bus.ts';
import { isAllowed, type PolicyDocument } from './policies.ts';
import { createQueue, type Queue, type QueueSettings } from './queue.ts';
import { createSecretsManagerApi, createSsmApi } from './secrets-api.ts';
import { createSqsApi } from './sqs-api.ts';
import { type AssumableRole, createStsApi, type RoleSession } from './sts-api.ts';

/** A role that a promotion may become, with what it may do. */
export interface EnvironmentRole extends AssumableRole {
  readonly policies: readonly PolicyDocument[];
}

/** What a function signs its calls with. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

interface Holder {
  readonly roleArn: string;
  readonly policies: readonly PolicyDocument[];
  /** What conditions of its policies can ask about. */
  readonly context: Readonly<Record<string, string>>;
}

/** What an account has besides distributions and metrics: queues, secrets, roles and who may what. */
export interface LambdaCloud {
  readonly clock: WorkspaceClock;
  /** For the AWS stand-in. */
  readonly aws: Pick<AwsStandInOptions, 'services' | 'mayCall' | 'onAlarmChange'>;
  createQueue(settings: QueueSettings): Queue;
  setParameter(name: string, value: string | null): void;
  setSecret(name: string, value: string | null): void;
  parameter(name: string): string | undefined;
  /** Its key belongs to somebody who does not share it. */
  forbid(name: string): void;
  addRole(role: EnvironmentRole): void;
  sessions(): readonly RoleSession[];
  /** Made for a function's role. */
  credentialsFor(roleArn: string, policies: readonly PolicyDocument[]): Credentials;
  /** The ARN of the role behind these credentials. */
  holderOf(accessKeyId: string | undefined): string | undefined;
  /** Calls that were refused because no policy allows them. */
  denials(): readonly string[];
  connect(parts: { dynamo?: DynamoStandIn; bus?: EventBus }): void;
}

/** Queues, secrets, sessions and permissions of a pretend account, to be put behind the AWS stand-in's endpoint. */
export function createLambdaCloud({ clock }: { clock: WorkspaceClock }): LambdaCloud {
  const { nowMs } = clock;
  const queues: Queue[] = [];
  const parameters = new Map<string, string>();
  const secrets = new Map<string, string>();
  const forbidden = new Set<string>();
  const roles: EnvironmentRole[] = [];
  const sessions: RoleSession[] = [];
  const holders = new Map<string, Holder>();
  const denials: string[] = [];
  let dynamo: DynamoStandIn | undefined;
  let bus: EventBus | undefined;

  const shelf = (values: Map<string, string>) => ({
    get: (name: string) => values.get(name),
    isForbidden: (name: string) => forbidden.has(name),
  });
  const put = (values: Map<string, string>) => (name: string, value: string | null) =>
    void (value === null ? values.delete(name) : values.set(name, value));

  const holderOf = (accessKeyId: string | undefined) => holders.get(accessKeyId ?? '')?.roleArn;

  return {
    clock,
    aws: {
      services: [
        createSqsApi({ queues: () => queues }),
        createSsmApi({ nowMs, parameters: shelf(parameters) }),
        createSecretsManagerApi({ nowMs, secrets: shelf(secrets) }),
        createStsApi({
          nowMs,
          roles: () => roles,
          holderOf,
          onSession(session) {
            sessions.push(session);
            const policies = roles.find(({ arn }) => arn === session.roleArn)?.policies ?? [];
            const context = Object.fromEntries(
              Object.entries(session.tags).map(([key, value]) => [`aws:PrincipalTag/${key}`, value]),
            );
            holders.set(session.accessKeyId, { roleArn: session.roleArn, policies, context });
          },
        }),
        createDynamoApi({
          dynamo() {
            if (dynamo === undefined) throw new Error('The database is not there yet.');
            return dynamo;
          },
        }),
      ],
      mayCall({ accessKeyId, region = '', service, operation, request }) {
        const held = holders.get(accessKeyId ?? '');
        const known = { 'aws:RequestedRegion': region, ...held?.context };
        const denied = deedsOf(service.name, operation, request).find(
          (deed) => !isAllowed(held?.policies ?? [], { ...deed, context: { ...known, ...deed.context } }),
        );
        if (denied === undefined) return true;
        denials.push(`${held?.roleArn ?? 'nobody'}: ${denied.action} on ${denied.resource}`);
        return false;
      },
      onAlarmChange: (change) => bus?.putAlarmChange(change),
    },
    createQueue(settings) {
      const queue = createQueue({ nowMs, settings });
      queues.push(queue);
      return queue;
    },
    setParameter: put(parameters),
    setSecret: put(secrets),
    parameter: (name) => parameters.get(name),
    forbid: (name) => void forbidden.add(name),
    addRole: (role) => void roles.push(role),
    sessions: () => sessions,
    credentialsFor(roleArn, policies) {
      const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
      holders.set(accessKeyId, { roleArn, policies, context: {} });
      return {
        accessKeyId,
        secretAccessKey: randomBytes(20).toString('hex'),
        sessionToken: randomBytes(60).toString('base64'),
      };
    },
    holderOf,
    denials: () => denials,
    connect(parts) {
      dynamo = parts.dynamo ?? dynamo;
      bus = parts.bus ?? bus;
    },
  };
}
