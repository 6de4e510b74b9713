import type { Finding } from './figure.ts';
import { isToSlack } from './site/chain.ts';
import { coldRuns } from './site/cold-runs.ts';
import type { Context } from './site/context.ts';
import { median, pairedRatio, quantile } from './site/pairs.ts';

/** From a process that has nothing loaded to its first acknowledged click. */
export async function cold(context: Context): Promise<Finding> {
  const runs = await coldRuns(context);
  const totals = (name: string) => (runs.get(name) ?? []).map(({ totalMs }) => totalMs);
  const cpu = (name: string) => (runs.get(name) ?? []).map(({ cpuMs }) => cpuMs);
  const against = (name: string, of = totals) => pairedRatio(of('ours'), of(name));
  const rows = [...runs].map(([name, all]) => {
    const middle = (pick: (run: (typeof all)[number]) => number) => median(all.map(pick)).toFixed(1);
    const toFloor = pairedRatio(totals(name), totals('floor'));
    const remote = all.at(-1)?.calls.length ?? 0;
    return `| ${name} | ${middle((run) => run.loadMs)} | ${middle((run) => run.firstMs)} | ${middle((run) => run.totalMs)} | ${quantile(totals(name), 0.9).toFixed(1)} | ${toFloor.toFixed(2)} | ${middle((run) => run.secondMs)} | ${middle((run) => run.cpuMs)} | ${remote} |`;
  });
  return {
    name: 'cold',
    title: 'Cold load and the first acknowledged click',
    how: `Each side in a fresh process, ${context.rounds} rounds, every round beginning with another side; remotes on the same machine in a process of their own, answering at once. The floor checks the signature and makes one put signed by hand; plain Bolt makes the same put by the SDK, with its usual clients loaded (DynamoDB, CloudFront, CloudFormation, CloudWatch, Lambda, STS, Octokit, pino) and no auth.test; the two examples keep their documented defaults, auth.test included. Ours reads, decides, and writes a transaction with its receipt beside a queue message. The time of the process itself is in none.`,
    sameAgainstItself: against('ours again'),
    figures: [
      {
        name: 'load and first click, against the floor',
        value: against('floor'),
        unit: 'times',
        target: 3,
        stretch: 2.2,
      },
      {
        name: 'load and first click, against plain unbundled Bolt',
        value: against('plain Bolt'),
        unit: 'times',
        target: 0.15,
        stretch: 0.12,
      },
      {
        name: 'the same against Bolt’s Lambda example',
        value: against('Bolt’s Lambda example'),
        unit: 'times',
      },
      { name: 'the same against Vercel’s example', value: against('Vercel’s example'), unit: 'times' },
      {
        name: 'processor time of load and first click, against the floor',
        value: against('floor', cpu),
        unit: 'times',
      },
      { name: 'processor time against plain Bolt', value: against('plain Bolt', cpu), unit: 'times' },
      {
        name: 'our remote calls for the start and two clicks',
        value: Math.max(...(runs.get('ours') ?? []).map(({ calls }) => calls.length)),
        unit: 'calls',
        held: { exactly: 9 },
        note: 'a first read, then four calls a click',
      },
      {
        name: 'of them to Slack',
        value: Math.max(...(runs.get('ours') ?? []).map(({ calls }) => calls.filter(isToSlack).length)),
        unit: 'calls',
        target: 0,
        held: { exactly: 0 },
      },
    ],
    details: [
      '| side | load ms | first click ms | together ms | 90 % within ms | times the floor | second click ms | processor ms | remote calls for two clicks |',
      '|---|---|---|---|---|---|---|---|---|',
      ...rows,
    ].join('\n'),
    data: Object.fromEntries([...runs].map(([name, all]) => [name, all.map(({ calls, ...run }) => run)])),
  };
}
