import { z } from 'zod';
import { AwsRefusal } from '../service.ts';
import type { XmlObject } from '../xml.ts';

const Text = z.string();
const Quantity = z.string().regex(/^\d+$/);

const nothingAsAbsent = (value: unknown) => (value === '' ? undefined : value);

/** A CloudFront list: how many there are, and the items under their member name. */
const listOf = <Member extends string, Item extends z.ZodType>(member: Member, item: Item) =>
  z.looseObject({
    Quantity,
    Items: z.preprocess(
      nothingAsAbsent,
      z.object({ [member]: z.array(item) } as Record<Member, z.ZodArray<Item>>).optional(),
    ),
  });

const Origin = z.looseObject({ Id: Text, DomainName: Text, OriginPath: Text.default('') });

const behaviour = {
  TargetOriginId: Text,
  ViewerProtocolPolicy: z.enum(['allow-all', 'https-only', 'redirect-to-https']),
  CachePolicyId: Text.optional(),
};
const DefaultCacheBehavior = z.looseObject(behaviour);
const CacheBehavior = z.looseObject({ PathPattern: Text, ...behaviour });

const CustomErrorResponse = z.looseObject({
  ErrorCode: Text,
  ResponsePagePath: Text.optional(),
  ResponseCode: Text.optional(),
  ErrorCachingMinTTL: Text.optional(),
});

const none = { Quantity: '0' };
const flag = z.enum(['true', 'false']);

/**
 * `DistributionConfig` as it stands in the XML: every leaf is text. What an update leaves out is reset to
 * CloudFront's default, because an update replaces everything; what it does not know is not accepted.
 */
const DistributionConfigXml = z.strictObject({
  CallerReference: Text.min(1),
  Aliases: listOf('CNAME', Text).default(none),
  DefaultRootObject: Text.default(''),
  Origins: listOf('Origin', Origin),
  OriginGroups: listOf('OriginGroup', z.unknown()).default(none),
  DefaultCacheBehavior,
  CacheBehaviors: listOf('CacheBehavior', CacheBehavior).default(none),
  CustomErrorResponses: listOf('CustomErrorResponse', CustomErrorResponse).default(none),
  Comment: Text,
  Logging: z
    .looseObject({ Enabled: flag.optional() })
    .default({ Enabled: 'false', IncludeCookies: 'false', Bucket: '', Prefix: '' }),
  PriceClass: z
    .enum(['PriceClass_All', 'PriceClass_200', 'PriceClass_100', 'None'])
    .default('PriceClass_All'),
  Enabled: flag,
  ViewerCertificate: z.looseObject({}).default({
    CloudFrontDefaultCertificate: 'true',
    SSLSupportMethod: 'vip',
    MinimumProtocolVersion: 'TLSv1',
    CertificateSource: 'cloudfront',
  }),
  Restrictions: z.looseObject({}).default({ GeoRestriction: { RestrictionType: 'none', Quantity: '0' } }),
  WebACLId: Text.default(''),
  HttpVersion: z.enum(['http1.1', 'http2', 'http3', 'http2and3']).default('http2'),
  IsIPV6Enabled: flag.default('false'),
  ContinuousDeploymentPolicyId: Text.default(''),
  Staging: flag.default('false'),
});
export type DistributionConfigXml = z.infer<typeof DistributionConfigXml>;

/** The managed cache policies that the workspace knows, by their real ids. */
export const cachePolicies = {
  optimized: '658327ea-f89d-4fab-a63d-7e88639e58f6',
  disabled: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
} as const;

/** Seconds; `undefined` means that nothing is cached. */
export interface CacheTimes {
  minSeconds: number;
  defaultSeconds: number;
  maxSeconds: number;
}

const cacheTimes: Record<string, CacheTimes | undefined> = {
  [cachePolicies.optimized]: { minSeconds: 1, defaultSeconds: 86_400, maxSeconds: 31_536_000 },
  [cachePolicies.disabled]: undefined,
};

export interface EdgeBehaviour {
  matches: (path: string) => boolean;
  originId: string;
  times: CacheTimes | undefined;
}

/** A configuration as an edge uses it. */
export interface EdgeConfig {
  enabled: boolean;
  rootObject: string;
  originPaths: ReadonlyMap<string, string>;
  behaviours: readonly EdgeBehaviour[];
  errorPages: ReadonlyMap<number, { path: string | undefined; status: number; cacheSeconds: number }>;
}

