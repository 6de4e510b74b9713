import type { TestProject } from 'vitest/node';
import { createPackaging } from '../support/packaging.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the example was packaged for stage `test`. */
    readonly packagedIn: string;
    /** The same artifacts for stage `prod`, with secrets in the Secrets Manager. */
    readonly packagedForSecretsManagerIn: string;
  }
}

/** Packages once for all files of this run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { packaged, remove } = await createPackaging();
  project.provide('packagedIn', await packaged('--stage', 'test'));
  project.provide(
    'packagedForSecretsManagerIn',
    await packaged('--stage', 'prod', '--param', 'secretStore=secretsmanager'),
  );
  return remove;
}
