import { z } from 'zod';
import { AlarmSetting, AlarmState, type AlarmView } from '../control.ts';
import { AwsRefusal } from '../service.ts';
import { ruleHolds } from './alarm-rule.ts';
import { type Metrics, statisticOf, statistics } from './metrics.ts';

const Dimensions = z.array(z.strictObject({ Name: z.string(), Value: z.string() }));

const actions = {
  ActionsEnabled: z.boolean().default(true),
  AlarmDescription: z.string().max(1024).optional(),
  OKActions: z.array(z.string()).default([]),
  AlarmActions: z.array(z.string()).default([]),
  InsufficientDataActions: z.array(z.string()).default([]),
  Tags: z.array(z.strictObject({ Key: z.string(), Value: z.string() })).optional(),
};

/** PutMetricAlarm, on one metric with a plain statistic; metric math and anomaly bands are not modelled. */
export const MetricAlarm = z.strictObject({
  AlarmName: z.string().min(1).max(255),
  ...actions,
  Namespace: z.string().min(1),
  MetricName: z.string().min(1),
  Dimensions: Dimensions.default([]),
  Statistic: z.enum(statistics),
  Period: z.number().int().multipleOf(60).positive(),
  Unit: z.string().optional(),
  EvaluationPeriods: z.number().int().positive(),
  DatapointsToAlarm: z.number().int().positive().optional(),
  Threshold: z.number(),
  ComparisonOperator: z.enum([
    'GreaterThanOrEqualToThreshold',
    'GreaterThanThreshold',
    'LessThanThreshold',
    'LessThanOrEqualToThreshold',
  ]),
  TreatMissingData: z.enum(['missing', 'ignore', 'breaching', 'notBreaching']).default('missing'),
});
export type MetricAlarm = z.infer<typeof MetricAlarm>;

export const CompositeAlarm = z.strictObject({
  AlarmName: z.string().min(1).max(255),
  ...actions,
  AlarmRule: z.string().min(1),
});
export type CompositeAlarm = z.infer<typeof CompositeAlarm>;

const stateShape = {
  state: AlarmState,
  reason: z.string(),
  updatedAtMs: z.number(),
  transitionedAtMs: z.number(),
  configuredAtMs: z.number(),
  /** Set by a person in the workspace: evaluation leaves it alone. */
  held: z.boolean(),
  evaluation: AlarmSetting.shape.evaluation,
};
const Alarm = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('MetricAlarm'), definition: MetricAlarm, ...stateShape }),
  z.object({ kind: z.literal('CompositeAlarm'), definition: CompositeAlarm, ...stateShape }),
]);
export type Alarm = z.infer<typeof Alarm>;

const AlarmHistoryItem = z.object({
  alarmName: z.string(),
  kind: z.enum(['MetricAlarm', 'CompositeAlarm']),
  atMs: z.number(),
  type: z.enum(['StateUpdate', 'ConfigurationUpdate']),
  summary: z.string(),
  data: z.string(),
});
export type AlarmHistoryItem = z.infer<typeof AlarmHistoryItem>;

export const SavedAlarms = z.object({
  alarms: z.array(Alarm),
  history: z.array(AlarmHistoryItem),
});
export type SavedAlarms = z.infer<typeof SavedAlarms>;

export interface AlarmChange {
  alarmName: string;
  atMs: number;
  from: AlarmState;
  to: AlarmState;
  reason: string;
  previous: { reason: string; atMs: number };
  definition: MetricAlarm | CompositeAlarm;
}

export interface Alarms {
  /** Evaluates every whole minute that passed since the last time. */
  catchUp(nowMs: number): void;
  putMetricAlarm(definition: MetricAlarm): void;
  /** Throws ValidationError when the rule cannot be read or names an alarm that is not there. */
  putCompositeAlarm(definition: CompositeAlarm): void;
  /** Until the next evaluation finds otherwise. Throws ResourceNotFound. */
  setState(name: string, state: AlarmState, reason: string): void;
  /** As a person in the workspace wants it. Throws ResourceNotFound. */
  hold(setting: AlarmSetting): void;
  releaseAll(): void;
  all(): readonly Alarm[];
  /** Oldest first. */
  history(): readonly AlarmHistoryItem[];
  views(): AlarmView[];
  save(): SavedAlarms;
}

const minuteMs = 60_000;
const keptHistory = 1_000;
/** How far beyond its own periods an alarm looks for data that came late. */
const extraPeriods = 3;

