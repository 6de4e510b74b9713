import { createHash } from 'node:crypto';
import {
  CreateInvalidationCommand,
  type DistributionConfig,
  GetDistributionCommand,
  GetInvalidationCommand,
  ListTagsForResourceCommand,
  UpdateDistributionCommand,
} from '@aws-sdk/client-cloudfront';
import { DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { PageAnswer } from '../../src/aws/checks/page.ts';

/** What is wrong with a release, as far as anybody can see it from outside. */
export type Flaw =
  | 'none'
  | 'wrong-version'
  | 'errors'
  | 'alarm'
  | 'no-metrics'
  /** There and not there in turn, for three quarters of an hour: a watch that nothing ends by itself. */
  | 'errors-by-turns'
  | 'no-metrics-by-turns';

const turnsForMs = 45 * 60_000;

/** What is wrong at one moment, of what is wrong in turns. */
export function flawIn(
  flaw: Flaw,
  turn: { readonly startMs: number; readonly turnMs: number },
  atMs: number,
): Flaw {
  if (flaw !== 'errors-by-turns' && flaw !== 'no-metrics-by-turns') return flaw;
  const isGood = atMs >= turn.startMs + turnsForMs || Math.floor(atMs / turn.turnMs) % 2 === 0;
  if (isGood) return 'none';
  return flaw === 'errors-by-turns' ? 'errors' : 'no-metrics';
}

export interface Content {
  readonly version: string;
  /** Another number, another artifact under the same name. */
  readonly build: number;
  readonly flaw: Flaw;
}

export interface Colour {
  readonly path: string;
  /** What lies there now. */
  content: Content;
  /** Everything that ever lay there, oldest first. */
  readonly contents: readonly { readonly content: Content; readonly sinceMs: number }[];
}

/** One origin of the distribution, with its two colours. */
export interface Site {
  readonly name: string;
  readonly originId: string;
  readonly colours: Record<'blue' | 'green', Colour>;
  readonly url: string;
  readonly previews: Record<'blue' | 'green', string>;
  readonly alarm: string;
}

/** One state of the distribution, kept so that reads can be older than writes. */
export interface Version {
  readonly config: DistributionConfig;
  readonly etag: string;
  /** When it came to be; `modifiedMs` is what the provider says of it. */
  readonly atMs: number;
  readonly modifiedMs: number;
  readonly deployedAtMs: number;
  /** `bump` is CloudFront itself, moving the ETag for reasons of its own. */
  readonly by: 'nobody' | 'us' | 'somebody' | 'bump';
}

export interface CloudChange {
  readonly by: Version['by'];
  readonly before: Version;
  readonly after: Version;
}

export interface Cloud {
  readonly sites: readonly Site[];
  readonly distributionId: string;
  readonly arn: string;
  now(): Version;
  /** Everything it ever was, oldest first. */
  readonly versions: readonly Version[];
  /** Carries out one command of the SDK at once. `ageMs`: how old a read may be. */
  execute(command: unknown, ageMs?: number): object;
  fetch(url: string): PageAnswer;
  /** Somebody else's change, or a bump by CloudFront itself. */
  change(by: 'somebody' | 'bump', edit: (config: DistributionConfig) => DistributionConfig): void;
  pathOf(site: Site, version?: Version): string;
  /** What visitors of a site see at this moment. */
  shown(site: Site): Content | null;
  observe(listener: (change: CloudChange) => void): void;
  invalidations(): number;
  /** From when a release that sets off the alarm is live. */
  alarmAfterMs: number;
  /** How long what is wrong in turns is there, and then is not. */
  readonly turns: { readonly startMs: number; turnMs: number };
  /** The version that visitors of a site read at that time; undefined where there was no page. */
  readAt(site: Site, atMs: number): string | undefined;
  /** What was wrong with a site from one time to another without a break; null where that changed in between. */
  wrongFrom(site: Site, fromMs: number, untilMs: number): Flaw | null;
  /** Whether anything came to be shown to visitors in that time that was not shown before. */
  hasMoved(site: Site, fromMs: number, untilMs: number): boolean;
  /** Since when the alarm rings, if what is live sets it off. */
  ringsFromMs(site: Site): number;
}

export interface CloudOptions {
  readonly nowMs: () => number;
  /** From an accepted change until every edge has it. */
  readonly propagationMs: () => number;
  readonly invalidationMs: () => number;
}

export class AwsRefusal extends Error {
  readonly $metadata: { readonly httpStatusCode: number };
  constructor(name: string, status: number) {
    super(name);
    this.name = name;
    this.$metadata = { httpStatusCode: status };
  }
}

const account = '111122223333';
const minuteMs = 60_000;
const cacheMs = 5 * minuteMs;

function createColour(path: string, first: Content, nowMs: () => number): Colour {
  const contents = [{ content: first, sinceMs: Number.NEGATIVE_INFINITY }];
  return {
    path,
    contents,
    get content() {
      return contents.at(-1)?.content ?? first;
    },
    set content(content) {
      contents.push({ content, sinceMs: nowMs() });
    },
  };
}

/** Hash of the page that a colour's preview shows, worked out without the code under test. */
export function artifactOf(content: Content): string {
  const answer = page('/', content, false);
  const body = answer.outcome === 'answered' ? answer.body : '';
  const asset = /src="([^"]+)"/.exec(body)?.[1] ?? '';
  return `sha256:${createHash('sha256').update(`${body}\n${asset}`).digest('hex')}`;
}

