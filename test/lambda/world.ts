import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type Document, parseDocument } from 'yaml';
import { packagingFacts } from '../../src/compose/packaging.ts';
import { createDynamoClient } from '../../src/store/dynamo-client.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import { createLambdaCloud, type LambdaCloud } from '../../workspace/lambda/cloud.ts';
import { type DeployedStack, deployStack } from '../../workspace/lambda/stack.ts';
import { startWorkspace, type Workspace } from '../../workspace/main.ts';
import { app, team } from '../../workspace/slack/people.ts';
import { createInTheChannel, type InTheChannel } from '../support/in-the-channel.ts';
import { productionRole } from './environment-roles.ts';
import { lambdaRuntime } from './runtime.ts';

/** A whole installation as deployed, driven by hand: nothing happens between two calls that move the clock. */
export interface LambdaWorld extends InTheChannel {
  readonly workspace: Workspace;
  readonly cloud: LambdaCloud;
  readonly stack: DeployedStack;
  advance(seconds: number): Promise<void>;
  phase(): Promise<string>;
  /** Of all functions, each with what it failed by. */
  functionErrors(): string[];
  /** Lines above info that any function wrote. */
  complaints(): string[];
  close(): Promise<void>;
}

export const functionNames = ['slack', 'github', 'alarms', 'tick', 'sweep'] as const;

/** As they are in the parameter store of an installation for this stage. */
export const parameterAt = (name: string) => `/countersign/test/${name}`;

/** The one that the packaged example names, and so the only one that `tick` may become. */
const environmentRole = 'arn:aws:iam::111122223333:role/countersign-site-production';

/** Deploys the packaged stack into a new workspace. */
export async function startLambdaWorld(
  options: {
    pipeline?: (pipeline: Document) => void;
    parameters?: Readonly<Record<string, string | null>>;
    /** Where the secrets are; the parameter store unless told. */
    store?: 'ssm' | 'secretsmanager';
  } = {},
): Promise<LambdaWorld> {
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-lambda-world-'));
  let made: LambdaCloud | undefined;
  const workspace = await startWorkspace({
    port: 0,
    dataDir,
    speed: 0,
    spawnBot: false,
    cloud(clock) {
      made = createLambdaCloud({ clock });
      return made.aws;
    },
  });
  if (made === undefined) throw new Error('The workspace made no cloud.');
  const cloud = made;
  const { clock, slack, botEnvironment, dynamo } = workspace;

  const pipelineFile = join(dataDir, 'pipeline.yml');
  const pipeline = parseDocument(readFileSync(pipelineFile, 'utf8'));
  pipeline.setIn(['apps', 'site', 'environments', 'production', 'role'], environmentRole);
  options.pipeline?.(pipeline);
  writeFileSync(pipelineFile, pipeline.toString());
  const facts = await packagingFacts(pipelineFile);
  if (facts.outcome === 'invalid') throw new Error(facts.problems.join('\n'));
  cloud.addRole(await productionRole(pipelineFile));

  const parameters: Record<string, string | null> = {
    'slack-app-id': app.id,
    'slack-team-id': team.id,
    'slack-bot-id': app.botId,
    'slack-bot-user-id': app.botUserId,
    'slack-signing-secret': botEnvironment['SLACK_SIGNING_SECRET'] ?? '',
    'slack-bot-token': botEnvironment['SLACK_BOT_TOKEN'] ?? '',
    'github-token': botEnvironment['GITHUB_TOKEN'] ?? '',
    'github-webhook-secret': 'a-webhook-secret-of-the-workspace-0001',
    ...options.parameters,
  };
  const isElsewhere = options.store === 'secretsmanager';
  for (const [name, value] of Object.entries(parameters)) {
    if (isElsewhere && !name.endsWith('-id')) cloud.setSecret(parameterAt(name).slice(1), value);
    else cloud.setParameter(parameterAt(name), value);
  }

  const packaged = inject(isElsewhere ? 'packagedForSecretsManagerIn' : 'packagedForLambdaIn');
  const stack = await deployStack({
    cloud,
    dynamo,
    runtime: lambdaRuntime(),
    template: readFileSync(join(packaged, 'cloudformation-template-update-stack.json'), 'utf8'),
    artifacts: packaged,
    environment: {
      AWS_ENDPOINT_URL: workspace.aws.apiUrl,
      AWS_DISABLE_CLOCK_SKEW_CORRECTION: 'true',
      SLACK_API_URL: slack.apiUrl,
      GITHUB_API_URL: workspace.github.apiUrl,
    },
    files: { 'pipeline.json': facts.pipeline },
  });
  slack.control.setRequestUrl(`${stack.gateway.url}/slack/events`);

  const reader = createSdkTransport({
    client: createDynamoClient({
      region: 'us-east-1',
      endpoint: dynamo.url,
      credentials: { accessKeyId: 'AKIAREADER', secretAccessKey: 'reader' },
    }),
    tableName: stack.tableName,
    pause: async () => {},
  });
  const store = createPromotionStore({ transport: reader, nonce: () => 'never written' });

  const advance = (seconds: number) => clock.advance(seconds * 1000);
  const inTheChannel = createInTheChannel({
    slack: slack.control,
    store,
    settle: () => advance(0),
    advance,
    stepSeconds: 15,
  });
  const functions = () => functionNames.map((name) => stack.lambda(name));

  return {
    workspace,
    cloud,
    stack,
    ...inTheChannel,
    advance,
    phase: async () => (await inTheChannel.saved()).phase,
    functionErrors: () =>
      functions().flatMap((each) =>
        each
          .invocations()
          .flatMap(({ functionError }) => (functionError === null ? [] : [`${each.name}: ${functionError}`])),
      ),
    complaints: () =>
      functions().flatMap((each) =>
        each.lines().flatMap((line) => (isComplaint(line) ? [`${each.name}: ${line}`] : [])),
      ),
    async close() {
      await stack.close();
      reader.close();
      await workspace.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Pino's levels, or the runtime's own words. */
function isComplaint(line: string): boolean {
  if (!line.startsWith('{')) return /\t(ERROR|WARN|FATAL)\t|Warning:/.test(line);
  try {
    const { level } = JSON.parse(line) as { level?: unknown };
    return (
      level === 'warn' || level === 'error' || level === 'fatal' || (typeof level === 'number' && level >= 40)
    );
  } catch {
    return true;
  }
}
