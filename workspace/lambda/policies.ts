import { z } from 'zod';

const OneOrMore = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

const Statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: OneOrMore,
  Resource: OneOrMore,
  Condition: z.record(z.string(), z.record(z.string(), OneOrMore)).optional(),
});

export const PolicyDocument = z.object({ Version: z.literal('2012-10-17'), Statement: z.array(Statement) });
export type PolicyDocument = z.infer<typeof PolicyDocument>;

/** Who may become a role. */
export const TrustDocument = z.object({
  Version: z.literal('2012-10-17'),
  Statement: z.array(
    Statement.omit({ Resource: true }).extend({ Principal: z.strictObject({ AWS: OneOrMore }) }),
  ),
});
export type TrustDocument = z.infer<typeof TrustDocument>;

/** One thing that a call does, as IAM sees it. */
export interface Deed {
  readonly action: string;
  readonly resource: string;
  /** What conditions can ask about: `aws:RequestedRegion`, `aws:PrincipalTag/…`. */
  readonly context?: Readonly<Record<string, string>>;
}

/**
 * Whether identity policies allow a deed: something allows it and nothing denies it (IAM user guide, "Policy evaluation
 * logic"). Conditions other than StringEquals and StringLike hold for nothing, so that what is not modelled refuses; of
 * a key with several values a deed has one.
 */
export function isAllowed(policies: readonly PolicyDocument[], deed: Deed): boolean {
  const meant = policies
    .flatMap(({ Statement: statements }) => statements)
    .filter(
      ({ Action, Resource, Condition }) =>
        Action.some((pattern) => isLike(pattern.toLowerCase(), deed.action.toLowerCase())) &&
        Resource.some((pattern) => isLike(pattern, deed.resource)) &&
        holds(Condition ?? {}, deed.context ?? {}),
    );
  return meant.length > 0 && meant.every(({ Effect }) => Effect === 'Allow');
}

/** Whether a trust document lets this caller begin a session with these tags. Tagging is a permission of its own. */
export function isTrusted(
  trust: TrustDocument,
  caller: { readonly arn: string; readonly tags: Readonly<Record<string, string>> },
): boolean {
  const policy: PolicyDocument = {
    Version: trust.Version,
    Statement: trust.Statement.filter(({ Principal }) => Principal.AWS.includes(caller.arn)).map(
      ({ Principal: _, ...statement }) => ({ ...statement, Resource: ['*'] }),
    ),
  };
  const context = Object.fromEntries(
    Object.entries(caller.tags).map(([key, value]) => [`aws:RequestTag/${key}`, value]),
  );
  const actions = ['sts:AssumeRole', ...(Object.keys(caller.tags).length > 0 ? ['sts:TagSession'] : [])];
  return actions.every((action) => isAllowed([policy], { action, resource: '*', context }));
}

function holds(
  conditions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>,
  context: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(conditions).every(([operator, wanted]) =>
    Object.entries(wanted).every(([key, patterns]) => {
      const value = context[key];
      if (value === undefined) return false;
      if (operator === 'StringEquals') return patterns.includes(value);
      const isLikeOne = patterns.some((pattern) => isLike(pattern, value));
      return (operator === 'StringLike' || operator === 'ForAllValues:StringLike') && isLikeOne;
    }),
  );
}

function isLike(pattern: string, value: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 's').test(value);
}
