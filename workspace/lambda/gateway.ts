import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { WorkspaceClock } from '../clock.ts';
import { closeAtOnce, listenOnLoopback } from '../loopback.ts';
import type { LambdaFunction } from './function.ts';
import { answerFrom, type GatewayAnswer } from './gateway-answer.ts';
import { eventFrom, type GatewayRequest } from './gateway-event.ts';
import { fitsLambda } from './instance.ts';

/** REST API (payload 1.0), HTTP API (payload 2.0), or a function's own address. */
export type GatewayKind = 'rest' | 'http' | 'function-url';

export interface Route {
  /** `POST`, or `ANY`. */
  readonly method: string;
  /** Taken literally, or `/{proxy+}` for every path. */
  readonly path: string;
  readonly target: LambdaFunction;
}

export interface Gateway {
  /** Without a slash at the end. */
  readonly url: string;
  /** Requests in all, answered by a function or not. */
  requests(): readonly { atMs: number; method: string; path: string; status: number }[];
  close(): Promise<void>;
}

/** API Gateway quotas: 10 MB for both kinds of API; function URLs take what Lambda takes. */
const bodyLimitBytes = 10 * 1024 * 1024;

/**
 * What stands between the internet and a function: turns requests into events and answers into responses, in the three
 * ways AWS does. Refuses, as each does, what is too large, what has no route, and what came of a function that failed.
 */
export async function createGateway(options: {
  readonly kind: GatewayKind;
  readonly clock: WorkspaceClock;
  readonly routes: readonly Route[];
  readonly stage?: string;
}): Promise<Gateway> {
  const { kind, clock, routes } = options;
  const seen: { atMs: number; method: string; path: string; status: number }[] = [];

  const respond = async (request: GatewayRequest): Promise<GatewayAnswer> => {
    const route = routes.find(
      ({ method, path }) =>
        kind === 'function-url' ||
        ((method === 'ANY' || method === request.method) && (path === '/{proxy+}' || path === request.path)),
    );
    if (route === undefined) return noRoute[kind];
    if (request.body.byteLength > bodyLimitBytes) return tooLarge[kind];
    const stage = options.stage ?? (kind === 'rest' ? 'prod' : '$default');
    const event = eventFrom(kind, request, {
      stage,
      nowMs: clock.nowMs(),
      route: { method: route.method, path: route.path },
    });
    if (!fitsLambda(JSON.stringify(event))) return tooLarge[kind];
    return answerFrom(kind, await route.target.invoke(event));
  };

  const server = createServer(async (incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', 'http://gateway');
    const atMs = clock.nowMs();
    const request: GatewayRequest = {
      id: randomUUID(),
      method: incoming.method ?? 'GET',
      path: url.pathname,
      query: url.search.slice(1),
      headers: headersOf(incoming),
      body: await readBody(incoming),
      sourceIp: '203.0.113.7',
    };
    const answer = await respond(request).catch(
      (error: unknown): GatewayAnswer => ({
        status: 500,
        headers: { 'content-type': 'text/plain' },
        body: Buffer.from(`The workspace failed: ${String(error)}`),
      }),
    );
    seen.push({ atMs, method: request.method, path: request.path, status: answer.status });
    outgoing.writeHead(answer.status, {
      ...answer.headers,
      date: new Date(clock.nowMs()).toUTCString(),
      'content-length': answer.body.byteLength,
    });
    outgoing.end(answer.body);
  });
  const port = await listenOnLoopback(server);

  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => seen,
    close: () => closeAtOnce(server),
  };
}

const json = (status: number, message: string): GatewayAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ message })),
});

/** A function's own address has no routes: the function itself answers every path. */
const noRoute: Record<GatewayKind, GatewayAnswer> = {
  rest: json(403, 'Missing Authentication Token'),
  http: json(404, 'Not Found'),
  'function-url': json(404, 'Not Found'),
};

const tooLarge: Record<GatewayKind, GatewayAnswer> = {
  rest: json(413, 'Request Too Long'),
  http: json(413, 'Request Entity Too Large'),
  'function-url': json(413, 'Request Entity Too Large'),
};

/** Each header once, in the case it came in; several of one name stay several. */
function headersOf(incoming: IncomingMessage): readonly (readonly [string, string])[] {
  const { rawHeaders } = incoming;
  return Array.from({ length: rawHeaders.length / 2 }, (_, index) => [
    rawHeaders[2 * index] ?? '',
    rawHeaders[2 * index + 1] ?? '',
  ]);
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
