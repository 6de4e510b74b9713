import { z } from 'zod';

const Path = z.string().regex(/^\/\S*$/, 'must begin with a slash and hold no blanks');

/** CloudFront wants an origin path to begin with a slash and not to end with one (CloudFront developer guide). */
const OriginPath = z
  .string()
  .max(255)
  .regex(/^(\/[^/\s?#]+)+$/, 'must begin with a slash, must not end with one');

const Colour = z.string().regex(/^[a-z][a-z0-9-]{0,19}$/, 'lower-case letters, digits and dashes');

const BaseUrl = z.url({ protocol: /^https?$/ }).refine((text) => !/[?#]/.test(text), {
  message: 'must not carry a query or a fragment',
});

/** A static site with two colours under one CloudFront distribution, switched by the origin path. */
export const CloudFrontBlueGreen = z
  .strictObject({
    distributionId: z.string().regex(/^[A-Z0-9]{5,32}$/),
    /** Which origins are switched, all in one update; needed as soon as there are two or more. */
    originIds: z.array(z.string().min(1).max(128)).min(1).max(10).optional(),
    /** The two colours by name, each with the origin path under which it lies. */
    colours: z.record(Colour, OriginPath).default({ blue: '/blue', green: '/green' }),
    /** Where visitors find production. */
    url: BaseUrl,
    /** Where each colour can be seen without going through production's cache. */
    previews: z.record(Colour, BaseUrl),
    /** Pages that must answer on the candidate's preview. */
    pages: z.array(Path).min(1).max(10).default(['/']),
    /** The page that carries the `deployment-version` meta. */
    versionPage: Path.default('/'),
    /** Whether the switch leaves a mark in the distribution's comment, by which ours is told from somebody else's. */
    marker: z.boolean().default(true),
    /** `accept` only where the tool that owns the distribution was told to leave its origin path alone. */
    otherTools: z.enum(['refuse', 'accept']).default('refuse'),
    /** How long CloudFront may take to deliver a configuration; usually minutes, seldom 20 and more. */
    deployDeadlineSeconds: z.int().min(60).max(7200).default(1500),
    invalidationDeadlineSeconds: z.int().min(60).max(7200).default(900),
  })
  .superRefine((settings, context) => {
    const colours = Object.keys(settings.colours);
    if (colours.length !== 2 || new Set(Object.values(settings.colours)).size !== 2) {
      context.addIssue({
        code: 'custom',
        path: ['colours'],
        message: 'must name exactly two colours with different paths',
      });
    }
    if (Object.keys(settings.previews).sort().join() !== colours.sort().join()) {
      context.addIssue({
        code: 'custom',
        path: ['previews'],
        message: 'must give one address for each colour and for nothing else',
      });
    }
  });
export type CloudFrontBlueGreen = z.infer<typeof CloudFrontBlueGreen>;

const switched = {
  originIds: z.array(z.string()),
  /** Origins that other apps of the distribution switch, where there are any: their paths may move at any time. */
  neighbours: z.array(z.string()).exactOptional(),
};

/** Settings of the step that moves the origin path, there or back. */
export const SwitchSettings = z.strictObject({
  action: z.literal('switch'),
  distributionId: z.string(),
  ...switched,
  from: z.string(),
  to: z.string(),
  /** For the comment: what is live once the step is done. */
  colour: z.string(),
  version: z.string(),
  /** What the colour that it goes to held when the plan was made; not in the oldest plans. */
  artifact: z.string().exactOptional(),
  marker: z.boolean(),
  fingerprint: z.string(),
  /** The configuration in short, so that a foreign change can be named. */
  sketch: z.record(z.string(), z.string()),
});
export type SwitchSettings = z.infer<typeof SwitchSettings>;

const SettleSettings = z.strictObject({
  action: z.literal('settle'),
  distributionId: z.string(),
  ...switched,
  from: z.string(),
  to: z.string(),
  fingerprint: z.string(),
});
export type SettleSettings = z.infer<typeof SettleSettings>;

const InvalidateSettings = z.strictObject({
  action: z.literal('invalidate'),
  distributionId: z.string(),
  paths: z.array(z.string()),
  /** False where the step is done as soon as CloudFront has taken the order. */
  await: z.boolean(),
});
export type InvalidateSettings = z.infer<typeof InvalidateSettings>;

/** What each step of this target's plans carries; parsed again when the step is looked at. */
export const StepSettings = z.discriminatedUnion('action', [
  SwitchSettings,
  SettleSettings,
  InvalidateSettings,
]);
export type StepSettings = z.infer<typeof StepSettings>;
