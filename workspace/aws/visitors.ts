import type { Edge, EdgeResponse } from './cloudfront/edge.ts';
import { type Pop, pops } from './cloudfront/pops.ts';
import type { FailedVisit, ProbeReport } from './control.ts';

export interface Visitors {
  /** Makes all visits that were due before then, each at its own moment. Cheap when nothing is due. */
  catchUp(nowMs: number): void;
  report(sinceMs?: number): ProbeReport;
}

const betweenVisitsMs = 1_500;
const rememberedFailures = 2_000;

/**
 * People on the shop: forty requests a minute, evenly, through all edge locations in turn. Each looks at a page,
 * loads the style sheet and the script that this very page names, then goes on; two of 25 requests ask for the
 * stock, which no edge caches. Nothing is random, so two runs are the same. They exist only in virtual time: a
 * jump of the clock is filled in when somebody asks.
 */
export function createVisitors(options: { edge: Edge; fromMs: number }): Visitors {
  const { edge } = options;
  let nextAtMs = options.fromMs;
  let count = 0;
  let failed: FailedVisit[] = [];
  const perMinute = new Map<number, number>();
  let assetsOfPage: string[] = [];

  const visit = (path: string, pop: Pop, atMs: number): EdgeResponse => {
    const response = edge.serve({ path, pop, atMs });
    const minute = Math.floor(atMs / 60_000);
    perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
    if (response.status >= 400) {
      failed = [
        ...failed.slice(-rememberedFailures + 1),
        { atMs, path, pop, status: response.status, reason: reasonOf(response) },
      ];
    }
    return response;
  };

  const step = (atMs: number) => {
    const session = Math.floor(count / 5);
    const pop = (pops[session % pops.length] ?? pops[0]).code;
    const page = pages[Math.floor(session / pops.length) % pages.length] ?? '/';
    switch (count % 5) {
      case 0: {
        const response = visit(page, pop, atMs);
        assetsOfPage = response.status === 200 ? assetsIn(response, page) : [];
        break;
      }
      case 1:
      case 2:
        visit(assetsOfPage[(count % 5) - 1] ?? page, pop, atMs);
        break;
      case 3:
        visit(pages[session % pages.length] ?? '/', pop, atMs);
        break;
      default:
        visit(session % 5 === 1 || session % 5 === 3 ? '/api/stock.json' : '/robots.txt', pop, atMs);
    }
    count += 1;
  };

  return {
    catchUp(nowMs) {
      for (; nextAtMs < nowMs; nextAtMs += betweenVisitsMs) step(nextAtMs);
    },
    report: (sinceMs = options.fromMs) => ({
      sinceMs,
      requests: [...perMinute]
        .filter(([minute]) => minute >= Math.floor(sinceMs / 60_000))
        .reduce((sum, [, visits]) => sum + visits, 0),
      failed: failed.filter((each) => each.atMs >= sinceMs),
    }),
  };
}

const pages = ['/', '/pricing/', '/about/'];

const known = new WeakMap<Buffer, string[]>();

/** The style sheet and the script of a page, as a browser resolves them. */
function assetsIn(response: EdgeResponse, page: string): string[] {
  const seen = known.get(response.body);
  if (seen !== undefined) return seen;
  const links = response.body.toString().matchAll(/(?:href|src)="([^"]*\.(?:css|js))"/g);
  const assets = [...links].map(([, link]) => new URL(link ?? '', `http://site${page}`).pathname);
  known.set(response.body, assets);
  return assets;
}

const reasonOf = (response: EdgeResponse) =>
  response.headers['content-type']?.startsWith('text/plain') === true
    ? response.body.toString().trim().slice(0, 120)
    : (response.headers['x-cache'] ?? '');
