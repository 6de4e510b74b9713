import type { Log, Outbox, PromotionStore, SendingPlace, Surface } from '../flows/ports.ts';
import type { Announcement, StoredAnnouncement } from '../flows/promotion/announcements.ts';
import { hasEnded, type Promotion, type PromotionIn } from '../flows/promotion/promotion.ts';
import { isOpen, settledQuestion, type Telling } from './messages/announcement.ts';
import type { Message } from './messages/block.ts';
import { card, type Standing } from './messages/card.ts';
import type { Expected } from './messages/progress.ts';
import { type Charge, createPacing } from './pacing.ts';
import type { Budget } from './ports.ts';
import { mattersOf, nextEdit } from './showing.ts';
import type { Outcome, SlackClient } from './slack-client.ts';
import { standingErrors } from './slack-outcome.ts';
import { type Group, isDetail, isPage, nextGroup, weightOf } from './telling.ts';

export interface AnnouncerOptions {
  readonly store: Pick<PromotionStore, 'load'>;
  readonly outbox: Outbox;
  readonly slack: Pick<SlackClient, 'post' | 'update' | 'whisper' | 'permalink'>;
  readonly budget: Budget;
  /** Milliseconds that pass while this process sleeps as well; only differences mean anything. */
  readonly elapsedMs: () => number;
  readonly log: Log;
  readonly random?: () => number;
  /** How long each phase took before; asked at every drawing, so it has to be remembered there. */
  readonly expected?: (promotion: Promotion) => Promise<Expected>;
  /** What became of a release since; asked for promotions that ended well. */
  readonly standing?: (promotion: PromotionIn<'promoted'>) => Promise<Standing>;
  /**
   * Called when an announcement was seen to arrive, before it is noted as told: the countdown begins with it. Called
   * again when that could not be noted, so it must bear a repeat.
   */
  readonly told?: (promotionId: string, announcement: Announcement) => Promise<void>;
}

/** How far one showing has come. */
export interface Shown {
  /** Whether anything was sent, or a place kept: whoever did it brings the next look. */
  readonly did: boolean;
  /** When there is something to show again; null when there is not, or somebody else is at it. */
  readonly againAtMs: number | null;
}

export interface Announcer {
  /**
   * Shows one promotion as it is saved now, as long as `goesOn` says so. Throws what the store throws, never for what
   * Slack does.
   */
  announce(promotionId: string, nowMs: number, goesOn?: () => boolean): Promise<Shown>;
  /** Shows everything that is due; how many promotions that were. One that fails does not hold up the others. */
  runDue(nowMs: number): Promise<number>;
}

/** A post that was not confirmed is repeated after this long: a rare second message is better than none. */
const unconfirmedMs = 60_000;
/** Of detail, and where a page waits behind it: nobody minds a second copy of the one, and the other must not wait. */
const soonRepeatedMs = 15_000;
/** Where posts are never confirmed although Slack answers otherwise, repeats come ever more rarely, up to this. */
const rarelyRepeatedMs = 5 * 60_000;
/** While Slack answers nothing, nothing that may have arrived is repeated; it is asked this often whether it answers. */
const listenAgainMs = 15_000;
const heardLatelyMs = 10_000;
/** An edit is answered or given up by then; after that another one may be tried. */
const drawingMs = 15_000;
const retryEditMs = 5_000;
/** An edit that was never answered has arrived by then, if it ever does. */
const strayEditMs = 60_000;
/**
 * What was looked at is drawn within this time or not at all. Whoever takes the drawing over owes another one
 * `drawingMs` and `strayEditMs` after that look: an edit that comes later than that would stay, and nobody look again.
 */
const drawWithinMs = 50_000;
/** After a crash between claiming and acting, somebody looks again this soon. */
const lookAgainMs = 5_000;
const unreachableMs = 5_000;
const mendMs = 60_000;
const notAdmittedMs = 60_000;
const stepsPerRun = 40;
const surfacesPerRun = 50;
const pendingAtOnce = 50;
/**
 * Where there is no room, it is asked again after a rest, which is spread over as much time as something has waited
 * already, up to this.
 */
const patience = {
  news: { restMs: 2_000, mostMs: 20_000 },
  progress: { restMs: 10_000, mostMs: 30_000 },
  detail: { restMs: 1_000, mostMs: 20_000 },
};

/** The drawing itself was declined: its text alone still says everything. */
const drawingErrors: ReadonlySet<string> = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_too_long',
  'msg_blocks_too_long',
  'metadata_too_large',
]);

