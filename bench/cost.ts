import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import type { Finding } from './figure.ts';
import { type FunctionWorld, type PhaseSpent, settings } from './site/function-world.ts';
import { dollars, type Memory, transitionDollars } from './site/prices.ts';
import { approvedUntil, asked, done, passed, until } from './site/whole-promotion.ts';

/** A table and a queue in the same region, and everything else. */
const latencyOf = (name: string) => (name.startsWith('table') || name.startsWith('queue') ? 5 : 100);
/** Requests, errors and latency, as the example's reading asks for them. */
const metricsPerReading = 3;
/** They follow within seconds. */
const lastWordsMs = 120_000;

/** What a whole good promotion costs, phase by phase. */
export async function cost(): Promise<Finding> {
  const memory = await configuredMemory();
  const world = await asked(latencyOf);
  await approvedUntil(world, 'promoted');
  await passed(world, lastWordsMs);
  const { phases, sum, all, polling, table } = accountOf(world, memory);
  const failed = await asked(latencyOf);
  await approvedUntil(failed, 'monitoring');
  await passed(failed, 185_000);
  await done(failed, failed.fireAlarm());
  await until(failed, 'rolled-back');
  await passed(failed, lastWordsMs);
  const rolledBack = accountOf(failed, memory);
  const transitions = transitionsOf(world.time.calls, world.delayed());
  const stepFunctions = transitions.all * transitionDollars;
  return {
    name: 'cost',
    title: 'What a promotion costs',
    how: `A whole good promotion over all functions in virtual time (table and queue 5 ms, everything else 100 ms), its units and calls counted and priced by the lists of us-east-1: two approvals, ${settings.policy.monitoring.soakSeconds / 60} minutes of watch with a look each minute that reads ${metricsPerReading} metrics and one alarm. Each message is taken for an invocation of its own; no free tier. Step Functions is Standard, its transitions alone: one for each thing that was done outside (look, act, check, message to Slack, right looked up), two (wait, choice) for each pause, one for each person that is waited for. It would need a table, functions and the same polling besides, which are not counted to it.`,
    figures: [
      {
        name: 'against Step Functions’ transitions alone, polling included',
        value: all / stepFunctions,
        unit: 'times',
        target: 0.1,
        stretch: 1 / 15,
        held: { atMost: 1 },
        note: `the table is ${share(table, all)} of it, polling of metrics ${share(polling, all)}`,
      },
      {
        name: 'against Step Functions’ transitions and the same polling',
        value: all / (stepFunctions + polling),
        unit: 'times',
      },
      {
        name: 'without polling of metrics on either side',
        value: (all - polling) / stepFunctions,
        unit: 'times',
      },
      { name: 'a promotion, all in all', value: all, unit: 'dollars' },
      { name: 'of that the table', value: table, unit: 'dollars' },
      { name: 'of that polling of metrics', value: polling, unit: 'dollars' },
      { name: 'one that is rolled back by an alarm, all in all', value: rolledBack.all, unit: 'dollars' },
      { name: 'Step Functions for the good one', value: stepFunctions, unit: 'dollars' },
      { name: 'transitions', value: transitions.all, unit: 'calls' },
      { name: 'ticks', value: sum(({ ticks }) => ticks), unit: 'ticks', held: { atMost: 60 } },
      { name: 'read units', value: sum(({ read }) => read), unit: 'units' },
      { name: 'write units', value: sum(({ write }) => write), unit: 'units', held: { atMost: 1_600 } },
      { name: 'calls to the table', value: sum(({ tableCalls }) => tableCalls), unit: 'calls' },
      { name: 'calls to the queue', value: sum(({ queueCalls }) => queueCalls), unit: 'calls' },
      { name: 'calls to Slack', value: sum(({ slackCalls }) => slackCalls), unit: 'calls' },
    ],
    details: [
      '| phase | invocations | ticks | table calls | read units | write units | queue calls | Slack calls | target calls | readings of metrics | function s | log KB | dollars |',
      '|---|---|---|---|---|---|---|---|---|---|---|---|---|',
      ...phases.map(
        ({ phase, spent: of, dollars: { all: cents } }) =>
          `| ${phase} | ${of.invocations} | ${of.ticks} | ${of.tableCalls} | ${of.read} | ${of.write} | ${of.queueCalls} | ${of.slackCalls} | ${of.targetCalls} | ${of.metricReadings} | ${(of.functionMs / 1000).toFixed(1)} | ${(of.logBytes / 1000).toFixed(1)} | ${cents.toFixed(6)} |`,
      ),
      '',
      `Transitions: ${Object.entries(transitions)
        .filter(([name]) => name !== 'all')
        .map(([name, count]) => `${count} ${name}`)
        .join(', ')}.`,
    ].join('\n'),
    data: { phases, transitions, stepFunctions, memory, rolledBack: rolledBack.phases },
  };
}

function accountOf({ ledger }: FunctionWorld, memory: Memory) {
  const phases = [...ledger].map(([phase, spent]) => ({
    phase,
    spent,
    dollars: dollars(spent, memory, metricsPerReading),
  }));
  const sum = (pick: (spent: PhaseSpent) => number) =>
    phases.reduce((total, { spent }) => total + pick(spent), 0);
  const paid = (pick: (of: ReturnType<typeof dollars>) => number) =>
    phases.reduce((total, each) => total + pick(each.dollars), 0);
  return {
    phases,
    sum,
    all: paid((of) => of.all),
    polling: paid((of) => of.polling),
    table: paid((of) => of.table),
  };
}

const share = (part: number, whole: number) => `${Math.round((part / whole) * 100)} %`;

/** Nothing that the store does is counted: a state machine has its state. */
function transitionsOf(calls: readonly { readonly name: string }[], pauses: number) {
  const like = (...starts: string[]) =>
    calls.filter(({ name }) => starts.some((start) => name.startsWith(start))).length;
  const counted = {
    'looks, acts and checks': like('aws ', 'github '),
    'messages to Slack': like('slack chat.'),
    'rights looked up': like('slack users.', 'slack usergroups.'),
    'waits and choices': 2 * pauses,
    'people waited for': 2,
  };
  return { ...counted, all: Object.values(counted).reduce((total, count) => total + count, 0) };
}

/** Megabytes of each function, as they are deployed. */
async function configuredMemory(): Promise<Memory> {
  const file = parse(await readFile('serverless.yml', 'utf8')) as {
    functions: Record<string, { memorySize?: number }>;
  };
  const of = (name: string) => file.functions[name]?.memorySize ?? 1024;
  return { slackMB: of('slack'), tickMB: of('tick') };
}
