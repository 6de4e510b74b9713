import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { mistakes, searches } from '../models/configurations.mjs';
import { orRefuse, readOptions, refusal, refuseBare } from './arguments.mjs';
import { showHelp } from './help.mjs';

/**
 * Searches the models with Spin: `node scripts/check-models.mjs --small | --full [--missing] [--only TEXT]`. Small takes
 * minutes on one core; full takes the large configurations as well and writes docs/proof/models.json and models.md as it
 * goes; with `--missing` only what these do not have yet of the models as they are now. Each line names a configuration
 * and what was expected and found; ends with 1 when one differs. Installs nothing.
 */
const root = resolve(import.meta.dirname, '..');
const usage = `Searches the models of the protocol with Spin: every interleaving, and a mistake has to be found.

  npm run models -- --small   the small configurations and every mistake: minutes on one core
  npm run models -- --full    the large ones as well: 20 minutes on one core; writes docs/proof/models.json and models.md as it goes

  --missing     only what docs/proof/models.json does not have yet of the models as they are now
  --only TEXT   only configurations with TEXT in their name: a model, then its switches, as in "promotion WORKERS=1"`;
showHelp(usage);
refuseBare(usage);
const {
  full: isFull,
  missing: isMissing,
  only,
} = orRefuse(() => {
  const given = readOptions(process.argv.slice(2), {
    small: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    missing: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
  });
  if (given.small === given.full) throw refusal('Either --small or --full.');
  return given;
});

const limits = isFull
  ? { seconds: 1800, megabytes: 7500, depth: 3_000_000 }
  : { seconds: 120, megabytes: 3000, depth: 500_000 };

const version = (command, argument, how) => {
  const asked = spawnSync(command, [argument], { encoding: 'utf8' });
  if (asked.error === undefined) return asked.stdout.split('\n')[0].trim();
  console.error(`${command} is not installed. ${how}`);
  process.exit(2);
};
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
      why: '',
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

const nameOf = (configuration) => `${configuration.model} ${titleOf(configuration)}`;

/** What was found of a model's text under some switches stays true until one of the two changes. */
const textOf = ({ model }) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'models', `${model}.pml`)))
    .digest('hex')
    .slice(0, 12);

const recordFile = join(root, 'docs/proof/models.json');
const record = existsSync(recordFile) ? JSON.parse(readFileSync(recordFile, 'utf8')) : {};
const known = (configuration) => {
  const found = record[nameOf(configuration)];
  return found?.text === textOf(configuration) ? found : undefined;
};

const all = [
  ...searches.map((configuration) => ({ configuration, expected: 'holds' })),
  ...mistakes.map((configuration) => ({
    configuration,
    expected: configuration.argued === null ? 'violation' : 'holds',
  })),
];
const named = all.filter(({ configuration }) => nameOf(configuration).includes(only));
const inSize = named.filter(({ configuration }) => isFull || configuration.size === 'small');
if (inSize.length === 0) {
  const models = [...new Set(all.map(({ configuration }) => configuration.model))].join(', ');
  console.error(
    named.length === 0
      ? `--only ${only}: no configuration matches. Their names begin with a model (${models}), then come its switches.`
      : `--only ${only}: no small configuration matches; with --full there are: ${named.map(({ configuration }) => nameOf(configuration)).join(', ')}.`,
  );
  process.exit(2);
}
const wanted = inSize.filter(
  ({ configuration, expected }) => !(isMissing && known(configuration)?.found === expected),
);

const debian = 'On Debian and Ubuntu: apt-get install -y spin gcc. Elsewhere see https://spinroot.com.';
const spin = version('spin', '-V', debian);
const gcc = version('gcc', '--version', debian);

