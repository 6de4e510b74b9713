import type { z } from 'zod';
import { AwsCheckConfig } from '../aws/checks/config.ts';
import { TargetConfig } from '../aws/targets/config.ts';
import { WorkflowGateSettings } from '../github/gate-config.ts';

type TargetKind = TargetConfig['kind'];
type CheckKind = AwsCheckConfig['kind'] | 'github-workflow';

/** Where a check may stand: before the change, right after it, or at every interval of the watch. */
export type CheckPlace = 'gates' | 'verify' | 'watch';

export interface CheckRules {
  readonly schema: z.ZodType;
  readonly title: string;
  readonly places: readonly CheckPlace[];
  /** Proves which release is there. */
  readonly essential: boolean;
  /** The setting that is the target's address unless the check gives its own; null where there is none. */
  readonly addressKey: string | null;
  /** Whether `addressKey` is the address of one page rather than of the whole site. */
  readonly isPage: boolean;
}

const targetSchemas = new Map<string, z.ZodType>(
  TargetConfig.options.map((option) => [option.shape.kind.value, option.shape.settings]),
);
const awsSchemas = new Map<string, z.ZodType>(
  AwsCheckConfig.options.map((option) => [option.shape.kind.value, option.shape.settings]),
);

const checkRules: Record<CheckKind, Omit<CheckRules, 'schema'>> = {
  'github-workflow': {
    title: 'GitHub workflow',
    places: ['gates'],
    essential: false,
    addressKey: null,
    isPage: false,
  },
  http: {
    title: 'Pages and assets answer',
    places: ['gates', 'verify', 'watch'],
    essential: false,
    addressKey: 'baseUrl',
    isPage: false,
  },
  'version-meta': {
    title: 'Production page shows the version',
    places: ['verify', 'watch'],
    essential: true,
    addressKey: 'url',
    isPage: true,
  },
  'cloudwatch-alarms': {
    title: 'CloudWatch alarms',
    places: ['gates', 'verify', 'watch'],
    essential: false,
    addressKey: null,
    isPage: false,
  },
  'cloudwatch-metrics': {
    title: 'CloudWatch metrics',
    places: ['gates', 'watch'],
    essential: false,
    addressKey: null,
    isPage: false,
  },
};

export const targetKinds: readonly string[] = [...targetSchemas.keys()];
export const checkKinds: readonly string[] = Object.keys(checkRules);

export function targetSchema(kind: string): z.ZodType | undefined {
  return targetSchemas.get(kind);
}

/** What is known of a kind of check; undefined for an unknown kind. */
export function rulesOfCheck(kind: string): CheckRules | undefined {
  const schema = kind === 'github-workflow' ? WorkflowGateSettings : awsSchemas.get(kind);
  const rules = isCheckKind(kind) ? checkRules[kind] : undefined;
  return schema === undefined || rules === undefined ? undefined : { schema, ...rules };
}

function isCheckKind(kind: string): kind is CheckKind {
  return Object.hasOwn(checkRules, kind);
}

/** What a target changes, for noticing two environments that change the same thing. */
export function resourceOf(target: TargetConfig): string {
  const kind: TargetKind = target.kind;
  switch (kind) {
    case 'cloudfront-blue-green':
      return `CloudFront distribution ${target.settings.distributionId}`;
  }
}
