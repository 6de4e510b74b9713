import { createAnnouncer } from '../../../src/bot/announcer.ts';
import { createBudget } from '../../../src/store/budget.ts';
import { createOutbox } from '../../../src/store/outbox.ts';
import { createPromotionStore } from '../../../src/store/promotions.ts';
import { createSdkTransport } from '../../../src/store/sdk-transport.ts';
import { createRateLimits } from '../../../workspace/slack/rate-limits.ts';
import { createTableModel } from '../../simulation/table-model.ts';
import { fakeLog } from '../fakes.ts';
import { startMs } from '../promotions.ts';
import { type Channels, createChannels, type Shown } from './channels.ts';
import { createLife, type Life } from './lives.ts';
import { createRandom, type Random } from './random.ts';
import { expectedOf, inOrder, toldOf } from './told.ts';

export interface LoadOptions {
  readonly promotions: number;
  readonly channels: number;
  readonly minutes: number;
  /** All of them end within this much time before the last minute is over; left out, each when it likes. */
  readonly endWithinSeconds?: number;
  readonly downFromMinute?: number;
  readonly downForMinutes?: number;
  readonly lostAnswersPercent?: number;
  readonly processes?: number;
  readonly seed?: number;
}

export interface Figures {
  readonly calls: Readonly<Record<string, number>>;
  /** The most calls of one method in any minute. */
  readonly mostInAMinute: Readonly<Record<string, number>>;
  readonly rateLimited: number;
  /** How many Slack would have refused had each call been up to three seconds on its way. */
  readonly rateLimitedIfLate: number;
  /** From the save of the end, or from when Slack was back, to its drawing on the card; in seconds. */
  readonly drawnAfter: Delays;
  /** The same of the message that says how it ended. */
  readonly toldAfter: Delays;
  readonly neverDrawn: number;
  readonly lostOrOutOfOrder: readonly string[];
  readonly repeated: number;
  readonly cards: number;
  /** From the first request until nothing was left to show, in seconds. */
  readonly lasted: number;
  /** DynamoDB writes and reads of the announcers, per call that reached Slack. */
  readonly writesPerCall: number;
  readonly readsPerCall: number;
  readonly budgetWrites: number;
  readonly budgetWritesRefused: number;
  readonly complaints: readonly string[];
}

export interface Delays {
  readonly median: number;
  readonly p95: number;
  readonly most: number;
}

/** Promotions of many people at once, announced by several processes over the real store, on a clock moved by hand. */
export async function runLoad(options: LoadOptions): Promise<Figures> {
  const random = createRandom(options.seed ?? 1);
  let nowMs = startMs;
  const clock = () => nowMs;
  const table = createTableModel({ nowMs: clock });
  const counts = { reads: 0, writes: 0, budget: 0, budgetRefused: 0, announcing: false };
  const transport = createSdkTransport({
    client: {
      ...table.client,
      async send(command, ...rest) {
        const name = command.constructor.name;
        if (!counts.announcing) return table.client.send(command, ...rest);
        const input = JSON.stringify(command.input);
        const sweeps = input.includes('"IndexName"') || input.includes('"SYS"');
        const isRead = name === 'GetItemCommand' || name === 'QueryCommand';
        if (!sweeps) counts[isRead ? 'reads' : 'writes'] += 1;
        const budget = input.includes('"BUDGET#');
        if (budget) counts.budget += 1;
        try {
          return await table.client.send(command, ...rest);
        } catch (error) {
          if (budget) counts.budgetRefused += 1;
          throw error;
        }
      },
    },
    tableName: 'load',
    pause: async () => {},
  });
  let nonces = 0;
  const nonce = () => {
    nonces += 1;
    return `n${nonces}`;
  };
  const store = createPromotionStore({ transport, nonce });
  const outbox = createOutbox({ transport, nonce });
  const slack = createChannels({
    nowMs: clock,
    random,
    ...(options.lostAnswersPercent === undefined ? {} : { lostAnswersPercent: options.lostAnswersPercent }),
  });
  const log = fakeLog();
  const processes = Array.from({ length: options.processes ?? 2 }, () =>
    createAnnouncer({
      store,
      outbox,
      slack: slack.client,
      budget: createBudget({ transport }),
      elapsedMs: clock,
      log,
      random,
    }),
  );

  const lastMs = startMs + options.minutes * 60_000;
  const lives = Array.from({ length: options.promotions }, (_, index): Life => {
    const beginMs = startMs + Math.floor(random() * 120_000);
    const { endWithinSeconds } = options;
    const endMs =
      endWithinSeconds === undefined
        ? beginMs + (lastMs - beginMs) * (0.5 + random() * 0.5)
        : lastMs - Math.floor(random() * endWithinSeconds * 1000);
    return createLife({
      id: String(index).padStart(3, '0'),
      channel: `C0CHANNEL${index % options.channels}`,
      onCallChannel: 'C0ONCALL',
      startMs: beginMs,
      endMs: Math.floor(endMs),
      random,
    });
  });
  const saves = lives
    .flatMap(({ id, saves: all }) => all.map((save, index) => ({ id, index, ...save })))
    .sort((a, b) => a.atMs - b.atMs || a.index - b.index);
  const downFromMs = startMs + (options.downFromMinute ?? 0) * 60_000;
  const downUntilMs = downFromMs + (options.downForMinutes ?? 0) * 60_000;

  const saveDue = async () => {
    counts.announcing = false;
    for (let save = saves[0]; save !== undefined && save.atMs <= nowMs; save = saves[0]) {
      saves.shift();
      const { promotion, told, atMs } = save;
      const announcements = told.map((announcement, index) => ({
        promotionId: promotion.id,
        sequence: promotion.announced - told.length + index + 1,
        atMs,
        announcement,
      }));
      const change = { promotion, audit: [], announcements, locks: null, live: null, handedOver: null };
      if (save.index === 0) await store.create(change);
      else if ((await store.save(change)).outcome !== 'saved') throw new Error('a save was refused');
    }
    counts.announcing = true;
  };
  const work = (announcer: (typeof processes)[number]) => async () => {
    for (let round = 0; round < 6; round += 1) if ((await announcer.runDue(nowMs)) === 0) return;
  };

  /** Every surface rests for good once its promotion has ended and everything of it is shown. */
  const isOver = () =>
    saves.length === 0 && !table.rows().some((row) => row['duePk']?.S?.startsWith('SHOW') === true);
  const longestMs = lastMs + 60 * 60_000;
  for (; nowMs < longestMs; nowMs += 1000) {
    if (nowMs >= downFromMs && nowMs < downUntilMs) slack.down(downUntilMs);
    await saveDue();
    await Promise.all(processes.map((announcer) => work(announcer)()));
    if (nowMs % 15_000 === 0 && isOver()) break;
  }
  return figuresOf(
    lives,
    { fromMs: downFromMs, untilMs: downUntilMs },
    slack,
    counts,
    nowMs,
    random,
    log.lines.map(({ message, data }) => `${message} ${JSON.stringify(data)}`),
  );
}