const site = (name: string, prefix: string, nowMs: () => number): Site => ({
  name,
  originId: `${name}-origin`,
  colours: {
    blue: createColour(`${prefix}/blue`, { version: 'v1.0.0', build: 1, flaw: 'none' }, nowMs),
    green: createColour(`${prefix}/green`, { version: 'v1.1.0', build: 1, flaw: 'none' }, nowMs),
  },
  url: `https://www.${name}.test`,
  previews: { blue: `https://blue.${name}.test`, green: `https://green.${name}.test` },
  alarm: `${name}-5xx`,
});

/** CloudFront, CloudWatch and the pages of two sites behind one distribution, in memory. Refuses what it does not know. */
export function createCloud({ nowMs, propagationMs, invalidationMs }: CloudOptions): Cloud {
  const sites = [site('site', '', nowMs), site('shop', '/shop', nowMs)];
  const distributionId = 'E1SIMULATED';
  const arn = `arn:aws:cloudfront::${account}:distribution/${distributionId}`;
  let etags = 1;
  const nextEtag = () => {
    etags += 1;
    return `E${etags}`;
  };
  const first: Version = {
    config: {
      CallerReference: 'simulated',
      Comment: 'northwind production',
      Enabled: true,
      HttpVersion: 'http2',
      DefaultCacheBehavior: { TargetOriginId: 'site-origin', ViewerProtocolPolicy: 'https-only' },
      Origins: {
        Quantity: sites.length,
        Items: sites.map(({ originId, colours }) => ({
          Id: originId,
          DomainName: 'bucket.test',
          OriginPath: colours.blue.path,
        })),
      },
    },
    etag: 'E1',
    atMs: nowMs() - 3_600_000,
    modifiedMs: nowMs() - 3_600_000,
    deployedAtMs: nowMs() - 3_000_000,
    by: 'nobody',
  };
  const versions: Version[] = [first];
  const listeners: ((change: CloudChange) => void)[] = [];
  const ordered = new Map<string, { id: string; atMs: number; doneAtMs: number; paths: string }>();
  const byId = new Map<string, { atMs: number; doneAtMs: number }>();
  const now = () => versions[versions.length - 1] ?? first;

  const put = (by: Version['by'], config: DistributionConfig) => {
    const before = now();
    const atMs = nowMs();
    // A bump is not a deployment: only the ETag moves.
    const after: Version = {
      config,
      etag: nextEtag(),
      atMs,
      modifiedMs: by === 'bump' ? before.modifiedMs : atMs,
      deployedAtMs: by === 'bump' ? before.deployedAtMs : atMs + propagationMs(),
      by,
    };
    versions.push(after);
    for (const listener of listeners) listener({ by, before, after });
  };

  const pathOf = ({ originId }: Site, version = now()) =>
    version.config.Origins?.Items?.find(({ Id }) => Id === originId)?.OriginPath ?? '';

  const versionAt = (atMs: number): Version => versions.findLast((version) => version.atMs <= atMs) ?? first;

  const colourAt = (of: Site, path: string): Colour | undefined =>
    Object.values(of.colours).find((colour) => colour.path === path);

  /** What lies behind a path; null where there is nothing. */
  const contentAt = (of: Site, path: string): Content | null => colourAt(of, path)?.content ?? null;

  /** Edges follow once the configuration is delivered; a cached page lives on until an invalidation or its time is over. */
  const shownPath = (of: Site, atMs = nowMs()): string => {
    const delivered = versions.findLast((version) => version.deployedAtMs <= atMs) ?? first;
    const path = pathOf(of, delivered);
    let arrivedMs = delivered.deployedAtMs;
    for (let index = versions.indexOf(delivered); index > 0; index -= 1) {
      const earlier = versions[index - 1];
      if (earlier === undefined || pathOf(of, earlier) !== path) break;
      arrivedMs = earlier.deployedAtMs;
    }
    const emptied = [...byId.values()].some((each) => each.atMs >= arrivedMs && each.doneAtMs <= atMs);
    if (emptied || atMs >= arrivedMs + cacheMs || arrivedMs <= first.deployedAtMs) return path;
    const before = versions.findLast(
      (version) => version.deployedAtMs < arrivedMs && pathOf(of, version) !== path,
    );
    return before === undefined ? path : pathOf(of, before);
  };

  const shown = (of: Site) => contentAt(of, shownPath(of));

  const turns = { startMs: nowMs(), turnMs: minuteMs };

  const liveFlawAt = (of: Site, atMs: number): Flaw =>
    flawIn(contentAt(of, pathOf(of, versionAt(atMs)))?.flaw ?? 'none', turns, atMs);

  const readAt = (of: Site, atMs: number): string | undefined => {
    const contents = colourAt(of, shownPath(of, atMs))?.contents ?? [];
    const content = contents.findLast(({ sinceMs }) => sinceMs <= atMs)?.content;
    return content === undefined ? undefined : versionOn(content, true);
  };

  const wrongFrom = (of: Site, fromMs: number, untilMs: number): Flaw | null => {
    const path = pathOf(of, versionAt(fromMs));
    const moved = versions.some(
      (version) => version.atMs > fromMs && version.atMs <= untilMs && pathOf(of, version) !== path,
    );
    const contents = colourAt(of, path)?.contents ?? [];
    if (moved || contents.some(({ sinceMs }) => sinceMs > fromMs && sinceMs <= untilMs)) return null;
    return contents.findLast(({ sinceMs }) => sinceMs <= fromMs)?.content.flaw ?? 'none';
  };

  const hasMoved = (of: Site, fromMs: number, untilMs: number): boolean => {
    const within = (atMs: number) => atMs > fromMs && atMs <= untilMs;
    return (
      versions.some(({ deployedAtMs }) => within(deployedAtMs)) ||
      [...byId.values()].some(({ doneAtMs }) => within(doneAtMs)) ||
      Object.values(of.colours).some(({ contents }) => contents.some(({ sinceMs }) => within(sinceMs)))
    );
  };

  /** Since when a site's path is what it is now. */
  const liveSince = (of: Site): number => {
    const path = pathOf(of);
    let sinceMs = now().atMs;
    for (let index = versions.length - 1; index >= 0; index -= 1) {
      const version = versions[index];
      if (version === undefined || pathOf(of, version) !== path) break;
      sinceMs = version.atMs;
    }
    return sinceMs;
  };

  const alarmOf = (of: Site) => {
    const sinceMs = cloud.ringsFromMs(of);
    const firing = liveFlawAt(of, nowMs()) === 'alarm' && nowMs() >= sinceMs;
    return {
      AlarmName: of.alarm,
      StateValue: firing ? 'ALARM' : 'OK',
      StateReason: firing ? 'too many errors' : '',
      StateTransitionedTimestamp: new Date(firing ? sinceMs : 0),
    };
  };

  const dataOf = (input: GetMetricDataCommand['input']) => {
    const fromMs = input.StartTime?.getTime() ?? 0;
    const untilMs = input.EndTime?.getTime() ?? 0;
    return (input.MetricDataQueries ?? []).map(({ Id, MetricStat }) => {
      const of = sites.find(({ name }) => MetricStat?.Metric?.Dimensions?.[0]?.Value === name);
      const Timestamps: Date[] = [];
      const Values: number[] = [];
      for (let atMs = fromMs; atMs < untilMs; atMs += minuteMs) {
        const flaw = of === undefined ? 'none' : liveFlawAt(of, atMs + minuteMs / 2);
        if (flaw === 'no-metrics') continue;
        Timestamps.push(new Date(atMs));
        const errors = flaw === 'errors' ? 12 : 0.5;
        Values.push(MetricStat?.Metric?.MetricName === 'Requests' ? 100 : errors);
      }
      return { Id, StatusCode: 'Complete', Timestamps, Values };
    });
  };

  const invalidate = (input: CreateInvalidationCommand['input']) => {
    const reference = input.InvalidationBatch?.CallerReference ?? '';
    const paths = (input.InvalidationBatch?.Paths?.Items ?? []).join();
    const known = ordered.get(reference);
    if (known !== undefined) {
      if (known.paths !== paths) throw new AwsRefusal('InvalidationBatchAlreadyExists', 400);
      return { Invalidation: { Id: known.id } };
    }
    const made = {
      id: `I${ordered.size + 1}`,
      atMs: nowMs(),
      doneAtMs: nowMs() + invalidationMs(),
      paths,
    };
    ordered.set(reference, made);
    byId.set(made.id, made);
    return { Invalidation: { Id: made.id } };
  };

  const execute = (command: unknown, ageMs = 0): object => {
    if (command instanceof GetDistributionCommand) {
      if (command.input.Id !== distributionId) throw new AwsRefusal('NoSuchDistribution', 404);
      const { config, etag, modifiedMs, deployedAtMs } = versionAt(nowMs() - ageMs);
      return {
        ETag: etag,
        Distribution: {
          ARN: arn,
          Status: deployedAtMs <= nowMs() ? 'Deployed' : 'InProgress',
          LastModifiedTime: new Date(modifiedMs),
          DistributionConfig: config,
        },
      };
    }
    if (command instanceof UpdateDistributionCommand) {
      if (command.input.Id !== distributionId) throw new AwsRefusal('NoSuchDistribution', 404);
      if (command.input.IfMatch !== now().etag) throw new AwsRefusal('PreconditionFailed', 412);
      if (command.input.DistributionConfig === undefined) throw new AwsRefusal('MissingBody', 400);
      put('us', command.input.DistributionConfig);
      return { ETag: now().etag };
    }
    if (command instanceof CreateInvalidationCommand) return invalidate(command.input);
    if (command instanceof GetInvalidationCommand) {
      const found = byId.get(command.input.Id ?? '');
      if (found === undefined || found.atMs > nowMs() - ageMs)
        throw new AwsRefusal('NoSuchInvalidation', 404);
      return { Invalidation: { Status: found.doneAtMs <= nowMs() ? 'Completed' : 'InProgress' } };
    }
    if (command instanceof ListTagsForResourceCommand) return { Tags: { Items: [] } };
    if (command instanceof DescribeAlarmsCommand) {
      const names = command.input.AlarmNames ?? [];
      return { MetricAlarms: sites.filter(({ alarm }) => names.includes(alarm)).map(alarmOf) };
    }
    if (command instanceof GetMetricDataCommand) return { MetricDataResults: dataOf(command.input) };
    throw new Error(`not modelled: ${Object(command).constructor.name}`);
  };

  const fetch = (url: string): PageAnswer => {
    for (const of of sites) {
      for (const colour of ['blue', 'green'] as const) {
        if (url.startsWith(of.previews[colour])) {
          return page(url.slice(of.previews[colour].length), of.colours[colour].content, false);
        }
      }
      if (url.startsWith(of.url)) return page(url.slice(of.url.length), shown(of), true);
    }
    throw new Error(`not modelled: ${url}`);
  };

  const cloud: Cloud = {
    sites,
    distributionId,
    arn,
    now,
    versions,
    execute,
    fetch,
    pathOf,
    shown,
    alarmAfterMs: 45_000,
    turns,
    readAt,
    wrongFrom,
    hasMoved,
    ringsFromMs: (of) => liveSince(of) + cloud.alarmAfterMs,
    invalidations: () => ordered.size,
    change: (by, edit) => put(by, edit(structuredClone(now().config))),
    observe(listener) {
      listeners.push(listener);
    },
  };
  return cloud;
}

const pages = new Map<string, string>();

/** The version that a page says it is. */
const versionOn = (content: Content, isProduction: boolean): string =>
  isProduction && content.flaw === 'wrong-version' ? 'v0.9.9' : content.version;

function page(path: string, content: Content | null, isProduction: boolean): PageAnswer {
  const answered = (status: number, body: string): PageAnswer => ({
    outcome: 'answered',
    status,
    contentType: 'text/html',
    location: null,
    body,
    truncated: false,
  });
  if (content === null) return answered(404, 'nothing here');
  if (path !== '' && path !== '/') return answered(200, 'an asset');
  const version = versionOn(content, isProduction);
  const key = `${version} ${content.build}`;
  const known = pages.get(key);
  if (known !== undefined) return answered(200, known);
  const assets = content.build % 2 === 0 ? `<script src="/app.${content.build}.js"></script>` : '';
  const body = `<meta name="deployment-version" content="${version}">${assets}<p>build ${content.build}`;
  pages.set(key, body);
  return answered(200, body);
}