type Underway = NonNullable<Surface['underway']>;

/** Whoever slept while others went on must not take them back to where it was. */
function furtherOf({ toldSequence, underway }: Surface, mine: Underway): Underway | null {
  if (toldSequence >= mine.last) return underway;
  if (underway === null || underway.last < mine.last) return mine;
  return underway.last > mine.last || underway.out > mine.out ? underway : mine;
}

/** Nothing is under way of what is told already. */
function withoutOldNews(surface: Surface): Surface {
  const { underway, toldSequence } = surface;
  return underway !== null && underway.last <= toldSequence ? { ...surface, underway: null } : surface;
}

type Changes = Partial<Omit<Surface, 'promotionId' | 'revision'>>;

/** Who is at something says so until then; if they have not said how it ended by that time, anybody may take it over. */
type Claim = 'postingUntilMs' | 'drawingUntilMs' | 'tellingUntilMs';

/** What there is to show, as it was read at once. */
interface View {
  readonly surface: Surface;
  readonly promotion: Promotion;
  readonly pending: readonly StoredAnnouncement[];
  readonly nowMs: number;
  /** Whether it was looked at just now; false in a process that slept since. */
  readonly isFresh: () => boolean;
}

/**
 * `again`: something was done, look at everything anew. `stop`: somebody else is at it. Otherwise nothing could be done
 * now, and `untilMs` says when it can, or null when there is nothing to do.
 */
type Went = 'again' | 'stop' | { readonly surface: Surface; readonly untilMs: number | null };

/**
 * Makes Slack show what is saved: one card per promotion, edited in place, and what must be told in its order. Slack
 * being slow, full or gone delays the showing and nothing else. Like everything that acts, it claims first (one
 * conditional write), acts, and records; whoever loses the claim leaves it to the other. What it knows between two calls
 * is kept in the surface, so that any process can go on after any other.
 */