function figuresOf(
  lives: readonly Life[],
  down: { readonly fromMs: number; readonly untilMs: number },
  slack: Channels,
  counts: { reads: number; writes: number; budget: number; budgetRefused: number },
  nowMs: number,
  random: Random,
  complaints: readonly string[],
): Figures {
  const cardsOf = (life: Life) =>
    slack.messages.filter(({ message }) => message.metadata?.event_payload['promotion_id'] === life.id);
  const drawnAfter: number[] = [];
  const toldAfter: number[] = [];
  const disordered: string[] = [];
  let neverDrawn = 0;
  let repeated = 0;
  let cards = 0;
  for (const life of lives) {
    const { endedAtMs } = life;
    const sinceMs = endedAtMs >= down.fromMs && endedAtMs < down.untilMs ? down.untilMs : endedAtMs;
    const own = cardsOf(life);
    cards += own.length;
    const final = life.saves.length;
    const drawn = own.flatMap(({ drawings }) =>
      drawings.filter(({ message }) => message.metadata?.event_payload['revision'] === final),
    );
    const newest = own.at(-1);
    if (newest?.message.metadata?.event_payload['revision'] !== final || drawn.length === 0) neverDrawn += 1;
    else drawnAfter.push((Math.min(...drawn.map(({ atMs }) => atMs)) - sinceMs) / 1000);
    const expected = expectedOf(life);
    const arrived = toldOf(life, slack.messages, own);
    if (!inOrder(expected, arrived))
      disordered.push(`${life.id}: ${expected.join(',')} | ${arrived.join(',')}`);
    repeated += arrived.length - expected.length;
    const last = lastOf(life, slack.messages);
    if (last !== undefined) toldAfter.push((last.postedAtMs - sinceMs) / 1000);
  }
  const sent = slack.calls.length;
  return {
    calls: countBy(slack.calls.map(({ method }) => method)),
    mostInAMinute: mostInAMinute(slack.calls),
    rateLimited: slack.refused(),
    rateLimitedIfLate: refusedIfLate(slack.calls, random),
    drawnAfter: delaysOf(drawnAfter),
    toldAfter: delaysOf(toldAfter),
    neverDrawn,
    lostOrOutOfOrder: disordered,
    repeated,
    cards,
    lasted: (nowMs - startMs) / 1000,
    writesPerCall: counts.writes / sent,
    readsPerCall: counts.reads / sent,
    budgetWrites: counts.budget,
    budgetWritesRefused: counts.budgetRefused,
    complaints,
  };
}

const lastOf = (life: Life, messages: readonly Shown[]) =>
  messages.findLast(
    ({ channel, message, threadTs }) =>
      channel === life.channel &&
      threadTs === null &&
      message.metadata === undefined &&
      message.text.includes(`\`app-${life.id}\``),
  );

function refusedIfLate(calls: Channels['calls'], random: Random): number {
  let nowMs = 0;
  const limits = createRateLimits(() => nowMs);
  const arrivals = calls
    .map((call) => ({ ...call, atMs: call.atMs + random() * 3_000 }))
    .sort((a, b) => a.atMs - b.atMs);
  return arrivals.filter(({ method, channel, atMs }) => {
    nowMs = atMs;
    return limits.take(method, method === 'chat.postMessage' ? channel : undefined) !== undefined;
  }).length;
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function mostInAMinute(calls: Channels['calls']): Record<string, number> {
  const most: Record<string, number> = {};
  const windows = new Map<string, number[]>();
  for (const { method, channel, atMs } of calls) {
    for (const name of method === 'chat.postMessage' ? [method, `${method} ${channel}`] : [method]) {
      const recent = [...(windows.get(name) ?? []), atMs].filter((each) => each > atMs - 60_000);
      windows.set(name, recent);
      const shown = name.includes(' ') ? `${method} in one channel` : name;
      most[shown] = Math.max(most[shown] ?? 0, recent.length);
    }
  }
  return most;
}

function delaysOf(seconds: number[]): Delays {
  const sorted = seconds.sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { median: at(0.5), p95: at(0.95), most: at(1) };
}
