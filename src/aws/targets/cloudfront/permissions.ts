import type { Place, Statement } from '../../statement.ts';
import type { CloudFrontBlueGreen } from './config.ts';

/**
 * Looking at one distribution, and changing it. IAM cannot say that only its origin path may change: the code asserts
 * that before each write. A distribution with Lambda@Edge functions or a web ACL also wants the permissions that AWS
 * asks of whoever updates it. Source: Service authorization reference, CloudFront.
 */
export function cloudFrontPermissions(
  { distributionId }: Pick<CloudFrontBlueGreen, 'distributionId'>,
  { partition, account }: Place,
): readonly Statement[] {
  const Resource = [`arn:${partition}:cloudfront::${account}:distribution/${distributionId}`];
  return [
    {
      Sid: 'LookAtTheDistribution',
      Action: ['cloudfront:GetDistribution', 'cloudfront:GetInvalidation', 'cloudfront:ListTagsForResource'],
      Resource,
      changes: false,
    },
    {
      Sid: 'SwitchTheDistribution',
      Action: ['cloudfront:CreateInvalidation', 'cloudfront:UpdateDistribution'],
      Resource,
      changes: true,
    },
  ];
}
