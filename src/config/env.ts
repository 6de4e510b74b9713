const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;
type LogLevel = (typeof logLevels)[number];

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

/** One variable that is missing or wrong. Never holds the value of a secret. */
interface EnvProblem {
  readonly variable: string;
  /** What is wrong and the way out, in one sentence. */
  readonly message: string;
}

export type ServerEnvAnswer =
  | { readonly outcome: 'valid'; readonly env: ServerEnv }
  | { readonly outcome: 'invalid'; readonly problems: readonly EnvProblem[] };

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process: the only place where it is read. */
export function processEnvironment(): Environment {
  return process.env;
}

const apiPages = 'api.slack.com/apps, the app';

/**
 * Reads everything that the server needs, with every problem at once. There is no default for a secret, an id or a
 * region; a secret that is empty, blank or of the wrong kind is refused, and never repeated in the answer.
 */
export function readServerEnv(environment: Environment): ServerEnvAnswer {
  const problems: EnvProblem[] = [];
  const complain = (variable: string, message: string) => {
    problems.push({ variable, message });
  };
  const given = givenIn(environment);

  /** Secrets are taken as they are: a blank or quote around one was copied by mistake. */
  const secret = (variable: string, form: RegExp, isOfForm: string, wayOut: string): string => {
    const value = given(variable);
    if (value === undefined) {
      complain(variable, `is ${environment[variable] === undefined ? 'not set' : 'empty'}; ${wayOut}`);
      return '';
    }
    if (/^\s|\s$|^["'].*["']$/s.test(value)) {
      complain(variable, 'has blanks or quotes around it; copy the bare value');
    } else if (!form.test(value)) {
      complain(variable, `is not ${isOfForm}; ${wayOut}`);
    }
    return value;
  };
  const optionalSecret = (variable: string, form: RegExp, isOfForm: string, wayOut: string) =>
    environment[variable] === undefined
      ? null
      : secret(variable, form, isOfForm, `${wayOut}, or leave it out`);

  const id = (variable: string, letters: string, wayOut: string): string => {
    const value = given(variable)?.trim();
    if (value === undefined) complain(variable, `is not set; ${wayOut}`);
    else if (!new RegExp(`^[${letters}][A-Z0-9]{4,20}$`).test(value)) {
      complain(variable, `must be an id that begins with ${[...letters].join(' or ')}; ${wayOut}`);
    }
    return value ?? '';
  };

  const address = (variable: string, tidy: (url: string) => string): string | null => {
    const value = given(variable)?.trim();
    if (value === undefined) return null;
    const url = URL.canParse(value) ? new URL(value) : undefined;
    const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(url?.hostname ?? '');
    if (url === undefined || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLocal))) {
      complain(variable, 'must be an https:// address (http:// only for this machine)');
    } else if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
      complain(variable, 'must be a bare address, without user name, query or fragment');
    }
    return tidy(value);
  };

  const commandSuffix = given('COUNTERSIGN_COMMAND_SUFFIX')?.trim() ?? '';
  if (!/^(-[a-z0-9-]{1,20})?$/.test(commandSuffix)) {
    complain('COUNTERSIGN_COMMAND_SUFFIX', 'must be what the commands of the app end in, such as -dev');
  }
  const appPage = `${apiPages}, Basic Information`;
  const slack: ServerEnv['slack'] = {
    botToken: secret(
      'SLACK_BOT_TOKEN',
      /^xoxb-[\w-]{8,}$/,
      'a bot token, which begins with xoxb-',
      `copy it from ${apiPages}, OAuth & Permissions, Bot User OAuth Token`,
    ),
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
    teamId: id('SLACK_TEAM_ID', 'TE', 'it is in the address of the workspace in a browser, after /client/'),
    bot: null,
    appToken: optionalSecret(
      'SLACK_APP_TOKEN',
      /^xapp-[\w-]{8,}$/,
      'an app-level token, which begins with xapp-',
      `make one at ${appPage}, App-Level Tokens, with connections:write`,
    ),
    commands: { promote: `/promote${commandSuffix}`, rollback: `/rollback${commandSuffix}` },
    apiUrl: address('SLACK_API_URL', (url) => (url.endsWith('/') ? url : `${url}/`)),
  };
  const isBotGiven = [given('SLACK_BOT_ID'), given('SLACK_BOT_USER_ID')].some((each) => each !== undefined);
  const botWayOut = 'set both SLACK_BOT_ID and SLACK_BOT_USER_ID, or neither';
  const bot = isBotGiven
    ? { id: id('SLACK_BOT_ID', 'B', botWayOut), userId: id('SLACK_BOT_USER_ID', 'UW', botWayOut) }
    : null;

  const logLevel = readLogLevel(given('LOG_LEVEL'), environment, complain);
  const port = readPort(given('COUNTERSIGN_PORT'), complain);
  const { awsRegion, tableName } = readTable(given, complain);
  const host = given('COUNTERSIGN_HOST')?.trim() ?? '127.0.0.1';
  if (!/^[\w.:-]{1,255}$/.test(host)) {
    complain('COUNTERSIGN_HOST', 'must be an address of this machine, such as 127.0.0.1 or 0.0.0.0');
  }

  const env: ServerEnv = {
    slack: { ...slack, bot },
    github: {
      token: secret(
        'GITHUB_TOKEN',
        /^[\w.-]{20,}$/,
        'a GitHub token',
        'make a fine-grained token that may read the contents and actions of the repositories',
      ),
      apiUrl: address('GITHUB_API_URL', (url) => url.replace(/\/+$/, '')),
    },
    awsRegion,
    tableName,
    pipelineFile: given('COUNTERSIGN_PIPELINE') ?? 'pipeline.yml',
    host,
    port,
    logLevel,
  };
  return problems.length === 0 ? { outcome: 'valid', env } : { outcome: 'invalid', problems };
}

