import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createAnnouncer } from '../../src/bot/announcer.ts';
import type { Message } from '../../src/bot/messages/block.ts';
import type { Announcement } from '../../src/flows/promotion/announcements.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { createRateLimits } from '../../workspace/slack/rate-limits.ts';
import { fakeLog } from './fakes.ts';
import { createRandom, type Random } from './load/random.ts';
import { channelId, grace, onCallChannelId, promotionIn, startMs } from './promotions.ts';
import { createRows } from './rows.ts';

const id = 'p0123456789';

/** What happens before every call that an announcer makes; one that never returns is a process that was killed there. */
type Gate = (call: string) => Promise<void>;

function gated<Port extends object>(name: string, port: Port, gate: Gate): Port {
  return Object.fromEntries(
    Object.entries(port).map(([method, call]) => [
      method,
      typeof call !== 'function' || method === 'fullUntilMs'
        ? call
        : async (...input: unknown[]) => {
            await gate(`${name}.${method}`);
            return call.apply(port, input);
          },
    ]),
  ) as Port;
}

interface Posted {
  readonly channel: string;
  readonly threadTs: string | null;
  readonly ts: string;
  /** What it said when it was posted. */
  readonly words: string;
  message: Message;
}

/** Slack under its strict limits, with the messages it has. */
function createChannel(nowMs: () => number) {
  const limits = createRateLimits(nowMs);
  const messages: Posted[] = [];
  let refused = 0;
  const taken = (method: string, channel?: string) => {
    const limited = limits.take(method, channel);
    if (limited === undefined) return undefined;
    refused += 1;
    return { outcome: 'rate-limited', retryAfterMs: limited.retryAfterSeconds * 1000 } as const;
  };
  return {
    messages,
    refused: () => refused,
    client: {
      async post(input: { channel: string; threadTs?: string; message: Message }) {
        const limited = taken('chat.postMessage', input.channel);
        if (limited !== undefined) return limited;
        const ts = `17.${String(messages.length + 1).padStart(6, '0')}`;
        const { channel, message } = input;
        messages.push({ channel, threadTs: input.threadTs ?? null, ts, words: message.text, message });
        return { outcome: 'sent', channel, ts } as const;
      },
      async update({ channel, ts, message }: { channel: string; ts: string; message: Message }) {
        const limited = taken('chat.update');
        if (limited !== undefined) return limited;
        const found = messages.find((each) => each.ts === ts);
        if (found === undefined) return { outcome: 'gone', error: 'message_not_found' } as const;
        found.message = message;
        return { outcome: 'sent', channel, ts } as const;
      },
      async whisper() {
        return taken('chat.postEphemeral') ?? ({ outcome: 'sent' } as const);
      },
      async permalink({ ts }: { channel: string; ts: string }) {
        return { outcome: 'sent', url: `https://slack.example/${ts}` } as const;
      },
    },
  };
}

const question = {
  id: 'q1',
  askedAtMs: startMs,
  deadlineAtMs: startMs + 600_000,
  text: 'No data.',
};
const monitoring = promotionIn('monitoring');
const asking = { ...monitoring, watch: { ...monitoring.watch, question } };

/** One promotion with every kind of telling, up to its end: seconds after which it is saved, and what it tells. */
const story: readonly (readonly [number, Promotion, ...Announcement[]])[] = [
  [0, promotionIn('analyzing'), { topic: 'requested' }],
  [2, promotionIn('awaiting-approval'), { topic: 'analyzed' }, { topic: 'approval-needed', differences: [] }],
  [
    5,
    promotionIn('waiting'),
    { topic: 'approved', person: grace, count: 2, required: 2 },
    { topic: 'waiting', waitSeconds: 60 },
  ],
  [3, promotionIn('deploying'), { topic: 'started' }],
  [4, promotionIn('deploying'), { topic: 'step-done', title: 'Shift', text: 'done' }],
  [5, asking, { topic: 'question', question, withoutAnswer: 'roll-back' }],
  [
    6,
    promotionIn('rolling-back'),
    { topic: 'answered', person: null, answer: 'roll-back' },
    { topic: 'rolling-back' },
  ],
  [4, promotionIn('rolled-back'), { topic: 'rolled-back' }],
];

