import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  counted,
  goneJudges,
  metWritten,
  pageOf,
  skippedOf,
  tableOf,
  writtenDown,
} from '../test/peers/counting.mjs';
import { sourcesHere, whyRefused } from '../test/peers/heard.mjs';
import { allJudges } from '../test/peers/judges.mjs';
import { namesFrom, orRefuse, readOptions, refusal } from './arguments.mjs';
import { root } from './bundled.mjs';
import { showHelp } from './help.mjs';

/**
 * Lets servers, models and payloads that others wrote judge us:
 * `node scripts/peers.mjs [--only ID,ID] [--strict] [--write] [--offline] [--heard FOLDER]`.
 * One table, one line for each judge; the same as JSON in `test-results/judges.json`, and with `--write` kept in
 * `docs/judges.md`, how many cases each judge has in `test/peers/cases.json`, how often its divergences are met in
 * `test/peers/met.json`. A judge that is missing is a counted skip;
 * with `--strict` or `CI=true` it fails where npm or Debian has it, and so does one that tries less than is written down.
 * `--offline` installs nothing. `--heard FOLDER` takes what a part left there as `ID.json` when it ran by itself
 * with COUNTERSIGN_JUDGE_RESULT, instead of running it once more; where that is of other sources it says so and runs it.
 */
const all = await allJudges();
showHelp(`npm run test:peers -- [--only ID,ID] [--strict] [--write] [--offline] [--heard FOLDER]
  Lets servers, models and payloads that others wrote judge us. IDs: ${all.map(({ id }) => id).join(', ')}.

  --strict    a judge that is missing fails, where npm or Debian has it; so do fewer cases than are written down
              in test/peers/cases.json, skips that the judge does not list, and divergences that are met
              more often or less often than is written in test/peers/met.json
  --write     the table in docs/judges.md, and what has become more in test/peers/cases.json and met.json
  --offline   installs nothing     --heard FOLDER   takes what a part left there when it ran by itself`);
const { values, only } = orRefuse(() => {
  const given = readOptions(process.argv.slice(2), {
    only: { type: 'string' },
    strict: { type: 'boolean', default: process.env['CI'] === 'true' },
    write: { type: 'boolean', default: false },
    offline: { type: 'boolean', default: false },
    heard: { type: 'string' },
  });
  if (given.write && given.only !== undefined)
    throw refusal('--write is for all judges: leave out --only, or do not write.');
  if (given.heard !== undefined && !existsSync(given.heard))
    throw refusal(`--heard ${given.heard}: there is no such folder.`);
  const ids = all.map(({ id }) => id);
  return {
    values: given,
    only: given.only === undefined ? ids : namesFrom('--only', given.only, ids, 'judge'),
  };
});
const peers = join(root, 'test/peers');
const casesFile = join(peers, 'cases.json');
const casesOf = JSON.parse(await readFile(casesFile, 'utf8'));
const metFile = join(peers, 'met.json');
const metOf = JSON.parse(await readFile(metFile, 'utf8'));
const gone = goneJudges({ ...casesOf, ...metOf }, all);
const sources = values.heard === undefined ? undefined : sourcesHere();
const place = await mkdtemp(join(root, 'node_modules/.cache/judges-')).catch(async () => {
  await mkdir(join(root, 'node_modules/.cache'), { recursive: true });
  return mkdtemp(join(root, 'node_modules/.cache/judges-'));
});

const modifiedMs = (file) =>
  stat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );

/**
 * Packages of judges are nobody else's business: they are installed where and when they are needed. What one of them
 * has built is kept, unlike with `npm ci`.
 */
async function install() {
  const [wanted, there] = await Promise.all([
    modifiedMs(join(peers, 'package-lock.json')),
    modifiedMs(join(peers, 'node_modules/.package-lock.json')),
  ]);
  if (values.offline || there >= wanted) return;
  console.log('Installing the packages of test/peers …');
  const { status } = spawnSync(
    'npm',
    ['install', '--ignore-scripts', '--no-save', '--no-fund', '--no-audit', '--loglevel=error'],
    {
      cwd: peers,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  if (status !== 0) console.log('They could not be installed.');
}

/** A network of its own with nothing but loopback: one judge binds every address there is, and none has to reach out. */
const alone = ['-n', '-rn']
  .map((flag) => ['unshare', flag, 'sh', '-c', 'ip link set lo up && exec "$0" "$@"'])
  .find(([command, ...args]) => spawnSync(command, [...args, 'true'], { stdio: 'ignore' }).status === 0);

const outputOf = (command, args, env) =>
  new Promise((done, fail) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let told = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        told += chunk;
      });
    child.once('error', fail);
    child.once('close', (code) => done({ code: code ?? 1, told }));
  });

