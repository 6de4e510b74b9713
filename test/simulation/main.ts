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
const kinds = new Map<string, number>();
for (let index = 0; index < Number(seeds); index += 1) {
  const at = Number(seed) + index;
  const result = await playHistory(createTape(at), coverage, Number(seeds) === 1);
  points += result.points;
  for (const [k, v] of result.stage.kinds) kinds.set(k, (kinds.get(k) ?? 0) + v);
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
console.log(
  [...kinds]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 25)
    .map(([k, v]) => `${k} ${(v / Number(seeds)).toFixed(1)}`)
    .join('\n'),
);
