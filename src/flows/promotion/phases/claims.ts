import { accept, type Decision, refuse } from '../decision.ts';
import type { EventOf } from '../events.ts';
import { type PersonClaim, type Promotion, samePerson } from '../promotion.ts';

/**
 * Writes down what a person asked for; the next tick settles it with the directory. Who answered a question with
 * "continue" may still have it rolled back, and not the other way round.
 */
export function recordClaim(promotion: Promotion, claim: PersonClaim): Decision {
  const pending = promotion.claims.find(
    (other) => other.does === claim.does && samePerson(other.person, claim.person),
  );
  if (pending === undefined) return accept({ ...promotion, claims: [...promotion.claims, claim] });
  if (pending.answer === 'continue' && claim.answer === 'roll-back')
    return accept({
      ...promotion,
      claims: promotion.claims.map((other) => (other === pending ? claim : other)),
    });
  if (pending.answer === 'roll-back' && claim.answer === 'continue') {
    return refuse(
      'claim.pending',
      'You asked for the rollback already, and it is being checked.',
      'If it should not be, speak to on-call now.',
    );
  }
  return refuse(
    'claim.pending',
    'You already asked for this, and it is being checked.',
    'Nothing more to do; the card will show it.',
  );
}

export function claimById(promotion: Promotion, claimId: string): PersonClaim | undefined {
  return promotion.claims.find((claim) => claim.id === claimId);
}

export function withoutClaim<P extends Promotion>(promotion: P, claimId: string): P {
  return { ...promotion, claims: promotion.claims.filter((claim) => claim.id !== claimId) };
}

/** A denied claim is dropped and its person told why. */
export function denyClaim(promotion: Promotion, event: EventOf<'claim.denied'>): Decision {
  const claim = claimById(promotion, event.claimId);
  if (claim === undefined) return staleClaim();
  return accept(withoutClaim(promotion, claim.id), [
    { topic: 'denied', person: claim.person, refusal: event.refusal },
  ]);
}

export function staleClaim(): Decision {
  return refuse('claim.settled', 'This was settled already.', 'Look at the card.');
}

/** What a person asked for came too late for the phase that the promotion is in now. */
export function overtaken(promotion: Promotion, claim: PersonClaim, text: string, next: string): Decision {
  return accept(withoutClaim(promotion, claim.id), [
    { topic: 'denied', person: claim.person, refusal: { code: 'claim.overtaken', text, next } },
  ]);
}
