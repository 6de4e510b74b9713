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
  | { readonly method: 'post'; readonly weight: PostWeight; readonly channel: string };

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
  progress: { ...edits, burstMs: 0, withinMs: 0 },
};
const whisper: Rate = { intervalMs: 750, burstMs: 7_500, withinMs: forEver };
const inChannel = { intervalMs: 1_100 };
const channel: Readonly<Record<PostWeight, Rate>> = {
  page: { ...inChannel, burstMs: 2_200, withinMs: 0 },
  matter: { ...inChannel, burstMs: 2_200, withinMs: forEver },
  detail: { ...inChannel, burstMs: 1_100, withinMs: 0 },
};
/** Places that nothing else can take, so that a page does not queue behind what merely matters. */
const pageInChannel: Rate = { intervalMs: 12_000, burstMs: 0, withinMs: forEver };
const everywhere: Rate = { intervalMs: 400, burstMs: 4_000, withinMs: forEver };
const pagesEverywhere: Rate = { intervalMs: 2_000, burstMs: 10_000, withinMs: forEver };

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
  everywhere: 'post',
  pages: 'page',
  channel: (id: string) => `post#${id}`,
  pagesIn: (id: string) => `page#${id}`,
};

/** A person's own direct messages: too few to need a pot. */
const isPerson = (channelId: string) => /^[UW]/.test(channelId);

export function createPacing(budget: Budget): Pacing {
  const first = (charge: Charge): { readonly pot: string; readonly rate: Rate } => {
    switch (charge.method) {
      case 'edit':
        return { pot: pots.edit, rate: edit[charge.weight] };
      case 'whisper':
        return { pot: pots.whisper, rate: whisper };
      case 'post':
        return { pot: pots.channel(charge.channel), rate: channel[charge.weight] };
    }
  };
  const workspace = (weight: PostWeight) =>
    weight === 'page'
      ? { pot: pots.pages, rate: pagesEverywhere }
      : { pot: pots.everywhere, rate: everywhere };
  const queueOf = (charge: Charge) => (charge.method === 'post' ? charge.channel : charge.method);
  /** A page does not wait in the row of what merely matters. */
  const fits = (charge: Charge, kept: SendingPlace, nowMs: number) =>
    charge.method === 'post' && charge.weight === 'page'
      ? kept.queue === pots.pagesIn(charge.channel) || (kept.queue === charge.channel && kept.atMs <= nowMs)
      : kept.queue === queueOf(charge);
  const stillGood = (charge: Charge, kept: SendingPlace | null, nowMs: number) =>
    kept !== null && fits(charge, kept, nowMs) && nowMs <= kept.atMs + stalePlaceMs ? kept : null;

  const take = async (charge: Charge, nowMs: number): Promise<SendingPlace | { readonly fullMs: number }> => {
    const queue = queueOf(charge);
    if (charge.method === 'post' && isPerson(charge.channel)) {
      return { queue, atMs: nowMs, whole: false };
    }
    const { pot: main, rate } = first(charge);
    const taken = await budget.take(main, { ...rate, nowMs });
    const whole = charge.method !== 'post';
    if (taken.outcome === 'taken') return { queue, atMs: taken.atMs, whole };
    if (charge.method !== 'post' || charge.weight !== 'page') return { fullMs: taken.atMs };
    const pot = pots.pagesIn(charge.channel);
    const own = await budget.take(pot, { ...pageInChannel, nowMs });
    return own.outcome === 'taken' ? { queue: pot, atMs: own.atMs, whole } : { fullMs: own.atMs };
  };

  return {
    aheadUntilMs(charge, kept, nowMs) {
      const place = stillGood(charge, kept, nowMs);
      return place !== null && place.atMs > nowMs ? place.atMs : undefined;
    },
    fullUntilMs(charge, kept, nowMs) {
      if (stillGood(charge, kept, nowMs) !== null) return undefined;
      if (charge.method === 'post' && (charge.weight === 'page' || isPerson(charge.channel)))
        return undefined;
      const { pot, rate } = first(charge);
      return budget.fullUntilMs(pot, { ...rate, nowMs });
    },
    async ask(charge, kept, nowMs) {
      const place = stillGood(charge, kept, nowMs) ?? (await take(charge, nowMs));
      if ('fullMs' in place) return { outcome: 'full', atMs: place.fullMs };
      if (place.atMs > nowMs) return { outcome: 'kept', place };
      if (place.whole || charge.method !== 'post') return { outcome: 'now' };
      // Asked for last, and only when the channel's own turn has come: a place far ahead would keep others waiting.
      const { pot, rate } = workspace(charge.weight);
      const { outcome, atMs } = await budget.take(pot, { ...rate, nowMs });
      return atMs <= nowMs
        ? { outcome: 'now' }
        : { outcome: 'kept', place: { ...place, atMs, whole: outcome === 'taken' } };
    },
    async block(charge, untilMs) {
      if (charge.method !== 'post') return budget.block(first(charge).pot, untilMs);
      const { channel: id, weight } = charge;
      if (weight === 'page') await budget.block(pots.pagesIn(id), untilMs);
      await budget.block(pots.channel(id), untilMs);
      await budget.block(workspace(weight).pot, untilMs);
    },
  };
}
