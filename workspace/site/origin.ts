import { createServer, type Server } from 'node:http';
import type { WorkspaceClock } from '../clock.ts';
import { closeAtOnce, listenOnLoopback } from '../loopback.ts';
import { findRelease, type ProductionFault, readRelease, type SiteFile, type SiteFiles } from './releases.ts';

const colours = ['blue', 'green'] as const;
export type Colour = (typeof colours)[number];

export interface OriginRequest {
  /** With the colour in front, as an origin path puts it there: `/blue/pricing/`. */
  path: string;
  headers: Readonly<Record<string, string | undefined>>;
  atMs: number;
}

export interface OriginResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** How long the origin took, in virtual time; nobody really waits. */
  latencyMs: number;
}

/**
 * The web server behind the distribution: two folders, one colour each, and a stock counter that is never
 * cached. Asked directly it is the preview; asked by the CDN (`X-Amz-Cf-Id` is there) it serves production,
 * which is where a release's production fault shows.
 */
export interface SiteOrigin {
  respond(request: OriginRequest): OriginResponse;
  /** Puts a version into a colour, as a deployment workflow does. Throws when there is no such version. */
  put(colour: Colour, version: string): Promise<void>;
  holds(colour: Colour): { version: string; putAtMs: number };
  faultOf(colour: Colour): ProductionFault;
  listen(port?: number): Promise<string>;
  close(): Promise<void>;
}

interface Holding {
  version: string;
  putAtMs: number;
  files: SiteFiles;
  fault: ProductionFault;
  productionSinceMs: number;
  lastProductionMs: number;
}

export interface SiteOriginOptions {
  clock: WorkspaceClock;
  /**
   * A page that a visitor already holds asks for the assets of its own version after the switch, so hashed
   * assets of either colour are served from both. `false` shows what happens without.
   */
  keepAssetsOfBothColours?: boolean;
}

const usualLatencyMs = 45;

/** Production traffic that paused for longer means the colour was not live in between. */
const forgottenAfterMs = 5 * 60_000;

