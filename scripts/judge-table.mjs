import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

/**
 * Judges the simulator's table by the real engines: `node scripts/judge-table.mjs --histories N [--seed S] [--engine E]`.
 * N histories from first seed S on every engine that can run here, each engine in a process of its own. `--write` keeps
 * what came of it in `docs/proof`.
 */
const root = resolve(import.meta.dirname, '..');
const cache = join(root, 'node_modules/.cache');
await mkdir(cache, { recursive: true });
const place = await mkdtemp(join(cache, 'judge-table-'));
try {
  const bundle = join(place, 'judge.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/simulation/judge/main.ts'],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  const given = process.argv.slice(2).filter((one) => one !== '--write');
  const engines = given.includes('--engine')
    ? [[]]
    : [
        ['--engine', 'native'],
        ['--engine', 'dynalite'],
      ];
  const judged = await Promise.all(engines.map((engine) => run(bundle, [...engine, ...given])));
  for (const { told } of judged) console.log(told);
  if (process.argv.includes('--write')) {
    const page = [
      '# The table model, judged by real engines',
      'Every answer of the model and of the engine to the same seeded histories is compared: half of them drive the store itself, half are drawn calls nobody would make. Each engine also gets every known mistake once. Made by `node scripts/judge-table.mjs --histories N --write`.',
      ...judged.map(({ told }) => told.trim()),
    ];
    await mkdir(join(root, 'docs/proof'), { recursive: true });
    await writeFile(join(root, 'docs/proof/table-model.md'), `${page.join('\n\n')}\n`);
  }
  process.exitCode = Math.max(...judged.map(({ code }) => code));
} finally {
  await rm(place, { recursive: true });
}

function run(bundle, args) {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ['--enable-source-maps', '--no-warnings', bundle, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let told = '';
    child.stdout.on('data', (chunk) => {
      told += chunk;
    });
    child.once('error', fail);
    child.once('close', (code) => done({ code: code ?? 1, told }));
  });
}
