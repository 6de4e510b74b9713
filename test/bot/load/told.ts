import type { Announcement } from '../../../src/flows/promotion/announcements.ts';
import type { Shown } from './channels.ts';
import type { Life } from './lives.ts';

/** How the first words of each announcement look in Slack. */
const marks: readonly (readonly [Announcement['topic'], RegExp])[] = [
  ['analyzed', /^Live now: /],
  ['validated', /^Checked before asking/],
  ['approval-needed', /^Approval needed for /],
  ['approved', /^Approved by /],
  ['waiting', /^All approvals are there/],
  ['started', /^Started: /],
  ['step-done', / — done\. /],
  ['probed', /^Probe: /],
  ['reading', /^Watch: /],
  ['rolling-back', /^(<\S+> )*Rolling back `/],
  ['rolled-back', /^(<\S+> )*Rolled back: /],
  ['promoted', /^Promoted: /],
  ['ended', /^Ended: /],
];

/** What a promotion had to tell in words of its own, in order: of the readings only what changed. */
export function expectedOf(life: Life): string[] {
  let reading: string | null = null;
  return life.saves.flatMap(({ told }) =>
    told.flatMap((each) => {
      if (each.topic === 'requested') return [];
      if (each.topic !== 'reading') return [each.topic];
      const same = each.outcome === reading && each.outcome !== 'unhealthy';
      reading = each.outcome;
      return same ? [] : [each.topic];
    }),
  );
}

/** What arrived of it in its own channel, in the order of arrival. */
export function toldOf(life: Life, messages: readonly Shown[], cards: readonly Shown[]): string[] {
  const threads = new Set(cards.map(({ ts }) => ts));
  return messages
    .filter(
      (shown) =>
        shown.channel === life.channel &&
        !cards.includes(shown) &&
        (shown.threadTs === null
          ? shown.message.text.includes(`\`app-${life.id}\``)
          : threads.has(shown.threadTs)),
    )
    .flatMap(({ message }) =>
      message.text.split('\n').flatMap((line) => marks.find(([, mark]) => mark.test(line))?.[0] ?? []),
    );
}

/** Whether `arrived` is `expected`, where every announcement may be repeated and nothing is missing or out of order. */
export function inOrder(expected: readonly string[], arrived: readonly string[]): boolean {
  // A repeat may be of several that were sent as one reply: from any point one may fall back to an earlier one.
  let next = 0;
  for (const topic of arrived) {
    if (topic === expected[next]) next += 1;
    else if (!expected.slice(0, next).includes(topic)) return false;
  }
  return next === expected.length;
}
