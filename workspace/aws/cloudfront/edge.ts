import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { WorkspaceClock } from '../../clock.ts';
import { closeAtOnce, listenOnLoopback } from '../../loopback.ts';
import type { OriginResponse, SiteOrigin } from '../../site/origin.ts';
import type { CacheTimes, EdgeConfig } from './distribution-config.ts';
import type { Distribution, Distributions } from './distributions.ts';
import type { Invalidations } from './invalidations.ts';
import { isPop, type Pop, pops } from './pops.ts';

export interface EdgeVisit {
  path: string;
  pop: Pop;
  atMs: number;
}

export interface EdgeResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** One request as the metrics see it. */
export interface ServedRequest {
  atMs: number;
  status: number;
  /** Absent when the edge answered from its cache. */
  originLatencyMs?: number;
}

export interface Edge {
  /** Answers at once, at a moment of virtual time; moments must not go backwards. */
  serve(visit: EdgeVisit): EdgeResponse;
  /** How many objects an edge location holds. */
  cached(pop: Pop): number;
  listen(port?: number): Promise<string>;
  close(): Promise<void>;
}

interface Cached {
  response: OriginResponse;
  storedAtMs: number;
  expiresAtMs: number;
}

const usualErrorCacheSeconds = 10;
const cachedPerPop = 2_000;

/**
 * The edge locations of one distribution. Each keeps its own cache and hears about changes at its own time.
 * The cache key is the path alone: neither the origin path nor the query string is in it, so a switched origin
 * path shows only where nothing is cached (CloudFront developer guide, "Understanding the cache key").
 */
export function createEdge(options: {
  clock: WorkspaceClock;
  distribution: Distribution;
  distributions: Distributions;
  invalidations: Invalidations;
  origin: Pick<SiteOrigin, 'respond'>;
  onServed: (served: ServedRequest) => void;
  /** Brings everything that follows from time up to date before a real request is served. */
  settle: () => void;
}): Edge {
  const { clock, distribution, distributions, invalidations, origin } = options;
  const caches = new Map<Pop, Map<string, Cached>>(pops.map(({ code }) => [code, new Map()]));
  let served = 0;

  const lookUp = (cache: Map<string, Cached>, { path, pop, atMs }: EdgeVisit): Cached | undefined => {
    const cached = cache.get(path);
    if (cached === undefined) return undefined;
    const { storedAtMs } = cached;
    const removed = invalidations.removes({ distributionId: distribution.id, pop, path, storedAtMs, atMs });
    if (!removed && atMs < cached.expiresAtMs) return cached;
    cache.delete(path);
    return undefined;
  };

  const fetchFromOrigin = (config: EdgeConfig, originId: string, { path, pop, atMs }: EdgeVisit) => {
    const isRoot = path === '/' && config.rootObject !== '';
    const objectPath = isRoot ? `/${config.rootObject}` : path;
    return origin.respond({
      path: `${config.originPaths.get(originId) ?? ''}${objectPath}`,
      headers: {
        host: distribution.domainName,
        via: viaOf(distribution),
        'x-amz-cf-id': requestId(distribution.id, pop, served),
        'user-agent': 'Amazon CloudFront',
      },
      atMs,
    });
  };

  /** What the origin or the cache has under a path, before error pages. */
  const obtain = (config: EdgeConfig, visit: EdgeVisit) => {
    const behaviour = config.behaviours.find((each) => each.matches(visit.path));
    const cache = caches.get(visit.pop) ?? new Map<string, Cached>();
    const cached = lookUp(cache, visit);
    if (cached !== undefined && behaviour?.times !== undefined)
      return { hit: cached, response: cached.response };
    const response = fetchFromOrigin(config, behaviour?.originId ?? '', visit);
    const keptSeconds = secondsToKeep(config, behaviour?.times, response);
    if (keptSeconds > 0) {
      const oldest = cache.size >= cachedPerPop ? cache.keys().next().value : undefined;
      if (oldest !== undefined) cache.delete(oldest);
      cache.set(visit.path, {
        response,
        storedAtMs: visit.atMs,
        expiresAtMs: visit.atMs + keptSeconds * 1000,
      });
    }
    return { hit: undefined, response };
  };

  const serve = (visit: EdgeVisit): EdgeResponse => {
    served += 1;
    const config = distributions.atEdge(distribution, visit.pop, visit.atMs).edge;
    const own = {
      via: viaOf(distribution),
      'x-amz-cf-pop': visit.pop,
      'x-amz-cf-id': requestId(distribution.id, visit.pop, served),
    };
    if (!config.enabled) {
      options.onServed({ atMs: visit.atMs, status: 403 });
      return refusal(403, 'The distribution is disabled.', own);
    }
    const { hit, response } = obtain(config, visit);
    const errorPage = config.errorPages.get(response.status);
    const status = errorPage?.status ?? response.status;
    const page =
      errorPage?.path === undefined ? undefined : obtain(config, { ...visit, path: errorPage.path }).response;
    options.onServed({
      atMs: visit.atMs,
      status,
      ...(hit === undefined ? { originLatencyMs: response.latencyMs } : {}),
    });
    const shown = page?.status === 200 ? page : response;
    return {
      status,
      headers: {
        ...shown.headers,
        ...own,
        'x-cache': `${status >= 400 ? 'Error' : hit === undefined ? 'Miss' : 'Hit'} from cloudfront`,
        ...(hit === undefined ? {} : { age: String(Math.floor((visit.atMs - hit.storedAtMs) / 1000)) }),
      },
      body: shown.body,
    };
  };

  const server = createServer((incoming, outgoing) => {
    options.settle();
    const method = incoming.method ?? 'GET';
    const atMs = clock.nowMs();
    const { pathname: path } = new URL(incoming.url ?? '/', 'http://edge');
    const response =
      method === 'GET' || method === 'HEAD'
        ? serve({ path, pop: popFor(incoming), atMs })
        : refusal(403, 'This distribution is not configured to allow the HTTP request method.', {});
    outgoing.writeHead(response.status, {
      ...response.headers,
      'content-length': String(response.body.length),
      date: new Date(atMs).toUTCString(),
    });
    outgoing.end(method === 'HEAD' ? undefined : response.body);
  });

  return {
    serve,
    cached: (pop) => caches.get(pop)?.size ?? 0,
    listen: async (port) => `http://127.0.0.1:${await listenOnLoopback(server, port)}`,
    close: () => closeAtOnce(server),
  };
}

