import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Metafile {
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, { readonly bytes: number }>>;
}

interface Bundling {
  bundleFunctions(options: {
    readonly outdir: string;
    readonly only: readonly string[];
  }): Promise<Readonly<Record<string, Metafile>>>;
  bundleParts(options: {
    readonly stubbed: string;
    readonly contents: string;
    readonly resolveDir: string;
    readonly outfile: string;
  }): Promise<Metafile>;
  problemsOf(name: string, metafile: Metafile): readonly string[];
  sizesByModule(metafile: Metafile): readonly (readonly [module: string, bytes: number])[];
}

const script = '../../../scripts/bundle-functions.mjs';
export const bundling = async () => (await import(script)) as Bundling;

/** What these lines name, as the Slack function has it: the same bundler, the same stubs. */
export async function asInTheFunction<Parts>(contents: string): Promise<Parts> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-lean-'));
  try {
    const outfile = join(folder, 'parts.cjs');
    const resolveDir = join(import.meta.dirname, '../../../src');
    await (await bundling()).bundleParts({ stubbed: 'slack', contents, resolveDir, outfile });
    return createRequire(import.meta.url)(outfile) as Parts;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
