import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  benchesAsked,
  fileToWrite,
  growthAsked,
  historiesAsked,
  judgingAsked,
  mutableFile,
  namesFrom,
  readOptions,
  wholeNumber,
} from '../../scripts/arguments.mjs';

const options = {
  seeds: { type: 'string' },
  workers: { type: 'string', default: '2' },
  write: { type: 'boolean', default: false },
} as const;

describe('the options of a script', () => {
  it('are read with what they are where nobody says it', () => {
    expect(readOptions(['--seeds', '5', '--write'], options)).toEqual({
      seeds: '5',
      workers: '2',
      write: true,
    });
    expect(readOptions(['--seeds=5'], options)).toMatchObject({ seeds: '5', write: false });
  });

  it.each([
    [['--frobnicate'], 'There is no option --frobnicate. Options: --seeds …, --workers …, --write.'],
    [['-x'], 'There is no option -x.'],
    [['7'], '"7" belongs to no option.'],
    [['--seeds'], '--seeds needs a value.'],
    [['--seeds', '--write'], '--seeds needs a value.'],
    [['--seeds='], '--seeds needs a value.'],
    [['--write=no'], '--write takes no value, and got "no".'],
  ])('are refused in one line: %j', (args, line) => {
    expect(() => readOptions(args, options)).toThrow(line);
  });

  it('take a value with one dash, for its reader to judge', () => {
    expect(readOptions(['--seeds', '-3'], options).seeds).toBe('-3');
  });
});

describe('a number', () => {
  it('is whole, in digits, and not too large to be counted with', () => {
    expect(wholeNumber('--every', '12')).toBe(12);
    for (const text of ['0', '-3', '7.5', 'abc', '', '1e3', 'Infinity', '9007199254740992'])
      expect(() => wholeNumber('--every', text)).toThrow(`--every ${text}: it takes a whole number from 1.`);
  });
});

describe('names', () => {
  it('are refused as a whole where one is unknown, with those that there are', () => {
    expect(namesFrom('--only', 'b,a,b', ['a', 'b'], 'part')).toEqual(['b', 'a']);
    expect(() => namesFrom('--only', 'a,c', ['a', 'b'], 'part')).toThrow(
      '--only a,c: there is no part "c". There are: a, b.',
    );
    expect(() => namesFrom('--only', '', ['a'], 'part')).toThrow('there is no part ""');
  });
});

describe('a file that is written at the end of hours', () => {
  it('may be one of folders that are still to be made', () => {
    const file = join(tmpdir(), 'countersign-nowhere/yet/figures.json');
    expect(fileToWrite('--json', file)).toBe(file);
    expect(fileToWrite('--json', undefined)).toBeUndefined();
  });

  it('is refused before they begin where it can never be', () => {
    const below = resolve('README.md');
    expect(() => fileToWrite('--json', 'README.md/x.json')).toThrow(
      `--json README.md/x.json: ${below} is no folder.`,
    );
    expect(() => fileToWrite('--json', 'docs')).toThrow('--json docs: that is a folder; name a file in it.');
  });
});

describe('the benches that are asked for', () => {
  it('are handed on as they were written, once each word is known', () => {
    const args = ['--only', 'cold,open', '--rounds', '3', '--details'];
    expect(benchesAsked(args)).toBe(args);
    const suite = readFileSync(resolve(import.meta.dirname, '../../bench/suite.ts'), 'utf8');
    const names = [...suite.matchAll(/^ {2}\['(\w+)', \w+\],$/gm)].map(([, name]) => name);
    expect(() => benchesAsked(['--only', 'nosuch'])).toThrow(`There are: ${names.join(', ')}.`);
  });

  it.each([
    [['--onyl', 'x'], 'There is no option --onyl. Options: --only …, --rounds …'],
    [['--rounds', 'many'], '--rounds many: it takes a whole number from 1.'],
    [['open'], '"open" belongs to no option.'],
  ])('are refused: %j', (args, line) => {
    expect(() => benchesAsked(args)).toThrow(line);
  });

  it.each([
    [['--tme'], 'There is no option --tme. Options: --write, --time ….'],
    [['--time', '10,x'], '--time x: it takes a whole number from 1.'],
  ])('are refused of growth: %j', (args, line) => {
    expect(() => growthAsked(args)).toThrow(line);
    expect(growthAsked(['--time', '10,1000'])).toHaveLength(2);
  });
});

