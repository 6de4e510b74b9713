import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { AwsCheckConfig } from '../aws/checks/config.ts';
import type { Queue } from '../aws/queue.ts';
import { type Environment, readAlarmsEnv } from '../config/env.ts';
import { readPackaged } from '../config/packaged.ts';
import type { Catalog, EnvironmentSettings } from '../flows/desk.ts';
import type { Log, PromotionStore } from '../flows/ports.ts';
import { environmentLock } from '../flows/promotion/promotion.ts';
import { createPromotionStore } from '../store/promotions.ts';
import { createLineLog } from './line-log.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { required } from './secrets.ts';
import { lookAt, messageOf } from './sending.ts';
import { queueAt, reachAws } from './starting.ts';

/** Source: CloudWatch user guide, "Alarm events and EventBridge". */
const AlarmEvent = z.object({
  source: z.literal('aws.cloudwatch'),
  'detail-type': z.literal('CloudWatch Alarm State Change'),
  account: z.string(),
  region: z.string(),
  detail: z.object({ alarmName: z.string(), state: z.object({ value: z.string() }) }),
});
type AlarmEvent = z.infer<typeof AlarmEvent>;

export interface AlarmsDeps {
  readonly catalog: Catalog;
  readonly store: Pick<PromotionStore, 'holder'>;
  readonly queue: Queue;
  readonly metrics: Metrics;
  readonly log: Log;
}

/**
 * Brings the look of whoever watches an alarm that has fired: the promotion that holds an environment whose
 * configuration names it, one read for each such environment. What the alarm says is read again by that look, so that
 * an event which is late, doubled or made up does no harm. Rejects when the table or the queue cannot be reached.
 */
export function createAlarms({ catalog, store, queue, metrics, log }: AlarmsDeps) {
  const environments = catalog.apps.flatMap(({ app, environments: names }) =>
    names.flatMap((name) => catalog.find(app, name) ?? []),
  );
  return async (event: unknown): Promise<void> => {
    const parsed = AlarmEvent.safeParse(event);
    if (!parsed.success) {
      log.error(
        { problems: parsed.error.issues.map(({ path }) => path.join('.')) },
        'this is no alarm event',
      );
      return;
    }
    const { alarmName, state } = parsed.data.detail;
    if (state.value !== 'ALARM') return;
    const watching = environments.filter((settings) => watches(settings, parsed.data));
    if (watching.length === 0) {
      metrics.put({ UnknownAlarms: 1 });
      log.info({ alarm: alarmName }, 'an alarm that no environment watches');
      return;
    }
    const holders = await Promise.all(
      watching.map(({ app, environment }) => store.holder(environmentLock(app, environment))),
    );
    const ids = [...new Set(holders.flatMap((holder) => holder ?? []))];
    if (ids.length > 0) await queue.send(ids.map((id) => messageOf(lookAt(id, { alarmed: true }))));
    for (const promotionId of ids) log.info({ promotionId, alarm: alarmName }, 'an alarm brings a look');
    metrics.put({ AlarmLooks: ids.length });
  };
}

/** By region and name, and by account where the environment says in which it is. */
function watches({ definition }: EnvironmentSettings, { account, region, detail }: AlarmEvent): boolean {
  const home = definition.role?.split(':')[4];
  if (home !== undefined && home !== account) return false;
  return [...definition.checks, ...definition.readings].some(({ kind, settings }) => {
    const check = AwsCheckConfig.safeParse({ kind, settings });
    return (
      check.success &&
      check.data.kind === 'cloudwatch-alarms' &&
      check.data.settings.region === region &&
      check.data.settings.names.includes(detail.alarmName)
    );
  });
}

/** Throws MisconfiguredError, which names what is wrong and the way out. */
export async function startAlarmsHandler(
  environment: Environment,
): Promise<(event: unknown) => Promise<void>> {
  const { call, table } = reachAws(environment);
  const env = required(readAlarmsEnv(environment));
  return createAlarms({
    catalog: await readPackaged(env.pipelineFile),
    store: createPromotionStore({ transport: table, nonce: () => randomUUID() }),
    queue: queueAt(call, env.queueUrl),
    metrics: createMetrics(createLineLog('info'), env.deployment),
    log: createLineLog(env.logLevel),
  });
}
