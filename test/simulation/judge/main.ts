import { parseArgs } from 'node:util';
import { type EngineName, engines } from '../../support/dynamodb.ts';
import { divergences } from './divergences.ts';
import { startJudgedEngine } from './engines.ts';
import { judge, judgeMistakes, told } from './judge.ts';

/**
 * One process of `scripts/judge-table.mjs`: one engine judges the model, told in lines; fails for a divergence nobody has
 * explained, and with `--asked`, which says that nobody else judges, where the engine is not installed.
 */
const { values } = parseArgs({
  options: {
    engine: { type: 'string' },
    asked: { type: 'boolean', default: false },
    histories: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
  },
});
const name = values.engine as EngineName;
if (!engines.includes(name)) {
  console.log(
    values.asked
      ? `${name}: not installed here. There are: ${engines.join(', ')}.`
      : `${name}: not installed here, skipped`,
  );
  process.exit(values.asked ? 2 : 0);
}
const engine = await startJudgedEngine(name);
const startedMs = performance.now();
const mistaken = await judgeMistakes(engine);
const drawn = await judge(engine, { firstSeed: Number(values.seed), histories: Number(values.histories) });
await engine.close();

const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
const calls = mistaken.calls + drawn.calls;
console.log(
  `**${name}**: ${drawn.histories} histories from seed ${values.seed}, ${calls} calls compared, ` +
    `${mistaken.refused + drawn.refused} refused, ${drawn.cut} pages with more behind them, the cost of ${drawn.metered} compared, ${seconds} s\n`,
);
for (const each of divergences.filter((divergence) => divergence.engines.includes(name))) {
  const met = (mistaken.known[each.name] ?? 0) + (drawn.known[each.name] ?? 0);
  console.log(`- known, met ${met} times: *${each.name}*. ${each.reason}`);
}
const unknown = [...mistaken.unknown, ...drawn.unknown];
for (const each of unknown) console.log(`- NEW ${told(each)}`);
console.log(`\n${unknown.length} new divergences on ${name}\n`);
process.exitCode = unknown.length === 0 ? 0 : 1;
