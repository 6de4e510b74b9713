import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const bin = resolve(import.meta.dirname, '../../scripts/countersign.mjs');

it('npx countersign builds itself where needed and works from any folder, with nothing but its answer on standard output', async () => {
  const { stdout } = await run(process.execPath, [bin, 'manifest', '--socket'], { cwd: tmpdir() });

  expect(JSON.parse(stdout)).toMatchObject({ settings: { socket_mode_enabled: true } });
}, 60_000);

it('npx countersign hands on the exit code', async () => {
  await expect(run(process.execPath, [bin, 'valdiate'], { cwd: tmpdir() })).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Did you mean validate?'),
  });
}, 60_000);
