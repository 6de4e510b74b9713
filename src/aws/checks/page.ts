import { parse } from 'node-html-parser';
import { z } from 'zod';

/** What came back for one address. A server that answered anything at all has answered. */
export type PageAnswer =
  | {
      readonly outcome: 'answered';
      readonly status: number;
      readonly contentType: string;
      /** Where a redirect points; it is not followed. */
      readonly location: string | null;
      readonly body: string;
      /** The body was longer than the cap and is cut. */
      readonly truncated: boolean;
    }
  /** Nobody answered, or the answer broke off: "connection refused". */
  | { readonly outcome: 'unanswered'; readonly reason: string };

export interface PageRequest {
  readonly timeoutMs: number;
  /** Tells our requests from visitors' in the logs; not part of a cache key by default. */
  readonly userAgent: string;
}

/**
 * Fetches one page as a visitor would. Never throws for what the other side does. There is no
 * cache-busting query: CloudFront leaves the query out of its cache key unless told otherwise, so it
 * would prove nothing (CloudFront developer guide: understanding the cache key).
 */
export type FetchPage = (url: string, request: PageRequest) => Promise<PageAnswer>;

const bodyLimitBytes = 2 * 1024 * 1024;

/** Node's own fetch: redirects are not followed, so that no page can lead us elsewhere. */
export function createFetchPage(): FetchPage {
  return async (url, { timeoutMs, userAgent }) => {
    try {
      const response = await fetch(url, {
        redirect: 'manual',
        headers: { 'user-agent': userAgent, accept: 'text/html,*/*' },
        signal: AbortSignal.timeout(timeoutMs),
      });
      const { body, truncated } = await readBody(response);
      return {
        outcome: 'answered',
        status: response.status,
        contentType: response.headers.get('content-type') ?? '',
        location: response.headers.get('location'),
        body,
        truncated,
      };
    } catch (error) {
      return { outcome: 'unanswered', reason: reasonOf(error, timeoutMs) };
    }
  };
}

async function readBody(response: Response): Promise<{ body: string; truncated: boolean }> {
  const decoder = new TextDecoder();
  let body = '';
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    const part = z.instanceof(Uint8Array).parse(chunk);
    bytes += part.byteLength;
    if (bytes > bodyLimitBytes) return { body, truncated: true };
    body += decoder.decode(part, { stream: true });
  }
  return { body: body + decoder.decode(), truncated: false };
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  ENOTFOUND: 'host name not found',
  EAI_AGAIN: 'host name could not be looked up',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  ETIMEDOUT: 'connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'connection timed out',
  UND_ERR_SOCKET: 'connection closed in the middle',
};

/** Node hides what happened below fetch in `cause`, possibly more than once. */
function reasonOf(error: unknown, timeoutMs: number): string {
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    if (each.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
    const code = 'code' in each ? each.code : undefined;
    if (typeof code === 'string') return reasons[code] ?? code;
  }
  return 'the request failed';
}

/** What a page says about its own version. */
export type PageVersion =
  | { readonly outcome: 'one'; readonly version: string }
  | { readonly outcome: 'none' }
  | { readonly outcome: 'several'; readonly versions: readonly string[] };

/** No version is that long; what is cut equals none. */
const cutVersion = (version: string) => (version.length > 200 ? `${version.slice(0, 200)}…` : version);

/** Reads the `deployment-version` meta elements; their content is taken as it stands, blanks included. */
export function versionOf(html: string): PageVersion {
  const versions = parse(html)
    .querySelectorAll('meta')
    .filter((meta) => meta.getAttribute('name')?.toLowerCase() === 'deployment-version')
    .map((meta) => cutVersion(meta.getAttribute('content') ?? ''));
  const [version, ...others] = versions;
  if (version === undefined) return { outcome: 'none' };
  return others.length === 0 ? { outcome: 'one', version } : { outcome: 'several', versions };
}

const linkedAssets = new Set([
  'stylesheet',
  'icon',
  'modulepreload',
  'preload',
  'manifest',
  'apple-touch-icon',
]);

/**
 * The scripts, styles and images of its own that a page refers to, as paths, each once, in the order of
 * the page. What lies on another host is not the release's.
 */
export function assetsOf(html: string, pagePath: string): string[] {
  const root = parse(html);
  const references = [
    ...root.querySelectorAll('link[href]').flatMap((link) => {
      const relations = (link.getAttribute('rel') ?? '').toLowerCase().split(/\s+/);
      return relations.some((each) => linkedAssets.has(each)) ? [link.getAttribute('href')] : [];
    }),
    ...root.querySelectorAll('script[src]').map((script) => script.getAttribute('src')),
    ...root.querySelectorAll('img[src]').map((image) => image.getAttribute('src')),
  ];
  const paths = references.flatMap((reference) => {
    const path = reference === undefined ? null : ownPath(reference, pagePath);
    return path === null ? [] : [path];
  });
  return [...new Set(paths)];
}

function ownPath(reference: string, pagePath: string): string | null {
  const origin = 'http://this-site.invalid';
  if (!URL.canParse(reference, `${origin}${pagePath}`)) return null;
  const url = new URL(reference, `${origin}${pagePath}`);
  return url.origin === origin ? url.pathname + url.search : null;
}

/** The address of a path below a base address, which may itself have a path. */
export function addressOf(baseUrl: string, path: string): string {
  return baseUrl.replace(/\/+$/, '') + path;
}

/** Says what answered instead of 200, or null when it was 200. */
export function complaintAbout(answer: Extract<PageAnswer, { outcome: 'answered' }>): string | null {
  if (answer.status === 200) return answer.body === '' ? 'answers 200 with nothing in it' : null;
  const where = answer.location === null ? '' : ` (to ${answer.location})`;
  return `answers ${answer.status}${where} instead of 200`;
}
