import type { SendingPlace } from '../flows/ports.ts';
import type { Budget, Terms } from './ports.ts';

/** How much an edit matters: the end is always drawn in its turn, news soon, and progress where there is room. */
export type EditWeight = 'final' | 'news' | 'progress';
/** How much a post matters: a page has places of its own, what matters is sent in its turn, detail where there is room. */
export type PostWeight = 'page' | 'matter' | 'detail';

/** What a call to Slack is counted as. */
export type Charge =
  | { readonly method: 'edit'; readonly weight: EditWeight }
  | { readonly method: 'whisper' }
  /** Anything that is only asked to hear whether Slack answers. */
  | { readonly method: 'ask' }
  | PostCharge;

interface PostCharge {
  readonly method: 'post';
  readonly weight: PostWeight;
  readonly channel: string;
}

type Rate = Omit<Terms, 'nowMs'>;

/**
 * One budget for the whole workspace, since Slack counts per method and workspace. In any minute at most `60 s /
 * interval + burst / interval + 1` calls leave; what is below Slack's own figure is room for calls that arrive late.
 * Source: Slack, "Rate limits": chat.update tier 3 (50 a minute), chat.postEphemeral tier 4 (100), chat.postMessage one
 * a second in a channel with short bursts and several hundred a minute in the workspace.
 */
const forEver = Number.MAX_SAFE_INTEGER;
const edits = { intervalMs: 1_500 };
const edit: Readonly<Record<EditWeight, Rate>> = {
  final: { ...edits, burstMs: 9_000, withinMs: forEver },
  news: { ...edits, burstMs: 6_000, withinMs: 6_000 },
  progress: { ...edits, burstMs: 3_000, withinMs: 0 },
};
const whisper: Rate = { intervalMs: 750, burstMs: 7_500, withinMs: forEver };
const asking: Rate = { intervalMs: 1_000, burstMs: 5_000, withinMs: 0 };
const inChannel = { intervalMs: 1_100, burstMs: 2_200 };
const channelRates: Readonly<Record<Exclude<PostWeight, 'page'>, Rate>> = {
  matter: { ...inChannel, withinMs: forEver },
  detail: { ...inChannel, burstMs: 1_100, withinMs: 0 },
};
const everywhere: Rate = { intervalMs: 400, burstMs: 4_000, withinMs: forEver };
/** Besides, there are places that nothing but a page can take, so that it does not queue behind what merely matters. */
const pageInChannel: Rate = { intervalMs: 12_000, burstMs: 0, withinMs: 60_000 };
const pageEverywhere: Rate = { intervalMs: 2_000, burstMs: 10_000, withinMs: 60_000 };
/** A page takes whatever place is nearest: first what is free now, then what is this near. */
const nearMs = 5_000;

/** A place that was not used in time belongs to nobody any more. */
const stalePlaceMs = 15_000;

export type Leave =
  | { readonly outcome: 'now' }
  /** A place is kept; come back then with it. */
  | { readonly outcome: 'kept'; readonly place: SendingPlace }
  /** Nothing is kept; ask again then. */
  | { readonly outcome: 'full'; readonly atMs: number };

/**
 * When the bot may call Slack. Nobody waits here: a place that lies ahead is kept, and whoever has it comes back with
 * it, in whichever process.
 */
export interface Pacing {
  /** When the kept place is due, while it lies ahead. */
  aheadUntilMs(charge: Charge, kept: SendingPlace | null, nowMs: number): number | undefined;
  /** When it is known, without asking, that nothing can be had before; undefined otherwise. */
  fullUntilMs(charge: Charge, kept: SendingPlace | null, nowMs: number): number | undefined;
  ask(charge: Charge, kept: SendingPlace | null, nowMs: number): Promise<Leave>;
  /** Slack said no, or was not there. */
  block(charge: Charge, untilMs: number): Promise<void>;
}

const pots = {
  edit: 'update',
  whisper: 'whisper',
  ask: 'ask',
  everywhere: 'post',
  pages: 'page',
  channel: (id: string) => `post#${id}`,
  pagesIn: (id: string) => `page#${id}`,
};