export async function createSiteOrigin(
  options: SiteOriginOptions,
  initial: Record<Colour, { version: string; putAtMs?: number }>,
): Promise<SiteOrigin> {
  const { clock } = options;
  const keepAssets = options.keepAssetsOfBothColours ?? true;
  const keptAssets = new Map<string, SiteFile>();

  const load = async (version: string, putAtMs: number): Promise<Holding> => {
    const files = await readRelease(version);
    if (keepAssets) for (const [path, file] of files) if (file.hashed) keptAssets.set(path, file);
    return {
      version,
      putAtMs,
      files,
      fault: findRelease(version)?.inProduction ?? {},
      productionSinceMs: Number.NaN,
      lastProductionMs: Number.NEGATIVE_INFINITY,
    };
  };

  const holdings: Record<Colour, Holding> = {
    blue: await load(initial.blue.version, initial.blue.putAtMs ?? clock.nowMs()),
    green: await load(initial.green.version, initial.green.putAtMs ?? clock.nowMs()),
  };
  let server: Server | undefined;

  const respond = (request: OriginRequest): OriginResponse => {
    const [, colour, path] = /^\/(blue|green)(\/.*)?$/.exec(request.path) ?? [];
    if (colour !== 'blue' && colour !== 'green') return plain(404, 'There is nothing here.');
    if (path === undefined) return redirect(`/${colour}/`);
    const holding = holdings[colour];
    const forProduction = request.headers['x-amz-cf-id'] !== undefined;
    const liveForSeconds = forProduction ? noteProduction(holding, request.atMs) : -1;
    const fault = forProduction ? holding.fault : {};

    const slow = fault.slowAfter !== undefined && liveForSeconds >= fault.slowAfter.seconds;
    const latencyMs = slow && fault.slowAfter !== undefined ? fault.slowAfter.latencyMs : usualLatencyMs;
    if (path === '/api/stock.json') {
      const failing =
        fault.stockFailsAfterSeconds !== undefined && liveForSeconds >= fault.stockFailsAfterSeconds;
      return {
        ...(failing ? plain(503, 'The stock counter ran out of memory.') : stock(holding)),
        latencyMs,
      };
    }
    if (fault.failingPaths?.includes(path)) return { ...plain(500, 'Internal Server Error'), latencyMs };
    const served = serveFile(holding, path);
    return { ...(fault.saysVersion === undefined ? served : saying(fault.saysVersion, served)), latencyMs };
  };

  const serveFile = (holding: Holding, path: string): OriginResponse => {
    const file = holding.files.get(path.endsWith('/') ? `${path}index.html` : path) ?? keptAssets.get(path);
    if (file !== undefined) return serve(file);
    if (holding.files.has(`${path}/index.html`)) return redirect(`${path.slice(path.lastIndexOf('/') + 1)}/`);
    const notFound = holding.files.get('/404.html');
    return notFound === undefined ? plain(404, 'Not Found') : { ...serve(notFound), status: 404 };
  };

  return {
    respond,
    async put(colour, version) {
      holdings[colour] = await load(version, clock.nowMs());
    },
    holds: (colour) => ({ version: holdings[colour].version, putAtMs: holdings[colour].putAtMs }),
    faultOf: (colour) => holdings[colour].fault,
    async listen(port) {
      server = createServer((request, answer) => {
        const method = request.method ?? 'GET';
        const { pathname } = new URL(request.url ?? '/', 'http://origin');
        const response =
          method === 'GET' || method === 'HEAD'
            ? respond({ path: pathname, headers: oneValueEach(request.headers), atMs: clock.nowMs() })
            : plain(405, 'Only GET and HEAD.');
        answer.writeHead(response.status, {
          ...response.headers,
          'content-length': String(response.body.length),
          date: new Date(clock.nowMs()).toUTCString(),
        });
        answer.end(method === 'HEAD' ? undefined : response.body);
      });
      return `http://127.0.0.1:${await listenOnLoopback(server, port)}`;
    },
    async close() {
      if (server !== undefined) await closeAtOnce(server);
    },
  };
}

function noteProduction(holding: Holding, atMs: number): number {
  if (atMs - holding.lastProductionMs > forgottenAfterMs) holding.productionSinceMs = atMs;
  holding.lastProductionMs = Math.max(atMs, holding.lastProductionMs);
  return (atMs - holding.productionSinceMs) / 1000;
}

function serve(file: SiteFile): OriginResponse {
  const headers: Record<string, string> = { 'content-type': file.contentType, server: 'northwind-origin' };
  // Browsers ask again each time, the CDN keeps pages for a day: what a person sees is what an edge holds.
  if (file.hashed) headers['cache-control'] = 'public, max-age=31536000, immutable';
  else if (file.contentType.startsWith('text/html')) {
    headers['cache-control'] = 'public, max-age=0, s-maxage=86400';
  }
  return { status: 200, headers, body: file.body, latencyMs: usualLatencyMs };
}

function stock(holding: Holding): OriginResponse {
  const lamps = 40 + (holding.version.charCodeAt(3) % 7);
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: Buffer.from(JSON.stringify({ lamps })),
    latencyMs: usualLatencyMs,
  };
}

function saying(version: string, response: OriginResponse): OriginResponse {
  if (response.headers['content-type']?.startsWith('text/html') !== true) return response;
  const html = response.body
    .toString()
    .replace(/(<meta name="deployment-version" content=")[^"]*(")/g, `$1${version}$2`);
  return { ...response, body: Buffer.from(html) };
}

function plain(status: number, text: string): OriginResponse {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', server: 'northwind-origin' },
    body: Buffer.from(`${text}\n`),
    latencyMs: usualLatencyMs,
  };
}

function redirect(location: string): OriginResponse {
  return { ...plain(301, location), headers: { location, 'content-type': 'text/plain; charset=utf-8' } };
}

function oneValueEach(headers: NodeJS.Dict<string | string[]>): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}
