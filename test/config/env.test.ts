import { describe, expect, it } from 'vitest';
import {
  type Environment,
  readAlarmsEnv,
  readAwsEnv,
  readGithubEnv,
  readSecretReferences,
  readServerEnv,
  readSlackEnv,
  readSweepEnv,
  readTickEnv,
} from '../../src/config/env.ts';

const complete = {
  SLACK_BOT_TOKEN: 'xoxb-1234567890-abcdef',
  SLACK_SIGNING_SECRET: '0123456789abcdef0123456789abcdef',
  SLACK_APP_ID: 'A0COUNTER',
  SLACK_TEAM_ID: 'T0COUNTER',
  GITHUB_TOKEN: 'ghp_000000000000000000000000000000000000',
  AWS_REGION: 'eu-central-1',
} satisfies Environment;

function problemsOf(changes: Environment) {
  const answer = readServerEnv({ ...complete, ...changes });
  return answer.outcome === 'invalid' ? answer.problems : [];
}

describe('the environment of the server', () => {
  it('needs secrets, ids and a region; everything else has a default', () => {
    expect(readServerEnv(complete)).toEqual({
      outcome: 'valid',
      env: {
        slack: {
          botToken: complete.SLACK_BOT_TOKEN,
          signingSecret: complete.SLACK_SIGNING_SECRET,
          previousSigningSecret: null,
          appId: 'A0COUNTER',
          teamId: 'T0COUNTER',
          bot: null,
          appToken: null,
          commands: { promote: '/promote', rollback: '/rollback' },
          apiUrl: null,
        },
        github: { token: complete.GITHUB_TOKEN, apiUrl: null },
        awsRegion: 'eu-central-1',
        tableName: 'countersign',
        pipelineFile: 'pipeline.yml',
        host: '127.0.0.1',
        port: 3000,
        logLevel: 'info',
      },
    });
  });

  it('takes what is set instead of the defaults', () => {
    const answer = readServerEnv({
      ...complete,
      SLACK_SIGNING_SECRET_PREVIOUS: 'f'.repeat(32),
      SLACK_BOT_ID: 'B0COUNTER',
      SLACK_BOT_USER_ID: 'U0COUNTER',
      SLACK_APP_TOKEN: 'xapp-1-A0COUNTER-123-abc',
      SLACK_API_URL: 'http://127.0.0.1:4401/api',
      GITHUB_API_URL: 'https://github.example/api/v3/',
      COUNTERSIGN_COMMAND_SUFFIX: '-dev',
      COUNTERSIGN_TABLE: 'countersign-dev',
      COUNTERSIGN_PIPELINE: '/etc/countersign/pipeline.yml',
      COUNTERSIGN_HOST: '0.0.0.0',
      COUNTERSIGN_PORT: '8080',
      LOG_LEVEL: 'DEBUG',
    });

    expect(answer).toMatchObject({
      outcome: 'valid',
      env: {
        slack: {
          previousSigningSecret: 'f'.repeat(32),
          bot: { id: 'B0COUNTER', userId: 'U0COUNTER' },
          appToken: 'xapp-1-A0COUNTER-123-abc',
          commands: { promote: '/promote-dev', rollback: '/rollback-dev' },
          apiUrl: 'http://127.0.0.1:4401/api/',
        },
        github: { apiUrl: 'https://github.example/api/v3' },
        tableName: 'countersign-dev',
        pipelineFile: '/etc/countersign/pipeline.yml',
        host: '0.0.0.0',
        port: 8080,
        logLevel: 'debug',
      },
    });
  });

  it('names everything that is missing at once, with the way out', () => {
    const answer = readServerEnv({});

    const problems = answer.outcome === 'invalid' ? answer.problems : [];
    expect(problems.map(({ variable }) => variable).sort()).toEqual([
      'AWS_REGION',
      'GITHUB_TOKEN',
      'SLACK_APP_ID',
      'SLACK_BOT_TOKEN',
      'SLACK_SIGNING_SECRET',
      'SLACK_TEAM_ID',
    ]);
    for (const { message } of problems) expect(message).toMatch(/^is not set; \w+/);
  });

  it.each([
    ['SLACK_BOT_TOKEN', '', /^is empty/],
    ['SLACK_BOT_TOKEN', '  \n', /^is empty/],
    ['SLACK_BOT_TOKEN', 'xoxp-1234567890-abcdef', /begins with xoxb-/],
    ['SLACK_BOT_TOKEN', ' xoxb-1234567890-abcdef', /blanks or quotes/],
    ['SLACK_BOT_TOKEN', '"xoxb-1234567890-abcdef"', /blanks or quotes/],
    ['SLACK_SIGNING_SECRET', 'development', /32 hex digits/],
    ['SLACK_SIGNING_SECRET_PREVIOUS', '', /^is empty.*or leave it out/],
    ['SLACK_APP_TOKEN', 'xoxb-1234567890-abcdef', /begins with xapp-/],
    ['SLACK_APP_ID', 'T0COUNTER', /begins with A/],
    ['SLACK_TEAM_ID', 'countersign', /begins with T or E/],
    ['SLACK_API_URL', 'http://slack.example/api/', /https:\/\//],
    ['SLACK_API_URL', 'https://a:b@slack.example/', /bare address/],
    ['GITHUB_TOKEN', 'secret', /GitHub token/],
    ['GITHUB_API_URL', 'nonsense', /https:\/\//],
    ['COUNTERSIGN_PORT', '70000', /0 to 65535/],
    ['COUNTERSIGN_PORT', '-1', /0 to 65535/],
    ['COUNTERSIGN_PORT', '80a', /0 to 65535/],
    ['COUNTERSIGN_TABLE', 'a b', /DynamoDB table/],
    ['COUNTERSIGN_HOST', 'http://x', /address of this machine/],
    ['COUNTERSIGN_COMMAND_SUFFIX', 'dev', /such as -dev/],
    ['AWS_REGION', 'europe', /is no region/],
    ['LOG_LEVEL', 'loud', /fatal, error, warn/],
  ])('refuses %s=%j', (variable, value, message) => {
    const problems = problemsOf({ [variable]: value });

    expect(problems.map((problem) => problem.variable)).toEqual([variable]);
    expect(problems[0]?.message).toMatch(message);
  });

  it('wants both ids of the bot or neither', () => {
    expect(problemsOf({ SLACK_BOT_ID: 'B0COUNTER' })).toEqual([
      {
        variable: 'SLACK_BOT_USER_ID',
        message: expect.stringContaining('set both SLACK_BOT_ID and SLACK_BOT_USER_ID, or neither'),
      },
    ]);
  });

  it.each([{ NODE_ENV: 'production' }, { AWS_LAMBDA_FUNCTION_NAME: 'countersign-slack' }])(
    'keeps Slack’s secrets out of the logs of production: %j',
    (production) => {
      expect(problemsOf({ ...production, LOG_LEVEL: 'debug' })).toMatchObject([{ variable: 'LOG_LEVEL' }]);
      expect(problemsOf({ ...production, LOG_LEVEL: 'info' })).toEqual([]);
    },
  );

  it('never repeats a secret in what it says', () => {
    const secrets = ['xoxp-hush-hush-hush', 'hush-signing', 'hush-previous', 'hush-app', 'hush!'];
    const [token, signing, previous, app, github] = secrets;

    const problems = problemsOf({
      SLACK_BOT_TOKEN: token,
      SLACK_SIGNING_SECRET: signing,
      SLACK_SIGNING_SECRET_PREVIOUS: previous,
      SLACK_APP_TOKEN: app,
      GITHUB_TOKEN: github,
      SLACK_API_URL: 'http://me:hush@slack.example',
    });

    expect(problems).toHaveLength(6);
    expect(JSON.stringify(problems)).not.toContain('hush');
  });
});

describe('the environment of the function that Slack calls', () => {
  const { GITHUB_TOKEN: _github, ...slackOnly } = complete;
  const inLambda = {
    ...slackOnly,
    AWS_ACCESS_KEY_ID: 'ASIATESTTESTTEST',
    AWS_SECRET_ACCESS_KEY: 'hush',
    AWS_SESSION_TOKEN: 'session-hush',
    AWS_LAMBDA_FUNCTION_NAME: 'countersign-slack',
    LAMBDA_TASK_ROOT: '/var/task',
    COUNTERSIGN_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/111122223333/countersign',
  } satisfies Environment;

  it('is what a click needs and no more', () => {
    expect(readSlackEnv(inLambda)).toEqual({
      outcome: 'valid',
      env: {
        slack: {
          botToken: complete.SLACK_BOT_TOKEN,
          signingSecret: complete.SLACK_SIGNING_SECRET,
          previousSigningSecret: null,
          appId: 'A0COUNTER',
          teamId: 'T0COUNTER',
          bot: null,
          commands: { promote: '/promote', rollback: '/rollback' },
          apiUrl: null,
        },
        aws: {
          region: 'eu-central-1',
          credentials: {
            accessKeyId: 'ASIATESTTESTTEST',
            secretAccessKey: 'hush',
            sessionToken: 'session-hush',
          },
          endpoints: {},
        },
        tableName: 'countersign',
        queueUrl: 'https://sqs.eu-central-1.amazonaws.com/111122223333/countersign',
        pipelineFile: '/var/task/pipeline.json',
        logLevel: 'info',
        deployment: null,
      },
    });
  });

  it('names everything that is missing at once', () => {
    const answer = readSlackEnv({});

    const problems = answer.outcome === 'invalid' ? answer.problems : [];
    expect(problems.map(({ variable }) => variable).sort()).toEqual([
      'AWS_ACCESS_KEY_ID',
      'AWS_REGION',
      'AWS_SECRET_ACCESS_KEY',
      'COUNTERSIGN_QUEUE_URL',
      'SLACK_APP_ID',
      'SLACK_BOT_TOKEN',
      'SLACK_SIGNING_SECRET',
      'SLACK_TEAM_ID',
    ]);
  });

  it.each([
    ['COUNTERSIGN_QUEUE_URL', 'countersign', /https:\/\//],
    ['AWS_ENDPOINT_URL', 'http://aws.example', /https:\/\//],
    ['AWS_ENDPOINT_URL_SQS', 'nonsense', /https:\/\//],
    ['LOG_LEVEL', 'debug', /must not be debug in production/],
  ])('refuses %s=%j', (variable, value, message) => {
    const answer = readSlackEnv({ ...inLambda, [variable]: value });

    const problems = answer.outcome === 'invalid' ? answer.problems : [];
    expect(problems).toEqual([{ variable, message: expect.stringMatching(message) }]);
  });

  it('finds AWS where the SDK would: one address for all, or one for a service', () => {
    const answer = readAwsEnv({
      ...inLambda,
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
      AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:8000',
    });

    expect(answer).toMatchObject({
      env: {
        endpoints: {
          dynamodb: 'http://127.0.0.1:8000',
          sqs: 'http://127.0.0.1:4566',
          ssm: 'http://127.0.0.1:4566',
          secretsmanager: 'http://127.0.0.1:4566',
        },
      },
    });
  });

  it('a secret is given, or it is said where it is kept, and never both', () => {
    const names = ['SLACK_BOT_TOKEN', 'SLACK_SIGNING_SECRET'];

    expect(
      readSecretReferences({ SLACK_BOT_TOKEN_FROM: ' ssm:/token ', SLACK_SIGNING_SECRET: 'x' }, names),
    ).toEqual({ outcome: 'valid', env: { SLACK_BOT_TOKEN: 'ssm:/token' } });
    expect(readSecretReferences({ SLACK_BOT_TOKEN_FROM: 'ssm:/token', SLACK_BOT_TOKEN: 'x' }, names)).toEqual(
      {
        outcome: 'invalid',
        problems: [
          { variable: 'SLACK_BOT_TOKEN_FROM', message: expect.stringContaining('leave one of them out') },
        ],
      },
    );
  });
});

describe('the environment of the functions behind Slack’s', () => {
  const lambda = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'token',
    AWS_LAMBDA_FUNCTION_NAME: 'countersign-blue-green-sweep',
    LAMBDA_TASK_ROOT: '/var/task',
    COUNTERSIGN_TABLE: 'countersign-prod',
    COUNTERSIGN_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/123456789012/countersign-prod-work',
  };
  const { SLACK_BOT_TOKEN, SLACK_TEAM_ID, GITHUB_TOKEN } = complete;
  const namesIn = (answer: ReturnType<typeof readTickEnv | typeof readGithubEnv | typeof readSweepEnv>) =>
    answer.outcome === 'invalid' ? answer.problems.map(({ variable }) => variable) : [];

  it('says which deployment a function is of, by its name', () => {
    const answer = readSweepEnv(lambda);

    expect(answer).toMatchObject({
      outcome: 'valid',
      env: { tableName: 'countersign-prod', deployment: { service: 'countersign', stage: 'blue-green' } },
    });
    expect(readSweepEnv({ ...lambda, AWS_LAMBDA_FUNCTION_NAME: 'sweep' })).toMatchObject({
      env: { deployment: null },
    });
  });

  it('needs of each function what it uses and nothing else', () => {
    expect(readSweepEnv(lambda).outcome).toBe('valid');
    expect(readAlarmsEnv(lambda)).toMatchObject({ env: { pipelineFile: '/var/task/pipeline.json' } });
    expect(namesIn(readGithubEnv(lambda))).toEqual(['GITHUB_WEBHOOK_SECRET']);
    expect(namesIn(readTickEnv(lambda))).toEqual(['SLACK_BOT_TOKEN', 'SLACK_TEAM_ID', 'GITHUB_TOKEN']);
    expect(readTickEnv({ ...lambda, SLACK_BOT_TOKEN, SLACK_TEAM_ID, GITHUB_TOKEN }).outcome).toBe('valid');
    expect(namesIn(readSweepEnv({}))).toEqual([
      'AWS_REGION',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'COUNTERSIGN_QUEUE_URL',
    ]);
  });

  it('refuses a webhook secret that anybody could guess, and never repeats it', () => {
    const GITHUB_WEBHOOK_SECRET = 'hunter2 hunter2 hunter2';

    const answer = readGithubEnv({ ...lambda, GITHUB_WEBHOOK_SECRET });

    expect(namesIn(answer)).toEqual(['GITHUB_WEBHOOK_SECRET']);
    expect(JSON.stringify(answer)).not.toContain('hunter2');
    expect(readGithubEnv({ ...lambda, GITHUB_WEBHOOK_SECRET: 'f'.repeat(64) }).outcome).toBe('valid');
  });
});
