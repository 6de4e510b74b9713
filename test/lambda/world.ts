import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type Document, parseDocument } from 'yaml';
import { packagingFacts } from '../../src/compose/packaging.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { createDynamoClient } from '../../src/store/dynamo-client.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import { createLambdaCloud, type LambdaCloud } from '../../workspace/lambda/cloud.ts';
import { type DeployedStack, deployStack } from '../../workspace/lambda/stack.ts';
import { startWorkspace, type Workspace } from '../../workspace/main.ts';
import type { DeliveryResult, SlackMessage } from '../../workspace/slack/control.ts';
import { app, channelIds, team, userIds } from '../../workspace/slack/people.ts';
import { productionRole } from './environment-roles.ts';
import { lambdaRuntime } from './runtime.ts';

/** A whole installation as deployed, driven by hand: nothing happens between two calls that move the clock. */
export interface LambdaWorld {
  readonly workspace: Workspace;
  readonly cloud: LambdaCloud;
  readonly stack: DeployedStack;
  command(user: keyof typeof userIds, text: string): Promise<DeliveryResult>;
  /** Presses a button on the newest message that offers it. */
  click(user: keyof typeof userIds, action: string): Promise<DeliveryResult>;
  advance(seconds: number): Promise<void>;
  until(what: string, holds: () => boolean | Promise<boolean>, limitSeconds?: number): Promise<void>;
  card(): SlackMessage;
  cardText(): string;
  thread(): string[];
  whispers(user: keyof typeof userIds): string[];
  saved(): Promise<Promotion>;
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

const textOf = (message: SlackMessage) => `${message.text}\n${JSON.stringify(message.blocks)}`;

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

  const channel = channelIds.deploysSite;
  const messages = () => slack.control.messages(channel);
  const card = () =>
    messages()
      .filter(
        (message) =>
          message.metadata?.event_type === 'promotion' &&
          (message.threadTs === undefined || message.threadTs === message.ts),
      )
      .at(-1) ?? fail('there is no card');
  const saved = async () => {
    const id = card().metadata?.event_payload['promotion_id'];
    if (typeof id !== 'string') return fail('the card names no promotion');
    return (await store.load(id))?.promotion ?? fail('the promotion is not in the store');
  };
  const advance = (seconds: number) => clock.advance(seconds * 1000);
  const functions = () => functionNames.map((name) => stack.lambda(name));

  return {
    workspace,
    cloud,
    stack,
    async command(user, commandText) {
      const result = await slack.control.command({ user: userIds[user], channel, text: commandText });
      await advance(0);
      return result;
    },
    async click(user, action) {
      const holder =
        [...messages()].reverse().find((message) => JSON.stringify(message.blocks).includes(`"${action}"`)) ??
        fail(`no message offers ${action}`);
      const result = await slack.control.click({
        user: userIds[user],
        channel,
        messageTs: holder.ts,
        actionId: action,
      });
      await advance(0);
      return result;
    },
    advance,
    async until(what, holds, limitSeconds = 3_600) {
      const stepSeconds = 15;
      for (let passed = 0; passed < limitSeconds; passed += stepSeconds) {
        if (await holds()) return;
        await advance(stepSeconds);
      }
      throw new Error(`never: ${what}. The card says:\n${card().text}`);
    },
    card,
    cardText: () => textOf(card()),
    thread() {
      const { ts } = card();
      return messages()
        .filter((message) => message.threadTs === ts && message.ts !== ts)
        .map(textOf);
    },
    whispers: (user) =>
      slack.control
        .state({ user: userIds[user] })
        .ephemerals.filter((whisper) => whisper.user === userIds[user])
        .map((whisper) => `${whisper.text}\n${JSON.stringify(whisper.blocks)}`),
    saved,
    phase: async () => (await saved()).phase,
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

function fail(what: string): never {
  throw new Error(what);
}
