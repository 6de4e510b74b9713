import { z } from 'zod';
import type { Policy } from '../flows/promotion/policy.ts';

const hour = 3600;
const day = 24 * hour;

/** Words that `/promote` and `/rollback` take for themselves (ALL-1). */
const commandWords = ['help', 'status', 'plan', 'history', 'freeze', 'unfreeze', 'lock', 'unlock'];

/** Names are typed into Slack by hand, so they are short, in lower case and never a command. */
const Name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be a name of up to 32 lower-case letters, digits and dashes')
  .refine((name) => !commandWords.includes(name), {
    message: 'is a word that /promote takes for itself; choose another name',
  });

/** Ids as Slack gives them; names are refused, since they change and more than one person may carry them. */
function slackId(letters: string, what: string, where: string) {
  const form = new RegExp(`^[${letters}][A-Z0-9]{4,20}$`);
  const beginning = [...letters].map((letter) => `${letter}…`).join(' or ');
  return z.string().superRefine((text, context) => {
    if (form.test(text)) return;
    const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);
    const reason = form.test(text.toUpperCase())
      ? 'Slack ids are written in capitals'
      : `write ${what} id (${beginning}): ${where}`;
    context.addIssue({ code: 'custom', params: { code: 'slack-id' }, message: `is ${shown}; ${reason}` });
  });
}

const PersonId = slackId('UW', "the member's", 'in Slack, open the profile, then ⋮, then Copy member ID');
const GroupId = slackId(
  'S',
  "the user group's",
  'in Slack, People, User groups, open it, then ⋮, then Copy group ID',
);
const ChannelId = slackId(
  'CG',
  "the channel's",
  "in Slack, click the channel's name; the id is at the end of About",
);

/** A person counted twice could make one signature look like two. */
function eachOnce(id: z.ZodType<string>) {
  return z
    .array(id)
    .max(200)
    .superRefine((ids, context) => {
      ids.forEach((each, index) => {
        if (ids.indexOf(each) === index) return;
        context.addIssue({
          code: 'custom',
          path: [index],
          params: { code: 'repeated' },
          message: `names ${each} a second time`,
        });
      });
    })
    .default([]);
}

/** Source: IAM user guide, IAM identifiers: partition, account, path and a name of up to 64 characters. */
const roleArn = /^arn:aws(-[a-z]+)*:iam::\d{12}:role(\/[\w+=,.@-]{1,128})*\/[\w+=,.@-]{1,64}$/;

const audience = { people: eachOnce(PersonId), groups: eachOnce(GroupId) };
const Who = z.union([z.literal('members'), z.strictObject(audience)]);

/** A gate, a check or a reading; what else it takes depends on its kind. */
const CheckEntry = z.looseObject({
  kind: z.string(),
  /** Tells two checks of one kind apart on the card and in the audit. */
  id: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be a name of up to 40 lower-case letters, digits and dashes')
    .optional(),
  title: z.string().min(1).max(80).optional(),
});
export const checkKeys = ['kind', 'id', 'title'];

/**
 * One environment as a person writes it. Where a key here ends in a unit the file gives the unit with the value:
 * `soakSeconds` is written `soak: 15m`.
 */
export const Environment = z.strictObject({
  /** Where promotions of this environment are shown. */
  channel: ChannelId,
  /** Who is called when something goes wrong (ALL-9). */
  onCall: z.strictObject({ ...audience, channel: ChannelId.optional() }),
  /** Who may ask for a promotion; `members` is every full member of the workspace. */
  promoters: Who,
  approvals: z
    .strictObject({
      ...audience,
      required: z.int().min(0).max(10).default(2),
      expiresAfterSeconds: z
        .int()
        .min(60)
        .max(30 * day)
        .default(48 * hour),
      waitTimerSeconds: z.int().min(0).max(day).default(300),
    })
    .prefault({}),
  rollback: z
    .strictObject({
      approvals: z.int().min(0).max(10).default(0),
      /** Whoever may promote, unless told. */
      by: Who.optional(),
    })
    .prefault({}),
  /** The AWS role that is taken for this environment; left out, the bot's own credentials serve. */
  role: z
    .string()
    .regex(roleArn, 'must be the ARN of an IAM role, such as arn:aws:iam::123456789012:role/countersign-site')
    .optional(),
  target: z.looseObject({ kind: z.string() }),
  gates: z.array(CheckEntry).max(20).default([]),
  verify: z.strictObject({
    probes: z.int().min(1).max(20).default(5),
    intervalSeconds: z.int().min(1).max(hour).default(10),
    graceSeconds: z.int().min(0).max(hour).default(60),
    checks: z.array(CheckEntry).min(1).max(20),
  }),
  watch: z.strictObject({
    soakSeconds: z.int().min(0).max(day).default(900),
    intervalSeconds: z.int().min(5).max(hour).default(60),
    unhealthyReadings: z.int().min(1).max(20).default(2),
    patienceSeconds: z.int().min(0).max(day).default(300),
    answerWithinSeconds: z.int().min(30).max(day).default(600),
    withoutAnswer: z.enum(['roll-back', 'continue']).default('roll-back'),
    readings: z.array(CheckEntry).max(20),
  }),
  /** How long an unreachable service may hold up what comes before the change. */
  troubleLimitSeconds: z.int().min(60).max(day).default(1800),
});
type Environment = z.infer<typeof Environment>;

/** `pipeline.yml` once its defaults are put under every environment. */
export const PipelineFile = z.strictObject({
  version: z.literal(1),
  apps: z.record(
    Name,
    z.strictObject({
      repository: z
        .string()
        .regex(/^[\w.-]{1,39}\/[\w.-]{1,100}$/, 'must be owner/name, such as northwind/site')
        .optional(),
      environments: z.record(Name, Environment),
    }),
  ),
});

/** The rules of one environment as they are pinned when a promotion is requested. */
export function policyOf(environment: Environment): Policy {
  const { channel, onCall, promoters, approvals, rollback, verify, watch } = environment;
  return {
    promoters,
    approvals: {
      required: approvals.required,
      from: { people: approvals.people, groups: approvals.groups },
      expiresAfterSeconds: approvals.expiresAfterSeconds,
      waitSeconds: approvals.waitTimerSeconds,
    },
    rollback: { approvals: rollback.approvals, from: rollback.by ?? promoters },
    verification: {
      probes: verify.probes,
      intervalSeconds: verify.intervalSeconds,
      graceSeconds: verify.graceSeconds,
    },
    monitoring: {
      soakSeconds: watch.soakSeconds,
      intervalSeconds: watch.intervalSeconds,
      unhealthyReadings: watch.unhealthyReadings,
      patienceSeconds: watch.patienceSeconds,
      answerWithinSeconds: watch.answerWithinSeconds,
      withoutAnswer: watch.withoutAnswer,
    },
    troubleLimitSeconds: environment.troubleLimitSeconds,
    onCall: { people: onCall.people, groups: onCall.groups, channel: onCall.channel ?? null },
    channel,
  };
}
