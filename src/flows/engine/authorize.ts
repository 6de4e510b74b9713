import type { PromotionEvent } from '../promotion/events.ts';
import type { Person, PersonClaim, Promotion } from '../promotion/promotion.ts';
import { decideRight, groupsOf, isNamed, type Right, rightFor, type Standing } from '../promotion/rights.ts';
import type { World } from './world.ts';

/** Reads a person's rights in the directory, uncached, and decides them. Throws RetryableError when it cannot be read. */
export async function standingOf(
  world: Pick<World, 'directory'>,
  person: Person,
  right: Right,
  requester: Person,
): Promise<Standing> {
  if (right.namedWithoutDirectory && isNamed(person, right)) {
    return { outcome: 'granted', evidence: 'named in the configuration; the directory was not asked' };
  }
  const kind = await world.directory.kindOf(person);
  const memberOf: string[] = [];
  if (kind === 'member' && !isNamed(person, right)) {
    for (const group of groupsOf(right)) {
      const members = await world.directory.membersOf(group);
      if (members.includes(person.userId)) memberOf.push(group);
    }
  }
  return decideRight(right, person, requester, kind, memberOf);
}

/** Settles what one person asked for. */
export async function settle(
  world: Pick<World, 'directory'>,
  promotion: Promotion,
  claim: PersonClaim,
): Promise<PromotionEvent> {
  const standing = await standingOf(
    world,
    claim.person,
    rightFor(claim.does, promotion.policy),
    promotion.requester,
  );
  return standing.outcome === 'granted'
    ? { type: 'claim.granted', claimId: claim.id, evidence: standing.evidence }
    : { type: 'claim.denied', claimId: claim.id, refusal: standing.refusal };
}
