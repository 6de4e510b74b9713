import type { Figure, Finding } from './figure.ts';
import { isToTable } from './site/chain.ts';
import { approval } from './site/click.ts';
import {
  type Contender,
  fewActions,
  floor,
  manyActions,
  naive,
  naiveManyActions,
  ours,
  oursAgain,
} from './site/contenders.ts';
import type { Context } from './site/context.ts';
import { median, pairedRatio, quantile, rotated } from './site/pairs.ts';
import { startWarm, type WarmProcess } from './site/warm-process.ts';

/** Blocks before those that are heard: code becomes fast only after a while. */
const unheardBlocks = 4;
/** As long as DynamoDB mostly takes (AWS: single-digit milliseconds). */
const usualLatencyMs = 5;
const atOnceBlock = 100;
const delayedBlock = 30;

interface Measured {
  readonly p50: number[];
  readonly p99: number[];
  readonly cpu: number[];
}
type Sides = ReadonlyMap<Contender, WarmProcess>;

/** A process that has answered before answers again. */
export async function warm(context: Context): Promise<Finding> {
  const { remotes, rounds } = context;
  const all = [floor, ours, naive, oursAgain, fewActions, manyActions, naiveManyActions];
  const processes = new Map<Contender, WarmProcess>();
  for (const side of all) processes.set(side, await startWarm(context, side));

  const atOnce = await measure(context, processes, atOnceBlock);
  await remotes.ask({ does: 'tell-calls' });
  await runBlock(context, ours, processes.get(ours), atOnceBlock);
  const calls = await remotes.ask({ does: 'tell-calls' });
  await remotes.ask({ does: 'wait', latencyMs: usualLatencyMs });
  const few = new Map([...processes].filter(([side]) => [floor, ours, naive, oursAgain].includes(side)));
  const delayed = await measure(context, few, delayedBlock);
  await remotes.ask({ does: 'wait', latencyMs: 0 });
  for (const handler of processes.values()) handler.stop();

  const ratio = (of: Results, what: keyof Measured, one: Contender, other: Contender) =>
    pairedRatio(of.get(one.name)?.[what] ?? [], of.get(other.name)?.[what] ?? []);
  const targets = { p50: { target: 2.5, stretch: 1.5 }, p99: { target: 4, stretch: 2 } } as const;
  const toFloor = (of: Results, what: 'p50' | 'p99', remotesAre: string): Figure => ({
    name: `${what} against the floor, remotes ${remotesAre}`,
    value: ratio(of, what, ours, floor),
    unit: 'times',
    sameAgainstItself: ratio(of, 'p50', oursAgain, ours),
    ...targets[what],
  });
  const times = (name: string, value: number, target?: number): Figure => ({
    name,
    value,
    unit: 'times',
    ...(target === undefined ? {} : { target }),
  });
  return {
    name: 'warm',
    title: 'A warm click',
    how: `Blocks of signed clicks one after the other (${atOnceBlock}, or ${delayedBlock} where the remotes take their time), each on a promotion of its own, in processes that are kept; ${rounds} rounds of blocks that take turns, p50 and p99 of a block set against those of the block beside it. The floor checks the signature and makes one put; ours makes four calls in two rounds. Remotes that answer at once leave nothing but processor time to compare; ${usualLatencyMs} ms is what DynamoDB takes.`,
    sameAgainstItself: ratio(atOnce, 'p50', oursAgain, ours),
    figures: [
      {
        ...toFloor(atOnce, 'p50', 'at once'),
        note: 'four calls against one: most of it is writing to sockets and collecting what was read',
      },
      toFloor(atOnce, 'p99', 'at once'),
      toFloor(delayed, 'p50', `after ${usualLatencyMs} ms`),
      toFloor(delayed, 'p99', `after ${usualLatencyMs} ms`),
      times('p50 against plain Bolt, remotes at once', ratio(atOnce, 'p50', ours, naive)),
      times(`p50 against plain Bolt, remotes after ${usualLatencyMs} ms`, ratio(delayed, 'p50', ours, naive)),
      times('p99 against plain Bolt, remotes at once', ratio(atOnce, 'p99', ours, naive)),
      times('processor time against the floor', ratio(atOnce, 'cpu', ours, floor)),
      times('p50 at 100 actions against 8', ratio(atOnce, 'p50', manyActions, fewActions), 1.1),
      times('plain Bolt at 100 actions against 1', ratio(atOnce, 'p50', naiveManyActions, naive)),
      {
        name: 'DynamoDB calls for a click',
        value: calls.filter(isToTable).length / atOnceBlock,
        unit: 'calls',
        held: { exactly: 3 },
        note: 'promotion and newest refusal side by side, then the transaction',
      },
      {
        name: 'all remote calls for a click',
        value: calls.length / atOnceBlock,
        unit: 'calls',
        held: { exactly: 4 },
      },
    ],
    details: [
      '| side | remotes | p50 ms | p99 ms | processor ms |',
      '|---|---|---|---|---|',
      ...rowsOf(atOnce, 'at once'),
      ...rowsOf(delayed, `${usualLatencyMs} ms`),
    ].join('\n'),
    data: { atOnce: Object.fromEntries(atOnce), delayed: Object.fromEntries(delayed) },
  };
}

type Results = ReadonlyMap<string, Measured>;

async function measure(context: Context, sides: Sides, blockSize: number): Promise<Results> {
  const measured = new Map<string, Measured>();
  for (const { name } of sides.keys()) measured.set(name, { p50: [], p99: [], cpu: [] });
  for (let round = 0; round < context.rounds + unheardBlocks; round += 1) {
    for (const [side, handler] of rotated([...sides], round)) {
      const { times, cpuMs } = await runBlock(context, side, handler, blockSize);
      if (round < unheardBlocks) continue;
      const of = measured.get(side.name);
      of?.p50.push(median(times));
      of?.p99.push(quantile(times, 0.99));
      of?.cpu.push(cpuMs / blockSize);
    }
  }
  return measured;
}

let blocks = 0;

async function runBlock(
  { remotes }: Context,
  side: Contender,
  handler: WarmProcess | undefined,
  blockSize: number,
) {
  blocks += 1;
  const nowMs = Date.now();
  const ids = Array.from({ length: blockSize }, (_, nth) => `warm${blocks}x${nth}`);
  if (side.wantsPromotion) await remotes.ask({ does: 'seed-waiting', ids, nowMs });
  const done = await handler?.run(ids.map((id) => approval(id, nowMs)));
  if (done === undefined || done.answers.some(({ status }) => status !== 200))
    throw new Error(`${side.name} did not answer every click`);
  return done;
}

const rowsOf = (results: Results, latency: string) =>
  [...results].map(
    ([name, { p50, p99, cpu }]) =>
      `| ${name} | ${latency} | ${median(p50).toFixed(2)} | ${median(p99).toFixed(2)} | ${median(cpu).toFixed(2)} |`,
  );
