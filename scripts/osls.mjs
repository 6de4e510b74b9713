import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { root } from './bundled.mjs';

const program = createRequire(import.meta.url).resolve('osls/bin/serverless.js');

/** Runs osls in the repository, without its telemetry and news. Rejects when it fails; it has said why by then. */
export async function osls(args, { cwd = root } = {}) {
  const code = await new Promise((done, failed) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd,
      stdio: ['inherit', 'inherit', 'inherit'],
      env: { ...process.env, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' },
    });
    child.once('error', failed);
    child.once('close', (code) => done(code ?? 1));
  });
  if (code !== 0) throw new Error(`osls ${args[0]} ended with code ${code}; the reason is above.`);
}
