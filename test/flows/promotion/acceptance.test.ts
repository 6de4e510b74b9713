import { describe, expect, it } from 'vitest';
import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import type { CheckResult } from '../../../src/flows/promotion/plan.ts';
import { claim, failed, grace, later, passed, through, unknown, type Walk, walkTo } from './walk.ts';

const reading = (...results: CheckResult[]): PromotionEvent => ({
  type: 'reading.recorded',
  results,
  completeUntilMs: null,
});

/** On-call went on without data; the watch lasts as long as its policy says. */
function accepted(): Walk {
  const asked = later(
    through(walkTo('monitoring'), reading(unknown('errors'))),
    60,
    reading(unknown('errors')),
  );
  const answer = claim('answer', grace, { answer: 'continue' });
  return through(
    asked,
    { type: 'answer.claimed', questionId: questionOf(asked), claim: answer },
    { type: 'claim.granted', claimId: answer.id, evidence: 'named' },
  );
}

function watchOf({ promotion }: Walk) {
  if (promotion.phase !== 'monitoring') throw new Error(`it is ${promotion.phase}`);
  return promotion.watch;
}

function questionOf(walk: Walk): string {
  const { question } = watchOf(walk);
  if (question === null) throw new Error('nothing was asked');
  return question.id;
}

const soakSeconds = ({ promotion }: Walk) => promotion.policy.monitoring.soakSeconds;

describe('what was accepted while data was missing', () => {
  it('is not what was unhealthy since: without data at the end it is asked once more, not promoted', () => {
    const before = accepted();
    const end = soakSeconds(before);

    const unhealthy = later(before, end, reading(failed('errors')));
    const missing = later(unhealthy, 60, reading(unknown('errors')));

    expect(unhealthy.promotion.phase).toBe('monitoring');
    expect(missing.promotion.phase).toBe('monitoring');
    const patience = missing.promotion.policy.monitoring.patienceSeconds;
    expect(watchOf(later(missing, patience, reading(unknown('errors')))).question).not.toBeNull();
  });

  it('is over as soon as data is there again: what is missing after that is asked about anew', () => {
    const healthy = later(accepted(), 30, reading(passed('errors'), passed('latency')));
    const patience = healthy.promotion.policy.monitoring.patienceSeconds;
    const missing = later(healthy, 30, reading(passed('errors'), unknown('latency')));

    expect(watchOf(healthy).acceptedBy).toBeNull();
    expect(watchOf(later(missing, patience, reading(unknown('latency')))).question?.text).toContain(
      'latency',
    );
  });

  it('without data until the end it is promoted, as a person said', () => {
    const before = accepted();

    expect(later(before, soakSeconds(before) - 30, reading(unknown('errors'))).promotion.phase).toBe(
      'promoted',
    );
  });
});

describe('who answered with continue and thinks better of it', () => {
  const asked = () =>
    later(through(walkTo('monitoring'), reading(unknown('errors'))), 60, reading(unknown('errors')));

  it('may have it rolled back before the first answer is settled', () => {
    const before = asked();
    const questionId = questionOf(before);
    const first = claim('answer', grace, { answer: 'continue' });
    const second = claim('answer', grace, { answer: 'roll-back' });

    const { promotion } = through(
      before,
      { type: 'answer.claimed', questionId, claim: first },
      { type: 'answer.claimed', questionId, claim: second },
    );

    expect('claims' in promotion && promotion.claims).toEqual([second]);
  });

  it('does not take back a wish to roll back by answering continue', () => {
    const before = asked();
    const questionId = questionOf(before);

    expect(() =>
      through(
        before,
        { type: 'answer.claimed', questionId, claim: claim('answer', grace, { answer: 'roll-back' }) },
        { type: 'answer.claimed', questionId, claim: claim('answer', grace, { answer: 'continue' }) },
      ),
    ).toThrow('claim.pending');
  });
});
