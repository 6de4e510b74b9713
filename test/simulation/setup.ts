import type { Catalog, EnvironmentSettings } from '../../src/flows/desk.ts';
import type { CheckSpec, Definition } from '../../src/flows/promotion/plan.ts';
import type { Policy } from '../../src/flows/promotion/policy.ts';
import type { Person } from '../../src/flows/promotion/promotion.ts';
import type { Cloud, Site } from './cloud.ts';
import type { Tape } from './tape.ts';

/** The people of every history. */
export const people = {
  ada: { teamId: 'T1', userId: 'UADA' },
  grace: { teamId: 'T1', userId: 'UGRACE' },
  lin: { teamId: 'T1', userId: 'ULIN' },
  mia: { teamId: 'T1', userId: 'UMIA' },
  otto: { teamId: 'T1', userId: 'UOTTO' },
  olga: { teamId: 'T1', userId: 'UOLGA' },
  guest: { teamId: 'T1', userId: 'UGUEST' },
  nobody: { teamId: 'T1', userId: 'UNOBODY' },
} satisfies Record<string, Person>;

export const groups: Readonly<Record<string, readonly string[]>> = {
  SAPPROVE: ['UGRACE', 'ULIN', 'UMIA', 'UADA'],
  SONCALL: ['UOTTO', 'UOLGA'],
};

export type AppName = 'site' | 'shop' | 'worker';

/** Short, so that a history is: what is long in real life is only time. */
export function drawPolicy(tape: Tape, app: AppName, brief = false): Policy {
  const onCallNamed = tape.draw(2) === 1;
  return {
    promoters: 'members',
    approvals: {
      required: tape.draw(3) === 2 ? 1 : 2,
      from: { people: [], groups: ['SAPPROVE'] },
      expiresAfterSeconds: [900, 300, 120][tape.draw(3)] ?? 900,
      waitSeconds: [20, 0, 60][tape.draw(3)] ?? 20,
    },
    rollback: {
      approvals: tape.draw(6) === 5 ? 1 : 0,
      from: tape.draw(2) === 0 ? 'members' : { people: [], groups: ['SAPPROVE'] },
    },
    verification: { probes: brief ? 1 : 2, intervalSeconds: 10, graceSeconds: [60, 200][tape.draw(2)] ?? 60 },
    monitoring: {
      soakSeconds: [50, 50, 130][tape.draw(3)] ?? 50,
      intervalSeconds: 60,
      unhealthyReadings: 1 + tape.draw(2),
      patienceSeconds: 60,
      answerWithinSeconds: 120,
      withoutAnswer: tape.draw(2) === 0 ? 'roll-back' : 'continue',
    },
    troubleLimitSeconds: 600,
    onCall: {
      people: onCallNamed ? ['UOTTO', 'UOLGA'] : [],
      groups: ['SONCALL'],
      channel: tape.draw(2) === 0 ? 'CONCALL' : null,
    },
    channel: `C${app.toUpperCase()}`,
  };
}

const check = (id: string, kind: string, settings: CheckSpec['settings'] = {}): CheckSpec => ({
  id,
  kind,
  title: id,
  essential: id === 'version',
  settings,
});

function siteDefinition(cloud: Cloud, site: Site): Definition {
  const metric = { namespace: 'AWS/CloudFront', dimensions: { Site: site.name } };
  return {
    repository: 'northwind/site',
    target: {
      kind: 'cloudfront-blue-green',
      settings: {
        distributionId: cloud.distributionId,
        originIds: [site.originId],
        colours: { blue: site.colours.blue.path, green: site.colours.green.path },
        url: site.url,
        previews: { ...site.previews },
      },
    },
    gates: [],
    checks: [check('version', 'version-meta', { url: site.url })],
    readings: [
      check('alarm', 'cloudwatch-alarms', { names: [site.alarm] }),
      check('errors', 'cloudwatch-metrics', {
        metrics: [
          {
            id: 'errors',
            title: 'Errors',
            metric: '5xxErrorRate',
            stat: 'Average',
            limit: { above: 5 },
            ...metric,
          },
        ],
        requests: { metric: 'Requests', ...metric },
        lagSeconds: 0,
        windowMinutes: 1,
      }),
    ],
  };
}

const serviceDefinition: Definition = {
  repository: null,
  target: { kind: 'simulated-service', settings: {} },
  gates: [],
  checks: [check('version', 'service-version')],
  readings: [check('health', 'service-health')],
};

export interface Configuration {
  readonly catalog: Catalog;
  /** Apps that the configuration has lost. */
  readonly vanished: Set<string>;
  /** Whether it has ever lost one. */
  reconfigured: boolean;
  settings(app: AppName): EnvironmentSettings;
}

export function createConfiguration(cloud: Cloud, policyOf: (app: AppName) => Policy): Configuration {
  const environment = 'production';
  const settings = new Map<string, EnvironmentSettings>();
  const add = (app: AppName, definition: Definition) =>
    settings.set(app, { app, environment, definition, policy: policyOf(app) });
  for (const site of cloud.sites) add(site.name as AppName, siteDefinition(cloud, site));
  add('worker', serviceDefinition);
  const vanished = new Set<string>();
  const find = (app: string) => (vanished.has(app) ? undefined : settings.get(app));
  return {
    vanished,
    reconfigured: false,
    settings(app) {
      const found = settings.get(app);
      if (found === undefined) throw new Error(`no such app: ${app}`);
      return found;
    },
    catalog: {
      apps: [...settings.keys()].map((app) => ({ app, environments: [environment] })),
      find: (app, named) => (named === environment ? find(app) : undefined),
      defaultEnvironment: () => environment,
    },
  };
}
