import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { refuseBare } from './arguments.mjs';
import { bundle, inPlace, root, run } from './bundled.mjs';
import { showHelp } from './help.mjs';

const usage = `Kills the bot at every single await of every scenario, and at every pair of the core ones.

  npm run kills -- --singles                  once at every point of every scenario: 20 minutes on two cores
  npm run kills -- --pairs                    twice, at every pair of points of the core ones: 40 minutes on two cores
  npm run kills -- --singles --only NAME      of one scenario, by its whole name; --pairs likewise
  npm run kills -- --only NAME --at 12        one run again, with its trace; with --pairs: --at 12,40; 0 kills nobody
  npm run kills -- --page FILE                the page of a run that left FILE by --json, shown; kept with --write

  --every N   each Nth point only     --workers N   processes (2)
  --json FILE the figures as JSON     --write       docs/proof/kill-points.md; for every scenario only
  --commit ID, --every N with --page  what a FILE does not say of its run`;

showHelp(usage);
refuseBare(usage);
const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? '';
const head = git('rev-parse', '--short', 'HEAD');
const commit =
  git('status', '--porcelain', '--', 'src', 'test/simulation') === '' ? head : `${head} with changes`;
const given = process.argv.slice(2);
const isKnown = head === '' || given.some((one) => /^--(commit|page)(=|$)/.test(one));
process.exitCode = await inPlace('kill-points', async (place) => {
  const file = join(place, 'main.mjs');
  await bundle('test/simulation/kills/main.ts', file);
  return (await run(file, isKnown ? given : [...given, '--commit', commit])).code;
});
