import type { WorkspaceClock } from '../clock.ts';
import { type Colour, createSiteOrigin } from '../site/origin.ts';
import { releases } from '../site/releases.ts';
import { createAwsApiServer } from './api-server.ts';
import { createCloudFrontApi } from './cloudfront/api.ts';
import { originsOf } from './cloudfront/distribution-config.ts';
import { createDistributions, type Distribution } from './cloudfront/distributions.ts';
import { createEdge, type Edge } from './cloudfront/edge.ts';
import { createInvalidations } from './cloudfront/invalidations.ts';
import { seedDistributions, siteDistributionId, siteOriginId } from './cloudfront/seed.ts';
import { type AlarmChange, createAlarms } from './cloudwatch/alarms.ts';
import { createCloudWatchApi } from './cloudwatch/api.ts';
import { createMetrics } from './cloudwatch/metrics.ts';
import { seedAlarms } from './cloudwatch/seed.ts';
import { recordTraffic } from './cloudwatch/traffic.ts';
import type { AwsControl, AwsState, Delays, DelaysInForce, MetricStatus, ReleaseOffer } from './control.ts';
import { createAwsFaults } from './faults.ts';
import type { SavedAwsState } from './saved-state.ts';
import type { AwsIdentityCall, AwsService } from './service.ts';
import { createSnapshot } from './snapshot.ts';
import { createVisitors } from './visitors.ts';

export interface AwsStandIn {
  /** For `AWS_ENDPOINT_URL`: every service answers here. */
  apiUrl: string;
  productionUrl: string;
  previewUrl(colour: Colour): string;
  control: AwsControl;
  /** What has to outlive a restart of the workspace; give it back as `saved`. */
  save(): SavedAwsState;
  /** Closes every connection to the endpoint that is open, as time does while a function is frozen. */
  cutConnections(): void;
  close(): Promise<void>;
}

export interface AwsStandInOptions {
  clock: WorkspaceClock;
  ports?: { api?: number; production?: number; preview?: number };
  /** What the colours hold at first; blue is live. */
  versions?: Record<Colour, string>;
  delays?: Delays;
  saved?: SavedAwsState;
  /** Further services behind the same endpoint. */
  services?: readonly AwsService[];
  /** Says who may do what; without it everybody may everything. */
  mayCall?: (call: AwsIdentityCall) => boolean;
  /** Told once per change of state, at the virtual minute in which it happens. */
  onAlarmChange?: (change: AlarmChange) => void;
  /** `false` shows what a switch does to visitors when each colour holds only its own assets. */
  keepAssetsOfBothColours?: boolean;
  /** How long visitors have been there when the workspace opens. */
  warmUpMinutes?: number;
}

const minuteMs = 60_000;
const savedMinutes = 180;

const usualDelays: DelaysInForce = {
  deploySeconds: 180,
  invalidationSeconds: 60,
  readStaleSeconds: 2,
  metricLagSeconds: 60,
};

/**
 * A pretend AWS account: CloudFront and CloudWatch behind one endpoint, the origin and the edges of the example
 * site, and visitors whose requests the metrics count. Everything follows the workspace's clock: what time has
 * brought is worked out when somebody asks, and once every virtual minute.
 */
