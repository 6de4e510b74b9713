import { z } from 'zod';

/**
 * What a person or a journey may do to the pretend AWS account from outside: push releases, break
 * things, look at everything. The bot never sees this; it only sees the wire.
 */

export const Colour = z.enum(['blue', 'green']);
export type Colour = z.infer<typeof Colour>;

export const AlarmState = z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']);
export type AlarmState = z.infer<typeof AlarmState>;

export const AwsServiceName = z
  .string()
  .min(1)
  .describe('cloudfront, cloudwatch, or the name of another mounted service');
export type AwsServiceName = z.infer<typeof AwsServiceName>;

export const ReleasePush = z.object({ colour: Colour.optional(), version: z.string().min(1) });
/** Without a colour the release goes where a deployment workflow would put it: the idle one. */
export type ReleasePush = z.infer<typeof ReleasePush>;

export const Throttle = z.object({
  service: AwsServiceName,
  operation: z.string().optional(),
  /** Virtual time at which it ends. */
  untilMs: z.number().optional(),
  /** How many calls on the wire are refused; the SDK's hidden retries count too. */
  count: z.number().int().positive().optional(),
});
export type Throttle = z.infer<typeof Throttle>;

export const Outage = z.object({ service: AwsServiceName, forSeconds: z.number().positive() });
export type Outage = z.infer<typeof Outage>;

export const LostAnswer = z.object({
  operation: z.string().min(1),
  count: z.number().int().positive().default(1),
});
/** The call is carried out, then the connection is cut before the answer. */
export type LostAnswer = z.input<typeof LostAnswer>;

export const HandEdit = z.object({
  what: z.enum(['comment', 'price-class', 'origin-path', 'enabled']),
  value: z.string().optional(),
  distributionId: z.string().optional(),
});
/** A change somebody else makes in the console while the bot is at work. */
export type HandEdit = z.infer<typeof HandEdit>;

export const AlarmSetting = z.object({
  name: z.string().min(1),
  /** `measured` lets the alarm follow its metric again; the other states hold until then. */
  state: z.union([AlarmState, z.literal('measured')]),
  /** CloudWatch's remark that the alarm could not be evaluated properly; absent takes it away. */
  evaluation: z.enum(['EVALUATION_ERROR', 'EVALUATION_FAILURE', 'PARTIAL_DATA']).optional(),
});
export type AlarmSetting = z.infer<typeof AlarmSetting>;

export const DelaysInForce = z.object({
  deploySeconds: z.number().nonnegative(),
  invalidationSeconds: z.number().nonnegative(),
  readStaleSeconds: z.number().nonnegative(),
  metricLagSeconds: z.number().nonnegative(),
});
export type DelaysInForce = z.infer<typeof DelaysInForce>;

export const Delays = DelaysInForce.partial();
/** Delays to change; the others stay. */
export type Delays = z.infer<typeof Delays>;

export const MetricStatus = z.enum(['Complete', 'PartialData', 'InternalError', 'Forbidden']);
/** What GetMetricData says about the completeness of its answers. */
export type MetricStatus = z.infer<typeof MetricStatus>;

export const Denial = z.object({ operation: z.string().min(1), on: z.boolean().default(true) });
/** AccessDenied for one operation, e.g. `UpdateDistribution`, until it is taken back. */
export type Denial = z.input<typeof Denial>;

/** One call as it arrived on the wire. */
export interface AwsCall {
  atMs: number;
  service: string;
  operation: string;
  /** What it was about, e.g. a distribution id. */
  subject?: string;
  /** Whose signature it carries. */
  accessKeyId?: string;
  status: number;
  /** `ok`, the vendor's error code, or `answer lost` (it was carried out). */
  result: string;
}

export interface DistributionState {
  id: string;
  url: string;
  status: 'InProgress' | 'Deployed';
  enabled: boolean;
  comment: string;
  priceClass: string;
  etag: string;
  lastModifiedMs: number;
  origins: { id: string; path: string }[];
  tags: Record<string, string>;
  /** What each edge location serves from now: configurations arrive at different times. */
  edges: { pop: string; etag: string; originPath: string; cached: number }[];
}

