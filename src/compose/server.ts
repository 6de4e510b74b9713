import { LogLevel, SocketModeReceiver } from '@slack/bolt';
import { createAnnouncer } from '../bot/announcer.ts';
import { createBotApp } from '../bot/app.ts';
import { createNoticeTeller } from '../bot/notices.ts';
import { createPacing } from '../bot/pacing.ts';
import { createHttpReceiver } from '../bot/receiver.ts';
import { createSlackClient } from '../bot/slack-client.ts';
import type { ServerEnv } from '../config/env.ts';
import type { Catalog } from '../flows/desk.ts';
import { RetryableError, UnreadableError } from '../flows/errors.ts';
import { isNoticeId } from '../flows/notices.ts';
import type { Hints, Log, Outbox, PromotionStore, Surface } from '../flows/ports.ts';
import type { PromotionIn } from '../flows/promotion/promotion.ts';
import type { DynamoClient } from '../store/dynamo-client.ts';
import { createExperience } from './experience.ts';
import { buildHeldKeeper, mustBeThere } from './held.ts';
import { createRunner } from './runner.ts';
import { buildStore, buildWorker } from './worker.ts';

export interface Server {
  /** Listens at once and begins to work as soon as the store answers. Rejects on a wrong set-up. */
  start(): Promise<{ readonly port: number | null }>;
  /** Works off what is due now; for a clock that is moved by hand. */
  runDue(): Promise<void>;
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly env: ServerEnv;
  readonly catalog: Catalog;
  readonly dynamo: DynamoClient;
  readonly log: Log;
  /** How often the store is asked for what is due; null leaves it to `runDue`. */
  readonly sweepEveryMs: number | null;
}

const storeRetryMs = 1_000;
/** How many cards back somebody might still press a button. */
const recentCards = 10;