export function createAnnouncer(options: AnnouncerOptions): Announcer {
  const { store, outbox, slack, elapsedMs, log, random = Math.random, expected, standing, told } = options;
  const pacing = createPacing(options.budget);

  const draw = async (promotion: Promotion, nowMs: number) =>
    card(promotion, {
      nowMs,
      ...(expected === undefined ? {} : { expected: await expected(promotion) }),
      ...(standing === undefined || promotion.phase !== 'promoted'
        ? {}
        : { standing: await standing(promotion) }),
    });

  /** One compare-and-set; the surface as it is afterwards, or undefined when somebody else was first. */
  const claim = async (surface: Surface, changes: Changes): Promise<Surface | undefined> => {
    const next = { ...surface, ...changes };
    return (await outbox.saveSurface(next)) ? { ...next, revision: surface.revision + 1 } : undefined;
  };

  /** Notes what has happened already, on whatever the surface has become meanwhile. */
  const record = async (
    claimed: Surface,
    changes: (newest: Surface) => Changes,
  ): Promise<Surface | undefined> => {
    let surface: Surface | undefined = claimed;
    for (let race = 0; race < recordRaces && surface !== undefined; race += 1) {
      const recorded = await claim(surface, changes(surface));
      if (recorded !== undefined) return recorded;
      surface = await outbox.surface(claimed.promotionId);
    }
    log.error({ promotionId: claimed.promotionId }, 'what was shown could not be noted');
    return undefined;
  };

  /** Gives a claim back that was not used, and keeps the place that was got for it. */
  const giveBack = async (
    claimed: Surface,
    which: Claim,
    changes: Changes,
    untilMs: number,
  ): Promise<Went> => {
    const surface = await claim(claimed, { ...changes, dueAtMs: untilMs });
    if (surface !== undefined) return { surface, untilMs };
    // Somebody else went on meanwhile: what was read with this surface is old, and the claim may be theirs by now.
    await record(claimed, (newest) => ({
      ...(newest[which] === claimed[which] ? changes : {}),
      dueAtMs: untilMs,
    }));
    return 'again';
  };

  const holdOff = async (charge: Charge, outcome: Outcome, nowMs: number): Promise<void> => {
    const waitMs =
      outcome.outcome === 'rate-limited'
        ? outcome.retryAfterMs + Math.floor(random() * 1000)
        : outcome.outcome === 'unreachable'
          ? unreachableMs
          : mendMs;
    await pacing.block(charge, nowMs + waitMs);
  };

  const askAgainMs = (
    fullUntilMs: number,
    waitedMs: number,
    { restMs, mostMs }: { readonly restMs: number; readonly mostMs: number },
    nowMs: number,
  ) => Math.max(fullUntilMs, nowMs + restMs) + Math.floor(random() * Math.min(mostMs, Math.max(0, waitedMs)));

  /** Slack answered something lately; only ever saves asking. */
  let heardMs = Number.NEGATIVE_INFINITY;
  const hear = <Sent>(outcome: Outcome<Sent>, nowMs: number): Outcome<Sent> => {
    if (outcome.outcome !== 'unknown' && outcome.outcome !== 'unreachable') heardMs = nowMs;
    return outcome;
  };
  /**
   * Whether Slack answers at all: asked with a call that changes nothing before something is repeated that may have
   * arrived. What the answer says does not matter. When there is none, nobody asks again for a while.
   */
  const answers = async ({ channel, ts }: Surface, nowMs: number): Promise<boolean> => {
    if (nowMs - heardMs < heardLatelyMs) return true;
    const charge: Charge = { method: 'ask' };
    const leave = await pacing.ask(charge, null, nowMs);
    if (leave.outcome !== 'now') return false;
    hear(await slack.permalink({ channel, ts: ts ?? nowhere }), nowMs);
    if (heardMs === nowMs) return true;
    await pacing.block(charge, nowMs + listenAgainMs);
    return false;
  };

  const postCard = async ({ surface, promotion, nowMs }: View): Promise<Went> => {
    if (surface.ts !== null || !promotion.admitted) return { surface, untilMs: null };
    if (surface.postingUntilMs !== null && nowMs < surface.postingUntilMs) {
      return { surface, untilMs: surface.postingUntilMs };
    }
    const charge: Charge = { method: 'post', weight: 'matter', channel: surface.channel };
    const aheadMs = pacing.aheadUntilMs(charge, surface.postAt, nowMs);
    if (aheadMs !== undefined) return { surface, untilMs: aheadMs };
    // The first attempt is remembered in `drawnAtMs`, so that unconfirmed repeats come ever more rarely.
    const firstMs = surface.drawnAtMs === 0 ? nowMs : surface.drawnAtMs;
    const claimed = await claim(surface, {
      postingUntilMs: nowMs + repeatInMs(unconfirmedMs, nowMs - firstMs),
      dueAtMs: nowMs + lookAgainMs,
      drawnAtMs: firstMs,
      postAt: null,
    });
    if (claimed === undefined) return 'stop';
    if (surface.postingUntilMs !== null && !(await answers(surface, nowMs))) {
      const untilMs = nowMs + listenAgainMs;
      return giveBack(
        claimed,
        'postingUntilMs',
        { postingUntilMs: untilMs, postAt: surface.postAt },
        untilMs,
      );
    }
    const leave = await pacing.ask(charge, surface.postAt, nowMs);
    if (leave.outcome !== 'now') {
      const { postingUntilMs, drawnAtMs } = surface;
      const kept = leave.outcome === 'kept' ? leave.place : null;
      const changes = { postingUntilMs, drawnAtMs, postAt: kept };
      return giveBack(claimed, 'postingUntilMs', changes, kept?.atMs ?? leaveAtMs(leave));
    }
    const until = untilOf('postingUntilMs', claimed);
    const outcome = hear(
      await textOnlyIfDeclined(await draw(promotion, nowMs), (message) =>
        slack.post({ channel: surface.channel, message }),
      ),
      nowMs,
    );
    if (outcome.outcome === 'unknown') return 'again';
    if (outcome.outcome === 'sent') {
      await record(claimed, (newest) => ({
        ...until(newest, null),
        dueAtMs: nowMs,
        // Somebody who thought that this post was lost may have been quicker; one of the two is followed.
        ...(newest.ts === null ? placed(outcome, promotion, nowMs) : {}),
      }));
      return 'again';
    }
    if (mustWait(outcome)) {
      await holdOff(charge, outcome, nowMs);
      await record(claimed, (newest) => ({ ...until(newest, null), dueAtMs: nowMs }));
      return 'again';
    }
    const fallback = promotion.policy.onCall.channel;
    const moves = fallback !== null && surface.channel !== fallback;
    log.error({ promotionId: promotion.id, ...outcome, moves }, 'card cannot be posted in its channel');
    await record(claimed, (newest) => ({
      dueAtMs: nowMs,
      ...(moves
        ? { channel: fallback, ...until(newest, null) }
        : { ...until(newest, nowMs + mendMs), homeless: true }),
    }));
    return 'again';
  };

  const editCard = async ({ surface, promotion, nowMs, isFresh }: View): Promise<Went> => {
    const { ts } = surface;
    const next = ts === null ? undefined : nextEdit(surface, promotion);
    if (ts === null || next === undefined) return { surface, untilMs: null };
    if (next.atMs > nowMs) return { surface, untilMs: next.atMs };
    const charge: Charge = { method: 'edit', weight: next.weight };
    const place = placeOfEdit(surface);
    const aheadMs = pacing.aheadUntilMs(charge, place, nowMs);
    if (aheadMs !== undefined) return { surface, untilMs: aheadMs };
    const fullMs = pacing.fullUntilMs(charge, place, nowMs);
    const patient = next.weight === 'progress' ? patience.progress : patience.news;
    const againMs = (atMs: number) => askAgainMs(atMs, nowMs - surface.drawnAtMs, patient, nowMs);
    if (fullMs !== undefined) return { surface, untilMs: againMs(fullMs) };
    const redraws = surface.redrawAtMs !== null && surface.redrawAtMs <= nowMs;
    // Whoever claimed before has not said how it ended: their drawing may still come, and must not stay.
    const unsure = surface.drawingUntilMs !== null;
    const claimed = await claim(surface, {
      drawingUntilMs: nowMs + drawingMs,
      dueAtMs: nowMs + lookAgainMs,
      editAtMs: null,
      // A redraw is owed until it was seen to succeed: this one may die on its way.
      redrawAtMs: unsure || redraws ? nowMs + strayEditMs : surface.redrawAtMs,
    });
    if (claimed === undefined) return 'stop';
    const leave = await pacing.ask(charge, place, nowMs);
    if (leave.outcome !== 'now') {
      const { drawingUntilMs, redrawAtMs } = surface;
      const kept = leave.outcome === 'kept' ? leave.place.atMs : null;
      const changes = { drawingUntilMs, redrawAtMs, editAtMs: kept };
      return giveBack(claimed, 'drawingUntilMs', changes, kept ?? againMs(leaveAtMs(leave)));
    }
    const until = untilOf('drawingUntilMs', claimed);
    const outcome = hear(
      await textOnlyIfDeclined(await draw(promotion, nowMs), async (message) =>
        isFresh() ? slack.update({ channel: surface.channel, ts, message }) : slept,
      ),
      nowMs,
    );
    if (outcome.outcome === 'unknown') {
      // An edit can be repeated without harm; meanwhile the rest is told.
      await record(claimed, (newest) => ({
        ...until(newest, nowMs + retryEditMs),
        redrawAtMs: Math.max(newest.redrawAtMs ?? 0, nowMs + strayEditMs),
        dueAtMs: nowMs,
      }));
      return 'again';
    }
    if (outcome.outcome === 'gone') {
      log.warn({ promotionId: promotion.id, error: outcome.error }, 'card is gone and is posted anew');
      await record(claimed, (newest) => ({ dueAtMs: nowMs, ...(newest.ts === ts ? unplaced : {}) }));
      return 'again';
    }
    if (mustWait(outcome)) {
      await holdOff(charge, outcome, nowMs);
      await record(claimed, (newest) => ({ ...until(newest, null), dueAtMs: nowMs }));
      return 'again';
    }
    if (outcome.outcome !== 'sent') {
      log.error({ promotionId: promotion.id, ...outcome }, 'card cannot be drawn');
    }
    const settles = (newest: Surface) =>
      redraws &&
      !unsure &&
      newest.drawingUntilMs === claimed.drawingUntilMs &&
      newest.redrawAtMs === claimed.redrawAtMs;
    await record(claimed, (newest) => ({
      ...until(newest, null),
      ...(settles(newest) ? { redrawAtMs: null } : {}),
      drawnRevision: promotion.revision,
      drawnAtMs: nowMs,
      shown: mattersOf(promotion),
      dueAtMs: nowMs,
    }));
    return 'again';
  };

  /** A question that is settled keeps no buttons. */
  const settleQuestion = async ({ surface, promotion, nowMs, isFresh }: View): Promise<Went> => {
    const asked = surface.asked.find(({ id }) => !isOpen(promotion, id));
    if (asked === undefined) return { surface, untilMs: null };
    if (surface.drawingUntilMs !== null && nowMs < surface.drawingUntilMs) {
      return { surface, untilMs: surface.drawingUntilMs };
    }
    const charge: Charge = { method: 'edit', weight: 'news' };
    const place = placeOfEdit(surface);
    const aheadMs = pacing.aheadUntilMs(charge, place, nowMs);
    if (aheadMs !== undefined) return { surface, untilMs: aheadMs };
    const fullMs = pacing.fullUntilMs(charge, place, nowMs);
    if (fullMs !== undefined) {
      return { surface, untilMs: askAgainMs(fullMs, nowMs - promotion.nowMs, patience.news, nowMs) };
    }
    const claimed = await claim(surface, {
      drawingUntilMs: nowMs + drawingMs,
      dueAtMs: nowMs + lookAgainMs,
      editAtMs: null,
    });
    if (claimed === undefined) return 'stop';
    const leave = await pacing.ask(charge, place, nowMs);
    if (leave.outcome !== 'now') {
      const kept = leave.outcome === 'kept' ? leave.place.atMs : null;
      const changes = { drawingUntilMs: surface.drawingUntilMs, editAtMs: kept };
      return giveBack(claimed, 'drawingUntilMs', changes, kept ?? leaveAtMs(leave));
    }
    const [question, ...later] = await outbox.announcements(promotion.id, asked.sequence - 1, pendingAtOnce);
    const outcome: Outcome =
      question?.announcement.topic === 'question'
        ? await textOnlyIfDeclined(
            settledQuestion(
              promotion,
              question.announcement,
              later.map(({ announcement }) => announcement),
            ),
            async (message) =>
              isFresh() ? slack.update({ channel: asked.channel, ts: asked.ts, message }) : slept,
          )
        : { outcome: 'refused', error: 'no_question' };
    const waits = mustWait(outcome);
    if (waits) await holdOff(charge, outcome, nowMs);
    await record(claimed, (newest) => ({
      dueAtMs: nowMs,
      ...untilOf('drawingUntilMs', claimed)(
        newest,
        outcome.outcome === 'unknown' ? nowMs + retryEditMs : null,
      ),
      ...(waits || outcome.outcome === 'unknown'
        ? {}
        : { asked: newest.asked.filter(({ ts, channel }) => ts !== asked.ts || channel !== asked.channel) }),
    }));
    return 'again';
  };

  /** Asked for once, and then kept with the card; an announcement without the link says the same. */
  const cardUrl = async (surface: Surface): Promise<string | null> => {
    if (surface.ts === null || surface.url !== null) return surface.url;
    const found = await slack.permalink({ channel: surface.channel, ts: surface.ts });
    return found.outcome === 'sent' ? found.url : null;
  };

  const send = async (
    surface: Surface,
    telling: Telling,
  ): Promise<Outcome<{ readonly channel?: string; readonly ts?: string }>> => {
    const { message } = telling;
    const post = (channel: string, threadTs: string | null) =>
      textOnlyIfDeclined(message, (drawn) =>
        slack.post({ channel, message: drawn, ...(threadTs === null ? {} : { threadTs }) }),
      );
    switch (telling.place) {
      case 'thread':
        return post(surface.channel, surface.ts);
      case 'channel':
        return post(surface.channel, null);
      case 'on-call':
        return post(telling.channel, null);
      case 'private': {
        const { userId } = telling;
        const whispered = await slack.whisper({ channel: surface.channel, userId, answer: message });
        return whispered.outcome === 'refused' && !standingErrors.has(whispered.error)
          ? post(userId, null)
          : whispered;
      }
    }
  };

  const tell = async (view: View): Promise<Went> => {
    const { promotion, pending, nowMs } = view;
    const surface = withoutOldNews(view.surface);
    const weight = weightOf(pending);
    const waitsForCard = surface.ts === null && promotion.admitted && !surface.homeless && weight !== 'page';
    if (pending.length === 0 || waitsForCard) return { surface, untilMs: null };
    if (!promotion.admitted && surface.ts === null && pending[0]?.announcement.topic !== 'denied') {
      return skipTo(
        view,
        pending.find(({ announcement: { topic } }) => topic === 'denied'),
      );
    }
    const freeMs = tellAgainMs(surface.tellingUntilMs ?? 0, pending, nowMs);
    if (nowMs < freeMs) return { surface, untilMs: freeMs };
    const plain = nextGroup(promotion, pending, surface, { nowMs });
    if (plain === undefined) return { surface, untilMs: null };
    const { out, arrived } = surface.underway ?? { out: 0, arrived: false };
    const first = plain.tellings[out];
    if (first === undefined) return finish(surface, plain, { out, arrived }, nowMs, () => ({}));

    const channel = first.place === 'on-call' ? first.channel : surface.channel;
    const charge: Charge =
      first.place === 'private' ? { method: 'whisper' } : { method: 'post', weight, channel };
    const againMs = (atMs: number) =>
      askAgainMs(atMs, nowMs - (pending[0]?.atMs ?? nowMs), patience.detail, nowMs);
    const aheadMs = pacing.aheadUntilMs(charge, surface.postAt, nowMs);
    if (aheadMs !== undefined) return { surface, untilMs: aheadMs };
    const fullMs = pacing.fullUntilMs(charge, surface.postAt, nowMs);
    if (fullMs !== undefined) return { surface, untilMs: againMs(fullMs) };
    const claimed = await claim(surface, {
      tellingUntilMs: nowMs + unconfirmedMs,
      dueAtMs: nowMs + lookAgainMs,
      postAt: null,
    });
    if (claimed === undefined) return 'stop';
    if (surface.tellingUntilMs !== null && !(await answers(surface, nowMs))) {
      const untilMs = nowMs + listenAgainMs;
      return giveBack(
        claimed,
        'tellingUntilMs',
        { tellingUntilMs: untilMs, postAt: surface.postAt },
        untilMs,
      );
    }
    const leave = await pacing.ask(charge, surface.postAt, nowMs);
    if (leave.outcome !== 'now') {
      const kept = leave.outcome === 'kept' ? leave.place : null;
      const changes = { tellingUntilMs: surface.tellingUntilMs, postAt: kept };
      return giveBack(claimed, 'tellingUntilMs', changes, kept?.atMs ?? againMs(leaveAtMs(leave)));
    }
    const until = untilOf('tellingUntilMs', claimed);
    const linked = first.place === 'channel' || first.place === 'on-call' ? await cardUrl(claimed) : null;
    const group =
      linked === null ? plain : (nextGroup(promotion, pending, surface, { nowMs, cardUrl: linked }) ?? plain);
    const telling = group.tellings[out] ?? first;
    const outcome = hear(await send(surface, telling), nowMs);
    const withUrl = linked === null ? {} : { url: linked };

    if (outcome.outcome === 'unknown') {
      if (weight !== 'page') {
        const soonest = group.told.every(isDetail) ? soonRepeatedMs : unconfirmedMs;
        const untilMs = nowMs + repeatInMs(soonest, nowMs - (group.told[0]?.atMs ?? nowMs));
        await record(claimed, (newest) => ({ ...until(newest, untilMs), dueAtMs: nowMs }));
      }
      return 'again';
    }
    if (outcome.outcome === 'gone' && telling.place === 'thread' && surface.ts !== null) {
      log.warn({ promotionId: promotion.id, error: outcome.error }, 'card is gone and is posted anew');
      await record(claimed, (newest) => ({
        ...until(newest, null),
        dueAtMs: nowMs,
        ...(newest.ts === surface.ts ? unplaced : {}),
      }));
      return 'again';
    }
    if (mustWait(outcome)) {
      await holdOff(charge, outcome, nowMs);
      await record(claimed, (newest) => ({ ...until(newest, null), ...withUrl, dueAtMs: nowMs }));
      return 'again';
    }
    const counts = group.told.some(({ announcement: { topic } }) => topic === 'waiting');
    const cardShowsIt = surface.ts !== null && surface.drawnRevision >= promotion.revision;
    if (outcome.outcome !== 'sent' && counts && !cardShowsIt) {
      // The countdown waits for this message, or for the card that carries Cancel as well.
      await record(claimed, (newest) => ({ ...until(newest, nowMs + mendMs), dueAtMs: nowMs }));
      return 'again';
    }
    if (outcome.outcome !== 'sent') {
      log.error(
        {
          promotionId: promotion.id,
          topics: group.told.map(({ announcement: { topic } }) => topic),
          place: telling.place,
          ...outcome,
        },
        'announcement was lost',
      );
    }
    const so = {
      out: out + 1,
      arrived: arrived || outcome.outcome === 'sent' || (counts && cardShowsIt),
    };
    const [only] = group.told;
    const more = (newest: Surface): Changes => ({
      ...withUrl,
      ...(outcome.outcome === 'sent' && only !== undefined ? askedAt(newest, promotion, only, outcome) : {}),
    });
    if (so.out >= group.tellings.length) return finish(claimed, group, so, nowMs, more);
    await record(claimed, (newest) => ({
      ...until(newest, null),
      ...more(newest),
      underway: furtherOf(newest, { last: group.last, ...so }),
      dueAtMs: nowMs,
    }));
    return 'again';
  };

  const finish = async (
    surface: Surface,
    group: Group,
    so: { readonly out: number; readonly arrived: boolean },
    nowMs: number,
    more: (newest: Surface) => Changes,
  ): Promise<Went> => {
    const until = untilOf('tellingUntilMs', surface);
    const last = surface.underway?.last ?? group.last;
    if (so.arrived && told !== undefined) {
      try {
        for (const { announcement } of group.told) await told(surface.promotionId, announcement);
      } catch (error) {
        const { name } = error instanceof Error ? error : { name: 'unknown' };
        log.error({ promotionId: surface.promotionId, error: name }, 'what was told could not be passed on');
        await record(surface, (newest) => ({
          ...more(newest),
          underway: furtherOf(newest, { last, ...so }),
          ...until(newest, nowMs + unreachableMs),
          dueAtMs: nowMs,
        }));
        return 'again';
      }
    }
    await record(surface, (newest) => ({
      ...until(newest, null),
      ...more(newest),
      toldSequence: Math.max(newest.toldSequence, last),
      reading: group.reading,
      underway: newest.underway !== null && newest.underway.last > last ? newest.underway : null,
      dueAtMs: nowMs,
    }));
    return 'again';
  };

  /** There is no card before its requester was found to be allowed to ask; a refusal is told to them alone. */
  const skipTo = async (
    { surface, promotion, pending, nowMs }: View,
    denied: StoredAnnouncement | undefined,
  ): Promise<Went> => {
    if (!hasEnded(promotion)) return { surface, untilMs: null };
    const toldSequence =
      denied === undefined ? (pending.at(-1)?.sequence ?? surface.toldSequence) : denied.sequence - 1;
    return (await claim(surface, { toldSequence, dueAtMs: nowMs })) === undefined ? 'stop' : 'again';
  };

  /** Everything that can be shown is; sleeps until something else can, or until the promotion is saved again. */
  const sleep = async (
    before: Surface,
    { surface, promotion, nowMs }: View,
    untilMs: number | null,
  ): Promise<number | null> => {
    const unseen = surface.ts === null && !promotion.admitted;
    if (unseen && !hasEnded(promotion)) {
      const atMs = nowMs + notAdmittedMs;
      await claim(surface, { dueAtMs: atMs });
      return atMs;
    }
    const nothingNew =
      surface.toldSequence >= promotion.announced &&
      (unseen || surface.drawnRevision >= promotion.revision) &&
      surface.asked.every(({ id }) => isOpen(promotion, id));
    if (nothingNew) {
      const drawnRevision = unseen ? promotion.revision : surface.drawnRevision;
      await outbox.saveSurface({ ...surface, drawnRevision, dueAtMs: null }, untilMs ?? undefined);
      return untilMs;
    }
    const atMs = untilMs ?? nowMs + mendMs;
    // What gave its claim back has said already when it wants to go on.
    const said = surface !== before && surface.dueAtMs === untilMs;
    if (!said) await claim(surface, { dueAtMs: atMs });
    return atMs;
  };

  const step = async (view: View): Promise<'again' | 'stop' | Shown> => {
    const order = view.pending.some(isPage)
      ? [postCard, tell, editCard, settleQuestion]
      : [postCard, editCard, tell, settleQuestion];
    let { surface } = view;
    const untilMs: number[] = [];
    for (const show of order) {
      const went = await show({ ...view, surface });
      if (went === 'again' || went === 'stop') return went;
      surface = went.surface;
      if (went.untilMs !== null) untilMs.push(went.untilMs);
    }
    const earliestMs = untilMs.length === 0 ? null : Math.min(...untilMs);
    const againAtMs = await sleep(view.surface, { ...view, surface }, earliestMs);
    return { did: surface !== view.surface, againAtMs };
  };

  const announce: Announcer['announce'] = async (promotionId, nowMs, goesOn = () => true) => {
    let did = false;
    for (let count = 0; count < stepsPerRun && goesOn(); count += 1) {
      const lookedMs = elapsedMs();
      const [surface, loaded] = await Promise.all([outbox.surface(promotionId), store.load(promotionId)]);
      if (surface === undefined || loaded === undefined) return { did, againAtMs: null };
      const pending =
        surface.toldSequence < loaded.promotion.announced
          ? await outbox.announcements(promotionId, surface.toldSequence, pendingAtOnce)
          : [];
      const { promotion } = loaded;
      const went = await step({
        surface,
        promotion,
        pending,
        nowMs: Math.max(nowMs, loaded.nowMs),
        isFresh: () => elapsedMs() - lookedMs <= drawWithinMs,
      });
      if (went === 'stop') return { did, againAtMs: null };
      if (went !== 'again') return { did: did || went.did, againAtMs: went.againAtMs };
      did = true;
    }
    return { did, againAtMs: nowMs };
  };

  const textOnlyIfDeclined = async <Sent>(
    message: Message,
    sendOnce: (drawn: Message) => Promise<Outcome<Sent>>,
  ): Promise<Outcome<Sent>> => {
    const outcome = await sendOnce(message);
    if (outcome.outcome !== 'refused' || !drawingErrors.has(outcome.error)) return outcome;
    log.error({ error: outcome.error }, 'slack declined a drawing; its text is sent alone');
    return sendOnce({ text: message.text, blocks: [] });
  };

  return {
    announce,
    async runDue(nowMs) {
      const due = await outbox.dueSurfaces(surfacesPerRun);
      for (const id of due.ids) {
        try {
          await announce(id, Math.max(nowMs, due.nowMs));
        } catch (error) {
          const { name } = error instanceof Error ? error : { name: 'unknown' };
          log.error({ promotionId: id, error: name }, 'promotion could not be shown');
        }
      }
      return due.ids.length;
    },
  };
}

