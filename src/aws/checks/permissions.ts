import type { Statement } from '../statement.ts';
import type { AwsCheckConfig } from './config.ts';

/**
 * What one check does in AWS. Neither alarms nor metrics can be named: metric data has no resource, and whoever may not
 * describe every alarm is told of no composite one (CloudWatch API reference, DescribeAlarms).
 */
export function checkPermissions(check: AwsCheckConfig): readonly Statement[] {
  switch (check.kind) {
    case 'http':
    case 'version-meta':
      return [];
    case 'cloudwatch-alarms':
      return [reading('ReadAlarms', 'cloudwatch:DescribeAlarms', check.settings.region)];
    case 'cloudwatch-metrics':
      return [reading('ReadMetrics', 'cloudwatch:GetMetricData', check.settings.region)];
  }
}

const reading = (Sid: string, action: string, region: string): Statement => ({
  Sid,
  Action: [action],
  Resource: ['*'],
  Regions: [region],
  changes: false,
});
