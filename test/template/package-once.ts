import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the example was packaged for stage `test`. */
    readonly packagedIn: string;
    /** The same artifacts for stage `prod`, with secrets in the Secrets Manager. */
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

/** Packages once for all tests, as `npm run package` does, in places of their own. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // What the person at this machine has set is theirs.
  for (const name of ['COUNTERSIGN_ALARM_TOPIC', 'COUNTERSIGN_SECRETS_KEY']) delete process.env[name];
  const script = '../../scripts/package-service.mjs';
  const { packageService } = (await import(script)) as Packaging;
  const folder = await mkdtemp(join(tmpdir(), 'countersign-package-'));
  const packaged = async (name: string, args: readonly string[]) => {
    const place = join(folder, name);
    const pipeline = join(import.meta.dirname, '../../examples/pipeline.yml');
    await packageService({ args, place, pipeline, log: () => {} });
    return place;
  };
  project.provide('packagedIn', await packaged('test', ['--stage', 'test']));
  project.provide(
    'packagedForSecretsManagerIn',
    await packaged('prod', ['--stage', 'prod', '--param', 'secretStore=secretsmanager']),
  );
  return () => rm(folder, { recursive: true, force: true });
}
