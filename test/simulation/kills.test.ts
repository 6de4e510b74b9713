import 'zod/compile';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { pairOptions } from './kills/jobs.ts';
import { play } from './kills/run.ts';
import { spellPlace } from './kills/tally.ts';
import { quietRuntime } from './quiet.ts';
import { scenarioCalled } from './scenarios/all.ts';
import { goodRelease, wrongVersion } from './scenarios/changed.ts';
import { fledByHand, waitsForNeighbour } from './scenarios/rollbacks.ts';
import { cancelledInTheWait } from './scenarios/untouched.ts';

// Answers what vitest calls at the end.
beforeAll(quietRuntime);

test('a rollback waits for another app of its distribution, which switches there and back, and is carried out', async () => {
  const { broken } = await play(waitsForNeighbour, []);
  expect(broken).toEqual([]);
});

test('a release whose rollback failed and was closed by people is not what /rollback goes to', async () => {
  const { broken } = await play(fledByHand, []);
  expect(broken).toEqual([]);
});

test.each([
  'the way back is staged anew in the watch, and put back',
  'the way back is built anew under its name, closed by two',
])('%s: production is left as it is, and on-call is told', async (name) => {
  const { broken, stage } = await play(scenarioCalled(name), []);
  expect(broken).toEqual([]);
  const failed = [...stage.watcher.shadows.values()].flatMap(({ entries }) =>
    entries.flatMap(({ event }) => (event.type === 'step.failed' ? event.code : [])),
  );
  expect(failed).toEqual(['site.way-back-gone']);
  expect(stage.cloud.versions.filter(({ by }) => by === 'us').length).toBe(name.includes('put back') ? 2 : 1);
});

test.each([
  [
    'another release is put into the live colour in the watch, closed by two',
    'Somebody replaced what lies in green: v1.2.0 instead of v1.1.0.',
  ],
  [
    'the release is built anew under its name after the gate, and rolled back',
    'Somebody replaced what lies in green: other content under the name v1.1.0 than was approved.',
  ],
])('%s: nothing is called promoted', async (name, said) => {
  const { broken, stage } = await play(scenarioCalled(name), []);
  expect(broken).toEqual([]);
  const drift = [...stage.watcher.shadows.values()].flatMap(({ entries }) =>
    entries.flatMap(({ event }) => (event.type === 'drift.found' ? event.text : [])),
  );
  expect(drift).toEqual([said]);
});

test('an alarm while it is delivered: it turns around before it is everywhere', async () => {
  const { broken, stage } = await play(scenarioCalled('an alarm while it is delivered'), []);
  expect(broken).toEqual([]);
  const [shadow] = stage.watcher.shadows.values();
  expect(shadow?.promotion).toMatchObject({
    phase: 'rolled-back',
    rollback: { from: 'deploying', cause: { code: 'alarm' } },
  });
});

// Its full size, with Slack's side, more stories and pairs of kills: `npm run kills`.
describe('killed at every single await and started again', () => {
  const before: string[] = [];

  it.each([
    [goodRelease, 150],
    [wrongVersion, 50],
    [cancelledInTheWait, 20],
  ])(
    '$name ends as it should, and breaks no invariant',
    async (scenario, least) => {
      const whole = await play(scenario, [], pairOptions, true);
      const places = whole.places.map(spellPlace);
      // What a story has in common with the one before it was killed there.
      const shared = places.findIndex((place, index) => place !== before[index]);
      before.splice(0, before.length, ...places);
      expect(whole.broken).toEqual([]);
      expect(whole.points - shared).toBeGreaterThan(least);

      const broken: string[] = [];
      for (const [index, place] of places.entries()) {
        if (index < shared) continue;
        const run = await play(scenario, [index + 1], pairOptions);
        expect(run.killed.map(spellPlace)).toEqual([place]);
        broken.push(...run.broken.map((text) => `${index + 1} (${place}): ${text}`));
      }

      expect(broken).toEqual([]);
    },
    120_000,
  );
});
