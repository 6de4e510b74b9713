import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';

/**
 * Measures what 200 promotions at once do to Slack: `node scripts/measure-slack.mjs [--promotions N] [--seed S] [--write]`.
 * Fails where Slack's limits are met, an end is drawn late, or something is lost. `--write` puts the table into
 * `docs/proof/slack.md`.
 */
const root = resolve(import.meta.dirname, '..');
const page = join(root, 'docs/proof/slack.md');
const [begin, end] = ['<!-- measured -->', '<!-- end -->'];
const cache = join(root, 'node_modules/.cache');
await mkdir(cache, { recursive: true });
const place = await mkdtemp(join(cache, 'measure-slack-'));
try {
  const bundle = join(place, 'measure.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['test/bot/load/main.ts'],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  const { code, told } = await run(
    bundle,
    process.argv.slice(2).filter((one) => one !== '--write'),
  );
  if (code === 0 && process.argv.includes('--write')) {
    const text = await readFile(page, 'utf8');
    const [before] = text.split(begin);
    const [, after] = text.split(end);
    await writeFile(page, `${before}${begin}\n${told.trim()}\n${end}${after}`);
  }
  process.exitCode = code;
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
      process.stdout.write(chunk);
    });
    child.once('error', fail);
    child.once('close', (code) => done({ code: code ?? 1, told }));
  });
}
