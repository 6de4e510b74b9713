import { blockIdOf } from '../../src/bot/messages/anchor.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { ada, grace } from './promotions.ts';
import { form } from './signed.ts';

type Changes = Readonly<Record<string, unknown>>;

export const envelope = { api_app_id: 'A0COUNTER', team: { id: 'T0COUNTER' }, trigger_id: '9.9.9' };
export const responseUrl = 'https://hooks.slack.com/actions/1/2/3';

/** Grace presses a button of a card, as Slack sends it. */
export const clickBody = (
  actionId: string,
  promotion: Promotion,
  drawnAtMs: number,
  changes: Changes = {},
  action: Changes = {},
) =>
  form({
    payload: JSON.stringify({
      type: 'block_actions',
      ...envelope,
      user: { id: grace.userId, team_id: 'T0COUNTER' },
      channel: { id: 'C0DEPLOYS1' },
      container: { type: 'message', message_ts: '1700000000.000001', channel_id: 'C0DEPLOYS1' },
      response_url: responseUrl,
      actions: [
        {
          type: 'button',
          action_id: actionId,
          block_id: blockIdOf(promotion, 'card', drawnAtMs),
          value: promotion.id,
          action_ts: '1700000001.000001',
          ...action,
        },
      ],
      ...changes,
    }),
  });

/** A form is sent in. */
export const submissionBody = (
  callbackId: string,
  values: Readonly<Record<string, string>>,
  metadata: unknown = '',
  userId = grace.userId,
) =>
  form({
    payload: JSON.stringify({
      type: 'view_submission',
      ...envelope,
      user: { id: userId, team_id: 'T0COUNTER' },
      view: {
        id: 'V1',
        hash: '1.a',
        type: 'modal',
        callback_id: callbackId,
        private_metadata: typeof metadata === 'string' ? metadata : JSON.stringify(metadata),
        state: {
          values: Object.fromEntries(
            Object.entries(values).map(([blockId, value]) => [
              blockId,
              { value: blockId === 'where' ? { selected_option: { value } } : { value } },
            ]),
          ),
        },
      },
    }),
  });

export const homeOpenedBody = JSON.stringify({
  type: 'event_callback',
  api_app_id: 'A0COUNTER',
  team_id: 'T0COUNTER',
  event_id: 'Ev1',
  event: { type: 'app_home_opened', user: ada.userId, tab: 'home', channel: 'D1' },
  authorizations: [{ team_id: 'T0COUNTER', user_id: 'U0COUNTER', is_bot: true }],
});
