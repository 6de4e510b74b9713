import { expect, it } from 'vitest';
import { statusAnswer } from '../../../src/bot/messages/status.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { ada, promotionIn } from '../promotions.ts';

const textOf = (lastEnded: Promotion) =>
  statusAnswer([
    {
      app: 'site',
      environment: 'production',
      live: undefined,
      open: [],
      lastEnded,
      stuck: undefined,
      unreadable: { promotions: 0, live: false },
    },
  ]).text;

it('tells of the last one its version, who asked and when it ended, not its id', () => {
  const text = textOf(promotionIn('promoted'));
  expect(text).toContain(`• Last: \`v1.1.0\`, asked by <@${ada.userId}>, <!date^`);
  expect(text).toContain('2026-11-21 14:10 UTC> — Promoted.');
  expect(text).not.toContain('p0123456789');
});

it('says of a rollback that it was one, and to what', () => {
  expect(textOf(promotionIn('rolled-back', { kind: 'rollback' }))).toContain(
    'Last: rollback to `v1.1.0`, asked',
  );
});
