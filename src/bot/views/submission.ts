import { z } from 'zod';
import type { DecideAnswer, OpenAnswer, OpenRequest } from '../../flows/desk.ts';
import type { PromotionEvent } from '../../flows/promotion/events.ts';
import type { PersonClaim } from '../../flows/promotion/promotion.ts';
import type { Refusal } from '../../flows/promotion/refusal.ts';
import { acceptedText, Clicker, idOf, isStranger } from '../actions/click.ts';
import { isVersion, reasonLimit } from '../command.ts';
import { strangers } from '../commands/run.ts';
import type { Delivery } from '../delivery.ts';
import type { Fields } from '../gate.ts';
import { openAnswer } from '../messages/answers.ts';
import { formIds, inputIds, resultView } from '../messages/modal.ts';
import { clean, echo, plain } from '../messages/text.ts';
import type { BotParts } from '../parts.ts';
import type { Reply } from '../reply.ts';

const Value = z.object({
  value: z.string().nullable().optional(),
  selected_option: z.object({ value: z.string() }).nullable().optional(),
});

const Submission = z.object({
  user: Clicker,
  view: z.object({
    id: z.string(),
    hash: z.string(),
    callback_id: z.string(),
    private_metadata: z.string().optional().default(''),
    state: z.object({ values: z.record(z.string(), z.record(z.string(), Value)) }),
  }),
});
type Submission = z.infer<typeof Submission>;

const Carried = z.strictObject({
  promotionId: z.string().min(1).max(100),
  round: z.int().min(0),
  digest: z.string(),
  questionId: z.string().nullable(),
});

/** A form that was sent in: asks the desk, and shows its answer in the form itself. */
export async function handleSubmission(parts: BotParts, body: Fields, delivery: Delivery): Promise<Reply> {
  const submission = Submission.parse(body);
  const inputs = inputsOf(submission);
  if (isStranger(body, parts.teamId)) return wrong(inputIds.reason, strangers);
  switch (submission.view.callback_id) {
    case formIds.promote:
      return request(parts, 'promotion', submission, inputs, delivery);
    case formIds.rollBack:
      return request(parts, 'rollback', submission, inputs, delivery);
    case formIds.reject:
      return decide(parts, 'reject', submission, inputs, delivery);
    case formIds.resolve:
      return decide(parts, 'resolve', submission, inputs, delivery);
    default:
      parts.log.warn({}, 'form is not one of ours');
      return {};
  }
}

interface Inputs {
  readonly where: string | undefined;
  readonly version: string | undefined;
  readonly reason: string | undefined;
}

function inputsOf({ view }: Submission): Inputs {
  const text = (blockId: string) => {
    const input = view.state.values[blockId]?.[inputIds.value];
    const value = (input?.selected_option?.value ?? input?.value ?? '').trim();
    return value === '' ? undefined : value;
  };
  return { where: text(inputIds.where), version: text(inputIds.version), reason: text(inputIds.reason) };
}

const errorLimit = 300;

function errors(all: Readonly<Record<string, string>>): Reply {
  const cutErrors = Object.entries(all).map(([blockId, text]) => [blockId, plain(text, errorLimit)]);
  return { ack: { response_action: 'errors', errors: Object.fromEntries(cutErrors) } };
}

const wrong = (blockId: string, refused: Refusal) => errors({ [blockId]: `${refused.text} ${refused.next}` });

const shows = (title: string, text: readonly string[]): Reply => ({
  ack: { response_action: 'update', view: resultView(title, text) },
});

async function request(
  parts: BotParts,
  kind: 'promotion' | 'rollback',
  { user, view }: Submission,
  inputs: Inputs,
  delivery: Delivery,
): Promise<Reply> {
  const [app, environment, ...more] = (inputs.where ?? '').split(' ');
  const { version = null, reason = null } = inputs;
  const found: Record<string, string> = {};
  const known = app !== undefined && environment !== undefined && more.length === 0;
  if (!known || parts.catalog.find(app, environment) === undefined) {
    found[inputIds.where] = 'Choose an app and environment that are configured.';
  }
  if (version === null ? kind === 'promotion' : !isVersion(version)) {
    found[inputIds.version] =
      version === null ? 'Name the version.' : `${echo(version)} cannot be a version. Write it like v1.4.2.`;
  }
  if (reason !== null && reason.length > reasonLimit)
    found[inputIds.reason] = `At most ${reasonLimit} characters.`;
  if (!known || Object.keys(found).length > 0) return errors(found);

  const wanted: OpenRequest = {
    kind,
    app,
    environment,
    version,
    reason,
    person: { teamId: parts.teamId, userId: user.id },
    dedupeKey: `view:${view.id}`,
  };
  return delivery.decided<OpenAnswer>(
    (close) => parts.desk.open(wanted, close),
    (answer) => {
      if (answer.outcome !== 'refused') return shows('Asked for', [openAnswer(answer).text]);
      const about = answer.refusal.code.split('.', 1)[0];
      const input = about === 'version' || about === 'release' ? inputIds.version : inputIds.where;
      return wrong(input, answer.refusal);
    },
  );
}

async function decide(
  parts: BotParts,
  does: 'reject' | 'resolve',
  { user, view }: Submission,
  inputs: Inputs,
  delivery: Delivery,
): Promise<Reply> {
  const reason = clean(inputs.reason ?? '');
  if (reason === '') return errors({ [inputIds.reason]: 'Write why; others will want to understand it.' });
  if (reason.length > reasonLimit) return errors({ [inputIds.reason]: `At most ${reasonLimit} characters.` });
  const { promotionId, round, digest } = Carried.parse(JSON.parse(view.private_metadata));
  const claim: PersonClaim = {
    id: idOf(view.id, view.hash),
    does,
    person: { teamId: parts.teamId, userId: user.id },
    atMs: parts.nowMs(),
    reason,
    answer: null,
  };
  const event: PromotionEvent =
    does === 'reject'
      ? { type: 'rejection.claimed', claim, round, digest }
      : { type: 'resolution.claimed', claim };
  return delivery.decided<DecideAnswer>(
    (close) => parts.desk.decide(promotionId, event, close),
    (answer) =>
      answer.outcome === 'refused'
        ? wrong(inputIds.reason, answer.refusal)
        : shows(does === 'reject' ? 'Reject' : 'Close by hand', [acceptedText(does)]),
  );
}
