import type { Finding } from './figure.ts';
import { coldRuns } from './site/cold-runs.ts';
import type { Context } from './site/context.ts';
import { median, pairedRatio } from './site/pairs.ts';

const megabyte = 1024 * 1024;

/** What a process takes up once it has answered. */
export async function memory(context: Context): Promise<Finding> {
  const runs = await coldRuns(context);
  const rss = (name: string) => (runs.get(name) ?? []).map((run) => run.rss / megabyte);
  const heap = (name: string) => (runs.get(name) ?? []).map((run) => run.heapUsed / megabyte);
  const inAll = (name: string) => median(rss(name));
  return {
    name: 'memory',
    title: 'Memory after two clicks',
    how: 'The same processes as in the cold start: resident memory and used heap after the second click, before any collection was asked for.',
    figures: [
      { name: 'resident', value: inAll('ours'), unit: 'MB' },
      {
        name: 'resident, against plain Bolt',
        value: pairedRatio(rss('ours'), rss('plain Bolt')),
        unit: 'times',
      },
      { name: 'resident above the floor', value: inAll('ours') - inAll('floor'), unit: 'MB' },
      { name: 'plain Bolt above the floor', value: inAll('plain Bolt') - inAll('floor'), unit: 'MB' },
    ],
    details: [
      '| side | resident MB | used heap MB |',
      '|---|---|---|',
      ...[...runs.keys()].map(
        (name) => `| ${name} | ${inAll(name).toFixed(1)} | ${median(heap(name)).toFixed(1)} |`,
      ),
    ].join('\n'),
    data: Object.fromEntries(
      [...runs.keys()].map((name) => [name, { rssMB: rss(name), heapMB: heap(name) }]),
    ),
  };
}
