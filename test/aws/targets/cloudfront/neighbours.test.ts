import {
  type DistributionConfig,
  GetDistributionConfigCommand,
  UpdateDistributionCommand,
} from '@aws-sdk/client-cloudfront';
import { describe, expect, it } from 'vitest';
import { switchedOriginsIn } from '../../../../src/aws/targets/cloudfront/neighbours.ts';
import type { EnvironmentSettings } from '../../../../src/flows/desk.ts';
import { siteDistributionId, twoOriginsDistributionId } from '../../../../workspace/aws/cloudfront/seed.ts';
import { policy } from '../../../flows/promotion/walk.ts';
import { createSiteWorld, preconditionOf, type SiteWorld, stepOf } from '../../site-world.ts';

/** A site behind a distribution with a second origin, which another app of the configuration switches or nobody does. */
const besideApi = (switchedOrigins: readonly string[]) =>
  createSiteWorld({
    settings: { distributionId: twoOriginsDistributionId, originIds: ['site-origin'] },
    switchedOrigins,
  });
const both = ['site-origin', 'api-origin'];

const read = async ({ clients }: SiteWorld) => {
  const answer = await clients.cloudFrontReads.send(
    new GetDistributionConfigCommand({ Id: twoOriginsDistributionId }),
  );
  if (answer.DistributionConfig === undefined) throw new Error('there is no configuration');
  return { config: answer.DistributionConfig, etag: answer.ETag };
};

/** Another write than the site's own. */
async function edit(world: SiteWorld, change: (config: DistributionConfig) => void): Promise<void> {
  const { config, etag } = await read(world);
  change(config);
  await world.clients.cloudFrontWrites.send(
    new UpdateDistributionCommand({
      Id: twoOriginsDistributionId,
      IfMatch: etag,
      DistributionConfig: config,
    }),
  );
  // Nobody is blamed sooner for what may have been there before the step began.
  await world.seconds(150);
}

const apiOf = (config: DistributionConfig) => {
  const found = config.Origins?.Items?.find(({ Id }) => Id === 'api-origin');
  if (found === undefined) throw new Error('there is no api');
  return found;
};
const moveApi = (config: DistributionConfig) => {
  apiOf(config).OriginPath = '/green';
};
const back = { direction: 'back' } as const;

describe('two apps on one distribution', () => {
  it('a rollback planned before the other one switched is carried out, and leaves that switch as it is', async () => {
    await using world = await besideApi(both);
    const analysis = await world.analyze({ kind: 'rollback', version: 'v1.1.0' });
    const step = stepOf(analysis, 'switch-back');
    const startedAtMs = world.clock.nowMs();

    await edit(world, moveApi);

    const claim = world.claim(step, preconditionOf(await world.observe(step, { ...back, startedAtMs })));
    await world.act(step, claim, 'back');
    await world.seconds(200);
    expect(await world.observe(step, { ...back, claim, startedAtMs })).toMatchObject({ outcome: 'done' });
    const settle = await world.observe(stepOf(analysis, 'settle-back'), { ...back, startedAtMs });
    expect(settle).toMatchObject({ outcome: 'done' });
    const { config } = await read(world);
    expect(config.Origins?.Items?.map(({ Id, OriginPath }) => [Id, OriginPath])).toEqual([
      ['site-origin', '/green'],
      ['api-origin', '/green'],
    ]);
  });

  it('the other one’s switch leaves the plan what it was, so that nobody has to approve it again', async () => {
    await using world = await besideApi(both);
    const before = await world.analyze();

    await edit(world, moveApi);
    await world.seconds(600);

    expect(await world.analyze()).toEqual(before);
  });

  it('SITE-5 whatever else somebody changes of the other origin stops it', async () => {
    await using world = await besideApi(both);
    const step = stepOf(await world.analyze(), 'switch');
    const startedAtMs = world.clock.nowMs();

    await edit(world, (config) => {
      moveApi(config);
      apiOf(config).DomainName = 'elsewhere.example';
    });

    expect(await world.observe(step, { startedAtMs })).toMatchObject({
      outcome: 'foreign',
      text: expect.stringContaining('Origins[api-origin]'),
    });
  });

  it('SITE-5 an origin that no app of the configuration switches belongs to somebody else', async () => {
    await using world = await besideApi(['site-origin']);
    const analysis = await world.analyze();
    const startedAtMs = world.clock.nowMs();

    await edit(world, moveApi);

    for (const id of ['switch', 'settle'])
      expect(await world.observe(stepOf(analysis, id), { startedAtMs })).toMatchObject({
        outcome: 'foreign',
      });
  });

  it('where nobody else switches anything, a plan is what it always was', async () => {
    await using world = await createSiteWorld({ switchedOrigins: ['site-origin'] });
    await using apart = await createSiteWorld();
    const analysis = await world.analyze();
    expect(analysis.fingerprint).toBe((await apart.analyze()).fingerprint);
    expect(stepOf(analysis, 'switch').settings).not.toHaveProperty('neighbours');
    expect(stepOf(analysis, 'settle').settings).not.toHaveProperty('neighbours');
  });
});

describe('the origins that a configuration switches', () => {
  const site = (
    app: string,
    distributionId: string,
    originIds?: readonly string[],
    kind = 'cloudfront-blue-green',
  ): EnvironmentSettings => {
    const settings = {
      distributionId,
      originIds,
      url: 'https://www.example.test',
      previews: { blue: 'https://blue.example.test', green: 'https://green.example.test' },
    };
    const target = { kind, settings: JSON.parse(JSON.stringify(settings)) };
    const definition = { repository: null, target, gates: [], checks: [], readings: [] };
    return { app, environment: 'production', policy, definition };
  };
  const all = [
    site('lamps', twoOriginsDistributionId, ['site-origin']),
    site('wholesale', twoOriginsDistributionId, ['api-origin', 'images']),
    site('intranet', siteDistributionId, ['other']),
    site('alone', twoOriginsDistributionId),
    site('worker', twoOriginsDistributionId, ['no'], 'something-else'),
  ];
  const switched = switchedOriginsIn({
    apps: [
      ...all.map(({ app }) => ({ app, environments: ['production'] })),
      { app: 'gone', environments: ['x'] },
    ],
    find: (app) => all.find((each) => each.app === app),
  });

  it('are those that its apps name on that very distribution', () => {
    expect(switched(twoOriginsDistributionId)).toEqual(['site-origin', 'api-origin', 'images']);
    expect(switched('E0NOWHERE')).toEqual([]);
  });
});
