/** Two workspaces of Slack that the bot is put into unchanged: `emulate`, which others wrote, and our stand-in. */
import { LogLevel, WebClient } from '@slack/web-api';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { slackManifest } from '../../../src/cli/manifest.ts';
import { app, channelIds, team, userIds } from '../../../workspace/slack/people.ts';
import { botToken as ourToken, startWorkspace } from '../../workspace/slack/workspace.ts';
import { createRecorder } from '../recorder.ts';

export interface Seen {
  readonly ts: string;
  readonly threadTs: string | undefined;
  readonly text: string;
  /** Without what Slack fills in. */
  readonly blocks: readonly unknown[];
  readonly metadata: unknown;
}

export interface Workspace {
  readonly name: 'emulate' | 'our stand-in';
  /** Ends in `/api/`; what goes through it is recorded. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly teamId: string;
  readonly app: { readonly id: string; readonly botId: string; readonly botUserId: string };
  readonly channel: string;
  readonly onCall: string;
  /** Somebody in both channels. */
  readonly person: string;
  /** Somebody in neither. */
  readonly outsider: string;
  nowMs(): number;
  pass(ms: number): Promise<void>;
  /** What Slack hands out when that person does something. */
  trigger(): Promise<string>;
  /** The `ts` of a message that the person wrote. */
  say(): Promise<string>;
  archive(): Promise<void>;
  messages(): Promise<readonly Seen[]>;
  /** The calls of the bot since the last time, with the answers they got. */
  calls(): readonly { readonly method: string; readonly answer: Readonly<Record<string, unknown>> }[];
}

export const manifestScopes = slackManifest({
  name: 'Countersign',
  requestUrl: 'https://countersign.example.com',
}).oauth_config.scopes.bot;

const silent = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  setLevel() {},
  getLevel: () => LogLevel.ERROR,
  setName() {},
};
const clientOf = (slackApiUrl: string, token: string) =>
  new WebClient(token, {
    slackApiUrl,
    logger: silent,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });

const Message = z.object({
  ts: z.string(),
  thread_ts: z.string().optional(),
  text: z.string(),
  blocks: z.array(z.record(z.string(), z.unknown())).optional(),
  metadata: z.unknown().optional(),
});
const Answer = z.record(z.string(), z.unknown());

