import type { DistributionConfig } from '@aws-sdk/client-cloudfront';
import { AwsRefusal, type Flaw, type Site } from '../cloud.ts';
import type { Stage } from '../history.ts';
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
