import { describe, expect, it } from 'vitest';
import { Promotion } from '../../src/flows/promotion/promotion.ts';
import { brokenInvariants, play, type Scenario } from './journey.ts';

const scenarios: readonly Scenario[] = [
  { name: 'a good release', fault: 'none', ends: 'promoted' },
  { name: 'a release that shows the wrong version', fault: 'wrong-version', ends: 'rolled-back' },
  { name: 'a release with errors in the watch', fault: 'unhealthy', ends: 'rolled-back' },
  { name: 'an alarm in the watch', fault: 'alarm', ends: 'rolled-back' },
  { name: 'metrics that go missing and nobody answers', fault: 'no-metrics', ends: 'rolled-back' },
  { name: 'a promotion cancelled in its wait timer', fault: 'none', cancels: true, ends: 'cancelled' },
];

describe('killed once at every await and started again', () => {
  it.each(scenarios)('$name still ends as it should, at every one of its awaits', async (scenario) => {
    const clean = await play(scenario, undefined);
    expect(clean.promotion.phase).toBe(scenario.ends);
    expect(brokenInvariants(clean)).toEqual([]);
    expect(clean.store.history.every((saved) => Promotion.safeParse(saved).success)).toBe(true);
    expect(clean.awaits).toBeGreaterThan(60);

    const failures: string[] = [];
    let killed = 0;
    for (let killAt = 1; killAt <= clean.awaits; killAt += 1) {
      const story = await play(scenario, killAt);
      if (story.killedAt !== undefined) killed += 1;
      const broken = brokenInvariants(story);
      if (story.promotion.phase !== scenario.ends) broken.push(`ended ${story.promotion.phase}`);
      failures.push(...broken.map((why) => `killed ${story.killedAt} (${killAt}): ${why}`));
    }

    expect(failures).toEqual([]);
    expect(killed).toBe(clean.awaits);
  });
});
