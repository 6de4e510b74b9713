import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { DecideAnswer } from '../../flows/desk.ts';
import type { PromotionEvent } from '../../flows/promotion/events.ts';
import type { Person, PersonClaim } from '../../flows/promotion/promotion.ts';
import { refusal } from '../../flows/promotion/refusal.ts';
import { strangers } from '../commands/run.ts';
import type { Delivery } from '../delivery.ts';
import type { Fields } from '../gate.ts';
import { type Anchor, actionIds, parseAnchor } from '../messages/anchor.ts';
import { refusalAnswer, said } from '../messages/answers.ts';
import { reasonForm } from '../messages/modal.ts';
import type { BotParts } from '../parts.ts';
import { type Reply, telling } from '../reply.ts';
import type { EphemeralAnswer } from '../slack-client.ts';

export const Clicker = z.object({ id: z.string(), team_id: z.string().optional() });
const Team = z.object({ id: z.string() }).nullable().optional();

const Click = z.object({
  user: Clicker,
  team: Team,
  container: z.object({ message_ts: z.string().optional() }),
  trigger_id: z.string(),
  actions: z.tuple([
    z.object({
      action_id: z.string(),
      block_id: z.string(),
      value: z.string().optional(),
      action_ts: z.string(),
    }),
  ]),
});
type Click = z.infer<typeof Click>;

/** Slack Connect: people of other workspaces can press the buttons of a message in a shared channel. */
export function isStranger(body: Fields, teamId: string): boolean {
  const origin = z.object({ user: Clicker, team: Team }).safeParse(body);
  return !origin.success || (origin.data.user.team_id ?? origin.data.team?.id) !== teamId;
}

export function idOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('|')).digest('hex').slice(0, 32);
}

const malformed = refusal(
  'click.malformed',
  'This button cannot be read any more.',
  'Use the newest card of the promotion.',
);

const accepted: Record<PersonClaim['does'], string> = {
  request: 'Your request is being checked.',
  approve: 'Your approval is being checked. The card will show it.',
  reject: 'Your rejection is being checked. The card will show it.',
  cancel: 'Your wish to cancel is being checked. The card will show it.',
  'roll-back': 'Your wish to roll back is being checked. The card will show it.',
  answer: 'Your answer is being checked. The card will show it.',
  retry: 'Your wish to try again is being checked. The card will show it.',
  resolve: 'Your word is being checked. The card will show it.',
};

export const acceptedText = (does: PersonClaim['does']) => accepted[does];

/** A click on one of our buttons becomes an event for the desk, or opens the form that asks for a reason. */
export async function handleClick(parts: BotParts, body: Fields, delivery: Delivery): Promise<Reply> {
  const tell = (answer: EphemeralAnswer): Reply => ({ errands: [telling(body, answer)] });
  const parsed = Click.safeParse(body);
  if (!parsed.success) {
    parts.log.warn({}, 'click was malformed');
    return tell(refusalAnswer(malformed));
  }
  const click = parsed.data;
  const [action] = click.actions;
  if (isStranger(body, parts.teamId)) return tell(refusalAnswer(strangers));
  const anchor = parseAnchor(action.block_id, action.value);
  if (anchor === undefined) return tell(refusalAnswer(malformed));

  if (action.action_id === actionIds.reject || action.action_id === actionIds.resolve) {
    const does = action.action_id === actionIds.reject ? 'reject' : 'resolve';
    const opened = await parts.slack.openView({
      triggerId: click.trigger_id,
      view: reasonForm(does, anchor),
    });
    return opened.outcome === 'sent'
      ? {}
      : tell(said(['The form could not be opened, and nothing was done.', 'Press the button again.']));
  }

  const claim = claimOf(click, { teamId: parts.teamId, userId: click.user.id }, parts.nowMs());
  const event = eventOf(action.action_id, anchor, claim);
  if (event === undefined) return tell(refusalAnswer(malformed));
  return delivery.decided<DecideAnswer>(
    (close) => parts.desk.decide(anchor.promotionId, event, close),
    (answer) =>
      tell(
        answer.outcome === 'accepted' ? said([accepted[event.claim.does]]) : refusalAnswer(answer.refusal),
      ),
  );
}

type Unworded = Omit<PersonClaim, 'does' | 'answer'>;

/** The same id for every delivery of one click. */
function claimOf(click: Click, person: Person, atMs: number): Unworded {
  const [action] = click.actions;
  const id = idOf(click.container.message_ts ?? '', action.action_id, click.user.id, action.action_ts);
  return { id, person, atMs, reason: null };
}

type ClaimEvent = Extract<PromotionEvent, { claim: PersonClaim }>;

/** Undefined for an action that is not ours. */
function eventOf(actionId: string, anchor: Anchor, claim: Unworded): ClaimEvent | undefined {
  const { round, digest } = anchor;
  const saying = (does: PersonClaim['does'], answer: PersonClaim['answer'] = null) => ({
    ...claim,
    does,
    answer,
  });
  switch (actionId) {
    case actionIds.approve:
      return { type: 'approval.claimed', claim: saying('approve'), round, digest };
    case actionIds.cancel:
      return { type: 'cancellation.claimed', claim: saying('cancel') };
    case actionIds.rollBack:
      return { type: 'rollback.claimed', claim: saying('roll-back') };
    case actionIds.retry:
      return { type: 'retry.claimed', claim: saying('retry') };
    case actionIds.answerContinue:
    case actionIds.answerRollBack: {
      if (anchor.questionId === null) return undefined;
      const answer = actionId === actionIds.answerContinue ? 'continue' : 'roll-back';
      return { type: 'answer.claimed', claim: saying('answer', answer), questionId: anchor.questionId };
    }
    default:
      return undefined;
  }
}
