import {
  CreateInvalidationCommand,
  GetDistributionConfigCommand,
  ListDistributionsCommand,
  ListInvalidationsCommand,
  UpdateDistributionCommand,
} from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import { callAws } from '../../../src/aws/clients.ts';
import { unintendedDifferences } from '../../../src/aws/targets/cloudfront/configuration.ts';
import { readDistribution } from '../../../src/aws/targets/cloudfront/distribution.ts';
import { owningTool } from '../../../src/aws/targets/cloudfront/ownership.ts';
import { preconditionOf, type SiteWorld, stepOf } from '../../aws/site-world.ts';
import { expectAnswer, refusalOf } from './answers.ts';
import { type Cloud, cloudNames, openCloud } from './clouds.ts';

const sameTag = {
  name: 'an update leaves the ETag as it was',
  reason:
    'CloudFront gives every version of a configuration an ETag of its own (API reference, UpdateDistribution); moto keeps the first.',
};
const anyTag = {
  name: 'an update under an old ETag is carried out',
  reason:
    'CloudFront answers PreconditionFailed (API reference, UpdateDistribution); moto only looks whether there is an If-Match.',
};
const newBatch = {
  name: 'the same caller reference is another invalidation',
  reason:
    'CloudFront answers with the one that is there (API reference, InvalidationBatch); moto makes a new one.',
};
const shortArn = {
  name: 'the ARN of a distribution has five parts',
  reason:
    'CloudFront is global, so its ARNs have an empty region (Service authorization reference); moto leaves the part out.',
};
const completed = {
  name: 'an invalidation is COMPLETED at once',
  reason:
    'CloudFront says InProgress, then Completed (API reference, Invalidation); moto begins and ends with COMPLETED, which is no value of the field.',
};

/** Look, claim, act: and what was claimed. */
async function perform(world: SiteWorld, id: string) {
  const step = stepOf(await world.analyze(), id);
  const claim = world.claim(step, preconditionOf(await world.observe(step)));
  const { reference } = await world.act(step, claim);
  return { step, claim: { ...claim, reference } };
}

const configOf = async ({ world, distributionId }: Cloud) => {
  const answer = await world.clients.cloudFrontReads.send(
    new GetDistributionConfigCommand({ Id: distributionId }),
  );
  if (answer.DistributionConfig === undefined) throw new Error('no configuration');
  return { config: answer.DistributionConfig, etag: answer.ETag ?? '' };
};

