import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { benchesAsked, growthAsked, orRefuse } from './arguments.mjs';
import { bundleFunctions, functions, sizesByModule } from './bundle-functions.mjs';
import { bundle, inPlace, root, run } from './bundled.mjs';
import { showHelp } from './help.mjs';

/** The same function with a hundred actions instead of eight, before those that there are. */
const ninetyTwoMore = {
  name: 'ninety-two more actions',
  setup(esbuild) {
    esbuild.onLoad({ filter: /src\/bot\/actions\/click\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const cases = Array.from({ length: 92 }, (_, nth) => `case 'cs:more-${nth}': return undefined;`);
      const contents = text.replace('switch (actionId) {', (found) => `${found}\n${cases.join('\n')}`);
      if (contents === text)
        throw new Error('The actions are no longer told apart where the bench adds some.');
      return { loader: 'ts', contents };
    });
  },
};

/**
 * Runs the benches: `npm run bench -- [--only cold,rounds] [--rounds 15] [--node PATH] [--details] [--write]`; or what a
 * promotion costs the table: `node scripts/bench.mjs growth [--write] [--time 10,1000,50000]`.
 */
showHelp(`npm run bench -- [--only NAME,NAME] [--rounds 15] [--node PATH] [--details] [--profile FOLDER] [--write]
  Runs the benches side by side; --write keeps the figures in docs/performance.md and docs/proof/bench.json.
node scripts/bench.mjs growth [--write] [--time 10,1000,50000]
  What a promotion costs the table, and what open ones do.`);
const [first, ...others] = process.argv.slice(2);
const isGrowth = first === 'growth';
const asked = orRefuse(() => (isGrowth ? growthAsked(others) : benchesAsked(process.argv.slice(2))));
process.exitCode = await inPlace('bench', isGrowth ? growth : suite);

async function growth(place) {
  const file = join(place, 'growth.mjs');
  await bundle('bench/growth.ts', file);
  return (await run(file, asked)).code;
}

async function suite(place) {
  const there = await Promise.all(functions.map(isThere));
  const metafiles = await bundleFunctions({
    outdir: join(place, 'functions'),
    only: functions.filter((_, index) => there[index]),
  });
  const sizes = Object.entries(metafiles).map(([name, metafile]) => [name, sizesByModule(metafile)]);
  await writeFile(join(place, 'sizes.json'), JSON.stringify(Object.fromEntries(sizes)));
  await Promise.all([
    bundle('bench/floor/handler.mjs', join(place, 'floor.cjs'), {
      format: 'cjs',
      minify: true,
      sourcemap: false,
    }),
    bundle('bench/remotes.ts', join(place, 'remotes.mjs')),
    bundle('bench/suite.ts', join(place, 'suite.mjs')),
    bundle('src/handlers/slack.ts', join(place, 'few-actions.mjs')),
    bundle('src/handlers/slack.ts', join(place, 'many-actions.mjs'), { plugins: [ninetyTwoMore] }),
  ]);
  const { code } = await run(join(place, 'suite.mjs'), ['--place', place, ...asked]);
  return code;
}

/** Whether there is such a function yet. */
async function isThere(name) {
  return access(join(root, `src/handlers/${name}.ts`)).then(
    () => true,
    () => false,
  );
}
