import { randomUUID } from 'node:crypto';
import type { AlarmChange } from '../aws/cloudwatch/alarms.ts';
import type { WorkspaceClock } from '../clock.ts';
import { matchesPattern } from './event-pattern.ts';
import type { LambdaFunction } from './function.ts';

/** An event as EventBridge hands it to a function. */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

export type Rule = {
  readonly name: string;
  readonly target: LambdaFunction;
  /** `MaximumRetryAttempts` of the function; two unless told. */
  readonly repeats?: number;
  /** What the function gets instead of the event. */
  readonly input?: unknown;
} & ({ readonly everySeconds: number } | { readonly pattern: Readonly<Record<string, unknown>> });

export interface EventBus {
  /** Puts an event on the bus; what it sets off happens when the clock next moves, by nothing if need be. */
  put(event: Pick<BusEvent, 'source' | 'detail-type' | 'detail'> & { resources?: readonly string[] }): void;
  putAlarmChange(change: AlarmChange): void;
  /** The next so many events arrive twice (at-least-once delivery). */
  deliverTwice(count: number): void;
  setEnabled(rule: string, enabled: boolean): void;
  /** Events that a function did not take after all repeats, as its failure destination would hold them. */
  dropped(): readonly BusEvent[];
  close(): void;
}

/** Lambda developer guide, asynchronous invocation: two repeats, after one and two minutes. */
const repeatAfterSeconds = [60, 120];

/**
 * EventBridge as far as this project needs it: rules that fire on a schedule and rules that match events, each with one
 * function as its target, invoked asynchronously and repeated as Lambda does. Input transformers, archives and dead
 * letters of rules are not modelled.
 */
export function createEventBus(options: {
  readonly clock: WorkspaceClock;
  readonly rules: readonly Rule[];
}): EventBus {
  const { clock, rules } = options;
  const disabled = new Set<string>();
  const dropped: BusEvent[] = [];
  const cancels = new Map<string, () => void>();
  let twice = 0;
  let closed = false;

  const invoke = async (rule: Rule, event: BusEvent, attempt: number): Promise<void> => {
    const answer = await rule.target.invoke(rule.input ?? event);
    if (answer.outcome === 'answered' && answer.functionError === null) return;
    // A throttled event is kept for hours, and its repeats do not count (Lambda developer guide).
    const next = answer.outcome === 'throttled' ? attempt : attempt + 1;
    const seconds = answer.outcome === 'throttled' ? 1 : repeatAfterSeconds[attempt];
    if (seconds === undefined || next > (rule.repeats ?? repeatAfterSeconds.length)) dropped.push(event);
    else if (!closed) clock.at(clock.nowMs() + seconds * 1000, () => invoke(rule, event, next));
  };

  const deliver = (rule: Rule, event: BusEvent) => {
    const times = twice > 0 ? 2 : 1;
    twice = Math.max(0, twice - 1);
    for (let time = 0; time < times; time += 1) clock.at(clock.nowMs(), () => invoke(rule, event, 0));
  };

  const complete = (event: Parameters<EventBus['put']>[0], atMs: number): BusEvent => ({
    version: '0',
    id: randomUUID(),
    'detail-type': event['detail-type'],
    source: event.source,
    account: '111122223333',
    time: `${new Date(atMs).toISOString().slice(0, 19)}Z`,
    region: 'us-east-1',
    resources: event.resources ?? [],
    detail: event.detail,
  });

  const keepFiring = (rule: Extract<Rule, { everySeconds: number }>) => {
    const periodMs = rule.everySeconds * 1000;
    const atMs = (Math.floor(clock.nowMs() / periodMs) + 1) * periodMs;
    const fire = async () => {
      keepFiring(rule);
      if (disabled.has(rule.name)) return;
      const resources = [`arn:aws:events:us-east-1:111122223333:rule/${rule.name}`];
      const event = { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {}, resources };
      await invoke(rule, complete(event, atMs), 0);
    };
    cancels.set(rule.name, clock.at(atMs, fire));
  };
  for (const rule of rules) if ('everySeconds' in rule) keepFiring(rule);

  const put: EventBus['put'] = (given) => {
    const event = complete(given, clock.nowMs());
    for (const rule of rules) {
      if ('pattern' in rule && !disabled.has(rule.name) && matchesPattern(rule.pattern, event)) {
        deliver(rule, event);
      }
    }
  };

  return {
    put,
    putAlarmChange: (change) =>
      put({
        source: 'aws.cloudwatch',
        'detail-type': 'CloudWatch Alarm State Change',
        resources: [`arn:aws:cloudwatch:us-east-1:111122223333:alarm:${change.alarmName}`],
        detail: alarmDetail(change),
      }),
    deliverTwice(count) {
      twice += count;
    },
    setEnabled: (rule, enabled) => void (enabled ? disabled.delete(rule) : disabled.add(rule)),
    dropped: () => dropped,
    close() {
      closed = true;
      for (const cancel of cancels.values()) cancel();
    },
  };
}

/** CloudWatch user guide, "Alarm events and EventBridge". */
function alarmDetail({ alarmName, atMs, from, to, reason, previous, definition }: AlarmChange) {
  return {
    alarmName,
    state: { value: to, reason, reasonData: '{"version":"1.0"}', timestamp: stamp(atMs) },
    previousState: { value: from, reason: previous.reason, timestamp: stamp(previous.atMs) },
    configuration:
      'AlarmRule' in definition
        ? { alarmRule: definition.AlarmRule }
        : {
            metrics: [
              {
                id: 'm1',
                metricStat: {
                  metric: {
                    namespace: definition.Namespace,
                    name: definition.MetricName,
                    dimensions: Object.fromEntries(
                      definition.Dimensions.map(({ Name, Value }) => [Name, Value]),
                    ),
                  },
                  period: definition.Period,
                  stat: definition.Statistic,
                },
                returnData: true,
              },
            ],
          },
  };
}

/** CloudWatch writes its times in this form, not in EventBridge's. */
const stamp = (atMs: number) => new Date(atMs).toISOString().replace('Z', '+0000');
