import { execFileSync, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { stop } from 'esbuild';
import { answered, fileToWrite, namesFrom, orRefuse, readOptions, wholeNumber } from './arguments.mjs';
import { bundle, inPlace, root } from './bundled.mjs';
import { showHelp } from './help.mjs';

const usage = `Makes protocol mistakes on purpose, one at a time, and sees whether the simulator notices.

  npm run mistakes                     every mistake, up to 20,000 histories each
  npm run mistakes -- --quick          those that are noticed within a few hundred histories
  npm run mistakes -- --only NAME[,…]  these

  --histories N   at most so many each     --workers N   processes (one per core)
  --every N       then kill scenarios at every Nth await only (1)
  --json FILE     the figures as JSON      --write       docs/proof/mistakes.md as well, the other mistakes as they were last`;

/** A quick one is noticed within this many; the others may take as many as durable.md §11 allows. */
const quickHistories = 1_000;
showHelp(usage);
const { options, histories, workers, every, json } = orRefuse(() => {
  const given = readOptions(process.argv.slice(2), {
    histories: { type: 'string' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    workers: { type: 'string', default: String(cpus().length) },
    every: { type: 'string', default: '1' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  });
  return {
    options: given,
    histories: wholeNumber('--histories', given.histories ?? (given.quick ? quickHistories : 20_000)),
    workers: wholeNumber('--workers', given.workers),
    every: wholeNumber('--every', given.every),
    json: fileToWrite('--json', given.json),
  };
});
/** Without any mistake nothing may be noticed; `npm run simulate` plays far more of these. */
const soundHistories = Math.min(histories, 300);

let place = '';
process.exitCode = await answered(() =>
  inPlace('mistakes', (made) => {
    place = made;
    return main();
  }),
);

async function main() {
  const list = join(place, 'list.mjs');
  await bundle('test/simulation/mistakes/all.ts', list);
  const { mistakes, withMistake, invariantNames } = await import(pathToFileURL(list).href);
  const names = mistakes.map(({ name }) => name);
  const wanted = options.only === undefined ? undefined : namesFrom('--only', options.only, names, 'mistake');
  const chosen = mistakes.filter(
    ({ name, expected }) => wanted?.includes(name) ?? (!options.quick || expected.quick === true),
  );
  const started = performance.now();
  await bundle('test/simulation/mistakes/main.ts', bundleOf('sound'));
  for (const mistake of chosen) await prepare(mistake, withMistake);
  await stop();
  const sound = await play('sound', ['any'], soundHistories, '0');
  const isSound = sound.caught === null;
  console.log(
    isSound
      ? `without any mistake: nothing in ${sound.histories} histories`
      : `WITHOUT ANY MISTAKE: ${sound.caught.invariant} after ${sound.histories} histories: ${sound.caught.text}`,
  );

  const results = [];
  let writing = Promise.resolve();
  const queue = [...chosen];
  const worker = async () => {
    for (let mistake = queue.shift(); mistake !== undefined; mistake = queue.shift()) {
      const result = await tryOut(mistake);
      results.push(result);
      console.log(lineOf(result));
      // After each, since it takes hours when every one is tried.
      if (options.write) writing = writing.then(() => writePage(mistakes, results, invariantNames));
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  await writing;
  results.sort((a, b) => chosen.indexOf(a.mistake) - chosen.indexOf(b.mistake));

  const wrong = results.filter(({ right }) => !right);
  const seconds = (performance.now() - started) / 1000;
  console.log(
    `${results.length} mistakes in ${seconds.toFixed(0)} s: ${results.length - wrong.length} as expected, ${wrong.length} not`,
  );
  for (const { mistake } of wrong) console.log(`  NOT AS EXPECTED: ${mistake.name}`);
  if (json !== undefined) {
    await mkdir(dirname(json), { recursive: true });
    const figures = results.map(({ mistake, ...rest }) => ({ name: mistake.name, ...rest }));
    await writeFile(json, `${JSON.stringify({ histories, seconds, figures }, null, 1)}\n`);
  }
  return isSound && wrong.length === 0 ? 0 : 1;
}

/** The simulator with this mistake in the product. Throws when the mistake is stale. */
async function prepare(mistake, withMistake) {
  const { name, expected, edits } = mistake;
  const made = new Set();
  await bundle('test/simulation/mistakes/main.ts', bundleOf(name), {
    logLevel: 'error',
    plugins: [
      {
        name: 'mistake',
        setup(esbuild) {
          esbuild.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
            const file = relative(root, path).split(sep).join('/');
            if (!edits.some((edit) => edit.file === file)) return undefined;
            made.add(file);
            return { contents: withMistake(await readFile(path, 'utf8'), file, mistake), loader: 'ts' };
          });
        },
      },
    ],
  });
  const missed = edits.find(({ file }) => !made.has(file));
  if (missed !== undefined) throw new Error(`${name}: the simulator does not use ${missed.file}`);
  if (expected.by === 'model') await checkModel(expected);
}

async function tryOut(mistake) {
  const { name, expected } = mistake;
  const invariants = expected.by === 'simulation' ? expected.invariants : ['any'];
  const answer = await play(name, invariants, histories, options.quick ? '0' : String(every));
  return { mistake, right: isRight(expected, answer), ...answer };
}

function bundleOf(name) {
  return join(place, `${name}.mjs`);
}

/** Plays histories until one breaks one of these invariants. */
async function play(name, invariants, most, every) {
  const child = spawn(
    process.execPath,
    ['--no-warnings', '--max-semi-space-size=64', bundleOf(name), String(most), every, ...invariants],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = new Promise((done, fail) => {
    child.on('error', fail);
    child.on('exit', (code, signal) => done(code ?? signal));
  });
  let answer;
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line);
    if (said.doing === undefined) answer = said;
    else console.log(`  … ${name}: ${said.doing}`);
  }
  const code = await ended;
  if (code !== 0) throw new Error(`${name}: the simulating process ended with ${code}`);
  return answer;
}

async function checkModel({ model, mistake }) {
  const text = await readFile(join(root, 'models', `${model}.pml`), 'utf8');
  if (!text.includes(mistake)) throw new Error(`models/${model}.pml knows no ${mistake}`);
}

function lineOf({ mistake, right, histories: count, runs, seconds, caught, others }) {
  const { name, expected } = mistake;
  const seen =
    caught === null
      ? `survived ${count} histories${runs > 0 ? ` and ${runs} kills` : ''}`
      : `caught in ${caught.in} by ${caught.invariant}: ${caught.text.slice(0, 110)}`;
  const rest = Object.entries(others).filter(([invariant]) => invariant !== caught?.invariant);
  const also = rest.length === 0 ? '' : ` (also ${rest.map(([what, at]) => `${what} in ${at}`).join(', ')})`;
  const as = expected.by === 'simulation' ? '' : ` [${expected.by}]`;
  return `${right ? '  ' : '! '}${name}${as}: ${seen}${also}, ${seconds.toFixed(0)} s`;
}

/** Merges what this run found into what earlier ones did, one line for the last try of each mistake. */
async function writePage(mistakes, results, invariantNames) {
  const folder = join(root, 'docs/proof');
  await mkdir(folder, { recursive: true });
  const record = join(folder, 'mistakes.json');
  const before = await readFile(record, 'utf8').then(JSON.parse, () => ({}));
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
    cwd: root,
    encoding: 'utf8',
  }).trim();
  const date = new Date().toISOString().slice(0, 10);
  const tried = { ...before };
  for (const { mistake, caught, histories: count, runs, seconds } of results) {
    tried[mistake.name] = { caught, histories: count, runs, seconds: Math.round(seconds), commit, date };
  }
  const known = Object.fromEntries(
    mistakes.flatMap(({ name }) => (tried[name] === undefined ? [] : [[name, tried[name]]])),
  );
  await writeFile(record, `${JSON.stringify(known, null, 1)}\n`);
  const named = new Set(Object.values(known).flatMap(({ caught }) => caught?.invariant ?? []));
  const rights = mistakes.filter(({ name, expected }) => known[name] && isRight(expected, known[name]));
  await writeFile(
    join(folder, 'mistakes.md'),
    [
      '# Mistakes made on purpose',
      '',
      `Written by \`npm run mistakes -- --write\`. Each mistake is made in the text of \`src/\` while the simulator is bundled; then histories 1, 2, 3 … are played until an invariant that it must break is broken, then every scenario is killed at its awaits, one by one; a row that was not caught says how many runs that were. ${rights.length} of ${mistakes.length} went as expected at their last try. Without any mistake nothing may be broken: \`npm run simulate\` plays 100,000 of the same histories.`,
      '',
      '| mistake | with it | caught by | in | tried |',
      '|---|---|---|---|---|',
      ...mistakes.map((mistake) => rowOf(mistake, known[mistake.name])),
      '',
      '## Not by the simulator',
      '',
      ...mistakes
        .filter(({ expected }) => expected.by !== 'simulation')
        .map(({ name, expected }) => `- **${name}**: ${expected.because}`),
      '',
      '## The invariants named here',
      '',
      ...[...named].sort().map((name) => `- **${name}**: ${invariantNames[name]}`),
      '',
    ].join('\n'),
  );
}

function rowOf({ name, means, expected }, last) {
  const text = means.replaceAll('|', '\\|');
  if (last === undefined) return `| ${name} | ${text} | not tried | | |`;
  const { caught, histories: count, runs, commit, date } = last;
  const otherwise =
    expected.by === 'model'
      ? `model: \`${expected.mistake}\` in models/${expected.model}.pml`
      : expected.by === 'equivalent'
        ? 'nothing: equivalent'
        : '**nothing yet**';
  const by = caught === null ? otherwise : caught.invariant;
  const without = `none of ${count} histories${runs > 0 ? ` and ${runs} runs of scenarios` : ''}`;
  const where = caught === null ? without : caught.in;
  return `| ${name} | ${text} | ${isRight(expected, last) ? '' : '**not expected:** '}${by} | ${where} | ${commit}, ${date} |`;
}

function isRight({ by }, { caught }) {
  if (by === 'model') return true;
  return by === 'simulation' ? caught !== null : caught === null;
}
