import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

const { signals } = constants;
export const root = resolve(import.meta.dirname, '..');

/** A folder of its own inside node_modules, so that what is bundled there finds the packages; removed afterwards. */
export async function inPlace(name, work) {
  const cache = join(root, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const place = await mkdtemp(join(cache, `${name}-`));
  try {
    return await work(place);
  } finally {
    await rm(place, { recursive: true });
  }
}

/** Bundles our own code and leaves packages where they are. */
export async function bundle(entry, outfile, also = {}) {
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
    ...also,
  });
}

/**
 * Runs a bundle to its end and answers what it wrote, shown as well unless it is `quiet`. A signal is answered as a shell
 * does, so that nobody takes it for a verdict.
 */
export function run(file, args, { quiet = false } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, ['--enable-source-maps', '--no-warnings', file, ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let told = '';
    child.stdout.on('data', (chunk) => {
      told += chunk;
      if (!quiet) process.stdout.write(chunk);
    });
    child.once('error', fail);
    child.once('close', (code, signal) => done({ code: code ?? 128 + signals[signal], told }));
  });
}
