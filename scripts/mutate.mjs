import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';

const usage = `npm run mutate                      every file of src/flows; writes the table of docs/proof/mutation.md
npm run mutate -- --changed [REF]   what differs from the merge base with REF (origin/main, main; on it: the commit before)
npm run mutate -- FILE...           these files
npm run mutate -- --table           writes the table from the last report`;

const root = join(import.meta.dirname, '..');
const flows = 'src/flows';
const report = join(root, '.stryker/mutation.json');
const page = join(root, 'docs/proof/mutation.md');
const marks = ['<!-- table -->', '<!-- end of the table -->'];

/** What `--changed` mutates at most: about ten minutes on two cores. */
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

/** Flow files that differ from the base, committed or not; new ones too. */
function changedSince(base) {
  const changed = git('diff', '--name-only', '--diff-filter=d', base, '--', flows) ?? '';
  const added = git('ls-files', '--others', '--exclude-standard', '--', flows) ?? '';
  return [...new Set(`${changed}\n${added}`.split('\n'))].filter((name) => name.endsWith('.ts'));
}

/** The files to mutate, all where it is undefined. */
function chosen(args) {
  const [first, ref] = args;
  if (first === undefined) return undefined;
  if (first !== '--changed') return args;
  const base = baseOf(ref);
  if (base === undefined) {
    if (ref !== undefined) throw new Error(`git knows no merge base with ${ref}.`);
    console.log('There is nothing to compare with here: a clone without history.');
    return [];
  }
  const changed = changedSince(base);
  const lines = changed.reduce(
    (sum, file) => sum + readFileSync(join(root, file), 'utf8').split('\n').length,
    0,
  );
  if (lines <= mostLines) return changed;
  console.log(
    `${changed.length} files of ${lines} lines changed: more than fits here. npm run mutate does all of them.`,
  );
  return [];
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

/** Puts the table of the last report, and on what it was made, into the page. */
function writeTable(took) {
  const text = readFileSync(page, 'utf8');
  const [start, end] = marks.map((mark) => text.indexOf(mark));
  if (start < 0 || end < start) throw new Error(`${page} has no place for the table.`);
  const made = `Commit ${git('rev-parse', '--short', 'HEAD')}, Node ${process.versions.node}, ${availableParallelism()} cores of ${cpus()[0]?.model ?? 'unknown'}${took}.`;
  const between = `${marks[0]}\n${made}\n\n${table()}\n`;
  writeFileSync(page, text.slice(0, start) + between + text.slice(end));
}

const args = process.argv.slice(2);
if (
  args.includes('--help') ||
  args.some((arg) => arg.startsWith('-') && arg !== '--changed' && arg !== '--table')
) {
  console.log(usage);
  process.exit(args.includes('--help') ? 0 : 1);
}
if (args[0] === '--table') {
  writeTable('');
  process.exit(0);
}
const files = chosen(args);
if (files?.length === 0) {
  console.log('Nothing is mutated.');
  process.exit(0);
}
console.log(files === undefined ? `All of ${flows}.` : files.join('\n'));
const startedAt = performance.now();
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/@stryker-mutator/core/bin/stryker.js'),
    'run',
    ...(files === undefined ? [] : ['--mutate', files.join(',')]),
  ],
  { cwd: root, stdio: 'inherit' },
);
const seconds = Math.round((performance.now() - startedAt) / 1000);
console.log(`Mutation testing took ${seconds} s.`);
if (files === undefined) writeTable(`, ${seconds} s`);
process.exit(status ?? 1);