/** Runs one judge's part in a process and a network of its own. */
async function heard(judge) {
  const about = { id: judge.id, name: judge.name, judges: judge.judges, from: judge.from };
  const nothing = {
    ...about,
    version: '–',
    cases: 0,
    passed: 0,
    failed: 0,
    skipped: [],
    divergences: [],
    problems: [],
    seconds: 0,
  };
  let version;
  let env;
  try {
    version = judge.version();
    if (judge.alone && alone === undefined)
      throw new Error('no network namespace can be made here (unshare, ip)');
    env = judge.env?.() ?? {};
  } catch (error) {
    return { ...nothing, missing: error.message };
  }
  const startedMs = performance.now();
  const told = await ownResult(judge.id).then((known) => known ?? run(judge, env));
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  if (told.result === null)
    return {
      ...nothing,
      version,
      seconds,
      missing: null,
      problems: [`its part did not run (${told.code}):\n${told.text.slice(-3_000)}`],
    };
  const demands = { strict: values.strict, atLeast: casesOf[judge.id], written: metOf[judge.id] };
  return { ...about, version, seconds, missing: null, ...counted(judge, told, demands) };
}

const resultIn = (file) => readFile(file, 'utf8').then(JSON.parse, () => null);

/** What a part left that ran by itself; it failed then and there if it failed. */
async function ownResult(id) {
  if (values.heard === undefined) return null;
  const result = await resultIn(join(values.heard, `${id}.json`));
  if (result === null) return null;
  const why = whyRefused(result, sources);
  if (why === null) return { result, code: 0, text: '' };
  console.log(`${id}: what it left is not taken, and it is heard once more: ${why}.`);
  return null;
}

async function run(judge, env) {
  await judge.prepare?.();
  const file = join(place, `${judge.id}.json`);
  const vitest = [
    process.execPath,
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--config',
    judge.config ?? 'vitest.peers.config.ts',
    ...(judge.names === undefined ? [] : ['--testNamePattern', judge.names]),
  ];
  const [command, ...args] = [...(alone ?? []), ...vitest];
  const { code, told: text } = await outputOf(command, args, {
    ...process.env,
    NO_COLOR: '1',
    ...env,
    COUNTERSIGN_JUDGE_FILES: JSON.stringify(judge.files ?? []),
    COUNTERSIGN_JUDGE_RESULT: file,
  });
  return { result: await resultIn(file), code, text };
}

try {
  await install();
  const waiting = all.filter(({ id }) => only.includes(id));
  const results = new Map();
  const work = async (queue) => {
    for (let judge = queue.shift(); judge !== undefined; judge = queue.shift()) {
      const result = await heard(judge);
      results.set(judge, result);
      console.log(
        `${result.name}: ${result.missing === null ? `${result.passed} of ${result.cases} passed, ${result.seconds} s` : `missing, ${result.missing}`}`,
      );
    }
  };
  // Two cores are what a machine is sure to have.
  const patient = waiting.filter(({ quiet }) => quiet !== true);
  await Promise.all([work(patient), work(patient)]);
  await work(waiting.filter(({ quiet }) => quiet === true));
  const ordered = all.flatMap((judge) => results.get(judge) ?? []);

  await mkdir(join(root, 'test-results'), { recursive: true });
  await writeFile(join(root, 'test-results/judges.json'), `${JSON.stringify(ordered, null, 2)}\n`);
  if (values.write) {
    const git = (...words) => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim();
    const changed =
      git('status', '--porcelain', '--', 'src', 'workspace', 'test') === ''
        ? ''
        : ', and what is not committed yet';
    const made = `Last made on ${new Date().toISOString().slice(0, 10)}, of commit ${git('rev-parse', '--short', 'HEAD')}${changed}.`;
    await writeFile(join(root, 'docs/judges.md'), pageOf(ordered, made));
    await writeFile(casesFile, `${JSON.stringify(writtenDown(casesOf, ordered), null, 2)}\n`);
    await writeFile(metFile, `${JSON.stringify(metWritten(metOf, ordered), null, 2)}\n`);
  }

  for (const { name, divergences } of ordered)
    for (const each of divergences)
      console.log(`\n${name}: ${each.name} (met ${each.met} times). ${each.reason}`);
  for (const { name, problems } of ordered)
    for (const problem of problems) console.log(`\nFAILED ${name}: ${problem}`);
  const owed = ordered.filter(({ missing, from }) => missing !== null && from !== null);
  if (values.strict)
    for (const { name, missing, from } of owed)
      console.log(`\nFAILED ${name}: ${missing}; it can be had from ${from}`);
  for (const id of gone)
    console.log(`\nFAILED ${id}: there is no such judge any more, and its cases are written down`);
  console.log(`\n${tableOf(ordered)}\n`);

  const total = (count) => ordered.reduce((sum, one) => sum + count(one), 0);
  const failed = total(({ problems }) => problems.length) + gone.length + (values.strict ? owed.length : 0);
  console.log(`${total(({ passed }) => passed)} passed, ${failed} failed, ${total(skippedOf)} skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  await rm(place, { recursive: true, force: true });
}
