import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const usage = `npm run mutate                      every file of src/flows
npm run mutate -- --changed [REF]   what differs from the merge base with REF (origin/main, main; on it: the commit before)
npm run mutate -- FILE...           these files`;

const root = join(import.meta.dirname, '..');
const flows = 'src/flows';

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
  return changedSince(base);
}

const args = process.argv.slice(2);
if (args.includes('--help') || args.some((arg) => arg.startsWith('-') && arg !== '--changed')) {
  console.log(usage);
  process.exit(args.includes('--help') ? 0 : 1);
}
const files = chosen(args);
if (files?.length === 0) {
  console.log('no flow files changed');
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
console.log(`Mutation testing took ${Math.round((performance.now() - startedAt) / 1000)} s.`);
process.exit(status ?? 1);
