import { MisconfiguredError } from '../../flows/errors.ts';
import type { CheckContext, Checks } from '../../flows/ports.ts';
import type { AwsClients } from '../clients.ts';
import { runCloudWatchAlarmsCheck } from './cloudwatch-alarms.ts';
import { runCloudWatchMetricsCheck } from './cloudwatch-metrics.ts';
import { AwsCheckConfig } from './config.ts';
import type { Finding } from './finding.ts';
import { runHttpCheck } from './http.ts';
import type { FetchPage } from './page.ts';
import { runVersionMetaCheck } from './version-meta.ts';

export interface AwsChecksDeps {
  readonly clients: AwsClients;
  readonly fetchPage: FetchPage;
}

export const isAlarm: Checks['isAlarm'] = ({ kind }) =>
  kind === ('cloudwatch-alarms' satisfies AwsCheckConfig['kind']);

/** Runs the kinds of check in `AwsCheckConfig`. Throws MisconfiguredError for any other and for settings it cannot read. */
export function createAwsChecks(deps: AwsChecksDeps): Checks {
  return {
    isAlarm,
    run: async (spec, context) => {
      const config = AwsCheckConfig.safeParse({ kind: spec.kind, settings: spec.settings });
      if (!config.success) {
        throw new MisconfiguredError('check.settings-invalid', `Check ${spec.id} cannot be read.`, {
          data: {
            check: spec.id,
            problems: config.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`),
          },
        });
      }
      return { id: spec.id, title: spec.title, ...(await run(deps, config.data, context)) };
    },
  };
}

function run(
  { clients, fetchPage }: AwsChecksDeps,
  config: AwsCheckConfig,
  context: CheckContext,
): Promise<Finding> {
  switch (config.kind) {
    case 'http':
      return runHttpCheck(fetchPage, config.settings, context);
    case 'version-meta':
      return runVersionMetaCheck(fetchPage, config.settings, context);
    case 'cloudwatch-alarms':
      return runCloudWatchAlarmsCheck(clients, config.settings, context);
    case 'cloudwatch-metrics':
      return runCloudWatchMetricsCheck(clients, config.settings, context);
    default:
      return assertNever(config);
  }
}

function assertNever(config: never): never {
  throw new MisconfiguredError('check.kind-unknown', 'There is no such check.', { data: { config } });
}
