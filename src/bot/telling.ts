import type { Surface } from '../flows/ports.ts';
import type { Announcement, StoredAnnouncement } from '../flows/promotion/announcements.ts';
import type { Promotion } from '../flows/promotion/promotion.ts';
import { announcement, joined, type Telling, type TellingOptions } from './messages/announcement.ts';
import type { PostWeight } from './pacing.ts';

/** What is told next: everything up to `last`, in these messages. */
export interface Group {
  readonly last: number;
  /** The announcements that are told by it; the others up to `last` need no message. */
  readonly told: readonly StoredAnnouncement[];
  readonly tellings: readonly Telling[];
  /** Outcome of the last reading in it. */
  readonly reading: string | null;
}

/** For these a person is called; they wait for nothing that can be avoided. */
const pages: ReadonlySet<Announcement['topic']> = new Set([
  'question',
  'rolling-back',
  'held',
  'held-up',
  'rollback-slow',
  'rollback-waits',
  'rolled-back',
  'rollback-failed',
]);
/** Detail that nobody waits for. */
const details: ReadonlySet<Announcement['topic']> = new Set([
  'requested',
  'analyzed',
  'validated',
  'lock-busy',
  'step-done',
  'probed',
  'reading',
  'trouble',
]);

/** What has waited so long is behind anyway: it is told together with what came after it. */
const behindMs = 15_000;
const atMost = 12;

export const isDetail = ({ announcement: { topic } }: StoredAnnouncement) => details.has(topic);
export const isPage = ({ announcement: { topic } }: StoredAnnouncement) => pages.has(topic);

/** As much as the weightiest of them, since they are told in their order. */
export function weightOf(pending: readonly StoredAnnouncement[]): PostWeight {
  if (pending.some(isPage)) return 'page';
  return pending.every(isDetail) ? 'detail' : 'matter';
}

/**
 * The next group of what waits to be told, in order. Details that stand together are one reply, and so is everything
 * for the thread once it is behind. Of the readings only a change is told: the card shows the rest.
 */
export function nextGroup(
  promotion: Promotion,
  pending: readonly StoredAnnouncement[],
  surface: Pick<Surface, 'reading' | 'underway'>,
  options: TellingOptions,
): Group | undefined {
  const { underway } = surface;
  const told: StoredAnnouncement[] = [];
  const replies: Extract<Telling, { place: 'thread' }>[] = [];
  let { reading } = surface;
  let last: number | undefined;
  for (const next of pending) {
    if (underway !== null && next.sequence > underway.last) break;
    const tellings = isOldNews(next.announcement, reading)
      ? []
      : announcement(promotion, next.announcement, options);
    const [only, ...others] = tellings;
    if (only !== undefined && (only.place !== 'thread' || others.length > 0)) {
      if (told.length > 0) break;
      return { last: next.sequence, told: [next], tellings, reading };
    }
    if (only !== undefined && told.length > 0 && !joins(told, next, underway !== null, options.nowMs)) break;
    if (next.announcement.topic === 'reading') reading = next.announcement.outcome;
    last = next.sequence;
    if (only?.place !== 'thread') continue;
    told.push(next);
    replies.push(only);
  }
  if (last === undefined) return undefined;
  if (replies.length <= 1) return { last, told, tellings: replies, reading };
  const { message, count } = joined(replies.map(({ message: each }) => each));
  const cut = told[count];
  if (cut === undefined) return { last, told, tellings: [{ place: 'thread', message }], reading };
  return {
    last: cut.sequence - 1,
    told: told.slice(0, count),
    tellings: [{ place: 'thread', message }],
    reading: readingBefore(pending, cut.sequence) ?? surface.reading,
  };
}

/** A reply with buttons ends its group: two rows of buttons in one message would not say what they belong to. */
function joins(
  told: readonly StoredAnnouncement[],
  next: StoredAnnouncement,
  atAnyRate: boolean,
  nowMs: number,
): boolean {
  if (told.length >= atMost || told.at(-1)?.announcement.topic === 'waiting') return false;
  if (told.every(isDetail) && isDetail(next)) return true;
  return atAnyRate || nowMs - (told[0]?.atMs ?? nowMs) > behindMs;
}

function isOldNews(told: Announcement, before: string | null): boolean {
  if (told.topic !== 'reading' || told.unwatchedMs !== undefined) return false;
  return told.outcome === before && told.outcome !== 'unhealthy';
}

function readingBefore(pending: readonly StoredAnnouncement[], sequence: number): string | undefined {
  const found = pending
    .filter((each) => each.sequence < sequence)
    .flatMap(({ announcement: each }) => (each.topic === 'reading' ? [each.outcome] : []));
  return found.at(-1);
}
