import { inspect, isDeepStrictEqual } from 'node:util';
import { QueryCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoClient } from '../../../src/store/dynamo-client.ts';
import type { EngineName } from '../../support/dynamodb.ts';
import { createTableModel } from '../table-model.ts';
import { createTape } from '../tape.ts';
import { type Answer, answerOf, type Call, type JudgedCommand, metered, send, writes } from './call.ts';
import { divergences } from './divergences.ts';
import { drawHistory } from './drawn-history.ts';
import { mistakes } from './mistakes.ts';
import { driveStore } from './store-history.ts';

/** A real engine with a clock that is moved by hand. */
export interface JudgedEngine {
  readonly name: EngineName;
  readonly client: DynamoClient;
  readonly clock: { nowMs(): number; advance(ms: number): void };
  /** Whether its request tokens age by that clock. */
  readonly tokensAge: boolean;
  /** Whether it says what a call cost, by AWS's rules for indexes and transactions too. */
  readonly meters: boolean;
  makeTable(name: string): Promise<void>;
}

export interface Verdict {
  histories: number;
  calls: number;
  refused: number;
  /** Answers whose cost was compared too. */
  metered: number;
  /** Answers after which there was more to read. */
  cut: number;
  /** By name, how often a known divergence was met. */
  known: Record<string, number>;
  unknown: UnknownDivergence[];
}

export interface UnknownDivergence {
  readonly engine: string;
  readonly seed: number;
  readonly step: number;
  readonly command: JudgedCommand;
  readonly model: Answer;
  readonly answer: Answer;
}

interface Step extends Call {
  readonly model: Answer;
  /** What the model answers that finds two missing attributes equal. */
  readonly lax: Answer;
  /** Whether the model took it for a transaction that was carried out before. */
  readonly repeated: boolean;
}

const drawnLength = 40;
const storeSteps = 25;
const dayMs = 86_400_000;
const shortMs = 1_000;

const noVerdict = (): Verdict => ({
  histories: 0,
  calls: 0,
  refused: 0,
  metered: 0,
  cut: 0,
  known: {},
  unknown: [],
});

/** Lets an engine carry out the same seeded histories as the model, each in a table of its own, and compares every answer. */
export async function judge(
  engine: JudgedEngine,
  { firstSeed, histories }: { readonly firstSeed: number; readonly histories: number },
): Promise<Verdict> {
  const verdict = noVerdict();
  const originMs = engine.clock.nowMs();
  for (let nth = 0; nth < histories; nth += 1) {
    const seed = firstSeed + nth;
    // A day of its own for each, so that a history tells the same times wherever it stands in a run.
    engine.clock.advance(originMs + nth * dayMs - engine.clock.nowMs());
    await judgeHistory(engine, seed, verdict);
    verdict.histories += 1;
  }
  return verdict;
}

/** Every known mistake once, in a table of their own. */
export async function judgeMistakes(engine: JudgedEngine): Promise<Verdict> {
  const verdict = noVerdict();
  const tableName = 'judged-mistakes';
  await engine.makeTable(tableName);
  const refused: { readonly command: JudgedCommand; readonly answers: Answers }[] = [];
  const client = tellingClient({ nowMs: engine.clock.nowMs, tableName }, (command, answers) =>
    refused.push({ command, answers }),
  );
  const tape = createTape(1);
  for (const make of Object.values(mistakes)) await answerOf(send(client, make(tableName, tape)));
  for (const [at, { command, answers }] of refused.entries())
    await compare(engine, { seed: 0, at }, { command, ...(await answers) }, verdict);
  return verdict;
}

async function judgeHistory(engine: JudgedEngine, seed: number, verdict: Verdict): Promise<void> {
  const tableName = `judged-${seed}`;
  await engine.makeTable(tableName);
  const steps = await historyOf(seed, {
    tableName,
    startMs: engine.clock.nowMs(),
    longestStepMs: engine.tokensAge ? dayMs : shortMs,
  });
  for (const [at, step] of steps.entries()) {
    engine.clock.advance(step.afterMs);
    if (!(await compare(engine, { seed, at }, step, verdict))) return;
  }
}

const unitsIn = (answer: Answer) => (answer.outcome === 'answered' ? answer.units : undefined);

const unmetered = (answer: Answer): Answer =>
  answer.outcome === 'answered' ? { ...answer, units: undefined } : answer;