export type StoreEnv = Pick<ServerEnv, 'awsRegion' | 'tableName'>;

export type StoreEnvAnswer =
  | { readonly outcome: 'valid'; readonly env: StoreEnv }
  | { readonly outcome: 'invalid'; readonly problems: readonly EnvProblem[] };

/** Reads what is needed to find the table, as the server does, and asks for nothing else. */
export function readStoreEnv(environment: Environment): StoreEnvAnswer {
  const problems: EnvProblem[] = [];
  const env = readTable(givenIn(environment), (variable, message) => problems.push({ variable, message }));
  return problems.length === 0 ? { outcome: 'valid', env } : { outcome: 'invalid', problems };
}

type Complain = (variable: string, message: string) => void;

/** What a variable says; nothing when it is blank. */
const givenIn = (environment: Environment) => (variable: string) => {
  const value = environment[variable];
  return value === undefined || value.trim() === '' ? undefined : value;
};

function readTable(given: ReturnType<typeof givenIn>, complain: Complain): StoreEnv {
  const awsRegion = (given('AWS_REGION') ?? given('AWS_DEFAULT_REGION'))?.trim() ?? '';
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(awsRegion)) {
    const what = awsRegion === '' ? 'is not set' : 'is no region';
    complain('AWS_REGION', `${what}; set it to the region of the table, such as eu-central-1`);
  }
  const tableName = given('COUNTERSIGN_TABLE')?.trim() ?? 'countersign';
  if (!/^[\w.-]{3,255}$/.test(tableName)) {
    complain('COUNTERSIGN_TABLE', 'must be the name of a DynamoDB table: 3 to 255 letters, digits, _ . -');
  }
  return { awsRegion, tableName };
}

function readPort(given: string | undefined, complain: Complain): number {
  if (given === undefined) return 3000;
  const port = /^\d{1,5}$/.test(given.trim()) ? Number(given) : Number.NaN;
  if (!(port >= 0 && port <= 65_535)) complain('COUNTERSIGN_PORT', 'must be a port number from 0 to 65535');
  return port;
}

function readLogLevel(given: string | undefined, environment: Environment, complain: Complain): LogLevel {
  const level = logLevels.find((each) => each === given?.trim().toLowerCase());
  if (given === undefined) return 'info';
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
