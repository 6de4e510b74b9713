import { grace } from '../test/bot/promotions.ts';
import type { Finding } from './figure.ts';
import { groupsOf } from './site/chain.ts';
import { asked, passed, press, promotionOf } from './site/whole-promotion.ts';

const roundMs = 100;

/** From a press on a button to what people see of it. */
export async function pressed(): Promise<Finding> {
  const world = await asked(() => roundMs);
  const { time, shown } = world;
  const pressedMs = time.nowMs();
  const before = shown.length;
  const acknowledgedMs = await press(world, grace.userId);
  await passed(world, 10_000);
  const promotion = promotionOf(world);
  if (!('approvals' in promotion) || promotion.approvals.length !== 1)
    throw new Error('the approval did not count');
  const rounds = (atMs: number | undefined) => ((atMs ?? Number.NaN) - pressedMs) / roundMs;
  const seen = (what: string, saying: string) =>
    shown.slice(before).find((one) => one.what === what && one.text.includes(saying))?.atMs;
  const checkedMs = seen('private', 'is being checked');
  const settledMs = seen('update', '1 of 2');
  const calls = time.calls.filter(({ fromMs }) => fromMs >= pressedMs && fromMs < (settledMs ?? 0));
  return {
    name: 'press',
    title: 'From a press to what is seen of it',
    how: `All functions and the queue in one process, in virtual time: every call takes ${roundMs} ms and our own work none, so that the time is a number of rounds. The queue delivers at once.`,
    figures: [
      {
        name: 'press to acknowledgement',
        value: rounds(acknowledgedMs),
        unit: 'rounds',
        target: 2,
        held: { exactly: 2 },
      },
      {
        name: 'press to being told that the click is being checked',
        value: rounds(checkedMs),
        unit: 'rounds',
        target: 4,
        stretch: 3,
        held: { exactly: 4 },
        note: 'told to the one who pressed, beside the card; the card itself shows only what is settled',
      },
      {
        name: 'press to the card with the approval on it',
        value: rounds(settledMs),
        unit: 'rounds',
        held: { atMost: 12 },
        note: 'Slack’s directory is asked in between, uncached',
      },
    ],
    details: [
      '| round | calls |',
      '|---|---|',
      ...groupsOf(calls).map((names, round) => `| ${round + 1} | ${names.join(', ')} |`),
    ].join('\n'),
    data: { calls, shown: shown.slice(before) },
  };
}
