import { mkdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileToWrite, orRefuse, readOptions, wholeNumber } from './arguments.mjs';
import { bundle, inPlace, root, run } from './bundled.mjs';
import { showHelp } from './help.mjs';

/**
 * Measures what 200 promotions at once do to Slack: `node scripts/measure-slack.mjs [--promotions N] [--seed S] [--write]`.
 * Fails where Slack's limits are met, an end is drawn late, or something is lost. `--write` puts the table into
 * `docs/proof/slack.md`.
 */
showHelp(`node scripts/measure-slack.mjs [--promotions N] [--seed S] [--json FILE] [--write]
  What 200 promotions at once (or N) do to Slack; --write keeps the table in docs/proof/slack.md.`);
const isWritten = orRefuse(() => {
  const { promotions, seed, json, write } = readOptions(process.argv.slice(2), {
    promotions: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    json: { type: 'string' },
    write: { type: 'boolean', default: false },
  });
  wholeNumber('--promotions', promotions);
  wholeNumber('--seed', seed);
  const file = fileToWrite('--json', json);
  if (file !== undefined) mkdirSync(dirname(file), { recursive: true });
  return write;
});
const page = join(root, 'docs/proof/slack.md');
const [begin, end] = ['<!-- measured -->', '<!-- end -->'];
process.exitCode = await inPlace('measure-slack', async (place) => {
  const file = join(place, 'measure.mjs');
  await bundle('test/bot/load/main.ts', file);
  const { code, told } = await run(
    file,
    process.argv.slice(2).filter((one) => one !== '--write'),
  );
  if (code === 0 && isWritten) {
    const text = await readFile(page, 'utf8');
    const [before] = text.split(begin);
    const [, after] = text.split(end);
    await writeFile(page, `${before}${begin}\n${told.trim()}\n${end}${after}`);
  }
  return code;
});