const recordRaces = 8;
/** Nothing was drawn; whoever went on meanwhile, or the next look, draws what is true by then. */
const slept = { outcome: 'unknown', error: 'slept' } as const;
/** No message has this timestamp. */
const nowhere = '0000000000.000000';

/** Whoever is sending has said so for a minute at most, and is done or dead long before; a page waits no longer than that. */
function tellAgainMs(untilMs: number, pending: readonly StoredAnnouncement[], nowMs: number): number {
  if (!pending.slice(1).some(isPage)) return untilMs;
  return untilMs > nowMs + unconfirmedMs ? nowMs : untilMs - unconfirmedMs + soonRepeatedMs;
}

const repeatInMs = (soonestMs: number, waitedMs: number) =>
  Math.min(Math.max(soonestMs, waitedMs), rarelyRepeatedMs);

/** Changes a claim only while it is still the one that was made: somebody else may have taken it over since. */
const untilOf =
  (which: Claim, claimed: Surface) =>
  (newest: Surface, untilMs: number | null): Changes =>
    newest[which] === claimed[which] ? { [which]: untilMs } : {};

function mustWait(outcome: Outcome): boolean {
  return (
    outcome.outcome === 'rate-limited' ||
    outcome.outcome === 'unreachable' ||
    (outcome.outcome === 'refused' && standingErrors.has(outcome.error))
  );
}

