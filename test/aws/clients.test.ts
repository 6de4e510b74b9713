import {
  GetDistributionCommand,
  GetDistributionConfigCommand,
  UpdateDistributionCommand,
} from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import { callAws } from '../../src/aws/clients.ts';
import { siteDistributionId } from '../../workspace/aws/cloudfront/seed.ts';
import { createSiteWorld } from './site-world.ts';

describe('the SDK clients', () => {
  it('ALL-16 a write whose answer is lost is not sent again by the SDK', async () => {
    await using world = await createSiteWorld();
    const { cloudFrontReads, cloudFrontWrites } = world.clients;
    const read = await cloudFrontReads.send(new GetDistributionConfigCommand({ Id: siteDistributionId }));
    world.aws.control.loseAnswer({ operation: 'UpdateDistribution' });
    world.aws.control.clearCalls();
    const write = callAws('cloudfront:UpdateDistribution', (options) =>
      cloudFrontWrites.send(
        new UpdateDistributionCommand({
          Id: siteDistributionId,
          IfMatch: read.ETag,
          DistributionConfig: read.DistributionConfig,
        }),
        options,
      ),
    );
    await expect(write).rejects.toMatchObject({ code: 'aws.unreachable' });
    expect(world.operations()).toEqual(['UpdateDistribution']);
  });

  it('ALL-16 a read is repeated once', async () => {
    await using world = await createSiteWorld();
    world.aws.control.loseAnswer({ operation: 'GetDistribution' });
    await callAws('cloudfront:GetDistribution', (options) =>
      world.clients.cloudFrontReads.send(new GetDistributionCommand({ Id: siteDistributionId }), options),
    );
    expect(world.operations()).toEqual(['GetDistribution', 'GetDistribution']);
  });
});
