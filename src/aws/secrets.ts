import type { SignedCall } from './signed-call.ts';

/** Where the value of a variable is kept. */
type SecretSource =
  /** A parameter of the Parameter Store, decrypted. */
  | { readonly store: 'ssm'; readonly name: string }
  /** A secret of the Secrets Manager; with a key, one text of the JSON object that it holds. */
  | { readonly store: 'secretsmanager'; readonly name: string; readonly key: string | null };

export interface SecretProblem {
  readonly variable: string;
  readonly message: string;
}

export interface FetchedSecrets {
  readonly values: Readonly<Record<string, string>>;
  readonly problems: readonly SecretProblem[];
}

interface FetchOptions {
  /** These need not be there; that they are not is only known where the store says so. */
  readonly optional?: readonly string[];
  readonly timeoutMs?: number;
}

/** A parameter's answer takes ten names (AWS Systems Manager API reference, GetParameters). */
const mostParameters = 10;

/**
 * Fetches what the variables refer to, as `ssm:/path/name` or `secretsmanager:NAME#key`, in one parallel round: a call
 * for every ten parameters and one for each secret. What cannot be had is a problem of its variable, told without any
 * value; a store that fails at once is asked a second time. Never throws.
 */
export async function fetchSecrets(
  call: SignedCall,
  references: Readonly<Record<string, string>>,
  { optional = [], timeoutMs = 3_000 }: FetchOptions = {},
): Promise<FetchedSecrets> {
  const problems: SecretProblem[] = [];
  const complain = (variable: string, message: string) =>
    problems.push({ variable: `${variable}_FROM`, message });
  const entries: [string, SecretSource][] = [];
  for (const [variable, reference] of Object.entries(references)) {
    const source = sourceNamed(reference);
    if (source === undefined) complain(variable, malformed);
    else entries.push([variable, source]);
  }
  const namesIn = (store: SecretSource['store']) => [
    ...new Set(entries.filter(([, source]) => source.store === store).map(([, { name }]) => name)),
  ];
  const parameterNames = namesIn('ssm');
  const groups = Array.from({ length: Math.ceil(parameterNames.length / mostParameters) }, (_, index) =>
    parameterNames.slice(index * mostParameters, (index + 1) * mostParameters),
  );
  const [parameters, secrets] = await Promise.all([
    Promise.all(groups.map((names) => getParameters(call, names, timeoutMs))),
    Promise.all(namesIn('secretsmanager').map((name) => getSecret(call, name, timeoutMs))),
  ]);
  const found: Record<SecretSource['store'], ReadonlyMap<string, Found>> = {
    ssm: new Map(parameters.flat()),
    secretsmanager: new Map(secrets),
  };

  const values: Record<string, string> = {};
  for (const [variable, source] of entries) {
    const met = valueIn(source, found[source.store].get(source.name));
    if ('value' in met) values[variable] = met.value;
    else if (!(met.isAbsent && optional.includes(variable))) complain(variable, met.problem);
  }
  return { values, problems };
}

const malformed =
  'must be ssm:/path/name, or secretsmanager:NAME, with #KEY behind it where the secret is a JSON object';

function sourceNamed(reference: string): SecretSource | undefined {
  const [, store, name, key = null] =
    /^(ssm|secretsmanager):([\w/.:+=@-]{1,1024})(?:#([\w.-]{1,200}))?$/.exec(reference) ?? [];
  if (name === undefined) return undefined;
  if (store === 'secretsmanager') return { store, name, key };
  return key === null ? { store: 'ssm', name } : undefined;
}

interface NotFound {
  readonly problem: string;
  /** The store was asked, and does not have it. */
  readonly isAbsent: boolean;
}
type Found = { readonly value: string } | NotFound;

function valueIn(source: SecretSource, found: Found | undefined): Found {
  const where = source.store === 'ssm' ? 'the Parameter Store' : 'the Secrets Manager';
  if (found === undefined)
    return {
      problem: `names ${source.name}, which is not in ${where} of this region; create it there`,
      isAbsent: true,
    };
  if ('problem' in found || source.store === 'ssm' || source.key === null) return found;
  const value = keyIn(found.value, source.key);
  return value === undefined
    ? {
        problem: `names ${source.key} in ${source.name}, which has no text of that name; store a JSON object with it`,
        isAbsent: false,
      }
    : { value };
}

function keyIn(text: string, key: string): string | undefined {
  try {
    const held: unknown = JSON.parse(text);
    if (typeof held !== 'object' || held === null || !Object.hasOwn(held, key)) return undefined;
    const value: unknown = Reflect.get(held, key);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

async function getParameters(
  call: SignedCall,
  names: readonly string[],
  timeoutMs: number,
): Promise<readonly (readonly [name: string, found: Found])[]> {
  const answer = await ask(
    call,
    { service: 'ssm', target: 'AmazonSSM.GetParameters', timeoutMs },
    { Names: names, WithDecryption: true },
  );
  if ('problem' in answer) return names.map((name) => [name, answer]);
  const { Parameters: parameters } = answer.said;
  return (Array.isArray(parameters) ? parameters : []).flatMap((each: unknown) => {
    const { Name, Value } = (each ?? {}) as { readonly Name?: unknown; readonly Value?: unknown };
    return typeof Name === 'string' && typeof Value === 'string' ? [[Name, { value: Value }] as const] : [];
  });
}

async function getSecret(
  call: SignedCall,
  name: string,
  timeoutMs: number,
): Promise<readonly [name: string, found: Found]> {
  const answer = await ask(
    call,
    { service: 'secretsmanager', target: 'secretsmanager.GetSecretValue', timeoutMs },
    { SecretId: name },
  );
  if ('problem' in answer) return [name, answer];
  const { SecretString: value } = answer.said;
  return [
    name,
    typeof value === 'string'
      ? { value }
      : { problem: `names ${name}, which holds no text`, isAbsent: false },
  ];
}

async function ask(
  call: SignedCall,
  to: Pick<Parameters<SignedCall>[0], 'service' | 'target' | 'timeoutMs'>,
  input: object,
): Promise<{ readonly said: Readonly<Record<string, unknown>> } | NotFound> {
  const service = to.service === 'ssm' ? 'the Parameter Store' : 'the Secrets Manager';
  try {
    const { fault, body } = await askTwice(() => call({ ...to, body: JSON.stringify(input) }));
    if (fault === null) return { said: JSON.parse(body) as Record<string, unknown> };
    return {
      problem: `could not be fetched: ${service} answered ${fault}${wayOut(fault)}`,
      isAbsent: fault === 'ResourceNotFoundException',
    };
  } catch {
    return {
      problem: `could not be fetched: ${service} did not answer; look whether the function can reach it`,
      isAbsent: false,
    };
  }
}

/** A hiccup of the store must not keep a function from starting. A second time-out would outlast what waits for it. */
async function askTwice(asking: () => ReturnType<SignedCall>): ReturnType<SignedCall> {
  try {
    const answer = await asking();
    if (answer.status < 500 && !answer.fault?.includes('Throttl')) return answer;
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') throw error;
  }
  return asking();
}

function wayOut(fault: string): string {
  if (fault.startsWith('AccessDenied'))
    return '; let the role of the function read it, and its key decrypt it';
  if (fault === 'ResourceNotFoundException') return '; create the secret in this region';
  if (fault === 'InvalidKeyId') return '; let the role of the function decrypt with its key';
  return '';
}
