import 'zod/compile';
import { createCoverage } from './coverage.ts';
import { playHistory } from './history.ts';
import { createTape } from './tape.ts';

Error.stackTraceLimit = 0;
const never = new AbortController().signal;
AbortSignal.timeout = () => never;
const [seeds = '1', seed = '1'] = process.argv.slice(2);
const coverage = createCoverage();
const started = performance.now();
let points = 0;
let saves = 0;
const ends = new Map<string, number>();
let bad = 0;
let last = 0;
for (let index = 0; index < Number(seeds); index += 1) {
  const at = Number(seed) + index;
  const result = await playHistory(createTape(at), coverage, Number(seeds) === 1);
  if (index % 250 === 249) {
    const used = process.cpuUsage();
    const now = (used.user + used.system) / 1000;
    console.log('block', ((now - last) / 250).toFixed(1));
    last = now;
  }
  points += result.points;
  saves += result.saves;
  for (const end of result.ends) ends.set(end, (ends.get(end) ?? 0) + 1);
  if (result.violations.length > 0) {
    bad += 1;
    if (bad <= 12) console.log(at, JSON.stringify(result.violations[0]).slice(0, 400));
  }
  if (Number(seeds) === 1)
    console.log(
      result.stage.trace?.slice(-Number(process.argv[4] ?? 400)).join('\n'),
      result.violations,
      result.ends,
      result.virtualSeconds,
    );
}
const ms = performance.now() - started;
const cpu = process.cpuUsage();
console.log({ cpuMs: (cpu.user + cpu.system) / 1000 / Number(seeds) });
console.log({ ms: ms / Number(seeds), points: points / Number(seeds), saves: saves / Number(seeds), bad });
console.log(Object.fromEntries(ends));
if (process.env['COVER'])
  console.log(
    [...coverage.cells]
      .sort()
      .map(([k, v]) => `${v}\t${k}`)
      .join('\n'),
  );
