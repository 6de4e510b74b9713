import {
  type AwsAnswer,
  type AwsOperation,
  AwsRefusal,
  type AwsRequest,
  type AwsService,
} from '../service.ts';
import { parseXml, writeXml, type XmlObject } from '../xml.ts';
import type { ConfigVersion, Distribution, Distributions } from './distributions.ts';
import type { Invalidation, Invalidations } from './invalidations.ts';

const namespace = 'http://cloudfront.amazonaws.com/doc/2020-05-31/';

interface Call {
  request: AwsRequest;
  /** From the path, in order: distribution id, invalidation id. */
  ids: string[];
}

interface Route {
  operation: string;
  method: string;
  path: RegExp;
  perform: (call: Call) => AwsAnswer;
}

/**
 * CloudFront's REST-XML API, version 2020-05-31, as far as the bot and its drills need it. The rest is refused
 * with UnsupportedOperation.
 */
export function createCloudFrontApi(options: {
  distributions: Distributions;
  invalidations: Invalidations;
}): AwsService {
  const { distributions, invalidations } = options;

  const describe = (distribution: Distribution, version: ConfigVersion): XmlObject => ({
    Id: distribution.id,
    ARN: distribution.arn,
    Status: distributions.isDeployed(version) ? 'Deployed' : 'InProgress',
    LastModifiedTime: new Date(version.writtenAtMs).toISOString(),
    InProgressInvalidationBatches: String(invalidations.inProgress(distribution.id)),
    DomainName: distribution.domainName,
    ActiveTrustedSigners: { Enabled: 'false', Quantity: '0' },
    ActiveTrustedKeyGroups: { Enabled: 'false', Quantity: '0' },
    DistributionConfig: version.config as XmlObject,
  });

  const summarise = (distribution: Distribution): XmlObject => {
    const version = distributions.readable(distribution);
    const {
      CallerReference: _reference,
      DefaultRootObject: _root,
      Logging: _logging,
      ContinuousDeploymentPolicyId: _policy,
      ...config
    } = version.config;
    return {
      Id: distribution.id,
      ARN: distribution.arn,
      ETag: version.etag,
      Status: distributions.isDeployed(version) ? 'Deployed' : 'InProgress',
      LastModifiedTime: new Date(version.writtenAtMs).toISOString(),
      DomainName: distribution.domainName,
      ...(config as XmlObject),
    };
  };

  const routes: Route[] = [
    {
      operation: 'GetDistribution',
      method: 'GET',
      path: /^distribution\/([^/]+)$/,
      perform({ ids: [id = ''] }) {
        const distribution = distributions.get(id);
        const version = distributions.readable(distribution);
        return xml('Distribution', describe(distribution, version), { etag: version.etag });
      },
    },
    {
      operation: 'GetDistributionConfig',
      method: 'GET',
      path: /^distribution\/([^/]+)\/config$/,
      perform({ ids: [id = ''] }) {
        const version = distributions.readable(distributions.get(id));
        return xml('DistributionConfig', version.config as XmlObject, { etag: version.etag });
      },
    },
    {
      operation: 'UpdateDistribution',
      method: 'PUT',
      path: /^distribution\/([^/]+)\/config$/,
      perform({ request, ids: [id = ''] }) {
        const distribution = distributions.get(id);
        const ifMatch = request.headers['if-match'];
        if (ifMatch === undefined || ifMatch === '') {
          throw new AwsRefusal(
            'InvalidIfMatchVersion',
            'The If-Match version is missing or not valid for the resource.',
          );
        }
        const version = distributions.replace(distribution, readBody(request, 'DistributionConfig'), ifMatch);
        return xml('Distribution', describe(distribution, version), { etag: version.etag });
      },
    },
    {
      operation: 'ListDistributions',
      method: 'GET',
      path: /^distribution$/,
      perform: ({ request }) =>
        xml(
          'DistributionList',
          page(request, distributions.all(), 'DistributionSummary', (each) => each.id, summarise),
        ),
    },
    {
      operation: 'CreateInvalidation',
      method: 'POST',
      path: /^distribution\/([^/]+)\/invalidation$/,
      perform({ request, ids: [id = ''] }) {
        const distribution = distributions.get(id);
        const batch = invalidations.create({ distributionId: id, ...readBatch(request) });
        return xml('Invalidation', describeBatch(batch, invalidations), {
          status: 201,
          location: `https://cloudfront.amazonaws.com/2020-05-31/distribution/${distribution.id}/invalidation/${batch.id}`,
        });
      },
    },
    {
      operation: 'GetInvalidation',
      method: 'GET',
      path: /^distribution\/([^/]+)\/invalidation\/([^/]+)$/,
      perform({ ids: [id = '', batchId = ''] }) {
        const batch = invalidations.find(distributions.get(id).id, batchId);
        if (batch === undefined) {
          throw new AwsRefusal('NoSuchInvalidation', 'The specified invalidation does not exist.', 404);
        }
        return xml('Invalidation', describeBatch(batch, invalidations));
      },
    },
    {
      operation: 'ListInvalidations',
      method: 'GET',
      path: /^distribution\/([^/]+)\/invalidation$/,
      perform({ request, ids: [id = ''] }) {
        const batches = invalidations.list(distributions.get(id).id);
        return xml(
          'InvalidationList',
          page(
            request,
            batches,
            'InvalidationSummary',
            (each) => each.id,
            (each) => ({
              Id: each.id,
              CreateTime: new Date(each.createdAtMs).toISOString(),
              Status: invalidations.isCompleted(each) ? 'Completed' : 'InProgress',
            }),
          ),
        );
      },
    },
    {
      operation: 'ListTagsForResource',
      method: 'GET',
      path: /^tagging$/,
      perform({ request }) {
        const arn = request.query.get('Resource');
        const distribution = distributions.all().find((each) => each.arn === arn);
        if (distribution === undefined) {
          throw new AwsRefusal('NoSuchResource', 'The specified resource does not exist.', 404);
        }
        const tags = Object.entries(distribution.tags).map(([Key, Value]) => ({ Key, Value }));
        return xml('Tags', { Items: { Tag: tags } });
      },
    },
  ];

  return {
    name: 'cloudfront',
    codes: { throttled: 'Throttling', denied: 'AccessDenied', unavailable: 'ServiceUnavailable' },
    recognise(request) {
      const match = /^\/2020-05-31\/(.*)$/.exec(request.path);
      if (match === null) return undefined;
      const rest = match[1] ?? '';
      const route = routes.find((each) => each.method === request.method && each.path.test(rest));
      const subject = /^distribution\/([^/]+)/.exec(rest)?.[1];
      return {
        name: route?.operation ?? `${request.method} ${request.path}`,
        ...(subject === undefined ? {} : { subject }),
      };
    },
    perform(operation: AwsOperation, request) {
      const route = routes.find((each) => each.operation === operation.name);
      if (route === undefined) {
        throw new AwsRefusal(
          'UnsupportedOperation',
          `The workspace's CloudFront does not model ${request.method} ${request.path}.`,
        );
      }
      const [, ...ids] = route.path.exec(request.path.replace(/^\/2020-05-31\//, '')) ?? [];
      return route.perform({ request, ids: ids.map((id) => decodeURIComponent(id ?? '')) });
    },
    refuse: (refusal, request) =>
      xml(
        'ErrorResponse',
        {
          Error: {
            Type: refusal.status < 500 ? 'Sender' : 'Receiver',
            Code: refusal.code,
            Message: refusal.message,
          },
          RequestId: request.requestId,
        },
        { status: refusal.status },
      ),
  };
}

function xml(
  root: string,
  content: XmlObject,
  { status = 200, ...headers }: { status?: number; etag?: string; location?: string } = {},
): AwsAnswer {
  return {
    status,
    headers: { 'content-type': 'text/xml', ...headers },
    body: writeXml(root, content, namespace),
  };
}

function readBody(request: AwsRequest, root: string): unknown {
  let parsed: { root: string; content: unknown };
  try {
    parsed = parseXml(request.body.toString());
  } catch (error) {
    throw new AwsRefusal('MalformedXML', `The XML you provided was not well-formed: ${String(error)}`);
  }
  if (parsed.root !== root) throw new AwsRefusal('MalformedInput', `Expected ${root}, got ${parsed.root}.`);
  return parsed.content;
}

function readBatch(request: AwsRequest): { callerReference: string; paths: string[] } {
  const content = readBody(request, 'InvalidationBatch') as {
    CallerReference?: string;
    Paths?: { Quantity?: string; Items?: { Path?: string[] } | '' };
  };
  const items = content.Paths?.Items;
  const paths = (typeof items === 'object' ? items.Path : undefined) ?? [];
  const callerReference = content.CallerReference ?? '';
  if (callerReference === '' || paths.length === 0) {
    throw new AwsRefusal('InvalidArgument', 'CallerReference and Paths are required.');
  }
  if (Number(content.Paths?.Quantity) !== paths.length) {
    throw new AwsRefusal(
      'InconsistentQuantities',
      'The value of Quantity and the number of paths do not match.',
    );
  }
  const wrong = paths.find((path) => !path.startsWith('/') || path.slice(0, -1).includes('*'));
  if (wrong !== undefined) {
    throw new AwsRefusal('InvalidArgument', 'Your request contains one or more invalid invalidation paths.');
  }
  return { callerReference, paths };
}

const describeBatch = (batch: Invalidation, invalidations: Invalidations): XmlObject => ({
  Id: batch.id,
  Status: invalidations.isCompleted(batch) ? 'Completed' : 'InProgress',
  CreateTime: new Date(batch.createdAtMs).toISOString(),
  InvalidationBatch: {
    Paths: { Quantity: String(batch.paths.length), Items: { Path: batch.paths } },
    CallerReference: batch.callerReference,
  },
});

/** CloudFront's lists: `Marker` is the last id of the page before. */
function page<T>(
  request: AwsRequest,
  all: readonly T[],
  member: string,
  idOf: (item: T) => string,
  toXml: (item: T) => XmlObject,
): XmlObject {
  const marker = request.query.get('Marker') ?? '';
  const maxItems = Number(request.query.get('MaxItems') ?? 100);
  const start = marker === '' ? 0 : all.findIndex((item) => idOf(item) === marker) + 1;
  if (!Number.isInteger(maxItems) || maxItems < 1 || (marker !== '' && start === 0)) {
    throw new AwsRefusal('InvalidArgument', 'The Marker or MaxItems is not valid.');
  }
  const items = all.slice(start, start + maxItems);
  const last = items.at(-1);
  const isTruncated = start + items.length < all.length;
  return {
    Marker: marker,
    ...(isTruncated && last !== undefined ? { NextMarker: idOf(last) } : {}),
    MaxItems: String(maxItems),
    IsTruncated: String(isTruncated),
    Quantity: String(items.length),
    ...(items.length === 0 ? {} : { Items: { [member]: items.map(toXml) } }),
  };
}
