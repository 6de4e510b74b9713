import { describe, expect, inject, it } from 'vitest';
import {
  type EnvAnswer,
  type Environment,
  githubSecrets,
  readAlarmsEnv,
  readGithubEnv,
  readSecretReferences,
  readSlackEnv,
  readSweepEnv,
  readTickEnv,
  slackSecrets,
  tickSecrets,
} from '../../src/config/env.ts';
import { environmentOf, readTemplate, region } from './template.ts';

const ids = {
  SlackAppId: 'A0123456789',
  SlackTeamId: 'T0123456789',
  SlackBotId: 'B0123456789',
  SlackBotUserId: 'U0123456789',
};
const template = readTemplate(inject('packagedIn'), ids);

/** What Lambda itself puts beside what the template says. */
const lambda = {
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'example',
  AWS_SESSION_TOKEN: 'example',
  LAMBDA_TASK_ROOT: '/var/task',
};
const secrets: Readonly<Record<string, string>> = {
  SLACK_SIGNING_SECRET: '0123456789abcdef0123456789abcdef',
  SLACK_SIGNING_SECRET_PREVIOUS: '0123456789abcdef0123456789abcdef',
  SLACK_BOT_TOKEN: 'xoxb-0123456789',
  GITHUB_TOKEN: 'github_pat_0123456789abcdef',
  GITHUB_WEBHOOK_SECRET: '0123456789abcdef0123456789abcdef',
};

const functions: readonly [string, readonly string[], (environment: Environment) => EnvAnswer<unknown>][] = [
  ['slack', slackSecrets, readSlackEnv],
  ['github', githubSecrets, readGithubEnv],
  ['alarms', [], readAlarmsEnv],
  ['tick', tickSecrets, readTickEnv],
  ['sweep', [], readSweepEnv],
];

describe.each(functions)('what %s finds in its environment', (name, variables, read) => {
  const environment = environmentOf(template, name);

  it('is everything that it starts with, once the secrets are fetched', () => {
    const fetched = Object.fromEntries(variables.map((variable) => [variable, secrets[variable]]));

    const own = { ...lambda, AWS_LAMBDA_FUNCTION_NAME: `countersign-test-${name}` };

    expect(read({ ...own, ...environment, ...fetched })).toMatchObject({ outcome: 'valid' });
  });

  it('names the secrets that it fetches, and no others', () => {
    const named = Object.keys(environment).filter((variable) => variable.endsWith('_FROM'));

    expect(named.sort()).toEqual(variables.map((variable) => `${variable}_FROM`).sort());
    expect(readSecretReferences({ ...lambda, ...environment }, variables)).toMatchObject({
      outcome: 'valid',
    });
  });
});
