import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packagingFacts } from '../../src/compose/packaging.ts';
import type { startSlackHandler } from '../../src/compose/slack.ts';
import type { Environment } from '../../src/config/env.ts';
import { openPromotion } from '../../src/flows/promotion/open.ts';
import type { Phase, Promotion } from '../../src/flows/promotion/promotion.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import { scriptedServer } from '../aws/scripted-server.ts';
import { slackHeaders } from '../bot/signed.ts';
import { hash, startMs, walkTo } from '../flows/promotion/walk.ts';
import { connectTo, type TestDynamo, testCredentials } from '../support/dynamodb.ts';
import { paperSettings } from '../support/opening.ts';

type Start = typeof startSlackHandler;

export const signingSecret = '0123456789abcdef0123456789abcdef';
const botToken = 'xoxb-1234567890-abcdef';
const parameters: Readonly<Record<string, string>> = {
  '/countersign/slack-signing-secret': signingSecret,
  '/countersign/slack-bot-token': botToken,
};

/** The Slack function over a real table, with a queue, a parameter store and a Slack that take what they are sent. */
export async function startSlackWorld(
  dynamo: TestDynamo,
  start: Start,
  { environment = {} }: { readonly environment?: Environment } = {},
) {
  const tableName = dynamo.tableName();
  const table = connectTo(dynamo, tableName);
  await table.ensureTable();
  const folder = mkdtempSync(join(tmpdir(), 'countersign-slack-'));
  const facts = await packagingFacts(join(import.meta.dirname, '../../examples/pipeline.yml'));
  if (facts.outcome === 'invalid') throw new Error(facts.problems.join('\n'));
  writeFileSync(join(folder, 'pipeline.json'), facts.pipeline);
  const outside = await scriptedServer((response, { path, body }) => answer(response, path, body));

  const variables: Environment = {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: testCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: testCredentials.secretAccessKey,
    AWS_SESSION_TOKEN: 'session-token',
    AWS_ENDPOINT_URL: outside.url,
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.url,
    SLACK_API_URL: `${outside.url}/api/`,
    SLACK_SIGNING_SECRET_FROM: 'ssm:/countersign/slack-signing-secret',
    SLACK_SIGNING_SECRET_PREVIOUS_FROM: 'ssm:/countersign/slack-signing-secret-previous',
    SLACK_BOT_TOKEN_FROM: 'ssm:/countersign/slack-bot-token',
    SLACK_APP_ID: 'A0COUNTER',
    SLACK_TEAM_ID: 'T0COUNTER',
    COUNTERSIGN_TABLE: tableName,
    COUNTERSIGN_QUEUE_URL: 'https://sqs.eu-west-1.amazonaws.com/111122223333/countersign',
    COUNTERSIGN_PIPELINE: 'pipeline.json',
    LAMBDA_TASK_ROOT: folder,
    LOG_LEVEL: 'fatal',
    ...environment,
  };
  const tableCalls = () => Object.values(dynamo.control.counts()).reduce((sum, count) => sum + count, 0);
  const before = tableCalls();
  const handler = await start(variables);

  return {
    handler,
    variables,
    /** What was asked of anybody but the table, in order. */
    outside: () =>
      outside.requests.map(({ path, headers, body }) => ({
        to: headers['x-amz-target'] ?? path,
        body: JSON.parse(body) as Readonly<Record<string, unknown>>,
        headers,
      })),
    startCalls: tableCalls() - before,
    tableCalls,
    store: createPromotionStore({ transport: table, nonce: () => randomUUID() }),
    async close() {
      rmSync(folder, { recursive: true });
      table.close();
      await outside[Symbol.asyncDispose]();
    },
  };
}

export type SlackWorld = Awaited<ReturnType<typeof startSlackWorld>>;

function answer(response: ServerResponse, path: string, body: string): void {
  const { Names: names = [], Entries: entries = [] } = JSON.parse(body) as {
    readonly Names?: readonly string[];
    readonly Entries?: readonly { readonly Id: string }[];
  };
  const found = names.filter((name) => name in parameters).map((Name) => ({ Name, Value: parameters[Name] }));
  const said = path.startsWith('/api/')
    ? { ok: true }
    : {
        Parameters: found,
        InvalidParameters: names.filter((name) => !(name in parameters)),
        Successful: entries.map(({ Id }) => ({ Id, MessageId: 'm', MD5OfMessageBody: 'd' })),
      };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(said));
}

/** A promotion of this id in this phase, as if it had come there. */
export async function savePromotion(world: SlackWorld, id: string, phase: Phase): Promise<Promotion> {
  const { promotion } = walkTo(phase);
  const request = {
    kind: 'promotion',
    app: promotion.app,
    environment: promotion.environment,
    version: promotion.version,
    person: promotion.requester,
    reason: null,
    dedupeKey: id,
  } as const;
  const { policy } = promotion;
  const settings = { ...paperSettings, app: promotion.app, environment: promotion.environment, policy };
  await world.store.create(openPromotion(id, request, settings, startMs, hash));
  const saved = { ...promotion, id, revision: 2 };
  const change = {
    promotion: saved,
    audit: [],
    announcements: [],
    locks: null,
    handedOver: null,
    live: null,
  };
  const outcome = await world.store.save(change);
  if (outcome.outcome !== 'saved') throw new Error(outcome.outcome);
  return saved;
}

export type Way = 'http' | 'rest' | 'function-url' | 'base64';

export interface Sent {
  readonly body: string;
  readonly contentType?: string;
  readonly secret?: string;
  readonly method?: string;
  readonly path?: string;
  readonly offsetSeconds?: number;
}

/** The event that a request of Slack's becomes on its way into the function. */
export function eventOf(sent: Sent, way: Way, nowMs: number): Readonly<Record<string, unknown>> {
  const {
    body,
    contentType = 'application/x-www-form-urlencoded',
    method = 'POST',
    path = '/slack/events',
  } = sent;
  const headers = slackHeaders({
    body,
    nowMs,
    contentType,
    secret: sent.secret ?? signingSecret,
    ...(sent.offsetSeconds === undefined ? {} : { offsetSeconds: sent.offsetSeconds }),
  });
  const isBase64Encoded = way === 'base64' || way === 'function-url';
  const encoded = { body: isBase64Encoded ? Buffer.from(body).toString('base64') : body, isBase64Encoded };
  if (way === 'rest') {
    const capital = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name.replace(/(^|-)[a-z]/g, (at) => at.toUpperCase()),
        value,
      ]),
    );
    return {
      httpMethod: method,
      path,
      headers: capital,
      multiValueHeaders: Object.fromEntries(Object.entries(capital).map(([name, value]) => [name, [value]])),
      requestContext: { stage: 'prod', httpMethod: method },
      ...encoded,
    };
  }
  const stage = way === 'http' ? 'live' : '$default';
  return {
    version: '2.0',
    rawPath: way === 'http' ? `/live${path}` : path,
    rawQueryString: '',
    headers,
    requestContext: { stage, http: { method, path } },
    ...encoded,
  };
}