export function createPacing(budget: Budget): Pacing {
  const takeFor = async (
    weight: PostWeight,
    common: { readonly pot: string; readonly rate: Rate },
    own: { readonly pot: string; readonly rate: Rate },
    nowMs: number,
  ) => {
    const { pot, rate } = common;
    if (weight !== 'page') return budget.take(pot, { ...rate, nowMs });
    for (const withinMs of [0, nearMs]) {
      const shared = await budget.take(pot, { ...rate, withinMs, nowMs });
      if (shared.outcome === 'taken') return shared;
      const ours = await budget.take(own.pot, { ...own.rate, withinMs, nowMs });
      if (ours.outcome === 'taken') return ours;
    }
    const ours = await budget.take(own.pot, { ...own.rate, nowMs });
    return ours.outcome === 'taken' ? ours : budget.take(pot, { ...rate, nowMs });
  };
  const takeInChannel = ({ weight, channel }: PostCharge, nowMs: number) =>
    takeFor(
      weight,
      { pot: pots.channel(channel), rate: channelRates[weight === 'page' ? 'matter' : weight] },
      { pot: pots.pagesIn(channel), rate: pageInChannel },
      nowMs,
    );
  const takeEverywhere = ({ weight }: PostCharge, nowMs: number) =>
    takeFor(
      weight,
      { pot: pots.everywhere, rate: everywhere },
      { pot: pots.pages, rate: pageEverywhere },
      nowMs,
    );
  const simple = (charge: Exclude<Charge, PostCharge>) => {
    switch (charge.method) {
      case 'edit':
        return { pot: pots.edit, rate: edit[charge.weight] };
      case 'whisper':
        return { pot: pots.whisper, rate: whisper };
      case 'ask':
        return { pot: pots.ask, rate: asking };
    }
  };

  const queueOf = (charge: Charge) => {
    if (charge.method !== 'post') return charge.method;
    return charge.weight === 'page' ? pots.pagesIn(charge.channel) : charge.channel;
  };
  /** A page does not wait in the row of what merely matters. */
  const fits = (charge: Charge, kept: SendingPlace, nowMs: number) =>
    kept.queue === queueOf(charge) ||
    (charge.method === 'post' && kept.queue === charge.channel && kept.atMs <= nowMs);
  const stillGood = (charge: Charge, kept: SendingPlace | null, nowMs: number) =>
    kept !== null && fits(charge, kept, nowMs) && nowMs <= kept.atMs + stalePlaceMs ? kept : null;

  const take = async (charge: Charge, nowMs: number): Promise<SendingPlace | { readonly fullMs: number }> => {
    const queue = queueOf(charge);
    const whole = charge.method !== 'post';
    if (isToPerson(charge)) return { queue, atMs: nowMs, whole };
    const taken =
      charge.method === 'post'
        ? await takeInChannel(charge, nowMs)
        : await budget.take(simple(charge).pot, { ...simple(charge).rate, nowMs });
    return taken.outcome === 'taken' ? { queue, atMs: taken.atMs, whole } : { fullMs: taken.atMs };
  };

  return {
    aheadUntilMs(charge, kept, nowMs) {
      const place = stillGood(charge, kept, nowMs);
      return place !== null && place.atMs > nowMs ? place.atMs : undefined;
    },
    fullUntilMs(charge, kept, nowMs) {
      if (stillGood(charge, kept, nowMs) !== null || isToPerson(charge)) return undefined;
      if (charge.method !== 'post') {
        const { pot, rate } = simple(charge);
        return budget.fullUntilMs(pot, { ...rate, nowMs });
      }
      if (charge.weight === 'page') return undefined;
      return budget.fullUntilMs(pots.channel(charge.channel), { ...channelRates[charge.weight], nowMs });
    },
    async ask(charge, kept, nowMs) {
      const place = stillGood(charge, kept, nowMs) ?? (await take(charge, nowMs));
      if ('fullMs' in place) return { outcome: 'full', atMs: place.fullMs };
      if (place.atMs > nowMs) return { outcome: 'kept', place };
      if (place.whole || charge.method !== 'post') return { outcome: 'now' };
      // Asked for last, and only when the channel's own turn has come: a place far ahead would keep others waiting.
      const { outcome, atMs } = await takeEverywhere(charge, nowMs);
      return atMs <= nowMs
        ? { outcome: 'now' }
        : { outcome: 'kept', place: { ...place, atMs, whole: outcome === 'taken' } };
    },
    async block(charge, untilMs) {
      if (charge.method !== 'post') return budget.block(simple(charge).pot, untilMs);
      const { channel, weight } = charge;
      const own = weight === 'page' ? [pots.pagesIn(channel), pots.pages] : [];
      for (const pot of [pots.channel(channel), pots.everywhere, ...own]) await budget.block(pot, untilMs);
    },
  };
}

/** A person's own direct messages are too few to need a pot. */
function isToPerson(charge: Charge): boolean {
  return charge.method === 'post' && /^[UW]/.test(charge.channel);
}
