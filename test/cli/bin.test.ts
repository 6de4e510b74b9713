import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
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

it('npx countersign says what the table said, and nothing of the SDK about Node before it', async () => {
  const store = createServer((_request, response) => {
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end('{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"No."}');
  });
  await once(store.listen(0, '127.0.0.1'), 'listening');
  const { port } = store.address() as AddressInfo;
  const env = {
    ...process.env,
    AWS_REGION: 'eu-west-1',
    COUNTERSIGN_TABLE: 'another',
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'none',
  };
  try {
    await expect(
      run(process.execPath, [bin, 'audit', 'export', 'p1'], { cwd: tmpdir(), env }),
    ).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^There is no table another /),
    });
  } finally {
    store.close();
  }
}, 60_000);

it('audit verify works where the AWS SDK is not even installed; audit export is what needs it', async () => {
  const root = resolve(import.meta.dirname, '../..');
  await run(process.execPath, [bin, 'help']);
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bin-'));
  const program = join(folder, 'cli.mjs');
  try {
    await cp(join(root, 'dist/cli.mjs'), program);
    await cp(join(root, 'dist/cli'), join(folder, 'cli'), { recursive: true });
    await mkdir(join(folder, 'node_modules'));
    for (const name of ['zod', 'fastest-levenshtein']) {
      await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
    }
    await writeFile(join(folder, 'audit.json'), '{}');
    const env = { ...process.env, AWS_REGION: 'eu-west-1' };

    await expect(
      run(process.execPath, [program, 'audit', 'verify', 'audit.json'], { cwd: folder, env }),
    ).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('audit.json is not an audit') });
    await expect(
      run(process.execPath, [program, 'audit', 'export', 'p1'], { cwd: folder, env }),
    ).rejects.toMatchObject({ stderr: expect.stringContaining("Cannot find package '@aws-sdk/") });
  } finally {
    await rm(folder, { recursive: true });
  }
}, 60_000);
