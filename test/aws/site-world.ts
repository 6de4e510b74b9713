import { createFetchPage } from '../../src/aws/checks/page.ts';
import { type AwsClients, createAwsClients } from '../../src/aws/clients.ts';
import { coloursOf, readColour } from '../../src/aws/targets/cloudfront/colour.ts';
import { CloudFrontBlueGreen } from '../../src/aws/targets/cloudfront/config.ts';
import { createTargets } from '../../src/aws/targets/index.ts';
import type { AnalysisRequest, LiveRecord, Observation, StepContext, Target } from '../../src/flows/ports.ts';
import type { Analysis, Definition, Step } from '../../src/flows/promotion/plan.ts';
import type { StepClaim } from '../../src/flows/promotion/promotion.ts';
import { siteDistributionId } from '../../workspace/aws/cloudfront/seed.ts';
import { type AwsStandIn, type AwsStandInOptions, createAwsStandIn } from '../../workspace/aws/index.ts';
import { createWorkspaceClock, type WorkspaceClock } from '../../workspace/clock.ts';

const testCredentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not-a-secret' };

/** Points the SDK at an address by the variable that real users have too. */
export function clientsFor(url: string): AwsClients {
  process.env['AWS_ENDPOINT_URL'] = url;
  return createAwsClients({ credentials: testCredentials });
}

export interface SiteWorld {
  readonly clock: WorkspaceClock;
  readonly aws: AwsStandIn;
  readonly clients: AwsClients;
  readonly target: Target;
  readonly definition: Definition;
  /** Another definition of the same site. */
  define(settings?: Record<string, unknown>): Definition;
  request(about?: Partial<AnalysisRequest>): AnalysisRequest;
  /** Throws when the analysis is refused. */
  analyze(about?: Partial<AnalysisRequest>): Promise<Analysis>;
  observe(step: Step, about?: Partial<StepContext>): Promise<Observation>;
  act(
    step: Step,
    claim: StepClaim,
    direction?: StepContext['direction'],
  ): Promise<{ reference: string | null }>;
  claim(step: Step, precondition: string | null, about?: Partial<StepClaim>): StepClaim;
  /** One call for each operation that reached AWS. */
  operations(): string[];
  seconds(count: number): Promise<void>;
}

export const startMs = Date.UTC(2026, 2, 3, 4, 0, 0);

/** The pretend AWS account with v1.0.0 live in blue, and the real code pointed at it. */
export async function createSiteWorld(
  options: Partial<AwsStandInOptions> & {
    settings?: Record<string, unknown>;
    beginMs?: number;
    /** Another AWS than the stand-in, which then only serves the pages. */
    endpoint?: string;
    /** Origins of the distribution that environments of the configuration switch. */
    switchedOrigins?: readonly string[];
  } = {},
): Promise<SiteWorld & AsyncDisposable> {
  const { settings: given = {}, beginMs = startMs, endpoint, switchedOrigins = [], ...standIn } = options;
  const clock = createWorkspaceClock({ startMs: beginMs, speed: 0 });
  const aws = await createAwsStandIn({
    clock,
    versions: { blue: 'v1.0.0', green: 'v1.1.0' },
    warmUpMinutes: 0,
    ...standIn,
  });
  const clients = clientsFor(endpoint ?? aws.apiUrl);
  const targets = createTargets({
    clients,
    fetchPage: createFetchPage(),
    switchedOrigins: () => switchedOrigins,
  });
  const define = (settings: Record<string, unknown> = {}): Definition => ({
    repository: null,
    target: {
      kind: 'cloudfront-blue-green',
      settings: JSON.parse(
        JSON.stringify({
          distributionId: siteDistributionId,
          url: aws.productionUrl,
          previews: { blue: aws.previewUrl('blue'), green: aws.previewUrl('green') },
          ...given,
          ...settings,
        }),
      ),
    },
    gates: [],
    checks: [],
    readings: [],
  });
  const definition = define();
  const target = targets(definition);
  const request = (about: Partial<AnalysisRequest> = {}): AnalysisRequest => ({
    kind: 'promotion',
    promotionId: '01JTEST',
    app: 'lamps',
    environment: 'production',
    definition,
    version: 'v1.1.0',
    commit: null,
    history: [],
    nowMs: clock.nowMs(),
    ...about,
  });
  /** Both colours as releases that were good in production. */
  const heldInBothColours = async (): Promise<LiveRecord[]> => {
    const settings = CloudFrontBlueGreen.parse(definition.target.settings);
    const contents = await Promise.all(
      coloursOf(settings).map((colour) => readColour(createFetchPage(), settings, colour, 'test')),
    );
    return contents.flatMap((content) =>
      content.outcome === 'held'
        ? [
            {
              app: 'lamps',
              environment: 'production',
              version: content.version,
              artifact: content.artifact,
              promotionId: 'p0',
              atMs: 0,
              replaced: null,
            },
          ]
        : [],
    );
  };
  const context = (step: Step, about: Partial<StepContext>): StepContext => ({
    promotionId: '01JTEST',
    tookOverFrom: null,
    step,
    direction: 'forward',
    claim: null,
    seenDone: false,
    startedAtMs: clock.nowMs(),
    nowMs: clock.nowMs(),
    ...about,
  });
  return {
    clock,
    aws,
    clients,
    target,
    definition,
    define,
    request,
    analyze: async (about) => {
      const history = about?.history ?? (about?.kind === 'rollback' ? await heldInBothColours() : []);
      const analyzed = await target.analyze(request({ ...about, history }));
      if (analyzed.outcome === 'refused')
        throw new Error(`${analyzed.refusal.code}: ${analyzed.refusal.text}`);
      return analyzed.analysis;
    },
    observe: (step, about = {}) => target.observe(definition, context(step, about)),
    act: (step, claim, direction = 'forward') => target.act(definition, context(step, { claim, direction })),
    claim: (step, precondition, about = {}) => ({
      key: `01JTEST#${step.id}`,
      attempt: 1,
      precondition,
      reference: null,
      claimedAtMs: clock.nowMs(),
      retryAtMs: clock.nowMs() + 30_000,
      ...about,
    }),
    operations: () => aws.control.calls().map((call) => call.operation),
    seconds: (count) => clock.advance(count * 1000),
    async [Symbol.asyncDispose]() {
      for (const client of [clients.cloudFrontReads, clients.cloudFrontWrites]) client.destroy();
      clock.close();
      await aws.close();
    },
  };
}

/** The step with this id, forward or back. */
export function stepOf(analysis: Analysis, id: string): Step {
  const steps = [...analysis.steps, ...analysis.rollback.map((each) => each.step)];
  const found = steps.find((step) => step.id === id);
  if (found === undefined) throw new Error(`The plan has no step ${id}.`);
  return found;
}

/** What an act would be conditional on. Throws when the observation is another one. */
export function preconditionOf(observation: Observation): string | null {
  if (observation.outcome === 'before') return observation.precondition;
  throw new Error(`Expected "before", observed ${JSON.stringify(observation)}.`);
}
