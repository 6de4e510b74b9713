import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'countersign-serve-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const rightEnvironment = {
  SLACK_BOT_TOKEN: 'xoxb-0123456789-test',
  SLACK_SIGNING_SECRET: '0123456789abcdef0123456789abcdef',
  SLACK_APP_ID: 'A0123456789',
  SLACK_TEAM_ID: 'T0123456789',
  GITHUB_TOKEN: 'ghp_0123456789012345678901234567890123456789',
  AWS_REGION: 'eu-west-1',
};

function serve(environment: Record<string, string>): Promise<{ code: number; output: string }> {
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  return new Promise((done) => {
    execFile(
      process.execPath,
      ['scripts/serve.mjs'],
      { cwd: root, env, timeout: 30_000 },
      (error, stdout, stderr) => {
        done({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
      },
    );
  });
}

describe('npm run serve', () => {
  it('starts nothing without its settings, and names every one that is missing at once, without repeating a secret', async () => {
    const { code, output } = await serve({ SLACK_BOT_TOKEN: 'xoxp-the-wrong-kind-of-secret' });

    expect(code).toBe(1);
    for (const variable of [
      'SLACK_BOT_TOKEN',
      'SLACK_SIGNING_SECRET',
      'SLACK_APP_ID',
      'SLACK_TEAM_ID',
      'GITHUB_TOKEN',
      'AWS_REGION',
    ]) {
      expect(output).toContain(variable);
    }
    expect(output).toContain('Countersign did not start');
    expect(output).not.toContain('the-wrong-kind');
  });

  it('starts nothing on a pipeline file with mistakes, and names each with its line', async () => {
    const file = join(folder, 'pipeline.yml');
    writeFileSync(file, 'version: 1\napps:\n  site:\n    enviroments: {}\n');

    const { code, output } = await serve({ ...rightEnvironment, COUNTERSIGN_PIPELINE: file });

    expect(code).toBe(1);
    expect(output).toMatch(/pipeline\.yml:4:\d+ .*environments/);
    expect(output).toContain('Countersign did not start');
  });
});
