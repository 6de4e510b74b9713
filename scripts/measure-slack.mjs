import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle, inPlace, root, run } from './bundled.mjs';

/**
 * Measures what 200 promotions at once do to Slack: `node scripts/measure-slack.mjs [--promotions N] [--seed S] [--write]`.
 * Fails where Slack's limits are met, an end is drawn late, or something is lost. `--write` puts the table into
 * `docs/proof/slack.md`.
 */
const page = join(root, 'docs/proof/slack.md');
const [begin, end] = ['<!-- measured -->', '<!-- end -->'];
process.exitCode = await inPlace('measure-slack', async (place) => {
  const file = join(place, 'measure.mjs');
  await bundle('test/bot/load/main.ts', file);
  const { code, told } = await run(
    file,
    process.argv.slice(2).filter((one) => one !== '--write'),
  );
  if (code === 0 && process.argv.includes('--write')) {
    const text = await readFile(page, 'utf8');
    const [before] = text.split(begin);
    const [, after] = text.split(end);
    await writeFile(page, `${before}${begin}\n${told.trim()}\n${end}${after}`);
  }
  return code;
});
