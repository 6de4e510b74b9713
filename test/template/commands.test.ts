import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { readTemplate, text } from './template.ts';

const root = resolve(import.meta.dirname, '../..');
const example = join(root, 'examples/pipeline.yml');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-commands-'));
});
afterAll(() => rm(folder, { recursive: true }));

function run(script: string, args: readonly string[], environment: Readonly<Record<string, string>>) {
  const { AWS_REGION: _, AWS_DEFAULT_REGION: __, ...inherited } = process.env;
  return new Promise<{ readonly code: number; readonly told: string }>((done) => {
    const child = execFile(
      process.execPath,
      [join(root, 'scripts', script), ...args],
      { cwd: root, env: { ...inherited, ...environment } },
      (_error, stdout, stderr) => done({ code: child.exitCode ?? 1, told: stdout + stderr }),
    );
  });
}

describe('npm run package', () => {
  it('says everything that is wrong with the pipeline at once, and packages nothing', async () => {
    const file = join(folder, 'wrong.yml');
    await writeFile(file, 'version: 2\napps: {}\n');

    const { code, told } = await run('package.mjs', ['--stage', 'test'], { COUNTERSIGN_PIPELINE: file });

    expect(code).toBe(1);
    expect(told).toMatch(/wrong\.yml:1:.*\n.*wrong\.yml:2:/);
    expect(told).toContain('nothing was packaged');
  });

  it.each([
    ['secretstore=ssm', 'There is no parameter secretstore. There are: secretStore,'],
    ['secretStore=vault', 'secretStore must be ssm or secretsmanager, not vault.'],
    ['keepWarm=yes', 'keepWarm must be true or false, not yes.'],
  ])('refuses the parameter %s and names those that there are', async (param, reason) => {
    const { code, told } = await run('package.mjs', ['--param', param], { COUNTERSIGN_PIPELINE: example });

    expect(code).toBe(1);
    expect(told).toContain(reason);
    expect(told).not.toContain('Packaged in');
  });
});

describe('npm run deploy', () => {
  it.each([
    [[], {}, /Say which stage/],
    [['--stage', 'Prod'], {}, /not "Prod"/],
    [['--stage', 'prod'], {}, /Say which region/],
    [['--stage', 'prod', '--region', 'eu-central-1', '--dry-run'], {}, /--dry-run/],
    [['--stage', 'prod'], { AWS_REGION: 'eu-central-1' }, /There is no pipeline\.yml/],
  ])('refuses %j with %j before anything is made', async (args, environment, reason) => {
    const { code, told } = await run('deploy.mjs', args, { COUNTERSIGN_PIPELINE: example, ...environment });

    expect(code).toBe(1);
    expect(told).toMatch(reason);
    expect(told).not.toContain('Packaged in');
  });
});

describe('countersign manifest', () => {
  it('sends Slack to the address that leads to the function', async () => {
    const template = readTemplate(inject('packagedIn'));
    const { SlackUrl = '' } = template.outputs;

    const { exitCode, stdout } = await runCli(['manifest', '--url', SlackUrl]);

    const { settings } = JSON.parse(stdout) as { settings: { interactivity: { request_url: string } } };
    const { origin, pathname } = new URL(settings.interactivity.request_url);
    const routes = template
      .ofType('AWS::ApiGatewayV2::Route')
      .map(({ properties }) => text(properties['RouteKey']));
    expect(exitCode).toBe(0);
    expect(origin).toBe(new URL(SlackUrl).origin);
    expect(routes).toContain(`POST ${pathname}`);
  });
});
