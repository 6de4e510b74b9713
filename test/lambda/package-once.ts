import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { createPackaging } from '../support/packaging.ts';
import { lambdaRuntime } from './runtime.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The template and the artifacts, as `npm run package` makes them. */
    readonly packagedForLambdaIn: string;
    /** The same, with secrets in the Secrets Manager. */
    readonly packagedForSecretsManagerIn: string;
  }
}

/** Packages once for all files of this run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  lambdaRuntime();
  const { packaged, remove } = await createPackaging();
  const inStage = async (...args: readonly string[]) =>
    join(await packaged('--stage', 'test', ...args), '.serverless');
  project.provide('packagedForLambdaIn', await inStage());
  project.provide('packagedForSecretsManagerIn', await inStage('--param', 'secretStore=secretsmanager'));
  return remove;
}
