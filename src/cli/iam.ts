import { environmentRole } from '../compose/environment-role.ts';
import { readPipeline } from '../config/load.ts';
import { problemLine } from '../config/problem.ts';
import { type CliAnswer, complete, negative, usageError } from './answer.ts';
import { parseOptions } from './options.ts';
import { settingsNamed } from './settings-named.ts';

export const iamUsage = `countersign iam ENVIRONMENT [APP] [--file FILE] [--stage STAGE | --worker ARN] [--account ID] [--only trust|permissions]
  Prints the policies of the role that an environment names in pipeline.yml: who may take it, and what its target and
  checks need, no more. STAGE is the deployment whose tick function takes it; ARN is whoever does otherwise.
  ID is the AWS account of the target, where the environment names no role. Touches nothing and asks nobody.`;

/** `countersign iam`. */
export async function runIam(args: readonly string[]): Promise<CliAnswer> {
  const parsed = parseOptions(args, {
    values: ['file', 'stage', 'worker', 'account', 'only'],
    flags: [],
    words: 2,
  });
  const wrong = (message: string) => usageError(message, iamUsage);
  if (parsed.outcome === 'wrong') return wrong(parsed.message);
  const { file = 'pipeline.yml', stage, worker, account, only } = parsed.values;
  const [name, app] = parsed.words;
  if (name === undefined) return wrong('Say which environment.');
  if (only !== undefined && only !== 'trust' && only !== 'permissions')
    return wrong('--only is trust or permissions.');
  if (stage !== undefined && worker !== undefined) return wrong('Say --stage or --worker, not both.');
  if (stage !== undefined && !/^[a-z][\w-]{0,30}$/i.test(stage))
    return wrong('--stage is the name of a stage.');
  if (worker !== undefined && !/^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/.test(worker))
    return wrong('--worker is the ARN of a role.');
  if (account !== undefined && !/^\d{12}$/.test(account)) return wrong('--account has twelve digits.');

  const answer = await readPipeline(file);
  if (answer.outcome === 'invalid')
    return negative([...answer.problems.map((problem) => problemLine(file, problem)), ''].join('\n'));
  const found = settingsNamed(
    answer.pipeline.apps.flatMap((each) => each.environments),
    name,
    app,
  );
  if (typeof found === 'string') return negative(`${found}\n`);

  const { role } = found.definition;
  const [, partition = 'aws', , , home = account] = role?.split(':') ?? [];
  if (home === undefined) {
    return wrong(
      `${found.app} ${name} names no role, so the account is not known; add role: to ${file}, or say --account.`,
    );
  }
  const takes =
    worker ?? (stage === undefined ? null : `arn:${partition}:iam::${home}:role/countersign-${stage}-tick`);
  if (role !== undefined && takes === null && only !== 'permissions')
    return wrong(
      'Say who takes the role: --stage, where the functions are in the same account, or --worker.',
    );
  const printed = environmentRole(found, { worker: takes, account: home });
  if (only === 'permissions') return json(printed.permissionsPolicy);
  if (only !== 'trust') return json(printed);
  return printed.trustPolicy === null
    ? negative(`${found.app} ${name} names no role; there is nothing to be trusted.\n`)
    : json(printed.trustPolicy);
}

const json = (value: object) => complete(`${JSON.stringify(value, null, 2)}\n`);
