import {
  createEnvReader,
  type EnvAnswer,
  type Environment,
  type EnvProblem,
  type EnvReader,
} from './env-reader.ts';

export type { EnvAnswer, Environment } from './env-reader.ts';

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What the running bot knows from its environment, besides what the AWS SDK reads for itself. */
export interface ServerEnv {
  readonly slack: {
    readonly botToken: string;
    readonly signingSecret: string;
    /** Still accepted while Slack's secret is being exchanged. */
    readonly previousSigningSecret: string | null;
    readonly appId: string;
    readonly teamId: string;
    /** Both or neither; left out, they are asked of Slack once. */
    readonly bot: { readonly id: string; readonly userId: string } | null;
    /** Set, Slack is reached by Socket Mode and no request address is needed. */
    readonly appToken: string | null;
    /** As registered with Slack; a developer's app has names of its own, since two apps cannot share a command. */
    readonly commands: { readonly promote: string; readonly rollback: string };
    /** Ends in a slash; null for Slack itself. */
    readonly apiUrl: string | null;
  };
  readonly github: { readonly token: string; readonly apiUrl: string | null };
  readonly awsRegion: string;
  readonly tableName: string;
  readonly pipelineFile: string;
  readonly host: string;
  readonly port: number;
  readonly logLevel: LogLevel;
}

/** What the function that Slack calls knows: only what a click needs. */
export interface SlackEnv {
  readonly slack: Omit<ServerEnv['slack'], 'appToken'>;
  readonly aws: AwsEnv;
  readonly tableName: string;
  readonly queueUrl: string;
  /** The packaged pipeline, inside the function's own folder unless told. */
  readonly pipelineFile: string;
  readonly logLevel: LogLevel;
  /** Which deployment this is; null where nothing says so, and then no metrics are kept apart by it. */
  readonly deployment: { readonly service: string; readonly stage: string } | null;
}

/** What every function knows that sends work to the queue. */
export type SenderEnv = Pick<SlackEnv, 'aws' | 'tableName' | 'queueUrl' | 'logLevel' | 'deployment'>;

/** What the function knows that takes alarms. */
export interface AlarmsEnv extends SenderEnv, Pick<SlackEnv, 'pipelineFile'> {}

/** What the function knows that takes GitHub's webhooks. */
export interface GithubEnv extends AlarmsEnv {
  readonly webhookSecret: string;
}

/** What the function knows that works off the queue. */
export interface TickEnv extends AlarmsEnv, Pick<ServerEnv, 'github'> {
  readonly slack: Pick<SlackEnv['slack'], 'botToken' | 'teamId' | 'apiUrl'>;
}

/** How AWS is reached without the SDK, which reads the same variables for itself. */
export interface AwsEnv {
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  readonly endpoints: Readonly<Partial<Record<'dynamodb' | 'sqs' | 'ssm' | 'secretsmanager', string>>>;
}

/** The environment of this process: the only place where it is read. */
export function processEnvironment(): Environment {
  return process.env;
}

const apiPages = 'api.slack.com/apps, the app';

/**
 * Reads everything that the server needs, with every problem at once. There is no default for a secret, an id or a
 * region.
 */
export function readServerEnv(environment: Environment): EnvAnswer<ServerEnv> {
  const reader = createEnvReader(environment);
  const { given, complain } = reader;
  const host = given('COUNTERSIGN_HOST')?.trim() ?? '127.0.0.1';
  if (!/^[\w.:-]{1,255}$/.test(host)) {
    complain('COUNTERSIGN_HOST', 'must be an address of this machine, such as 127.0.0.1 or 0.0.0.0');
  }
  return reader.answer({
    slack: {
      ...readSlackApp(reader),
      appToken: reader.optionalSecret(
        'SLACK_APP_TOKEN',
        /^xapp-[\w-]{8,}$/,
        'an app-level token, which begins with xapp-',
        `make one at ${apiPages}, Basic Information, App-Level Tokens, with connections:write`,
      ),
    },
    github: readGithub(reader),
    awsRegion: readRegion(reader),
    tableName: readTableName(reader),
    pipelineFile: readPipelineFile(environment),
    host,
    port: readPort(reader),
    logLevel: readLogLevel(reader, environment),
  });
}

