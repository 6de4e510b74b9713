import 'zod/compile';
import { playHistory } from '../history.ts';
import type { Invariant } from '../invariants.ts';
import { quietRuntime } from '../quiet.ts';
import { createTape } from '../tape.ts';

/**
 * One process of `scripts/mistakes.mjs`, bundled with one mistake in the product: plays histories 1, 2, 3 … until one of
 * the named invariants is broken, and answers one line of JSON.
 */
quietRuntime();
const [most = '1', ...named] = process.argv.slice(2);
const wanted = new Set<string>(named);
const unwanted: Partial<Record<Invariant, number>> = {};
const started = process.cpuUsage();

let histories = 0;
let caught: { readonly invariant: Invariant; readonly text: string } | undefined;
while (caught === undefined && histories < Number(most)) {
  histories += 1;
  const { violations } = await playHistory(createTape(histories));
  caught = violations.find(({ invariant }) => wanted.has(invariant) || wanted.has('any'));
  const [first] = violations;
  if (first !== undefined) unwanted[first.invariant] ??= histories;
}
const used = process.cpuUsage(started);
const seconds = (used.user + used.system) / 1e6;
process.stdout.write(`${JSON.stringify({ histories, seconds, caught: caught ?? null, first: unwanted })}\n`);
