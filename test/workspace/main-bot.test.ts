import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BotProcess, createBotProcess, freePort } from '../../workspace/bot-process.ts';

const fakeBot = `
import { createServer } from 'node:http';
console.log(JSON.stringify({ msg: 'environment', keys: Object.keys(process.env).sort() }));
if (process.env.BROKEN) { console.error('SLACK_BOT_TOKEN is not set'); process.exit(3); }
createServer((_, response) => response.end('bot')).listen(Number(process.env.COUNTERSIGN_PORT), '127.0.0.1');
process.on('SIGTERM', () => { console.log('tidied up'); process.exit(0); });
`;

let folder: string;
let script: string;
let bot: BotProcess | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bot-'));
  script = join(folder, 'bot.mjs');
  await writeFile(script, fakeBot);
});

afterEach(async () => {
  await bot?.kill();
  await rm(folder, { recursive: true, force: true });
});

async function fakeProcess(environment: Record<string, string> = {}): Promise<BotProcess> {
  const port = await freePort(0);
  bot = createBotProcess({ script, port, environment: { COUNTERSIGN_PORT: String(port), ...environment } });
  return bot;
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('the bot as a process', () => {
  it('runs once its port answers, and knows nothing but what it was given', async () => {
    const process = await fakeProcess({ SLACK_BOT_TOKEN: 'x' });
    const status = await process.start();
    expect(status).toMatchObject({ state: 'running', starts: 1, ended: null });
    const [first = '{}'] = status.log;
    const { keys } = JSON.parse(first) as { keys: string[] };
    // NODE_CHANNEL_* is how Node passes the leash on.
    expect(keys.filter((key) => !key.startsWith('NODE_CHANNEL'))).toEqual([
      'COUNTERSIGN_PORT',
      'SLACK_BOT_TOKEN',
    ]);
  });

  it('is gone after a kill, without having tidied up, and starts again', async () => {
    const process = await fakeProcess();
    const { pid } = await process.start();
    const killed = await process.kill();
    expect(killed).toMatchObject({ state: 'stopped', pid: null, ended: 'killed by SIGKILL' });
    expect(killed.log.join('\n')).not.toContain('tidied up');
    const again = await process.start();
    expect(again).toMatchObject({ state: 'running', starts: 2 });
    expect(again.pid).not.toBe(pid);
  });

  it('may tidy up on a restart', async () => {
    const process = await fakeProcess();
    await process.start();
    const status = await process.restart();
    expect(status).toMatchObject({ state: 'running', starts: 2 });
    expect(status.log.join('\n')).toContain('tidied up');
  });

  it('starts only once, however often it is asked to', async () => {
    const process = await fakeProcess();
    const [first, second] = await Promise.all([process.start(), process.start()]);
    expect([first.pid === second.pid, second.starts]).toEqual([true, 1]);
  });

  it('says how it ended when it cannot start, and what it wrote', async () => {
    const process = await fakeProcess({ BROKEN: '1' });
    const status = await process.start();
    await vi.waitFor(() => expect(process.status().log.join('\n')).toContain('SLACK_BOT_TOKEN is not set'));
    expect(status).toMatchObject({ state: 'stopped', ended: 'exit code 3' });
  });

  it('ends with its workspace, even when that is killed', async () => {
    const owner = join(folder, 'owner.mjs');
    const port = await freePort(0);
    await build({
      stdin: {
        contents: `
          import { createBotProcess } from './workspace/bot-process.ts';
          const bot = createBotProcess({ script: ${JSON.stringify(script)}, port: ${port}, environment: { COUNTERSIGN_PORT: '${port}' } });
          bot.start().then((status) => console.log(status.pid));`,
        resolveDir: resolve(import.meta.dirname, '../..'),
        loader: 'ts',
      },
      outfile: owner,
      bundle: true,
      platform: 'node',
      format: 'esm',
    });
    const workspace = spawn(process.execPath, [owner], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve) => {
      workspace.stdout.once('data', (data: Buffer) => resolve(Number(data.toString())));
    });
    expect(isAlive(pid)).toBe(true);
    workspace.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 5_000 });
  });
});
