import { nearest } from '../config/nearest.ts';
import { type CliAnswer, complete, usageError } from './answer.ts';

interface CliCommand {
  readonly usage: string;
  run(args: readonly string[]): CliAnswer | Promise<CliAnswer>;
}

/** Each loaded only when it is wanted: whoever checks a file does not wait for what reads a table. */
const commands: Readonly<Record<string, () => Promise<CliCommand>>> = {
  validate: async () => {
    const { runValidate, validateUsage } = await import('./validate.ts');
    return { usage: validateUsage, run: runValidate };
  },
  manifest: async () => {
    const { manifestUsage, runManifest } = await import('./manifest.ts');
    return { usage: manifestUsage, run: runManifest };
  },
  iam: async () => {
    const { iamUsage, runIam } = await import('./iam.ts');
    return { usage: iamUsage, run: runIam };
  },
  audit: async () => {
    const { auditUsage, runAudit } = await import('./audit.ts');
    return { usage: auditUsage, run: runAudit };
  },
};

async function usage(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load()));
  return [...all.map((command) => command.usage), 'countersign help [COMMAND]'].join('\n\n');
}

/** Finds the command and runs it. A word that is nearly one is refused with the right one named. */
export async function runCli(args: readonly string[]): Promise<CliAnswer> {
  const [word, ...rest] = args;
  if (word === undefined) return usageError('Say what to do.', await usage());
  if (['help', '--help', '-h'].includes(word)) return help(rest[0]);
  const command = await find(word);
  if (command === undefined) return unknown(word);
  if (rest.some((each) => each === '--help' || each === '-h')) return complete(`${command.usage}\n`);
  return command.run(rest);
}

async function find(word: string): Promise<CliCommand | undefined> {
  return Object.hasOwn(commands, word) ? commands[word]?.() : undefined;
}

async function help(word: string | undefined): Promise<CliAnswer> {
  if (word === undefined) return complete(`${await usage()}\n`);
  const command = await find(word);
  return command === undefined ? unknown(word) : complete(`${command.usage}\n`);
}

async function unknown(word: string): Promise<CliAnswer> {
  const near = nearest(word, [...Object.keys(commands), 'help']);
  const hint = near === undefined ? '' : ` Did you mean ${near}?`;
  return usageError(`There is no command ${JSON.stringify(word)}.${hint}`, await usage());
}
