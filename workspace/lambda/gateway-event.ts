import type { GatewayKind } from './gateway.ts';

export interface GatewayRequest {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  readonly sourceIp: string;
}

interface Place {
  readonly stage: string;
  readonly nowMs: number;
  readonly route: { readonly method: string; readonly path: string };
}

/** The event of a request, as each of the three ways into a function writes it (API Gateway developer guide). */
export function eventFrom(kind: GatewayKind, request: GatewayRequest, place: Place): Record<string, unknown> {
  return kind === 'rest' ? versionOne(request, place) : versionTwo(kind, request, place);
}

/**
 * Payload 2.0 and function URLs: lower-case headers, several of one name joined by commas, cookies apart. The body is a
 * string only for text, JSON, XML and JavaScript; everything else comes as base64, forms and bodies without a content
 * type included (measured against AWS, reported in ministack's pull request 766).
 */
function versionTwo(kind: 'http' | 'function-url', request: GatewayRequest, place: Place) {
  const headers: Record<string, string> = {};
  for (const [name, value] of request.headers) {
    const key = name.toLowerCase();
    if (key !== 'cookie') headers[key] = key in headers ? `${headers[key]},${value}` : value;
  }
  const cookies = request.headers
    .filter(([name]) => name.toLowerCase() === 'cookie')
    .flatMap(([, value]) => value.split('; '));
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(request.query)) {
    parameters[name] = name in parameters ? `${parameters[name]},${value}` : value;
  }
  const apiId = kind === 'http' ? 'a1b2c3d4e5' : 'abcdefghijklmnopqrstuvwxyz012345';
  const routeKey =
    kind === 'function-url' || place.route.path === '/{proxy+}'
      ? kind === 'function-url'
        ? '$default'
        : `${place.route.method} /{proxy+}`
      : `${place.route.method} ${place.route.path}`;
  const domainName = `${apiId}.${kind === 'http' ? 'execute-api' : 'lambda-url'}.us-east-1.${kind === 'http' ? 'amazonaws.com' : 'on.aws'}`;
  // A stage with a name stands in front of the path (HTTP API developer guide, payload format version).
  const path = place.stage === '$default' ? request.path : `/${place.stage}${request.path}`;
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: request.query,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers: {
      ...headers,
      'x-forwarded-for': request.sourceIp,
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
    },
    ...(request.query === '' ? {} : { queryStringParameters: parameters }),
    ...(place.route.path === '/{proxy+}' && kind === 'http'
      ? { pathParameters: { proxy: request.path.slice(1) } }
      : {}),
    requestContext: {
      accountId: kind === 'http' ? '111122223333' : 'anonymous',
      apiId,
      domainName,
      domainPrefix: apiId,
      http: {
        method: request.method,
        path,
        protocol: 'HTTP/1.1',
        sourceIp: request.sourceIp,
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: request.id,
      routeKey,
      stage: place.stage,
      time: clfTime(place.nowMs),
      timeEpoch: place.nowMs,
    },
    ...bodyOf(request, isTextIn(headers['content-type'])),
  };
}

/** Payload 1.0: headers in the case they came in, the last of one name; the body a string unless told otherwise. */
function versionOne(request: GatewayRequest, place: Place) {
  const multiValueHeaders = collect(request.headers);
  const multiValueQuery = collect([...new URLSearchParams(request.query)]);
  const { path: resource } = place.route;
  return {
    resource,
    path: request.path,
    httpMethod: request.method,
    headers: lastOf(multiValueHeaders),
    multiValueHeaders,
    queryStringParameters: request.query === '' ? null : lastOf(multiValueQuery),
    multiValueQueryStringParameters: request.query === '' ? null : multiValueQuery,
    pathParameters: resource === '/{proxy+}' ? { proxy: request.path.slice(1) } : null,
    stageVariables: null,
    requestContext: {
      resourceId: 'r4nd0m',
      resourcePath: resource,
      httpMethod: request.method,
      requestTime: clfTime(place.nowMs),
      requestTimeEpoch: place.nowMs,
      path: `/${place.stage}${request.path}`,
      accountId: '111122223333',
      protocol: 'HTTP/1.1',
      stage: place.stage,
      domainName: 'f6g7h8i9j0.execute-api.us-east-1.amazonaws.com',
      domainPrefix: 'f6g7h8i9j0',
      requestId: request.id,
      identity: { sourceIp: request.sourceIp, userAgent: lastOf(multiValueHeaders)['User-Agent'] ?? null },
      apiId: 'f6g7h8i9j0',
    },
    ...(request.body.byteLength === 0 ? { body: null, isBase64Encoded: false } : bodyOf(request, true)),
  };
}

const bodyOf = (request: GatewayRequest, isText: boolean) => {
  if (request.body.byteLength === 0) return { isBase64Encoded: false };
  return isText
    ? { body: request.body.toString('utf8'), isBase64Encoded: false }
    : { body: request.body.toString('base64'), isBase64Encoded: true };
};

const textTypes = new Set(['application/json', 'application/xml', 'application/javascript']);

function isTextIn(contentType: string | undefined): boolean {
  const bare = contentType?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return bare.startsWith('text/') || textTypes.has(bare);
}

function collect(pairs: readonly (readonly [string, string])[]): Record<string, string[]> {
  const collected: Record<string, string[]> = {};
  for (const [name, value] of pairs) collected[name] = [...(collected[name] ?? []), value];
  return collected;
}

const lastOf = (values: Record<string, string[]>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, all]) => [name, all.at(-1) ?? '']));

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `21/Nov/2026:10:00:00 +0000` */
function clfTime(atMs: number): string {
  const [date = '', time = ''] = new Date(atMs).toISOString().slice(0, 19).split('T');
  const [year, month, day] = date.split('-');
  return `${day}/${months[Number(month) - 1]}/${year}:${time} +0000`;
}
