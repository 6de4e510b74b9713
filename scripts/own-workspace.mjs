import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';

/** A workspace of a script's own: built where needed, on free ports, with its data in a folder that `close` removes. */
export async function startOwnWorkspace({ speed }) {
  await build({ only: ['server', 'workspace', 'page', 'site'] });
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const entry = resolve(import.meta.dirname, '../dist/workspace.mjs');
  const { startWorkspace } = await import(pathToFileURL(entry).href);
  const dataDir = await mkdtemp(join(tmpdir(), 'countersign-own-'));
  const workspace = await startWorkspace({ port: 0, dataDir, speed, spawnBot: true });
  return {
    url: workspace.url,
    async close() {
      await workspace.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
