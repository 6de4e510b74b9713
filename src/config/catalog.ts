import type { Catalog, EnvironmentSettings } from '../flows/desk.ts';

/** The configuration in the flows' own terms; apps and environments in the order of the file. */
export interface Pipeline {
  readonly apps: readonly { readonly app: string; readonly environments: readonly EnvironmentSettings[] }[];
}

/** What the flows look up by name. */
export function createCatalog(pipeline: Pipeline): Catalog {
  const environmentsOf = (app: string) => pipeline.apps.find((entry) => entry.app === app)?.environments;
  return {
    apps: pipeline.apps.map(({ app, environments }) => ({
      app,
      environments: environments.map(({ environment }) => environment),
    })),
    find: (app, environment) => environmentsOf(app)?.find((entry) => entry.environment === environment),
    defaultEnvironment: (app) => environmentsOf(app)?.at(-1)?.environment,
  };
}