/**
 * Alarms, evaluated once a minute from what is published by then (CloudWatch user guide, "Using Amazon
 * CloudWatch alarms", evaluating and missing data).
 */
export function createAlarms(options: {
  nowMs: () => number;
  /** The first minute to evaluate; the seeded alarms were made then. */
  fromMs: number;
  metrics: Metrics;
  seed: {
    metricAlarms: readonly z.input<typeof MetricAlarm>[];
    compositeAlarms: readonly z.input<typeof CompositeAlarm>[];
  };
  saved?: SavedAlarms;
  onChange?: (change: AlarmChange) => void;
}): Alarms {
  const { nowMs, metrics } = options;
  let evaluatedAtMs = floorToMinute(options.fromMs);
  let history: AlarmHistoryItem[] = [...(options.saved?.history ?? [])];
  const alarms = new Map<string, Alarm>();

  const remember = (
    alarm: Alarm,
    atMs: number,
    type: AlarmHistoryItem['type'],
    summary: string,
    data: unknown,
  ) => {
    const item = { alarmName: alarm.definition.AlarmName, kind: alarm.kind, atMs, type, summary };
    history = [...history.slice(-keptHistory + 1), { ...item, data: JSON.stringify(data) }];
  };

  const change = (alarm: Alarm, to: AlarmState, reason: string, atMs: number) => {
    const from = alarm.state;
    const previous = { reason: alarm.reason, atMs: alarm.transitionedAtMs };
    alarm.reason = reason;
    alarm.updatedAtMs = atMs;
    if (from === to) return;
    alarm.state = to;
    alarm.transitionedAtMs = atMs;
    remember(alarm, atMs, 'StateUpdate', `Alarm updated from ${from} to ${to}`, {
      version: '1.0',
      oldState: { stateValue: from },
      newState: { stateValue: to, stateReason: reason },
    });
    const { definition } = alarm;
    options.onChange?.({ alarmName: definition.AlarmName, atMs, from, to, reason, previous, definition });
  };

  const put = (
    parts:
      | { kind: 'MetricAlarm'; definition: MetricAlarm }
      | { kind: 'CompositeAlarm'; definition: CompositeAlarm },
    atMs: number,
  ) => {
    const before = alarms.get(parts.definition.AlarmName);
    const alarm: Alarm = {
      state: before?.state ?? 'INSUFFICIENT_DATA',
      reason: before?.reason ?? 'Unchecked: Initial alarm creation',
      updatedAtMs: before?.updatedAtMs ?? atMs,
      transitionedAtMs: before?.transitionedAtMs ?? atMs,
      configuredAtMs: atMs,
      held: before?.held ?? false,
      evaluation: before?.evaluation,
      ...parts,
    };
    alarms.set(parts.definition.AlarmName, alarm);
    const summary = before === undefined ? 'created' : 'updated';
    remember(alarm, atMs, 'ConfigurationUpdate', `Alarm "${alarm.definition.AlarmName}" ${summary}`, {
      type: before === undefined ? 'Create' : 'Update',
    });
  };

  const evaluate = (atMs: number) => {
    for (const alarm of alarms.values()) {
      if (alarm.held || alarm.kind !== 'MetricAlarm') continue;
      const { state, reason } = judge(alarm, metrics, atMs);
      if (state !== alarm.state) change(alarm, state, reason, atMs);
    }
    for (const alarm of alarms.values()) {
      if (alarm.held || alarm.kind !== 'CompositeAlarm') continue;
      const holds = ruleHolds(alarm.definition.AlarmRule, (name) => alarms.get(name)?.state);
      const state = holds ? 'ALARM' : 'OK';
      if (state !== alarm.state) change(alarm, state, `${alarm.definition.AlarmRule} is ${holds}`, atMs);
    }
  };

  const get = (name: string): Alarm => {
    const alarm = alarms.get(name);
    if (alarm === undefined)
      throw new AwsRefusal('ResourceNotFound', `The alarm ${name} does not exist.`, 404);
    return alarm;
  };

  const checkRule = (definition: CompositeAlarm) => {
    try {
      ruleHolds(definition.AlarmRule, (name) => alarms.get(name)?.state);
    } catch (error) {
      throw new AwsRefusal(
        'ValidationError',
        `AlarmRule was not valid. ${error instanceof Error ? error.message : ''}`,
      );
    }
  };

  if (options.saved === undefined) {
    for (const each of options.seed.metricAlarms)
      put({ kind: 'MetricAlarm', definition: MetricAlarm.parse(each) }, options.fromMs);
    for (const each of options.seed.compositeAlarms) {
      put({ kind: 'CompositeAlarm', definition: CompositeAlarm.parse(each) }, options.fromMs);
    }
  } else {
    for (const alarm of options.saved.alarms) alarms.set(alarm.definition.AlarmName, { ...alarm });
  }

  return {
    catchUp(now) {
      while (evaluatedAtMs + minuteMs <= now) {
        evaluatedAtMs += minuteMs;
        evaluate(evaluatedAtMs);
      }
    },
    putMetricAlarm: (definition) => put({ kind: 'MetricAlarm', definition }, nowMs()),
    putCompositeAlarm(definition) {
      checkRule(definition);
      put({ kind: 'CompositeAlarm', definition }, nowMs());
    },
    setState: (name, state, reason) => change(get(name), state, reason, nowMs()),
    hold({ name, state, evaluation }) {
      const alarm = get(name);
      alarm.held = state !== 'measured';
      if (alarm.evaluation !== evaluation) alarm.updatedAtMs = nowMs();
      alarm.evaluation = evaluation;
      if (state !== 'measured') change(alarm, state, 'Set by hand in the workspace', nowMs());
    },
    releaseAll() {
      for (const alarm of alarms.values()) {
        alarm.held = false;
        alarm.evaluation = undefined;
      }
    },
    all: () => [...alarms.values()],
    history: () => history,
    views: () =>
      [...alarms.values()].map((alarm) => ({
        name: alarm.definition.AlarmName,
        kind: alarm.kind,
        state: alarm.state,
        reason: alarm.reason,
        updatedAtMs: alarm.updatedAtMs,
        transitionedAtMs: alarm.transitionedAtMs,
        held: alarm.held,
      })),
    save: () => ({ alarms: [...alarms.values()], history }),
  };
}

