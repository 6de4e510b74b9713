import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { changed, validPipeline } from '../config/valid-pipeline.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-cli-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function validate(text: string) {
  const file = join(folder, 'pipeline.yml');
  await writeFile(file, text);
  const { exitCode, stdout, stderr } = await runCli(['validate', file]);
  return { exitCode, stderr, stdout: stdout.replaceAll(`${folder}/`, '') };
}

describe('countersign validate', () => {
  it('finds nothing wrong with the example', async () => {
    const example = resolve(import.meta.dirname, '../../examples/pipeline.yml');

    const { exitCode, stdout } = await runCli(['validate', example]);

    expect({ exitCode, head: stdout.split('\n')[0] }).toEqual({
      exitCode: 0,
      head: `${example} is valid: 1 app, 1 environment.`,
    });
  });

  it('says in a few lines what the file means', async () => {
    const { exitCode, stdout } = await validate(validPipeline);

    expect(exitCode).toBe(0);
    expect(stdout).toContain('pipeline.yml is valid: 2 apps, 3 environments.');
    expect(stdout).toContain(
      [
        '  production',
        '    target       cloudfront-blue-green',
        '    asked for by any full member',
        '    approvals    2 of 3 people, then 1m30s to cancel, expires after 24h',
        '    gates        github-workflow',
        '    verify       version-meta, http, partner, 3 in a row',
        '    watch        15m, every 1m: cloudwatch-alarms',
        '    way back     1 person, 1 approval',
        '    on-call      1 group',
      ].join('\n'),
    );
    expect(stdout).toContain('    approvals    none needed');
  });

  it('prints each problem as file, line and column, in the order of the file, and counts them', async () => {
    const text = changed('soak: 15m', 'soak: 15', changed('required: 2', 'requierd: 2'));

    const answer = await validate(text);

    expect(answer).toEqual({
      exitCode: 1,
      stderr: '',
      stdout: [
        'pipeline.yml:28:11 apps.site.environments.production.approvals.requierd: is not a key here (did you mean "required"?)',
        'pipeline.yml:60:17 apps.site.environments.production.watch.soak: is a number without a unit; write 15s, 15m or 15h',
        '',
        '2 problems',
        '',
      ].join('\n'),
    });
  });

  it('shows what is allowed and seldom meant as a warning', async () => {
    const { exitCode, stdout } = await validate(changed('E2STAGING0001', 'E2NORTHWIND01'));

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^warning pipeline\.yml:\d+:\d+ .*CloudFront distribution E2NORTHWIND01/m);
  });

  it('says that the file does not exist', async () => {
    const { exitCode, stdout } = await runCli(['validate', join(folder, 'none.yml')]);

    expect(exitCode).toBe(1);
    expect(stdout).toContain('none.yml:1:1 does not exist');
  });

  it('takes one file', async () => {
    expect((await runCli(['validate', 'a.yml', 'b.yml'])).exitCode).toBe(2);
  });
});

describe('countersign', () => {
  it.each([
    [[], /Say what to do/],
    [['valdiate'], /no command "valdiate"\. Did you mean validate\?/],
    [['frobnicate'], /no command "frobnicate"\.\n/],
    [['toString'], /no command "toString"/],
    [['help', 'manifst'], /Did you mean manifest\?/],
  ])('refuses %j with exit code 2', async (args, message) => {
    const answer = await runCli(args);

    expect(answer).toMatchObject({ exitCode: 2, stdout: '' });
    expect(answer.stderr).toMatch(message);
  });

  it.each([['help'], ['--help'], ['help', 'validate'], ['validate', '--help']])(
    'explains itself on request: %s %s',
    async (...args) => {
      const { exitCode, stdout } = await runCli(args.filter((word) => word !== undefined));

      expect(exitCode).toBe(0);
      expect(stdout).toContain('countersign validate [FILE]');
    },
  );
});
