import { describe, expect, it } from 'vitest';
import { recordClaim } from '../../../src/flows/promotion/phases/claims.ts';
import type { PersonClaim } from '../../../src/flows/promotion/promotion.ts';
import { ada, claim, grace, walkTo } from './walk.ts';

type Answer = PersonClaim['answer'];

const answers: readonly Answer[] = ['continue', 'roll-back', null];
const { promotion } = walkTo('monitoring');
const others = [claim('answer', ada, { answer: 'continue' }), claim('roll-back', grace)];

/** Somebody with a pending answer gives another one; others have asked for something as well. */
function answeredAgain(pending: Answer, again: Answer) {
  const first = claim('answer', grace, { answer: pending });
  const second = claim('answer', grace, { answer: again });
  const [before, ...after] = others;
  if (before === undefined) throw new Error('nobody else asked');
  return {
    second,
    decision: recordClaim({ ...promotion, claims: [before, first, ...after] }, second),
    instead: [before, second, ...after],
  };
}

describe('what a person asked for while their first wish is still being checked', () => {
  it('takes its place where they said go on and now want it rolled back; nobody else’s changes', () => {
    const { decision, instead } = answeredAgain('continue', 'roll-back');

    expect(decision).toMatchObject({ outcome: 'accepted', announcements: [] });
    expect(decision).toHaveProperty('promotion.claims', instead);
  });

  it('is refused where they asked for the rollback and now say go on: on-call decides that', () => {
    expect(answeredAgain('roll-back', 'continue').decision).toEqual({
      outcome: 'refused',
      refusal: {
        code: 'claim.pending',
        text: 'You asked for the rollback already, and it is being checked.',
        next: 'If it should not be, speak to on-call now.',
      },
    });
  });

  it.each(
    answers
      .flatMap((pending) => answers.map((again): [Answer, Answer] => [pending, again]))
      .filter(([pending, again]) => pending === again || pending === null || again === null),
  )('is refused as asked for already where they said %s and now say %s', (pending, again) => {
    expect(answeredAgain(pending, again).decision).toEqual({
      outcome: 'refused',
      refusal: {
        code: 'claim.pending',
        text: 'You already asked for this, and it is being checked.',
        next: 'Nothing more to do; the card will show it.',
      },
    });
  });

  it('stands beside it where it is something else, or somebody else’s', () => {
    const pending = claim('answer', grace, { answer: 'roll-back' });

    for (const other of [claim('roll-back', grace), claim('answer', ada, { answer: 'continue' })]) {
      expect(recordClaim({ ...promotion, claims: [pending] }, other)).toHaveProperty('promotion.claims', [
        pending,
        other,
      ]);
    }
  });
});
