import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { extname, join, normalize, sep } from 'node:path';
import { ZodError, z } from 'zod';
import { closeAtOnce, listenOnLoopback } from './loopback.ts';

/** What can be done in one area, by name; each takes the parsed JSON body and returns JSON. */
export type ControlRoutes = Record<string, (body: unknown) => Promise<unknown>>;

/** Something a person asked for that cannot be done now; its message is shown as it is, with status 409. */
export class ControlRefusal extends Error {
  override name = 'ControlRefusal';
}

export interface ControlServer {
  readonly url: string;
  /** Tells every page that something may look different; bursts become one event. */
  changed(): void;
  close(): Promise<void>;
}

const largestBodyBytes = 1_000_000;
const debounceMs = 150;
const heartbeatMs = 15_000;

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
};

/**
 * The page's port: its files, `GET /control/state?user=…`, `GET /control/events` and `POST /control/<area>/<name>`.
 * Listens on 127.0.0.1 only. A Host that is not this machine is refused (a name rebound to 127.0.0.1 reads nothing),
 * and so is a POST from another origin or with a body that is not JSON (no form on a foreign page reaches it).
 * Rejects with EADDRINUSE when the port is taken.
 */
export async function createControlServer(options: {
  port: number;
  pageFolder: string;
  areas: Record<string, ControlRoutes>;
  snapshot: (user: string | undefined) => unknown;
  /** After every POST that was carried out. */
  onAction?: () => void;
}): Promise<ControlServer> {
  const { areas, pageFolder, snapshot } = options;
  const followers = new Set<ServerResponse>();
  let hosts = new Set<string>();
  let origin = '';
  let pending: NodeJS.Timeout | undefined;

  const changed = () => {
    pending ??= setTimeout(() => {
      pending = undefined;
      for (const follower of followers) follower.write('event: changed\ndata: {}\n\n');
    }, debounceMs);
  };

  const json = (response: ServerResponse, status: number, body: unknown) => {
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.end(JSON.stringify(body ?? null));
  };

  const follow = (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write('event: changed\ndata: {}\n\n');
    followers.add(response);
    const heartbeat = setInterval(() => response.write(': still here\n\n'), heartbeatMs);
    response.on('close', () => {
      clearInterval(heartbeat);
      followers.delete(response);
    });
  };

  const act = async (request: IncomingMessage, response: ServerResponse, area: string, name: string) => {
    const foreign = foreignReason(request, origin);
    if (foreign !== undefined) return json(response, 403, { error: foreign });
    const routes = Object.hasOwn(areas, area) ? areas[area] : undefined;
    if (routes === undefined) {
      return json(response, 404, {
        error: `There is no area "${area}". There are: ${Object.keys(areas).join(', ')}.`,
      });
    }
    const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
    if (route === undefined) {
      return json(response, 404, {
        error: `"${area}" has no "${name}". It has: ${Object.keys(routes).join(', ')}.`,
      });
    }
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      return json(response, 415, { error: 'Send application/json.' });
    }
    try {
      const body = await readJson(request);
      const result = await route(body);
      json(response, 200, result);
    } catch (error) {
      json(response, statusOf(error), { error: messageOf(error) });
    }
    options.onAction?.();
    changed();
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    if (!hosts.has((request.headers.host ?? '').toLowerCase())) {
      return json(response, 421, { error: 'This workspace only answers as 127.0.0.1 or localhost.' });
    }
    const url = new URL(request.url ?? '/', origin);
    const [, first, area, name, ...rest] = url.pathname.split('/');
    if (first === 'control') {
      if (rest.length > 0) return json(response, 404, { error: 'Not found.' });
      if (request.method === 'GET' && area === 'state' && name === undefined) {
        return json(response, 200, snapshot(url.searchParams.get('user') ?? undefined));
      }
      if (request.method === 'GET' && area === 'events' && name === undefined) return follow(response);
      if (request.method !== 'POST') {
        response.setHeader('allow', 'POST');
        return json(response, 405, { error: 'Use POST.' });
      }
      return act(request, response, area ?? '', name ?? '');
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      return json(response, 405, { error: 'Use GET.' });
    }
    return sendFile(response, pageFolder, url.pathname, request.method === 'HEAD');
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else json(response, 500, { error: messageOf(error) });
    });
  });
  const port = await listenOnLoopback(server, options.port);
  origin = `http://127.0.0.1:${port}`;
  hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`]);

  return {
    url: origin,
    changed,
    async close() {
      if (pending !== undefined) clearTimeout(pending);
      for (const follower of followers) follower.end();
      await closeAtOnce(server);
    },
  };
}

function foreignReason(request: IncomingMessage, own: string): string | undefined {
  const { origin } = request.headers;
  if (origin !== undefined && origin !== own && origin !== own.replace('127.0.0.1', 'localhost')) {
    return 'This workspace takes no orders from another page.';
  }
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return 'This workspace takes no orders from another page.';
  }
  return undefined;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > largestBodyBytes) throw new SyntaxError('The body is too large.');
    chunks.push(bytes);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return text.trim() === '' ? {} : JSON.parse(text);
}

function statusOf(error: unknown): number {
  if (error instanceof ZodError || error instanceof SyntaxError) return 400;
  return 409;
}

function messageOf(error: unknown): string {
  if (error instanceof ZodError) return z.prettifyError(error);
  return error instanceof Error ? error.message : String(error);
}

/** No outside resource, no inline script; production is shown in a frame, so any port of this machine may be framed. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: http://127.0.0.1:*",
  "font-src 'self'",
  "connect-src 'self'",
  'frame-src http://127.0.0.1:*',
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

async function sendFile(
  response: ServerResponse,
  folder: string,
  path: string,
  headOnly: boolean,
): Promise<void> {
  const wanted = normalize(join(folder, decodePath(path)));
  const inside = wanted === normalize(folder) || wanted.startsWith(normalize(folder) + sep);
  const file = inside && extname(wanted) !== '' ? wanted : join(folder, 'index.html');
  const body = await readFile(file).catch(() => undefined);
  if (body === undefined) {
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
    response.end('Not found. If this is the first page, it has not been built: npm run build\n');
    return;
  }
  response.writeHead(200, {
    'content-type': contentTypes[extname(file)] ?? 'application/octet-stream',
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-store',
  });
  response.end(headOnly ? undefined : body);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '/';
  }
}
