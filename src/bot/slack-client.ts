import type { View } from '@slack/types';
import {
  type Logger,
  LogLevel,
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  WebClient,
} from '@slack/web-api';
import type { Log } from '../flows/ports.ts';
import type { Message } from './messages/block.ts';
import {
  fromNetwork,
  fromPlatform,
  fromStatus,
  type Outcome,
  type Unsent,
  withoutRetryAfterMs,
} from './slack-outcome.ts';

export type { Outcome } from './slack-outcome.ts';

interface Posted {
  readonly channel: string;
  readonly ts: string;
}

export interface EphemeralAnswer {
  readonly text: string;
  readonly blocks?: Message['blocks'];
}

/** Slack's Web API as the bot uses it. Never throws for what Slack or the network does, and never sleeps. */
export interface SlackClient {
  post(input: { channel: string; threadTs?: string; message: Message }): Promise<Outcome<Posted>>;
  update(input: { channel: string; ts: string; message: Message }): Promise<Outcome<Posted>>;
  /** Seen by one person only. */
  whisper(input: { channel: string; userId: string; answer: EphemeralAnswer }): Promise<Outcome>;
  permalink(input: { channel: string; ts: string }): Promise<Outcome<{ readonly url: string }>>;
  openView(input: { triggerId: string; view: View }): Promise<Outcome>;
  publishHome(input: { userId: string; view: View }): Promise<Outcome>;
  /** An ephemeral answer through a `response_url`, which is a secret and is refused outside the known hosts. */
  respond(responseUrl: string, answer: EphemeralAnswer): Promise<Outcome>;
  user(userId: string): Promise<Outcome<{ readonly user: unknown }>>;
  groupMembers(groupId: string): Promise<Outcome<{ readonly users: readonly string[] }>>;
}

export interface SlackClientOptions {
  readonly token: string;
  readonly log: Log;
  /** Only set where Slack is not Slack itself. */
  readonly slackApiUrl?: string;
  readonly timeoutMs?: number;
  readonly teamId?: string;
}

const slackHost = 'hooks.slack.com';
const viewTimeoutMs = 1_500;

/**
 * The client makes one attempt per call: repeating a post that timed out makes a second message (there is no
 * idempotency key), so only the caller, who knows what is saved, may decide to repeat.
 */
