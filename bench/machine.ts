import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { cpus, loadavg, totalmem } from 'node:os';
import { promisify } from 'node:util';

/** What the times were taken on, and of what. */
export interface Machine {
  readonly processor: string;
  readonly memoryGB: number;
  /** How busy it was in the last minute, ours included. */
  readonly load: number;
  readonly node: string;
  readonly versions: Readonly<Record<string, string>>;
}

const told = [
  '@slack/bolt',
  '@slack/web-api',
  '@aws-sdk/client-dynamodb',
  '@octokit/rest',
  'pino',
  'zod',
  'aws4',
  'esbuild',
];

export async function machineOf(node: string): Promise<Machine> {
  const { stdout } = await promisify(execFile)(node, ['--version']);
  const versions = await Promise.all(
    told.map(async (name) => {
      const { version } = JSON.parse(await readFile(`node_modules/${name}/package.json`, 'utf8')) as {
        version: string;
      };
      return [name, version] as const;
    }),
  );
  return {
    processor: `${cpus().length} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}`,
    memoryGB: Math.round(totalmem() / 1024 ** 3),
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    node: stdout.trim(),
    versions: Object.fromEntries(versions),
  };
}
