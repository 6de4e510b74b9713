import type { EnvironmentSettings } from '../../../src/flows/desk.ts';
import type { Policy } from '../../../src/flows/promotion/policy.ts';

type Group = 'approvals' | 'rollback' | 'verification' | 'monitoring';

/** What a scenario has otherwise than the others. */
export type PolicyChange = { readonly [Name in Group]?: Partial<Policy[Name]> };

const approvers = { people: [], groups: ['SAPPROVE'] };

function usual(app: string): Policy {
  return {
    promoters: 'members',
    approvals: { required: 2, from: approvers, expiresAfterSeconds: 900, waitSeconds: 20 },
    rollback: { approvals: 0, from: 'members' },
    verification: { probes: 2, intervalSeconds: 10, graceSeconds: 60 },
    monitoring: {
      soakSeconds: 50,
      intervalSeconds: 60,
      unhealthyReadings: 1,
      patienceSeconds: 60,
      answerWithinSeconds: 180,
      withoutAnswer: 'roll-back',
    },
    troubleLimitSeconds: 600,
    onCall: { people: ['UOTTO', 'UOLGA'], groups: ['SONCALL'], channel: 'CONCALL' },
    channel: `C${app.toUpperCase()}`,
  };
}

const shortest: PolicyChange = {
  approvals: { required: 1, waitSeconds: 0 },
  verification: { probes: 1 },
  monitoring: { soakSeconds: 0 },
};

/** Gives an environment the rules of a scenario. */
export function applyPace(
  { app, policy }: EnvironmentSettings,
  short: boolean,
  change: PolicyChange = {},
): void {
  const rules = usual(app);
  for (const each of short ? [shortest, change] : [change]) {
    for (const name of ['approvals', 'rollback', 'verification', 'monitoring'] as const) {
      Object.assign(rules[name], each[name]);
    }
  }
  Object.assign(policy, rules);
}
