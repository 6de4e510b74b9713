import { GetDistributionCommand, GetDistributionConfigCommand } from '@aws-sdk/client-cloudfront';
import { DescribeAlarmsCommand, ListMetricsCommand } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { siteDistributionId as Id } from '../../../workspace/aws/cloudfront/seed.ts';
import { openAccount } from './account.ts';

describe('faults', () => {
  it('lose the answer to a change that was made: the hidden retry of the SDK then sees a failed precondition', async () => {
    // At today's date: the SDK sends every refused call again when the answer's Date is minutes away from its own.
    const { control, switchTo } = await openAccount({ maxAttempts: 3, startMs: Date.now() });
    control.loseAnswer({ operation: 'UpdateDistribution' });

    await expect(switchTo('green')).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { attempts: 2 },
    });

    expect(control.liveColour()).toBe('green');
    expect(
      control
        .calls()
        .filter((call) => call.operation === 'UpdateDistribution')
        .map((call) => call.result),
    ).toEqual(['answer lost', 'PreconditionFailed']);
  });

  it('throttle by count, by time and by operation', async () => {
    const { control, cloudFront, cloudWatch, clock, advance } = await openAccount();
    const get = () => cloudFront.send(new GetDistributionCommand({ Id }));
    const throttled = { name: 'Throttling', $metadata: { httpStatusCode: 400 } };

    control.throttle({ service: 'cloudfront', count: 1 });
    await expect(get()).rejects.toMatchObject(throttled);
    await get();

    control.throttle({
      service: 'cloudfront',
      operation: 'GetDistribution',
      untilMs: clock.nowMs() + 10_000,
    });
    await expect(get()).rejects.toMatchObject(throttled);
    await cloudFront.send(new GetDistributionConfigCommand({ Id }));
    await advance(10);
    await get();

    control.throttle({ service: 'cloudwatch' });
    await expect(cloudWatch.send(new DescribeAlarmsCommand({}))).rejects.toMatchObject({
      name: 'Throttling',
    });
    expect(control.state().faults).toEqual(['cloudwatch is throttled']);
    control.clearFaults();
    await cloudWatch.send(new DescribeAlarmsCommand({}));
  });

  it('take a service down for a while', async () => {
    const { control, cloudFront, cloudWatch, advance } = await openAccount();
    control.down({ service: 'cloudwatch', forSeconds: 30 });
    await expect(cloudWatch.send(new DescribeAlarmsCommand({}))).rejects.toMatchObject({
      name: 'ServiceUnavailable',
      $metadata: { httpStatusCode: 503 },
    });
    await cloudFront.send(new GetDistributionCommand({ Id }));
    await advance(30);
    await cloudWatch.send(new DescribeAlarmsCommand({}));
  });

  it('deny an operation until it is allowed again', async () => {
    const { control, switchTo } = await openAccount();
    control.deny({ operation: 'UpdateDistribution' });
    await expect(switchTo('green')).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(control.liveColour()).toBe('blue');
    control.deny({ operation: 'UpdateDistribution', on: false });
    await switchTo('green');
    expect(control.liveColour()).toBe('green');
  });

  it('every call is remembered with what it was about', async () => {
    const { control, cloudFront, clock } = await openAccount();
    await cloudFront.send(new GetDistributionCommand({ Id }));
    await cloudFront.send(new GetDistributionCommand({ Id: 'E0' })).catch(() => {});
    expect(control.calls()).toEqual([
      {
        atMs: clock.nowMs(),
        accessKeyId: 'AKIAWORKSPACE',
        service: 'cloudfront',
        operation: 'GetDistribution',
        subject: Id,
        status: 200,
        result: 'ok',
      },
      {
        atMs: clock.nowMs(),
        accessKeyId: 'AKIAWORKSPACE',
        service: 'cloudfront',
        operation: 'GetDistribution',
        subject: 'E0',
        status: 404,
        result: 'NoSuchDistribution',
      },
    ]);
  });

  it('an unsigned request, an unknown service and an operation not modelled are refused', async () => {
    const { aws, cloudWatch } = await openAccount();
    const unsigned = await fetch(`${aws.apiUrl}/2020-05-31/distribution/${Id}`);
    expect(unsigned.status).toBe(403);
    expect(await unsigned.text()).toContain('<Code>MissingAuthenticationToken</Code>');
    expect((await fetch(`${aws.apiUrl}/somewhere`)).status).toBe(404);
    await expect(cloudWatch.send(new ListMetricsCommand({}))).rejects.toMatchObject({
      name: 'InvalidAction',
    });
  });
});
