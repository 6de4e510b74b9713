import { expect, it } from 'vitest';
import { statusAnswer } from '../../../src/bot/messages/status.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { ada, at, promotionIn } from '../promotions.ts';

const textOf = (lastEnded: Promotion) =>
  statusAnswer([
    {
      app: 'site',
      environment: 'production',
      live: undefined,
      open: [],
      lastEnded,
      stuck: undefined,
      unseen: undefined,
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

const live = { app: 'site', environment: 'production', version: 'v1.0.0', atMs: at(-60) };
const nowIn = (open: Promotion | undefined, replaced: string | null = null) =>
  statusAnswer([
    {
      app: 'site',
      environment: 'production',
      live: { ...live, artifact: 'sha256:a', promotionId: 'p9', replaced },
      open: open === undefined ? [] : [open],
      lastEnded: undefined,
      stuck: undefined,
      unseen: undefined,
      unreadable: { promotions: 0, live: false },
    },
  ]).text;

it('says what is live, and since when', () => {
  expect(nowIn(promotionIn('waiting'))).toContain('— live: `v1.0.0` since ');
});

it('calls nothing live where a rollback failed and people closed it', () => {
  const text = nowIn(undefined, 'sha256:a');
  expect(text).toContain('live: not known; `v1.0.0` was left to people, who closed it by hand, <!date^');
  expect(text).not.toContain('live: `v1.0.0`');
});

it.each(['monitoring', 'rolling-back', 'rollback-failed'] as const)(
  'does not call live what was live before a promotion that is %s changed it',
  (phase) => {
    const text = nowIn(promotionIn(phase));
    expect(text).not.toContain('live: ');
    expect(text).toContain('— changed by what is open here; before that `v1.0.0` was live');
  },
);

const hidden = (because: 'unreadable' | 'gone', open?: Promotion) =>
  statusAnswer([
    {
      app: 'site',
      environment: 'production',
      live: { ...live, artifact: 'sha256:a', promotionId: 'p9', replaced: null },
      open: open === undefined ? [] : [open],
      lastEnded: undefined,
      stuck: undefined,
      unseen: { holder: 'p656c41eb07', because },
      unreadable: { promotions: because === 'unreadable' ? 1 : 0, live: false },
    },
  ]).text;

it('calls nothing live where a promotion that cannot be read may have changed it', () => {
  const text = hidden('unreadable');
  expect(text).toContain(
    '— live: not known, look at what is live; `p656c41eb07`, which cannot be read, may have changed it. Recorded last: `v1.0.0`, <!date^',
  );
  expect(text).not.toContain('live: `v1.0.0`');
  expect(hidden('gone')).toContain('`p656c41eb07`, whose record is gone, may have changed it');
});

it('nor says what was live before, where another one is changing it since', () => {
  const text = hidden('unreadable', promotionIn('monitoring'));
  expect(text).toContain('— live: not known, ');
  expect(text).not.toContain('was live');
});