/** s-maxage before max-age, held between the policy's limits; errors only briefly. */
function secondsToKeep(config: EdgeConfig, times: CacheTimes | undefined, response: OriginResponse): number {
  if (times === undefined) return 0;
  if (response.status >= 400) {
    return config.errorPages.get(response.status)?.cacheSeconds ?? usualErrorCacheSeconds;
  }
  const control = response.headers['cache-control'] ?? '';
  if (/\b(no-store|private|no-cache)\b/.test(control)) return times.minSeconds;
  const asked = /\bs-maxage=(\d+)/.exec(control)?.[1] ?? /\bmax-age=(\d+)/.exec(control)?.[1];
  const seconds = asked === undefined ? times.defaultSeconds : Number(asked);
  return Math.min(Math.max(seconds, times.minSeconds), times.maxSeconds);
}

/** The same client meets the same edge, unless it names another one. */
function popFor(incoming: IncomingMessage): Pop {
  const asked = incoming.headers['x-workspace-pop'];
  if (typeof asked === 'string' && isPop(asked)) return asked;
  const client = `${incoming.socket.remoteAddress} ${incoming.headers['user-agent']}`;
  const index = (createHash('sha256').update(client).digest()[0] ?? 0) % pops.length;
  return (pops[index] ?? pops[0]).code;
}

const viaOf = (distribution: Distribution) => `1.1 ${distribution.domainName} (CloudFront)`;

const requestId = (...parts: (string | number)[]) =>
  `${Buffer.from(parts.join(' ')).toString('base64url')}==`;

const refusal = (status: number, text: string, headers: Record<string, string>): EdgeResponse => ({
  status,
  headers: {
    'content-type': 'text/plain; charset=utf-8',
    server: 'CloudFront',
    'x-cache': 'Error from cloudfront',
    ...headers,
  },
  body: Buffer.from(`${text}\n`),
});
