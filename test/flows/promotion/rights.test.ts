import { describe, expect, it } from 'vitest';
import type { Policy } from '../../../src/flows/promotion/policy.ts';
import type { Person, PersonClaim } from '../../../src/flows/promotion/promotion.ts';
import { decideRight, groupsOf, isNamed, rightFor } from '../../../src/flows/promotion/rights.ts';
import { policy as usual } from './walk.ts';

const person = (userId: string): Person => ({ teamId: 'T1', userId });
const requester = person('UREQUESTER');

/** Everybody is in exactly one list or group, so that nobody passes for another's reason. */
const policy: Policy = {
  ...usual,
  promoters: { people: ['UPROMOTER'], groups: ['SPROMOTERS'] },
  approvals: { ...usual.approvals, from: { people: ['UAPPROVER'], groups: ['SAPPROVERS'] } },
  rollback: { ...usual.rollback, from: { people: ['UBACK'], groups: ['SBACK'] } },
  onCall: { people: ['UONCALL'], groups: ['SONCALL'], channel: null },
};
const open: Policy = { ...policy, promoters: 'members', rollback: { ...policy.rollback, from: 'members' } };

const named = ['UPROMOTER', 'UAPPROVER', 'UBACK', 'UONCALL', 'UREQUESTER', 'UANYBODY'];
const groups = ['SPROMOTERS', 'SAPPROVERS', 'SBACK', 'SONCALL'];
const actions: readonly PersonClaim['does'][] = [
  'request',
  'approve',
  'reject',
  'cancel',
  'roll-back',
  'answer',
  'retry',
  'resolve',
];

function allowed(does: PersonClaim['does'], rules: Policy): string[] {
  const right = rightFor(does, rules);
  return named.filter(
    (userId) => decideRight(right, person(userId), requester, 'member', []).outcome === 'granted',
  );
}

describe('who may do what', () => {
  it('ALL-2 people on a list may do what the list is for, and nobody else may', () => {
    const table = Object.fromEntries(actions.map((does) => [does, allowed(does, policy)]));

    expect(table).toEqual({
      request: ['UPROMOTER'],
      approve: ['UAPPROVER'],
      reject: ['UAPPROVER'],
      cancel: ['UAPPROVER', 'UONCALL', 'UREQUESTER'],
      'roll-back': ['UBACK', 'UONCALL'],
      answer: ['UAPPROVER', 'UBACK', 'UONCALL'],
      retry: ['UAPPROVER', 'UBACK', 'UONCALL'],
      resolve: ['UAPPROVER', 'UBACK', 'UONCALL'],
    });
  });

  it('ALL-2 where every member may ask and roll back, approving still takes a list', () => {
    const table = Object.fromEntries(actions.map((does) => [does, allowed(does, open)]));

    expect(table).toEqual({
      request: named,
      approve: ['UAPPROVER'],
      reject: ['UAPPROVER'],
      cancel: ['UAPPROVER', 'UONCALL', 'UREQUESTER'],
      'roll-back': named,
      answer: ['UAPPROVER', 'UONCALL'],
      retry: ['UAPPROVER', 'UONCALL'],
      resolve: ['UAPPROVER', 'UONCALL'],
    });
  });

  it('ALL-2 only the groups that the action is for are looked up, each once', () => {
    const twice: Policy = { ...policy, onCall: { ...policy.onCall, groups: ['SAPPROVERS', 'SONCALL'] } };

    expect(Object.fromEntries(actions.map((does) => [does, groupsOf(rightFor(does, twice))]))).toEqual({
      request: ['SPROMOTERS'],
      approve: ['SAPPROVERS'],
      reject: ['SAPPROVERS'],
      cancel: ['SAPPROVERS', 'SONCALL'],
      'roll-back': ['SBACK', 'SAPPROVERS', 'SONCALL'],
      answer: ['SAPPROVERS', 'SONCALL', 'SBACK'],
      retry: ['SAPPROVERS', 'SONCALL', 'SBACK'],
      resolve: ['SAPPROVERS', 'SONCALL', 'SBACK'],
    });
  });

  it.each(groups)('a member of %s is granted it for the group, and the record names the group', (group) => {
    const right = rightFor('approve', policy);

    expect(decideRight(right, person('UANYBODY'), requester, 'member', [group])).toEqual({
      outcome: 'granted',
      evidence: `member of ${group}`,
    });
  });

  it('the way back by people who are named never waits for the directory; closing a failed one does', () => {
    const needsNone = actions.filter((does) => rightFor(does, policy).namedWithoutDirectory);

    expect(needsNone).toEqual(['roll-back', 'answer', 'retry']);
  });

  it('the record says why somebody was allowed', () => {
    const evidence = (does: PersonClaim['does'], userId: string, rules = policy) => {
      const standing = decideRight(rightFor(does, rules), person(userId), requester, 'member', []);
      return standing.outcome === 'granted' ? standing.evidence : standing.refusal.code;
    };

    expect(evidence('cancel', 'UREQUESTER')).toBe('requester');
    expect(evidence('cancel', 'UONCALL')).toBe('named in the configuration');
    expect(evidence('request', 'UANYBODY', open)).toBe('full member of the workspace');
    expect(evidence('approve', 'UANYBODY')).toBe('person.not-allowed');
  });

  it('the requester is a person of one workspace: the same id in another one is somebody else', () => {
    const right = rightFor('cancel', policy);
    const namesake = { teamId: 'T2', userId: requester.userId };

    expect(decideRight(right, namesake, requester, 'member', [])).toMatchObject({ outcome: 'denied' });
  });

  it.each([
    ['guest', 'person.guest'],
    ['bot', 'person.bot'],
    ['deactivated', 'person.deactivated'],
    ['stranger', 'person.stranger'],
    ['unknown', 'person.unknown'],
  ] as const)('ALL-2 a %s may do nothing, even when named and in the group', (kind, code) => {
    for (const does of actions) {
      const standing = decideRight(rightFor(does, open), person('UONCALL'), person('UONCALL'), kind, groups);
      expect(standing).toMatchObject({ outcome: 'denied', refusal: { code } });
      if (standing.outcome !== 'denied') continue;
      expect(standing.refusal.text).not.toBe('');
      expect(standing.refusal.next).toContain(rightFor(does, open).who);
    }
  });

  it('empty lists mean nobody', () => {
    const nobody: Policy = {
      ...policy,
      approvals: { ...policy.approvals, from: { people: [], groups: [] } },
    };

    expect(allowed('approve', nobody)).toEqual([]);
    expect(groupsOf(rightFor('approve', nobody))).toEqual([]);
  });

  it('being named counts in any of the lists', () => {
    const right = rightFor('cancel', policy);

    expect(named.filter((userId) => isNamed(person(userId), right))).toEqual(['UAPPROVER', 'UONCALL']);
  });
});
