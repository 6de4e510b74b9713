import { createHash } from 'node:crypto';
import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { bodyOf } from '../../../src/store/items.ts';
import { keys } from '../../../src/store/table.ts';
import { AwsRefusal, type Flaw, type Site } from '../cloud.ts';
import type { Stage } from '../history.ts';
import { startMs } from '../kernel.ts';
import type { Script } from './script.ts';

/** What a scenario does to the world around the bot. */
export function siteOf({ cloud }: Stage): Site {
  const site = cloud.sites.find(({ name }) => name === 'site');
  if (site === undefined) throw new Error('there is no such site');
  return site;
}

/** The release that is promoted has something wrong with it. */
export function flawed({ stage }: Script, flaw: Flaw): void {
  siteOf(stage).colours.green.content = { version: 'v1.1.0', build: 1, flaw };
  stage.service.flaws.set('v1.1.0', flaw);
}

export function restage({ stage }: Script, colour: 'blue' | 'green', version: string, build = 1): void {
  siteOf(stage).colours[colour].content = { version, build, flaw: 'none' };
}

/** Somebody else points production somewhere. */
export function pointElsewhere({ stage }: Script, path: string): void {
  const { originId } = siteOf(stage);
  stage.cloud.change('somebody', (config): DistributionConfig => {
    for (const origin of config.Origins?.Items ?? []) if (origin.Id === originId) origin.OriginPath = path;
    return config;
  });
}

/** Refuses every change of the distribution until the answer is called. */
export function forbidChanges({ stage: { cloud } }: Script): () => void {
  const { execute } = cloud;
  cloud.execute = (command, ageMs) => {
    if (Object(command).constructor.name === 'UpdateDistributionCommand')
      throw new AwsRefusal('AccessDenied', 403);
    return execute(command, ageMs);
  };
  return () => {
    cloud.execute = execute;
  };
}

/** The first request to change the service is not answered, and arrives when nobody waits for it any more. */
export function delayFirstRequest({ stage: { weather } }: Script, seconds: number): void {
  const { strikes, arriveLate } = weather;
  let pending = true;
  weather.strikes = (service, fault, kind) => {
    if (pending && fault === 'late' && kind === 'service.act') {
      pending = false;
      return true;
    }
    return strikes(service, fault, kind);
  };
  weather.arriveLate = (kind, _inMs, run) => arriveLate(kind, seconds * 1000, run);
}

/** What a colour holds was good in production some time before the story. */
export function wasGood({ stage }: Script, colour: 'blue' | 'green'): void {
  const { cloud, table } = stage;
  const site = siteOf(stage);
  const answer = cloud.fetch(`${site.previews[colour]}/`);
  if (answer.outcome !== 'answered') throw new Error('the preview does not answer');
  const artifact = createHash('sha256').update(`${answer.body}\n`).digest('hex');
  const atMs = startMs - 86_400_000;
  const { version } = site.colours[colour].content;
  const record = {
    app: site.name,
    environment: 'production',
    version,
    artifact: `sha256:${artifact}`,
    promotionId: 'pbefore',
    atMs,
    replaced: null,
  };
  const item = { ...keys.live(record.app, record.environment, atMs, record.promotionId), ...bodyOf(record) };
  table.execute(new PutItemCommand({ TableName: 'countersign', Item: item }));
}
