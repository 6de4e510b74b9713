import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseOf } from '../../src/compose/database.ts';
import { createServer, type Server } from '../../src/compose/server.ts';
import { readServerEnv } from '../../src/config/env.ts';
import { parsePipeline } from '../../src/config/load.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import { startWorkspace, type Workspace, workspaceAppToken } from '../../workspace/main.ts';
import type { DeliveryResult, SlackMessage } from '../../workspace/slack/control.ts';
import { channelIds, userIds } from '../../workspace/slack/people.ts';
import { createPlainDynamo } from './plain-dynamo.ts';

/** One whole workspace with the bot inside, driven by hand: nothing happens between two calls of `advance`. */
export interface JourneyWorld {
  readonly workspace: Workspace;
  readonly server: () => Server;
  /** Everything the bot logged above info. */
  readonly complaints: string[];
  command(user: keyof typeof userIds, text: string): Promise<DeliveryResult>;
  /** Presses a button on the newest card, or on the newest message that has it. */
  click(user: keyof typeof userIds, action: string): Promise<DeliveryResult>;
  /** Lets the bot do what is due now. */
  settle(): Promise<void>;
  /** Moves time on in small steps, letting the bot work after each. */
  advance(seconds: number, stepSeconds?: number): Promise<void>;
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
  whispers(user: keyof typeof userIds): string[];
  /** What the saved promotion of the newest card says. */
  saved(): Promise<Promotion>;
  byId(id: string): Promise<Promotion>;
  /** Kills the bot without warning and starts a new one on the same store. */
  crash(): Promise<void>;
  close(): Promise<void>;
}

const textOf = (message: SlackMessage) => `${message.text}\n${JSON.stringify(message.blocks)}`;

export async function startJourney(
  options: {
    pipeline?: (text: string) => string;
    socketMode?: boolean;
    /** Goes to the database through the SDK and over HTTP, as production does, at three times the cost. */
    sdk?: boolean;
  } = {},
): Promise<JourneyWorld> {
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-journey-'));
  const workspace = await startWorkspace({ port: 0, dataDir, speed: 0, spawnBot: false });
  const { clock, slack } = workspace;
  const env = {
    ...workspace.botEnvironment,
    COUNTERSIGN_PORT: '0',
    ...(options.socketMode === true ? { SLACK_APP_TOKEN: workspaceAppToken } : {}),
  };
  Object.assign(process.env, env);
  const settings = readServerEnv(env);
  if (settings.outcome === 'invalid') throw new Error(JSON.stringify(settings.problems));
  const text = readFileSync(settings.env.pipelineFile, 'utf8');
  const pipeline = parsePipeline(options.pipeline?.(text) ?? text, 'pipeline.yml');
  if (pipeline.outcome === 'invalid') throw new Error(JSON.stringify(pipeline.problems));

  const complaints: string[] = [];
  const note = (data: Readonly<Record<string, unknown>>, message: string) =>
    complaints.push(`${message} ${JSON.stringify(data)}`);
  const log = { info() {}, warn: note, error: note };
  const dynamo = () =>
    options.sdk === true ? databaseOf(settings.env) : createPlainDynamo(workspace.dynamo);
  const start = async () => {
    const next = createServer({
      env: settings.env,
      catalog: pipeline.catalog,
      dynamo: dynamo(),
      log,
      sweepEveryMs: null,
    });
    const { port } = await next.start();
    if (port !== null) slack.control.setRequestUrl(`http://127.0.0.1:${port}/slack/events`);
    await next.runDue();
    return next;
  };
  let server = await start();
  const reader = createSdkTransport({
    client: dynamo(),
    tableName: settings.env.tableName,
    pause: async () => {},
  });
  const store = createPromotionStore({ transport: reader, nonce: () => 'never written' });

  const settle = () => server.runDue();
  const channel = channelIds.deploysSite;
  const messages = () => slack.control.messages(channel);
  const cards = () =>
    messages().filter(
      (message) =>
        (message.metadata?.event_type === 'promotion' && message.threadTs === undefined) || isCard(message),
    );
  const isCard = (message: SlackMessage) =>
    message.metadata?.event_type === 'promotion' &&
    (message.threadTs === undefined || message.threadTs === message.ts);
  const card = () => cards().at(-1) ?? fail('there is no card');

  const advance = async (seconds: number, stepSeconds = 5) => {
    for (let left = seconds; left > 0; left -= stepSeconds) {
      await clock.advance(Math.min(left, stepSeconds) * 1000);
      await settle();
    }
  };

  return {
    workspace,
    complaints,
    server: () => server,
    async command(user, commandText) {
      const result = await slack.control.command({ user: userIds[user], channel, text: commandText });
      await settle();
      return result;
    },
    async click(user, action) {
      const holder =
        [...messages()].reverse().find((message) => JSON.stringify(message.blocks).includes(`"${action}"`)) ??
        fail(`no message offers ${action}`);
      const result = await slack.control.click({
        user: userIds[user],
        channel,
        messageTs: holder.ts,
        actionId: action,
      });
      await settle();
      return result;
    },
    settle,
    advance,
    async until(what, holds, limitSeconds = 3_600, stepSeconds = 30) {
      for (let passed = 0; passed < limitSeconds; passed += stepSeconds) {
        if (await holds()) return;
        await advance(stepSeconds, stepSeconds);
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
      slack.control
        .messages(channelIds[name])
        .filter(
          (message) =>
            !isCard(message) && (message.threadTs === undefined || message.threadTs === message.ts),
        ),
    whispers: (user) =>
      slack.control
        .state({ user: userIds[user] })
        .ephemerals.filter((whisper) => whisper.user === userIds[user])
        .map((whisper) => `${whisper.text}\n${JSON.stringify(whisper.blocks)}`),
    async saved() {
      const id = card().metadata?.event_payload['promotion_id'];
      if (typeof id !== 'string') return fail('the card names no promotion');
      return (await store.load(id))?.promotion ?? fail('the promotion is not in the store');
    },
    byId: async (id) => (await store.load(id))?.promotion ?? fail('the promotion is not in the store'),
    async crash() {
      const old = server;
      server = await start();
      await old.stop();
    },
    async close() {
      await server.stop();
      reader.close();
      await workspace.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function fail(what: string): never {
  throw new Error(what);
}
