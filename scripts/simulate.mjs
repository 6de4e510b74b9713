import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { historiesAsked, orRefuse, readOptions, refuseBare } from './arguments.mjs';
import { bundle, inPlace, root } from './bundled.mjs';
import { showHelp } from './help.mjs';

const usage = `Plays seeded histories of the real code in a simulated world, and checks every invariant at every step.

  npm run simulate -- --seeds N [--seed S]   N histories, from first seed S (1)
  npm run simulate -- --seed S               one history, told line by line

  --workers N   processes (one per core)     --json FILE   the figures as JSON
  --trace N     lines of a told history      --no-shrink   do not look for a shorter history after a failure
  --write       what came of it in docs/proof/simulation.md`;

/** Stands on the page below the figures: by hand, since a profile told it. */
const speed =
  'The prototype that the target of ten times comes from took 0.86 ms of a core for a history of 280 awaits, 3 µs each; it was some hundred lines, without outbox, hand-over or second resource. What a history takes here stands above: about 30 times that, 12 to 15 times per await. Where it goes: nearly a third is the store (a fifth writing one promotion: its schema and its JSON), a third the model of the table and the checks of the invariants, an eighth the flows, the rest the runtime. Leaving out the schema of each save altogether would gain a tenth. Ten times is not within reach without playing something else than the real code.';

