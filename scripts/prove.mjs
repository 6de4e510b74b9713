import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { namesFrom, orRefuse, readOptions, refusal, refuseBare, wholeNumber } from './arguments.mjs';
import { showHelp } from './help.mjs';
import { endOf, verdictOf, withRun } from './proof-page.mjs';

/**
 * The long proofs, one after the other: `npm run prove -- --all | --only PART[,PART] [--histories N] [--write]`. With
 * `--write` what each found goes to docs/proof/ by its own script, and its own line in readme.md there says whether it
 * held, on which commit and how long it took; all else on that page is written by people. Ends with 1 when one did not
 * hold, with 2 when one could not be run.
 */
const root = resolve(import.meta.dirname, '..');
const page = resolve(root, 'docs/proof/readme.md');
const usualHistories = 1_000_000;

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
    counts: 'npm run mistakes -- --histories N',
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
    counts: 'npm run judge-table -- --histories N',
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

  --histories N   random histories of the part simulation, and of no other (${usualHistories})
  --write         what came of it in docs/proof/: the page of each part, and its line in readme.md

Exit code 0 when all hold, 1 when one does not, 2 when one could not be run: its page and its line stay as they were.

The parts mutation and models keep their pages by themselves. Small first tries: npm run simulate -- --seeds 500,
npm run kills -- --singles --only "a good release".`;
showHelp(usage);
refuseBare(usage);
const { only, parts, writes } = orRefuse(() => {
  const given = readOptions(process.argv.slice(2), {
    all: { type: 'boolean', default: false },
    only: { type: 'string' },
    histories: { type: 'string' },
    write: { type: 'boolean', default: false },
  });
  if (given.all === (given.only !== undefined))
    throw refusal(`Either --all or --only PART[,PART]. Parts: ${names.join(', ')}.`);
  const chosen = given.all ? names : namesFrom('--only', given.only, names, 'part');
  const histories = wholeNumber('--histories', given.histories ?? String(usualHistories));
  const all = partsOf(histories);
  if (given.histories !== undefined && !chosen.includes('simulation')) {
    const own = chosen.flatMap((name) => all[name].counts?.replace('N', histories) ?? []);
    const wayOut = own.length === 0 ? 'Leave it out.' : `Leave it out, or: ${own.join(', ')}.`;
    throw refusal(
      `--histories ${histories} is for the part simulation, not for ${chosen.join(', ')}. ${wayOut}`,
    );
  }
  return { only: chosen, parts: all, writes: given.write };
});

const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
const preload = `--import ${pathToFileURL(resolve(import.meta.dirname, 'crash-code.mjs')).href}`;
const env = { ...process.env, NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} ${preload}`.trim() };
const verdicts = [];
for (const name of only) {
  const part = { name, ...parts[name] };
  const run = writes ? [...part.run, ...(part.writes ?? [])] : part.run;
  console.log(`\n== ${name}: ${part.about}`);
  // Before it runs: others may commit in the meantime.
  const commit = writes ? commitHere() : '';
  const started = performance.now();
  const ended = spawnSync(process.execPath, run, { cwd: root, stdio: 'inherit', env });
  const took = spell((performance.now() - started) / 1000);
  const verdict = verdictOf(ended);
  verdicts.push(verdict);
  const why = verdict === 'could not be run' ? ` (${endOf(ended)}); nothing is known` : '';
  console.log(`== ${name}: ${verdict === 'holds' ? verdict : verdict.toUpperCase()}${why}, ${took}`);
  if (!writes || verdict === 'could not be run') continue;
  const said = verdict === 'holds' ? verdict : `**${verdict}**`;
  const far = part.far === undefined ? '' : `, ${part.far}`;
  const date = new Date().toISOString().slice(0, 10);
  const came = `${said}${far}: ${took} on ${date}, commit ${commit}`;
  // Read only now, since people write on it while hours go by.
  writeFileSync(page, withRun(readFileSync(page, 'utf8'), part, came));
}
process.exitCode = verdicts.includes('does not hold') ? 1 : verdicts.includes('could not be run') ? 2 : 0;

function spell(seconds) {
  return seconds < 60 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(1)} min`;
}

function commitHere() {
  const changed = git('status', '--porcelain', '--', 'src') === '' ? '' : ' with changes';
  return `${git('rev-parse', '--short', 'HEAD')}${changed}`;
}