/** Reads what the function that Slack calls needs, its secrets fetched already, with every problem at once. */
export function readSlackEnv(environment: Environment): EnvAnswer<SlackEnv> {
  const reader = createEnvReader(environment);
  return reader.answer({
    slack: readSlackApp(reader),
    ...readSender(reader, environment),
    pipelineFile: readPackagedPipelineFile(reader),
  });
}

/** Reads what the sweep needs. */
export function readSweepEnv(environment: Environment): EnvAnswer<SenderEnv> {
  const reader = createEnvReader(environment);
  return reader.answer(readSender(reader, environment));
}

/** Reads what the function that takes alarms needs. */
export function readAlarmsEnv(environment: Environment): EnvAnswer<AlarmsEnv> {
  const reader = createEnvReader(environment);
  return reader.answer({
    ...readSender(reader, environment),
    pipelineFile: readPackagedPipelineFile(reader),
  });
}

/** The secrets of GitHub's webhooks. */
export const githubSecrets = ['GITHUB_WEBHOOK_SECRET'] as const;

/** Reads what the function that takes GitHub's webhooks needs, its secrets fetched already. */
export function readGithubEnv(environment: Environment): EnvAnswer<GithubEnv> {
  const reader = createEnvReader(environment);
  return reader.answer({
    ...readSender(reader, environment),
    pipelineFile: readPackagedPipelineFile(reader),
    webhookSecret: reader.secret(
      'GITHUB_WEBHOOK_SECRET',
      /^[\x21-\x7e]{16,}$/,
      'at least 16 printable characters without blanks',
      'make one up, such as by openssl rand -hex 32, and give it to the webhook on GitHub as well',
    ),
  });
}

/** The secrets of what works off the queue. */
export const tickSecrets = ['SLACK_BOT_TOKEN', 'GITHUB_TOKEN'] as const;

/** Reads what works off the queue, its secrets fetched already. */
export function readTickEnv(environment: Environment): EnvAnswer<TickEnv> {
  const reader = createEnvReader(environment);
  return reader.answer({
    ...readSender(reader, environment),
    pipelineFile: readPackagedPipelineFile(reader),
    slack: {
      botToken: readBotToken(reader),
      teamId: readTeamId(reader),
      apiUrl: readSlackAddress(reader),
    },
    github: readGithub(reader),
  });
}

/** Reads what is needed to call AWS before anything else is known. */
export function readAwsEnv(environment: Environment): EnvAnswer<AwsEnv> {
  const reader = createEnvReader(environment);
  return reader.answer(readAws(reader));
}

/** Where the pipeline file is for whoever runs here, and not on Lambda. */
export function readPipelineFile(environment: Environment): string {
  return createEnvReader(environment).given('COUNTERSIGN_PIPELINE') ?? 'pipeline.yml';
}

export type StoreEnv = Pick<ServerEnv, 'awsRegion' | 'tableName'>;

/** Reads what is needed to find the table, as the server does, and asks for nothing else. */
export function readStoreEnv(environment: Environment): EnvAnswer<StoreEnv> {
  const reader = createEnvReader(environment);
  return reader.answer({ awsRegion: readRegion(reader), tableName: readTableName(reader) });
}

/**
 * Which of these variables name where their value is kept instead of giving it: `SLACK_BOT_TOKEN_FROM` is
 * `ssm:/path/name` or `secretsmanager:NAME#key`. One that says both is a problem.
 */
export function readSecretReferences(
  environment: Environment,
  variables: readonly string[],
): EnvAnswer<Readonly<Record<string, string>>> {
  const { given, complain, answer } = createEnvReader(environment);
  const references: Record<string, string> = {};
  for (const variable of variables) {
    const reference = given(`${variable}_FROM`)?.trim();
    if (reference === undefined) continue;
    if (given(variable) !== undefined)
      complain(`${variable}_FROM`, `is set beside ${variable}; leave one of them out`);
    references[variable] = reference;
  }
  return answer(references);
}

