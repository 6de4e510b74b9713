import { z } from 'zod';
import { CloudFrontBlueGreen } from './cloudfront/config.ts';

/** Every kind of target there is, as a definition names it. Free of the SDK, for who only reads configuration. */
export const TargetConfig = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('cloudfront-blue-green'), settings: CloudFrontBlueGreen }),
]);
export type TargetConfig = z.infer<typeof TargetConfig>;
