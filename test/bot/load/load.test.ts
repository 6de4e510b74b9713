import { describe, expect, it } from 'vitest';
import { runLoad } from './run.ts';

/** What 200 promotions do is measured by `scripts/measure-slack.mjs`; here a crowd that is as dense, and smaller. */
describe('many promotions at once, announced by two processes over the real store', () => {
  it('never meet a limit of Slack, and everything is told in its order and drawn to its end', async () => {
    const figures = await runLoad({ promotions: 12, channels: 1, minutes: 3 });

    expect(figures).toMatchObject({
      rateLimited: 0,
      neverDrawn: 0,
      lostOrOutOfOrder: [],
      repeated: 0,
      cards: 12,
    });
    expect(figures.mostInAMinute['chat.update']).toBeGreaterThan(20);
    expect(figures.drawnAfter.most).toBeLessThanOrEqual(60);
    expect(figures.complaints).toEqual([]);
  });

  it('that end while Slack is down are all drawn within a minute after it is back', async () => {
    const figures = await runLoad({
      promotions: 8,
      channels: 2,
      minutes: 3,
      downFromMinute: 1,
      downForMinutes: 2,
    });

    expect(figures).toMatchObject({ rateLimited: 0, neverDrawn: 0, lostOrOutOfOrder: [] });
    expect(figures.drawnAfter.most).toBeLessThanOrEqual(60);
  });
});