/**
 * Reads a whole configuration and checks what CloudFront checks. Throws AwsRefusal with CloudFront's codes:
 * MalformedInput, InconsistentQuantities, NoSuchOrigin, NoSuchCachePolicy, InvalidArgument.
 */
export function readDistributionConfig(content: unknown): DistributionConfigXml {
  const parsed = DistributionConfigXml.safeParse(content);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new AwsRefusal(
      'MalformedInput',
      `Could not parse DistributionConfig: ${issue?.path.join('.')} ${issue?.message}`,
    );
  }
  const config = parsed.data;
  checkQuantities(config as XmlObject, 'DistributionConfig');
  if (config.Comment.length > 128) {
    throw new AwsRefusal('InvalidArgument', 'The parameter Comment is too big: at most 128 characters.');
  }
  const origins = config.Origins.Items?.Origin ?? [];
  if (origins.length === 0) throw new AwsRefusal('InvalidArgument', 'At least one origin is required.');
  for (const origin of origins) {
    if (origin.OriginPath !== '' && !/^\/.*[^/]$/.test(origin.OriginPath)) {
      throw new AwsRefusal(
        'InvalidArgument',
        'The parameter origin path must begin with a / and must not end with one.',
      );
    }
  }
  for (const each of [config.DefaultCacheBehavior, ...behavioursOf(config)]) {
    if (!origins.some((origin) => origin.Id === each.TargetOriginId)) {
      throw new AwsRefusal('NoSuchOrigin', 'One or more of your origins do not exist.', 404);
    }
    if (each.CachePolicyId === undefined || !Object.hasOwn(cacheTimes, each.CachePolicyId)) {
      throw new AwsRefusal('NoSuchCachePolicy', 'The workspace knows only two managed cache policies.', 404);
    }
  }
  return config;
}

/** Every list says how many items it has; CloudFront refuses one that says it wrongly. */
function checkQuantities(node: XmlObject, path: string): void {
  const quantity = node['Quantity'];
  if (typeof quantity === 'string') {
    const items = node['Items'];
    const members = typeof items === 'object' ? Object.values(items).flat() : [];
    if (Number(quantity) !== members.length) {
      throw new AwsRefusal(
        'InconsistentQuantities',
        `The value of Quantity and the number of items in ${path} do not match.`,
      );
    }
  }
  for (const [name, child] of Object.entries(node)) {
    for (const one of [child].flat()) {
      if (typeof one === 'object' && one !== null) checkQuantities(one as XmlObject, `${path}.${name}`);
    }
  }
}

const behavioursOf = (config: DistributionConfigXml) => config.CacheBehaviors.Items?.CacheBehavior ?? [];

export const originsOf = (config: DistributionConfigXml): { id: string; path: string }[] =>
  (config.Origins.Items?.Origin ?? []).map((origin) => ({ id: origin.Id, path: origin.OriginPath }));

export function toEdgeConfig(config: DistributionConfigXml): EdgeConfig {
  const behaviours = [
    ...behavioursOf(config).map((each) => ({ ...each, pattern: each.PathPattern })),
    { ...config.DefaultCacheBehavior, pattern: '*' },
  ];
  return {
    enabled: config.Enabled === 'true',
    rootObject: config.DefaultRootObject,
    originPaths: new Map(originsOf(config).map((origin) => [origin.id, origin.path])),
    behaviours: behaviours.map((each) => ({
      matches: pathPattern(each.pattern),
      originId: each.TargetOriginId,
      times: cacheTimes[each.CachePolicyId ?? ''],
    })),
    errorPages: new Map(
      (config.CustomErrorResponses.Items?.CustomErrorResponse ?? []).map((each) => [
        Number(each.ErrorCode),
        {
          path: each.ResponsePagePath || undefined,
          status: Number(each.ResponseCode || each.ErrorCode),
          cacheSeconds: Number(each.ErrorCachingMinTTL || 10),
        },
      ]),
    ),
  };
}

/** `*` and `?` as in CloudFront's path patterns; the leading slash may be left out. */
function pathPattern(pattern: string): (path: string) => boolean {
  if (pattern === '*') return () => true;
  const source = pattern
    .replace(/^\/?/, '/')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${source}$`);
  return (path) => expression.test(path);
}
