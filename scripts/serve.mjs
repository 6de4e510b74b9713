// npm run serve: the bot as one long-running process against the real Slack, GitHub and AWS of your environment.
import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { installPackages } from './install.mjs';
import { requireNode } from './require-node.mjs';

const root = resolve(import.meta.dirname, '..');

try {
  requireNode();
  await installPackages();
  const { build } = await import('./build.mjs');
  const { server } = await build({ only: ['server'] });
  if (server === 'absent') throw new Error('src/handlers/server.ts is missing; there is no bot to run.');
  // A process of its own, so that signals and exit codes are the bot's.
  const bot = spawn(
    process.execPath,
    ['--enable-source-maps', join(root, 'dist/server.mjs'), ...process.argv.slice(2)],
    {
      stdio: 'inherit',
    },
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => bot.kill(signal));
  bot.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1);
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
