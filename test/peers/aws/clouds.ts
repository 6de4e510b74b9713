import {
  CloudFrontClient,
  CreateDistributionWithTagsCommand,
  type DistributionConfig,
  GetDistributionConfigCommand,
} from '@aws-sdk/client-cloudfront';
import { createSignedCall, type SignedCall } from '../../../src/aws/signed-call.ts';
import { siteDistributionId, stackOwnedDistributionId } from '../../../workspace/aws/cloudfront/seed.ts';
import { startServerProgram } from '../../../workspace/dynamodb/process-engine.ts';
import { TrustDocument } from '../../../workspace/lambda/policies.ts';
import { createQueue, type Queue } from '../../../workspace/lambda/queue.ts';
import {
  createSecretsManagerApi,
  createSsmApi,
  type SecretShelf,
} from '../../../workspace/lambda/secrets-api.ts';
import { createSqsApi } from '../../../workspace/lambda/sqs-api.ts';
import { createStsApi } from '../../../workspace/lambda/sts-api.ts';
import { createSiteWorld, type SiteWorld } from '../../aws/site-world.ts';
import { hearAdapters } from './driving.ts';

export const cloudNames = ['moto', 'our stand-in'] as const;
export type CloudName = (typeof cloudNames)[number];

export const credentials = { accessKeyId: 'AKIATESTTESTTEST', secretAccessKey: 'secret' };
export const region = 'us-east-1';
/** Each in the account of its cloud: to moto another account is another world. */
export const roles: Readonly<Record<CloudName, string>> = {
  moto: 'arn:aws:iam::123456789012:role/countersign-production',
  'our stand-in': 'arn:aws:iam::111122223333:role/countersign-production',
};

/** One AWS account, whoever plays it, with the site's distribution, a queue and a few secrets in it. */
export interface Cloud {
  readonly name: CloudName;
  readonly url: string;
  readonly world: SiteWorld;
  readonly call: SignedCall;
  readonly distributionId: string;
  readonly stackOwnedId: string;
  readonly queueUrl: string;
}

const parameters = new Map([
  ['/countersign/slack', 'xoxb-1'],
  ['/countersign/signing', 'shh'],
  ...Array.from({ length: 11 }, (_, nth) => [`/countersign/many/${nth}`, `value ${nth}`] as const),
]);
const secrets = new Map([
  ['countersign/github', '{"token":"ghp_1","number":1}'],
  ['countersign/plain', 'just text'],
]);

export const parameterNames = [...parameters.keys()];
export const secretNames = [...secrets.keys()];

const trust = TrustDocument.parse({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: 'the bot' }, Action: ['sts:AssumeRole', 'sts:TagSession'] },
  ],
});

const shelf = (held: ReadonlyMap<string, string>): SecretShelf => ({
  get: (name) => held.get(name),
  isForbidden: () => false,
});

const driving = hearAdapters();
const drivenOn: Readonly<Record<CloudName, Set<string>>> = { moto: new Set(), 'our stand-in': new Set() };

/** What our sources sent to this cloud so far, as `sqs:SendMessageBatch`. */
export const operationsDriven = (name: CloudName): ReadonlySet<string> => drivenOn[name];

/** Both on today's clock, as moto knows no other. */
export async function openCloud(name: CloudName): Promise<Cloud & AsyncDisposable> {
  const opened = await (name === 'moto' ? openMoto() : openStandIn());
  driving.forget();
  return {
    ...opened,
    async [Symbol.asyncDispose]() {
      for (const operation of driving.operations) drivenOn[name].add(operation);
      await opened[Symbol.asyncDispose]();
    },
  };
}

