import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

/**
 * Kills the bot at every single await of every scenario, and at every pair of the core ones:
 * `node scripts/kill-points.mjs [--singles] [--pairs] [--workers 2] [--json FILE]`. One run again, with its trace:
 * `--only NAME --at 12`, or with `--pairs` `--at 12,40`.
 */
const root = resolve(import.meta.dirname, '..');
const cache = join(root, 'node_modules/.cache');
await mkdir(cache, { recursive: true });
const place = await mkdtemp(join(cache, 'kill-points-'));
try {
  const bundle = join(place, 'main.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/simulation/kills/main.ts'],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  process.exitCode = await new Promise((done, fail) => {
    const child = spawn(process.execPath, ['--no-warnings', bundle, ...process.argv.slice(2)], {
      cwd: root,
      stdio: 'inherit',
    });
    child.once('error', fail);
    child.once('exit', (code) => done(code ?? 1));
  });
} finally {
  await rm(place, { recursive: true });
}
