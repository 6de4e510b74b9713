import {
  type DistributionConfig,
  GetDistributionConfigCommand,
  UpdateDistributionCommand,
} from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import type { LiveRecord } from '../../../../src/flows/ports.ts';
import { Analysis } from '../../../../src/flows/promotion/plan.ts';
import {
  siteDistributionId,
  stackOwnedDistributionId,
  twoOriginsDistributionId,
} from '../../../../workspace/aws/cloudfront/seed.ts';
import { createSiteWorld, type SiteWorld } from '../../site-world.ts';

async function edit(world: SiteWorld, change: (config: DistributionConfig) => void): Promise<void> {
  await world.seconds(10);
  const client = world.clients.cloudFrontWrites;
  const read = await client.send(new GetDistributionConfigCommand({ Id: siteDistributionId }));
  const { DistributionConfig: config } = read;
  if (config === undefined) throw new Error('no configuration');
  change(config);
  await client.send(
    new UpdateDistributionCommand({ Id: siteDistributionId, IfMatch: read.ETag, DistributionConfig: config }),
  );
  await world.seconds(600);
}

const refusalOf = async (world: SiteWorld, about: Parameters<SiteWorld['request']>[0] = {}) => {
  const analyzed = await world.target.analyze(world.request(about));
  return analyzed.outcome === 'refused' ? analyzed.refusal : `not refused`;
};

const record = (version: string, artifact: string): LiveRecord => ({
  app: 'lamps',
  environment: 'production',
  version,
  artifact,
  promotionId: 'p0',
  replaced: null,
  atMs: 0,
});

