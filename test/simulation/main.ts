import 'zod/compile';
import { playHistory } from './history.ts';
import { invariantNames } from './invariants.ts';
import { quietRuntime } from './quiet.ts';
import { impossible, missing, spellCoverage } from './required.ts';
import { runSeeds } from './run.ts';
import { shrink, spellShrunk } from './shrink.ts';
import { createTape, replayTape } from './tape.ts';

/**
 * One process of `scripts/simulate.mjs`. Answers JSON, one line each: `tally` at the end, `heard` now and then; or, for
 * one history, its trace as it is.
 */
quietRuntime();
const [mode = '', ...args] = process.argv.slice(2);
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const number = (text: string | undefined) => Number(text ?? 0);
const traceLength = 160;

switch (mode) {
  case 'seeds': {
    const [from, count, step] = args.map(Number);
    let heardMs = performance.now();
    const seeds = function* () {
      for (let index = 0; index < (count ?? 0); index += 1) yield (from ?? 0) + index * (step ?? 1);
    };
    const tally = await runSeeds(seeds(), ({ histories, failures }) => {
      if (performance.now() - heardMs < 5_000) return;
      heardMs = performance.now();
      say({ heard: histories, failures: failures.length });
    });
    say({ tally });
    break;
  }
  case 'coverage': {
    let text = '';
    for await (const chunk of process.stdin) text += String(chunk);
    const cells = JSON.parse(text) as Record<string, number>;
    const histories = number(args[0]);
    say({ missing: missing(cells, histories), told: spellCoverage(cells, histories), impossible });
    break;
  }
  case 'one': {
    const seed = number(args[0]);
    const { violations, stage, ends, points, virtualSeconds } = await playHistory(
      createTape(seed),
      undefined,
      true,
    );
    console.log(stage.trace?.slice(-number(args[1] ?? '400')).join('\n'));
    console.log(
      `\nseed ${seed}: ${points} points, ${virtualSeconds} s of virtual time, ends ${ends.join(', ')}`,
    );
    if (violations.length === 0) console.log('no invariant was broken');
    for (const { invariant, text } of violations)
      console.log(`BROKEN ${invariant}: ${text}\n  (${invariantNames[invariant]})`);
    break;
  }
  case 'shrink': {
    const seed = number(args[0]);
    const { violations, stage, points } = await playHistory(createTape(seed));
    const [violation] = violations;
    if (violation === undefined) break;
    const { tape, tries } = await shrink(stage.tape.drawn, violation.invariant, number(args[1] ?? '300'));
    const short = await playHistory(replayTape(tape), undefined, true);
    // A calmer history can be longer: what went wrong is then easier to see in the one that there was.
    const shown = points < short.points ? await playHistory(createTape(seed), undefined, true) : short;
    console.log(shown.stage.trace?.slice(-traceLength).join('\n'));
    const found = shown.violations.find(({ invariant }) => invariant === violation.invariant);
    console.log(`BROKEN ${found?.invariant}: ${found?.text}\n  (${invariantNames[violation.invariant]})`);
    console.log(
      spellShrunk({ seed, tries, points, shortPoints: short.points, drawn: stage.tape.drawn, tape }),
    );
    break;
  }
  default:
    throw new Error(`There is no mode "${mode}".`);
}
