import type { EnvironmentStatus } from '../../flows/desk.ts';
import { isDirty, type Promotion } from '../../flows/promotion/promotion.ts';
import type { EphemeralAnswer } from '../slack-client.ts';
import { fitting, section } from './block.ts';
import { headlineOf } from './card.ts';
import { movement, versionWords } from './phrases.ts';
import { channel, code, lines, person } from './text.ts';
import { date } from './time.ts';
import { holderWords, stuckLine } from './unlock.ts';

/** What is live where, what is open, and how the last one ended. */
export function statusAnswer(status: readonly EnvironmentStatus[]): EphemeralAnswer {
  const all = status.flatMap(statusLines);
  if (all.length === 0) return { text: 'No environments are configured.' };
  const sections = status.slice(0, 40).map((entry) => section(statusLines(entry)));
  return { text: lines(all, 3900), blocks: fitting(sections) };
}

function statusLines(entry: EnvironmentStatus): string[] {
  const name = `*${code(entry.app)} ${code(entry.environment)}*`;
  return [
    `${name} — ${liveWords(entry)}`,
    ...(entry.stuck === undefined ? [] : [stuckLine(entry, entry.stuck)]),
    ...(entry.unreadable.promotions === 0 ? [] : [unreadableLine(entry.unreadable.promotions)]),
    ...entry.open.slice(0, 5).map(openLine),
    ...(entry.open.length > 5 ? [`• … and ${entry.open.length - 5} more open`] : []),
    ...(entry.lastEnded === undefined ? [] : [lastLine(entry.lastEnded)]),
  ];
}

function liveWords({ live, unreadable, unseen, open }: EnvironmentStatus): string {
  if (unseen !== undefined) {
    const recorded = live === undefined ? '' : ` Recorded last: ${code(live.version)}, ${date(live.atMs)}.`;
    return `live: not known, look at what is live; ${holderWords(unseen)}, may have changed it.${recorded}`;
  }
  if (unreadable.live) return 'live: cannot be read';
  if (live === undefined) return 'live: not known, nothing was promoted here by Countersign yet';
  if (live.replaced === live.artifact)
    return `live: not known; ${code(live.version)} was left to people, who closed it by hand, ${date(live.atMs)}`;
  return open.some(isDirty)
    ? `changed by what is open here; before that ${code(live.version)} was live`
    : `live: ${code(live.version)} since ${date(live.atMs)}`;
}

function unreadableLine(count: number): string {
  return count === 1
    ? '• 1 promotion of this environment cannot be read. It is held: nothing is done with it.'
    : `• ${count} promotions of this environment cannot be read. They are held: nothing is done with them.`;
}

function lastLine(promotion: Promotion): string {
  const what =
    promotion.kind === 'promotion' ? versionWords(promotion) : `rollback to ${versionWords(promotion)}`;
  const when = 'endedAtMs' in promotion ? `, ${date(promotion.endedAtMs)}` : '';
  return `• Last: ${what}, asked by ${person(promotion.requester.userId)}${when} — ${headlineOf(promotion)[0] ?? ''}`;
}

/** One open promotion on one line. */
export function openLine(promotion: Promotion): string {
  const verb = promotion.kind === 'promotion' ? 'Promote' : 'Roll back';
  return `• ${verb} ${movement(promotion)}, asked by ${person(promotion.requester.userId)} — ${headlineOf(promotion)[0] ?? promotion.phase} (in ${channel(promotion.policy.channel)})`;
}
