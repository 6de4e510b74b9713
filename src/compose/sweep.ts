import type { Queue } from '../aws/queue.ts';
import { type Environment, readSweepEnv } from '../config/env.ts';
import type { Log } from '../flows/ports.ts';
import { createDueIndex, type Overdue } from '../store/due.ts';
import { createLineLog } from './line-log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { required } from './secrets.ts';
import { lookAt, messageOf } from './sending.ts';
import { queueAt, reachAws } from './starting.ts';

export interface SweepDeps {
  readonly due: { overdue(limit: number, overdueMs: number): Promise<Overdue> };
  readonly queue: Queue;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** Of each kind; what is behind them is a minute away. */
const mostAtOnce = 1_000;
/** Whoever saved has sent a message for it, which is seconds late at most. */
const overdueMs = 20_000;

/**
 * The safety net: whatever is due and was not come to gets a message, however it was lost. Costs the same whatever is
 * open. Rejects when it could not be done to its end; the next one is a minute away.
 */
export function createSweep({ due, queue, metrics, log }: SweepDeps): () => Promise<void> {
  return async () => {
    const found = await due.overdue(mostAtOnce, overdueMs);
    const { promotions, surfaces, held, nowMs } = found;
    const ids = new Set([...promotions, ...surfaces].map(({ id }) => id));
    const messages = [
      ...[...ids].map((id) => messageOf(lookAt(id))),
      ...(held.isDue ? [messageOf({ does: 'held' })] : []),
    ];
    if (messages.length > 0) await queue.send(messages);
    const oldestMs = Math.min(nowMs, ...promotions.map(({ dueAtMs }) => dueAtMs));
    metrics.put({
      Sweeps: 1,
      OldestDueSeconds: (nowMs - oldestMs) / 1000,
      DuePromotions: promotions.length,
      DueSurfaces: surfaces.length,
      HeldRows: held.count,
    });
    if (promotions.length >= mostAtOnce || surfaces.length >= mostAtOnce)
      log.warn(
        { promotions: promotions.length, surfaces: surfaces.length },
        'more is due than one sweep takes',
      );
  };
}

/** Throws MisconfiguredError, which names what is wrong and the way out. */
export function startSweepHandler(environment: Environment): () => Promise<void> {
  const { call, table } = reachAws(environment);
  const env = required(readSweepEnv(environment));
  const log = createLineLog(env.logLevel);
  return createSweep({
    due: createDueIndex({ transport: table }),
    queue: queueAt(call, env.queueUrl),
    metrics: createMetrics(createLineLog('info'), env.deployment),
    log,
  });
}
