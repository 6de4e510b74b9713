import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { createMetrics } from '../../src/compose/metrics.ts';
import { account, isList, isObject, type Json, readTemplate, region, text } from './template.ts';

const template = readTemplate(inject('packagedIn'));
const functions = ['slack', 'github', 'alarms', 'tick', 'sweep'];

interface Alarm {
  readonly name: string;
  readonly properties: Readonly<Record<string, Json>>;
  readonly dimensions: Readonly<Record<string, string>>;
}

const alarmsIn = (from: typeof template): Alarm[] =>
  from.ofType('AWS::CloudWatch::Alarm').map(({ properties }) => ({
    name: text(properties['AlarmName']).replace('countersign-test-', ''),
    properties,
    dimensions: Object.fromEntries(
      (isList(properties['Dimensions']) ? properties['Dimensions'] : []).map((each) =>
        isObject(each) ? [text(each['Name']), text(each['Value'])] : [],
      ),
    ),
  }));
const alarms = alarmsIn(template);
function alarm(name: string): Alarm {
  const found = alarms.find((each) => each.name === name);
  if (found === undefined) throw new Error(`there is no alarm ${name}`);
  return found;
}

describe('alarms on the bot itself', () => {
  it.each(functions)('tell of every error of %s, and of every time it was turned away', (name) => {
    for (const [kind, metric] of [
      ['errors', 'Errors'],
      ['throttles', 'Throttles'],
    ]) {
      const { properties, dimensions } = alarm(`${name}-${kind}`);

      expect(properties).toMatchObject({
        Namespace: 'AWS/Lambda',
        MetricName: metric,
        Statistic: 'Sum',
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        Threshold: 1,
        EvaluationPeriods: 1,
        TreatMissingData: 'notBreaching',
      });
      expect(dimensions).toEqual({ FunctionName: `countersign-test-${name}` });
    }
  });

  it('tell of the first dead letter, and as long as one lies there', () => {
    const { properties, dimensions } = alarm('dead-letters');

    expect(properties).toMatchObject({
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Statistic: 'Maximum',
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    });
    expect(dimensions).toEqual({ QueueName: 'countersign-test-dead-letters' });
  });

  it('hear of the sweep what the sweep writes', () => {
    const lines: Record<string, unknown>[] = [];
    const silent = () => {};
    const info = (fields: Record<string, unknown>) => void lines.push(fields);
    const log = { info, warn: silent, error: silent };
    const written = { Sweeps: 1, OldestDueSeconds: 0 };
    createMetrics(log, { service: 'countersign', stage: 'test' }, () => 0).put(written);
    const [line = {}] = lines;
    const format = isObject(line['_aws']) ? line['_aws'] : {};
    const [directive] = isList(format['CloudWatchMetrics']) ? format['CloudWatchMetrics'] : [];
    const { Namespace, Dimensions, Metrics } = isObject(directive) ? directive : {};
    const names = (isList(Metrics) ? Metrics : []).map((each) => (isObject(each) ? each['Name'] : null));

    for (const name of ['sweep-missing', 'oldest-due']) {
      const { properties, dimensions } = alarm(name);
      expect(properties['Namespace']).toBe(Namespace);
      expect(names).toContain(properties['MetricName']);
      expect([Object.keys(dimensions)]).toEqual(Dimensions);
      for (const [dimension, value] of Object.entries(dimensions)) expect(line[dimension]).toBe(value);
    }
  });

  it('tell when nothing is heard of the sweep', () => {
    expect(alarm('sweep-missing').properties).toMatchObject({
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
      EvaluationPeriods: 5,
      TreatMissingData: 'breaching',
    });
  });

  it('all go to one topic, when they go off and when they are over', () => {
    const topic = `arn:aws:sns:${region}:${account}:countersign-test-bot-alarms`;

    for (const { properties } of alarms)
      expect([properties['AlarmActions'], properties['OKActions']]).toEqual([[topic], [topic]]);
    expect(template.outputs['AlarmTopic']).toBe(topic);
  });

  it('go to the topic that was given instead, and then the stack makes none', () => {
    const AlarmTopicArn = `arn:aws:sns:${region}:${account}:oncall`;
    const given = readTemplate(inject('packagedIn'), { AlarmTopicArn });

    for (const { properties } of alarmsIn(given)) expect(properties['AlarmActions']).toEqual([AlarmTopicArn]);
    expect(given.ofType('AWS::SNS::Topic')).toEqual([]);
    expect(given.outputs['AlarmTopic']).toBe(AlarmTopicArn);
  });

  it('are all explained to whoever is woken by them, and no others are', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/operate.md'), 'utf8');
    const [, section = ''] = /^## When an alarm of the bot goes off$(.*?)^## /ms.exec(page) ?? [];
    const rows = section.split('\n').filter((line) => /^\| `/.test(line));
    const explained = rows.flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)]);

    expect(explained.map(([, name]) => name).sort()).toEqual(alarms.map(({ name }) => name).sort());
  });
});
