import { App, LogLevel, type Receiver } from '@slack/bolt';
import { UnreadableError } from '../flows/errors.ts';
import { rowOf, type UnreadableRow } from '../flows/held.ts';
import type { Log } from '../flows/ports.ts';
import { handleClick, tellClicker } from './actions/click.ts';
import { runCommand, tellPrivately } from './commands/run.ts';
import type { Fields } from './gate.ts';
import { showHome } from './home.ts';
import { said } from './messages/answers.ts';
import { requestForm } from './messages/modal.ts';
import type { BotParts } from './parts.ts';
import { acknowledgementSaying, notAccepted, type Reply, responseUrlOf, unreadable } from './reply.ts';
import { handleSubmission } from './views/submission.ts';

export interface BotAppOptions extends BotParts {
  readonly receiver: Receiver;
  readonly botId: string;
  readonly botUserId: string;
  readonly appId: string;
  /** Somebody came across a row that cannot be read. */
  readonly meetUnreadable: (row: UnreadableRow) => Promise<void>;
  /** As registered with Slack; a developer's app has names of its own. */
  readonly commands?: { readonly promote: string; readonly rollback: string };
}

type Listener = (body: Fields) => Promise<Reply>;
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
      const reply = await listener(fields).catch((error: unknown) => failed(options, fields, error));
      await acknowledge(options, fields, context as Fields, ack as Ack, reply);
      if (reply.after !== undefined) options.later(guarded(log, reply.after));
    };

  app.command(
    commands.promote,
    answer((body) => runCommand(options, 'promotion', body)),
  );
  app.command(
    commands.rollback,
    answer((body) => runCommand(options, 'rollback', body)),
  );
  app.action(
    /^cs:/,
    answer((body) => handleClick(options, body)),
  );
  app.view(
    /^cs:/,
    answer((body) => handleSubmission(options, body)),
  );
  app.shortcut(
    shortcutId,
    answer((body) => openForm(options, body)),
  );
  app.event('app_home_opened', async ({ body }) => {
    options.later(guarded(log, () => showHome(options, body as unknown as Fields)));
  });
  return app;
}

/** Exactly one acknowledgement; an answer that comes after Slack was told something else follows in private. */
async function acknowledge(
  parts: BotParts,
  body: Fields,
  context: Fields,
  ack: Ack,
  reply: Reply,
): Promise<void> {
  const { isAnswered } = context;
  const late = typeof isAnswered === 'function' && isAnswered() === true;
  await ack(reply.ack);
  const text = reply.ack?.['text'];
  if (!late || typeof text !== 'string') return;
  const { user_id: userId, channel_id: channelId } = body;
  if (typeof userId !== 'string') return;
  const channel = typeof channelId === 'string' ? channelId : undefined;
  parts.later(guarded(parts.log, () => tellPrivately(parts, responseUrlOf(body), channel, userId, { text })));
}

function failed(parts: BotAppOptions, body: Fields, error: unknown): Reply {
  const row = rowOf(error);
  if (row !== undefined) parts.later(guarded(parts.log, () => parts.meetUnreadable(row)));
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unexpected';
  parts.log.error(
    { code, error: error instanceof Error ? error.name : 'unknown' },
    'request was not accepted',
  );
  const words = error instanceof UnreadableError ? unreadable : notAccepted;
  const ack = acknowledgementSaying(words, body);
  return {
    ...(ack === undefined ? {} : { ack }),
    ...(body['type'] === 'block_actions' ? { after: () => tellClicker(parts, body, said([words])) } : {}),
  };
}

async function openForm(parts: BotParts, body: Fields): Promise<Reply> {
  const { trigger_id: triggerId } = body;
  const nothing = { app: null, environment: null, version: null, reason: null };
  const view = requestForm('promotion', parts.catalog, nothing);
  if (typeof triggerId !== 'string' || view === undefined) return {};
  await parts.slack.openView({ triggerId, view });
  return {};
}

function guarded(log: Log, task: () => Promise<void>): () => Promise<void> {
  return async () => {
    try {
      await task();
    } catch (error) {
      log.error({ error: error instanceof Error ? error.name : 'unknown' }, 'work after the answer failed');
    }
  };
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