/** False where the two tables may hold different things from here on. */
async function compare(
  engine: JudgedEngine,
  { seed, at }: { readonly seed: number; readonly at: number },
  { command, model, lax, repeated }: Omit<Step, 'afterMs'>,
  verdict: Verdict,
): Promise<boolean> {
  const answer = await answerOf(send(engine.client, engine.meters ? metered(command) : command));
  verdict.calls += 1;
  if (model.outcome === 'refused') verdict.refused += 1;
  if (model.outcome === 'answered' && model.lastKey !== undefined) verdict.cut += 1;
  const meters = engine.meters && unitsIn(model) !== undefined;
  if (meters) verdict.metered += 1;
  if (isDeepStrictEqual(meters ? model : unmetered(model), meters ? answer : unmetered(answer))) return true;
  const known = divergences.find(
    (each) =>
      each.engines.includes(engine.name) &&
      each.is(command, unmetered(model), unmetered(answer), unmetered(lax), repeated),
  );
  if (known === undefined) {
    verdict.unknown.push({ engine: engine.name, seed, step: at, command, model, answer });
    return false;
  }
  verdict.known[known.name] = (verdict.known[known.name] ?? 0) + 1;
  return !writes(command) || model.outcome === answer.outcome;
}

type Answers = Promise<Pick<Step, 'model' | 'lax' | 'repeated'>>;

/**
 * The model as a client; each call is told with what came of it and what it cost. Beside it goes the lax one: the same
 * until the first write that it takes otherwise, and an engine that answers like it is compared no further there.
 */
function tellingClient(
  options: { readonly nowMs: () => number; readonly tableName: string },
  listener: (command: JudgedCommand, answers: Answers) => void,
): DynamoClient & { notModelled(): readonly string[] } {
  const model = createTableModel(options);
  const lax = createTableModel({ ...options, missing: 'equal' });
  return {
    ...model.client,
    notModelled: model.notModelled,
    send(command) {
      const before = model.units();
      const sent = model.client.send(command);
      const after = model.units();
      const repeated = command instanceof TransactWriteItemsCommand && after.read > before.read;
      // What a repeat costs is only said in general: reading the items.
      const units = repeated ? undefined : after.read + after.write - before.read - before.write;
      const answer = answerOf(sent).then((given) =>
        given.outcome === 'answered' ? { ...given, units } : given,
      );
      const laxly = answerOf(lax.client.send(command));
      listener(
        command as unknown as JudgedCommand,
        Promise.all([answer, laxly]).then(([its, other]) => ({ model: its, lax: other, repeated })),
      );
      return sent;
    },
  };
}

/** A seeded history and what the model answers to it: every other one is drawn, the rest is the store's own. */
async function historyOf(
  seed: number,
  options: { readonly tableName: string; readonly startMs: number; readonly longestStepMs: number },
): Promise<readonly Step[]> {
  const { tableName, startMs, longestStepMs } = options;
  const tape = createTape(seed);
  let nowMs = startMs;
  const steps: (Call & { readonly answers: Answers })[] = [];
  let afterMs = 0;
  const client = tellingClient({ nowMs: () => nowMs, tableName }, (command, answers) => {
    steps.push({ afterMs, command, answers });
    afterMs = 0;
  });
  const passes = (ms: number) => {
    afterMs += Math.min(ms, longestStepMs);
    nowMs += Math.min(ms, longestStepMs);
  };

  if (seed % 2 === 0) {
    await driveStore(tape, {
      client,
      tableName,
      passes,
      steps: storeSteps,
      startMs,
      nonceOf: (nth) => `${seed}-${nth}`,
    });
  } else {
    for (const call of drawHistory(tape, tableName, drawnLength, (nth) => `${seed}-${nth}`)) {
      passes(call.afterMs);
      let answer = await answerOf(send(client, call.command));
      while (
        call.command instanceof QueryCommand &&
        answer.outcome === 'answered' &&
        answer.lastKey !== undefined
      ) {
        const next = new QueryCommand({ ...call.command.input, ExclusiveStartKey: { ...answer.lastKey } });
        answer = await answerOf(send(client, next));
      }
    }
  }
  const [unmodelled] = client.notModelled();
  if (unmodelled !== undefined) throw new Error(`seed ${seed}: ${unmodelled}`);
  return Promise.all(steps.map(async ({ answers, ...step }) => ({ ...step, ...(await answers) })));
}

/** One line for a divergence that nobody has explained, with what is needed to see it again. */
export function told({ engine, seed, step, command, model, answer }: UnknownDivergence): string {
  const what = inspect(command.input, { depth: 8, breakLength: 120 });
  return [
    `${engine}, seed ${seed}, step ${step}: ${command.constructor.name} ${what}`,
    `  model:  ${inspect(model, { depth: 6, breakLength: 120 })}`,
    `  engine: ${inspect(answer, { depth: 6, breakLength: 120 })}`,
  ].join('\n');
}