export function createSlackClient(options: SlackClientOptions): SlackClient {
  const { token, log, slackApiUrl, timeoutMs = 5_000 } = options;
  const responseHosts = slackApiUrl === undefined ? [slackHost] : [slackHost, new URL(slackApiUrl).host];
  const createClient = (timeout: number) =>
    new WebClient(token, {
      ...(slackApiUrl === undefined ? {} : { slackApiUrl }),
      ...(options.teamId === undefined ? {} : { teamId: options.teamId }),
      retryConfig: { retries: 0 },
      rejectRateLimitedCalls: true,
      timeout,
      allowAbsoluteUrls: false,
      logger: quietLogger,
      fetch: fetchWithRetryAfter,
    });
  const client = createClient(timeoutMs);
  // Views are opened inside a request that Slack waits for.
  const quickClient = createClient(Math.min(timeoutMs, viewTimeoutMs));

  const call = async <Sent>(
    method: string,
    args: Record<string, unknown>,
    pick: (answer: Record<string, unknown>) => Sent | undefined,
  ): Promise<Outcome<Sent>> => {
    try {
      const answer = (await (method === 'views.open' ? quickClient : client).apiCall(method, args)) as Record<
        string,
        unknown
      > & { ok: boolean };
      const sent = pick(answer);
      return sent === undefined
        ? { outcome: 'unknown', error: 'answer_unreadable' }
        : { outcome: 'sent', ...sent };
    } catch (error) {
      const outcome = outcomeOf(error, method);
      log.warn({ method, ...outcome }, 'slack call was not carried out');
      return outcome;
    }
  };

  const posted = (answer: Record<string, unknown>): Posted | undefined =>
    typeof answer['channel'] === 'string' && typeof answer['ts'] === 'string'
      ? { channel: answer['channel'], ts: answer['ts'] }
      : undefined;
  const nothing = () => ({});

  return {
    post: ({ channel, threadTs, message }) =>
      call(
        'chat.postMessage',
        {
          channel,
          ...(threadTs === undefined ? {} : { thread_ts: threadTs }),
          ...drawn(message),
          ...withoutUnfurling,
        },
        posted,
      ),
    update: ({ channel, ts, message }) => call('chat.update', { channel, ts, ...drawn(message) }, posted),
    whisper: ({ channel, userId, answer }) =>
      call(
        'chat.postEphemeral',
        {
          channel,
          user: userId,
          text: answer.text,
          ...(answer.blocks === undefined ? {} : { blocks: answer.blocks }),
        },
        nothing,
      ),
    permalink: ({ channel, ts }) =>
      call('chat.getPermalink', { channel, message_ts: ts }, (answer) =>
        typeof answer['permalink'] === 'string' ? { url: answer['permalink'] } : undefined,
      ),
    openView: ({ triggerId, view }) => call('views.open', { trigger_id: triggerId, view }, nothing),
    publishHome: ({ userId, view }) => call('views.publish', { user_id: userId, view }, nothing),
    user: (userId) =>
      call('users.info', { user: userId }, (answer) =>
        answer['user'] === undefined ? undefined : { user: answer['user'] },
      ),
    groupMembers: (groupId) =>
      call('usergroups.users.list', { usergroup: groupId }, (answer) => {
        const { users } = answer;
        return Array.isArray(users) && users.every((user) => typeof user === 'string')
          ? { users }
          : undefined;
      }),
    async respond(responseUrl, answer) {
      if (!isResponseUrl(responseUrl, responseHosts))
        return { outcome: 'refused', error: 'response_url_unknown_host' };
      try {
        const response = await fetch(responseUrl, {
          method: 'POST',
          redirect: 'error',
          headers: { 'content-type': 'application/json; charset=utf-8' },
          body: JSON.stringify({ response_type: 'ephemeral', replace_original: false, ...answer }),
          signal: AbortSignal.timeout(timeoutMs),
        });
        await response.body?.cancel();
        return response.ok ? { outcome: 'sent' } : { outcome: 'refused', error: `http_${response.status}` };
      } catch (error) {
        return fromNetwork(error);
      }
    },
  };
}

/** Only a post can unfurl; an edit refuses the words. Source: Slack, chat.update, arguments. */
const withoutUnfurling = { unfurl_links: false, unfurl_media: false };

function drawn(message: Message): Record<string, unknown> {
  return {
    text: message.text,
    blocks: message.blocks,
    ...(message.metadata === undefined ? {} : { metadata: message.metadata }),
  };
}

function isResponseUrl(text: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return hosts.includes(url.host) && (url.host !== slackHost || url.protocol === 'https:');
}

function outcomeOf(error: unknown, method: string): Unsent {
  if (error instanceof WebAPIRateLimitedError)
    return { outcome: 'rate-limited', retryAfterMs: error.retryAfter * 1000 };
  if (error instanceof WebAPIPlatformError) return fromPlatform(error.data, method);
  if (error instanceof WebAPIHTTPError) return fromStatus(error.statusCode);
  if (error instanceof WebAPIRequestError) return fromNetwork(error.original);
  return { outcome: 'unknown', error: error instanceof Error ? error.name : 'unreadable' };
}

/** Gives a 429 without a readable `Retry-After` one, since the client answers that with an error that says nothing. */
async function fetchWithRetryAfter(url: string | URL, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (response.status !== 429 || /^\d+$/.test(response.headers.get('retry-after') ?? '')) return response;
  const headers = new Headers(response.headers);
  headers.set('retry-after', String(withoutRetryAfterMs / 1000));
  return new Response(response.body, { status: 429, headers });
}

/** The client's own log lines carry bodies and tokens at their finest level; outcomes are logged here instead. */
const quietLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  setLevel: () => {},
  getLevel: () => LogLevel.ERROR,
  setName: () => {},
};
