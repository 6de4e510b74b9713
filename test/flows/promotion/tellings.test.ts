import { describe, expect, it } from 'vitest';
import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import type { CheckResult } from '../../../src/flows/promotion/plan.ts';
import { stands } from './stands.ts';
import { claim, failed, grace, later, passed, through, unknown, type Walk, walkTo } from './walk.ts';

const topics = (walk: Walk, since: Walk) => walk.told.slice(since.told.length).map(({ topic }) => topic);
const probe = (result: CheckResult): PromotionEvent => ({ type: 'probe.recorded', results: [result] });
const reading = (result: CheckResult): PromotionEvent => ({
  type: 'reading.recorded',
  results: [result],
  completeUntilMs: null,
});
const stale: CheckResult = { ...passed('version'), outcome: 'stale', text: 'still v1.0.0' };

describe('the look that turns a promotion around', () => {
  it.each([
    ['shows the old version after the grace', () => walkTo('verifying'), 61, probe(stale)],
    [
      'says nothing for the third time',
      stands['verifying, two probes that said nothing'],
      1,
      probe(unknown('version')),
    ],
    ['fails', () => walkTo('verifying'), 1, probe(failed('version'))],
    ['comes when nothing was decided for too long', () => walkTo('verifying'), 400, probe(passed('version'))],
  ] as const)('is told before the turn: a probe that %s', (_what, from, seconds, event) => {
    const before = from();

    expect(topics(later(before, seconds, event), before)).toEqual(['probed', 'rolling-back']);
  });

  it('is told before the turn: a reading with an alarm, or one sick reading too many', () => {
    const watched = walkTo('monitoring');
    const sick = stands['watched, one unhealthy reading']();

    expect(topics(later(watched, 60, reading(failed('errors', true))), watched)).toEqual([
      'reading',
      'rolling-back',
    ]);
    expect(topics(later(sick, 60, reading(failed('errors'))), sick)).toEqual(['reading', 'rolling-back']);
  });
});

describe('ALL-8 the end of the watch', () => {
  it('waits while an answer to roll back is being checked', () => {
    const asked = stands['watched, on-call asked']();
    if (asked.promotion.phase !== 'monitoring') throw new Error(asked.promotion.phase);
    const { question, soakFromMs } = asked.promotion.watch;
    const answered = through(asked, {
      type: 'answer.claimed',
      questionId: question?.id ?? '',
      claim: claim('answer', grace, { answer: 'roll-back' }),
    });
    if (answered.promotion.phase !== 'monitoring') throw new Error(answered.promotion.phase);
    // Somebody else has accepted what is not known, so that the soak alone decides.
    const watch = {
      ...answered.promotion.watch,
      acceptedBy: 'default' as const,
      startedAtMs: soakFromMs - 600_000,
    };
    const over = later(
      { ...answered, promotion: { ...answered.promotion, watch } },
      1,
      reading(unknown('errors')),
    );

    expect(over.promotion.phase).toBe('monitoring');
  });
});

describe('two troubles by turns', () => {
  const met = (code: string): PromotionEvent => ({
    type: 'trouble.met',
    during: 'work',
    code,
    text: code,
    retryAfterMs: null,
  });
  const troubled = (tries: number): Walk => {
    let walk: Walk = walkTo('waiting');
    for (let count = 0; count < tries; count += 1) walk = through(walk, met('aws.throttled'));
    return walk;
  };

  it('are told four times at most, since the card shows the present one anyway', () => {
    expect(topics(through(troubled(4), met('aws.away')), troubled(4))).toEqual(['trouble']);
    expect(topics(through(troubled(5), met('aws.away')), troubled(5))).toEqual([]);
  });

  it('but that it waits for people is always told', () => {
    expect(topics(through(troubled(5), met('config.vanished')), troubled(5))).toEqual(['held']);
    expect(
      topics(through(through(troubled(5), met('config.vanished')), met('config.vanished')), troubled(5)),
    ).toEqual(['held']);
  });
});
