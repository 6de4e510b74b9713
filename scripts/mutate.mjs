import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mutableFile, orRefuse, refusal } from './arguments.mjs';

const usage = `npm run mutate                      every file of src/flows; writes the table of docs/proof/mutation.md
npm run mutate -- --anew            the same, and nothing is taken from the last run here
npm run mutate -- --changed [REF]   the lines that differ from the merge base with REF (origin/main, main; on it: the
                                    commit before), as many as fit
npm run mutate -- FILE...           these files, or lines of one as FILE:10-20
npm run mutate -- --table           writes the table from the last report`;

const root = join(import.meta.dirname, '..');
const flows = 'src/flows';
const report = join(root, '.stryker/mutation.json');
const page = join(root, 'docs/proof/mutation.md');
const marks = ['<!-- table -->', '<!-- end of the table -->'];

/** A few lines have few mutants, of which one or the other changes nothing: so many may survive whatever the score. */
const mostSurvivors = 3;

/** How many changed lines `--changed` mutates at most: about ten minutes on two cores. */
const mostLines = 800;

/** What git says, or undefined where it has no answer. */
function git(...args) {
  try {
    return execFileSync('git', args, {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return undefined;
  }
}

/** The commit that changes are counted from. */
function baseOf(ref) {
  const head = git('rev-parse', 'HEAD');
  for (const name of ref === undefined ? ['origin/HEAD', 'origin/main', 'main'] : [ref]) {
    const base = git('merge-base', 'HEAD', name);
    if (base !== undefined && (base !== head || ref !== undefined)) return base;
  }
  return ref === undefined ? git('rev-parse', '--verify', 'HEAD~1') : undefined;
}

/**
 * What differs from the base by file, as first and last lines of what is there now, committed or not. One line around
 * each counts in, so that a condition over two lines is one range, and what was only taken out has a place.
 */
function changedSince(base) {
  const ranges = new Map();
  let file;
  for (const line of (git('diff', '-U1', '--no-color', '--diff-filter=d', base, '--', flows) ?? '').split(
    '\n',
  )) {
    if (line.startsWith('+++ ')) file = line.slice('+++ b/'.length);
    const [, from, count = '1'] = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line) ?? [];
    if (from === undefined || !file.endsWith('.ts')) continue;
    ranges.set(file, [
      ...(ranges.get(file) ?? []),
      { from: Number(from), to: Number(from) + Number(count) - 1 },
    ]);
  }
  for (const added of (git('ls-files', '--others', '--exclude-standard', '--', flows) ?? '').split('\n')) {
    if (!added.endsWith('.ts')) continue;
    ranges.set(added, [{ from: 1, to: readFileSync(join(root, added), 'utf8').split('\n').length }]);
  }
  return ranges;
}

const linesOf = (ranges) => ranges.reduce((sum, { from, to }) => sum + to - from + 1, 0);

/** As many of the changed lines as fit, of the files that changed most first; and what does not fit. */
function fitting(changed) {
  const taken = [];
  const left = [];
  let room = mostLines;
  for (const [file, ranges] of [...changed].sort(([, one], [, other]) => linesOf(other) - linesOf(one))) {
    for (const { from, to } of ranges) {
      const last = Math.min(to, from + room - 1);
      room -= Math.max(0, last - from + 1);
      if (last >= from) taken.push(`${file}:${from}-${last}`);
      if (last < to) left.push(`${file}:${Math.max(from, last + 1)}-${to}`);
    }
  }
  return { taken, left };
}

/** How many lines a file has; undefined where there is none. */
function linesIn(file) {
  const path = join(root, file);
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').length : undefined;
}

/** What to mutate: names of files, or ranges of their lines; everything where it is undefined. */
function chosen(args) {
  const [first, ref] = args;
  if (first === undefined) return undefined;
  if (first !== '--changed') return args.map((arg) => mutableFile(arg, flows, linesIn));
  if (args.length > 2) throw refusal(`--changed takes one REF, and got ${args.slice(1).join(' ')}.`);
  const base = baseOf(ref);
  if (base === undefined) {
    if (ref !== undefined) throw refusal(`--changed ${ref}: git knows no merge base with it.`);
    console.log('There is nothing to compare with here: a clone without history.');
    return [];
  }
  const { taken, left } = fitting(changedSince(base));
  if (left.length > 0) {
    console.log(
      `More than ${mostLines} lines of ${flows} changed. Left out here, and tried by npm run mutate:`,
    );
    for (const range of left) console.log(`  ${range}`);
  }
  return taken;
}

/** One line per file and one for all, from Stryker's report. */
function table() {
  const { files } = JSON.parse(readFileSync(report, 'utf8'));
  const rows = Object.entries(files)
    .map(([name, { mutants }]) => {
      const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
      return {
        name: name.slice(flows.length + 1),
        killed: count('Killed'),
        timeout: count('Timeout'),
        survived: count('Survived'),
        uncovered: count('NoCoverage'),
        left: count('Ignored'),
      };
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
  const keys = ['killed', 'timeout', 'survived', 'uncovered', 'left'];
  const all = { name: '**all**', ...Object.fromEntries(keys.map((key) => [key, sum(key)])) };
  const line = (row) => {
    const caught = row.killed + row.timeout;
    const tried = caught + row.survived + row.uncovered;
    const score = tried === 0 ? '' : ((100 * caught) / tried).toFixed(1);
    return `| ${row.name} | ${tried} | ${row.killed} | ${row.timeout} | ${row.survived} | ${row.uncovered} | ${score} | ${row.left} |`;
  };
  return [
    '| file of src/flows | mutants | killed | by time | survived | in no test | % | left out |',
    '|---|---|---|---|---|---|---|---|',
    ...[...rows, all].map(line),
  ].join('\n');
}

/** Whether it was only the score that failed, by no more than may survive in any case. */
function fewSurvive() {
  if (!existsSync(report)) return false;
  const { files } = JSON.parse(readFileSync(report, 'utf8'));
  const survivors = Object.values(files)
    .flatMap(({ mutants }) => mutants)
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage');
  if (survivors.length > mostSurvivors) return false;
  console.log(`Of changed lines up to ${mostSurvivors} mutants may survive; ${survivors.length} did.`);
  return true;
}

/** Whether the last run met no mutant at all. */
function isEmpty() {
  if (!existsSync(report)) return false;
  const { files } = JSON.parse(readFileSync(report, 'utf8'));
  return Object.values(files).every(({ mutants }) => mutants.length === 0);
}

/** Puts the table of the last report, and how it was made, into the page. */
function writeTable(how) {
  const text = readFileSync(page, 'utf8');
  const [start, end] = marks.map((mark) => text.indexOf(mark));
  if (start < 0 || end < start) throw new Error(`${page} has no place for the table.`);
  const made = `Commit ${git('rev-parse', '--short', 'HEAD')}, Node ${process.versions.node}, ${availableParallelism()} cores of ${cpus()[0]?.model ?? 'unknown'}${how}.`;
  const between = `${marks[0]}\n${made}\n\n${table()}\n`;
  writeFileSync(page, text.slice(0, start) + between + text.slice(end));
}

const options = ['--help', '--changed', '--table', '--anew'];
const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(usage);
  process.exit(0);
}
orRefuse(() => {
  const strange = args.find((arg) => arg.startsWith('-') && !options.includes(arg));
  if (strange !== undefined) throw refusal(`There is no option ${strange}. Options: ${options.join(', ')}.`);
  if (args.includes('--table') && args.length > 1) throw refusal('--table stands alone.');
  if (args.includes('--changed') && args.filter((arg) => arg !== '--anew')[0] !== '--changed')
    throw refusal('Either --changed [REF] or files.');
});
if (args[0] === '--table') {
  writeTable('');
  process.exit(0);
}
const anew = args.includes('--anew');
const wanted = args.filter((arg) => arg !== '--anew');
const ranges = orRefuse(() => chosen(wanted));
if (ranges?.length === 0) {
  console.log('Nothing is mutated.');
  process.exit(0);
}
console.log(ranges === undefined ? `All of ${flows}.` : ranges.join('\n'));
rmSync(report, { force: true });
const startedAt = performance.now();
const { status } = spawnSync(
  process.execPath,
  [
    fileURLToPath(new URL('../../bin/stryker.js', import.meta.resolve('@stryker-mutator/core'))),
    'run',
    ...(anew ? ['--force'] : []),
    ...(ranges === undefined ? [] : ['--mutate', ranges.join(',')]),
  ],
  { cwd: root, stdio: 'inherit' },
);
const seconds = Math.round((performance.now() - startedAt) / 1000);
console.log(`Mutation testing took ${seconds} s.`);
if (wanted.length > 0 && wanted[0] !== '--changed' && isEmpty()) {
  console.error(`Nothing was tried: there is nothing to mutate in ${wanted.join(', ')}.`);
  process.exit(2);
}
if (ranges === undefined) {
  writeTable(
    anew
      ? `; everything anew, ${seconds} s`
      : `; what had not changed since an earlier run there is taken from that, ${seconds} s`,
  );
}
process.exit(status === 1 && wanted[0] === '--changed' && fewSurvive() ? 0 : (status ?? 1));
