import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { mistakes, searches } from '../models/configurations.mjs';

/**
 * Searches the models with Spin: `node scripts/check-models.mjs --small | --full [--only TEXT]`. Small takes minutes on
 * one core; full takes the large configurations as well and writes docs/proof/models.md. Each line names a configuration
 * and what was expected and found; ends with 1 when one differs. Installs nothing.
 */
const root = resolve(import.meta.dirname, '..');
const isFull = process.argv.includes('--full');
if (!isFull && !process.argv.includes('--small')) {
  console.error('Usage: node scripts/check-models.mjs --small | --full [--only TEXT]');
  process.exit(2);
}
const onlyAt = process.argv.indexOf('--only');
const only = onlyAt === -1 ? '' : (process.argv[onlyAt + 1] ?? '');

const limits = isFull
  ? { seconds: 1800, megabytes: 7500, depth: 3_000_000 }
  : { seconds: 120, megabytes: 3000, depth: 500_000 };

const version = (command, argument, how) => {
  const asked = spawnSync(command, [argument], { encoding: 'utf8' });
  if (asked.error === undefined) return asked.stdout.split('\n')[0].trim();
  console.error(`${command} is not installed. ${how}`);
  process.exit(1);
};
const debian = 'On Debian and Ubuntu: apt-get install -y spin gcc. Elsewhere see https://spinroot.com.';
const spin = version('spin', '-V', debian);
const gcc = version('gcc', '--version', debian);

const titleOf = ({ switches, property }) =>
  [...switches, ...(property === 'safety' ? [] : [property])].join(' ') || 'as it is';

/** Translates, compiles and searches one configuration. */
function search(configuration) {
  const { model, switches, property } = configuration;
  const directory = mkdtempSync(join(tmpdir(), 'countersign-model-'));
  const started = performance.now();
  try {
    const defines = [...switches, ...(property === 'safety' ? [] : [property])].map((each) => `-D${each}`);
    execFileSync('spin', [...defines, '-a', join(root, 'models', `${model}.pml`)], {
      cwd: directory,
      stdio: 'pipe',
    });
    const checks = property === 'safety' ? ['-DSAFETY'] : ['-DNFAIR=3'];
    // Optimizing takes longer than what it saves where little is searched.
    const effort = configuration.size === 'full' ? ['-O2', '-DCOLLAPSE'] : ['-O0'];
    const compile = [...effort, '-w', '-DVECTORSZ=2048', `-DMEMLIM=${limits.megabytes}`, ...checks];
    execFileSync('gcc', [...compile, '-o', 'pan', 'pan.c'], { cwd: directory, stdio: 'pipe' });
    const how = property === 'safety' ? [] : ['-a', '-f'];
    const run = spawnSync(join(directory, 'pan'), [`-m${limits.depth}`, ...how], {
      cwd: directory,
      encoding: 'utf8',
      timeout: limits.seconds * 1000,
    });
    return { ...read(run.stdout), seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim().split('\n').slice(-3).join(' / ');
    return {
      found: `could not be searched: ${said || error.message}`,
      states: 0,
      depth: 0,
      megabytes: 0,
      seconds: 0,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What the search printed. A search that was cut short has found nothing. */
function read(output) {
  const number = (pattern) => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  const errors = number(/errors: (\d+)/);
  const cut = /max search depth too small|out of memory|reached -DMEMLIM|memory limit/i.test(output);
  const why = /pan:\d+: (.*?) \(at depth/.exec(output)?.[1] ?? '';
  const found =
    errors > 0 ? 'violation' : Number.isNaN(errors) || cut ? 'cut short, nothing is known' : 'holds';
  return {
    found,
    why: why.replaceAll(/\s+/g, ' '),
    states: number(/(\d+) states, stored/),
    depth: number(/depth reached (\d+)/),
    megabytes: Math.round(number(/([\d.]+)\s+total actual memory usage/)),
  };
}

const figure = (value) => (Number.isNaN(value) ? '?' : value.toLocaleString('en-US'));

function judge(configuration, expected) {
  const result = search(configuration);
  const asExpected = result.found === expected;
  console.log(
    [
      asExpected ? 'ok  ' : 'DIFF',
      configuration.model.padEnd(9),
      titleOf(configuration).padEnd(62),
      `${figure(result.states).padStart(11)} states`,
      `depth ${figure(result.depth).padStart(7)}`,
      `${result.seconds.toFixed(1).padStart(6)} s`,
      `expected ${expected}, found ${result.found}`,
    ].join('  '),
  );
  if (!asExpected && result.why !== '') console.log(`      ${result.why}`);
  return { configuration, expected, asExpected, ...result };
}

const wanted = (configuration) =>
  (isFull || configuration.size === 'small') &&
  `${configuration.model} ${titleOf(configuration)}`.includes(only);

const started = performance.now();
console.log(`${spin}; ${gcc}`);
const searched = searches.filter(wanted).map((each) => judge(each, 'holds'));
const made = mistakes.filter(wanted).map((each) => judge(each, each.argued === null ? 'violation' : 'holds'));
const differences = [...searched, ...made].filter(({ asExpected }) => !asExpected);
const minutes = ((performance.now() - started) / 60_000).toFixed(1);
const states = searched.reduce((sum, each) => sum + (each.states || 0), 0);
console.log(
  `${searched.length} configurations hold over ${figure(states)} states, ` +
    `${made.filter(({ expected }) => expected === 'violation').length} mistakes found, ` +
    `${made.filter(({ expected }) => expected === 'holds').length} argued; ` +
    `${differences.length} differences; ${minutes} min`,
);
if (isFull && only === '') writeFileSync(join(root, 'docs/proof/models.md'), page());
process.exitCode = differences.length === 0 ? 0 : 1;

function page() {
  const [cpu] = cpus();
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  }).trim();
  const line = ({ configuration: of, states: seen, depth, megabytes, seconds, found }) =>
    `| ${of.model} | ${of.about} | \`${titleOf(of)}\` | ${figure(seen)} | ${figure(depth)} | ${figure(megabytes)} | ${seconds.toFixed(1)} | ${found} |`;
  const mistakeLine = ({ configuration: of, states: seen, seconds, found, why }) =>
    `| ${of.model} | ${of.about} | \`${titleOf(of)}\` | ${figure(seen)} | ${seconds.toFixed(1)} | ${
      of.argued ?? (found === 'violation' ? `found: \`${why.replaceAll('|', '\\|').slice(0, 90)}\`` : found)
    } |`;
  return [
    '# What the models showed',
    '',
    `Written by \`node scripts/check-models.mjs --full\` on ${new Date().toISOString().slice(0, 10)}, commit ${commit}. ${availableParallelism()} cores of ${cpu?.model ?? 'an unknown processor'}, one used; Node ${process.version}; ${spin}; ${gcc}. Seconds include translating and compiling. [model.md](../model.md) says what is modelled.`,
    '',
    `${searched.length} configurations, ${figure(states)} states, ${minutes} min with the mistakes; ${differences.length} differ from what was expected.`,
    '',
    '## The protocol as built',
    '',
    '| model | what | switches | states | depth | MB | s | result |',
    '|---|---|---|---|---|---|---|---|',
    ...searched.map(line),
    '',
    '## One mistake each',
    '',
    'The search ends at the first violation, so the states say how soon it was found.',
    '',
    '| model | what is left out or wrong | switches | states | s | result |',
    '|---|---|---|---|---|---|',
    ...made.map(mistakeLine),
    '',
  ].join('\n');
}
