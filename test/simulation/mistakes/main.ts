import 'zod/compile';
import { playHistory } from '../history.ts';
import type { Violation } from '../invariants.ts';
import { play } from '../kills/run.ts';
import { quietRuntime } from '../quiet.ts';
import { scenarios } from '../scenarios/all.ts';
import { createTape } from '../tape.ts';

/**
 * One process of `scripts/mistakes.mjs`, bundled with one mistake in the product: plays histories 1, 2, 3 … until one of
 * the named invariants is broken. After some of them every scenario is played once as it is, and after all of them
 * killed at each of its awaits, or at every Nth. Answers one line of JSON, after lines that say what it is doing where that
 * takes minutes.
 */
quietRuntime();
/** What is rare in histories, a scenario may have been written for. */
const scenariosAfter = 2_000;
const [most = '1', every = '0', ...named] = process.argv.slice(2);
const wanted = new Set<string>(named);
const withScenarios = every !== '0';
/** What was broken first, and when: what else the mistake leads to. */
const others: Record<string, string> = {};
const started = process.cpuUsage();
const saidEveryMs = 20_000;

let histories = 0;
let runs = 0;
let caught: { readonly invariant: string; readonly text: string; readonly in: string } | undefined;

function judge(violations: readonly Violation[], where: string): void {
  const found = violations.find(({ invariant }) => wanted.has(invariant) || wanted.has('any'));
  if (found !== undefined) caught = { invariant: found.invariant, text: found.text, in: where };
  for (const { invariant } of violations) others[invariant] ??= where;
}

await playHistories(withScenarios ? Math.min(Number(most), scenariosAfter) : Number(most));
if (withScenarios) {
  const lengths = await playScenarios();
  await playHistories(Number(most));
  await killScenarios(lengths);
}

async function playHistories(upTo: number): Promise<void> {
  while (caught === undefined && histories < upTo) {
    histories += 1;
    const { violations } = await playHistory(createTape(histories));
    judge(violations, `history ${histories}`);
  }
}

/** How many awaits each has. */
async function playScenarios(): Promise<ReadonlyMap<string, number>> {
  const lengths = new Map<string, number>();
  for (const scenario of scenarios) {
    if (caught !== undefined) break;
    const { stage, points } = await play(scenario, []);
    runs += 1;
    lengths.set(scenario.name, points);
    judge(stage.watcher.violations, `scenario "${scenario.name}"`);
  }
  return lengths;
}

async function killScenarios(lengths: ReadonlyMap<string, number>): Promise<void> {
  if (caught !== undefined) return;
  const where = every === '1' ? 'each of its awaits' : `one of its awaits in ${every}`;
  say(`nothing in ${histories} histories; now ${scenarios.length} scenarios are killed at ${where}`);
  let saidAtMs = performance.now();
  for (const [nth, scenario] of scenarios.entries()) {
    if (performance.now() > saidAtMs + saidEveryMs) {
      saidAtMs = performance.now();
      say(`${nth} of ${scenarios.length} scenarios killed, nothing yet`);
    }
    for (let at = 1; at <= (lengths.get(scenario.name) ?? 0); at += Number(every)) {
      if (caught !== undefined) return;
      const { stage } = await play(scenario, [at]);
      runs += 1;
      judge(stage.watcher.violations, `scenario "${scenario.name}" killed at ${at}`);
    }
  }
}

function say(doing: string): void {
  process.stdout.write(`${JSON.stringify({ doing })}\n`);
}

const used = process.cpuUsage(started);
const seconds = (used.user + used.system) / 1e6;
process.stdout.write(`${JSON.stringify({ histories, runs, seconds, caught: caught ?? null, others })}\n`);
