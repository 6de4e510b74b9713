import { CreateInvalidationCommand } from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import { pops } from '../../../../workspace/aws/cloudfront/pops.ts';
import { siteDistributionId } from '../../../../workspace/aws/cloudfront/seed.ts';
import { openAccount, versionIn } from '../account.ts';

type Account = Awaited<ReturnType<typeof openAccount>>;

const [near, middle, far] = pops.map(({ code }) => code);

const versionsAt = async (account: Account, path: string) =>
  Promise.all(pops.map(async ({ code }) => versionIn(await (await account.visit(path, code)).text())[0]));

const invalidate = (account: Account, reference: string, path = '/*') =>
  account.cloudFront.send(
    new CreateInvalidationCommand({
      DistributionId: siteDistributionId,
      InvalidationBatch: { CallerReference: reference, Paths: { Quantity: 1, Items: [path] } },
    }),
  );

describe('the edge', () => {
  it('answers from its cache, says so, and says where', async () => {
    const account = await openAccount({ warmUpMinutes: 0 });
    const first = await account.visit('/robots.txt', near);
    expect(first.headers.get('x-cache')).toBe('Miss from cloudfront');
    expect(first.headers.get('age')).toBeNull();
    expect(first.headers.get('x-amz-cf-pop')).toBe(near);
    expect(first.headers.get('via')).toMatch(/^1\.1 d\w+\.cloudfront\.net \(CloudFront\)$/);
    expect(first.headers.get('date')).toBe('Mon, 02 Mar 2026 09:00:00 GMT');

    await account.advance(45);
    const second = await account.visit('/robots.txt?cachebust=1', near);
    expect(second.headers.get('x-cache')).toBe('Hit from cloudfront');
    expect(Number(second.headers.get('age'))).toBeGreaterThan(30);
  });

  it('serves production as it was, everywhere, until the caches are invalidated after the switch', async () => {
    const account = await openAccount();
    await account.control.putRelease({ version: 'v1.1.0' });
    expect(await (await fetch(account.aws.previewUrl('green'))).text()).toContain('sea-glass');

    await account.switchTo('green');
    await account.advance(600);
    expect(await versionsAt(account, '/')).toEqual(['v1.0.0', 'v1.0.0', 'v1.0.0']);

    await invalidate(account, 'r1');
    await account.advance(60);
    expect(await versionsAt(account, '/')).toEqual(['v1.1.0', 'v1.1.0', 'v1.1.0']);
    expect(await versionsAt(account, '/pricing/')).toEqual(['v1.1.0', 'v1.1.0', 'v1.1.0']);
  });

  it('hears about an invalidation at different times in different places', async () => {
    const account = await openAccount();
    await account.control.putRelease({ version: 'v1.1.0' });
    await account.switchTo('green');
    await account.advance(180);
    await invalidate(account, 'r1');

    await account.advance(30);
    expect(await versionsAt(account, '/about/')).toEqual(['v1.1.0', 'v1.0.0', 'v1.0.0']);
    await account.advance(10);
    expect(await versionsAt(account, '/about/')).toEqual(['v1.1.0', 'v1.1.0', 'v1.0.0']);
  });

  it('an invalidation before the switch has arrived is filled with the old pages again', async () => {
    const account = await openAccount();
    await account.control.putRelease({ version: 'v1.1.0' });
    await account.switchTo('green');
    await invalidate(account, 'too-early');
    await account.advance(600);

    const [first, , last] = await versionsAt(account, '/');
    expect(last).toBe('v1.0.0');
    expect(first).toBe('v1.0.0');
  });

  it('what nobody asked for before shows the switch place by place', async () => {
    const account = await openAccount({ warmUpMinutes: 0 });
    await account.control.putRelease({ version: 'v1.1.0' });
    await account.switchTo('green');
    const info = async (pop: string | undefined) =>
      ((await (await account.visit('/build-info.json', pop)).json()) as { version: string }).version;
    expect(await info(near)).toBe('v1.0.0');
    await account.advance(63);
    expect([await info(near), await info(middle), await info(far)]).toEqual(['v1.1.0', 'v1.0.0', 'v1.0.0']);
    await account.advance(117);
    expect([await info(near), await info(middle), await info(far)]).toEqual(['v1.1.0', 'v1.1.0', 'v1.1.0']);
  });

  it('an invalidation of one path leaves the others alone', async () => {
    const account = await openAccount();
    await account.control.putRelease({ version: 'v1.1.0' });
    await account.switchTo('green');
    await account.advance(180);
    await invalidate(account, 'one', '/about/');
    await account.advance(60);
    expect((await versionsAt(account, '/about/'))[2]).toBe('v1.1.0');
    expect((await versionsAt(account, '/pricing/'))[2]).toBe('v1.0.0');
  });

  it('keeps a page for a day when nobody invalidates it', async () => {
    const account = await openAccount();
    await account.control.putRelease({ version: 'v1.1.0' });
    await account.switchTo('green');
    await account.advance(23 * 3600);
    expect(await versionsAt(account, '/')).toEqual(['v1.0.0', 'v1.0.0', 'v1.0.0']);
    await account.advance(2 * 3600);
    expect(await versionsAt(account, '/')).toEqual(['v1.1.0', 'v1.1.0', 'v1.1.0']);
  });

  it('shows the 404 page of the site, remembers it for ten seconds only, and refuses other methods', async () => {
    const account = await openAccount();
    const missing = await account.visit('/lamps/unknown', near);
    expect(missing.status).toBe(404);
    expect(missing.headers.get('x-cache')).toBe('Error from cloudfront');
    expect(await missing.text()).toContain('This page is in the dark');
    const again = await account.visit('/lamps/unknown', near);
    expect(again.headers.get('age')).toBe('0');
    await account.advance(10);
    expect((await account.visit('/lamps/unknown', near)).headers.get('age')).toBeNull();

    const post = await fetch(account.aws.productionUrl, { method: 'POST' });
    expect(post.status).toBe(403);
    const head = await fetch(account.aws.productionUrl, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
});