export async function createAwsStandIn(options: AwsStandInOptions): Promise<AwsStandIn> {
  const { clock, saved } = options;
  const nowMs = clock.nowMs;
  const versions = options.versions ?? { blue: 'v1.0.0', green: 'v1.0.0' };
  const warmFromMs = nowMs() - (options.warmUpMinutes ?? 20) * minuteMs;
  const fromMs = Math.max(warmFromMs, saved?.savedAtMs ?? 0);

  let delays = withDelays(saved?.delays ?? usualDelays, options.delays ?? {});
  let metricsDropped = false;
  let metricStatus: MetricStatus = 'Complete';
  let announce: (change: AlarmChange) => void = () => {};

  const faults = createAwsFaults(nowMs);
  const origin = await createSiteOrigin(
    { clock, keepAssetsOfBothColours: options.keepAssetsOfBothColours ?? true },
    saved?.colours ?? { blue: { version: versions.blue }, green: { version: versions.green } },
  );
  const distributions = createDistributions({
    nowMs,
    delays: () => delays,
    seed: seedDistributions('blue'),
    ...(saved === undefined ? {} : { saved: saved.distributions }),
  });
  const invalidations = createInvalidations({
    nowMs,
    delaySeconds: () => delays.invalidationSeconds,
    ...(saved === undefined ? {} : { saved: saved.invalidations }),
  });
  const metrics = createMetrics({
    lagSeconds: () => delays.metricLagSeconds,
    ...(saved === undefined ? {} : { saved: saved.metrics }),
  });
  const alarms = createAlarms({
    nowMs,
    fromMs,
    metrics,
    seed: seedAlarms,
    onChange: (change) => announce(change),
    ...(saved === undefined ? {} : { saved: saved.alarms }),
  });

  const site = distributions.get(siteDistributionId);
  const liveColour = (): Colour => {
    const origins = originsOf(distributions.newest(site).config);
    return origins.find(({ id }) => id === siteOriginId)?.path === '/green' ? 'green' : 'blue';
  };
  const idleColour = (): Colour => (liveColour() === 'blue' ? 'green' : 'blue');
  const publishes = () => !metricsDropped && origin.faultOf(liveColour()).metricsGoMissing !== true;

  const edges = new Map<string, Edge>(
    distributions.all().map((distribution) => [
      distribution.id,
      createEdge({
        clock,
        distribution,
        distributions,
        invalidations,
        origin,
        settle: () => settle(),
        onServed(served) {
          if (distribution !== site || publishes()) recordTraffic(metrics, distribution.id, served);
        },
      }),
    ]),
  );
  const edgeOf = (distribution: Distribution): Edge => {
    const edge = edges.get(distribution.id);
    if (edge === undefined) throw new Error(`${distribution.id} has no edge.`);
    return edge;
  };
  const visitors = createVisitors({ edge: edgeOf(site), fromMs });

  const settle = () => {
    const now = nowMs();
    visitors.catchUp(now);
    alarms.catchUp(now);
  };
  settle();
  announce = options.onAlarmChange ?? (() => {});

  let cancelNextMinute = () => {};
  const everyMinute = () => {
    settle();
    cancelNextMinute = clock.at((Math.floor(nowMs() / minuteMs) + 1) * minuteMs, everyMinute);
  };
  everyMinute();

  const api = createAwsApiServer({
    clock,
    faults,
    settle,
    ...(options.mayCall === undefined ? {} : { mayCall: options.mayCall }),
    services: [
      createCloudFrontApi({ distributions, invalidations }),
      createCloudWatchApi({ nowMs, metrics, alarms, metricStatus: () => metricStatus }),
      ...(options.services ?? []),
    ],
  });

  const apiUrl = await api.listen(options.ports?.api);
  const originUrl = await origin.listen(options.ports?.preview);
  const urls = new Map<string, string>();
  for (const distribution of distributions.all()) {
    const port = distribution === site ? options.ports?.production : 0;
    urls.set(distribution.id, `${await edgeOf(distribution).listen(port)}/`);
  }
  const productionUrl = urls.get(siteDistributionId) ?? '';
  const previewUrl = (colour: Colour) => `${originUrl}/${colour}/`;

  const snapshot = createSnapshot({
    nowMs,
    distributions,
    invalidations,
    metrics,
    alarms,
    urlOf: (distribution) => urls.get(distribution.id) ?? '',
    edgeOf,
  });

  const control: AwsControl = {
    async putRelease({ colour = idleColour(), version }) {
      settle();
      await origin.put(colour, version);
      return { colour, version };
    },
    idleColour,
    liveColour,
    state(): AwsState {
      settle();
      return {
        nowMs: nowMs(),
        productionUrl,
        previewUrls: { blue: previewUrl('blue'), green: previewUrl('green') },
        live: liveColour(),
        idle: idleColour(),
        colours: { blue: origin.holds('blue'), green: origin.holds('green') },
        releases: releaseOffers,
        ...snapshot(),
        visitors: visitors.report(),
        faults: [
          ...faults.describe(),
          ...(metricsDropped ? ['no metrics of the site are published'] : []),
          ...(metricStatus === 'Complete' ? [] : [`metric answers are ${metricStatus}`]),
        ],
        delays,
      };
    },
    throttle: faults.throttle,
    down: faults.down,
    loseAnswer: faults.loseAnswer,
    deny: faults.deny,
    editByHand({ what, value, distributionId = siteDistributionId }) {
      settle();
      const distribution = distributions.get(distributionId);
      const config = structuredClone(distributions.newest(distribution).config);
      switch (what) {
        case 'comment':
          config.Comment = value ?? 'edited in the console';
          break;
        case 'price-class':
          config.PriceClass = 'PriceClass_200';
          break;
        case 'enabled':
          config.Enabled = value === 'true' ? 'true' : 'false';
          break;
        case 'origin-path': {
          const first = config.Origins.Items?.Origin[0];
          if (first !== undefined) first.OriginPath = value ?? `/${idleColour()}`;
        }
      }
      return { etag: distributions.replace(distribution, config).etag };
    },
    setAlarm(setting) {
      settle();
      alarms.hold(setting);
    },
    dropMetrics(on) {
      settle();
      metricsDropped = on;
    },
    setMetricStatus(status) {
      metricStatus = status;
    },
    setDelays(changed) {
      delays = withDelays(delays, changed);
    },
    clearFaults() {
      settle();
      faults.clear();
      metricsDropped = false;
      metricStatus = 'Complete';
      alarms.releaseAll();
    },
    calls: api.calls,
    clearCalls: api.clearCalls,
    probeReport(sinceMs) {
      settle();
      return visitors.report(sinceMs);
    },
  };

  return {
    apiUrl,
    productionUrl,
    previewUrl,
    control,
    save() {
      settle();
      return structuredClone({
        savedAtMs: nowMs(),
        colours: { blue: origin.holds('blue'), green: origin.holds('green') },
        distributions: distributions.save(),
        invalidations: invalidations.all(),
        alarms: alarms.save(),
        metrics: metrics.save(nowMs() - savedMinutes * minuteMs),
        delays,
      });
    },
    cutConnections: api.cutConnections,
    async close() {
      cancelNextMinute();
      await Promise.all([api.close(), origin.close(), ...[...edges.values()].map((edge) => edge.close())]);
    },
  };
}

const withDelays = (before: DelaysInForce, changed: Delays): DelaysInForce => ({
  deploySeconds: changed.deploySeconds ?? before.deploySeconds,
  invalidationSeconds: changed.invalidationSeconds ?? before.invalidationSeconds,
  readStaleSeconds: changed.readStaleSeconds ?? before.readStaleSeconds,
  metricLagSeconds: changed.metricLagSeconds ?? before.metricLagSeconds,
});

const releaseOffers: ReleaseOffer[] = releases.map(({ version, title, fault }) => ({
  version,
  title,
  ...(fault === undefined ? {} : { fault }),
}));
