/**
 * Who and what is in the try-it-out workspace before anybody has done anything.
 * Ids look like Slack's and are stable, so that pipelines and journeys can name them.
 */
import type { SlackChannel, SlackPerson, SlackUserGroup } from './control.ts';

export const team = { id: 'T0COUNTER', name: 'Countersign Try-out', domain: 'countersign-tryout' } as const;
export const partnerTeam = { id: 'T0PARTNER', domain: 'partner-agency' } as const;
export const app = {
  id: 'A0COUNTER',
  botId: 'B0COUNTER',
  botUserId: 'U0COUNTER',
  name: 'countersign',
} as const;

export const userIds = {
  ada: 'U0ADA00001',
  grace: 'U0GRACE001',
  lin: 'U0LIN00001',
  otto: 'U0OTTO0001',
  gil: 'U0GIL00001',
  sol: 'U0SOL00001',
  dana: 'U0DANA0001',
  petra: 'U0PETRA001',
  stan: 'U0STAN0001',
  bot: app.botUserId,
} as const;

export const channelIds = {
  general: 'C0GENERAL1',
  deploysSite: 'C0DEPLOYS1',
  oncall: 'C0ONCALL01',
  shared: 'C0SHARED01',
} as const;

export const groupIds = { releaseApprovers: 'S0APPROVE1', oncall: 'S0ONCALL01' } as const;

const person = (
  name: keyof typeof userIds,
  realName: string,
  title: string,
  kind: SlackPerson['kind'],
  timeZone: string,
): SlackPerson => {
  const external = kind === 'partner' || kind === 'stranger';
  return {
    id: userIds[name],
    teamId: external ? partnerTeam.id : team.id,
    name: name === 'bot' ? app.name : name,
    realName,
    title,
    kind,
    email: `${name}@${external ? 'partner' : 'countersign'}.example`,
    isEmailConfirmed: true,
    timeZone,
  };
};

export const initialPeople: SlackPerson[] = [
  person('ada', 'Ada Park', 'Engineer', 'member', 'Europe/Berlin'),
  person('grace', 'Grace Okoro', 'Approver', 'member', 'Africa/Lagos'),
  person('lin', 'Lin Wei', 'Approver', 'member', 'Asia/Singapore'),
  person('otto', 'Otto Brandt', 'On-call', 'member', 'Europe/Berlin'),
  person('gil', 'Gil Santos', 'Guest, contractor', 'guest', 'America/Sao_Paulo'),
  person('sol', 'Sol Haddad', 'Single-channel guest', 'single-channel-guest', 'Europe/Paris'),
  person('dana', 'Dana Kovacs', 'Left last month', 'deactivated', 'Europe/Budapest'),
  person('petra', 'Petra Lind', 'Partner agency, shared channel', 'partner', 'Europe/Stockholm'),
  person('stan', 'Stan Moreau', 'Partner agency, in no shared channel', 'stranger', 'Europe/Paris'),
  person('bot', 'Countersign', 'App', 'bot', 'Etc/UTC'),
];

const { ada, grace, lin, otto, gil, sol, dana, petra, bot } = userIds;

export const initialChannels: SlackChannel[] = [
  {
    id: channelIds.deploysSite,
    name: 'deploys-site',
    kind: 'public',
    archived: false,
    sharedExternally: false,
    members: [ada, grace, lin, otto, gil, sol, bot],
  },
  {
    id: channelIds.oncall,
    name: 'oncall',
    kind: 'public',
    archived: false,
    sharedExternally: false,
    members: [ada, grace, otto, bot],
  },
  {
    id: channelIds.general,
    name: 'general',
    kind: 'public',
    archived: false,
    sharedExternally: false,
    members: [ada, grace, lin, otto, gil, bot],
  },
  {
    id: channelIds.shared,
    name: 'ext-partner-launch',
    kind: 'public',
    archived: false,
    sharedExternally: true,
    members: [ada, grace, petra, bot],
  },
];

/** Untidy on purpose: a deactivated person and a guest are listed among the approvers, and neither may count. */
export const initialGroups: SlackUserGroup[] = [
  {
    id: groupIds.releaseApprovers,
    handle: 'release-approvers',
    name: 'Release approvers',
    members: [grace, lin, gil, dana],
    disabled: false,
  },
  { id: groupIds.oncall, handle: 'oncall', name: 'On-call', members: [otto], disabled: false },
];

/** The set the app's manifest asks for; a judge compares the two. */
export const initialScopes: string[] = ['commands', 'chat:write', 'users:read', 'usergroups:read'];
