import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { divergences } from '../../simulation/judge/divergences.ts';
import { startJudgedEngine } from '../../simulation/judge/engines.ts';
import { judge, judgeMistakes, told, type Verdict } from '../../simulation/judge/judge.ts';
import { engines } from '../../support/dynamodb.ts';
import { met } from '../divergences.ts';

/** Every other one is drawn, the rest is the store's own. */
const seeds = Array.from({ length: 24 }, (_, index) => index + 1);

describe.each(engines)('the histories of the simulation on %s', (name) => {
  let engine: Awaited<ReturnType<typeof startJudgedEngine>>;
  beforeAll(async () => {
    engine = await startJudgedEngine(name);
  });
  afterAll(() => engine.close());

  const expectKnown = (verdict: Verdict, task: Parameters<typeof met>[0]) => {
    for (const each of divergences)
      for (let count = 0; count < (verdict.known[each.name] ?? 0); count += 1) met(task, each);
    expect(verdict.unknown.map(told).join('\n')).toBe('');
  };

  it('every known mistake is refused alike', async ({ task }) => {
    expectKnown(await judgeMistakes(engine), task);
  });

  it.for(seeds)('seed %i is answered alike, call for call', async (seed, { task }) => {
    expectKnown(await judge(engine, { firstSeed: seed, histories: 1 }), task);
  });
});
