import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Script {
  packageService(options: {
    readonly args: readonly string[];
    readonly place: string;
    readonly pipeline: string;
    readonly log: (line: string) => void;
  }): Promise<void>;
}

/** Packages the example as `npm run package` does, as often as asked, each time in a place of its own. */
export async function createPackaging() {
  // What the person at this machine has set is theirs.
  for (const name of ['COUNTERSIGN_ALARM_TOPIC', 'COUNTERSIGN_SECRETS_KEY']) delete process.env[name];
  const script = '../../scripts/package-service.mjs';
  const { packageService } = (await import(script)) as Script;
  const folder = await mkdtemp(join(tmpdir(), 'countersign-package-'));
  const pipeline = join(import.meta.dirname, '../../examples/pipeline.yml');
  return {
    /** Answers the place; osls's part of it is below .serverless. */
    async packaged(...args: readonly string[]): Promise<string> {
      const place = await mkdtemp(join(folder, 'place-'));
      await packageService({ args, place, pipeline, log: () => {} });
      return place;
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