showHelp(usage);
refuseBare(usage);
const { options, asked } = orRefuse(() => {
  const given = readOptions(process.argv.slice(2), {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    workers: { type: 'string', default: String(cpus().length) },
    trace: { type: 'string', default: '400' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
    'no-shrink': { type: 'boolean', default: false },
  });
  const histories = historiesAsked(given);
  if (histories === undefined) refuseBare(usage, []);
  return { options: given, asked: histories };
});

let file = '';
process.exitCode = await inPlace('simulate', (place) => {
  file = join(place, 'simulate.mjs');
  return main();
});

async function main() {
  await bundle('test/simulation/main.ts', file);
  return playSeeds(asked.count, asked.first);
}

async function playSeeds(seeds, first) {
  if (seeds === 1) return show(['one', first, asked.trace]);
  const workers = Math.min(asked.workers, seeds);
  const started = performance.now();
  const tallies = await Promise.all(
    Array.from({ length: workers }, async (_, index) => {
      const count = Math.floor(seeds / workers) + (index < seeds % workers ? 1 : 0);
      const lines = await collect(['seeds', first + index, count, workers]);
      const tally = lines.findLast((line) => line.tally !== undefined)?.tally;
      if (tally === undefined) throw new Error('a simulating process ended early');
      return tally;
    }),
  );
  const total = tallies.reduce(merged);
  const seconds = (performance.now() - started) / 1000;
  const { missing, impossible, told } = await judgeCoverage(total);
  const failed = total.failures.length;

  const figures = [
    `${total.histories} histories in ${seconds.toFixed(0)} s on ${workers} processes: ${(total.histories / seconds).toFixed(0)} a second, ${(total.cpuMs / total.histories).toFixed(1)} ms of one core each`,
    `${(total.points / 1e6).toFixed(2)} M awaits (${Math.round(total.points / total.histories)} each), ${total.saves} saves, ${Math.round(total.virtualSeconds / 3600)} h of virtual time`,
    `ends: ${sorted(total.ends)
      .map(([end, count]) => `${end} ${count}`)
      .join(', ')}`,
    `coverage: ${told}`,
    `violations: ${Object.values(total.failed).reduce((sum, count) => sum + count, 0)}`,
  ];
  for (const line of figures) console.log(line);
  for (const cell of missing) console.log(`  NEVER MET: ${cell}`);
  for (const [invariant, count] of sorted(total.failed)) console.log(`  BROKEN ${count} times: ${invariant}`);
  for (const { seed, violation } of total.failures.slice(0, 10)) {
    console.log(`  seed ${seed}: ${violation.invariant}: ${violation.text}`);
    console.log(`    npm run simulate -- --seed ${seed}`);
  }
  if (options.write) await writeProof(figures, total, { first, impossible, missing });
  await write({ first, workers, seconds, ...total, missing });
  if (failed > 0 && !options['no-shrink']) {
    console.log(`\nlooking for a shorter history than that of seed ${total.failures[0].seed} …`);
    await show(['shrink', String(total.failures[0].seed), '300']);
  }
  if (missing.length > 0) console.log('\nVACUOUS: this run did not try what it is meant to try.');
  return failed > 0 || missing.length > 0 ? 1 : 0;
}

function child(args, stdout) {
  return spawn(
    process.execPath,
    ['--enable-source-maps', '--no-warnings', '--max-semi-space-size=128', file, ...args.map(String)],
    { stdio: ['ignore', stdout, 'inherit'] },
  );
}

/** Every line that a process answers, as JSON. */
async function collect(args) {
  const started = child(args, 'pipe');
  const ended = new Promise((done, fail) => {
    started.on('error', fail);
    started.on('exit', done);
  });
  const lines = [];
  for await (const line of createInterface({ input: started.stdout })) {
    const said = JSON.parse(line);
    if (said.heard === undefined) lines.push(said);
  }
  const code = await ended;
  if (code !== 0) throw new Error(`a simulating process ended with ${code}`);
  return lines;
}

/** Lets a process tell its story itself. */
function show(args) {
  return new Promise((done, fail) => {
    const started = child(args, 'inherit');
    started.on('error', fail);
    started.on('exit', (code) => done(code ?? 1));
  });
}

async function judgeCoverage({ cells, histories }) {
  const [answer] = await collectWithInput(['coverage', String(histories)], JSON.stringify(cells));
  return answer;
}

function collectWithInput(args, input) {
  return new Promise((done, fail) => {
    const started = spawn(process.execPath, ['--no-warnings', file, ...args], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let text = '';
    started.stdout.on('data', (chunk) => {
      text += chunk;
    });
    started.on('error', fail);
    started.on('exit', () =>
      done(
        text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ),
    );
    started.stdin.end(input);
  });
}

function addUp(into, from) {
  for (const [key, count] of Object.entries(from)) into[key] = (into[key] ?? 0) + count;
}

function merged(a, b) {
  for (const key of ['histories', 'points', 'saves', 'virtualSeconds', 'cpuMs']) a[key] += b[key];
  for (const key of ['ends', 'cells', 'failed']) addUp(a[key], b[key]);
  a.failures.push(...b.failures);
  return a;
}

function sorted(counts) {
  return Object.entries(counts).sort(([, a], [, b]) => b - a);
}

/** The figures, and every cell that was met, for whoever wants to see what was tried. */
async function writeProof(figures, { cells, histories }, { first, impossible, missing }) {
  const groups = new Map();
  for (const [cell, count] of Object.entries(cells)) {
    const [group = '', ...rest] = cell.split(' ');
    groups.set(group, [...(groups.get(group) ?? []), [rest.join(' '), count]]);
  }
  const page = [
    '# Random histories of the real code',
    `Made by \`npm run simulate -- --seeds ${histories} --seed ${first} --write\` on ${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model.trim()}).`,
    figures.map((line) => `- ${line}`).join('\n'),
    missing.length === 0 ? '' : `Never met: ${missing.join(', ')}.`,
    '## Speed',
    speed,
    '## Not to be met, and why',
    impossible.map(({ cell, why }) => `- ${cell}: ${why}`).join('\n'),
    '## Met',
    ...[...groups]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([group, met]) => [
        `### ${group}`,
        `| what | times |\n| --- | ---: |\n${met
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([what, count]) => `| ${what} | ${count} |`)
          .join('\n')}`,
      ]),
  ];
  await mkdir(join(root, 'docs/proof'), { recursive: true });
  await writeFile(
    join(root, 'docs/proof/simulation.md'),
    `${page.filter((part) => part !== '').join('\n\n')}\n`,
  );
}

async function write(figures) {
  if (asked.json === undefined) return;
  await mkdir(dirname(asked.json), { recursive: true });
  await writeFile(asked.json, `${JSON.stringify(figures, null, 1)}\n`);
}
