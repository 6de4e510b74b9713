import { createHmac } from 'node:crypto';
import { actionIds, blockIdOf } from '../../src/bot/messages/anchor.ts';
import { card } from '../../src/bot/messages/card.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { channelId, grace } from '../../test/bot/promotions.ts';
import { waitingPromotion } from './waiting.ts';

export const signingSecret = '0123456789abcdef0123456789abcdef';

/** A request from Slack as API Gateway hands it to a function, payload 2.0. */
export interface GatewayEvent {
  readonly version: '2.0';
  readonly rawPath: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly requestContext: {
    readonly stage: string;
    readonly http: { readonly method: string; readonly path: string };
  };
  readonly body: string;
  readonly isBase64Encoded: false;
}

export function signedEvent(
  body: string,
  nowMs = Date.now(),
  contentType = 'application/x-www-form-urlencoded',
): GatewayEvent {
  const timestamp = String(Math.floor(nowMs / 1000));
  const digest = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex');
  return {
    version: '2.0',
    rawPath: '/slack/events',
    headers: {
      'content-type': contentType,
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${digest}`,
    },
    requestContext: { stage: '$default', http: { method: 'POST', path: '/slack/events' } },
    body,
    isBase64Encoded: false,
  };
}

export const form = (fields: Readonly<Record<string, string>>) => new URLSearchParams(fields).toString();

/** The fields that every interaction carries. */
export const envelope = {
  api_app_id: 'A0COUNTER',
  token: 'legacy-token-that-nobody-reads',
  team: { id: 'T0COUNTER', domain: 'northwind' },
  enterprise: null,
  is_enterprise_install: false,
  trigger_id: '9512849302345.1234567890.abcdef0123456789abcdef0123456789',
};

/** A press on a button of a promotion's card, the card in it, as Slack sends it. */
export function clickBody(
  promotion: Promotion,
  actionId: string,
  nowMs: number,
  userId = grace.userId,
): string {
  const { text, blocks } = card(promotion, { nowMs });
  return form({
    payload: JSON.stringify({
      type: 'block_actions',
      ...envelope,
      user: { id: userId, username: 'grace', name: 'grace', team_id: 'T0COUNTER' },
      channel: { id: channelId, name: 'deploys-site' },
      container: {
        type: 'message',
        message_ts: '1700000000.000001',
        channel_id: channelId,
        is_ephemeral: false,
      },
      message: {
        type: 'message',
        user: 'U0COUNTER',
        ts: '1700000000.000001',
        bot_id: 'B0COUNTER',
        text,
        blocks,
      },
      state: { values: {} },
      response_url: 'https://hooks.slack.com/actions/T0COUNTER/1234567890/abcdefghijklmnop',
      actions: [
        {
          type: 'button',
          action_id: actionId,
          block_id: blockIdOf(promotion, 'card', nowMs),
          value: promotion.id,
          text: { type: 'plain_text', text: 'Approve', emoji: true },
          action_ts: `${nowMs / 1000}`,
        },
      ],
    }),
  });
}

/** The first approval of a promotion that waits for two. */
export function approval(id: string, nowMs: number): GatewayEvent {
  return signedEvent(clickBody(waitingPromotion(id, nowMs), actionIds.approve, nowMs), nowMs);
}
