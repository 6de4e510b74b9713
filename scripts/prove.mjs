import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { namesFrom, orRefuse, readOptions, refusal, refuseBare, wholeNumber } from './arguments.mjs';
import { showHelp } from './help.mjs';

/**
 * The long proofs, one after the other: `npm run prove -- --all | --only PART[,PART] [--histories N] [--write]`. With
 * `--write` what each found goes to docs/proof/ by its own script, and docs/proof/run.json and readme.md say when each
 * part was run last, on which commit, how long it took and whether it held. Ends with 1 when one did not.
 */
const root = resolve(import.meta.dirname, '..');
const record = resolve(root, 'docs/proof/run.json');
const page = resolve(root, 'docs/proof/readme.md');

const partsOf = (histories) => ({
  simulation: {
    about: 'random histories of the real code, every invariant at every step',
    run: ['scripts/simulate.mjs', '--seeds', String(histories)],
    writes: ['--write'],
    far: `${histories.toLocaleString('en')} histories`,
    result: 'simulation.md',
  },
  'kill-points': {
    about: 'killed at every single await of every scenario, and at every pair of the core ones',
    run: ['scripts/kill-points.mjs', '--singles', '--pairs'],
    writes: ['--write'],
    result: 'kill-points.md',
  },
  mistakes: {
    about: 'protocol mistakes made on purpose, each caught or argued',
    run: ['scripts/mistakes.mjs'],
    writes: ['--write'],
    result: 'mistakes.md',
  },
  models: {
    about: 'the protocol as a model, searched exhaustively, each configuration once for the text it has now',
    run: ['scripts/check-models.mjs', '--full', '--missing'],
    result: 'models.md',
  },
  mutation: {
    about: 'every line of the flows changed, and the tests have to notice',
    run: ['scripts/mutate.mjs'],
    result: 'mutation.md',
  },
  'table-model': {
    about: 'the table in memory against real engines',
    run: ['scripts/judge-table.mjs', '--histories', '2000'],
    writes: ['--write'],
    result: 'table-model.md',
  },
  growth: {
    about: 'what a promotion costs, and that open ones cost nothing',
    run: ['scripts/bench.mjs', 'growth', '--time', '10,1000,50000'],
    writes: ['--write'],
    result: 'growth.md',
  },
  slack: {
    about: "200 promotions at once under Slack's limits",
    run: ['scripts/measure-slack.mjs'],
    writes: ['--write'],
    result: 'slack.md',
  },
});

const names = Object.keys(partsOf(1));
const usage = `npm run prove -- --all                every long proof, one after the other: hours on two cores
npm run prove -- --only PART[,PART]   these: ${names.join(', ')}

  --histories N   random histories of the part simulation (1000000)
  --write         what came of it in docs/proof/: the page of each part, and its line in readme.md

The parts mutation and models keep their pages by themselves. Small first tries: npm run simulate -- --seeds 500,
npm run kills -- --singles --only "a good release".`;
showHelp(usage);
refuseBare(usage);
const { only, parts, writes } = orRefuse(() => {
  const given = readOptions(process.argv.slice(2), {
    all: { type: 'boolean', default: false },
    only: { type: 'string' },
    histories: { type: 'string', default: '1000000' },
    write: { type: 'boolean', default: false },
  });
  if (given.all === (given.only !== undefined))
    throw refusal(`Either --all or --only PART[,PART]. Parts: ${names.join(', ')}.`);
  return {
    only: given.all ? names : namesFrom('--only', given.only, names, 'part'),
    parts: partsOf(wholeNumber('--histories', given.histories)),
    writes: given.write,
  };
});

const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const known = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : {};
let failed = 0;
for (const name of only) {
  const { about, run: reads, writes: writing = [], far } = parts[name];
  const run = writes ? [...reads, ...writing] : reads;
  console.log(`\n== ${name}: ${about}`);
  const started = performance.now();
  const { status } = spawnSync(process.execPath, run, { cwd: root, stdio: 'inherit' });
  const minutes = Math.round((performance.now() - started) / 6_000) / 10;
  const held = status === 0;
  if (!held) failed += 1;
  console.log(`== ${name}: ${held ? 'holds' : 'DOES NOT HOLD'}, ${minutes} min`);
  if (!writes) continue;
  const changed = git('status', '--porcelain', '--', 'src') === '' ? '' : ' with changes';
  known[name] = {
    command: `node ${run.join(' ')}`,
    held,
    minutes,
    ...(far === undefined ? {} : { far }),
    commit: `${git('rev-parse', '--short', 'HEAD')}${changed}`,
    date: new Date().toISOString().slice(0, 10),
  };
  write();
}
process.exitCode = failed === 0 ? 0 : 1;

function write() {
  writeFileSync(record, `${JSON.stringify(known, null, 2)}\n`);
  const [cpu] = cpus();
  const rows = Object.entries(parts).map(([name, { about, result }]) => {
    const last = known[name];
    if (last === undefined) return `| [${name}](${result}) | ${about} | see its page | | | |`;
    return `| [${name}](${result}) | ${about} | ${last.held ? 'holds' : '**does not hold**'}${last.far === undefined ? '' : `, ${last.far}`} | ${last.minutes} | ${last.commit} | ${last.date} |`;
  });
  writeFileSync(
    page,
    [
      '# What was proven, and when',
      '',
      `One line for the last run of each part by \`npm run prove -- --only PART --write\`; \`--all\` runs every one. ${cpus().length} cores of ${cpu?.model ?? 'an unknown processor'}, Node ${process.version}. [engine.md](../engine.md) says what it all means.`,
      '',
      '| part | what | result | minutes | commit | date |',
      '|---|---|---|---|---|---|',
      ...rows,
      '',
    ].join('\n'),
  );
}
