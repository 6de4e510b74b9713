import {
  CreateInvalidationCommand,
  DeleteDistributionCommand,
  type DistributionConfig,
  GetDistributionCommand,
  GetDistributionConfigCommand,
  GetInvalidationCommand,
  ListDistributionsCommand,
  ListInvalidationsCommand,
  ListTagsForResourceCommand,
  UpdateDistributionCommand,
} from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import {
  siteDistributionId,
  stackOwnedDistributionId,
  twoOriginsDistributionId,
} from '../../../../workspace/aws/cloudfront/seed.ts';
import { openAccount } from '../account.ts';

const Id = siteDistributionId;

async function read(account: Awaited<ReturnType<typeof openAccount>>) {
  const { DistributionConfig: config, ETag } = await account.cloudFront.send(
    new GetDistributionConfigCommand({ Id }),
  );
  if (config === undefined || ETag === undefined) throw new Error('No configuration.');
  return { config, ETag };
}

describe('distributions', () => {
  it('are read whole, and the configuration read can be written back as it is', async () => {
    const account = await openAccount();
    const { config, ETag } = await read(account);
    expect(config).toMatchObject({
      Comment: 'northwind lamps production',
      Enabled: true,
      DefaultRootObject: 'index.html',
      PriceClass: 'PriceClass_100',
      Origins: { Quantity: 1, Items: [{ Id: 'site-origin', OriginPath: '/blue', ConnectionAttempts: 3 }] },
      DefaultCacheBehavior: { TargetOriginId: 'site-origin', AllowedMethods: { Quantity: 2 } },
      CacheBehaviors: { Quantity: 2 },
      Aliases: { Quantity: 0 },
    });

    const written = await account.cloudFront.send(
      new UpdateDistributionCommand({ Id, IfMatch: ETag, DistributionConfig: config }),
    );

    expect(written.Distribution?.DistributionConfig).toEqual(config);
    expect(written.ETag).not.toBe(ETag);
  });

  it('change from InProgress to Deployed, and do not show a change for two seconds', async () => {
    const account = await openAccount();
    const { cloudFront, advance } = account;
    const before = await cloudFront.send(new GetDistributionCommand({ Id }));
    expect(before.Distribution?.Status).toBe('Deployed');

    const written = await account.switchTo('green');
    expect(written.Distribution?.Status).toBe('InProgress');
    const stale = await cloudFront.send(new GetDistributionCommand({ Id }));
    expect(stale.ETag).toBe(before.ETag);
    expect(stale.Distribution?.Status).toBe('Deployed');

    await advance(2);
    const fresh = await cloudFront.send(new GetDistributionCommand({ Id }));
    expect(fresh.ETag).toBe(written.ETag);
    expect(fresh.Distribution).toMatchObject({ Status: 'InProgress', LastModifiedTime: expect.any(Date) });
    await advance(177);
    expect((await cloudFront.send(new GetDistributionCommand({ Id }))).Distribution?.Status).toBe(
      'InProgress',
    );
    await advance(1);
    expect((await cloudFront.send(new GetDistributionCommand({ Id }))).Distribution?.Status).toBe('Deployed');
  });

  it('refuse a write that was made from an older reading, even a stale one', async () => {
    const account = await openAccount();
    const { config, ETag } = await read(account);
    account.control.editByHand({ what: 'comment', value: 'somebody was here' });
    const write = () =>
      account.cloudFront.send(
        new UpdateDistributionCommand({ Id, IfMatch: ETag, DistributionConfig: config }),
      );

    await expect(write()).rejects.toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
    await account.advance(2);
    expect((await read(account)).config.Comment).toBe('somebody was here');
  });

  const refused: [
    string,
    (config: DistributionConfig, etag: string) => [DistributionConfig, string | undefined],
    string,
  ][] = [
    ['without If-Match', (config) => [config, undefined], 'InvalidIfMatchVersion'],
    [
      'with another caller reference',
      (config, etag) => [{ ...config, CallerReference: 'other' }, etag],
      'IllegalUpdate',
    ],
    [
      'with a comment of 129 characters',
      (config, etag) => [{ ...config, Comment: 'x'.repeat(129) }, etag],
      'InvalidArgument',
    ],
    [
      'with a list that says its length wrongly',
      (config, etag) => [{ ...config, Origins: { Items: config.Origins?.Items, Quantity: 2 } }, etag],
      'InconsistentQuantities',
    ],
    [
      'with a behaviour for an origin that is not there',
      (config, etag) => [
        {
          ...config,
          DefaultCacheBehavior: {
            ...config.DefaultCacheBehavior,
            TargetOriginId: 'nowhere',
            ViewerProtocolPolicy: 'allow-all',
          },
        },
        etag,
      ],
      'NoSuchOrigin',
    ],
    [
      'with an origin path that ends in a slash',
      (config, etag) => [
        {
          ...config,
          Origins: {
            Quantity: 1,
            Items: (config.Origins?.Items ?? []).map((origin) => ({ ...origin, OriginPath: '/green/' })),
          },
        },
        etag,
      ],
      'InvalidArgument',
    ],
    [
      'without a required member',
      (config, etag) => [{ ...config, Enabled: undefined }, etag],
      'MalformedInput',
    ],
  ];
  it.each(refused)('refuse a write %s', async (_case, change, name) => {
    const account = await openAccount();
    const { config, ETag } = await read(account);
    const [DistributionConfig, IfMatch] = change(config, ETag);

    await expect(
      account.cloudFront.send(new UpdateDistributionCommand({ Id, IfMatch, DistributionConfig })),
    ).rejects.toMatchObject({ name });
    await account.advance(5);
    expect((await read(account)).ETag).toBe(ETag);
  });

  it('lose whatever a write leaves out', async () => {
    const account = await openAccount();
    const { config, ETag } = await read(account);
    const { CustomErrorResponses: _pages, PriceClass: _class, ...rest } = config;

    await account.cloudFront.send(
      new UpdateDistributionCommand({ Id, IfMatch: ETag, DistributionConfig: rest }),
    );

    await account.advance(2);
    expect((await read(account)).config).toMatchObject({
      CustomErrorResponses: { Quantity: 0 },
      PriceClass: 'PriceClass_All',
    });
  });

  it('keep awkward characters in a comment', async () => {
    const account = await openAccount();
    const { config, ETag } = await read(account);
    const Comment = 'live=green <v1.1.0> & "x" \'y\' é 灯\nsecond line';
    const written = await account.cloudFront.send(
      new UpdateDistributionCommand({ Id, IfMatch: ETag, DistributionConfig: { ...config, Comment } }),
    );
    expect(written.Distribution?.DistributionConfig?.Comment).toBe(Comment);
  });

  it('are listed in pages, with one that belongs to a stack and one with two origins', async () => {
    const { cloudFront } = await openAccount();
    const first = await cloudFront.send(new ListDistributionsCommand({ MaxItems: 2 }));
    expect(first.DistributionList).toMatchObject({ IsTruncated: true, Quantity: 2 });
    const second = await cloudFront.send(
      new ListDistributionsCommand({ MaxItems: 2, Marker: first.DistributionList?.NextMarker }),
    );
    const all = [...(first.DistributionList?.Items ?? []), ...(second.DistributionList?.Items ?? [])];
    expect(all.map((each) => each.Id)).toEqual([Id, twoOriginsDistributionId, stackOwnedDistributionId]);
    expect(all[1]?.Origins?.Quantity).toBe(2);

    const { Tags } = await cloudFront.send(new ListTagsForResourceCommand({ Resource: all[2]?.ARN }));
    expect(Tags?.Items).toContainEqual({ Key: 'aws:cloudformation:stack-name', Value: 'northwind-intranet' });
    await expect(
      cloudFront.send(new ListTagsForResourceCommand({ Resource: 'arn:aws:cloudfront::1:distribution/E0' })),
    ).rejects.toMatchObject({ name: 'NoSuchResource' });
  });

  it('that are not there are named as such, and what is not modelled is refused', async () => {
    const { cloudFront } = await openAccount();
    await expect(cloudFront.send(new GetDistributionCommand({ Id: 'E0' }))).rejects.toMatchObject({
      name: 'NoSuchDistribution',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(cloudFront.send(new DeleteDistributionCommand({ Id, IfMatch: 'x' }))).rejects.toMatchObject({
      name: 'UnsupportedOperation',
    });
  });
});

describe('invalidations', () => {
  const invalidate = (CallerReference: string, ...Items: string[]) =>
    new CreateInvalidationCommand({
      DistributionId: Id,
      InvalidationBatch: { CallerReference, Paths: { Quantity: Items.length, Items } },
    });

  it('are in progress for a minute, and counted on the distribution', async () => {
    const { cloudFront, advance } = await openAccount();
    const { Invalidation, Location } = await cloudFront.send(invalidate('a', '/*'));
    expect(Invalidation).toMatchObject({
      Status: 'InProgress',
      InvalidationBatch: { CallerReference: 'a', Paths: { Quantity: 1, Items: ['/*'] } },
    });
    expect(Location).toContain(Invalidation?.Id);
    const busy = await cloudFront.send(new GetDistributionCommand({ Id }));
    expect(busy.Distribution?.InProgressInvalidationBatches).toBe(1);

    await advance(59);
    const get = new GetInvalidationCommand({ DistributionId: Id, Id: Invalidation?.Id });
    expect((await cloudFront.send(get)).Invalidation?.Status).toBe('InProgress');
    await advance(1);
    expect((await cloudFront.send(get)).Invalidation?.Status).toBe('Completed');
    await expect(
      cloudFront.send(new GetInvalidationCommand({ DistributionId: Id, Id: 'I0' })),
    ).rejects.toMatchObject({ name: 'NoSuchInvalidation' });
  });

  it('with the same reference are the same batch, unless the paths differ', async () => {
    const { cloudFront } = await openAccount();
    const first = await cloudFront.send(invalidate('a', '/*'));
    const again = await cloudFront.send(invalidate('a', '/*'));
    expect(again.Invalidation?.Id).toBe(first.Invalidation?.Id);
    await expect(cloudFront.send(invalidate('a', '/about/'))).rejects.toMatchObject({
      name: 'InvalidationBatchAlreadyExists',
    });
    await cloudFront.send(invalidate('b', '/about/'));
    const { InvalidationList } = await cloudFront.send(new ListInvalidationsCommand({ DistributionId: Id }));
    expect(InvalidationList?.Quantity).toBe(2);
  });

  it('are limited to fifteen wildcards at a time', async () => {
    const { cloudFront, advance } = await openAccount();
    for (let index = 0; index < 15; index += 1) await cloudFront.send(invalidate(`w${index}`, '/*'));
    await expect(cloudFront.send(invalidate('w15', '/*'))).rejects.toMatchObject({
      name: 'TooManyInvalidationsInProgress',
    });
    await advance(60);
    await cloudFront.send(invalidate('w15', '/*'));
  });

  it('refuse paths that are not paths', async () => {
    const { cloudFront } = await openAccount();
    await expect(cloudFront.send(invalidate('a', 'about'))).rejects.toMatchObject({
      name: 'InvalidArgument',
    });
    await expect(cloudFront.send(invalidate('a', '/*/x'))).rejects.toMatchObject({ name: 'InvalidArgument' });
  });
});
