import { z } from 'zod';
import { SavedDistribution } from './cloudfront/distributions.ts';
import { Invalidation } from './cloudfront/invalidations.ts';
import { SavedAlarms } from './cloudwatch/alarms.ts';
import { SavedMetrics } from './cloudwatch/metrics.ts';
import { DelaysInForce } from './control.ts';

const SavedColour = z.object({ version: z.string(), putAtMs: z.number() });

/** What outlives a restart of the workspace. Edge caches do not: edges forget, too. Neither do faults. */
export const SavedAwsState = z.object({
  savedAtMs: z.number(),
  colours: z.object({ blue: SavedColour, green: SavedColour }),
  distributions: z.array(SavedDistribution),
  invalidations: z.array(Invalidation),
  alarms: SavedAlarms,
  metrics: SavedMetrics,
  delays: DelaysInForce,
});
export type SavedAwsState = z.infer<typeof SavedAwsState>;
