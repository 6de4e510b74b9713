import { permissionsOf } from '../aws/permissions.ts';
import { sessionTags } from '../aws/session-tags.ts';
import type { Statement } from '../aws/statement.ts';
import type { EnvironmentSettings } from '../flows/desk.ts';

interface PolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly object[];
}

/** What an environment's own role has to look like. */
export interface EnvironmentRole {
  /** Null where the environment names none, and the bot's own credentials serve. */
  readonly role: string | null;
  /** Who may take it: null where there is no role to take. */
  readonly trustPolicy: PolicyDocument | null;
  readonly permissionsPolicy: PolicyDocument;
}

const tagOf = (scope: 'RequestTag' | 'PrincipalTag', tag: string) => `aws:${scope}/${tag}`;
const given = '?*';

/**
 * The policies of one environment's role: taken by the bot alone, in the name of a promotion, and then no more than its
 * target and checks need; what changes anything only under a signed plan. `account` is where the target lies unless the
 * role says so itself.
 */
export function environmentRole(
  { definition }: Pick<EnvironmentSettings, 'definition'>,
  { worker, account }: { readonly worker: string | null; readonly account: string },
): EnvironmentRole {
  const { role = null } = definition;
  const [, partition = 'aws', , , owner = account] = role?.split(':') ?? [];
  const statements = permissionsOf(definition, { partition, account: owner });
  return {
    role,
    trustPolicy: role === null || worker === null ? null : document([trust(worker)]),
    permissionsPolicy: document(statements.map((each) => allow(each, role !== null))),
  };
}

const document = (Statement: readonly object[]): PolicyDocument => ({ Version: '2012-10-17', Statement });

const trust = (worker: string) => ({
  Sid: 'CountersignOnly',
  Effect: 'Allow',
  Principal: { AWS: worker },
  Action: ['sts:AssumeRole', 'sts:TagSession'],
  Condition: { StringLike: { [tagOf('RequestTag', sessionTags.promotion)]: given } },
});

function allow({ Sid, Action, Resource, Regions, changes }: Statement, hasSession: boolean) {
  const Condition = {
    ...(Regions === undefined ? {} : { StringEquals: { 'aws:RequestedRegion': Regions } }),
    ...(changes && hasSession ? { StringLike: { [tagOf('PrincipalTag', sessionTags.plan)]: given } } : {}),
  };
  return {
    Sid,
    Effect: 'Allow',
    Action,
    Resource,
    ...(Object.keys(Condition).length === 0 ? {} : { Condition }),
  };
}