/** The card as it was just posted. */
function placed(
  { channel, ts }: { readonly channel: string; readonly ts: string },
  promotion: Promotion,
  nowMs: number,
): Changes {
  return {
    channel,
    ts,
    url: null,
    homeless: false,
    drawnRevision: promotion.revision,
    drawnAtMs: nowMs,
    shown: mattersOf(promotion),
    drawingUntilMs: null,
    redrawAtMs: null,
  };
}

/** Somebody deleted the card: it is posted anew, and its thread goes on under the new one. */
const unplaced: Changes = {
  ts: null,
  url: null,
  drawnRevision: 0,
  drawnAtMs: 0,
  shown: '',
  postingUntilMs: null,
  drawingUntilMs: null,
  redrawAtMs: null,
  editAtMs: null,
};

function placeOfEdit({ editAtMs }: Surface): SendingPlace | null {
  return editAtMs === null ? null : { queue: 'edit', atMs: editAtMs, whole: true };
}

const leaveAtMs = (leave: { readonly atMs: number } | { readonly place: SendingPlace }) =>
  'place' in leave ? leave.place.atMs : leave.atMs;

/** A question that was asked with buttons is remembered until they are taken away. */
function askedAt(
  { asked }: Surface,
  promotion: Promotion,
  { sequence, announcement }: StoredAnnouncement,
  sent: { readonly channel?: string; readonly ts?: string },
): Changes {
  if (announcement.topic !== 'question' || sent.channel === undefined || sent.ts === undefined) return {};
  const { id } = announcement.question;
  if (!isOpen(promotion, id)) return {};
  return { asked: [...asked, { id, sequence, channel: sent.channel, ts: sent.ts }] };
}
