import type { ServerEnv } from '../config/env.ts';

type Slack = ServerEnv['slack'];

/** Whose requests the gate lets in, and where. */
export const gateOf = ({
  signingSecret,
  previousSigningSecret,
  appId,
  teamId,
}: Pick<Slack, 'signingSecret' | 'previousSigningSecret' | 'appId' | 'teamId'>) => ({
  path: '/slack/events',
  secrets: {
    current: signingSecret,
    ...(previousSigningSecret === null ? {} : { previous: previousSigningSecret }),
  },
  appId,
  teamId,
});

/** Who the app is, as Bolt wants to know it, and what its commands are called. */
export const identityOf = ({
  appId,
  teamId,
  bot,
  commands,
}: Pick<Slack, 'appId' | 'teamId' | 'bot' | 'commands'>) => ({
  appId,
  teamId,
  botId: bot?.id ?? '',
  botUserId: bot?.userId ?? '',
  commands,
});
