import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { lambdaRuntime } from './runtime.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The template and the artifacts, as `npm run package` makes them. */
    readonly packagedForLambdaIn: string;
    /** The same, with secrets in the Secrets Manager. */
    readonly packagedForSecretsManagerIn: string;
  }
}

interface Packaging {
  packageService(options: {
    readonly args: readonly string[];
    readonly place: string;
    readonly pipeline: string;
    readonly log: (line: string) => void;
  }): Promise<void>;
}

/** Packages once for all files of this run, the example's pipeline in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  lambdaRuntime();
  for (const name of ['COUNTERSIGN_ALARM_TOPIC', 'COUNTERSIGN_SECRETS_KEY']) delete process.env[name];
  const script = '../../scripts/package-service.mjs';
  const { packageService } = (await import(script)) as Packaging;
  const folder = await mkdtemp(join(tmpdir(), 'countersign-lambda-'));
  const pipeline = join(import.meta.dirname, '../../examples/pipeline.yml');
  const packaged = async (store: string) => {
    const place = join(folder, store);
    const args = ['--stage', 'test', '--param', `secretStore=${store}`];
    await packageService({ args, place, pipeline, log: () => {} });
    return join(place, '.serverless');
  };
  project.provide('packagedForLambdaIn', await packaged('ssm'));
  project.provide('packagedForSecretsManagerIn', await packaged('secretsmanager'));
  return () => rm(folder, { recursive: true, force: true });
}
