/** A stand-in, a clock that stands still, the real client, and an app that is nothing but a table of answers. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LogLevel, WebClient } from '@slack/web-api';
import { onTestFinished } from 'vitest';
import { createWorkspaceClock, type WorkspaceClock } from '../../../workspace/clock.ts';
import type { SlackControl } from '../../../workspace/slack/control.ts';
import { initialScopes } from '../../../workspace/slack/people.ts';
import {
  createSlackStandIn,
  type SlackStandIn,
  type SlackStandInOptions,
} from '../../../workspace/slack/stand-in.ts';

export const signingSecret = 'a-signing-secret-for-tests';
export const botToken = 'xoxb-test-token';
export const startMs = Date.UTC(2026, 4, 4, 9, 0, 0);

/** For an app that also reads channels, which ours does not. */
export const readingChannels = { scopes: [...initialScopes, 'channels:read', 'groups:read'] };

interface Received {
  headers: IncomingMessage['headers'];
  body: string;
  signatureValid: boolean;
  /** A command's form, or the `payload` of an interaction, or the JSON of an event. */
  payload: Record<string, unknown>;
}

interface AppAnswer {
  status?: number;
  json?: unknown;
  text?: string;
  headers?: Record<string, string>;
  /** Never answers. */
  hang?: true;
}

interface TestApp {
  url: string;
  received: Received[];
  /** What the next and all later requests are answered with; a function sees the request first. */
  answer(with_: AppAnswer | ((received: Received) => AppAnswer | Promise<AppAnswer>)): void;
}

/** Checks signatures by its own reading of Slack's documentation, not with the stand-in's code. */
const isSigned = (headers: IncomingMessage['headers'], body: string): boolean => {
  const timestamp = String(headers['x-slack-request-timestamp']);
  const expected = `v0=${createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
  const given = String(headers['x-slack-signature']);
  return given.length === expected.length && timingSafeEqual(Buffer.from(given), Buffer.from(expected));
};

const payloadOf = (headers: IncomingMessage['headers'], body: string): Record<string, unknown> => {
  if (headers['content-type'] === 'application/json') return JSON.parse(body);
  const form = new URLSearchParams(body);
  const payload = form.get('payload');
  return payload === null ? Object.fromEntries(form) : JSON.parse(payload);
};

async function startApp(): Promise<TestApp> {
  const received: Received[] = [];
  let answer: (received: Received) => AppAnswer | Promise<AppAnswer> = () => ({});
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks).toString('utf8');
    const entry = {
      headers: request.headers,
      body,
      signatureValid: isSigned(request.headers, body),
      payload: payloadOf(request.headers, body),
    };
    received.push(entry);
    const given = await answer(entry);
    if (given.hang === true) return;
    const json = given.json === undefined ? undefined : JSON.stringify(given.json);
    response.writeHead(given.status ?? 200, {
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...given.headers,
    });
    response.end(json ?? given.text ?? '');
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/slack/events`,
    received,
    answer(with_) {
      answer = typeof with_ === 'function' ? with_ : () => with_;
    },
  };
}

export interface TestWorkspace {
  clock: WorkspaceClock;
  slack: SlackStandIn;
  control: SlackControl;
  client: WebClient;
  app: TestApp;
}

export async function startWorkspace(overrides: Partial<SlackStandInOptions> = {}): Promise<TestWorkspace> {
  const clock = createWorkspaceClock({ startMs, speed: 0 });
  const app = await startApp();
  const slack = await createSlackStandIn({
    clock,
    signingSecret,
    botToken,
    requestUrl: app.url,
    ackTimeoutMs: 1_000,
    ...overrides,
  });
  onTestFinished(async () => {
    await slack.close();
    clock.close();
  });
  return { clock, slack, control: slack.control, client: createClient(slack), app };
}

/** Refusals are expected here; the client would print each of them. */
const silent = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.ERROR,
  setName() {},
};

export const createClient = (slack: SlackStandIn, token: string = botToken) =>
  new WebClient(token, {
    slackApiUrl: slack.apiUrl,
    logger: silent,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });

/** The error code Slack answered with; fails when the call went through. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const data = (error as { data?: { error?: string } }).data;
    return data?.error ?? String(error);
  }
  throw new Error('the call was expected to be refused and was not');
}
