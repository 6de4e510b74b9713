import type { Message } from '../../src/bot/messages/block.ts';
import type { Outcome, SlackClient } from '../../src/bot/slack-client.ts';
import type { Process, Work } from './kernel.ts';
import type { Outside } from './outside.ts';

export interface Posted {
  readonly ts: string;
  readonly channel: string;
  readonly threadTs: string | null;
  readonly atMs: number;
  /** Promotion whose showing caused it. */
  readonly about: string;
  /** Announcements that were read before it was sent. */
  readonly telling: readonly number[];
  /** Revision that is drawn, for a card. */
  revision: number | null;
  message: Message;
  deleted: boolean;
}

export interface SlackModel {
  /** In the order of their arrival. */
  readonly posts: readonly Posted[];
  readonly whispers: readonly { readonly userId: string; readonly about: string; readonly text: string }[];
  /** Posts whose sender was not told that they arrived. */
  readonly ambiguous: () => number;
  cardAt(channel: string, ts: string): Posted | undefined;
  /** Somebody deletes a message. */
  remove(post: Posted): void;
  clientOf(process: Process): Pick<SlackClient, 'post' | 'update' | 'whisper' | 'permalink'>;
  observe(listener: (post: Posted) => void): void;
}

/** As the client's own. */
const timeoutMs = 5_000;

type Place = { readonly channel: string; readonly ts: string };

/** Channels that keep what is posted. Delivery, answer and their loss are separate things here. */
export function createSlackModel(outside: Outside): SlackModel {
  const { kernel, tape, weather } = outside;
  const posts: Posted[] = [];
  const byTs = new Map<string, Posted>();
  const whispers: { userId: string; about: string; text: string }[] = [];
  const listeners: ((post: Posted) => void)[] = [];
  let ambiguous = 0;

  const sentTo = (channel: string, threadTs: string | undefined, message: Message, work: Work): Posted => {
    const ts = `${Math.floor(kernel.nowMs() / 1000)}.${String(posts.length + 1).padStart(6, '0')}`;
    const revision = message.metadata?.event_payload['revision'];
    const post: Posted = {
      ts,
      channel,
      threadTs: threadTs ?? null,
      atMs: kernel.nowMs(),
      about: work.about,
      telling: work.telling,
      revision: typeof revision === 'number' ? revision : null,
      message,
      deleted: false,
    };
    posts.push(post);
    byTs.set(`${channel} ${ts}`, post);
    for (const listener of listeners) listener(post);
    return post;
  };

  /** What stops a call before Slack carries it out. */
  const obstacle = (kind: string): Exclude<Outcome, { outcome: 'sent' }> | null => {
    if (weather.isDown('slack')) return { outcome: 'unreachable', error: 'ECONNREFUSED' };
    if (weather.strikes('slack', 'throttled', kind))
      return { outcome: 'rate-limited', retryAfterMs: tape.between(1, 30) * 1000 };
    if (weather.strikes('slack', 'unavailable', kind)) return { outcome: 'unknown', error: 'ECONNRESET' };
    return null;
  };

  const answered = <Sent>(kind: string, sent: Sent): Outcome<Sent> => {
    if (!weather.strikes('slack', 'lost', kind)) return { outcome: 'sent', ...sent };
    ambiguous += 1;
    return { outcome: 'unknown', error: 'TimeoutError' };
  };

  return {
    posts,
    whispers,
    ambiguous: () => ambiguous,
    cardAt: (channel, ts) => byTs.get(`${channel} ${ts}`),
    remove(post) {
      post.deleted = true;
    },
    observe(listener) {
      listeners.push(listener);
    },
    clientOf(process) {
      const call = <Sent>(kind: string, carryOut: (work: Work) => Outcome<Sent>) => {
        const { work } = kernel;
        const of = work();
        const leftMs = kernel.nowMs();
        return kernel.call(process, kind, (): Outcome<Sent> => {
          // What a process did not hand to its connection before it slept, it gives up when it wakes. A message that
          // comes late all the same is only one too many; only edits are kept to this.
          if (kind === 'slack.update' && kernel.nowMs() - leftMs > timeoutMs)
            return { outcome: 'unknown', error: 'timeout' };
          return obstacle(kind) ?? carryOut(of);
        });
      };
      return {
        post: ({ channel, threadTs, message }) =>
          call<Place>('slack.post', (work) => {
            const parent = threadTs === undefined ? undefined : byTs.get(`${channel} ${threadTs}`);
            if (threadTs !== undefined && (parent === undefined || parent.deleted))
              return { outcome: 'gone', error: 'thread_not_found' };
            const { ts } = sentTo(channel, threadTs, message, work);
            return answered('slack.post', { channel, ts });
          }),
        update: ({ channel, ts, message }) =>
          call<Place>('slack.update', () => {
            const post = byTs.get(`${channel} ${ts}`);
            if (post === undefined || post.deleted) return { outcome: 'gone', error: 'message_not_found' };
            const revision = message.metadata?.event_payload['revision'];
            post.message = message;
            post.revision = typeof revision === 'number' ? revision : post.revision;
            return answered('slack.update', { channel, ts });
          }),
        whisper: ({ userId, answer }) =>
          call<object>('slack.whisper', (work) => {
            whispers.push({ userId, about: work.about, text: answer.text });
            return answered('slack.whisper', {});
          }),
        permalink: ({ channel, ts }) =>
          call<{ url: string }>('slack.permalink', () =>
            answered('slack.permalink', { url: `https://slack.test/${channel}/${ts}` }),
          ),
      };
    },
  };
}