describe('the analysis of a static site', () => {
  it('SITE-2 says which colour is live, what each holds and what will change', async () => {
    await using world = await createSiteWorld();
    const analysis = await world.analyze();
    expect(Analysis.parse(analysis)).toEqual(analysis);
    expect(analysis).toMatchObject({
      live: { release: { version: 'v1.0.0', commit: null }, place: 'blue (/blue)' },
      candidate: { release: { version: 'v1.1.0' }, place: 'green (/green)' },
      resources: [`arn:aws:cloudfront::111122223333:distribution/${siteDistributionId}`],
      changes: [
        'Origin path of site-origin: /blue → /green',
        'Visitors see v1.1.0 (green) instead of v1.0.0 (blue)',
        "CloudFront's cache is emptied (/*)",
      ],
    });
    expect(analysis.steps.map(({ id, does, fence }) => [id, does, fence])).toEqual([
      ['switch', 'shift', 'compare-and-set'],
      ['settle', 'settle', 'none'],
      ['invalidate', 'invalidate', 'idempotent'],
    ]);
    expect(analysis.rollback.map(({ undoes, step }) => [step.id, undoes])).toEqual([
      ['switch-back', ['switch']],
      ['invalidate-early', ['switch']],
      ['settle-back', ['switch']],
      ['invalidate-late', ['switch']],
    ]);
    expect(JSON.stringify(analysis).length).toBeLessThan(16_000);
  });

  it('ALL-3 is the same while nothing changes, a running invalidation or another comment aside', async () => {
    await using world = await createSiteWorld();
    const before = await world.analyze();
    world.aws.control.editByHand({ what: 'comment', value: 'other words' });
    await world.seconds(600);
    expect(await world.analyze()).toEqual(before);
  });

  it('ALL-3 is another one when the configuration or the content of a colour changes', async () => {
    await using world = await createSiteWorld();
    const before = await world.analyze();
    await edit(world, (config) => {
      config.PriceClass = 'PriceClass_All';
    });
    expect((await world.analyze()).fingerprint).not.toBe(before.fingerprint);
    await world.aws.control.putRelease({ colour: 'green', version: 'v1.2.0' });
    expect((await world.analyze()).candidate.release.artifact).not.toBe(before.candidate.release.artifact);
  });

  it('ALL-7 gives the exact commands to flip back by hand', async () => {
    await using world = await createSiteWorld();
    expect((await world.analyze()).byHand.slice(0, 5)).toEqual([
      `aws cloudfront get-distribution-config --id ${siteDistributionId} --output json > before.json`,
      `jq '.DistributionConfig | (.Origins.Items[] | select(.Id | IN("site-origin"))).OriginPath = "/blue"' before.json > after.json`,
      `aws cloudfront update-distribution --id ${siteDistributionId} --if-match "$(jq -r .ETag before.json)" --distribution-config file://after.json`,
      `aws cloudfront wait distribution-deployed --id ${siteDistributionId}`,
      `aws cloudfront create-invalidation --distribution-id ${siteDistributionId} --paths '/*'`,
    ]);
  });

  it('SITE-3 an idle colour that holds another version is told by validation, not refused here', async () => {
    await using world = await createSiteWorld();
    const analysis = await world.analyze({ version: 'v1.2.0' });
    expect(analysis.candidate.release.version).toBe('v1.2.0');
  });

  it('refuses a distribution that is not there', async () => {
    await using world = await createSiteWorld({ settings: { distributionId: 'ENOTTHERE' } });
    expect(await refusalOf(world)).toMatchObject({ code: 'site.distribution-not-found' });
  });

  it('refuses to guess between two origins', async () => {
    await using world = await createSiteWorld({ settings: { distributionId: twoOriginsDistributionId } });
    expect(await refusalOf(world)).toMatchObject({
      code: 'site.origin-ambiguous',
      text: expect.stringContaining('site-origin and api-origin'),
    });
  });

  it('switches the named one of two origins', async () => {
    await using world = await createSiteWorld({
      settings: { distributionId: twoOriginsDistributionId, originIds: ['site-origin'] },
    });
    expect((await world.analyze()).changes[0]).toBe('Origin path of site-origin: /blue → /green');
  });

  it('refuses an origin id that the distribution does not have', async () => {
    await using world = await createSiteWorld({ settings: { originIds: ['site-origin', 'gone'] } });
    expect(await refusalOf(world)).toMatchObject({
      code: 'site.origin-unknown',
      text: expect.stringContaining('no origin gone'),
    });
  });

  it('refuses when the live path is neither colour', async () => {
    await using world = await createSiteWorld();
    world.aws.control.editByHand({ what: 'origin-path', value: '/purple' });
    await world.seconds(600);
    expect(await refusalOf(world)).toMatchObject({
      code: 'site.origin-path-unknown',
      text: 'The origin path of site-origin is /purple, which is neither blue (/blue) nor green (/green).',
    });
  });

  it('refuses what a CloudFormation stack would put back, unless told that it does not', async () => {
    await using world = await createSiteWorld({ settings: { distributionId: stackOwnedDistributionId } });
    expect(await refusalOf(world)).toMatchObject({
      code: 'site.owned-by-another-tool',
      text: expect.stringContaining('the CloudFormation stack northwind-intranet'),
    });
    const accepted = await world.analyze({ definition: world.define({ otherTools: 'accept' }) });
    expect(accepted.risks.join()).toContain('its next run may set the origin path back');
  });

  it('refuses what its comment calls Terraform’s', async () => {
    await using world = await createSiteWorld();
    await edit(world, (config) => {
      config.Comment = 'Managed by Terraform';
    });
    expect(await refusalOf(world)).toMatchObject({ code: 'site.owned-by-another-tool' });
  });

  it('waits while an earlier change is being delivered', async () => {
    await using world = await createSiteWorld();
    world.aws.control.editByHand({ what: 'comment' });
    await world.seconds(10);
    await expect(refusalOf(world)).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'site.not-deployed',
    });
  });

  it.each<[string, (config: DistributionConfig) => void]>([
    [
      'site.disabled',
      (config) => {
        config.Enabled = false;
      },
    ],
    [
      'site.staging-distribution',
      (config) => {
        config.Staging = true;
      },
    ],
    [
      'site.continuous-deployment',
      (config) => {
        config.ContinuousDeploymentPolicyId = 'policy-1';
      },
    ],
  ])('refuses with %s', async (code, change) => {
    await using world = await createSiteWorld();
    await edit(world, change);
    expect(await refusalOf(world)).toMatchObject({ code });
  });

  it('refuses a version that is live already', async () => {
    await using world = await createSiteWorld();
    expect(await refusalOf(world, { version: 'v1.0.0' })).toMatchObject({ code: 'site.already-live' });
  });

  it('ALL-15 refuses when nobody can tell what is live, so that there is no way back', async () => {
    await using world = await createSiteWorld({ versions: { blue: 'v1.3.2', green: 'v1.1.0' } });
    expect(await refusalOf(world)).toMatchObject({
      code: 'site.live-version-unknown',
      text: expect.stringContaining('blue has no deployment-version meta'),
    });
  });

  it('ALL-16 could not look when a preview does not answer', async () => {
    await using world = await createSiteWorld();
    const definition = world.define({
      previews: { blue: world.aws.previewUrl('blue'), green: 'http://127.0.0.1:9/' },
    });
    await expect(world.target.analyze(world.request({ definition }))).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'site.preview-unreachable',
    });
  });

  it('ALL-16 throttling is retried, a missing permission is a person’s to mend', async () => {
    await using world = await createSiteWorld();
    world.aws.control.throttle({ service: 'cloudfront', operation: 'GetDistribution', count: 2 });
    await expect(world.analyze()).rejects.toMatchObject({ name: 'RetryableError', code: 'aws.throttled' });
    world.aws.control.deny({ operation: 'ListTagsForResource' });
    await expect(world.analyze()).rejects.toMatchObject({
      name: 'MisconfiguredError',
      code: 'aws.access-denied',
    });
  });

  it('a mark is left out, and said to be, where the comment has no room for it', async () => {
    await using world = await createSiteWorld();
    await edit(world, (config) => {
      config.Comment = 'x'.repeat(120);
    });
    const analysis = await world.analyze();
    expect(analysis.steps[0]?.settings['marker']).toBe(false);
    expect(analysis.risks.join()).toContain('leaves no room for a mark');
  });
});

