import { setTimeout as pause } from 'node:timers/promises';
import { LogLevel, SocketModeReceiver } from '@slack/bolt';
import { createBotApp } from '../bot/app.ts';
import type { Send } from '../bot/ports.ts';
import { createHttpReceiver } from '../bot/receiver.ts';
import type { ServerEnv } from '../config/env.ts';
import type { Catalog } from '../flows/desk.ts';
import { RetryableError } from '../flows/errors.ts';
import type { Hints, Log } from '../flows/ports.ts';
import type { DynamoClient } from '../store/dynamo-client.ts';
import { createSdkTransport } from '../store/sdk-transport.ts';
import { buildAfterAnswer } from './after-answer.ts';
import { createRunner } from './runner.ts';
import { gateOf, identityOf } from './slack-settings.ts';
import { buildStore } from './store.ts';

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

/** The whole bot as one long-running process: Slack over HTTP or Socket Mode, and the ticks. */
export function createServer({ env, catalog, dynamo, log, sweepEveryMs }: ServerOptions): Server {
  const table = createSdkTransport({
    client: dynamo,
    tableName: env.tableName,
    pause: (ms) => pause(ms),
  });
  const store = buildStore(table);
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
  const work = buildAfterAnswer({ env, catalog, store, hints, tickHints: hints, log });

  /** The runner is woken by the desk itself, so that only errands are left to be done here. */
  const send: Send = async (all, written) => {
    for (const each of all) {
      if (each.does !== 'errand') continue;
      later(async () => {
        if ((await written) !== false) await work.runErrand(each.errand);
      });
    }
  };

  const runner = createRunner({
    duePromotions: store.promotions.due,
    dueSurfaces: store.outbox.dueSurfaces,
    tick: work.tick,
    announce: work.announce,
    held: work.held,
    log,
  });

  const http =
    env.slack.appToken === null
      ? createHttpReceiver({
          host: env.host,
          port: env.port,
          gate: gateOf(env.slack),
          log,
          nowMs: () => store.clock.nowMs(),
          storeNowMs: store.promotions.now,
          send,
        })
      : null;
  const socket = env.slack.appToken === null ? null : createSocketReceiver(env, env.slack.appToken);
  const receiver = http ?? socket;
  if (receiver === null) throw new Error('a receiver is either HTTP or a socket');
  createBotApp({
    receiver,
    desk: work.desk,
    catalog,
    slack: work.slack,
    deliveries: store.deliveries,
    send,
    nowMs: () => store.clock.nowMs(),
    ...identityOf(env.slack),
    log,
  });

  let stopped = false;
  const untilStoreAnswers = async () => {
    for (;;) {
      try {
        return await table.ensureTable();
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
      table.close();
    },
  };
}

function createSocketReceiver(env: ServerEnv, appToken: string): SocketModeReceiver {
  const { apiUrl } = env.slack;
  return new SocketModeReceiver({
    appToken,
    logLevel: LogLevel.ERROR,
    ...(apiUrl === null ? {} : { installerOptions: { clientOptions: { slackApiUrl: apiUrl } } }),
  });
}
