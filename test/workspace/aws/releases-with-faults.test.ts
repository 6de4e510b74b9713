import { CreateInvalidationCommand } from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import { siteDistributionId } from '../../../workspace/aws/cloudfront/seed.ts';
import { openAccount, versionIn } from './account.ts';

/** Puts a version into the idle colour and makes it live, as the bot does. Six minutes later it is everywhere. */
async function goLive(version: string) {
  const account = await openAccount();
  await account.control.putRelease({ version });
  const preview = versionIn(await (await fetch(account.aws.previewUrl('green'))).text());
  const switchedAtMs = account.clock.nowMs();
  await account.switchTo('green');
  await account.advance(180);
  await account.cloudFront.send(
    new CreateInvalidationCommand({
      DistributionId: siteDistributionId,
      InvalidationBatch: { CallerReference: version, Paths: { Quantity: 1, Items: ['/*'] } },
    }),
  );
  await account.advance(60);
  const page = async (path: string) => {
    const response = await account.visit(path);
    return { status: response.status, versions: versionIn(await response.text()) };
  };
  return { ...account, preview, page, switchedAtMs };
}

describe('releases', () => {
  it('that are good stay good: v1.1.0 and v1.2.0', async () => {
    for (const version of ['v1.1.0', 'v1.2.0']) {
      const { preview, page, advance, control } = await goLive(version);
      expect(preview).toEqual([version]);
      for (const path of ['/', '/pricing/', '/about/']) {
        expect(await page(path)).toEqual({ status: 200, versions: [version] });
      }
      await advance(1800);
      const { visitors, alarms, metrics } = control.state();
      expect(visitors.failed).toEqual([]);
      expect(alarms.map((alarm) => alarm.state)).toEqual(['OK', 'OK', 'OK']);
      expect(metrics.at(-1)).toMatchObject({ requests: 40, errorRate5xx: 0 });
    }
  });

  it('v1.3.0 is right in the preview and wrong in production', async () => {
    const { preview, page } = await goLive('v1.3.0');
    expect(preview).toEqual(['v1.3.0']);
    expect(await page('/')).toEqual({ status: 200, versions: ['v1.2.9'] });
  });

  it.each([
    ['v1.3.1', ['v1.3.1-rc.1']],
    ['v1.3.2', []],
    ['v1.3.3', ['v1.3.3', 'v1.3.2']],
  ])('%s is wrong in the preview already', async (version, said) => {
    expect((await goLive(version)).preview).toEqual(said);
  });

  it('v1.4.0 fails on one page, in production only', async () => {
    const { aws, page } = await goLive('v1.4.0');
    expect((await fetch(`${aws.previewUrl('green')}pricing/`)).status).toBe(200);
    expect((await page('/pricing/')).status).toBe(500);
    expect((await page('/')).status).toBe(200);
  });

  it('v1.5.0 verifies, and then eight in a hundred requests fail and the alarm goes off', async () => {
    const { page, advance, control } = await goLive('v1.5.0');
    for (const path of ['/', '/pricing/', '/about/']) expect((await page(path)).status).toBe(200);
    await advance(600);
    const { metrics, alarms, visitors } = control.state();
    const rates = metrics.slice(-5).map((minute) => minute.errorRate5xx);
    expect(rates.reduce((sum, rate) => sum + rate, 0) / rates.length).toBeCloseTo(8, 0);
    expect(alarms.find((alarm) => alarm.name === 'site-5xx')?.state).toBe('ALARM');
    expect(visitors.failed.every((visit) => visit.path === '/api/stock.json' && visit.status === 503)).toBe(
      true,
    );
  });

  it('v1.6.0 verifies, and then the origin becomes slow and its alarm goes off', async () => {
    const { page, advance, control, switchedAtMs } = await goLive('v1.6.0');
    expect(await page('/')).toEqual({ status: 200, versions: ['v1.6.0'] });
    await advance(300);
    const { alarms, visitors } = control.state();
    const latency = alarms.find((alarm) => alarm.name === 'site-origin-latency');
    expect(latency?.state).toBe('ALARM');
    expect(latency?.transitionedAtMs).toBeGreaterThan(switchedAtMs + 120_000);
    expect(alarms.find((alarm) => alarm.name === 'site-unhealthy')?.state).toBe('ALARM');
    expect(visitors.failed).toEqual([]);
  });

  it('v1.7.0 has no metrics while it is live, and has them again after the way back', async () => {
    const { advance, control, switchTo, switchedAtMs, clock } = await goLive('v1.7.0');
    await advance(600);
    const last = () => control.state().metrics.at(-1)?.atMs ?? 0;
    expect(last()).toBe(switchedAtMs - 60_000);
    await switchTo('blue');
    await advance(300);
    expect(last()).toBeGreaterThan(clock.nowMs() - 240_000);
  });

  it('that are not there cannot be put', async () => {
    const { control } = await openAccount();
    await expect(control.putRelease({ version: 'v9.9.9' })).rejects.toThrow('no release v9.9.9');
  });
});
