import { CreateInvalidationCommand } from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import { siteDistributionId } from '../../../workspace/aws/cloudfront/seed.ts';
import { openAccount } from './account.ts';

async function promoteAndTakeBack(account: Awaited<ReturnType<typeof openAccount>>) {
  const invalidate = (CallerReference: string) =>
    account.cloudFront.send(
      new CreateInvalidationCommand({
        DistributionId: siteDistributionId,
        InvalidationBatch: { CallerReference, Paths: { Quantity: 1, Items: ['/*'] } },
      }),
    );
  await account.control.putRelease({ version: 'v1.1.0' });
  await account.switchTo('green');
  await account.advance(180);
  await invalidate('go');
  await account.advance(240);
  await account.switchTo('blue');
  await invalidate('back-1');
  await account.advance(180);
  await invalidate('back-2');
  await account.advance(240);
}

describe('visitors', () => {
  it('ask forty times a minute, however time passes', async () => {
    const { control, advance, clock } = await openAccount({ warmUpMinutes: 5 });
    expect(control.probeReport().requests).toBe(200);
    await advance(60);
    expect(control.probeReport().requests).toBe(240);
    await advance(24 * 3600);
    expect(control.probeReport(clock.nowMs() - 60_000).requests).toBe(40);
    expect(control.probeReport().requests).toBe(240 + 24 * 60 * 40);
  });

  it('notice nothing of a switch and of the way back', async () => {
    const account = await openAccount();
    await promoteAndTakeBack(account);
    expect(account.control.probeReport().failed).toEqual([]);
    expect(account.control.probeReport().requests).toBeGreaterThan(1_000);
  });

  it('do notice when each colour holds only its own assets', async () => {
    const account = await openAccount({ keepAssetsOfBothColours: false });
    await promoteAndTakeBack(account);
    const { failed } = account.control.probeReport();
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.every(({ path, status }) => path.startsWith('/assets/') && status === 404)).toBe(true);
  });

  it('notice a distribution that somebody switched off', async () => {
    const { control, advance, clock } = await openAccount();
    control.editByHand({ what: 'enabled', value: 'false' });
    const sinceMs = clock.nowMs();
    await advance(240);
    const { failed } = control.probeReport(sinceMs);
    expect(failed.at(-1)).toMatchObject({ status: 403, reason: 'The distribution is disabled.' });
  });
});
