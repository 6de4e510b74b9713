import type { Colour } from '../control.ts';
import type { XmlObject } from '../xml.ts';
import { cachePolicies } from './distribution-config.ts';

/** The distribution of the example site: one origin, all behaviours point to it. */
export const siteDistributionId = 'E2NWLAMPS7SITE';
export const siteOriginId = 'site-origin';
/** Bad input: two origins, so that "the origin" is not one thing. */
export const twoOriginsDistributionId = 'E3NWTWOORIGINS';
/** Bad input: belongs to a CloudFormation stack, which would put its own state back. */
export const stackOwnedDistributionId = 'E1NWSTACKOWNED';

export function seedDistributions(live: Colour) {
  return [
    {
      id: siteDistributionId,
      tags: { app: 'northwind-lamps', environment: 'production' },
      config: distributionConfig({
        reference: 'northwind-lamps-2024-03-11',
        comment: 'northwind lamps production',
        origins: [origin(siteOriginId, 'site.northwind.example', `/${live}`)],
        behaviours: [
          behaviour({ originId: siteOriginId, pattern: '/api/*', policy: cachePolicies.disabled }),
          behaviour({ originId: siteOriginId, pattern: '/build-info.json', policy: cachePolicies.disabled }),
        ],
      }),
    },
    {
      id: twoOriginsDistributionId,
      tags: { app: 'northwind-wholesale' },
      config: distributionConfig({
        reference: 'northwind-wholesale-2023-09-01',
        comment: 'wholesale: site and api',
        origins: [
          origin(siteOriginId, 'site.northwind.example', '/blue'),
          origin('api-origin', 'api.northwind.example', ''),
        ],
        behaviours: [
          behaviour({ originId: 'api-origin', pattern: '/api/*', policy: cachePolicies.disabled }),
        ],
      }),
    },
    {
      id: stackOwnedDistributionId,
      tags: {
        'aws:cloudformation:stack-name': 'northwind-intranet',
        'aws:cloudformation:logical-id': 'Distribution',
      },
      config: distributionConfig({
        reference: 'northwind-intranet-Distribution-1QK5',
        comment: 'managed by CloudFormation, do not edit',
        origins: [origin(siteOriginId, 'site.northwind.example', '/blue')],
        behaviours: [],
      }),
    },
  ];
}

function distributionConfig(parts: {
  reference: string;
  comment: string;
  origins: XmlObject[];
  behaviours: XmlObject[];
}): XmlObject {
  return {
    CallerReference: parts.reference,
    Aliases: { Quantity: '0' },
    DefaultRootObject: 'index.html',
    Origins: list('Origin', parts.origins),
    OriginGroups: { Quantity: '0' },
    DefaultCacheBehavior: behaviour({ originId: siteOriginId, policy: cachePolicies.optimized }),
    CacheBehaviors: list('CacheBehavior', parts.behaviours),
    CustomErrorResponses: list('CustomErrorResponse', [
      { ErrorCode: '404', ResponsePagePath: '/404.html', ResponseCode: '404', ErrorCachingMinTTL: '10' },
    ]),
    Comment: parts.comment,
    Logging: { Enabled: 'false', IncludeCookies: 'false', Bucket: '', Prefix: '' },
    PriceClass: 'PriceClass_100',
    Enabled: 'true',
    ViewerCertificate: {
      CloudFrontDefaultCertificate: 'true',
      SSLSupportMethod: 'vip',
      MinimumProtocolVersion: 'TLSv1',
      CertificateSource: 'cloudfront',
    },
    Restrictions: { GeoRestriction: { RestrictionType: 'none', Quantity: '0' } },
    WebACLId: '',
    HttpVersion: 'http2and3',
    IsIPV6Enabled: 'true',
    ContinuousDeploymentPolicyId: '',
    Staging: 'false',
  };
}

const origin = (id: string, domainName: string, path: string): XmlObject => ({
  Id: id,
  DomainName: domainName,
  OriginPath: path,
  CustomHeaders: { Quantity: '0' },
  CustomOriginConfig: {
    HTTPPort: '80',
    HTTPSPort: '443',
    OriginProtocolPolicy: 'https-only',
    OriginSslProtocols: list('SslProtocol', ['TLSv1.2']),
    OriginReadTimeout: '30',
    OriginKeepaliveTimeout: '5',
  },
  ConnectionAttempts: '3',
  ConnectionTimeout: '10',
  OriginShield: { Enabled: 'false' },
  OriginAccessControlId: '',
});

const behaviour = (parts: { originId: string; pattern?: string; policy: string }): XmlObject => ({
  ...(parts.pattern === undefined ? {} : { PathPattern: parts.pattern }),
  TargetOriginId: parts.originId,
  TrustedSigners: { Enabled: 'false', Quantity: '0' },
  TrustedKeyGroups: { Enabled: 'false', Quantity: '0' },
  ViewerProtocolPolicy: 'redirect-to-https',
  AllowedMethods: {
    ...list('Method', ['HEAD', 'GET']),
    CachedMethods: list('Method', ['HEAD', 'GET']),
  },
  SmoothStreaming: 'false',
  Compress: 'true',
  LambdaFunctionAssociations: { Quantity: '0' },
  FunctionAssociations: { Quantity: '0' },
  FieldLevelEncryptionId: '',
  CachePolicyId: parts.policy,
  GrpcConfig: { Enabled: 'false' },
});

const list = (member: string, items: (XmlObject | string)[]): XmlObject =>
  items.length === 0 ? { Quantity: '0' } : { Quantity: String(items.length), Items: { [member]: items } };
