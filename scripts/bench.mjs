import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

/** Runs one bench: `node scripts/bench.mjs growth [--write] [--time 10,1000,50000]`. */
const root = resolve(import.meta.dirname, '..');
const [name = 'growth', ...given] = process.argv.slice(2);
const cache = join(root, 'node_modules/.cache');
await mkdir(cache, { recursive: true });
const place = await mkdtemp(join(cache, 'bench-'));
try {
  const bundle = join(place, `${name}.mjs`);
  await build({
    absWorkingDir: root,
    entryPoints: [`bench/${name}.ts`],
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
    const child = spawn(process.execPath, ['--enable-source-maps', '--no-warnings', bundle, ...given], {
      cwd: root,
      stdio: 'inherit',
    });
    child.once('error', fail);
    child.once('exit', (code) => done(code ?? 1));
  });
} finally {
  await rm(place, { recursive: true });
}
