import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { approval } from './click.ts';
import {
  boltLambda,
  type Contender,
  floor,
  naive,
  ours,
  oursAgain,
  oursWithSecrets,
  vercel,
} from './contenders.ts';
import type { Context } from './context.ts';
import { environmentAt, keptSecrets } from './environment.ts';
import { rotated } from './pairs.ts';
import type { RemoteCall } from './remotes-process.ts';

/** One fresh process: loaded, then two clicks. */
export interface ColdRun {
  readonly loadMs: number;
  readonly firstMs: number;
  readonly totalMs: number;
  readonly secondMs: number;
  readonly cpuMs: number;
  readonly rss: number;
  readonly heapUsed: number;
  readonly calls: readonly RemoteCall[];
}

export type ColdRuns = ReadonlyMap<string, readonly ColdRun[]>;

const sides = [floor, ours, naive, oursAgain, boltLambda, oursWithSecrets, vercel];
const run = promisify(execFile);

const known = new WeakMap<Context, Promise<ColdRuns>>();

/** Every side once a round, each round beginning with another one; measured once a run of the suite. */
export function coldRuns(context: Context): Promise<ColdRuns> {
  const running = known.get(context) ?? measure(context);
  known.set(context, running);
  return running;
}

async function measure(context: Context): Promise<ColdRuns> {
  await context.remotes.ask({ does: 'keep-secrets', secrets: keptSecrets });
  const runs = new Map<string, ColdRun[]>(sides.map(({ name }) => [name, []]));
  // Once unheard, so that every file is in the page cache.
  for (const side of sides) await runCold(context, side, `warming-${side.name}`);
  for (let round = 0; round < context.rounds; round += 1) {
    for (const side of rotated(sides, round))
      runs.get(side.name)?.push(await runCold(context, side, `cold-${round}-${side.name}`));
  }
  return runs;
}

/** One cold run of ours under the profiler, its profile left in a folder: open it in Chrome's or VS Code's viewer. */
export async function profileCold(context: Context, folder: string): Promise<void> {
  await runCold(context, ours, 'profile', [
    '--cpu-prof',
    '--cpu-prof-interval=100',
    `--cpu-prof-dir=${folder}`,
  ]);
}

async function runCold(
  context: Context,
  side: Contender,
  name: string,
  flags: readonly string[] = [],
): Promise<ColdRun> {
  const { remotes, place, node } = context;
  const nowMs = Date.now();
  const ids = ['1', '2'].map((nth) => `${name.replaceAll(/\W+/g, '-')}-${nth}`);
  if (side.wantsPromotion) await remotes.ask({ does: 'seed-waiting', ids, nowMs });
  const eventsFile = join(place, 'events.json');
  await writeFile(eventsFile, JSON.stringify(ids.map((id) => approval(id, nowMs))));
  const env = environmentAt(remotes.url, place);
  await remotes.ask({ does: 'tell-calls' });
  const runner = resolve('bench/contenders/cold-run.mjs');
  const { stdout } = await run(node, [...flags, runner, side.file(place), eventsFile], {
    env: side.environment?.(env) ?? env,
  }).catch(({ stderr = '' }: { stderr?: string }) => {
    // A minified line says nothing.
    const lines = stderr.split('\n').filter((line) => line !== '' && line.length < 300);
    throw new Error(`${side.name} did not run: ${lines.slice(0, 6).join(' ')}`);
  });
  // Loggers write to the same place.
  const told = JSON.parse(stdout.slice(stdout.lastIndexOf('{"loadMs"'))) as Omit<ColdRun, 'calls'> & {
    statuses: number[];
  };
  if (told.statuses.some((status) => status !== 200))
    throw new Error(`${side.name} answered ${told.statuses.join(' and ')}`);
  return { ...told, calls: await remotes.ask({ does: 'tell-calls' }) };
}
