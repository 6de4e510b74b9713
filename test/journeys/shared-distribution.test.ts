import {
  type DistributionConfig,
  GetDistributionConfigCommand,
  UpdateDistributionCommand,
} from '@aws-sdk/client-cloudfront';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { createAwsClients } from '../../src/aws/clients.ts';
import { siteDistributionId } from '../../workspace/aws/cloudfront/seed.ts';
import { type JourneyWorld, startJourney } from './world.ts';

/** Beside `site` an app `shop` that switches a second origin of the same distribution. */
function withShop(text: string): string {
  const file = parse(text);
  const { site } = file.apps;
  const { production } = site.environments;
  production.rollback.approvals = 1;
  const on = (originId: string) => ({
    ...site,
    environments: {
      production: { ...production, target: { ...production.target, originIds: [originId] } },
    },
  });
  return stringify({ ...file, apps: { site: on('site-origin'), shop: on('shop-origin') } });
}

async function edit(change: (config: DistributionConfig) => void): Promise<void> {
  const { cloudFrontReads, cloudFrontWrites } = createAwsClients();
  const Id = siteDistributionId;
  const { DistributionConfig: config, ETag } = await cloudFrontReads.send(
    new GetDistributionConfigCommand({ Id }),
  );
  if (config === undefined) throw new Error('there is no configuration');
  change(config);
  await cloudFrontWrites.send(
    new UpdateDistributionCommand({ Id, IfMatch: ETag, DistributionConfig: config }),
  );
  for (const client of [cloudFrontReads, cloudFrontWrites]) client.destroy();
}

const addShop = (config: DistributionConfig) => {
  const [site] = config.Origins?.Items ?? [];
  if (site === undefined) throw new Error('there is no origin');
  config.Origins = { Quantity: 2, Items: [site, { ...site, Id: 'shop-origin' }] };
};
/** What a switch of the shop looks like from outside. */
const switchShop = (path: string) => (config: DistributionConfig) => {
  for (const origin of config.Origins?.Items ?? []) if (origin.Id === 'shop-origin') origin.OriginPath = path;
};

describe('an app whose distribution another app of the configuration switches as well', () => {
  let world: JourneyWorld;
  const pathOf = (originId: string) =>
    world.workspace.aws.control
      .state()
      .distributions.find(({ id }) => id === siteDistributionId)
      ?.origins.find(({ id }) => id === originId)?.path;
  const until = (phase: string) =>
    world.until(phase, async () => (await world.saved()).phase === phase, 2_400);

  beforeAll(async () => {
    world = await startJourney({ pipeline: withShop });
    await edit(addShop);
    await world.advance(600, 60);
  });
  afterAll(() => world.close());

  it('SITE-5 is promoted on the approvals it has, though the other one switched meanwhile', async () => {
    await world.command('ada', '/promote site v1.1.0');
    await world.advance(5);
    await edit(switchShop('/green'));
    await world.advance(600, 60);

    await world.click('grace', 'cs:approve');
    await world.click('lin', 'cs:approve');
    await until('promoted');

    expect(await world.saved()).toMatchObject({ round: 1, approvals: [{}, {}] });
    expect([pathOf('site-origin'), pathOf('shop-origin')]).toEqual(['/green', '/green']);
  });

  it('ALL-8 is rolled back on the approval it has, though the other one switched back meanwhile', async () => {
    await world.command('lin', '/rollback site');
    await world.advance(5);
    await edit(switchShop('/blue'));

    await world.click('grace', 'cs:approve');
    await until('rolled-back');

    expect(await world.saved()).toMatchObject({ kind: 'rollback', round: 1, approvals: [{}] });
    expect([pathOf('site-origin'), pathOf('shop-origin')]).toEqual(['/blue', '/blue']);
    expect(world.complaints).toEqual([]);
  });
});