/** The whole bot as one long-running process: Slack over HTTP or Socket Mode, and the ticks. */
export function createServer({ env, catalog, dynamo, log, sweepEveryMs }: ServerOptions): Server {
  const store = buildStore(env, dynamo);
  const slack = createSlackClient({
    token: env.slack.botToken,
    log,
    teamId: env.slack.teamId,
    ...(env.slack.apiUrl === null ? {} : { slackApiUrl: env.slack.apiUrl }),
  });
  const background = new Set<Promise<void>>();
  const later = (task: () => Promise<void>) => {
    const running = task().catch((error: unknown) => {
      log.error({ reason: error instanceof Error ? error.message : String(error) }, 'background work failed');
    });
    background.add(running);
    void running.finally(() => background.delete(running));
  };
  const hints: Hints = {
    wake(promotionId, atMs) {
      if (atMs <= store.clock.nowMs()) runner.wake(promotionId);
    },
  };
  const { desk, tick } = buildWorker({ env, catalog, store, slack, hints, log });
  const announcer = createAnnouncer({
    store: mustBeThere(store.promotions),
    outbox: store.outbox,
    slack,
    budget: store.budget,
    log,
    expected: createExperience(store.promotions, () => store.clock.nowMs()),
    replaced: async (promotion) => {
      if (promotion.phase !== 'promoted') return false;
      return isReplaced(store.promotions, promotion);
    },
    told: async (promotionId, { topic }) => {
      if (topic === 'waiting') await desk.decide(promotionId, { type: 'notice.delivered' });
      if (topic === 'promoted' || topic === 'rolled-back') await redrawReplaced(promotionId);
    },
  });

  const tellNotice = createNoticeTeller({
    notices: store.notices,
    slack,
    pacing: createPacing(store.budget),
    log,
  });

  /** A card that said what was live must not go on saying so. */
  const redrawReplaced = async (promotionId: string) => {
    const ended = await desk.find(promotionId);
    if (ended === undefined) return;
    const earlier = await store.promotions.list(ended.app, ended.environment, recentCards);
    for (const { id } of earlier.filter(({ id, phase }) => id !== promotionId && phase === 'promoted')) {
      const surface = await surfaceIfReadable(store.outbox, id);
      if (surface?.ts == null) continue;
      await store.outbox.saveSurface({
        ...surface,
        redrawAtMs: store.clock.nowMs(),
        dueAtMs: store.clock.nowMs(),
      });
    }
  };

  const held = buildHeldKeeper({
    rows: store.held,
    outbox: store.outbox,
    budget: store.budget,
    slack,
    catalog,
    tableName: env.tableName,
    log,
  });

  const runner = createRunner({
    duePromotions: store.promotions.due,
    dueSurfaces: store.outbox.dueSurfaces,
    tick,
    announce: (id, nowMs) => (isNoticeId(id) ? tellNotice(id, nowMs) : announcer.announce(id, nowMs)),
    held,
    log,
  });

  const http =
    env.slack.appToken === null
      ? createHttpReceiver({
          host: env.host,
          port: env.port,
          gate: {
            path: '/slack/events',
            secrets: {
              current: env.slack.signingSecret,
              ...(env.slack.previousSigningSecret === null
                ? {}
                : { previous: env.slack.previousSigningSecret }),
            },
            appId: env.slack.appId,
            teamId: env.slack.teamId,
          },
          deliveries: store.deliveries,
          log,
          nowMs: () => store.clock.nowMs(),
          respond: (responseUrl, text) => slack.respond(responseUrl, { text }),
        })
      : null;
  const socket = env.slack.appToken === null ? null : createSocketReceiver(env, env.slack.appToken);
  const receiver = http ?? socket;
  if (receiver === null) throw new Error('a receiver is either HTTP or a socket');
  createBotApp({
    receiver,
    desk,
    catalog,
    slack,
    later,
    nowMs: () => store.clock.nowMs(),
    teamId: env.slack.teamId,
    botId: env.slack.bot?.id ?? '',
    botUserId: env.slack.bot?.userId ?? '',
    appId: env.slack.appId,
    commands: env.slack.commands,
    meetUnreadable: (row) => held.hold(row, store.clock.nowMs()),
    log,
  });

  let stopped = false;
  const untilStoreAnswers = async () => {
    for (;;) {
      try {
        return await store.ensureTable();
      } catch (error) {
        if (!(error instanceof RetryableError) || stopped) throw error;
        log.warn({ code: error.code }, 'the store does not answer yet');
        await new Promise((resolve) => setTimeout(resolve, storeRetryMs));
      }
    }
  };

  return {
    async start() {
      const listening = http === null ? null : await http.start();
      await untilStoreAnswers();
      if (socket !== null) await socket.start();
      if (sweepEveryMs !== null) runner.start(sweepEveryMs);
      return { port: listening?.port ?? null };
    },
    async runDue() {
      await Promise.all(background);
      await runner.runDue();
    },
    async stop() {
      stopped = true;
      await http?.stop();
      await socket?.stop();
      await runner.stop();
      await Promise.all(background);
      store.close();
    },
  };
}

/** Another promotion's card that cannot be read must not keep this one's end from being told. */
async function surfaceIfReadable(outbox: Outbox, id: string): Promise<Surface | undefined> {
  try {
    return await outbox.surface(id);
  } catch (error) {
    if (error instanceof UnreadableError) return undefined;
    throw error;
  }
}

/** Whether another release is live by now. A history that cannot be read says nothing, and must not keep a card from being drawn. */
async function isReplaced(
  store: Pick<PromotionStore, 'liveRecords'>,
  { app, environment, release }: PromotionIn<'promoted'>,
): Promise<boolean> {
  try {
    const [newest] = await store.liveRecords(app, environment, 1);
    return newest !== undefined && newest.artifact !== release.artifact;
  } catch (error) {
    if (error instanceof UnreadableError) return false;
    throw error;
  }
}

function createSocketReceiver(env: ServerEnv, appToken: string): SocketModeReceiver {
  const { apiUrl } = env.slack;
  return new SocketModeReceiver({
    appToken,
    logLevel: LogLevel.ERROR,
    ...(apiUrl === null ? {} : { installerOptions: { clientOptions: { slackApiUrl: apiUrl } } }),
  });
}
