import { MisconfiguredError } from '../../flows/errors.ts';
import type { Target } from '../../flows/ports.ts';
import type { Definition } from '../../flows/promotion/plan.ts';
import type { SiteDeps } from './cloudfront/analyze.ts';
import { createCloudFrontBlueGreen } from './cloudfront/index.ts';
import { TargetConfig } from './config.ts';

export type TargetDeps = SiteDeps;

/** Finds the target that a definition names. Throws MisconfiguredError where there is none or its settings are wrong. */
export function createTargets(deps: TargetDeps): (definition: Definition) => Target {
  const cloudFrontBlueGreen = createCloudFrontBlueGreen(deps);
  return (definition) => {
    const config = TargetConfig.safeParse(definition.target);
    if (!config.success) {
      throw new MisconfiguredError('target.settings-invalid', "The environment's target cannot be read.", {
        data: { problems: config.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) },
      });
    }
    switch (config.data.kind) {
      case 'cloudfront-blue-green':
        return cloudFrontBlueGreen;
      default:
        return assertNever(config.data.kind);
    }
  };
}

function assertNever(kind: never): never {
  throw new MisconfiguredError('target.kind-unknown', `There is no target of kind ${String(kind)}.`);
}
