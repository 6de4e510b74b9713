import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { judgingAsked, orRefuse, readOptions, refuseBare } from './arguments.mjs';
import { bundle, inPlace, root, run } from './bundled.mjs';
import { showHelp } from './help.mjs';

/**
 * Judges the simulator's table by the real engines: `node scripts/judge-table.mjs --histories N [--seed S] [--engine E]`.
 * N histories from first seed S on every engine that can run here, each engine in a process of its own. `--write` keeps
 * what came of it in `docs/proof`.
 */
const usage = `npm run judge-table -- --histories N [--seed S] [--engine native|dynalite] [--write]
  Plays the same histories on the table in memory and on real engines, and compares every answer.

  --histories N   so many, from first seed S (1)     --engine E   on this engine only (each that is installed)
  --write         what came of it in docs/proof/table-model.md; for all engines only`;
const known = ['native', 'dynalite'];
showHelp(usage);
refuseBare(usage);
const { write, asked } = orRefuse(() => {
  const given = readOptions(process.argv.slice(2), {
    histories: { type: 'string' },
    seed: { type: 'string', default: '1' },
    engine: { type: 'string' },
    write: { type: 'boolean', default: false },
  });
  return { write: given.write, asked: judgingAsked(given, known) };
});
process.exitCode = await inPlace('judge-table', async (place) => {
  const file = join(place, 'judge.mjs');
  await bundle('test/simulation/judge/main.ts', file);
  const how = ['--histories', String(asked.count), '--seed', String(asked.first)];
  const alone = asked.engines.length < known.length ? ['--asked'] : [];
  const judged = await Promise.all(
    asked.engines.map((engine) => run(file, ['--engine', engine, ...alone, ...how], { quiet: true })),
  );
  for (const { told } of judged) console.log(told);
  if (write) {
    const page = [
      '# The table model, judged by real engines',
      'Every answer of the model and of the engine to the same seeded histories is compared: half of them drive the store itself, half are drawn calls nobody would make. Each engine also gets every known mistake once. Made by `node scripts/judge-table.mjs --histories N --write`.',
      ...judged.map(({ told }) => told.trim()),
    ];
    await mkdir(join(root, 'docs/proof'), { recursive: true });
    await writeFile(join(root, 'docs/proof/table-model.md'), `${page.join('\n\n')}\n`);
  }
  return Math.max(...judged.map(({ code }) => code));
});
