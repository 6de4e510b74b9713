import type { Message } from '../../../src/bot/messages/block.ts';
import type { Outcome, SlackClient } from '../../../src/bot/slack-client.ts';
import { createRateLimits } from '../../../workspace/slack/rate-limits.ts';
import type { Random } from './random.ts';

export interface Shown {
  readonly channel: string;
  readonly ts: string;
  readonly threadTs: string | null;
  readonly postedAtMs: number;
  message: Message;
  /** Every drawing with the time at which it came. */
  readonly drawings: { readonly atMs: number; readonly message: Message }[];
}

/** Slack as far as an announcer sees it, under the workspace's strict limits. */
export interface Channels {
  readonly client: Pick<SlackClient, 'post' | 'update' | 'whisper' | 'permalink'>;
  readonly messages: Shown[];
  readonly calls: { readonly method: string; readonly channel: string; readonly atMs: number }[];
  refused(): number;
  /** Cannot be reached, or answers nothing, until then. */
  down(untilMs: number): void;
  remove(ts: string): void;
}

export interface ChannelsOptions {
  readonly nowMs: () => number;
  readonly random: Random;
  /** How many calls in a hundred get through while Slack answers nothing. */
  readonly lostAnswersPercent?: number;
}

export function createChannels({ nowMs, random, lostAnswersPercent = 0 }: ChannelsOptions): Channels {
  const limits = createRateLimits(nowMs);
  const messages: Shown[] = [];
  const calls: { method: string; channel: string; atMs: number }[] = [];
  let downUntilMs = 0;
  let refused = 0;
  let posted = 0;

  const call = async <Sent>(
    method: string,
    channel: string,
    happen: () => Outcome<Sent>,
  ): Promise<Outcome<Sent>> => {
    // Somebody else has a turn while a call is on its way.
    await Promise.resolve();
    const atMs = nowMs();
    if (atMs < downUntilMs && random() >= 0.3) return { outcome: 'unreachable', error: 'ECONNREFUSED' };
    calls.push({ method, channel, atMs });
    const limited = limits.take(method, method === 'chat.postMessage' ? channel : undefined);
    if (limited !== undefined) {
      refused += 1;
      return { outcome: 'rate-limited', retryAfterMs: limited.retryAfterSeconds * 1000 };
    }
    const lost = atMs < downUntilMs || random() * 100 < lostAnswersPercent;
    if (lost && random() < 0.5) return { outcome: 'unknown', error: 'timeout' };
    const outcome = happen();
    return lost ? { outcome: 'unknown', error: 'timeout' } : outcome;
  };

  return {
    messages,
    calls,
    refused: () => refused,
    down(untilMs) {
      downUntilMs = untilMs;
    },
    remove(ts) {
      const index = messages.findIndex((message) => message.ts === ts);
      if (index >= 0) messages.splice(index, 1);
    },
    client: {
      post: ({ channel, threadTs, message }) =>
        call<{ channel: string; ts: string }>('chat.postMessage', channel, () => {
          if (threadTs !== undefined && !messages.some(({ ts }) => ts === threadTs)) {
            return { outcome: 'gone', error: 'thread_not_found' };
          }
          posted += 1;
          const ts = `17.${String(posted).padStart(6, '0')}`;
          const atMs = nowMs();
          messages.push({
            channel,
            ts,
            threadTs: threadTs ?? null,
            postedAtMs: atMs,
            message,
            drawings: [{ atMs, message }],
          });
          return { outcome: 'sent', channel, ts };
        }),
      update: ({ channel, ts, message }) =>
        call<{ channel: string; ts: string }>('chat.update', channel, () => {
          const found = messages.find((each) => each.ts === ts && each.channel === channel);
          if (found === undefined) return { outcome: 'gone', error: 'message_not_found' };
          found.message = message;
          found.drawings.push({ atMs: nowMs(), message });
          return { outcome: 'sent', channel, ts };
        }),
      whisper: ({ channel }) => call('chat.postEphemeral', channel, () => ({ outcome: 'sent' })),
      permalink: ({ channel, ts }) =>
        call('chat.getPermalink', channel, () => ({ outcome: 'sent', url: `https://slack.example/${ts}` })),
    },
  };
}
