import { join } from 'node:path';
import { bundle, inPlace, run } from './bundled.mjs';

/** Runs one bench: `node scripts/bench.mjs growth [--write] [--time 10,1000,50000]`. */
const [name = 'growth', ...given] = process.argv.slice(2);
process.exitCode = await inPlace('bench', async (place) => {
  const file = join(place, `${name}.mjs`);
  await bundle(`bench/${name}.ts`, file);
  return (await run(file, given)).code;
});
