import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { divergences } from '../../simulation/judge/divergences.ts';
import { startJudgedEngine } from '../../simulation/judge/engines.ts';
import { judge, judgeMistakes, told, type Verdict } from '../../simulation/judge/judge.ts';
import { engines } from '../../support/dynamodb.ts';
import { met } from '../divergences.ts';

const seeds = Array.from({ length: 24 }, (_, index) => index + 1);
const isDrawn = (seed: number) => seed % 2 === 1;
const notForMoto = 'calls that nobody makes end moto with an HTML page or a Python error';

describe.each(engines)('the histories of the simulation on %s', (name) => {
  let engine: Awaited<ReturnType<typeof startJudgedEngine>>;
  beforeAll(async () => {
    engine = await startJudgedEngine(name);
  });
  afterAll(() => engine.close());

  const seen = new Set<string>();
  const expectKnown = (verdict: Verdict, task: Parameters<typeof met>[0]) => {
    for (const name of Object.keys(verdict.known)) seen.add(name);
    for (const each of divergences)
      for (let count = 0; count < (verdict.known[each.name] ?? 0); count += 1) met(task, each);
    if (verdict.unknown.length > 0) expect.fail(verdict.unknown.map(told).join('\n'));
  };

  it('every known mistake is refused alike', async ({ task, skip }) => {
    skip(name === 'moto', notForMoto);
    expectKnown(await judgeMistakes(engine), task);
  });

  it.for(seeds)('seed %i is answered alike, call for call', async (seed, { task, skip }) => {
    skip(name === 'moto' && isDrawn(seed), notForMoto);
    expectKnown(await judge(engine, { firstSeed: seed, histories: 1 }), task);
  });

  it('every divergence that is named still happens', () => {
    const named = divergences.filter((each) => each.engines.includes(name)).map((each) => each.name);
    expect([...seen].sort()).toEqual(named.sort());
  });
});