const told = [
  ['analyzed', 'Live now:'],
  ['approval-needed', 'Approval needed'],
  ['approved', 'Approved by'],
  ['waiting', 'All approvals are there'],
  ['started', 'Started:'],
  ['step-done', '— done. done'],
  ['question', 'cannot be told. Continue, or roll back?'],
  ['answered', 'No answer came in time'],
  ['rolling-back', ' Rolling back '],
  ['rolled-back', 'Rolled back: '],
] as const;

interface Telling {
  readonly posts: readonly Posted[];
  readonly cards: readonly Posted[];
  /** Topics in the order in which they arrived in the promotion's channel. */
  readonly arrived: readonly string[];
  readonly onCall: readonly string[];
  readonly liveCard: Posted | undefined;
  readonly refused: number;
  readonly errors: readonly string[];
  readonly countedDown: number;
}

interface Process {
  readonly gate: Gate;
  /** Settles when it is killed. */
  readonly dead: Promise<void>;
  lives(): boolean;
}

/** Plays the story to its end with these processes, all of which look at what is due. */
async function play(processes: readonly Process[]): Promise<Telling> {
  const bench = createRows();
  const { rows } = bench;
  const channel = createChannel(() => rows.nowMs);
  const log = fakeLog();
  let countedDown = 0;
  const announcers = processes.map((process) => ({
    process,
    announcer: createAnnouncer({
      store: gated('store', bench.store, process.gate),
      outbox: gated('outbox', bench.outbox, process.gate),
      slack: gated('slack', channel.client, process.gate),
      budget: gated('budget', bench.budget, process.gate),
      elapsedMs: () => rows.nowMs,
      log,
      random: () => 0.5,
      told: async (_id, { topic }) => {
        await process.gate('told');
        if (topic === 'waiting') countedDown += 1;
      },
    }),
  }));
  const isDue = () => (bench.rows.dueAt(id) ?? Number.POSITIVE_INFINITY) <= rows.nowMs;
  const work = async () => {
    for (let round = 0; round < 6 && isDue(); round += 1) {
      await Promise.all(
        announcers
          .filter(({ process }) => process.lives())
          .map(({ process, announcer }) => Promise.race([announcer.announce(id, rows.nowMs), process.dead])),
      );
    }
  };
  /** Time passes to whatever comes first. */
  const until = async (atMs: number) => {
    for (;;) {
      await work();
      const due = bench.rows.dueAt(id) ?? Number.POSITIVE_INFINITY;
      if (due > atMs) break;
      rows.nowMs = Math.max(rows.nowMs + 1000, due);
    }
    rows.nowMs = Math.max(rows.nowMs, atMs);
  };
  for (const [seconds, promotion, ...announcements] of story) {
    await until(rows.nowMs + seconds * 1000);
    rows.save(promotion, ...announcements);
  }
  await until(rows.nowMs + 900_000);

  const isCard = ({ message }: Posted) => message.metadata !== undefined;
  const topicsOf = (posts: readonly Posted[]) =>
    posts.flatMap(({ words }) => told.filter(([, mark]) => words.includes(mark)).map(([topic]) => topic));
  const inChannel = channel.messages.filter((posted) => posted.channel === channelId && !isCard(posted));
  return {
    posts: channel.messages,
    cards: channel.messages.filter(isCard),
    arrived: topicsOf(inChannel),
    onCall: topicsOf(channel.messages.filter((posted) => posted.channel === onCallChannelId)),
    liveCard: channel.messages.find(({ ts }) => ts === rows.surface(id).ts),
    refused: channel.refused(),
    errors: log.lines.filter(({ level }) => level === 'error').map(({ message }) => message),
    countedDown,
  };
}

const never = new Promise<never>(() => {});
const forEver: Process = { gate: async () => {}, dead: never, lives: () => true };
const topics = told.map(([topic]) => topic);
const calls = ['question', 'rolling-back', 'rolled-back'];
const postsOfStory = 1 + topics.length + calls.length;
const firsts = (all: readonly string[]) => [...new Set(all)];

