import { z } from 'zod';
import { alsoInCbor } from '../cbor-protocol.ts';
import { AlarmState, type MetricStatus } from '../control.ts';
import { jsonAnswer, jsonOperation, jsonRefusal, readJson } from '../json-protocol.ts';
import { AwsRefusal, type AwsRequest, type AwsService } from '../service.ts';
import { type Alarm, type Alarms, CompositeAlarm, MetricAlarm } from './alarms.ts';
import { type Metrics, statisticOf, statistics } from './metrics.ts';

const Dimensions = z.array(z.strictObject({ Name: z.string(), Value: z.string() }));

const MetricDataQuery = z.strictObject({
  Id: z.string().regex(/^[a-z][a-zA-Z0-9_]*$/),
  Label: z.string().optional(),
  ReturnData: z.boolean().default(true),
  MetricStat: z.strictObject({
    Metric: z.strictObject({
      Namespace: z.string(),
      MetricName: z.string(),
      Dimensions: Dimensions.default([]),
    }),
    Period: z.number().int().multipleOf(60).positive(),
    Stat: z.enum(statistics),
    Unit: z.string().optional(),
  }),
});

const GetMetricData = z.strictObject({
  MetricDataQueries: z.array(MetricDataQuery).min(1).max(500),
  StartTime: z.number(),
  EndTime: z.number(),
  ScanBy: z.enum(['TimestampDescending', 'TimestampAscending']).default('TimestampDescending'),
  MaxDatapoints: z.number().int().positive().max(100_800).optional(),
});

const AlarmTypes = z.array(z.enum(['MetricAlarm', 'CompositeAlarm', 'LogAlarm']));

const DescribeAlarms = z.strictObject({
  AlarmNames: z.array(z.string()).max(100).optional(),
  AlarmNamePrefix: z.string().optional(),
  AlarmTypes: AlarmTypes.default(['MetricAlarm']),
  StateValue: AlarmState.optional(),
  MaxRecords: z.number().int().min(1).max(100).default(50),
  NextToken: z.string().optional(),
});

const DescribeAlarmHistory = z.strictObject({
  AlarmName: z.string().optional(),
  AlarmTypes: AlarmTypes.default(['MetricAlarm']),
  HistoryItemType: z.enum(['StateUpdate', 'ConfigurationUpdate', 'Action']).optional(),
  StartDate: z.number().optional(),
  EndDate: z.number().optional(),
  MaxRecords: z.number().int().min(1).max(100).default(100),
  NextToken: z.string().optional(),
  ScanBy: z.enum(['TimestampDescending', 'TimestampAscending']).default('TimestampDescending'),
});

const SetAlarmState = z.strictObject({
  AlarmName: z.string(),
  StateValue: AlarmState,
  StateReason: z.string(),
  StateReasonData: z.string().optional(),
});

const PutMetricData = z.strictObject({
  Namespace: z.string().min(1),
  MetricData: z.array(
    z.strictObject({
      MetricName: z.string().min(1),
      Dimensions: Dimensions.default([]),
      Timestamp: z.number().optional(),
      Value: z.number().optional(),
      StatisticValues: z
        .strictObject({ SampleCount: z.number(), Sum: z.number(), Minimum: z.number(), Maximum: z.number() })
        .optional(),
      Unit: z.string().optional(),
      StorageResolution: z.number().optional(),
    }),
  ),
});

const target = 'GraniteServiceVersion20100801';

/**
 * CloudWatch in AWS JSON 1.0 with query-compatible errors, which is what the JavaScript SDK speaks, and in RPC v2 CBOR,
 * which boto3 speaks. Not modelled and refused: metric math, percentiles, dashboards, anomaly detection, log alarms.
 */
