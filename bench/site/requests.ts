import { actionIds } from '../../src/bot/messages/anchor.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { ada, grace, promotionIn } from '../../test/bot/promotions.ts';
import { commandFields } from '../../test/bot/signed.ts';
import { clickBody, envelope, form } from './click.ts';
import { waitingPromotion } from './waiting.ts';

/** A kind of request, as often as wanted and each on a promotion of its own. */
export interface RequestKind {
  readonly name: string;
  /** What has to be there before. */
  readonly there?: (id: string, nowMs: number) => Promotion;
  /** What is there holds the environment. */
  readonly holds?: boolean;
  readonly body: (promotion: Promotion, nowMs: number) => string;
  readonly contentType?: string;
  /** Rounds of remote calls, one after the other, until it is acknowledged. */
  readonly rounds: number;
  /** How many of its calls go to Slack. */
  readonly toSlack: number;
}

const command = (text: string, name = '/promote') =>
  form(commandFields({ text, command: name, trigger_id: `${performance.now()}.1.1` }));
const watched = (id: string, nowMs: number) =>
  promotionIn('monitoring', { id, app: `app-${id}`, nowMs, expiresAtMs: nowMs + 48 * 3_600_000 });
const waiting = (id: string, nowMs: number) => waitingPromotion(id, nowMs);

const rejection = ({ id }: Promotion) =>
  form({
    payload: JSON.stringify({
      type: 'view_submission',
      ...envelope,
      user: { id: grace.userId, team_id: 'T0COUNTER' },
      view: {
        id: 'V1',
        hash: '1.a',
        type: 'modal',
        callback_id: 'cs:form-reject',
        private_metadata: JSON.stringify({
          promotionId: id,
          round: 1,
          digest: 'abcdef012345',
          questionId: null,
        }),
        state: { values: { reason: { value: { value: 'too late' } } } },
      },
    }),
  });

const homeOpened = () =>
  JSON.stringify({
    type: 'event_callback',
    api_app_id: 'A0COUNTER',
    team_id: 'T0COUNTER',
    event_id: `Ev${performance.now()}`,
    event: { type: 'app_home_opened', user: ada.userId, tab: 'home', channel: 'D1' },
    authorizations: [{ team_id: 'T0COUNTER', user_id: 'U0COUNTER', is_bot: true }],
  });

/** As many as the status of an environment looks through. */
export const listed = 20;

/** What people do, as often as they do it; every other kind is counted in `test/bot/rounds.test.ts`. */
export const requestKinds: readonly RequestKind[] = [
  { name: '/promote help', body: () => command('help'), rounds: 0, toSlack: 0 },
  { name: '/promote plan', body: () => command('plan site v1.1.0'), rounds: 1, toSlack: 0 },
  { name: '/promote', body: () => command('site v1.1.0'), rounds: 2, toSlack: 0 },
  { name: 'the Home tab', body: homeOpened, contentType: 'application/json', rounds: 1, toSlack: 0 },
  {
    name: 'Approve',
    there: waiting,
    body: (promotion, nowMs) => clickBody(promotion, actionIds.approve, nowMs),
    rounds: 2,
    toSlack: 0,
  },
  {
    name: 'Approve, refused',
    there: waiting,
    body: (promotion, nowMs) => clickBody(promotion, actionIds.approve, nowMs, ada.userId),
    rounds: 2,
    toSlack: 0,
  },
  {
    name: 'Cancel',
    there: waiting,
    body: (promotion, nowMs) => clickBody(promotion, actionIds.cancel, nowMs),
    rounds: 2,
    toSlack: 0,
  },
  {
    name: 'Roll Back',
    there: watched,
    holds: true,
    body: (promotion, nowMs) => clickBody(promotion, actionIds.rollBack, nowMs),
    rounds: 2,
    toSlack: 0,
  },
  {
    name: 'Reject, which opens a form',
    there: waiting,
    body: (promotion, nowMs) => clickBody(promotion, actionIds.reject, nowMs),
    rounds: 1,
    toSlack: 1,
  },
  { name: 'the form of Reject', there: waiting, body: rejection, rounds: 2, toSlack: 0 },
  {
    name: `/promote status, ${listed} promotions open`,
    body: () => command('status site production'),
    rounds: 2,
    toSlack: 0,
  },
];
