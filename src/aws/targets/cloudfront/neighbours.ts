import type { Catalog } from '../../../flows/desk.ts';
import { TargetConfig } from '../config.ts';

/** Which origins of a distribution the environments of this configuration switch, each app its own. */
export function switchedOriginsIn(
  catalog: Pick<Catalog, 'apps' | 'find'>,
): (distributionId: string) => readonly string[] {
  return (distributionId) =>
    catalog.apps.flatMap(({ app, environments }) =>
      environments.flatMap((environment) => {
        const target = TargetConfig.safeParse(catalog.find(app, environment)?.definition.target);
        if (!target.success || target.data.settings.distributionId !== distributionId) return [];
        return target.data.settings.originIds ?? [];
      }),
    );
}
