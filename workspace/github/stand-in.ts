import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { WorkspaceClock } from '../clock.ts';
import { closeAtOnce, listenOnLoopback } from '../loopback.ts';
import { type Answer, failure, notFound } from './answers.ts';
import type { GithubControl } from './control.ts';
import { createGithubControl } from './create-control.ts';
import { matchRoute } from './routes.ts';
import { seedRepository } from './seed.ts';
import { type Drawing, etagOf } from './shapes.ts';
import { webPage } from './web.ts';

export interface GithubStandIn {
  /** What goes into `GITHUB_API_URL`. */
  readonly apiUrl: string;
  readonly control: GithubControl;
  close(): Promise<void>;
}

const apiPath = '/api/v3';
const hourlyLimit = 5_000;
const hourMs = 3_600_000;
const largestBodyBytes = 1_000_000;
const rateLimitDocs = 'https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api';

/**
 * GitHub's REST API for `northwind/site`, on 127.0.0.1, laid out like GitHub Enterprise Server: the API under
 * `/api/v3` and pages for people beside it, so that a link on a card leads somewhere.
 * The repository is private: without a token it does not exist (404), with a wrong one everything is 401.
 */
export async function createGithubStandIn(options: {
  readonly clock: WorkspaceClock;
  readonly token: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  readonly versions?: readonly string[];
}): Promise<GithubStandIn> {
  const { clock, token } = options;
  let webUrl = '';
  const { control, traffic, repository } = createGithubControl({
    clock,
    repository: seedRepository(clock.nowMs(), options.versions),
    webUrl: () => webUrl,
  });
  const held = new Set<NodeJS.Timeout>();
  let hour = { startMs: clock.nowMs(), used: 0 };

  const drawing = (): Drawing => ({
    repository: repository(),
    nowMs: clock.nowMs(),
    apiUrl: `${webUrl}${apiPath}`,
    webUrl,
  });

  const budget = (): { used: number; resetSeconds: number } => {
    const nowMs = clock.nowMs();
    if (nowMs >= hour.startMs + hourMs) hour = { startMs: nowMs, used: 0 };
    return { used: hour.used, resetSeconds: Math.ceil((hour.startMs + hourMs) / 1000) };
  };

  const respond = (request: IncomingMessage, response: ServerResponse, answer: Answer) => {
    const text = JSON.stringify(answer.body);
    const etag = etagOf(text);
    const { used, resetSeconds } = budget();
    const unchanged = answer.status === 200 && request.headers['if-none-match'] === etag;
    response.writeHead(unchanged ? 304 : answer.status, {
      date: new Date(clock.nowMs()).toUTCString(),
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'private, max-age=60, s-maxage=60',
      'x-github-media-type': 'github.v3; format=json',
      'x-github-api-version-selected': '2022-11-28',
      'x-github-request-id': `CS:${(used + 1).toString(16).toUpperCase()}`,
      'x-ratelimit-limit': String(hourlyLimit),
      'x-ratelimit-remaining': String(Math.max(0, hourlyLimit - used)),
      'x-ratelimit-used': String(used),
      'x-ratelimit-reset': String(resetSeconds),
      'x-ratelimit-resource': 'core',
      ...(answer.status === 200 ? { etag } : {}),
      ...answer.headers,
    });
    response.end(unchanged ? undefined : text);
    return unchanged ? 304 : answer.status;
  };

  /** What stands before every operation: the edge, the token, the budget. */
  const turnedAway = (request: IncomingMessage): Answer | undefined => {
    const fault = traffic.fault();
    if (fault.down !== null) {
      return failure(503, 'No server is currently available to service your request.');
    }
    if ((request.headers['user-agent'] ?? '') === '') {
      return failure(
        403,
        'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.',
      );
    }
    const accept = request.headers.accept ?? '*/*';
    if (!/\*\/\*|application\/(vnd\.github(\.v3)?\+)?json/.test(accept)) {
      return failure(415, `Unsupported 'Accept' header: '${accept}'. Must accept 'application/json'.`);
    }
    const [, scheme, given] = /^(token|bearer)\s+(.+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (scheme !== undefined && (given !== token || fault.badCredentials)) {
      return failure(401, 'Bad credentials');
    }
    if (fault.rateLimited !== null) {
      const { kind, endsAtMs } = fault.rateLimited;
      if (kind === 'secondary') {
        return failure(
          403,
          'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
          {
            documentation: `${rateLimitDocs}#about-secondary-rate-limits`,
            headers: { 'retry-after': String(Math.ceil((endsAtMs - clock.nowMs()) / 1000)) },
          },
        );
      }
      return failure(403, 'API rate limit exceeded for user ID 5110009.', {
        documentation: `${rateLimitDocs}#about-primary-rate-limits`,
        headers: {
          'x-ratelimit-remaining': '0',
          'x-ratelimit-used': String(hourlyLimit),
          'x-ratelimit-reset': String(Math.ceil(endsAtMs / 1000)),
        },
      });
    }
    if (scheme === undefined) return notFound();
    return undefined;
  };

  const answerFor = (request: IncomingMessage, url: URL, body: string): Answer => {
    const refuse = (reason: string): Answer => {
      traffic.refuse({
        atMs: clock.nowMs(),
        method: request.method ?? '',
        path: request.url ?? '',
        reason,
      });
      return notFound(`Not Found. ${reason}`);
    };
    const [, owner, name, rest] =
      /^\/repos\/([^/]+)\/([^/]+)(\/.*)?$/.exec(url.pathname.slice(apiPath.length)) ?? [];
    if (owner === undefined || name === undefined) return refuse('This operation is not modelled here.');
    const wanted = `${owner}/${name}`.toLowerCase();
    if (wanted !== `${repository().owner}/${repository().name}`.toLowerCase()) return notFound();
    const match = matchRoute(request.method ?? '', rest ?? '', url.searchParams);
    if (match.kind === 'refused') return refuse(match.reason);
    let parsed: unknown;
    try {
      parsed = body === '' ? undefined : JSON.parse(body);
    } catch {
      return failure(400, 'Problems parsing JSON');
    }
    return match.answer({ drawing: drawing(), body: parsed });
  };

  const server = createServer((request, response) => {
    const method = request.method ?? '';
    const record = (status: number) =>
      traffic.record({ atMs: clock.nowMs(), method, path: request.url ?? '', status });

    const handle = (body: string) => {
      const url = new URL(request.url ?? '/', 'http://github.invalid');
      if (!url.pathname.startsWith(`${apiPath}/`)) {
        const page = webPage(drawing(), url.pathname);
        response.writeHead(page.status, {
          date: new Date(clock.nowMs()).toUTCString(),
          'content-type': 'text/html; charset=utf-8',
          'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
        });
        response.end(page.html);
        return;
      }
      if (traffic.fault().down === 'unreachable') {
        record(0);
        request.socket.destroy();
        return;
      }
      const away = turnedAway(request);
      if (away === undefined) {
        budget();
        hour.used += 1;
      }
      let answer: Answer;
      try {
        answer = away ?? answerFor(request, url, body);
      } catch (error) {
        answer =
          error instanceof URIError
            ? failure(400, 'Bad Request')
            : failure(500, `The stand-in failed: ${String(error)}`);
      }
      record(respond(request, response, answer));
    };

    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > largestBodyBytes) request.socket.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const { slowMs } = traffic.fault();
      if (slowMs === 0) return handle(body);
      const timer = setTimeout(() => {
        held.delete(timer);
        handle(body);
      }, slowMs);
      held.add(timer);
    });
    request.on('error', () => undefined);
  });

  webUrl = `http://127.0.0.1:${await listenOnLoopback(server, options.port)}`;

  return {
    apiUrl: `${webUrl}${apiPath}`,
    control,
    async close() {
      for (const timer of held) clearTimeout(timer);
      held.clear();
      await closeAtOnce(server);
    },
  };
}
