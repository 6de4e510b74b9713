/**
 * How often the bot may call Slack. Slack counts per method and workspace, so all promotions share these budgets.
 * Kept in this process's memory: several processes would each have their own, and Slack's 429 is the last word.
 */
export interface Pacing {
  /** When this method may be called again; in the past when it may be called now. */
  blockedUntilMs(method: Method): number;
  block(method: Method, untilMs: number): void;
  /** When the next edit of a card is allowed. What matters may use what is left for it after progress has had its share. */
  editAtMs(lastEditMs: number, matters: boolean, nowMs: number): number;
  edited(promotionId: string, nowMs: number): void;
  /** When the next message may go into this channel. */
  postAtMs(channel: string, nowMs: number): number;
  posted(channel: string, nowMs: number): void;
}

export type Method = 'post' | 'update' | 'whisper';

const minuteMs = 60_000;
const closestEditsMs = 3_000;
/** Slack allows about fifty edits a minute; the rest is for what must not wait. */
const editsPerMinute = 40;
const urgentEditsPerMinute = 48;
/** Slack asks for one message a second in a channel and takes short bursts. */
const postBurst = 5;
const postBurstMs = 5_000;

export function createPacing(): Pacing {
  const blocked = new Map<Method, number>();
  const edits: number[] = [];
  const active = new Map<string, number>();
  const posts = new Map<string, number[]>();

  const forget = (times: number[], beforeMs: number) => {
    while (times[0] !== undefined && times[0] <= beforeMs) times.shift();
  };

  return {
    blockedUntilMs: (method) => blocked.get(method) ?? 0,
    block(method, untilMs) {
      blocked.set(method, Math.max(untilMs, blocked.get(method) ?? 0));
    },
    editAtMs(lastEditMs, matters, nowMs) {
      forget(edits, nowMs - minuteMs);
      for (const [id, atMs] of active) if (atMs <= nowMs - minuteMs) active.delete(id);
      const spacingMs = matters
        ? closestEditsMs
        : Math.max(closestEditsMs, (minuteMs * active.size) / editsPerMinute);
      const budget = matters ? urgentEditsPerMinute : editsPerMinute;
      const oldest = edits[edits.length - budget];
      return Math.max(lastEditMs + spacingMs, oldest === undefined ? 0 : oldest + minuteMs);
    },
    edited(promotionId, nowMs) {
      edits.push(nowMs);
      active.set(promotionId, nowMs);
    },
    postAtMs(channel, nowMs) {
      const times = posts.get(channel) ?? [];
      forget(times, nowMs - postBurstMs);
      const oldest = times[times.length - postBurst];
      return oldest === undefined ? 0 : oldest + postBurstMs;
    },
    posted(channel, nowMs) {
      posts.set(channel, [...(posts.get(channel) ?? []), nowMs]);
    },
  };
}
