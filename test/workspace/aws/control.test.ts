import { describe, expect, it } from 'vitest';
import { awsControlRoutes } from '../../../workspace/aws/control.ts';
import { SavedAwsState } from '../../../workspace/aws/saved-state.ts';
import { openAccount } from './account.ts';

describe('the control', () => {
  it('shows the account as it is', async () => {
    const { control, aws } = await openAccount();
    expect(control.state()).toMatchObject({
      productionUrl: aws.productionUrl,
      live: 'blue',
      idle: 'green',
      colours: { blue: { version: 'v1.0.0' }, green: { version: 'v1.0.0' } },
      distributions: [
        { status: 'Deployed', origins: [{ id: 'site-origin', path: '/blue' }] },
        { origins: [{ path: '/blue' }, { path: '' }] },
        { tags: { 'aws:cloudformation:stack-name': 'northwind-intranet' } },
      ],
      faults: [],
      visitors: { failed: [] },
    });
  });

  it('puts a release where it is not live, unless told where', async () => {
    const { control, switchTo } = await openAccount();
    expect(await control.putRelease({ version: 'v1.1.0' })).toEqual({ colour: 'green', version: 'v1.1.0' });
    await switchTo('green');
    expect(await control.putRelease({ version: 'v1.2.0' })).toEqual({ colour: 'blue', version: 'v1.2.0' });
    expect(await control.putRelease({ version: 'v1.0.0', colour: 'green' })).toMatchObject({
      colour: 'green',
    });
  });

  it('edits by hand: comment, price class, origin path', async () => {
    const { control, advance } = await openAccount();
    const before = control.state().distributions[0]?.etag;
    control.editByHand({ what: 'comment', value: 'hello' });
    control.editByHand({ what: 'price-class' });
    const { etag } = control.editByHand({ what: 'origin-path' });
    expect(etag).not.toBe(before);
    expect(control.state().distributions[0]).toMatchObject({
      etag,
      comment: 'hello',
      priceClass: 'PriceClass_200',
      status: 'InProgress',
    });
    expect(control.liveColour()).toBe('green');
    await advance(100);
    expect(control.state().distributions[0]?.edges.map((edge) => edge.originPath)).toEqual([
      '/green',
      '/blue',
      '/blue',
    ]);
  });

  it('changes delays for what comes after', async () => {
    const { control, switchTo, advance } = await openAccount();
    control.setDelays({ deploySeconds: 10 });
    await switchTo('green');
    await advance(10);
    expect(control.state().distributions[0]?.status).toBe('Deployed');
    expect(control.state().delays).toEqual({
      deploySeconds: 10,
      invalidationSeconds: 60,
      readStaleSeconds: 2,
      metricLagSeconds: 60,
    });
  });

  it('is reached as JSON, and refuses a body that it cannot read', async () => {
    const { control } = await openAccount();
    const routes = awsControlRoutes(control);
    expect(await routes['putRelease']?.({ version: 'v1.1.0' })).toEqual({
      colour: 'green',
      version: 'v1.1.0',
    });
    await routes['setAlarm']?.({ name: 'site-5xx', state: 'ALARM' });
    await routes['deny']?.({ operation: 'GetDistribution' });
    await routes['dropMetrics']?.({ on: true });
    expect(control.state().faults).toEqual([
      'GetDistribution is denied',
      'no metrics of the site are published',
    ]);
    expect(control.state().alarms[0]).toMatchObject({ state: 'ALARM', held: true });
    await routes['clearFaults']?.({});
    expect(control.state().faults).toEqual([]);
    expect(control.state().alarms[0]?.held).toBe(false);
    await expect(routes['setAlarm']?.({ name: 'site-5xx', state: 'RED' })).rejects.toThrow();
  });
});

describe('a saved account', () => {
  it('opens as it was: colours, distribution, invalidations, alarms, metrics', async () => {
    const first = await openAccount();
    await first.control.putRelease({ version: 'v1.1.0' });
    await first.switchTo('green');
    first.control.setAlarm({ name: 'site-5xx', state: 'ALARM' });
    await first.advance(30);
    const saved = SavedAwsState.parse(JSON.parse(JSON.stringify(first.aws.save())));
    const before = first.control.state();

    const second = await openAccount({ saved, startMs: first.clock.nowMs() });

    const after = second.control.state();
    expect(after.live).toBe('green');
    expect(after.colours).toEqual(before.colours);
    expect(after.invalidations).toEqual(before.invalidations);
    expect(after.alarms).toEqual(before.alarms);
    expect(after.metrics).toEqual(before.metrics);
    expect(after.distributions.map(({ url: _url, edges: _edges, ...rest }) => rest)).toEqual(
      before.distributions.map(({ url: _url, edges: _edges, ...rest }) => rest),
    );
    await second.advance(150);
    expect(second.control.state().distributions[0]?.status).toBe('Deployed');
  });

  it('tells of alarms that change, in their minute', async () => {
    const changes: string[] = [];
    const { advance, control } = await openAccount({
      onAlarmChange: (change) => changes.push(`${change.alarmName} ${change.to}`),
    });
    control.setAlarm({ name: 'site-5xx', state: 'ALARM' });
    await advance(60);
    expect(changes).toEqual(['site-5xx ALARM', 'site-unhealthy ALARM']);
  });
});