function judge(
  alarm: Extract<Alarm, { kind: 'MetricAlarm' }>,
  metrics: Metrics,
  atMs: number,
): { state: AlarmState; reason: string } {
  const { definition } = alarm;
  const values = publishedValues(definition, metrics, atMs);
  const needed = definition.EvaluationPeriods;
  const missing = Math.max(0, needed - values.length);
  const { TreatMissingData: treatment } = definition;
  if (values.length === 0 && treatment === 'missing') {
    return { state: 'INSUFFICIENT_DATA', reason: `Insufficient Data: ${needed} datapoints were unknown.` };
  }
  if (missing > 0 && treatment === 'ignore') return { state: alarm.state, reason: alarm.reason };
  const breaching =
    values.slice(0, needed).filter((value) => breaches(definition, value)).length +
    (treatment === 'breaching' ? missing : 0);
  const toAlarm = definition.DatapointsToAlarm ?? needed;
  const shown = values
    .slice(0, needed)
    .map((value) => value.toFixed(2))
    .join(', ');
  const reason = `Threshold Crossed: ${breaching} out of the last ${needed} datapoints [${shown}] compared with the threshold (${definition.Threshold}); minimum ${toAlarm} for OK -> ALARM transition.`;
  return { state: breaching >= toAlarm ? 'ALARM' : 'OK', reason };
}

/** Newest first, as many as can be found in the evaluation range. */
function publishedValues(definition: MetricAlarm, metrics: Metrics, atMs: number): number[] {
  const metric = {
    namespace: definition.Namespace,
    name: definition.MetricName,
    dimensions: definition.Dimensions,
  };
  const periodMs = definition.Period * 1000;
  const newestMs = Math.floor(atMs / periodMs) * periodMs - periodMs;
  return Array.from({ length: definition.EvaluationPeriods + extraPeriods }, (_, index) =>
    metrics.read(metric, newestMs - index * periodMs, definition.Period, atMs),
  ).flatMap((values) => (values === undefined ? [] : [statisticOf(values, definition.Statistic)]));
}

function breaches({ ComparisonOperator, Threshold }: MetricAlarm, value: number): boolean {
  switch (ComparisonOperator) {
    case 'GreaterThanOrEqualToThreshold':
      return value >= Threshold;
    case 'GreaterThanThreshold':
      return value > Threshold;
    case 'LessThanThreshold':
      return value < Threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= Threshold;
  }
}

const floorToMinute = (ms: number) => Math.floor(ms / minuteMs) * minuteMs;