describe('the analysis of a rollback', () => {
  const good = async (world: SiteWorld): Promise<LiveRecord[]> => {
    const { candidate } = await world.analyze();
    return [record('v1.1.0', candidate.release.artifact)];
  };

  it('ALL-8 without a version goes to what the idle colour holds, if that was good', async () => {
    await using world = await createSiteWorld();
    const history = await good(world);
    const analysis = await world.analyze({ kind: 'rollback', version: null, history });
    expect(analysis.candidate).toMatchObject({ release: { version: 'v1.1.0' }, place: 'green (/green)' });
    expect(analysis.steps).toEqual([]);
    expect(analysis.rollback.map(({ step, undoes }) => [step.id, undoes])).toEqual([
      ['switch-back', []],
      ['invalidate-early', []],
      ['settle-back', []],
      ['invalidate-late', []],
    ]);
    expect(analysis.rollback[0]?.step.settings).toMatchObject({ from: '/blue', to: '/green' });
    expect(analysis.byHand[1]).toContain('OriginPath = "/green"');
  });

  it('ALL-8 without a version refuses content that was never seen to be good', async () => {
    await using world = await createSiteWorld();
    expect(await refusalOf(world, { kind: 'rollback', version: null })).toMatchObject({
      code: 'site.rollback-target-unknown',
      next: expect.stringContaining('Use /promote for v1.1.0'),
    });
    const history = [record('v1.1.0', 'sha256:another')];
    expect(await refusalOf(world, { kind: 'rollback', version: null, history })).toMatchObject({
      code: 'site.rollback-target-unknown',
      text: expect.stringContaining('other content under that name'),
    });
  });

  it('ALL-8 by name a release that was never good in production is refused: that is a promotion', async () => {
    await using world = await createSiteWorld();
    expect(await refusalOf(world, { kind: 'rollback', version: 'v1.1.0' })).toMatchObject({
      code: 'site.rollback-target-unknown',
      text: expect.stringContaining('never seen to hold in production'),
    });
  });

  it('ALL-8 a release that was rolled back is not gone back to, until it was good again', async () => {
    await using world = await createSiteWorld();
    const [was] = await good(world);
    if (was === undefined) throw new Error('nothing was good');
    const back = { ...record('v1.0.0', 'sha256:old'), replaced: was.artifact };
    const about = { kind: 'rollback' as const, version: null };

    expect(await refusalOf(world, { ...about, history: [back, was] })).toMatchObject({
      text: expect.stringContaining('rolled back the last time'),
    });
    expect(await refusalOf(world, { ...about, history: [was, back, was] })).toBe('not refused');
  });

  it('ALL-8 nor is one whose rollback failed and was closed by people, who say nothing of what is live since', async () => {
    await using world = await createSiteWorld();
    const [was] = await good(world);
    if (was === undefined) throw new Error('nothing was good');
    const closed = { ...was, replaced: was.artifact };
    const about = { kind: 'rollback' as const, version: null };

    expect(await refusalOf(world, { ...about, history: [closed, was] })).toMatchObject({
      text: expect.stringContaining('rolled back the last time'),
    });
    expect(await refusalOf(world, { ...about, history: [was, closed, was] })).toBe('not refused');
  });

  it('ALL-8 to a version in neither colour says what each holds and how to get it there', async () => {
    await using world = await createSiteWorld();
    expect(await refusalOf(world, { kind: 'rollback', version: 'v0.9.0' })).toEqual({
      code: 'site.version-not-staged',
      text: 'v0.9.0 is in neither colour: blue holds v1.0.0, and green holds v1.1.0.',
      next: 'Put v0.9.0 into green (run the staging workflow for it), then ask again.',
    });
  });

  it('refuses when both colours hold the same', async () => {
    await using world = await createSiteWorld({ versions: { blue: 'v1.0.0', green: 'v1.0.0' } });
    expect(await refusalOf(world, { kind: 'rollback', version: null })).toMatchObject({
      code: 'site.no-other-version',
    });
  });

  it('ALL-5 is not held up by a delivery under way, by a tool, or by a live colour that is broken', async () => {
    await using world = await createSiteWorld({ versions: { blue: 'v1.3.2', green: 'v1.1.0' } });
    world.aws.control.editByHand({ what: 'comment', value: 'Managed by Terraform' });
    await world.seconds(10);
    const analysis = await world.analyze({ kind: 'rollback', version: 'v1.1.0' });
    expect(analysis.live.release.version).toBe('unknown');
    const definition = world.define({
      previews: { blue: 'http://127.0.0.1:9/', green: world.aws.previewUrl('green') },
    });
    const silent = await world.analyze({ kind: 'rollback', version: 'v1.1.0', definition });
    expect(silent.candidate.release.version).toBe('v1.1.0');
  });
});