export interface InvalidationState {
  id: string;
  distributionId: string;
  callerReference: string;
  paths: string[];
  status: 'InProgress' | 'Completed';
  createdAtMs: number;
}

export interface AlarmView {
  name: string;
  kind: 'MetricAlarm' | 'CompositeAlarm';
  state: AlarmState;
  reason: string;
  updatedAtMs: number;
  transitionedAtMs: number;
  /** Held by hand rather than following its metric. */
  held: boolean;
}

/** One published minute of the site's traffic; a minute without an entry was not published. */
export interface MetricMinute {
  atMs: number;
  requests: number;
  errorRate4xx: number;
  errorRate5xx: number;
  originLatencyMs?: number;
}

export interface FailedVisit {
  atMs: number;
  path: string;
  pop: string;
  status: number;
  reason: string;
}

/** What a steady stream of visitors went through: the witness for "no request failed because of the switch". */
export interface ProbeReport {
  sinceMs: number;
  requests: number;
  failed: FailedVisit[];
}

export interface ReleaseOffer {
  version: string;
  title: string;
  /** What goes wrong with it, in a sentence; absent when it is good. */
  fault?: string;
}

export interface AwsState {
  nowMs: number;
  productionUrl: string;
  previewUrls: Record<Colour, string>;
  live: Colour;
  idle: Colour;
  colours: Record<Colour, { version: string; putAtMs: number }>;
  releases: ReleaseOffer[];
  distributions: DistributionState[];
  invalidations: InvalidationState[];
  alarms: AlarmView[];
  metrics: MetricMinute[];
  visitors: ProbeReport;
  faults: string[];
  delays: DelaysInForce;
}

export interface AwsControl {
  putRelease(push: ReleasePush): Promise<{ colour: Colour; version: string }>;
  idleColour(): Colour;
  liveColour(): Colour;
  state(): AwsState;
  throttle(fault: Throttle): void;
  down(fault: Outage): void;
  loseAnswer(fault: LostAnswer): void;
  editByHand(edit: HandEdit): { etag: string };
  setAlarm(setting: AlarmSetting): void;
  /** While on, CloudWatch publishes nothing about the site. */
  dropMetrics(on: boolean): void;
  setMetricStatus(status: MetricStatus): void;
  setDelays(delays: Delays): void;
  deny(fault: Denial): void;
  /** Takes back every fault, but neither releases, hand edits nor delays. */
  clearFaults(): void;
  calls(): readonly AwsCall[];
  clearCalls(): void;
  /** With `sinceMs`, only failures and requests from then on. */
  probeReport(sinceMs?: number): ProbeReport;
}

/** The same, as JSON in and out, for `POST /control/aws/<name>`. Throws a ZodError on a body it cannot read. */
export function awsControlRoutes(control: AwsControl): Record<string, (body: unknown) => Promise<unknown>> {
  const done = { ok: true };
  return {
    putRelease: async (body) => control.putRelease(ReleasePush.parse(body)),
    state: async () => control.state(),
    throttle: async (body) => {
      control.throttle(Throttle.parse(body));
      return done;
    },
    down: async (body) => {
      control.down(Outage.parse(body));
      return done;
    },
    loseAnswer: async (body) => {
      control.loseAnswer(LostAnswer.parse(body));
      return done;
    },
    editByHand: async (body) => control.editByHand(HandEdit.parse(body)),
    setAlarm: async (body) => {
      control.setAlarm(AlarmSetting.parse(body));
      return done;
    },
    dropMetrics: async (body) => {
      control.dropMetrics(z.object({ on: z.boolean() }).parse(body).on);
      return done;
    },
    setMetricStatus: async (body) => {
      control.setMetricStatus(z.object({ status: MetricStatus }).parse(body).status);
      return done;
    },
    setDelays: async (body) => {
      control.setDelays(Delays.parse(body));
      return done;
    },
    deny: async (body) => {
      control.deny(Denial.parse(body));
      return done;
    },
    clearFaults: async () => {
      control.clearFaults();
      return done;
    },
    calls: async () => control.calls(),
    clearCalls: async () => {
      control.clearCalls();
      return done;
    },
    probeReport: async (body) =>
      control.probeReport(z.object({ sinceMs: z.number().optional() }).parse(body ?? {}).sinceMs),
  };
}
