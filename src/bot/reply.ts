import type { Errand, Privately } from './errands.ts';
import type { Fields } from './gate.ts';
import type { EphemeralAnswer } from './slack-client.ts';

/** What a listener wants said: one acknowledgement, and perhaps something to be done after it. */
export interface Reply {
  /** Nothing means an empty acknowledgement; never a bare string. */
  readonly ack?: Fields;
  readonly errands?: readonly Errand[];
}

/** The acknowledgement as it is sent. An empty body is how Slack documents "nothing to say"; all else is an object. */
export const bodyOf = (ack: Fields | undefined): string => (ack === undefined ? '' : JSON.stringify(ack));

/** What was sent, read again. */
export const ackOf = (body: string): Fields | undefined =>
  body === '' ? undefined : (JSON.parse(body) as Fields);

export function ephemeral(answer: EphemeralAnswer): Reply {
  return { ack: { response_type: 'ephemeral', ...answer } };
}

export const notAccepted =
  'Not accepted, nothing was started. Countersign could not save your request. Look at the card or at /promote status, then try again.';
export const perhapsTaken =
  'It is not known whether this was taken: it was sent to be saved, and no answer came. Look at the card or at /promote status before you ask again.';
export const unreadable =
  'Not accepted, nothing was done. What is stored of this promotion cannot be read, so it is held until it can; on-call is told. See /promote status.';
export const stillSaving = 'Still being saved; look at the card before you try again.';

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/**
 * The acknowledgement that says something other than a listener's own answer. Slack shows it for commands and under
 * the first input of a form; for a click it shows nothing, so that is said through the click's `response_url`.
 */
export function acknowledgementSaying(text: string, body: Fields): Fields | undefined {
  if (typeof body['command'] === 'string') return { response_type: 'ephemeral', text };
  if (body['type'] === 'block_suggestion') return { options: [] };
  if (body['type'] !== 'view_submission') return undefined;
  const { view } = body;
  const state = isFields(view) ? view['state'] : undefined;
  const values = isFields(state) ? state['values'] : undefined;
  const [blockId] = isFields(values) ? Object.keys(values) : [];
  return blockId === undefined ? undefined : { response_action: 'errors', errors: { [blockId]: text } };
}

/** Where whoever sent this can be answered in private, as far as it says so. */
export function privatelyOf(body: Fields): Privately {
  const { response_url: responseUrl, channel, channel_id: channelId, user, user_id: userId } = body;
  const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
  return {
    responseUrl: text(responseUrl),
    channel: text(isFields(channel) ? channel['id'] : channelId),
    userId: text(isFields(user) ? user['id'] : userId) ?? '',
  };
}

/** The errand of telling whoever sent this. */
export const telling = (body: Fields, answer: EphemeralAnswer): Errand => ({
  does: 'tell',
  to: privatelyOf(body),
  answer,
});
