import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** An argument that nothing is done for: told in this one line, and the script ends with 2. */
export const refusal = (line) => Object.assign(new Error(line), { refused: true });

/** What this answers; or one plain line and an end with 2 where it refuses an argument. */
export function orRefuse(work) {
  try {
    return work();
  } catch (error) {
    if (error.refused !== true) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

/** The code that a script ends with: its own, or 2 after the one line of a refusal. */
export async function answered(work) {
  try {
    return await work();
  } catch (error) {
    if (error.refused !== true) throw error;
    console.error(error.message);
    return 2;
  }
}

/** Shows what a script is for, and ends with 2: what it does takes too long to be started by no word at all. */
export function refuseBare(usage, args = process.argv.slice(2)) {
  if (args.length > 0) return;
  console.error(usage);
  process.exit(2);
}

/**
 * The values of options as `parseArgs` takes them, and what stands by itself where the script takes that. Refuses options
 * that there are not, options without their value and words that nothing asks for. A value may begin with one dash, not
 * with two.
 */
export function readOptions(args, options, { positionals: takesWords = false } = {}) {
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = {};
  const words = [];
  for (const [name, option] of Object.entries(options))
    if (option.default !== undefined) values[name] = option.default;
  for (const token of tokens) {
    if (token.kind === 'positional') {
      if (!takesWords)
        throw refusal(`"${token.value}" belongs to no option. Options: ${spellOptions(options)}.`);
      words.push(token.value);
    }
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    if (!Object.hasOwn(options, name))
      throw refusal(`There is no option ${rawName}. Options: ${spellOptions(options)}.`);
    if (options[name].type === 'boolean') {
      if (value !== undefined) throw refusal(`${rawName} takes no value, and got "${value}".`);
      values[name] = true;
    } else {
      const isNext = inlineValue !== true && value?.startsWith('--') === true;
      if (value === undefined || value === '' || isNext) throw refusal(`${rawName} needs a value.`);
      values[name] = value;
    }
  }
  return takesWords ? { ...values, words } : values;
}

const spellOptions = (options) =>
  Object.entries(options)
    .map(([name, { type }]) => (type === 'boolean' ? `--${name}` : `--${name} …`))
    .join(', ');

/** Seeds are mixed from 32 bits: a larger one would play what a smaller one plays. */
export const lastSeed = 2 ** 32 - 1;

/** A whole number written in digits, from 1 unless told otherwise. */
export function wholeNumber(option, text, { from = 1, to = Number.MAX_SAFE_INTEGER } = {}) {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= from && number <= to) return number;
  const upTo = to === Number.MAX_SAFE_INTEGER ? '' : ` to ${to}`;
  throw refusal(`${option} ${text}: it takes a whole number from ${from}${upTo}.`);
}

/** The first of so many seeds, all of which there are. */
export function firstSeed(text, count) {
  const seed = wholeNumber('--seed', text, { from: 0, to: lastSeed });
  if (seed + count - 1 > lastSeed)
    throw refusal(`--seed ${text}: ${count} seeds from there on go beyond ${lastSeed}, the last one.`);
  return seed;
}

/** Names out of a list, split at commas; `kind` says what they are names of. */
export function namesFrom(option, text, known, kind) {
  const names = text.split(',');
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length === 0) return [...new Set(names)];
  const spelled = unknown.map((name) => `"${name}"`).join(', ');
  throw refusal(`${option} ${text}: there is no ${kind} ${spelled}. There are: ${known.join(', ')}.`);
}

/**
 * A file that can be written when hours of work are done; undefined where none is named. Folders on the way to it need
 * not be there yet.
 */
export function fileToWrite(option, text) {
  if (text === undefined) return undefined;
  const file = resolve(text);
  const refuse = (why) => {
    throw refusal(`${option} ${text}: ${why}.`);
  };
  if (existsSync(file) && statSync(file).isDirectory()) refuse('that is a folder; name a file in it');
  let nearest = file;
  while (!existsSync(nearest)) nearest = dirname(nearest);
  if (nearest !== file && !statSync(nearest).isDirectory()) refuse(`${nearest} is no folder`);
  try {
    accessSync(nearest, constants.W_OK);
  } catch (error) {
    refuse(`${nearest} cannot be written (${error.code})`);
  }
  return file;
}

/**
 * What `npm run simulate` is to play. A seed alone is that one history; one history is told and nothing is kept of it.
 * Undefined where nothing says how many.
 */
export function historiesAsked({ seeds, seed, workers, trace, json, write }) {
  if (seeds === undefined && seed === undefined) return undefined;
  const count = seeds === undefined ? 1 : wholeNumber('--seeds', seeds);
  const kept = write ? '--write' : json === undefined ? undefined : '--json';
  if (count === 1 && kept !== undefined)
    throw refusal(`${kept} keeps the figures of many histories: with one there are none, it is only told.`);
  return {
    count,
    first: firstSeed(seed ?? '1', count),
    json: fileToWrite('--json', json),
    workers: wholeNumber('--workers', workers),
    trace: wholeNumber('--trace', trace),
  };
}

/** What `npm run judge-table` is to do. A page of one engine would leave out what the other one said. */
export function judgingAsked({ histories, seed, engine, write }, engines) {
  const chosen = engine === undefined ? engines : namesFrom('--engine', engine, engines, 'engine');
  if (write && engine !== undefined)
    throw refusal('--write is for all engines: leave out --engine, or do not write.');
  if (histories === undefined) throw refusal('--histories N is missing: how many are to be played.');
  const count = wholeNumber('--histories', histories);
  return { count, first: firstSeed(seed, count), engines: chosen };
}

const benches = ['cold', 'memory', 'size', 'open', 'rounds', 'press', 'failing', 'share', 'cost', 'warm'];

/** The arguments of the benches as they are handed on, once each of them is known. */
export function benchesAsked(args) {
  const { only, rounds } = readOptions(args, {
    only: { type: 'string' },
    rounds: { type: 'string' },
    node: { type: 'string' },
    details: { type: 'boolean' },
    profile: { type: 'string' },
    write: { type: 'boolean' },
  });
  if (only !== undefined) namesFrom('--only', only, benches, 'bench');
  if (rounds !== undefined) wholeNumber('--rounds', rounds);
  return args;
}

/** The same of `growth`. */
export function growthAsked(args) {
  const { time } = readOptions(args, { write: { type: 'boolean' }, time: { type: 'string' } });
  for (const size of time?.split(',') ?? []) wholeNumber('--time', size);
  return args;
}

/**
 * A file of this folder to be mutated, or lines of it as FILE:10-20. `linesOf` answers how many lines a file has, and
 * undefined where there is none.
 */
export function mutableFile(text, folder, linesOf) {
  const [, file, lines] = /^(.*?)(?::([^:]*))?$/.exec(text) ?? [];
  const length = file.startsWith(`${folder}/`) && file.endsWith('.ts') ? linesOf(file) : undefined;
  if (length === undefined)
    throw refusal(`${text}: there is no such file to mutate. Files: ${folder}/**/*.ts, lines as FILE:10-20.`);
  if (lines === undefined) return text;
  const [, from, to] = /^(\d+)-(\d+)$/.exec(lines) ?? [];
  if (from === undefined || Number(from) < 1 || Number(from) > Number(to) || Number(to) > length)
    throw refusal(`${text}: lines are given as FROM-TO, and the file has 1-${length}.`);
  return text;
}
