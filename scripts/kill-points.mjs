import { join } from 'node:path';
import { bundle, inPlace, run } from './bundled.mjs';

const usage = `Kills the bot at every single await of every scenario, and at every pair of the core ones.

  npm run kills -- --singles                  once at every point of every scenario
  npm run kills -- --pairs                    twice, at every pair of points of the core ones
  npm run kills -- --only NAME --at 12        one run again, with its trace; with --pairs: --at 12,40

  --every N   each Nth point only     --workers N   processes (2)
  --json FILE the figures as JSON     --write       docs/proof/kill-points.md`;

if (process.argv.includes('--help')) console.log(usage);
else
  process.exitCode = await inPlace('kill-points', async (place) => {
    const file = join(place, 'main.mjs');
    await bundle('test/simulation/kills/main.ts', file);
    return (await run(file, process.argv.slice(2))).code;
  });
