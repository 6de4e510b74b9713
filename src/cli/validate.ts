import { formatDurationMs } from '../config/duration.ts';
import { type PipelineAnswer, readPipeline } from '../config/load.ts';
import { problemLine } from '../config/problem.ts';
import type { EnvironmentSettings } from '../flows/desk.ts';
import type { Audience } from '../flows/promotion/policy.ts';
import { type CliAnswer, complete, negative, usageError } from './answer.ts';
import { parseOptions } from './options.ts';

export const validateUsage = `countersign validate [FILE]
  Reads a pipeline file (pipeline.yml unless told) and prints everything that is wrong with it, each with its line.
  Touches nothing and asks nobody. Exit code 0 when it is valid, 1 when it is not.`;

/** `countersign validate`. */
export async function runValidate(args: readonly string[]): Promise<CliAnswer> {
  const parsed = parseOptions(args, { values: [], flags: [], words: 1 });
  if (parsed.outcome === 'wrong') return usageError(parsed.message, validateUsage);
  const file = parsed.words[0] ?? 'pipeline.yml';
  const answer = await readPipeline(file);
  if (answer.outcome === 'invalid') {
    const { problems } = answer;
    const lines = problems.map((problem) => problemLine(file, problem));
    return negative([...lines, '', counted(problems.length, 'problem'), ''].join('\n'));
  }
  return complete(summary(file, answer));
}

function summary(file: string, answer: Extract<PipelineAnswer, { outcome: 'valid' }>): string {
  const { pipeline, warnings } = answer;
  const environments = pipeline.apps.flatMap((app) => app.environments);
  const head = `${file} is valid: ${counted(pipeline.apps.length, 'app')}, ${counted(environments.length, 'environment')}.`;
  const body = pipeline.apps.flatMap(({ app, environments: own }) => {
    const repository = own[0]?.definition.repository;
    return ['', repository == null ? app : `${app} (${repository})`, ...own.flatMap(environmentLines)];
  });
  const asides =
    warnings.length === 0 ? [] : ['', ...warnings.map((each) => `warning ${problemLine(file, each)}`)];
  return [head, ...body, ...asides, ''].join('\n');
}

function environmentLines({ environment, definition, policy }: EnvironmentSettings): string[] {
  const { approvals, rollback, verification, monitoring } = policy;
  const names = (list: readonly { readonly id: string }[]) =>
    list.length === 0 ? 'none' : list.map(({ id }) => id).join(', ');
  const expiry = `expires after ${seconds(approvals.expiresAfterSeconds)}`;
  const wait = approvals.waitSeconds === 0 ? 'no wait' : `then ${seconds(approvals.waitSeconds)} to cancel`;
  const watch =
    monitoring.soakSeconds === 0
      ? 'none'
      : `${seconds(monitoring.soakSeconds)}, every ${seconds(monitoring.intervalSeconds)}: ${names(definition.readings)}`;
  const rows: [string, string][] = [
    ['target', definition.target.kind],
    ['asked for by', who(policy.promoters)],
    [
      'approvals',
      approvals.required === 0
        ? 'none needed'
        : `${approvals.required} of ${who(approvals.from)}, ${wait}, ${expiry}`,
    ],
    ['gates', names(definition.gates)],
    ['verify', `${names(definition.checks)}, ${verification.probes} in a row`],
    ['watch', watch],
    ['way back', `${who(rollback.from)}, ${counted(rollback.approvals, 'approval')}`],
    ['on-call', who(policy.onCall)],
  ];
  return [`  ${environment}`, ...rows.map(([label, text]) => `    ${label.padEnd(13)}${text}`)];
}

function who(audience: 'members' | Audience): string {
  if (audience === 'members') return 'any full member';
  const { people, groups } = audience;
  const parts = [
    ...(people.length === 0 ? [] : [counted(people.length, 'person', 'people')]),
    ...(groups.length === 0 ? [] : [counted(groups.length, 'group')]),
  ];
  return parts.length === 0 ? 'nobody' : parts.join(' and ');
}

function seconds(count: number): string {
  return formatDurationMs(count * 1000);
}

function counted(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
