import type { Catalog } from '../../src/flows/desk.ts';
import { policy } from './promotions.ts';

const apps = [
  { app: 'site', environments: ['staging', 'production'] },
  { app: 'shop', environments: ['development', 'production'] },
];

export const catalog: Catalog = {
  apps,
  find: (app, environment) =>
    apps.some((entry) => entry.app === app && entry.environments.includes(environment))
      ? {
          app,
          environment,
          policy,
          definition: {
            repository: 'lamps/site',
            target: { kind: 'cloudfront', settings: {} },
            gates: [],
            checks: [],
            readings: [],
          },
        }
      : undefined,
  defaultEnvironment: (app) => apps.find((entry) => entry.app === app)?.environments.at(-1),
};