/** The secrets of a request from Slack and of what it may ask of Slack. */
export const slackSecrets = [
  'SLACK_SIGNING_SECRET',
  'SLACK_SIGNING_SECRET_PREVIOUS',
  'SLACK_BOT_TOKEN',
] as const;

/** How a problem is told: the variable, then the sentence about it. */
export const envProblemLine = ({ variable, message }: EnvProblem) => `${variable} ${message}`;

function readSlackApp(reader: EnvReader): SlackEnv['slack'] {
  const { given, complain, secret, optionalSecret, id } = reader;
  const commandSuffix = given('COUNTERSIGN_COMMAND_SUFFIX')?.trim() ?? '';
  if (!/^(-[a-z0-9-]{1,20})?$/.test(commandSuffix)) {
    complain('COUNTERSIGN_COMMAND_SUFFIX', 'must be what the commands of the app end in, such as -dev');
  }
  const appPage = `${apiPages}, Basic Information`;
  const isBotGiven = [given('SLACK_BOT_ID'), given('SLACK_BOT_USER_ID')].some((each) => each !== undefined);
  const botWayOut = 'set both SLACK_BOT_ID and SLACK_BOT_USER_ID, or neither';
  return {
    botToken: readBotToken(reader),
    signingSecret: secret(
      'SLACK_SIGNING_SECRET',
      /^[0-9a-f]{32}$/,
      'a signing secret, 32 hex digits',
      `copy it from ${appPage}, Signing Secret`,
    ),
    previousSigningSecret: optionalSecret(
      'SLACK_SIGNING_SECRET_PREVIOUS',
      /^[0-9a-f]{32}$/,
      'a signing secret, 32 hex digits',
      'set it to the secret that was valid before',
    ),
    appId: id('SLACK_APP_ID', 'A', `copy it from ${appPage}, App ID`),
    teamId: readTeamId(reader),
    bot: isBotGiven
      ? { id: id('SLACK_BOT_ID', 'B', botWayOut), userId: id('SLACK_BOT_USER_ID', 'UW', botWayOut) }
      : null,
    commands: { promote: `/promote${commandSuffix}`, rollback: `/rollback${commandSuffix}` },
    apiUrl: readSlackAddress(reader),
  };
}

const readBotToken = ({ secret }: EnvReader) =>
  secret(
    'SLACK_BOT_TOKEN',
    /^xoxb-[\w-]{8,}$/,
    'a bot token, which begins with xoxb-',
    `copy it from ${apiPages}, OAuth & Permissions, Bot User OAuth Token`,
  );
const readTeamId = ({ id }: EnvReader) =>
  id('SLACK_TEAM_ID', 'TE', 'it is in the address of the workspace in a browser, after /client/');
const readSlackAddress = ({ address }: EnvReader) =>
  address('SLACK_API_URL', (url) => (url.endsWith('/') ? url : `${url}/`));

const readGithub = ({ secret, address }: EnvReader): ServerEnv['github'] => ({
  token: secret(
    'GITHUB_TOKEN',
    /^[\w.-]{20,}$/,
    'a GitHub token',
    'make a fine-grained token that may read the contents and actions of the repositories',
  ),
  apiUrl: address('GITHUB_API_URL', (url) => url.replace(/\/+$/, '')),
});

function readSender(reader: EnvReader, environment: Environment): SenderEnv {
  return {
    aws: readAws(reader),
    tableName: readTableName(reader),
    queueUrl: readQueueUrl(reader),
    logLevel: readLogLevel(reader, environment),
    deployment: readDeployment(reader),
  };
}

function readQueueUrl({ address, complain }: EnvReader): string {
  const queueUrl = address('COUNTERSIGN_QUEUE_URL', (url) => url);
  if (queueUrl === null) complain('COUNTERSIGN_QUEUE_URL', 'is not set; set it to the address of the queue');
  return queueUrl ?? '';
}