const started = performance.now();
console.log(`${spin}; ${gcc}`);
const judged = [];
for (const { configuration, expected } of wanted) {
  const text = textOf(configuration);
  const result = judge(configuration, expected);
  judged.push(result);
  if (!isFull) continue;
  const { found, why = '', states, depth, megabytes, seconds } = result;
  const date = new Date().toISOString().slice(0, 10);
  record[nameOf(configuration)] = { found, why, states, depth, megabytes, seconds, date, text };
  writePage();
}
const count = (outcome) => judged.filter((each) => each.asExpected && each.expected === outcome).length;
const differences = judged.filter(({ asExpected }) => !asExpected).length;
if (isMissing && judged.length === 0)
  console.log(
    'Nothing to search: each configuration was searched as it is now; docs/proof/models.md has what was found.',
  );
else
  console.log(
    `${count('holds')} configurations hold, ${count('violation')} mistakes found, ${differences} differ from what was expected; ` +
      `${((performance.now() - started) / 60_000).toFixed(1)} min`,
  );
// A search that did not come to its end has found nothing, and is no verdict on the protocol.
const unknown = judged.filter(({ found }) => found !== 'holds' && found !== 'violation').length;
process.exitCode =
  differences > unknown ? 1 : unknown > 0 ? 2 : judged.length + Number(isMissing) > 0 ? 0 : 1;

function writePage() {
  const names = new Set(all.map(({ configuration }) => nameOf(configuration)));
  for (const name of Object.keys(record)) if (!names.has(name)) delete record[name];
  writeFileSync(recordFile, `${JSON.stringify(record, null, 2)}\n`);
  const rows = all.map((each) => ({ ...each, result: known(each.configuration) }));
  writeFileSync(join(root, 'docs/proof/models.md'), page(rows));
}

function page(rows) {
  const [cpu] = cpus();
  const searched = rows.slice(0, searches.length);
  const made = rows.slice(searches.length);
  const results = rows.flatMap(({ result }) => (result === undefined ? [] : [result]));
  const dates = results.map(({ date }) => date).sort();
  const days = dates[0] === dates.at(-1) ? dates[0] : `${dates[0]} to ${dates.at(-1)}`;
  const states = searched.reduce((sum, { result }) => sum + (result?.states ?? 0), 0);
  const minutes = results.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  const wrong = rows.filter(({ result, expected }) => result !== undefined && result.found !== expected);
  const ended = (among, outcome) => among.filter(({ result }) => result?.found === outcome).length;
  const whatOf = (of) => `| ${of.model} | ${of.about} | \`${titleOf(of)}\` |`;
  const searchLine = ({ configuration, result }) => {
    if (result === undefined) return `${whatOf(configuration)} | | | | not searched as it is now |`;
    const { depth, megabytes, seconds, found } = result;
    const figures = [figure(result.states), figure(depth), figure(megabytes), seconds.toFixed(1), found];
    return `${whatOf(configuration)} ${figures.join(' | ')} |`;
  };
  const mistakeLine = ({ configuration, result }) => {
    if (result === undefined) return `${whatOf(configuration)} | | not searched as it is now |`;
    const how = result.why.replaceAll('|', '\\|').slice(0, 90);
    const found = result.found === 'violation' ? `found: \`${how}\`` : result.found;
    const said = configuration.argued === null ? found : `${found}, as argued: ${configuration.argued}`;
    return `${whatOf(configuration)} ${figure(result.states)} | ${result.seconds.toFixed(1)} | ${said} |`;
  };
  return [
    '# What the models showed',
    '',
    `Written by \`node scripts/check-models.mjs --full\`, ${days}, on ${availableParallelism()} cores of ${cpu?.model ?? 'an unknown processor'}, one of them used and other work beside it; Node ${process.version}; ${spin}; ${gcc}. Seconds include translating and compiling. [model.md](../model.md) says what is modelled.`,
    '',
    `${ended(searched, 'holds')} of ${searched.length} configurations hold, over ${figure(states)} states; ${ended(made, 'violation')} of ${made.length} mistakes found, ${ended(made, 'holds')} argued; ${wrong.length} differ from what was expected; ${minutes.toFixed(1)} min in all.`,
    '',
    '## The protocol as built',
    '',
    '| model | what | switches | states | depth | MB | s | result |',
    '|---|---|---|---|---|---|---|---|',
    ...searched.map(searchLine),
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
