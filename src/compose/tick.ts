import type { Queue } from '../aws/queue.ts';
import { type Environment, readTickEnv, type TickEnv, tickSecrets } from '../config/env.ts';
import { readPackaged } from '../config/packaged.ts';
import type { Catalog } from '../flows/desk.ts';
import type { Hints, Log } from '../flows/ports.ts';
import { buildAfterAnswer } from './after-answer.ts';
import { type BatchAnswer, createBatchHandler, type Invocation } from './batch.ts';
import { createLog } from './log.ts';
import { createMetrics, type Metrics, measured } from './metrics.ts';
import { createCollectedHints, createQueueWorker } from './queue-worker.ts';
import { required } from './secrets.ts';
import { queueAt, reachAws, warmUp } from './starting.ts';
import { buildStore, type Store } from './store.ts';

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
  const hints = createCollectedHints();
  const { tick, announce, runErrand, held } = buildAfterAnswer({
    env,
    catalog,
    store,
    hints,
    tickHints: noHints,
    log,
  });
  const worker = createQueueWorker({
    tick,
    announce,
    runErrand,
    take: store.deliveries.take,
    held,
    queue,
    hints,
    nowMs: () => store.clock.nowMs(),
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
