import { describe, expect, inject, it } from 'vitest';
import { checkRequest } from '../../src/bot/gate.ts';
import { requestOf } from '../../src/compose/gateway.ts';
import { functionNamed, isList, isObject, readTemplate, text } from './template.ts';

const template = readTemplate(inject('packagedIn'));
const functions = ['slack', 'github', 'alarms', 'tick', 'sweep'];
const number = (value: unknown) => {
  if (typeof value !== 'number') throw new Error(`${JSON.stringify(value)} is no number`);
  return value;
};
const secondsOf = (name: string) => number(functionNamed(template, name).properties['Timeout']);
const of = (type: string) => template.ofType(type).map(({ properties }) => properties);

describe('the functions', () => {
  it('are five, on arm64 and Node 22', () => {
    const all = of('AWS::Lambda::Function');

    expect(all.map(({ FunctionName }) => FunctionName).sort()).toEqual(
      functions.map((name) => `countersign-test-${name}`).sort(),
    );
    for (const { Runtime, Architectures } of all)
      expect({ Runtime, Architectures }).toEqual({ Runtime: 'nodejs22.x', Architectures: ['arm64'] });
  });

  it.each(functions)('%s runs from an artifact of its own', (name) => {
    const { Code, Handler } = functionNamed(template, name).properties;

    expect(isObject(Code) && text(Code['S3Key'])).toMatch(new RegExp(`/${name}\\.zip$`));
    expect(Handler).toBe(`${name}.handler`);
  });

  it.each(functions)('%s writes to a log of its own, which forgets', (name) => {
    const log = of('AWS::Logs::LogGroup').find(
      ({ LogGroupName }) => LogGroupName === `/aws/lambda/countersign-test-${name}`,
    );

    expect(log?.['RetentionInDays']).toBe(90);
  });

  it('and the gateway leave no log that is kept for ever', () => {
    const logs = of('AWS::Logs::LogGroup');

    expect(logs).toHaveLength(functions.length + 1);
    for (const properties of logs) expect(properties['RetentionInDays']).toBe(90);
  });

  it('reserve no concurrency, which a new account could not give', () => {
    for (const properties of of('AWS::Lambda::Function'))
      expect(properties['ReservedConcurrentExecutions']).toBeUndefined();
  });
});

describe('requests from outside', () => {
  it('come by two addresses and no other way', () => {
    const routes = of('AWS::ApiGatewayV2::Route').map(({ RouteKey }) => RouteKey);

    expect(routes.sort()).toEqual(['POST /github/webhooks', 'POST /slack/events']);
    expect(of('AWS::Lambda::Url')).toEqual([]);
    expect(of('AWS::ApiGateway::RestApi')).toEqual([]);
    const callers = of('AWS::Lambda::Permission').map(
      ({ FunctionName, Principal }) => `${text(Principal)} calls ${text(FunctionName).split('-').at(-1)}`,
    );
    expect(callers.sort()).toEqual([
      'apigateway.amazonaws.com calls github',
      'apigateway.amazonaws.com calls slack',
      'events.amazonaws.com calls alarms',
      'events.amazonaws.com calls slack',
      'events.amazonaws.com calls sweep',
    ]);
  });

  it('are limited before they reach a function', () => {
    const [stage] = of('AWS::ApiGatewayV2::Stage');

    expect(stage?.['DefaultRouteSettings']).toMatchObject({
      ThrottlingRateLimit: 50,
      ThrottlingBurstLimit: 100,
    });
  });

  it('are logged without headers and bodies', () => {
    const [stage] = of('AWS::ApiGatewayV2::Stage');
    const settings = stage?.['AccessLogSettings'];
    const format = text(isObject(settings) ? settings['Format'] : undefined);

    expect(format.match(/\$context\.[\w.]+/g)?.sort()).toEqual([
      '$context.identity.sourceIp',
      '$context.integrationErrorMessage',
      '$context.requestId',
      '$context.requestTime',
      '$context.responseLatency',
      '$context.routeKey',
      '$context.status',
    ]);
  });

  it.each(['slack', 'github'])('to %s are answered before the gateway gives up', (name) => {
    expect(secondsOf(name)).toBeLessThan(30);
  });
});

