import { stringify } from 'yaml';
import { siteDistributionId } from './aws/cloudfront/seed.ts';
import { cloudFrontMetrics, originLatency } from './aws/cloudwatch/traffic.ts';
import type { Colour } from './aws/control.ts';
import { channelIds, groupIds, userIds } from './slack/people.ts';

const introduction = `# Written anew each time the workspace starts, because its addresses may change.
# examples/pipeline.yml explains every line of such a file. Waits are shorter here, so that one can watch.

`;

const dimensionsOf = (metric: { dimensions: readonly { Name: string; Value: string }[] }) =>
  Object.fromEntries(metric.dimensions.map(({ Name, Value }) => [Name, Value]));

/** The workspace's `pipeline.yml`: the app `site`, its production, and the people of the pretend Slack. */
export function workspacePipeline(world: {
  aws: { productionUrl: string; previewUrl(colour: Colour): string };
  repository: string;
}): string {
  const { requests, rate5xx } = cloudFrontMetrics(siteDistributionId);
  const alarms = { kind: 'cloudwatch-alarms', names: ['site-5xx', 'site-origin-latency'] };
  return (
    introduction +
    stringify(
      {
        version: 1,
        apps: {
          site: {
            repository: world.repository,
            environments: {
              production: {
                channel: channelIds.deploysSite,
                promoters: 'members',
                approvals: {
                  required: 2,
                  groups: [groupIds.releaseApprovers],
                  people: [userIds.otto],
                  expiresAfter: '48h',
                  waitTimer: '1m',
                },
                rollback: { approvals: 0, by: 'members' },
                onCall: { groups: [groupIds.oncall], channel: channelIds.oncall },
                target: {
                  kind: 'cloudfront-blue-green',
                  distributionId: siteDistributionId,
                  colours: { blue: '/blue', green: '/green' },
                  url: world.aws.productionUrl,
                  previews: { blue: world.aws.previewUrl('blue'), green: world.aws.previewUrl('green') },
                  pages: ['/', '/pricing/'],
                },
                gates: [{ kind: 'github-workflow', workflow: 'deploy-staging.yml' }, alarms],
                verify: {
                  probes: 3,
                  interval: '10s',
                  grace: '60s',
                  checks: [
                    { kind: 'version-meta' },
                    { kind: 'http', pages: ['/', '/pricing/', '/about/'], assets: 3 },
                  ],
                },
                watch: {
                  soak: '5m',
                  interval: '30s',
                  unhealthyReadings: 2,
                  patience: '3m',
                  answerWithin: '5m',
                  withoutAnswer: 'roll-back',
                  readings: [
                    alarms,
                    {
                      kind: 'cloudwatch-metrics',
                      lag: '1m',
                      minRequests: 20,
                      requests: {
                        namespace: requests.namespace,
                        metric: requests.name,
                        dimensions: dimensionsOf(requests),
                      },
                      metrics: [
                        {
                          id: 'errors-5xx',
                          title: 'Server errors',
                          namespace: rate5xx.namespace,
                          metric: rate5xx.name,
                          dimensions: dimensionsOf(rate5xx),
                          stat: 'Average',
                          unit: '%',
                          limit: { above: 1 },
                        },
                        {
                          id: 'latency',
                          title: 'Origin latency',
                          namespace: originLatency.namespace,
                          metric: originLatency.name,
                          dimensions: dimensionsOf(originLatency),
                          stat: 'Average',
                          unit: 'ms',
                          limit: { above: 1000 },
                        },
                      ],
                    },
                  ],
                },
              },
            },
          },
        },
      },
      { lineWidth: 110, aliasDuplicateObjects: false },
    )
  );
}
