import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { databaseOf } from '../../src/compose/database.ts';
import { createServer, type Server } from '../../src/compose/server.ts';
import { readServerEnv } from '../../src/config/env.ts';
import { parsePipeline } from '../../src/config/load.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import { startWorkspace, type Workspace, workspaceAppToken } from '../../workspace/main.ts';
import { createInTheChannel, type InTheChannel } from '../support/in-the-channel.ts';
import { createPlainDynamo } from './plain-dynamo.ts';

/** One whole workspace with the bot inside, driven by hand: nothing happens between two calls of `advance`. */
export interface JourneyWorld extends InTheChannel {
  readonly workspace: Workspace;
  readonly server: () => Server;
  /** Everything the bot logged above info. */
  readonly complaints: string[];
  /** Lets the bot do what is due now. */
  settle(): Promise<void>;
  /** Moves time on in small steps, letting the bot work after each. */
  advance(seconds: number, stepSeconds?: number): Promise<void>;
  /** Kills the bot without warning and starts a new one on the same store. */
  crash(): Promise<void>;
  close(): Promise<void>;
}

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
    settle,
    advance,
    ...createInTheChannel({
      slack: slack.control,
      store,
      settle,
      advance: (seconds) => advance(seconds, seconds),
      stepSeconds: 30,
    }),
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