describe('histories to simulate', () => {
  const usual = { workers: '2', trace: '400', write: false };

  it('are one where only a seed is given, and as many as said from seed 1 otherwise', () => {
    expect(historiesAsked({ ...usual, seed: '7' })).toMatchObject({ count: 1, first: 7 });
    expect(historiesAsked({ ...usual, seeds: '50' })).toMatchObject({ count: 50, first: 1 });
    expect(historiesAsked(usual)).toBeUndefined();
  });

  it.each([
    [{ seeds: '0' }, '--seeds 0: it takes a whole number from 1.'],
    [{ seed: '7.5' }, '--seed 7.5: it takes a whole number from 0 to 4294967295.'],
    [{ seed: '9007199254740993' }, '--seed 9007199254740993: it takes'],
    [{ seeds: '10', seed: '4294967290' }, '10 seeds from there on go beyond 4294967295'],
    [{ seeds: '1', write: true }, '--write keeps the figures of many histories'],
    [{ seed: '7', json: 'a.json' }, '--json keeps the figures of many histories'],
    [{ seeds: '5', json: 'README.md/x.json' }, '--json README.md/x.json: '],
    [{ seeds: '5', workers: '0' }, '--workers 0: it takes a whole number from 1.'],
    [{ seeds: '5', trace: 'all' }, '--trace all: it takes a whole number from 1.'],
  ])('are refused: %j', (given, line) => {
    expect(() => historiesAsked({ ...usual, ...given })).toThrow(line);
  });
});

describe('judging the table', () => {
  const engines = ['native', 'dynalite'];
  const usual = { seed: '1', write: false };

  it('is done by every engine, or by the one that is named', () => {
    expect(judgingAsked({ ...usual, histories: '5' }, engines)).toEqual({ count: 5, first: 1, engines });
    expect(judgingAsked({ ...usual, histories: '5', engine: 'native' }, engines).engines).toEqual(['native']);
  });

  it.each([
    [{ engine: 'foo' }, '--engine foo: there is no engine "foo". There are: native, dynalite.'],
    [{ histories: 'x' }, '--histories x: it takes a whole number from 1.'],
    [{}, '--histories N is missing'],
    [{ histories: '5', engine: 'native', write: true }, '--write is for all engines'],
  ])('is refused: %j', (given, line) => {
    expect(() => judgingAsked({ ...usual, ...given }, engines)).toThrow(line);
  });
});

describe('a file to mutate', () => {
  const linesOf = (file: string) => (file === 'src/flows/desk.ts' ? 130 : undefined);
  const asked = (text: string) => mutableFile(text, 'src/flows', linesOf);

  it('is one that there is, or lines that it has', () => {
    expect(asked('src/flows/desk.ts')).toBe('src/flows/desk.ts');
    expect(asked('src/flows/desk.ts:10-130')).toBe('src/flows/desk.ts:10-130');
  });

  it.each(['src/flows/nosuch.ts', 'src/bot/app.ts', 'src/flows', 'desk.ts', ''])(
    'is refused: "%s"',
    (text) => {
      expect(() => asked(text)).toThrow('there is no such file to mutate. Files: src/flows/**/*.ts');
    },
  );

  it.each(['0-5', '9-3', '100-131', '5', 'a-b', ''])('is refused with lines %s', (lines) => {
    expect(() => asked(`src/flows/desk.ts:${lines}`)).toThrow('the file has 1-130');
  });
});

/** Each ends before it does anything. */
it.concurrent.each([
  ['simulate', ['--seed', '-3'], '--seed -3: it takes a whole number from 0 to 4294967295.\n'],
  ['kill-points', [], /^Kills the bot at every single await .*\n\n {2}npm run kills/],
  ['judge-table', [], /^npm run judge-table -- --histories N/],
  ['prove', ['--foo'], 'There is no option --foo. Options: --all, --only …, --histories …, --write.\n'],
  [
    'prove',
    ['--only', 'table-model,slack', '--histories', '3'],
    '--histories 3 is for the part simulation, not for table-model, slack. Leave it out, or: npm run judge-table -- --histories 3.\n',
  ],
  ['bench', ['growth', '--tme'], 'There is no option --tme. Options: --write, --time ….\n'],
])('%s %j ends with 2 and says why, without a stack', async (name, args, said) => {
  const script = resolve(import.meta.dirname, `../../scripts/${name}.mjs`);
  const [code, told] = await new Promise<[unknown, string]>((done) => {
    execFile(process.execPath, [script, ...args], (error, _, stderr) => done([error?.code, stderr]));
  });

  expect(code).toBe(2);
  if (typeof said === 'string') expect(told).toBe(said);
  else expect(told).toMatch(said);
  expect(told).not.toContain('    at ');
});
