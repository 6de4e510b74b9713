import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

/**
 * Judges the simulator's table by the real engines: `node scripts/judge-table.mjs --histories N [--seed S] [--engine E]`.
 * N histories from first seed S on every engine that can run here, each engine in a process of its own.
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
  const given = process.argv.slice(2);
  const engines = given.includes('--engine')
    ? [[]]
    : [
        ['--engine', 'native'],
        ['--engine', 'dynalite'],
      ];
  const codes = await Promise.all(engines.map((engine) => run(bundle, [...engine, ...given])));
  process.exitCode = Math.max(...codes);
} finally {
  await rm(place, { recursive: true });
}

function run(bundle, args) {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ['--enable-source-maps', '--no-warnings', bundle, ...args], {
      stdio: 'inherit',
    });
    child.once('error', fail);
    child.once('exit', (code) => done(code ?? 1));
  });
}