/** The first process is killed before this call, and the second goes on after it. */
function killedAt(point: number) {
  let count = 0;
  let at = '';
  /** Something was sent and is not noted yet. */
  let unnoted = false;
  let before = '';
  let die = () => {};
  const dead = new Promise<void>((resolve) => {
    die = resolve;
  });
  const first: Process = {
    gate: async (call) => {
      if (at !== '') await never;
      if (before === 'slack.post') unnoted = true;
      if (before === 'outbox.saveSurface') unnoted = false;
      before = call;
      if (count === point) {
        at = call;
        die();
        await never;
      }
      count += 1;
    },
    dead,
    lives: () => at === '',
  };
  const second: Process = { gate: async () => {}, dead: never, lives: () => at !== '' };
  return { processes: [first, second], at: () => at, unnoted: () => unnoted };
}

/** Every call takes as long as chance has it, so that processes meet in the middle of everything. */
function slowed(random: Random): Process {
  return {
    ...forEver,
    gate: async () => {
      for (let turns = Math.floor(random() * 12); turns > 0; turns -= 1) await Promise.resolve();
    },
  };
}

const showsTheEnd = (telling: Telling) =>
  telling.liveCard?.message.metadata?.event_payload['revision'] === story.length &&
  telling.liveCard.message.text.includes('Rolled back.');

describe('an announcer', () => {
  it('tells a promotion to its end, and takes the buttons from the question that was settled', async () => {
    const telling = await play([forEver]);

    expect(telling.arrived).toEqual(topics);
    expect(telling.onCall).toEqual(calls);
    const settled = telling.posts.filter(({ message }) => message.text.startsWith('Settled'));
    expect(settled.map(({ channel }) => channel).sort()).toEqual([channelId, onCallChannelId]);
    for (const { message } of settled) {
      expect(message.text).toContain('No answer came in time');
      expect(message.blocks.some(({ type }) => type === 'actions')).toBe(false);
    }
    expect(telling.cards).toHaveLength(1);
    expect(showsTheEnd(telling)).toBe(true);
    expect(telling.errors).toEqual([]);
  });

  it('killed at any call it makes leaves everything told in order, and twice only what it had just sent', async () => {
    let points = 0;
    let doubled = 0;
    const wrong: string[] = [];
    for (;;) {
      const { processes, at, unnoted } = killedAt(points);
      const telling = await play(processes);
      if (at() === '') break;
      points += 1;
      const sent = telling.posts.filter(
        ({ words }) => telling.posts.filter((each) => each.words === words).length > 1,
      );
      doubled += sent.length === 0 ? 0 : 1;
      const fine =
        showsTheEnd(telling) &&
        isDeepStrictEqual(firsts(telling.arrived), topics) &&
        isDeepStrictEqual(firsts(telling.onCall), calls) &&
        telling.posts.length <= (unnoted() ? 1 : 0) + postsOfStory &&
        telling.countedDown >= 1 &&
        telling.refused === 0;
      if (!fine)
        wrong.push(`${points} ${at()}: ${telling.posts.map(({ words }) => words.slice(0, 30)).join(' | ')}`);
    }

    expect(wrong).toEqual([]);
    expect(points).toBeGreaterThan(150);
    // A message whose sending was not noted is sent once more: never lost is worth that.
    expect(doubled).toBeGreaterThan(5);
  });

  it('beside another one tells nothing twice and loses nothing, however their calls interleave', async () => {
    const wrong: string[] = [];
    for (let seed = 1; seed <= 40; seed += 1) {
      const random = createRandom(seed);
      const telling = await play([slowed(random), slowed(random), slowed(random)]);
      const fine =
        showsTheEnd(telling) &&
        isDeepStrictEqual(telling.arrived, topics) &&
        isDeepStrictEqual(telling.onCall, calls) &&
        telling.cards.length === 1 &&
        telling.refused === 0;
      if (!fine)
        wrong.push(
          `${seed}: ${telling.cards.length} ${telling.arrived.join(' ')} | ${telling.onCall.join(' ')} ${telling.liveCard?.message.text}`,
        );
    }

    expect(wrong).toEqual([]);
  });
});