async function recorded(origin: string) {
  const recorder = await createRecorder(origin);
  onTestFinished(() => recorder.close());
  return {
    apiUrl: `${recorder.origin}/api/`,
    calls: () =>
      recorder.take().map(({ path, answer, answerHeaders }) => ({
        method: path.replace(/^\/api\//, ''),
        answer:
          answerHeaders['content-type']?.includes('json') === true ? Answer.parse(JSON.parse(answer)) : {},
      })),
  };
}

const Emulate = z.object({
  createEmulator: z.custom<(options: object) => Promise<{ readonly url: string; close(): Promise<void> }>>(
    (value) => typeof value === 'function',
  ),
});

/** With an app that has the scopes of our manifest, and `emulate` told to check them. */
async function openEmulate(scopes: readonly string[] = manifestScopes): Promise<Workspace> {
  // By name, so that its types need not be there where nobody judges.
  const name: string = 'emulate';
  const { createEmulator } = Emulate.parse(await import(name));
  const botToken = 'xoxb-emulate';
  const ids = { id: app.id, botId: app.botId, botUserId: app.botUserId };
  const names = { app_id: ids.id, bot_id: ids.botId, bot_user_id: ids.botUserId };
  const emulator = await createEmulator({
    service: 'slack',
    port: 0,
    seed: {
      slack: {
        strict_scopes: true,
        users: [{ name: 'ada' }],
        channels: [{ name: 'deploys-site' }, { name: 'oncall' }],
        oauth_apps: [
          {
            ...names,
            name: 'Countersign',
            client_id: 'c',
            client_secret: 's',
            redirect_uris: [],
            scopes: [...scopes],
          },
        ],
        tokens: [
          { ...names, token: botToken, type: 'bot', user_id: ids.botUserId, scopes: [...scopes] },
          { token: 'xoxp-admin', type: 'user', user: 'admin' },
          { token: 'xoxp-ada', type: 'user', user: 'ada' },
        ],
      },
    },
  });
  onTestFinished(() => emulator.close());
  const origin = emulator.url.replace('localhost', '127.0.0.1');
  const { apiUrl, calls } = await recorded(origin);
  const admin = clientOf(`${origin}/api/`, 'xoxp-admin');
  const ada = clientOf(`${origin}/api/`, 'xoxp-ada');
  const { channels = [] } = await admin.conversations.list();
  const channelOf = (wanted: string) => channels.find((channel) => channel.name === wanted)?.id ?? '';
  const channel = channelOf('deploys-site');
  const { user_id: person = '', team_id: teamId = '' } = await ada.auth.test();
  let aheadMs = 0;
  return {
    name: 'emulate',
    apiUrl,
    calls,
    botToken,
    teamId,
    app: ids,
    channel,
    onCall: channelOf('oncall'),
    person,
    outsider: 'U0OUTSIDER',
    nowMs: () => Date.now() + aheadMs,
    async pass(ms) {
      aheadMs += ms;
    },
    async trigger() {
      const bot = clientOf(`${origin}/api/`, botToken);
      return String(
        Answer.parse(await bot.apiCall('views.generateTriggerId', { user_id: person }))['trigger_id'],
      );
    },
    async say() {
      const { ts = '' } = await ada.chat.postMessage({ channel, text: 'hello' });
      return ts;
    },
    async archive() {
      await admin.conversations.archive({ channel });
    },
    async messages() {
      const { messages = [] } = await admin.conversations.history({ channel, limit: 200 });
      const parents = z.array(Message).parse(messages);
      const threads = await Promise.all(
        parents.map(({ ts }) => admin.conversations.replies({ channel, ts, limit: 200 })),
      );
      const all = [...parents, ...threads.flatMap((thread) => z.array(Message).parse(thread.messages))];
      const each = new Map(all.map((message) => [message.ts, message]));
      return [...each.values()].sort((one, other) => one.ts.localeCompare(other.ts)).map(seen);
    },
  };
}

async function openOurs(scopes: readonly string[] = manifestScopes): Promise<Workspace> {
  const { slack, control, clock, app: received } = await startWorkspace({ scopes: [...scopes] });
  const { apiUrl, calls } = await recorded(new URL(slack.apiUrl).origin);
  const channel = channelIds.deploysSite;
  return {
    name: 'our stand-in',
    apiUrl,
    calls,
    botToken: ourToken,
    teamId: team.id,
    app: { id: app.id, botId: app.botId, botUserId: app.botUserId },
    channel,
    onCall: channelIds.oncall,
    person: userIds.ada,
    outsider: userIds.petra,
    nowMs: clock.nowMs,
    pass: (ms) => clock.advance(ms),
    async trigger() {
      await control.command({ user: userIds.ada, channel, text: '/promote' });
      return String(received.received.at(-1)?.payload['trigger_id']);
    },
    say: async () => control.say({ channel, user: userIds.ada, text: 'hello' }).ts,
    archive: async () => control.faults.archiveChannel({ channel, archived: true }),
    messages: async () =>
      control
        .messages(channel)
        .map(({ ts, threadTs, text, blocks, metadata }) =>
          seen({ ts, ...(threadTs === undefined ? {} : { thread_ts: threadTs }), text, blocks, metadata }),
        ),
  };
}

/** Slack fills in what was left out: an id of the block, and that emoji are drawn. */
function withoutFilledIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutFilledIn);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([key, each]) => key !== 'block_id' && !(key === 'emoji' && each === true),
  );
  return Object.fromEntries(kept.map(([key, each]) => [key, withoutFilledIn(each)]));
}

function seen({ ts, thread_ts: threadTs, text, blocks = [], metadata }: z.infer<typeof Message>): Seen {
  return {
    ts,
    threadTs: threadTs === ts ? undefined : threadTs,
    text,
    blocks: drawnBlocks(blocks),
    metadata,
  };
}

export const drawnBlocks = (blocks: readonly object[]) => blocks.map(withoutFilledIn);

export const workspaces = [
  ['emulate', openEmulate],
  ['our stand-in', openOurs],
] as const;
