import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { expect, it } from 'vitest';
import { findNativeEngine } from '../../../workspace/dynamodb/index.ts';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function lineFrom(child: ChildProcess): Promise<string> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes('\n')) return text.trim();
  }
  throw new Error('the process said nothing');
}

it.skipIf(findNativeEngine() === undefined)(
  'the native engine ends when the process that started it is killed',
  async () => {
    const root = join(import.meta.dirname, '../../..');
    // Beside the packages, so that the script finds the engine the way the workspace does.
    const folder = mkdtempSync(join(root, 'node_modules', '.orphan-'));
    const elsewhere = mkdtempSync(join(tmpdir(), 'orphan-'));
    const script = join(folder, 'parent.mjs');
    let child: ChildProcess | undefined;
    try {
      buildSync({
        stdin: {
          contents: `
            import { startNativeEngine } from './workspace/dynamodb/native-engine.ts';
            const engine = await startNativeEngine({ dataDir: ${JSON.stringify(elsewhere)} });
            console.log(engine.pid);
            setInterval(() => {}, 1000);`,
          resolveDir: root,
        },
        bundle: true,
        platform: 'node',
        format: 'esm',
        outfile: script,
      });
      child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
      const enginePid = Number(await lineFrom(child));
      expect(isAlive(enginePid)).toBe(true);

      child.kill('SIGKILL');

      for (let tries = 0; tries < 200 && isAlive(enginePid); tries += 1) await pause(10);
      expect(isAlive(enginePid)).toBe(false);
    } finally {
      child?.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
      rmSync(elsewhere, { recursive: true, force: true });
    }
  },
);
