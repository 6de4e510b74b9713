import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient, ResourceInUseException } from '@aws-sdk/client-dynamodb';
import { z } from 'zod';
import { tableDefinition } from '../src/store/table.ts';
import { awsControlRoutes } from './aws/control.ts';
import { type AwsStandIn, type AwsStandInOptions, createAwsStandIn } from './aws/index.ts';
import { SavedAwsState } from './aws/saved-state.ts';
import { type BotProcess, createBotProcess, freePort } from './bot-process.ts';
import { createWorkspaceClock, type WorkspaceClock } from './clock.ts';
import { type ControlRoutes, createControlServer } from './control.ts';
import { createDynamoStandIn, type DynamoStandIn } from './dynamodb/index.ts';
import { githubControlRoutes } from './github/control-routes.ts';
import { createGithubStandIn, type GithubStandIn } from './github/stand-in.ts';
import { workspacePipeline } from './pipeline.ts';
import { createReleasePushes, type ReleasePushes } from './release-pushes.ts';
import { readSaved, resumeAtMs, type SavedWorkspace, savedEveryMs, writeSaved } from './saved-state.ts';
import { slackControlRoutes } from './slack/control-routes.ts';
import { app, team } from './slack/people.ts';
import { createSlackStandIn, type SlackStandIn } from './slack/stand-in.ts';
import type { WorkspaceSnapshot } from './snapshot.ts';

export interface Workspace {
  /** The page, and the control API beside it. */
  readonly url: string;
  readonly slack: SlackStandIn;
  readonly aws: AwsStandIn;
  readonly github: GithubStandIn;
  readonly dynamo: DynamoStandIn;
  readonly clock: WorkspaceClock;
  readonly bot: BotProcess;
  readonly releases: ReleasePushes;
  /** What the bot is given: the settings that a real installation has, and no others. */
  readonly botEnvironment: Readonly<Record<string, string>>;
  snapshot(user?: string): WorkspaceSnapshot;
  /** Ends the bot, saves everything and closes all ports. */
  close(): Promise<void>;
}

export interface WorkspaceOptions {
  /** Of the page; the stand-ins take the ports behind it where they are free. 0 takes free ones everywhere. */
  port: number;
  dataDir: string;
  /** Virtual seconds per real second; 0 stands still. A workspace that goes on keeps its own unless told. */
  speed?: number;
  spawnBot: boolean;
  /** Forgets everything in `dataDir` first, once it is certain that no other workspace uses it. */
  reset?: boolean;
  /** Services of AWS besides those that are there anyway, on the workspace's clock. */
  cloud?: (clock: WorkspaceClock) => Pick<AwsStandInOptions, 'services' | 'mayCall' | 'onAlarmChange'>;
  /** The built bot and the built page; where the build puts them unless told. */
  botScript?: string;
  pageFolder?: string;
}

const usualSpeed = 10;
const highestSpeed = 600;
const seeded = { live: 'v1.0.0', idle: 'v1.1.0' } as const;

/** For whoever wants to try Socket Mode here: the bot takes it as `SLACK_APP_TOKEN`. */
export const workspaceAppToken = 'xapp-countersign-workspace';

/** Made up, and good for nothing outside this workspace. */
const pretend = {
  slackToken: 'xoxb-countersign-workspace',
  slackSigningSecret: '5f7d1c2b8a9e4036b1d2c3e4f5061728',
  githubToken: 'ghp_countersignworkspace0000000000000000',
  awsKey: 'AKIACOUNTERSIGN00000',
  awsSecret: 'countersignworkspacesecret00000000000000',
  region: 'us-east-1',
  table: 'countersign',
} as const;

/**
 * The try-it-out workspace: Slack, GitHub, AWS and DynamoDB stood in for on 127.0.0.1, one virtual clock for all of
 * them, the bot as a process of its own, and the page. What it holds survives in `dataDir`, also when it is killed.
 * Rejects with a sentence for people when the page's port is taken or what was saved cannot be read.
 */