describe.each(cloudNames)('the CloudFront target on %s', (name) => {
  it('finds what is live, what would be, and where the way back is', async ({ task }) => {
    await using cloud = await openCloud(name);
    const analysis = await cloud.world.analyze();

    expect(analysis.live.release.version).toBe('v1.0.0');
    expect(analysis.candidate.release.version).toBe('v1.1.0');
    const [arn] = analysis.resources;
    const shape = arn?.replace(/\d{12}/, 'ACCOUNT').replace(cloud.distributionId, 'ID');
    expectAnswer({ name, task }, shape, 'arn:aws:cloudfront::ACCOUNT:distribution/ID', {
      ...shortArn,
      instead: 'arn:aws:cloudfront:ACCOUNT:distribution/ID',
    });
    expect(analysis.steps.map(({ id }) => id)).toEqual(['switch', 'settle', 'invalidate']);
    const results = await cloud.world.target.validate(
      cloud.world.definition,
      analysis,
      cloud.world.clock.nowMs(),
    );
    expect(results.map(({ outcome }) => outcome)).not.toContain('failed');
  });

  it('says that a distribution is not there', async () => {
    await using cloud = await openCloud(name);
    const definition = cloud.world.define({ distributionId: 'E0NOTTHERE0000' });

    expect(await cloud.world.target.analyze(cloud.world.request({ definition }))).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'site.distribution-not-found' },
    });
  });

  it('knows by its tags whose a distribution is', async () => {
    await using cloud = await openCloud(name);
    const { clients } = cloud.world;
    const toolOf = async (id: string) => owningTool(clients, await readDistribution(clients, id));

    expect(await toolOf(cloud.distributionId)).toBeNull();
    expect(await toolOf(cloud.stackOwnedId)).toBe('the CloudFormation stack northwind-intranet');
  });

  it('a switch changes the origin path and the comment, and gives everything else back as it was', async () => {
    await using cloud = await openCloud(name);
    const before = await configOf(cloud);
    await perform(cloud.world, 'switch');
    await cloud.world.seconds(5);
    const after = await configOf(cloud);

    expect(unintendedDifferences(before.config, after.config, ['site-origin'])).toEqual([]);
    expect(after.config.Origins?.Items?.map(({ OriginPath }) => OriginPath)).toEqual(['/green']);
    expect(after.config.Comment).toMatch(/^northwind lamps production \[countersign live=green /);
  });

  it('a switch is found done by looking', async ({ task }) => {
    await using cloud = await openCloud(name);
    const { step, claim } = await perform(cloud.world, 'switch');
    await cloud.world.seconds(5);
    const { outcome } = await cloud.world.observe(step, { claim });

    expectAnswer({ name, task }, outcome, 'done', { ...sameTag, instead: 'before' });
  });

  it('a write under an ETag that is old is refused', async ({ task }) => {
    await using cloud = await openCloud(name);
    const { cloudFrontWrites } = cloud.world.clients;
    const { config, etag } = await configOf(cloud);
    const write = (IfMatch: string | undefined, Comment: string) =>
      callAws('cloudfront:UpdateDistribution', (options) =>
        cloudFrontWrites.send(
          new UpdateDistributionCommand({
            Id: cloud.distributionId,
            IfMatch,
            DistributionConfig: { ...config, Comment },
          }),
          options,
        ),
      );
    await write(etag, 'one');

    expectAnswer({ name, task }, await refusalOf(write(etag, 'two')), 'aws.precondition-failed', {
      ...anyTag,
      instead: undefined,
    });
    expect(await refusalOf(write(undefined, 'three'))).toBe('aws.precondition-failed');
  });

  it('a configuration is delivered some time after it was written', async () => {
    await using cloud = await openCloud(name);
    const { step, claim } = await perform(cloud.world, 'switch');
    await cloud.world.seconds(300);
    const settle = stepOf(await cloud.world.analyze({ kind: 'rollback', version: 'v1.0.0' }), 'settle-back');
    expect(step.id).toBe('switch');
    const forward = { ...settle, settings: { ...settle.settings, from: '/blue', to: '/green' } };

    expect(await cloud.world.observe(forward, { startedAtMs: claim.claimedAtMs })).toMatchObject({
      outcome: 'done',
    });
  });

  it('an invalidation is ordered once, however often it is sent, and completed in the end', async ({
    task,
  }) => {
    await using cloud = await openCloud(name);
    const step = stepOf(await cloud.world.analyze(), 'invalidate');
    const claim = cloud.world.claim(step, null);
    const first = await cloud.world.act(step, claim);
    const again = await cloud.world.act(step, { ...claim, attempt: 2 });

    expect(first.reference).toMatch(/^[A-Z0-9]+$/);
    expectAnswer({ name, task }, again.reference === first.reference, true, { ...newBatch, instead: false });
    await cloud.world.seconds(120);
    const { outcome } = await cloud.world.observe(step, { claim: { ...claim, reference: first.reference } });
    expectAnswer({ name, task }, outcome, 'done', { ...completed, instead: 'applying' });
  });

  it('an invalidation that CloudFront does not know is ordered again', async () => {
    await using cloud = await openCloud(name);
    const step = stepOf(await cloud.world.analyze(), 'invalidate');
    const claim = cloud.world.claim(step, null, { reference: 'I0NOTTHERE0000' });

    expect(await cloud.world.observe(step, { claim })).toEqual({ outcome: 'before', precondition: null });
  });

  it('distributions and invalidations can be listed', async () => {
    await using cloud = await openCloud(name);
    const { cloudFrontReads, cloudFrontWrites } = cloud.world.clients;
    await cloudFrontWrites.send(
      new CreateInvalidationCommand({
        DistributionId: cloud.distributionId,
        InvalidationBatch: { CallerReference: 'one', Paths: { Quantity: 1, Items: ['/*'] } },
      }),
    );
    const distributions = await cloudFrontReads.send(new ListDistributionsCommand({}));
    const batches = await cloudFrontReads.send(
      new ListInvalidationsCommand({ DistributionId: cloud.distributionId }),
    );

    expect(distributions.DistributionList?.Items?.map(({ Id }) => Id)).toContain(cloud.distributionId);
    expect(batches.InvalidationList?.Items).toHaveLength(1);
  });
});
