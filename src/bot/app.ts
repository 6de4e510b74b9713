import { App, LogLevel, type Receiver } from '@slack/bolt';
import { RetryableError, UnreadableError } from '../flows/errors.ts';
import { rowOf } from '../flows/held.ts';
import type { Log } from '../flows/ports.ts';
import { handleClick } from './actions/click.ts';
import { runCommand } from './commands/run.ts';
import { createDelivery, type Delivery, outcomeUnknown } from './delivery.ts';
import type { Errand } from './errands.ts';
import type { Fields } from './gate.ts';
import { openedBy } from './home.ts';
import { said } from './messages/answers.ts';
import { requestForm } from './messages/modal.ts';
import type { BotParts } from './parts.ts';
import {
  acknowledgementSaying,
  notAccepted,
  perhapsTaken,
  type Reply,
  telling,
  unreadable,
} from './reply.ts';
import { handleSubmission } from './views/submission.ts';

export interface BotAppOptions extends BotParts {
  readonly receiver: Receiver;
  readonly botId: string;
  readonly botUserId: string;
  readonly appId: string;
  /** As registered with Slack; a developer's app has names of its own. */
  readonly commands?: { readonly promote: string; readonly rollback: string };
}

type Listener = (body: Fields, delivery: Delivery) => Promise<Reply>;
type Ack = (answer?: Readonly<Record<string, unknown>>) => Promise<void>;

const shortcutId = 'promote_shortcut';

/**
 * Bolt with few listeners, since its cost grows with their number: one per command and per kind of interaction, each
 * dispatching by our own tables. Works with any receiver; over Socket Mode, where there is no gate, the app id is
 * checked here as well. `authorize` answers from what is given, so no request waits for `auth.test`.
 */
export function createBotApp(options: BotAppOptions): App {
  const { receiver, botId, botUserId, appId, teamId, log } = options;
  const commands = options.commands ?? { promote: '/promote', rollback: '/rollback' };
  const app = new App({
    receiver,
    authorize: async () => ({ botId, botUserId, teamId }),
    convoStore: false,
    logLevel: LogLevel.ERROR,
    logger: loggerTo(log),
  });

  app.error(async (error) => {
    try {
      log.error({ code: error.code ?? 'unknown' }, 'listener failed');
    } catch {
      // A stored acknowledgement must survive whatever happens here.
    }
  });

  app.use(async ({ body, next }) => {
    const { api_app_id: bodyAppId } = body as Fields;
    if (bodyAppId === appId) await next();
    else log.warn({}, 'request was for another app');
  });

  const answer =
    (listener: Listener) =>
    async ({ ack, body, context }: { ack: unknown; body: unknown; context: unknown }): Promise<void> => {
      const fields = body as Fields;
      const delivery = deliveryOf(options, context as Fields);
      const reply = await listener(fields, delivery)
        .then((known) => delivery.passOn(known))
        .catch((error: unknown) => failed(options, fields, error));
      await acknowledge(options, fields, context as Fields, ack as Ack, reply);
    };

  app.command(
    commands.promote,
    answer((body, delivery) => runCommand(options, 'promotion', body, delivery)),
  );
  app.command(
    commands.rollback,
    answer((body, delivery) => runCommand(options, 'rollback', body, delivery)),
  );
  app.action(
    /^cs:/,
    answer((body, delivery) => handleClick(options, body, delivery)),
  );
  app.view(
    /^cs:/,
    answer((body, delivery) => handleSubmission(options, body, delivery)),
  );
  app.shortcut(
    shortcutId,
    answer((body) => openForm(options, body)),
  );
  app.event('app_home_opened', async ({ body, context }) => {
    const userId = openedBy(body as unknown as Fields);
    if (userId === undefined) return;
    await deliveryOf(options, context as Fields).passOn({ errands: [{ does: 'home', userId }] });
  });
  return app;
}

/** The names under which a receiver that knows repeats hands on what it knows; a socket hands on nothing. */
export interface Received {
  /** Names the delivery. */
  readonly deliveryId: string;
  /** Slack was told something else meanwhile. */
  readonly isAnswered: () => boolean;
}

function deliveryOf(parts: BotParts, { deliveryId }: Fields): Delivery {
  return createDelivery(parts, typeof deliveryId === 'string' ? deliveryId : null);
}

/** Exactly one acknowledgement; an answer that comes after Slack was told something else follows in private. */
async function acknowledge(
  parts: BotParts,
  body: Fields,
  { isAnswered }: Fields,
  ack: Ack,
  reply: Reply,
): Promise<void> {
  const late = typeof isAnswered === 'function' && isAnswered() === true;
  await ack(reply.ack);
  const text = reply.ack?.['text'];
  if (late && typeof text === 'string') await sendCalmly(parts, [telling(body, { text })]);
}

/** What was not written is said to be so, and what may have been as well, whatever else fails. */
async function failed(parts: BotParts, body: Fields, error: unknown): Promise<Reply> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unexpected';
  const isUnknown = error instanceof RetryableError && code === outcomeUnknown;
  parts.log.error(
    { code, ...(isUnknown ? error.data : {}), error: error instanceof Error ? error.name : 'unknown' },
    isUnknown ? 'it is not known whether a request was accepted' : 'request was not accepted',
  );
  const row = rowOf(error);
  const words = isUnknown ? perhapsTaken : error instanceof UnreadableError ? unreadable : notAccepted;
  await sendCalmly(parts, [
    ...(row === undefined ? [] : [{ does: 'hold', row } as const]),
    ...(body['type'] === 'block_actions' ? [telling(body, said([words]))] : []),
  ]);
  const ack = acknowledgementSaying(words, body);
  return ack === undefined ? {} : { ack };
}

async function sendCalmly({ send, log }: BotParts, errands: readonly Errand[]): Promise<void> {
  try {
    if (errands.length > 0) await send(errands.map((errand) => ({ does: 'errand', errand, receipt: null })));
  } catch (error) {
    log.error({ error: error instanceof Error ? error.name : 'unknown' }, 'work was not sent');
  }
}

async function openForm(parts: BotParts, body: Fields): Promise<Reply> {
  const { trigger_id: triggerId } = body;
  const nothing = { app: null, environment: null, version: null, reason: null };
  const view = requestForm('promotion', parts.catalog, nothing);
  if (typeof triggerId !== 'string' || view === undefined) return {};
  await parts.slack.openView({ triggerId, view });
  return {};
}

/** Bolt's finer levels carry bodies and signatures and are never let through. */
function loggerTo(log: Log) {
  const note = (...words: unknown[]) => {
    const [first] = words;
    log.warn({ said: typeof first === 'string' ? first.slice(0, 200) : 'no text' }, 'bolt complained');
  };
  return {
    debug: () => {},
    info: () => {},
    warn: note,
    error: note,
    setLevel: () => {},
    getLevel: () => LogLevel.ERROR,
    setName: () => {},
  };
}
