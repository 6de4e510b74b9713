import { join } from 'node:path';
import { bundle, inPlace, run } from './bundled.mjs';

/**
 * Kills the bot at every single await of every scenario, and at every pair of the core ones:
 * `node scripts/kill-points.mjs [--singles] [--pairs] [--workers 2] [--json FILE]`. One run again, with its trace:
 * `--only NAME --at 12`, or with `--pairs` `--at 12,40`.
 */
process.exitCode = await inPlace('kill-points', async (place) => {
  const file = join(place, 'main.mjs');
  await bundle('test/simulation/kills/main.ts', file);
  return (await run(file, process.argv.slice(2))).code;
});
