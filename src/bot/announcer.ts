import type { Log, Outbox, PromotionStore, Surface } from '../flows/ports.ts';
import type { Announcement, StoredAnnouncement } from '../flows/promotion/announcements.ts';
import { hasEnded, type Promotion } from '../flows/promotion/promotion.ts';
import { announcement, type Telling } from './messages/announcement.ts';
import type { Message } from './messages/block.ts';
import { card } from './messages/card.ts';
import type { Expected } from './messages/progress.ts';
import { createPacing, type Method } from './pacing.ts';
import type { Outcome, SlackClient } from './slack-client.ts';

export interface AnnouncerOptions {
  readonly store: Pick<PromotionStore, 'load'>;
  readonly outbox: Outbox;
  readonly slack: Pick<SlackClient, 'post' | 'update' | 'whisper' | 'permalink'>;
  readonly log: Log;
  readonly random?: () => number;
  /** How long each phase took before; asked at every drawing, so it has to be remembered there. */
  readonly expected?: (promotion: Promotion) => Promise<Expected>;
  /** Whether another release is live by now; asked for promotions that ended well. */
  readonly replaced?: (promotion: Promotion) => Promise<boolean>;
  /**
   * Called when an announcement was seen to arrive, before it is noted as told: the countdown begins with it. Called
   * again when that could not be noted, so it must bear a repeat.
   */
  readonly told?: (promotionId: string, announcement: Announcement) => Promise<void>;
}

export interface Announcer {
  /** Shows one promotion as it is saved now. Throws what the store throws, never for what Slack does. */
  announce(promotionId: string, nowMs: number): Promise<void>;
  /** Shows everything that is due; how many promotions that were. One that fails does not hold up the others. */
  runDue(nowMs: number): Promise<number>;
}

/** A post that was not confirmed is repeated after this long: a rare second message is better than none. */
const unconfirmedMs = 60_000;
const retryEditMs = 5_000;
/** An open card is drawn anew now and then: its times move on, and a card that somebody deleted comes back. */
const refreshMs = 5 * 60_000;
const unreachableMs = 5_000;
const mendMs = 60_000;
const stepsPerRun = 40;
const surfacesPerRun = 50;

/** The bot's own standing with Slack: a person mends it, and then everything that waited is told. */
const standingErrors: ReadonlySet<string> = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'missing_scope',
  'no_permission',
  'ekm_access_denied',
]);
/** The drawing itself was declined: its text alone still says everything. */
const drawingErrors: ReadonlySet<string> = new Set([
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_too_long',
  'msg_blocks_too_long',
  'metadata_too_large',
]);
/** Detail whose loss costs nobody anything; not worth a second copy when it is unsure whether it arrived. */
const details: ReadonlySet<Announcement['topic']> = new Set([
  'analyzed',
  'validated',
  'lock-busy',
  'step-done',
  'probed',
  'reading',
  'trouble',
]);

type Step = 'again' | 'stop';
type Changes = Partial<Omit<Surface, 'promotionId' | 'revision'>>;

/**
 * Makes Slack show what is saved: one card per promotion, edited in place, and what must be told in its order. Slack
 * being slow, full or gone delays the showing and nothing else. Like everything that acts, it claims first (one
 * conditional write), acts, and records; whoever loses the claim leaves it to the other.
 */
