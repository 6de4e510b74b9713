import { z } from 'zod';
import type { InvokeAnswer } from './function.ts';
import type { GatewayKind } from './gateway.ts';

export interface GatewayAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const Header = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const ProxyResponse = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), Header).nullish(),
  multiValueHeaders: z.record(z.string(), z.array(Header)).nullish(),
  cookies: z.array(z.string()).optional(),
  body: z.string().nullish(),
  isBase64Encoded: z.boolean().default(false),
});

/**
 * The response of what came back from a function. Without a status code, payload 2.0 takes the whole answer for a JSON
 * body and payload 1.0 refuses it. A function that failed is 502 for a REST API and a function URL, 500 for an HTTP API.
 */
export function answerFrom(kind: GatewayKind, answer: InvokeAnswer): GatewayAnswer {
  if (answer.outcome === 'throttled') return throttled[kind];
  if (answer.functionError !== null) return failed[kind];
  const content: unknown = answer.payload === '' ? null : JSON.parse(answer.payload);
  const hasStatus = typeof content === 'object' && content !== null && 'statusCode' in content;
  if (!hasStatus) {
    if (kind === 'rest') return failed.rest;
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(typeof content === 'string' ? content : answer.payload),
    };
  }
  const parsed = ProxyResponse.safeParse(content);
  if (!parsed.success) return failed[kind];
  const { statusCode, headers, multiValueHeaders, cookies, body, isBase64Encoded } = parsed.data;
  const several = Object.entries(kind === 'rest' ? (multiValueHeaders ?? {}) : {});
  const sent = Object.entries({
    ...(headers ?? {}),
    ...Object.fromEntries(several.map(([name, values]) => [name, values.join(', ')])),
    ...(cookies === undefined ? {} : { 'set-cookie': cookies.join(', ') }),
  }).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    status: statusCode,
    headers: {
      'content-type': kind === 'rest' ? 'application/json' : 'text/plain;charset=UTF-8',
      ...Object.fromEntries(sent),
    },
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8'),
  };
}

const message = (status: number, text: string): GatewayAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ message: text })),
});

const failed: Record<GatewayKind, GatewayAnswer> = {
  rest: message(502, 'Internal server error'),
  http: message(500, 'Internal Server Error'),
  'function-url': {
    status: 502,
    headers: { 'content-type': 'text/plain' },
    body: Buffer.from('Internal Server Error'),
  },
};

const throttled: Record<GatewayKind, GatewayAnswer> = {
  rest: message(500, 'Internal server error'),
  http: message(503, 'Service Unavailable'),
  'function-url': message(429, 'Rate Exceeded.'),
};