/** Functions are named by service, stage and what they are; Lambda tells each its name. */
function readDeployment({ given }: EnvReader): SenderEnv['deployment'] {
  const name = given('AWS_LAMBDA_FUNCTION_NAME') ?? '';
  const [, service, stage] = /^([^-]+)-(.+)-[a-z]+$/.exec(name) ?? [];
  return service === undefined || stage === undefined ? null : { service, stage };
}

function readAws(reader: EnvReader): AwsEnv {
  const { given, complain, address } = reader;
  const credential = (variable: string): string => {
    const value = given(variable);
    if (value === undefined) complain(variable, 'is not set; Lambda sets it for the role of the function');
    return value ?? '';
  };
  const sessionToken = given('AWS_SESSION_TOKEN');
  const everywhere = address('AWS_ENDPOINT_URL', (url) => url);
  const endpointIn = (variable: string) => address(variable, (url) => url) ?? everywhere;
  const endpoints = {
    dynamodb: endpointIn('AWS_ENDPOINT_URL_DYNAMODB'),
    sqs: endpointIn('AWS_ENDPOINT_URL_SQS'),
    ssm: endpointIn('AWS_ENDPOINT_URL_SSM'),
    secretsmanager: endpointIn('AWS_ENDPOINT_URL_SECRETS_MANAGER'),
  };
  return {
    region: readRegion(reader),
    credentials: {
      accessKeyId: credential('AWS_ACCESS_KEY_ID'),
      secretAccessKey: credential('AWS_SECRET_ACCESS_KEY'),
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    endpoints: Object.fromEntries(Object.entries(endpoints).filter(([, url]) => url !== null)),
  };
}

function readRegion({ given, complain }: EnvReader): string {
  const region = (given('AWS_REGION') ?? given('AWS_DEFAULT_REGION'))?.trim() ?? '';
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) {
    const what = region === '' ? 'is not set' : 'is no region';
    complain('AWS_REGION', `${what}; set it to the region of the table, such as eu-central-1`);
  }
  return region;
}

function readTableName({ given, complain }: EnvReader): string {
  const tableName = given('COUNTERSIGN_TABLE')?.trim() ?? 'countersign';
  if (!/^[\w.-]{3,255}$/.test(tableName)) {
    complain('COUNTERSIGN_TABLE', 'must be the name of a DynamoDB table: 3 to 255 letters, digits, _ . -');
  }
  return tableName;
}

/** Lambda says where a function's own files are; a path of its own begins with a slash. */
function readPackagedPipelineFile({ given }: EnvReader): string {
  const file = given('COUNTERSIGN_PIPELINE')?.trim() ?? 'pipeline.json';
  const folder = given('LAMBDA_TASK_ROOT');
  return folder === undefined || file.startsWith('/') ? file : `${folder}/${file}`;
}

function readPort({ given, complain }: EnvReader): number {
  const text = given('COUNTERSIGN_PORT');
  if (text === undefined) return 3000;
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(port >= 0 && port <= 65_535)) complain('COUNTERSIGN_PORT', 'must be a port number from 0 to 65535');
  return port;
}

function readLogLevel({ given, complain }: EnvReader, environment: Environment): LogLevel {
  const text = given('LOG_LEVEL');
  const level = logLevels.find((each) => each === text?.trim().toLowerCase());
  if (text === undefined) return 'info';
  if (level === undefined) {
    complain('LOG_LEVEL', `must be one of ${logLevels.join(', ')}`);
    return 'info';
  }
  const isProduction =
    environment['NODE_ENV'] === 'production' || environment['AWS_LAMBDA_FUNCTION_NAME'] !== undefined;
  if (isProduction && (level === 'debug' || level === 'trace')) {
    // Bolt writes signature headers, response addresses and whole bodies at this level.
    complain(
      'LOG_LEVEL',
      `must not be ${level} in production, where Slack's secrets would be logged; use info`,
    );
  }
  return level;
}
