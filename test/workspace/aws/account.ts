import {
  CloudFrontClient,
  GetDistributionConfigCommand,
  UpdateDistributionCommand,
} from '@aws-sdk/client-cloudfront';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { onTestFinished } from 'vitest';
import { siteDistributionId } from '../../../workspace/aws/cloudfront/seed.ts';
import { type AwsStandInOptions, createAwsStandIn } from '../../../workspace/aws/index.ts';
import { createWorkspaceClock } from '../../../workspace/clock.ts';

export const startMs = Date.parse('2026-03-02T09:00:00Z');

/** A pretend account on a clock that stands still, with the real SDK clients pointed at it. */
export async function openAccount(
  options: Partial<AwsStandInOptions> & { maxAttempts?: number; startMs?: number } = {},
) {
  const clock = createWorkspaceClock({ startMs: options.startMs ?? startMs, speed: 0 });
  const aws = await createAwsStandIn({ clock, ...options });
  const config = {
    endpoint: aws.apiUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIAWORKSPACE', secretAccessKey: 'workspace' },
    maxAttempts: options.maxAttempts ?? 1,
  };
  const cloudFront = new CloudFrontClient(config);
  const cloudWatch = new CloudWatchClient(config);
  onTestFinished(async () => {
    cloudFront.destroy();
    cloudWatch.destroy();
    await aws.close();
    clock.close();
  });

  /** What the bot does to switch: read, change one path, write with the ETag. */
  const switchTo = async (colour: 'blue' | 'green') => {
    const { DistributionConfig: before, ETag } = await cloudFront.send(
      new GetDistributionConfigCommand({ Id: siteDistributionId }),
    );
    const config = structuredClone(before);
    const origin = config?.Origins?.Items?.[0];
    if (config === undefined || origin === undefined) throw new Error('The distribution has no origin.');
    origin.OriginPath = `/${colour}`;
    return cloudFront.send(
      new UpdateDistributionCommand({ Id: siteDistributionId, IfMatch: ETag, DistributionConfig: config }),
    );
  };

  const advance = (seconds: number) => clock.advance(seconds * 1000);
  const visit = (path: string, pop?: string) =>
    fetch(new URL(path, aws.productionUrl), {
      redirect: 'manual',
      headers: pop === undefined ? {} : { 'x-workspace-pop': pop },
    });
  return { aws, clock, cloudFront, cloudWatch, control: aws.control, switchTo, advance, visit };
}

export const versionIn = (html: string) =>
  [...html.matchAll(/<meta name="deployment-version" content="([^"]*)">/g)].map((match) => match[1]);