export async function startWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const { dataDir } = options;
  const closers: (() => Promise<void> | void)[] = [];
  let closing: Promise<void> | undefined;
  const closeAll = () => {
    closing ??= (async () => {
      for (const close of closers.reverse()) await close();
    })();
    return closing;
  };
  try {
    return await assemble(options, join(dataDir, 'workspace.json'), closers, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function assemble(
  options: WorkspaceOptions,
  savedFile: string,
  closers: (() => Promise<void> | void)[],
  closeAll: () => Promise<void>,
): Promise<Workspace> {
  const { port, dataDir } = options;
  const portAt = (offset: number) => (port === 0 ? Promise.resolve(0) : freePort(port + offset));
  if (port !== 0 && (await freePort(port)) !== port) throw new Error(portTaken(port));
  if (options.reset === true) await rm(dataDir, { recursive: true, force: true });
  await mkdir(dataDir, { recursive: true });

  const saved = await readSaved(savedFile);
  const speed = options.speed ?? saved?.time.speed ?? usualSpeed;
  let resumeSpeed = speed === 0 ? usualSpeed : speed;
  const clock = createWorkspaceClock({
    speed,
    startMs: saved === undefined ? Date.now() : resumeAtMs(saved.time, Date.now()),
  });
  closers.push(() => clock.close());

  const botPort = await freePort(port === 0 ? 0 : port + 10);
  const requestUrl = `http://127.0.0.1:${botPort}/slack/events`;
  const slack = await createSlackStandIn({
    clock,
    signingSecret: pretend.slackSigningSecret,
    botToken: pretend.slackToken,
    appToken: workspaceAppToken,
    requestUrl,
    port: await portAt(1),
  });
  closers.push(() => slack.close());
  const github = await createGithubStandIn({
    clock,
    token: pretend.githubToken,
    port: await portAt(2),
    versions: [seeded.live, seeded.idle],
  });
  closers.push(() => github.close());
  const aws = await createAwsStandIn({
    clock,
    ports: { api: await portAt(3), production: await portAt(4), preview: await portAt(5) },
    versions: { blue: seeded.live, green: seeded.idle },
    ...options.cloud?.(clock),
    ...(saved === undefined ? {} : { saved: SavedAwsState.parse(saved.aws) }),
  });
  closers.push(() => aws.close());
  const dynamo = await createDynamoStandIn({
    clock,
    port: await portAt(6),
    dataDir: join(dataDir, 'dynamodb'),
  });
  closers.push(() => dynamo.close());
  await createTable(dynamo.url);
  if (saved !== undefined) {
    slack.control.load(saved.slack);
    slack.control.setRequestUrl(requestUrl);
    github.control.load(saved.github);
  }

  let changed = () => {};
  const releases = createReleasePushes({
    clock,
    aws: aws.control,
    github: github.control,
    ...(saved === undefined ? {} : { pending: saved.pushes }),
    changed: () => changed(),
  });

  const pipelineFile = join(dataDir, 'pipeline.yml');
  await writeFile(pipelineFile, workspacePipeline({ aws, repository: github.control.state().repository }));
  const botEnvironment = {
    SLACK_BOT_TOKEN: pretend.slackToken,
    SLACK_SIGNING_SECRET: pretend.slackSigningSecret,
    SLACK_APP_ID: app.id,
    SLACK_TEAM_ID: team.id,
    SLACK_API_URL: slack.apiUrl,
    GITHUB_TOKEN: pretend.githubToken,
    GITHUB_API_URL: github.apiUrl,
    AWS_ENDPOINT_URL: aws.apiUrl,
    AWS_ENDPOINT_URL_DYNAMODB: dynamo.url,
    AWS_REGION: pretend.region,
    AWS_ACCESS_KEY_ID: pretend.awsKey,
    AWS_SECRET_ACCESS_KEY: pretend.awsSecret,
    // The SDK takes virtual time for a wrong clock, and sends refused calls again to correct it.
    AWS_DISABLE_CLOCK_SKEW_CORRECTION: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    COUNTERSIGN_PIPELINE: pipelineFile,
    COUNTERSIGN_TABLE: pretend.table,
    COUNTERSIGN_PORT: String(botPort),
  };
  const toSave = (): SavedWorkspace => ({
    version: 1,
    time: { virtualMs: clock.nowMs(), realMs: Date.now(), speed: clock.speed() },
    pushes: releases.pending(),
    slack: slack.control.save(),
    github: github.control.save(),
    aws: aws.save(),
  });
  const keeper = keepSaving(savedFile, toSave);
  closers.push(() => keeper.close());

  const logFile = join(dataDir, 'bot.log');
  const bot = createBotProcess({
    script: options.botScript ?? join(import.meta.dirname, '../dist/server.mjs'),
    port: botPort,
    environment: botEnvironment,
    onLine: (line) => void appendFile(logFile, `${line}\n`).catch(() => undefined),
  });
  closers.push(() => bot.stop().then(() => undefined));

  const setSpeed = (next: number) => {
    if (next !== 0) resumeSpeed = next;
    clock.setSpeed(next);
  };
  const snapshot = (user?: string): WorkspaceSnapshot => ({
    time: { nowMs: clock.nowMs(), speed: clock.speed(), resumeSpeed },
    slack: slack.control.state(user === undefined ? {} : { user }),
    aws: aws.control.state(),
    github: github.control.state(),
    dynamo: dynamo.control.state(),
    bot: bot.status(),
    pushes: releases.pending(),
  });

  const areas: Record<string, ControlRoutes> = {
    slack: slackControlRoutes(slack.control),
    aws: awsControlRoutes(aws.control),
    github: githubControlRoutes(github.control),
    dynamo: dynamo.routes,
    time: timeRoutes({ clock, setSpeed, resumeSpeed: () => resumeSpeed }),
    bot: {
      status: async () => bot.status(),
      start: () => bot.start(),
      kill: () => bot.kill(),
      stop: () => bot.stop(),
      restart: () => bot.restart(),
    },
    releases: releases.routes,
    world: {
      mend: async () => {
        slack.control.faults.clear();
        github.control.down(0);
        github.control.rateLimited(0);
        github.control.badCredentials(false);
        github.control.slow(0);
        aws.control.clearFaults();
        dynamo.control.clearFaults();
        return { ok: true };
      },
      state: async (body) => snapshot(z.object({ user: z.string().optional() }).parse(body ?? {}).user),
    },
  };

  const page = await createControlServer({
    port,
    pageFolder: options.pageFolder ?? join(import.meta.dirname, '../dist/page'),
    areas,
    snapshot,
    onAction: keeper.soon,
  }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE' ? new Error(portTaken(port), { cause: error }) : error;
  });
  closers.push(() => page.close());
  changed = () => {
    keeper.soon();
    page.changed();
  };
  closers.push(slack.control.subscribe(changed));
  closers.push(bot.subscribe(page.changed));

  // Much in the world changes only because time passes, which nobody reports: looked at once a second.
  let lastSeen = '';
  const watch = setInterval(() => {
    const { nowMs: _, ...cloud } = aws.control.state();
    const seen = JSON.stringify([cloud, github.control.state(), dynamo.control.state()]);
    if (seen !== lastSeen) changed();
    lastSeen = seen;
  }, 1_000);
  watch.unref();
  closers.push(() => clearInterval(watch));

  if (options.spawnBot) await bot.start();

  return {
    url: page.url,
    slack,
    aws,
    github,
    dynamo,
    clock,
    bot,
    releases,
    botEnvironment,
    snapshot,
    close: closeAll,
  };
}

/** What deploying does for a real installation; a table that is there already stays as it is. */
async function createTable(endpoint: string): Promise<void> {
  const client = new DynamoDBClient({
    endpoint,
    region: pretend.region,
    credentials: { accessKeyId: pretend.awsKey, secretAccessKey: pretend.awsSecret },
  });
  try {
    await client.send(new CreateTableCommand(tableDefinition(pretend.table)));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  } finally {
    client.destroy();
  }
}

const portTaken = (port: number) =>
  `Port ${port} is taken, perhaps by another workspace that is still running.\n` +
  `End that one, or choose another port:  COUNTERSIGN_WORKSPACE_PORT=${port + 20} npm start`;

function timeRoutes(time: {
  clock: WorkspaceClock;
  setSpeed: (speed: number) => void;
  resumeSpeed: () => number;
}): ControlRoutes {
  const { clock, setSpeed, resumeSpeed } = time;
  const state = async () => ({ nowMs: clock.nowMs(), speed: clock.speed(), resumeSpeed: resumeSpeed() });
  const Speed = z.strictObject({ speed: z.number().min(0).max(highestSpeed) });
  const Jump = z.strictObject({
    seconds: z
      .number()
      .positive()
      .max(7 * 86_400),
  });
  return {
    state,
    setSpeed: async (body) => {
      setSpeed(Speed.parse(body).speed);
      return state();
    },
    pause: async () => {
      setSpeed(0);
      return state();
    },
    resume: async () => {
      setSpeed(resumeSpeed());
      return state();
    },
    advance: async (body) => {
      await clock.advance(Jump.parse(body).seconds * 1_000);
      return state();
    },
  };
}

/** Saves every second, a little after each change, and once more at the end; one write at a time. */
function keepSaving(file: string, toSave: () => SavedWorkspace) {
  const settleMs = 250;
  let writing = Promise.resolve();
  let pending: NodeJS.Timeout | undefined;
  const save = () => {
    writing = writing
      .then(() => writeSaved(file, toSave()))
      .catch((error: unknown) => console.error(`The workspace could not be saved to ${file}.`, error));
  };
  const regular = setInterval(save, savedEveryMs);
  regular.unref();
  return {
    soon() {
      pending ??= setTimeout(() => {
        pending = undefined;
        save();
      }, settleMs).unref();
    },
    async close() {
      clearInterval(regular);
      if (pending !== undefined) clearTimeout(pending);
      save();
      await writing;
    },
  };
}
