import { createAnnouncer, type Shown } from '../bot/announcer.ts';
import type { Standing } from '../bot/messages/card.ts';
import { createNoticeTeller } from '../bot/notices.ts';
import { createPacing } from '../bot/pacing.ts';
import type { SlackClient } from '../bot/slack-client.ts';
import type { Desk } from '../flows/desk.ts';
import { UnreadableError } from '../flows/errors.ts';
import { isNoticeId } from '../flows/notices.ts';
import type { Hints, Log, PromotionStore } from '../flows/ports.ts';
import type { Announcement } from '../flows/promotion/announcements.ts';
import type { Phase, PromotionIn } from '../flows/promotion/promotion.ts';
import { elapsedMs } from './elapsed.ts';
import { createExperience } from './experience.ts';
import { mustBeThere } from './held.ts';
import { createRedrawing } from './redrawing.ts';
import type { Store } from './store.ts';

const endings: ReadonlySet<Announcement['topic']> = new Set(['promoted', 'rolled-back', 'ended']);
/** Ends after which something else is live, or nobody knows what is. */
const decidesWhatIsLive: ReadonlySet<Phase> = new Set(['promoted', 'rolled-back', 'resolved']);

/** What shows a promotion or tells a notice, by its id. */
export function buildAnnouncing(deps: {
  readonly store: Store;
  readonly desk: Pick<Desk, 'decide' | 'find'>;
  readonly slack: SlackClient;
  /** What showing one promotion makes due of others. */
  readonly hints: Hints;
  readonly log: Log;
}) {
  const { store, desk, slack, hints, log } = deps;
  const announcer = createAnnouncer({
    store: mustBeThere(store.promotions),
    outbox: store.outbox,
    slack,
    budget: store.budget,
    elapsedMs,
    log,
    expected: createExperience(store.promotions, () => store.clock.nowMs()),
    standing: (promotion) => standingOf(store.promotions, promotion),
    told: async (promotionId, announcement) => {
      const { topic } = announcement;
      if (topic === 'question')
        await desk.decide(promotionId, { type: 'notice.delivered', questionId: announcement.question.id });
      if (topic === 'waiting') await desk.decide(promotionId, { type: 'notice.delivered' });
      if (endings.has(topic)) await redrawReplaced(promotionId);
    },
  });
  const tellNotice = createNoticeTeller({
    notices: store.notices,
    slack,
    pacing: createPacing(store.budget),
    log,
  });

  const redrawOthers = createRedrawing({
    promotions: store.promotions,
    outbox: store.outbox,
    hints,
    nowMs: () => store.clock.nowMs(),
    log,
  });
  /** A card that said what was live must not go on saying so. */
  const redrawReplaced = async (promotionId: string) => {
    const ended = await desk.find(promotionId);
    if (ended !== undefined && decidesWhatIsLive.has(ended.phase)) await redrawOthers(ended);
  };

  return async (id: string, nowMs: number, goesOn?: () => boolean): Promise<Shown> => {
    if (!isNoticeId(id)) return announcer.announce(id, nowMs, goesOn);
    const againAtMs = await tellNotice(id, nowMs);
    return { did: againAtMs !== null, againAtMs };
  };
}

/** What became of a release since. A history that cannot be read says nothing, and must not keep a card from being drawn. */
async function standingOf(
  store: Pick<PromotionStore, 'liveRecords'>,
  { app, environment, release }: PromotionIn<'promoted'>,
): Promise<Standing> {
  try {
    const [newest] = await store.liveRecords(app, environment, 1);
    if (newest === undefined) return 'live';
    if (newest.replaced === newest.artifact) return 'unknown';
    return newest.artifact === release.artifact ? 'live' : 'replaced';
  } catch (error) {
    if (error instanceof UnreadableError) return 'live';
    throw error;
  }
}