export function createAnnouncer(options: AnnouncerOptions): Announcer {
  const { store, outbox, slack, log, random = Math.random, expected, replaced, told } = options;
  const pacing = createPacing();
  /** How far an announcement of several messages has come; forgotten in a crash, which may repeat one. */
  const underway = new Map<string, { readonly out: number; readonly arrived: boolean }>();
  const permalinks = new Map<string, string>();

  const draw = async (promotion: Promotion, nowMs: number) =>
    card(promotion, {
      nowMs,
      ...(expected === undefined ? {} : { expected: await expected(promotion) }),
      ...(replaced === undefined || promotion.phase !== 'promoted'
        ? {}
        : { replaced: await replaced(promotion) }),
    });

  /** One compare-and-set; the surface as it is afterwards, or undefined when somebody else was first. */
  const claim = async (surface: Surface, changes: Changes): Promise<Surface | undefined> => {
    const next = { ...surface, ...changes };
    return (await outbox.saveSurface(next)) ? { ...next, revision: surface.revision + 1 } : undefined;
  };

  /** Notes what has happened already, on whatever the surface has become meanwhile. */
  const record = async (claimed: Surface, changes: Changes): Promise<void> => {
    let surface: Surface | undefined = claimed;
    for (let race = 0; race < 5 && surface !== undefined; race += 1) {
      if ((await claim(surface, changes)) !== undefined) return;
      surface = await outbox.surface(claimed.promotionId);
    }
    log.error({ promotionId: claimed.promotionId }, 'what was shown could not be noted');
  };

  const laterAfter = (
    method: Method,
    outcome: Exclude<Outcome, { outcome: 'sent' }>,
    nowMs: number,
  ): number => {
    const waitMs =
      outcome.outcome === 'rate-limited'
        ? outcome.retryAfterMs + Math.floor(random() * 1000)
        : outcome.outcome === 'unreachable'
          ? unreachableMs
          : mendMs;
    pacing.block(method, nowMs + waitMs);
    return nowMs + waitMs;
  };

  const mustWait = (outcome: Outcome) =>
    outcome.outcome === 'rate-limited' ||
    outcome.outcome === 'unreachable' ||
    (outcome.outcome === 'refused' && standingErrors.has(outcome.error));

  const textOnlyIfDeclined = async <Sent>(
    message: Message,
    send: (drawn: Message) => Promise<Outcome<Sent>>,
  ): Promise<Outcome<Sent>> => {
    const outcome = await send(message);
    if (outcome.outcome !== 'refused' || !drawingErrors.has(outcome.error)) return outcome;
    log.error({ error: outcome.error }, 'slack declined a drawing; its text is sent alone');
    return send({ text: message.text, blocks: [] });
  };

  const postCard = async (
    surface: Surface,
    promotion: Promotion,
    nowMs: number,
  ): Promise<Step | 'refused'> => {
    const blockedMs = Math.max(pacing.blockedUntilMs('post'), pacing.postAtMs(surface.channel, nowMs));
    if (blockedMs > nowMs) return wait(surface, blockedMs);
    // The first attempt is remembered in `drawnAtMs`, so that unconfirmed repeats come ever more rarely.
    const firstMs = surface.drawnAtMs === 0 ? nowMs : surface.drawnAtMs;
    const untilMs = nowMs + Math.max(unconfirmedMs, nowMs - firstMs);
    const claimed = await claim(surface, { postingUntilMs: untilMs, dueAtMs: untilMs, drawnAtMs: firstMs });
    if (claimed === undefined) return 'stop';
    pacing.posted(surface.channel, nowMs);
    const outcome = await textOnlyIfDeclined(await draw(promotion, nowMs), (message) =>
      slack.post({ channel: surface.channel, message }),
    );
    if (outcome.outcome === 'sent') {
      await record(claimed, {
        channel: outcome.channel,
        ts: outcome.ts,
        drawnRevision: promotion.revision,
        drawnAtMs: nowMs,
        postingUntilMs: null,
        dueAtMs: nowMs,
      });
      return 'again';
    }
    if (outcome.outcome === 'unknown') return 'stop';
    if (mustWait(outcome)) {
      const dueAtMs = laterAfter('post', outcome, nowMs);
      await record(claimed, { postingUntilMs: null, dueAtMs });
      return 'stop';
    }
    const fallback = promotion.policy.onCall.channel;
    const moves = fallback !== null && surface.channel !== fallback;
    log.error({ promotionId: promotion.id, ...outcome, moves }, 'card cannot be posted in its channel');
    await record(claimed, {
      postingUntilMs: null,
      dueAtMs: nowMs + (moves ? 0 : mendMs),
      ...(moves ? { channel: fallback } : {}),
    });
    return moves ? 'again' : 'refused';
  };

  const editCard = async (
    surface: Surface,
    ts: string,
    promotion: Promotion,
    nowMs: number,
  ): Promise<Step> => {
    const claimed = await claim(surface, { drawnAtMs: nowMs, dueAtMs: nowMs + retryEditMs });
    if (claimed === undefined) return 'again';
    pacing.edited(promotion.id, nowMs);
    const outcome = await textOnlyIfDeclined(await draw(promotion, nowMs), (message) =>
      slack.update({ channel: surface.channel, ts, message }),
    );
    if (outcome.outcome === 'sent') {
      await record(claimed, { drawnRevision: promotion.revision, dueAtMs: nowMs });
      return 'again';
    }
    // An edit can be repeated without harm; meanwhile the rest is told.
    if (outcome.outcome === 'unknown') return 'again';
    if (outcome.outcome === 'gone') {
      log.warn({ promotionId: promotion.id, error: outcome.error }, 'card is gone and is posted anew');
      await record(claimed, {
        ts: null,
        drawnRevision: 0,
        drawnAtMs: 0,
        postingUntilMs: null,
        dueAtMs: nowMs,
      });
      return 'again';
    }
    if (mustWait(outcome)) {
      await record(claimed, { dueAtMs: laterAfter('update', outcome, nowMs) });
      return 'again';
    }
    log.error({ promotionId: promotion.id, ...outcome }, 'card cannot be drawn');
    await record(claimed, { drawnRevision: promotion.revision, dueAtMs: nowMs });
    return 'again';
  };

  const cardUrl = async (surface: Surface): Promise<string | undefined> => {
    if (surface.ts === null) return undefined;
    const key = `${surface.channel} ${surface.ts}`;
    const known = permalinks.get(key);
    if (known !== undefined) return known;
    const found = await slack.permalink({ channel: surface.channel, ts: surface.ts });
    if (found.outcome !== 'sent') return undefined;
    permalinks.set(key, found.url);
    return found.url;
  };

  const tellingsOf = async (
    surface: Surface,
    promotion: Promotion,
    next: StoredAnnouncement,
    nowMs: number,
  ): Promise<readonly Telling[]> => {
    const plain = announcement(promotion, next.announcement, { nowMs });
    if (!plain.some(({ place }) => place === 'channel' || place === 'on-call')) return plain;
    const url = await cardUrl(surface);
    return url === undefined ? plain : announcement(promotion, next.announcement, { nowMs, cardUrl: url });
  };

  const send = async (surface: Surface, telling: Telling): Promise<Outcome> => {
    const { message } = telling;
    const post = (channel: string, threadTs?: string) =>
      textOnlyIfDeclined(message, (drawn) =>
        slack.post({ channel, message: drawn, ...(threadTs === undefined ? {} : { threadTs }) }),
      );
    switch (telling.place) {
      case 'thread': {
        const outcome = await post(surface.channel, surface.ts ?? undefined);
        return outcome.outcome === 'gone' ? post(surface.channel) : outcome;
      }
      case 'channel':
        return post(surface.channel);
      case 'on-call':
        return post(telling.channel);
      case 'private': {
        const { userId } = telling;
        const whispered = await slack.whisper({ channel: surface.channel, userId, answer: message });
        return whispered.outcome === 'refused' && !standingErrors.has(whispered.error)
          ? post(userId)
          : whispered;
      }
    }
  };

  const tellNext = async (
    surface: Surface,
    promotion: Promotion,
    next: StoredAnnouncement,
    nowMs: number,
  ): Promise<Step> => {
    const tellings = await tellingsOf(surface, promotion, next, nowMs);
    const key = `${promotion.id} ${next.sequence}`;
    const { out, arrived } = underway.get(key) ?? { out: 0, arrived: false };
    const telling = tellings[out];
    if (telling === undefined) return finishTelling(surface, next, key, arrived, nowMs);

    const method: Method = telling.place === 'private' ? 'whisper' : 'post';
    const channel = telling.place === 'on-call' ? telling.channel : surface.channel;
    const blockedMs = Math.max(pacing.blockedUntilMs(method), pacing.postAtMs(channel, nowMs));
    if (blockedMs > nowMs) return wait(surface, blockedMs);
    const untilMs = nowMs + unconfirmedMs;
    const claimed = await claim(surface, { postingUntilMs: untilMs, dueAtMs: untilMs });
    if (claimed === undefined) return 'stop';
    pacing.posted(channel, nowMs);
    const outcome = await send(surface, telling);
    const { topic } = next.announcement;
    if (outcome.outcome === 'unknown' && !details.has(topic)) return 'stop';
    if (outcome.outcome !== 'sent' && mustWait(outcome)) {
      await record(claimed, { postingUntilMs: null, dueAtMs: laterAfter(method, outcome, nowMs) });
      return 'stop';
    }
    const cardShowsIt = surface.ts !== null && surface.drawnRevision >= promotion.revision;
    if (outcome.outcome !== 'sent' && topic === 'waiting' && !cardShowsIt) {
      // The countdown waits for this message, or for the card that carries Cancel as well.
      await record(claimed, { postingUntilMs: null, dueAtMs: nowMs + mendMs });
      return 'stop';
    }
    if (outcome.outcome !== 'sent') {
      log.error(
        { promotionId: promotion.id, topic, place: telling.place, ...outcome },
        'announcement was lost',
      );
    }
    const so = {
      out: out + 1,
      arrived: arrived || outcome.outcome === 'sent' || (topic === 'waiting' && cardShowsIt),
    };
    underway.set(key, so);
    if (so.out === tellings.length) return finishTelling(claimed, next, key, so.arrived, nowMs);
    await record(claimed, { postingUntilMs: null, dueAtMs: nowMs });
    return 'again';
  };

  const finishTelling = async (
    surface: Surface,
    next: StoredAnnouncement,
    key: string,
    arrived: boolean,
    nowMs: number,
  ): Promise<Step> => {
    if (arrived && told !== undefined) {
      try {
        await told(next.promotionId, next.announcement);
      } catch (error) {
        const { name } = error instanceof Error ? error : { name: 'unknown' };
        log.error({ promotionId: next.promotionId, error: name }, 'what was told could not be passed on');
        await record(surface, { postingUntilMs: null, dueAtMs: nowMs + unreachableMs });
        return 'stop';
      }
    }
    await record(surface, { toldSequence: next.sequence, postingUntilMs: null, dueAtMs: nowMs });
    underway.delete(key);
    return 'again';
  };

  const wait = async (surface: Surface, untilMs: number): Promise<Step> => {
    await claim(surface, { dueAtMs: untilMs });
    return 'stop';
  };

  /** There is no card before its requester was found to be allowed to ask; a refusal is told to them alone. */
  const whisperOnly = async (surface: Surface, promotion: Promotion, nowMs: number): Promise<Step> => {
    const [next] = hasEnded(promotion)
      ? await outbox.announcements(promotion.id, surface.toldSequence, 1)
      : [];
    if (next === undefined) {
      await claim(surface, {
        dueAtMs: null,
        ...(hasEnded(promotion) ? { drawnRevision: promotion.revision } : {}),
      });
      return 'stop';
    }
    if (next.announcement.topic === 'denied') return tellNext(surface, promotion, next, nowMs);
    await record(surface, { toldSequence: next.sequence, dueAtMs: nowMs });
    return 'again';
  };

  /** What is shown next, and when it cannot be shown yet, from when on it can. */
  const step = async (surface: Surface, promotion: Promotion, nowMs: number, cardRefused: boolean) => {
    if (surface.postingUntilMs !== null && nowMs < surface.postingUntilMs) return 'stop';
    if (surface.ts === null && !promotion.admitted) return whisperOnly(surface, promotion, nowMs);
    if (surface.ts === null && !cardRefused) return postCard(surface, promotion, nowMs);

    const [next] = await outbox.announcements(promotion.id, surface.toldSequence, 1);
    const refreshAtMs = hasEnded(promotion) ? null : surface.drawnAtMs + refreshMs;
    const behind =
      surface.drawnRevision < promotion.revision || (refreshAtMs !== null && nowMs >= refreshAtMs);
    const moved = (promotion.phases.at(-1)?.atMs ?? 0) >= surface.drawnAtMs;
    const matters = hasEnded(promotion) || moved || next !== undefined;
    const editMs = Math.max(
      pacing.blockedUntilMs('update'),
      pacing.editAtMs(surface.drawnAtMs, matters, nowMs),
    );
    if (surface.ts !== null && behind && editMs <= nowMs)
      return editCard(surface, surface.ts, promotion, nowMs);
    if (next !== undefined) return tellNext(surface, promotion, next, nowMs);
    if (surface.ts === null) return wait(surface, nowMs + mendMs);
    if (behind) return wait(surface, editMs);
    await outbox.saveSurface({ ...surface, postingUntilMs: null, dueAtMs: null }, refreshAtMs ?? undefined);
    return 'stop';
  };

  const announce = async (promotionId: string, nowMs: number): Promise<void> => {
    let cardRefused = false;
    for (let count = 0; count < stepsPerRun; count += 1) {
      const surface = await outbox.surface(promotionId);
      const loaded = await store.load(promotionId);
      if (surface === undefined || loaded === undefined) return;
      const went = await step(surface, loaded.promotion, Math.max(nowMs, loaded.nowMs), cardRefused);
      if (went === 'stop') return;
      if (went === 'refused') cardRefused = true;
    }
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
