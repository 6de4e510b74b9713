import { describe, expect, it } from 'vitest';
import { announcement } from '../../../src/bot/messages/announcement.ts';
import { card } from '../../../src/bot/messages/card.ts';
import type { Plan } from '../../../src/flows/promotion/plan.ts';
import { ada, at, plan, policy, promotionIn } from '../promotions.ts';
import { shown } from './drawn.ts';

const unfenced: Plan = {
  ...plan,
  analysis: {
    ...plan.analysis,
    steps: plan.analysis.steps.map((step) =>
      step.does === 'shift' ? { ...step, fence: 'hold' as const } : step,
    ),
  },
};
const words = (promotion: Parameters<typeof card>[0], nowMs = at(9)) => shown(card(promotion, { nowMs }));
const back = promotionIn('rolling-back').rollback;

describe('a target that takes requests unconditionally', () => {
  it('tells its approvers what that means, on the card and to a screen reader', () => {
    const asked = promotionIn('awaiting-approval', { plan: unfenced });

    expect(words(asked)).toMatch(/takes requests unconditionally: after a rollback a late one may bring/);
    expect(card(asked, { nowMs: at(3) }).text).toContain('Risk: This target takes requests unconditionally');
  });

  it('says until when it is watched once the way back is done', () => {
    const held = promotionIn('rolling-back', {
      unfencedAtMs: at(6),
      rollback: { ...back, settledAtMs: at(8) },
    });

    expect(words(held)).toContain('watched until 14:12:00 UTC: until then a late request could undo it');
    expect(words(held, at(12))).not.toContain('watched until');
  });
});

describe('ALL-8 a rollback that took over', () => {
  it('says from whom', () => {
    const taken = promotionIn('rolling-back', { rollback: { ...back, tookOverFrom: 'p0000000042' } });

    expect(words(taken)).toContain('Took over what `p0000000042` had changed');
  });

  it('the card of the one before points at it, and does not claim that production was left alone', () => {
    const ended = promotionIn('superseded', {
      dirty: true,
      supersededBy: 'p0000000043',
      ending: {
        code: 'handed-over',
        text: 'Rollback p0000000043 took over, and with it everything that this one had changed.',
        next: 'Follow the rollback.',
        by: ada,
      },
    });

    expect(words(ended)).toContain('Rollback p0000000043 took over');
    expect(words(ended)).not.toContain('not touched');
    expect(words(promotionIn('superseded'))).toContain('was not touched');
  });
});

describe('an app that vanished from the configuration', () => {
  it('is told to the channel and to on-call, with the way out', () => {
    const held = promotionIn('deploying', { dirty: false, steps: {} });
    const told = announcement(
      held,
      { topic: 'held', text: 'site production is not in the configuration any more. Put it back.' },
      { nowMs: at(9) },
    );

    expect(told.map(({ place }) => place)).toContain('on-call');
    for (const { message } of told) expect(message.text).toContain('is not in the configuration any more');
    expect(policy.onCall.channel).not.toBeNull();
  });
});
