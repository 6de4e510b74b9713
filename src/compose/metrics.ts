import type { Change, Log, PromotionStore } from '../flows/ports.ts';
import { hasEnded, type Promotion } from '../flows/promotion/promotion.ts';

const namespace = 'Countersign';

const units = {
  /** Of a sweep that ran to its end; missing is the alarm. */
  Sweeps: 'Count',
  OldestDueSeconds: 'Seconds',
  DuePromotions: 'Count',
  DueSurfaces: 'Count',
  HeldRows: 'Count',
  PhaseSeconds: 'Seconds',
  PromotionsEnded: 'Count',
  Rollbacks: 'Count',
  Refusals: 'Count',
  Retries: 'Count',
  AlarmLooks: 'Count',
  UnknownAlarms: 'Count',
  Webhooks: 'Count',
  WebhooksRefused: 'Count',
  DroppedMessages: 'Count',
} as const;
type Metric = keyof typeof units;

export interface Metrics {
  /**
   * One line of figures. `kept apart by` what is in `dimensions`, of which each value is a metric of its own and is paid
   * for; `also` is only there to be searched for.
   */
  put(
    figures: Readonly<Partial<Record<Metric, number>>>,
    dimensions?: Readonly<Record<string, string>>,
    also?: Readonly<Record<string, unknown>>,
  ): void;
}

/**
 * Figures as lines of the log in CloudWatch's embedded metric format, which costs no call. Source: CloudWatch user
 * guide, "Specification: Embedded metric format".
 */
export function createMetrics(
  log: Log,
  deployment: { readonly service: string; readonly stage: string } | null,
  nowMs: () => number = Date.now,
): Metrics {
  const whose = deployment === null ? {} : { Service: deployment.service, Stage: deployment.stage };
  return {
    put(figures, dimensions = {}, also = {}) {
      const apart = { ...whose, ...dimensions };
      const names = Object.keys(figures) as Metric[];
      log.info(
        {
          ...also,
          ...apart,
          ...figures,
          _aws: {
            Timestamp: nowMs(),
            CloudWatchMetrics: [
              {
                Namespace: namespace,
                Dimensions: [Object.keys(apart)],
                Metrics: names.map((Name) => ({ Name, Unit: units[Name] })),
              },
            ],
          },
        },
        'metrics',
      );
    },
  };
}

/** The store, with what every save and refusal through it says of promotions as figures. */
export function measured(store: PromotionStore, metrics: Metrics): PromotionStore {
  return {
    ...store,
    async save(change, receipt) {
      const outcome = await store.save(change, receipt);
      if (outcome.outcome === 'saved') {
        measure(change, metrics);
        if (change.handedOver !== null) measure(change.handedOver, metrics);
      }
      return outcome;
    },
    async recordRefusal(promotion, entry, also) {
      const outcome = await store.recordRefusal(promotion, entry, also);
      if (outcome.outcome === 'recorded')
        metrics.put({ Refusals: 1 }, {}, { ...nameOf(promotion), code: entry.refusal?.code });
      return outcome;
    },
  };
}

const nameOf = ({ id, app, environment }: Promotion) => ({ promotionId: id, app, environment });

function measure({ promotion, audit }: Pick<Change, 'promotion' | 'audit'>, metrics: Metrics): void {
  const name = nameOf(promotion);
  const entered = audit.filter(({ from, to }) => from !== to).length;
  const { phases } = promotion;
  for (let index = phases.length - entered; index < phases.length; index += 1) {
    const [left, next] = [phases[index - 1], phases[index]];
    if (left === undefined || next === undefined) continue;
    metrics.put({ PhaseSeconds: (next.atMs - left.atMs) / 1000 }, { Phase: left.phase }, name);
    if (next.phase === 'rolling-back') metrics.put({ Rollbacks: 1 }, {}, name);
  }
  if (hasEnded(promotion)) metrics.put({ PromotionsEnded: 1 }, { Outcome: promotion.phase }, name);
  for (const { event } of audit) {
    if (event.type === 'trouble.met') metrics.put({ Retries: 1 }, {}, { ...name, code: event.code });
  }
}
