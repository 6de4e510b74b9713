import { existsSync, readdirSync } from 'node:fs';

/**
 * One judge, and what of ours it judges.
 * @typedef {object} Judge
 * @property {string} id      for `--only`
 * @property {string} name    as the table calls it
 * @property {string} judges  what of ours it judges, in a few words
 * @property {string[]} [files] the test files of its part
 * @property {string} [config] instead of them: a vitest configuration of its own, which has `telling-reporter.ts` among its
 *   reporters
 * @property {string} [names] only tests whose full name this regular expression finds
 * @property {'npm' | 'Debian' | 'npm and Debian' | null} from
 *   where CI can install it from; null where from nowhere, so that its absence is a skip and never a failure
 * @property {() => string} version  what is installed here; throws with the reason where it is missing
 * @property {() => void} [prepare]  what has to be built before its part runs
 * @property {boolean} [alone]  never without a network of its own, as it binds every address there is
 * @property {boolean} [quiet]  its tests wait for real seconds: nobody is heard beside it
 * @property {() => Record<string, string>} [env]  what the tests are told in their environment
 * @property {{ reason: string, atMost: number }[]} [skips]
 *   why its tests may skip cases, in their own words, and how many; with `--strict` every other skip fails
 * @property {{ test: string, says: string, name: string, reason: string, sometimes?: boolean }[]} [divergences]
 *   failures that are known: a part of the test's full name and of the error's message. One that happens no more is a
 *   failure, unless it only happens `sometimes`. Tests can also tell of a divergence themselves: see `divergences.ts`.
 */

/** Everybody who judges us: what the `judges.mjs` of each folder beside this file exports as `judges`. */
export async function allJudges() {
  const folders = readdirSync(import.meta.dirname).sort();
  const found = [];
  for (const folder of folders) {
    if (!existsSync(`${import.meta.dirname}/${folder}/judges.mjs`)) continue;
    found.push(...(await import(`./${folder}/judges.mjs`)).judges);
  }
  return /** @type {Judge[]} */ (found);
}
