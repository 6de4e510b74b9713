import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createPost } from '../aws/post.ts';
import { createQueue } from '../aws/queue.ts';
import { createBotApp } from '../bot/app.ts';
import { createFormOpener } from '../bot/form-opener.ts';
import type { After, Send, Work } from '../bot/ports.ts';
import { createIngress } from '../bot/receiver.ts';
import {
  type Environment,
  readAwsEnv,
  readSlackEnv,
  readStoreEnv,
  type SlackEnv,
  slackSecrets,
} from '../config/env.ts';
import { nearest } from '../config/nearest.ts';
import { readPackaged } from '../config/packaged.ts';
import { createDesk } from '../flows/engine/desk.ts';
import { MisconfiguredError, RetryableError } from '../flows/errors.ts';
import type { Directory, PromotionStore } from '../flows/ports.ts';
import { createDeliveries } from '../store/deliveries.ts';
import { createLocks } from '../store/locks.ts';
import { createPromotionStore } from '../store/promotions.ts';
import { createSignedTransport } from '../store/signed-transport.ts';
import { type GatewayResponse, requestOf, responseOf } from './gateway.ts';
import { createLifetime } from './lifetime.ts';
import { createLineLog } from './line-log.ts';
import { createMetrics, measured } from './metrics.ts';
import { required, signedCallTo, withSecrets } from './secrets.ts';
import { lookAt, messageOf } from './sending.ts';
import { gateOf, identityOf } from './slack-settings.ts';
import { sha256 } from './store.ts';
import { withStoreClock } from './store-clock.ts';
import type { Work as QueuedWork } from './work.ts';

type SlackHandler = (event: unknown) => Promise<GatewayResponse>;

const slackApi = 'https://slack.com/api/';
const callTimeoutMs = 1_500;
/** What an answer takes through a gateway, and what has to be sent along with a late one. */
const gatewayMs = 300;
/** A process that is older when it gets its first request was not started for it. */
const coldMs = 3_000;
const leastMs = 500;
/** Slack hung up long before; whatever goes on after it was frozen in between. */
const lifetimeMs = 5_000;

/**
 * The function that Slack calls: what a click needs and nothing more. It starts in one round, the secrets beside a
 * first read of the table that opens the connection, and calls neither Slack nor GitHub. Throws MisconfiguredError,
 * which names what is wrong and the way out: a function that cannot work does not start.
 */
export async function startSlackHandler(environment: Environment): Promise<SlackHandler> {
  const post = createPost();
  const lifetime = createLifetime(lifetimeMs);
  const call = lifetime.guard(signedCallTo(required(readAwsEnv(environment)), post));
  const { tableName } = required(readStoreEnv(environment));
  const { transport, clock } = withStoreClock(
    createSignedTransport({ call, tableName, pause: (ms) => pause(ms), timeoutMs: callTimeoutMs }),
  );
  const nonce = () => randomUUID();
  const promotions = createPromotionStore({ transport, nonce });
  const secrets = { variables: slackSecrets, optional: ['SLACK_SIGNING_SECRET_PREVIOUS'] };
  const warming = warm(promotions);
  // Whatever else goes wrong first is told first.
  warming.catch(() => {});
  const env = required(readSlackEnv(await withSecrets(environment, secrets, call)));
  const catalog = await readPackaged(env.pipelineFile);
  const log = createLineLog(env.logLevel, { secrets: secretsIn(env) });

  const queue = createQueue({ call, url: env.queueUrl, timeoutMs: callTimeoutMs });
  const send: Send = (work) => queue.send(work.map((each) => messageOf(queued(each))));
  const ingress = createIngress({
    gate: gateOf(env.slack),
    log,
    nowMs: clock.nowMs,
    storeNowMs: promotions.now,
    send,
    after: beforeSlackHangsUp(),
  });
  createBotApp({
    receiver: { init: ingress.init, start: async () => {}, stop: async () => {} },
    desk: createDesk({
      store: measured(promotions, createMetrics(createLineLog('info'), env.deployment)),
      catalog,
      hash: sha256,
      nearest,
      log,
      hints: { wake: () => {} },
      looking: null,
      unlocking: { locks: createLocks({ transport, nonce, hash: sha256 }), directory: noDirectory },
    }),
    catalog,
    slack: createFormOpener({
      post,
      token: env.slack.botToken,
      apiUrl: env.slack.apiUrl ?? slackApi,
      log,
    }),
    deliveries: createDeliveries({ transport }),
    send,
    nowMs: clock.nowMs,
    ...identityOf(env.slack),
    log,
  });

  const unanswered = await warming;
  if (unanswered !== null) log.warn({ code: unanswered }, 'the table did not answer at the start');
  return async (event) => {
    const request = requestOf(event);
    // What only keeps the process ready is no request, and nothing to warn of.
    if (request.method === '') return responseOf({ status: 404, headers: {}, body: '' });
    const { answer, settled } = lifetime.during(() => ingress.handle(request));
    const response = responseOf(await answer);
    // Whatever is still under way when this returns is frozen with the process.
    await Promise.race([settled, pause(gatewayMs / 2, undefined, { ref: false })]);
    return response;
  };
}

/** Answers what went wrong where it may go right at the next request. Throws MisconfiguredError. */
async function warm({ now }: Pick<PromotionStore, 'now'>): Promise<string | null> {
  try {
    await now();
    return null;
  } catch (error) {
    if (error instanceof RetryableError) return error.code;
    throw error;
  }
}

const secretsIn = ({ slack, aws: { credentials } }: SlackEnv): string[] => [
  slack.botToken,
  slack.signingSecret,
  slack.previousSigningSecret ?? '',
  credentials.secretAccessKey,
  credentials.sessionToken ?? '',
];

/** Slack's three seconds run from when it sent the request: those of a cold start's first one began before the process. */
function beforeSlackHangsUp(): After {
  let isFirst = true;
  return (milliseconds, callback) => {
    const ageMs = performance.now();
    const spentMs = isFirst && ageMs < coldMs ? ageMs : 0;
    isFirst = false;
    const timer = setTimeout(callback, Math.max(leastMs, milliseconds - gatewayMs - spentMs));
    return () => clearTimeout(timer);
  };
}

const queued = (work: Work): QueuedWork =>
  work.does === 'look' ? lookAt(work.promotionId, { revision: work.revision }) : { ...work, tries: 0 };

/** Rights are looked up by whoever works off the queue, never while Slack waits. */
const unasked = async (): Promise<never> => {
  throw new MisconfiguredError('start.no-directory', 'This function does not read Slack’s directory.');
};
const noDirectory: Directory = { kindOf: unasked, membersOf: unasked };