describe('the queue', () => {
  const queue = template.named('WorkQueue').properties;
  const dead = template.named('DeadLetters').properties;
  const [source] = of('AWS::Lambda::EventSourceMapping');

  it('is worked on by tick, which says which messages of a batch failed', () => {
    expect(of('AWS::Lambda::EventSourceMapping')).toHaveLength(1);
    expect(source).toMatchObject({
      FunctionName: expect.stringMatching(/:countersign-test-tick$/),
      EventSourceArn: expect.stringMatching(/:countersign-test-work$/),
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    expect(number(source?.['BatchSize'])).toBeGreaterThan(1);
  });

  it('keeps a message away from others for six times as long as tick may take', () => {
    expect(number(queue['VisibilityTimeout'])).toBeGreaterThanOrEqual(6 * secondsOf('tick'));
  });

  it('gives up on a message into dead letters that are kept for 14 days', () => {
    expect(queue['RedrivePolicy']).toEqual({
      deadLetterTargetArn: expect.stringMatching(/:countersign-test-dead-letters$/),
      maxReceiveCount: 5,
    });
    expect(dead['MessageRetentionPeriod']).toBe(14 * 24 * 3600);
    expect(dead['RedriveAllowPolicy']).toEqual({
      redrivePermission: 'byQueue',
      sourceQueueArns: [expect.stringMatching(/:countersign-test-work$/)],
    });
  });

  it('and its dead letters are encrypted', () => {
    expect([queue['SqsManagedSseEnabled'], dead['SqsManagedSseEnabled']]).toEqual([true, true]);
  });

  it('is standard, since a FIFO queue cannot put off a single message', () => {
    expect([queue['FifoQueue'], dead['FifoQueue']]).toEqual([undefined, undefined]);
  });

  it('may be fed by the function that works on it, which Lambda would stop as a loop', () => {
    expect(functionNamed(template, 'tick').properties['RecursiveLoop']).toBe('Allow');
    for (const name of functions.filter((each) => each !== 'tick'))
      expect(functionNamed(template, name).properties['RecursiveLoop']).toBeUndefined();
  });
});

describe('events', () => {
  const rule = (name: string) =>
    of('AWS::Events::Rule').find(({ Name }) => Name === `countersign-test-${name}`) ?? {};

  it('sweep every minute, and one sweep has ended before the next', () => {
    expect(rule('sweep')).toMatchObject({ ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' });
    expect(secondsOf('sweep')).toBeLessThan(60);
    const once = of('AWS::Lambda::EventInvokeConfig').find(
      ({ FunctionName }) => FunctionName === 'countersign-test-sweep',
    );
    expect(once).toMatchObject({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 });
  });

  it('tell of alarms that went off', () => {
    expect(rule('alarms')).toMatchObject({
      EventPattern: {
        source: ['aws.cloudwatch'],
        'detail-type': ['CloudWatch Alarm State Change'],
        detail: { state: { value: ['ALARM'] } },
      },
      State: 'ENABLED',
    });
  });

  it('keep the function that people wait for warm, with what nobody can take for a request', () => {
    const { Targets, State } = rule('warm');
    const [target] = isList(Targets) ? Targets : [];
    const input: unknown = JSON.parse(text(isObject(target) ? target['Input'] : undefined));
    const settings = { path: '/slack/events', secrets: { current: 'a' }, appId: 'A', teamId: 'T' };

    expect(State).toBe('ENABLED');
    expect(checkRequest(requestOf(input), 0, settings)).toMatchObject({ outcome: 'refused', status: 404 });
  });

  it('go to one function each', () => {
    const targets = of('AWS::Events::Rule').map(({ Name, Targets }) => [
      Name,
      (isList(Targets) ? Targets : []).map((each) => (isObject(each) ? text(each['Arn']) : '')),
    ]);

    expect(Object.fromEntries(targets)).toEqual({
      'countersign-test-sweep': [expect.stringMatching(/:countersign-test-sweep$/)],
      'countersign-test-alarms': [expect.stringMatching(/:countersign-test-alarms$/)],
      'countersign-test-warm': [expect.stringMatching(/:countersign-test-slack$/)],
    });
  });
});
