/**
 * Slack's rate limits in virtual time: per method for the whole workspace in a sliding minute, and for
 * `chat.postMessage` about one a second per channel with a short burst besides. Slack publishes "tier 3: 50+ a minute";
 * the stand-in allows exactly the number and not the plus, so that an app that fits here fits there.
 */
import type { SlackRateUsage } from './control.ts';
import { type MethodFacts, methods } from './methods.ts';

const windowMs = 60_000;
const postBurst = 5;
const postsPerSecond = 1;

/** Slack says "several hundred" for the specials; the lowest reading of it. */
const perMinute = (tier: MethodFacts['tier']): number =>
  tier === 'special' ? 200 : tier === 2 ? 20 : tier === 3 ? 50 : 100;

interface Pot {
  takenAtMs: number[];
  blockedUntilMs: number;
  refused: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
  blockedUntilMs: number;
  refused: number;
  takenAtMs: number[];
}

export interface RateLimits {
  /** Counts one call, or answers the whole seconds after which it may be tried again. */
  take(method: string, channel?: string): { retryAfterSeconds: number } | undefined;
  usage(): SlackRateUsage[];
  clear(): void;
}

export function createRateLimits(nowMs: () => number): RateLimits {
  const pots = new Map<string, Pot>();
  const buckets = new Map<string, Bucket>();

  const recent = (takenAtMs: number[]) => {
    const since = nowMs() - windowMs;
    while (takenAtMs.length > 0 && (takenAtMs[0] ?? 0) <= since) takenAtMs.shift();
    return takenAtMs;
  };

  const seconds = (untilMs: number) => ({
    retryAfterSeconds: Math.max(1, Math.ceil((untilMs - nowMs()) / 1_000)),
  });

  const takeFromChannel = (channel: string) => {
    const now = nowMs();
    const bucket = buckets.get(channel) ?? {
      tokens: postBurst,
      atMs: now,
      blockedUntilMs: 0,
      refused: 0,
      takenAtMs: [],
    };
    buckets.set(channel, bucket);
    bucket.tokens = Math.min(postBurst, bucket.tokens + ((now - bucket.atMs) / 1_000) * postsPerSecond);
    bucket.atMs = now;
    if (bucket.tokens < 1) {
      bucket.refused += 1;
      bucket.blockedUntilMs = now + ((1 - bucket.tokens) / postsPerSecond) * 1_000;
      return seconds(bucket.blockedUntilMs);
    }
    bucket.tokens -= 1;
    recent(bucket.takenAtMs).push(now);
    return undefined;
  };

  const takeFromMethod = (method: string, tier: MethodFacts['tier']) => {
    const now = nowMs();
    const pot = pots.get(method) ?? { takenAtMs: [], blockedUntilMs: 0, refused: 0 };
    pots.set(method, pot);
    const taken = recent(pot.takenAtMs);
    if (taken.length >= perMinute(tier)) {
      pot.refused += 1;
      pot.blockedUntilMs = (taken[0] ?? now) + windowMs;
      return seconds(pot.blockedUntilMs);
    }
    taken.push(now);
    return undefined;
  };

  return {
    take(method, channel) {
      const tier = methods[method]?.tier;
      if (tier === undefined) return undefined;
      if (method === 'chat.postMessage' && channel !== undefined) {
        const refusal = takeFromChannel(channel);
        if (refusal !== undefined) return refusal;
      }
      return takeFromMethod(method, tier);
    },
    usage() {
      const now = nowMs();
      const rows: SlackRateUsage[] = [];
      for (const [method, pot] of pots) {
        rows.push({
          method,
          limitPerMinute: perMinute(methods[method]?.tier ?? 2),
          usedInLastMinute: recent(pot.takenAtMs).length,
          refused: pot.refused,
          ...(pot.blockedUntilMs > now ? { blockedUntilMs: pot.blockedUntilMs } : {}),
        });
      }
      for (const [channel, bucket] of buckets) {
        rows.push({
          method: 'chat.postMessage',
          channel,
          limitPerMinute: 60 * postsPerSecond,
          usedInLastMinute: recent(bucket.takenAtMs).length,
          refused: bucket.refused,
          ...(bucket.blockedUntilMs > now ? { blockedUntilMs: bucket.blockedUntilMs } : {}),
        });
      }
      return rows;
    },
    clear() {
      pots.clear();
      buckets.clear();
    },
  };
}