export function createCloudWatchApi(options: {
  nowMs: () => number;
  metrics: Metrics;
  alarms: Alarms;
  /** What GetMetricData says about the completeness of its answers. */
  metricStatus: () => MetricStatus;
}): AwsService {
  const { nowMs, metrics, alarms } = options;

  const operations: Record<string, (request: AwsRequest) => unknown> = {
    GetMetricData(request) {
      const input = readJson(request, GetMetricData, 'ValidationError');
      if (input.StartTime >= input.EndTime) {
        throw new AwsRefusal(
          'ValidationError',
          'The parameter StartTime must be less than the parameter EndTime.',
        );
      }
      const ids = input.MetricDataQueries.map((query) => query.Id);
      if (new Set(ids).size < ids.length) {
        throw new AwsRefusal(
          'ValidationError',
          'The values for parameter id in MetricDataQueries are not unique.',
        );
      }
      const status = options.metricStatus();
      const results = input.MetricDataQueries.filter((query) => query.ReturnData).map((query) => {
        const { Metric, Period, Stat } = query.MetricStat;
        const metric = {
          namespace: Metric.Namespace,
          name: Metric.MetricName,
          dimensions: Metric.Dimensions,
        };
        const points: { at: number; value: number }[] = [];
        // Both ends are on period boundaries, the last one outside.
        for (let at = Math.floor(input.StartTime / Period) * Period; at < input.EndTime; at += Period) {
          const values = metrics.read(metric, at * 1000, Period, nowMs());
          if (values !== undefined) points.push({ at, value: statisticOf(values, Stat) });
        }
        // An answer that is not complete lacks the newest half; one that failed lacks everything.
        const kept =
          status === 'Complete'
            ? points
            : status === 'PartialData'
              ? points.slice(0, points.length >> 1)
              : [];
        if (input.ScanBy === 'TimestampDescending') kept.reverse();
        return {
          Id: query.Id,
          Label: query.Label ?? Metric.MetricName,
          Timestamps: kept.map((point) => point.at),
          Values: kept.map((point) => point.value),
          StatusCode: status,
        };
      });
      const total = results.reduce((sum, result) => sum + result.Values.length, 0);
      if (total > (input.MaxDatapoints ?? 100_800)) {
        throw new AwsRefusal(
          'ValidationError',
          'The workspace does not page metric data: ask for fewer points.',
        );
      }
      return { MetricDataResults: results, Messages: [] };
    },

    DescribeAlarms(request) {
      const input = readJson(request, DescribeAlarms, 'ValidationError');
      if (input.AlarmNames !== undefined && input.AlarmNamePrefix !== undefined) {
        throw new AwsRefusal('ValidationError', 'AlarmNamePrefix and AlarmNames are mutually exclusive.');
      }
      const found = alarms
        .all()
        .filter(
          ({ kind, state, definition: { AlarmName: name } }) =>
            input.AlarmTypes.includes(kind) &&
            (input.AlarmNames?.includes(name) ?? true) &&
            name.startsWith(input.AlarmNamePrefix ?? '') &&
            (input.StateValue ?? state) === state,
        );
      const { items, NextToken } = page(found, input);
      return {
        MetricAlarms: items.filter((alarm) => alarm.kind === 'MetricAlarm').map(describe),
        CompositeAlarms: items.filter((alarm) => alarm.kind === 'CompositeAlarm').map(describe),
        ...(NextToken === undefined ? {} : { NextToken }),
      };
    },

    DescribeAlarmHistory(request) {
      const input = readJson(request, DescribeAlarmHistory, 'InvalidParameterValue');
      const found = alarms
        .history()
        .filter(
          (item) =>
            input.AlarmTypes.includes(item.kind) &&
            (input.AlarmName ?? item.alarmName) === item.alarmName &&
            (input.HistoryItemType ?? item.type) === item.type &&
            item.atMs >= (input.StartDate ?? 0) * 1000 &&
            item.atMs <= (input.EndDate ?? Number.POSITIVE_INFINITY) * 1000,
        );
      const ordered = input.ScanBy === 'TimestampDescending' ? found.toReversed() : found;
      const { items, NextToken } = page(ordered, input);
      return {
        AlarmHistoryItems: items.map((item) => ({
          AlarmName: item.alarmName,
          AlarmType: item.kind,
          Timestamp: item.atMs / 1000,
          HistoryItemType: item.type,
          HistorySummary: item.summary,
          HistoryData: item.data,
        })),
        ...(NextToken === undefined ? {} : { NextToken }),
      };
    },

    SetAlarmState(request) {
      const input = readJson(request, SetAlarmState, 'InvalidParameterValue');
      alarms.setState(input.AlarmName, input.StateValue, input.StateReason);
      return {};
    },

    PutMetricAlarm(request) {
      alarms.putMetricAlarm(readJson(request, MetricAlarm, 'ValidationError'));
      return {};
    },

    PutCompositeAlarm(request) {
      alarms.putCompositeAlarm(readJson(request, CompositeAlarm, 'ValidationError'));
      return {};
    },

    PutMetricData(request) {
      const input = readJson(request, PutMetricData, 'InvalidParameterValue');
      if (input.Namespace.startsWith('AWS/')) {
        throw new AwsRefusal('InvalidParameterValue', 'The value AWS/ for parameter Namespace is invalid.');
      }
      for (const datum of input.MetricData) {
        const metric = { namespace: input.Namespace, name: datum.MetricName, dimensions: datum.Dimensions };
        const atMs = datum.Timestamp === undefined ? nowMs() : datum.Timestamp * 1000;
        const { StatisticValues: set } = datum;
        if ((datum.Value === undefined) === (set === undefined)) {
          throw new AwsRefusal('MissingParameter', 'Exactly one of Value and StatisticValues is needed.');
        }
        if (datum.Value !== undefined) metrics.add(metric, atMs, datum.Value);
        if (set !== undefined) {
          metrics.merge(metric, atMs, {
            sum: set.Sum,
            count: set.SampleCount,
            minimum: set.Minimum,
            maximum: set.Maximum,
          });
        }
      }
      return {};
    },
  };

  const inJson: AwsService = {
    name: 'cloudwatch',
    codes: { throttled: 'Throttling', denied: 'AccessDenied', unavailable: 'ServiceUnavailable' },
    recognise(request) {
      const name = jsonOperation(request, target);
      return name === undefined ? undefined : { name };
    },
    perform(operation, request) {
      const perform = Object.hasOwn(operations, operation.name) ? operations[operation.name] : undefined;
      if (perform === undefined) {
        throw new AwsRefusal('InvalidAction', `The workspace's CloudWatch does not model ${operation.name}.`);
      }
      return jsonAnswer('1.0', perform(request));
    },
    refuse: (refusal) =>
      jsonRefusal('1.0', refusal, { namespace: 'com.amazonaws.cloudwatch', queryCompatible: true }),
  };
  return alsoInCbor(inJson, target);
}

function describe(alarm: Alarm) {
  const { Tags: _tags, ...definition } = alarm.definition;
  return {
    ...definition,
    AlarmArn: `arn:aws:cloudwatch:us-east-1:111122223333:alarm:${definition.AlarmName}`,
    AlarmConfigurationUpdatedTimestamp: alarm.configuredAtMs / 1000,
    StateValue: alarm.state,
    StateReason: alarm.reason,
    ...(alarm.evaluation === undefined ? {} : { EvaluationState: alarm.evaluation }),
    StateUpdatedTimestamp: alarm.updatedAtMs / 1000,
    StateTransitionedTimestamp: alarm.transitionedAtMs / 1000,
  };
}

function page<T>(all: readonly T[], input: { MaxRecords: number; NextToken?: string | undefined }) {
  const start = input.NextToken === undefined ? 0 : Number(input.NextToken);
  if (!Number.isInteger(start)) throw new AwsRefusal('InvalidNextToken', 'The next token is not valid.');
  const end = start + input.MaxRecords;
  return { items: all.slice(start, end), NextToken: end < all.length ? String(end) : undefined };
}
