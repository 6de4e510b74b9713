import { nearest } from '../config/nearest.ts';
import { type CliAnswer, complete, usageError } from './answer.ts';
import { manifestUsage, runManifest } from './manifest.ts';
import { runValidate, validateUsage } from './validate.ts';

interface CliCommand {
  readonly usage: string;
  run(args: readonly string[]): CliAnswer | Promise<CliAnswer>;
}

const commands: Readonly<Record<string, CliCommand>> = {
  validate: { usage: validateUsage, run: runValidate },
  manifest: { usage: manifestUsage, run: runManifest },
};

const usage = `${Object.values(commands)
  .map((command) => command.usage)
  .join('\n\n')}

countersign help [COMMAND]`;

/** Finds the command and runs it. A word that is nearly one is refused with the right one named. */
export async function runCli(args: readonly string[]): Promise<CliAnswer> {
  const [word, ...rest] = args;
  if (word === undefined) return usageError('Say what to do.', usage);
  if (['help', '--help', '-h'].includes(word)) return help(rest[0]);
  const command = Object.hasOwn(commands, word) ? commands[word] : undefined;
  if (command === undefined) return unknown(word);
  if (rest.some((each) => each === '--help' || each === '-h')) return complete(`${command.usage}\n`);
  return command.run(rest);
}

function help(word: string | undefined): CliAnswer {
  if (word === undefined) return complete(`${usage}\n`);
  const command = Object.hasOwn(commands, word) ? commands[word] : undefined;
  return command === undefined ? unknown(word) : complete(`${command.usage}\n`);
}

function unknown(word: string): CliAnswer {
  const near = nearest(word, [...Object.keys(commands), 'help']);
  const hint = near === undefined ? '' : ` Did you mean ${near}?`;
  return usageError(`There is no command ${JSON.stringify(word)}.${hint}`, usage);
}
