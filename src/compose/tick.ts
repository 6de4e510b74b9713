import type { Queue } from '../aws/queue.ts';
import { runErrand } from '../bot/errands.ts';
import { createSlackClient } from '../bot/slack-client.ts';
import { type Environment, readTickEnv, type TickEnv, tickSecrets } from '../config/env.ts';
import { readPackaged } from '../config/packaged.ts';
import type { Catalog } from '../flows/desk.ts';
import type { Hints, Log } from '../flows/ports.ts';
import { buildAnnouncing } from './announcing.ts';
import { type BatchAnswer, createBatchHandler, type Invocation } from './batch.ts';
import { buildHeldKeeper } from './held.ts';
import { createLog } from './log.ts';
import { createMetrics, type Metrics, measured } from './metrics.ts';
import { createCollectedHints, createQueueWorker } from './queue-worker.ts';
import { required } from './secrets.ts';
import { queueAt, reachAws, warmUp } from './starting.ts';
import { buildStore, type Store } from './store.ts';
import { buildWorker } from './worker.ts';

type TickHandler = (event: unknown, invocation: Invocation) => Promise<BatchAnswer>;

/** A tick says itself what it leaves to be done. */
const noHints: Hints = { wake: () => {} };

/** Everything that works off the queue, joined. */
export function buildTickHandler(deps: {
  readonly env: Pick<TickEnv, 'slack' | 'github' | 'tableName'> & { readonly awsRegion: string };
  readonly catalog: Catalog;
  readonly store: Store;
  readonly queue: Queue;
  readonly metrics: Metrics;
  readonly log: Log;
}): TickHandler {
  const { env, catalog, queue, metrics, log } = deps;
  const store: Store = { ...deps.store, promotions: measured(deps.store.promotions, metrics) };
  const nowMs = () => store.clock.nowMs();
  const slack = createSlackClient({
    token: env.slack.botToken,
    log,
    teamId: env.slack.teamId,
    ...(env.slack.apiUrl === null ? {} : { slackApiUrl: env.slack.apiUrl }),
  });
  const hints = createCollectedHints();
  const { desk, tick } = buildWorker({ env, catalog, store, slack, hints, tickHints: noHints, log });
  const held = buildHeldKeeper({
    rows: store.held,
    outbox: store.outbox,
    budget: store.budget,
    slack,
    catalog,
    tableName: env.tableName,
    log,
  });
  const errandParts = {
    desk,
    slack,
    nowMs,
    log,
    hold: (row: Parameters<typeof held.hold>[0]) => held.hold(row, nowMs()),
  };
  const worker = createQueueWorker({
    tick,
    announce: buildAnnouncing({ store, desk, slack, hints, log }),
    runErrand: (errand) => runErrand(errandParts, errand),
    take: store.deliveries.take,
    held,
    queue,
    hints,
    nowMs,
    metrics,
    log,
  });
  return createBatchHandler(worker, log);
}

/** Throws MisconfiguredError, which names what is wrong and the way out: a function that cannot work does not start. */
export async function startTickHandler(environment: Environment): Promise<TickHandler> {
  const { call, table } = reachAws(environment);
  const store = buildStore(table);
  const env = required(readTickEnv(await warmUp(environment, tickSecrets, call, store.promotions)));
  const secrets = [env.slack.botToken, env.github.token, env.aws.credentials.secretAccessKey];
  return buildTickHandler({
    env: { ...env, awsRegion: env.aws.region },
    catalog: await readPackaged(env.pipelineFile),
    store,
    queue: queueAt(call, env.queueUrl),
    metrics: createMetrics(createLog('info', { secrets }), env.deployment),
    log: createLog(env.logLevel, { secrets }),
  });
}
