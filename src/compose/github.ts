import { createHash, randomUUID } from 'node:crypto';
import type { Queue } from '../aws/queue.ts';
import { type Environment, githubSecrets, readGithubEnv } from '../config/env.ts';
import { readPackaged } from '../config/packaged.ts';
import type { Catalog } from '../flows/desk.ts';
import { RetryableError } from '../flows/errors.ts';
import type { Log, PromotionStore } from '../flows/ports.ts';
import { isDirty, type Promotion } from '../flows/promotion/promotion.ts';
import { createWebhookGate, type Webhook } from '../github/webhooks.ts';
import { createDeliveries } from '../store/deliveries.ts';
import { createPromotionStore } from '../store/promotions.ts';
import { type GatewayResponse, requestOf, responseOf } from './gateway.ts';
import { createLineLog } from './line-log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { required } from './secrets.ts';
import { lookAt, messageOf } from './sending.ts';
import { queueAt, reachAws, warmUp } from './starting.ts';
import { withStoreClock } from './store-clock.ts';

export interface GithubDeps {
  readonly secret: string;
  readonly catalog: Catalog;
  readonly store: Pick<PromotionStore, 'list'>;
  readonly deliveries: Pick<ReturnType<typeof createDeliveries>, 'keep'>;
  readonly queue: Queue;
  readonly metrics: Metrics;
  readonly nowMs: () => number;
  readonly log: Log;
}

const path = '/github/webhooks';
/** What may change what a promotion waits for; a null takes every action. */
const telling: Readonly<Record<string, string | null>> = {
  workflow_run: 'completed',
  check_suite: 'completed',
  check_run: 'completed',
  release: 'published',
  status: null,
  deployment_status: null,
  create: null,
};
/** How far back a promotion may still be waiting. */
const newest = 5;
/** GitHub lets people send a delivery again for three days (GitHub, "Redelivering webhooks"). */
const receiptLifetimeMs = 4 * 24 * 3_600_000;

type Genuine = Extract<Webhook, { outcome: 'genuine' }>;

/**
 * GitHub's webhooks, which only ever bring a look: what they say is read from GitHub again. Unsigned traffic is answered
 * without touching the table; one delivery is worked on once. Never rejects.
 */
export function createGithubHook(deps: GithubDeps): (event: unknown) => Promise<GatewayResponse> {
  const { catalog, store, deliveries, queue, metrics, nowMs, log } = deps;
  const letIn = createWebhookGate(deps.secret);

  const waitingFor = async (repository: string): Promise<readonly Promotion[]> => {
    const lists = catalog.apps.flatMap(({ app, environments }) =>
      environments
        .filter((name) => isSame(catalog.find(app, name)?.definition.repository, repository))
        .map((name) => store.list(app, name, newest)),
    );
    return (await Promise.all(lists)).flat().filter(asksGithub);
  };

  const work = async (webhook: Genuine): Promise<GatewayResponse> => {
    const { delivery, event, action, repository } = webhook;
    const said = { delivery, event, action, repository };
    if (event === 'ping') return plainly(200, 'pong');
    const wanted = Object.hasOwn(telling, event) && [null, action].includes(telling[event] ?? null);
    if (!wanted || repository === null) return plainly(202, 'nothing waits for this');
    // Before it is remembered: what could not be looked up may be delivered again.
    const waiting = await waitingFor(repository);
    const kept = await deliveries.keep({
      id: createHash('sha256').update(`github:${delivery}`).digest('hex'),
      mark: randomUUID(),
      expiresAtMs: nowMs() + receiptLifetimeMs,
      body: '',
    });
    if (kept.outcome === 'repeated') return plainly(202, 'known already');
    if (waiting.length > 0) await queue.send(waiting.map(({ id }) => messageOf(lookAt(id))));
    for (const { id } of waiting) log.info({ ...said, promotionId: id }, 'a webhook brings a look');
    metrics.put({ Webhooks: 1 }, {}, said);
    return plainly(202, 'accepted');
  };

  return async (event) => {
    const request = requestOf(event);
    if (request.path !== path) return plainly(404, 'not here');
    if (request.method !== 'POST') return { ...plainly(405, 'POST only'), headers: { allow: 'POST' } };
    const webhook = await letIn(request);
    if (webhook.outcome === 'refused') {
      metrics.put({ WebhooksRefused: 1 }, {}, { reason: webhook.reason });
      return plainly(webhook.status, webhook.reason);
    }
    try {
      return await work(webhook);
    } catch (error) {
      const { delivery, event: name } = webhook;
      const code = error instanceof RetryableError ? error.code : String(error);
      log.error({ delivery, event: name, code }, 'a webhook could not be worked on');
      return plainly(500, 'try again');
    }
  };
}

const plainly = (status: number, body: string): GatewayResponse =>
  responseOf({ status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body });

const isSame = (one: string | null | undefined, other: string) => one?.toLowerCase() === other.toLowerCase();

/** GitHub is asked for the release and by the gates, and never once production was changed. */
function asksGithub(promotion: Promotion): boolean {
  const { phase } = promotion;
  return phase === 'analyzing' || phase === 'validating' || (phase === 'deploying' && !isDirty(promotion));
}

/** Throws MisconfiguredError, which names what is wrong and the way out. */
export async function startGithubHandler(
  environment: Environment,
): Promise<(event: unknown) => Promise<GatewayResponse>> {
  const { call, table } = reachAws(environment);
  const { transport, clock } = withStoreClock(table);
  const store = createPromotionStore({ transport, nonce: () => randomUUID() });
  const env = required(readGithubEnv(await warmUp(environment, githubSecrets, call, store)));
  return createGithubHook({
    secret: env.webhookSecret,
    catalog: await readPackaged(env.pipelineFile),
    store,
    deliveries: createDeliveries({ transport }),
    queue: queueAt(call, env.queueUrl),
    metrics: createMetrics(createLineLog('info'), env.deployment),
    nowMs: clock.nowMs,
    log: createLineLog(env.logLevel),
  });
}