async function openStandIn(): Promise<Cloud & AsyncDisposable> {
  const beginMs = Date.now();
  const nowMs = () => world?.clock.nowMs() ?? beginMs;
  let world: (SiteWorld & AsyncDisposable) | undefined;
  const queue: Queue = createQueue({ nowMs, settings: { name: 'countersign', visibilitySeconds: 30 } });
  world = await createSiteWorld({
    beginMs,
    services: [
      createSqsApi({ queues: () => [queue] }),
      createSsmApi({ nowMs, parameters: shelf(parameters) }),
      createSecretsManagerApi({ nowMs, secrets: shelf(secrets) }),
      createStsApi({
        nowMs,
        roles: () => [{ arn: roles['our stand-in'], trust }],
        holderOf: () => 'the bot',
        onSession: () => {},
      }),
    ],
  });
  const { apiUrl: url } = world.aws;
  return cloud('our stand-in', url, world, {
    distributionId: siteDistributionId,
    stackOwnedId: stackOwnedDistributionId,
    queueUrl: `${url}/111122223333/countersign`,
  });
}

const cloud = (
  name: CloudName,
  url: string,
  world: SiteWorld & AsyncDisposable,
  ids: Pick<Cloud, 'distributionId' | 'stackOwnedId' | 'queueUrl'>,
): Cloud & AsyncDisposable => ({
  name,
  url,
  world,
  call: driving.listenTo(createSignedCall({ region, credentials, endpointOf: () => url })),
  ...ids,
  [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
});

let moto: ReturnType<typeof startServerProgram> | undefined;

/** The same distributions and secrets, made by its own operations. The pages still come from our stand-in. */
async function openMoto(): Promise<Cloud & AsyncDisposable> {
  moto ??= startServerProgram({
    title: 'moto',
    command: 'moto_server',
    args: (port) => ['-H', '127.0.0.1', '-p', String(port)],
    startWithinMs: 60_000,
  });
  const url = `http://127.0.0.1:${(await moto).port}`;
  await fetch(`${url}/moto-api/reset`, { method: 'POST' });
  const configs = await configsOfStandIn();
  const theirs = new CloudFrontClient({ region, credentials, endpoint: url });
  const make = async (config: DistributionConfig, tags: Readonly<Record<string, string>>) => {
    const Items = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const { Distribution: made } = await theirs.send(
      new CreateDistributionWithTagsCommand({
        DistributionConfigWithTags: { DistributionConfig: config, Tags: { Items } },
      }),
    );
    return made?.Id ?? '';
  };
  const distributionId = await make(configs.site, { app: 'northwind-lamps' });
  const stackOwnedId = await make(configs.stackOwned, {
    'aws:cloudformation:stack-name': 'northwind-intranet',
  });
  theirs.destroy();

  const call = createSignedCall({ region, credentials, endpointOf: () => url });
  const ask = async (service: Parameters<SignedCall>[0]['service'], target: string, body: object) => {
    const answer = await call({ service, target, body: JSON.stringify(body), timeoutMs: 10_000 });
    if (answer.fault !== null) throw new Error(`moto refused ${target}: ${answer.fault}`);
    return JSON.parse(answer.body) as Record<string, unknown>;
  };
  const { QueueUrl } = await ask('sqs', 'AmazonSQS.CreateQueue', { QueueName: 'countersign' });
  for (const [Name, Value] of parameters)
    await ask('ssm', 'AmazonSSM.PutParameter', { Name, Value, Type: 'SecureString' });
  for (const [Name, SecretString] of secrets)
    await ask('secretsmanager', 'secretsmanager.CreateSecret', {
      Name,
      SecretString,
      ClientRequestToken: '00000000-0000-4000-8000-000000000001',
    });
  const world = await createSiteWorld({ beginMs: Date.now(), endpoint: url, settings: { distributionId } });
  return cloud('moto', url, world, { distributionId, stackOwnedId, queueUrl: String(QueueUrl) });
}

async function configsOfStandIn() {
  await using world = await createSiteWorld();
  const ours = new CloudFrontClient({ region, credentials, endpoint: world.aws.apiUrl });
  const read = async (Id: string): Promise<DistributionConfig> => {
    const { DistributionConfig: config } = await ours.send(new GetDistributionConfigCommand({ Id }));
    if (config === undefined) throw new Error(`${Id} has no configuration`);
    return config;
  };
  const configs = { site: await read(siteDistributionId), stackOwned: await read(stackOwnedDistributionId) };
  ours.destroy();
  return configs;
}
