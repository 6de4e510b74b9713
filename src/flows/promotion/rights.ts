import type { PersonKind } from '../ports.ts';
import type { Audience, Policy } from './policy.ts';
import { type Person, type PersonClaim, samePerson } from './promotion.ts';
import { type Refusal, refusal } from './refusal.ts';

/** Who may do what a claim asks for, by the promotion's pinned policy. */
export interface Right {
  /** Any full member of the workspace. */
  readonly members: boolean;
  readonly audiences: readonly Audience[];
  /** The requester may, whoever they are; for Cancel. */
  readonly requester: boolean;
  /** How the people who may are called in a refusal. */
  readonly who: string;
  /** People named by id need no directory: the way back never waits for Slack (design: promise 6). */
  readonly namedWithoutDirectory: boolean;
}

export function rightFor(does: PersonClaim['does'], policy: Policy): Right {
  const onCall: Audience = { people: policy.onCall.people, groups: policy.onCall.groups };
  const approvers = policy.approvals.from;
  const rollback = policy.rollback.from;
  const rollbackAudience = rollback === 'members' ? [] : [rollback];
  switch (does) {
    case 'request':
      return {
        members: policy.promoters === 'members',
        audiences: policy.promoters === 'members' ? [] : [policy.promoters],
        requester: false,
        who: 'people who may ask for a promotion',
        namedWithoutDirectory: false,
      };
    case 'approve':
    case 'reject':
      return {
        members: false,
        audiences: [approvers],
        requester: false,
        who: 'approvers of this environment',
        namedWithoutDirectory: false,
      };
    case 'cancel':
      return {
        members: false,
        audiences: [approvers, onCall],
        requester: true,
        who: 'the requester, approvers and on-call people',
        namedWithoutDirectory: false,
      };
    case 'roll-back':
      return {
        members: rollback === 'members',
        audiences: [...rollbackAudience, onCall],
        requester: false,
        who: 'people who may roll back this environment',
        namedWithoutDirectory: true,
      };
    case 'answer':
    case 'retry':
    case 'resolve':
      return {
        members: false,
        audiences: [onCall, approvers, ...rollbackAudience],
        requester: false,
        who: 'on-call people and approvers of this environment',
        namedWithoutDirectory: does !== 'resolve',
      };
  }
}

/** True if the person is in an audience by id. */
export function isNamed(person: Person, right: Right): boolean {
  return right.audiences.some((audience) => audience.people.includes(person.userId));
}

export function groupsOf(right: Right): string[] {
  return [...new Set(right.audiences.flatMap((audience) => audience.groups))];
}

export type Standing =
  | { readonly outcome: 'granted'; readonly evidence: string }
  | { readonly outcome: 'denied'; readonly refusal: Refusal };

const kindRefusals: Record<Exclude<PersonKind, 'member'>, { code: string; text: string }> = {
  guest: { code: 'person.guest', text: 'Guests of the workspace cannot do this.' },
  bot: { code: 'person.bot', text: 'Bots and apps cannot do this.' },
  deactivated: { code: 'person.deactivated', text: 'This account is deactivated.' },
  stranger: { code: 'person.stranger', text: 'People of other workspaces cannot do this.' },
  unknown: { code: 'person.unknown', text: 'Slack does not know this account.' },
};

/**
 * Decides one claim from what the directory said just now. `memberOf` are the groups of `groupsOf(right)` that the
 * person is in. Empty audiences mean nobody.
 */
export function decideRight(
  right: Right,
  person: Person,
  requester: Person,
  kind: PersonKind,
  memberOf: readonly string[],
): Standing {
  if (kind !== 'member') {
    const { code, text } = kindRefusals[kind];
    return { outcome: 'denied', refusal: refusal(code, text, `Ask one of the ${right.who}.`) };
  }
  if (right.requester && samePerson(person, requester)) return { outcome: 'granted', evidence: 'requester' };
  if (isNamed(person, right)) return { outcome: 'granted', evidence: 'named in the configuration' };
  const group = memberOf[0];
  if (group !== undefined) return { outcome: 'granted', evidence: `member of ${group}` };
  if (right.members) return { outcome: 'granted', evidence: 'full member of the workspace' };
  return {
    outcome: 'denied',
    refusal: refusal(
      'person.not-allowed',
      `This is for the ${right.who}, and you are not one of them at the moment.`,
      'Ask one of them, or have the list in pipeline.yml or the user group changed.',
    ),
  };
}
