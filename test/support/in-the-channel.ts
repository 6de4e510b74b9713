import type { PromotionStore } from '../../src/flows/ports.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import type { DeliveryResult, SlackControl, SlackMessage } from '../../workspace/slack/control.ts';
import { channelIds, userIds } from '../../workspace/slack/people.ts';

type Name = keyof typeof userIds;

/** What people do in the channel of the deployments, and what they see there. */
export interface InTheChannel {
  command(user: Name, text: string): Promise<DeliveryResult>;
  /** Presses a button on the newest message that offers it. */
  click(user: Name, action: string): Promise<DeliveryResult>;
  /** Moves time on until it holds; throws with the card's text when it never does. */
  until(
    what: string,
    holds: () => boolean | Promise<boolean>,
    limitSeconds?: number,
    stepSeconds?: number,
  ): Promise<void>;
  /** The live message of the newest promotion. */
  card(): SlackMessage;
  cardText(): string;
  thread(): string[];
  /** New messages in a channel besides cards, oldest first. */
  posts(channel: keyof typeof channelIds): SlackMessage[];
  /** What only this person sees, newest last. */
  whispers(user: Name): string[];
  /** What the saved promotion of the newest card says. */
  saved(): Promise<Promotion>;
  byId(id: string): Promise<Promotion>;
}

export function createInTheChannel(parts: {
  readonly slack: SlackControl;
  readonly store: Pick<PromotionStore, 'load'>;
  /** Lets the bot do what is due now. */
  readonly settle: () => Promise<unknown>;
  /** Moves time on, the bot at work. */
  readonly advance: (seconds: number) => Promise<unknown>;
  /** How far `until` moves at a time unless told. */
  readonly stepSeconds: number;
}): InTheChannel {
  const { slack, store, settle, advance } = parts;
  const channel = channelIds.deploysSite;
  const messages = () => slack.messages(channel);
  const card = () => messages().filter(isCard).at(-1) ?? fail('there is no card');
  const byId = async (id: string) =>
    (await store.load(id))?.promotion ?? fail('the promotion is not in the store');
  return {
    async command(user, text) {
      const result = await slack.command({ user: userIds[user], channel, text });
      await settle();
      return result;
    },
    async click(user, actionId) {
      const holder =
        messages().findLast((message) => JSON.stringify(message.blocks).includes(`"${actionId}"`)) ??
        fail(`no message offers ${actionId}`);
      const result = await slack.click({ user: userIds[user], channel, messageTs: holder.ts, actionId });
      await settle();
      return result;
    },
    async until(what, holds, limitSeconds = 3_600, stepSeconds = parts.stepSeconds) {
      for (let passed = 0; passed < limitSeconds; passed += stepSeconds) {
        if (await holds()) return;
        await advance(stepSeconds);
      }
      throw new Error(`never: ${what}. The card says:\n${card().text}`);
    },
    card,
    cardText: () => textOf(card()),
    thread() {
      const { ts } = card();
      return messages()
        .filter((message) => message.threadTs === ts && message.ts !== ts)
        .map(textOf);
    },
    posts: (name) =>
      slack
        .messages(channelIds[name])
        .filter(
          (message) =>
            !isCard(message) && (message.threadTs === undefined || message.threadTs === message.ts),
        ),
    whispers: (user) =>
      slack
        .state({ user: userIds[user] })
        .ephemerals.filter((whisper) => whisper.user === userIds[user])
        .map(textOf),
    async saved() {
      const id = card().metadata?.event_payload['promotion_id'];
      return typeof id === 'string' ? byId(id) : fail('the card names no promotion');
    },
    byId,
  };
}

const textOf = ({ text, blocks }: Pick<SlackMessage, 'text' | 'blocks'>) =>
  `${text}\n${JSON.stringify(blocks)}`;

const isCard = (message: SlackMessage) =>
  message.metadata?.event_type === 'promotion' &&
  (message.threadTs === undefined || message.threadTs === message.ts);

function fail(what: string): never {
  throw new Error(what);
}
