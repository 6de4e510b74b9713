import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { playHistory } from './history.ts';
import { quietRuntime } from './quiet.ts';
import { missing, spellCoverage } from './required.ts';
import { shrink, spellShrunk } from './shrink.ts';
import { createTape, replayTape } from './tape.ts';

beforeAll(quietRuntime);

/** Many more of them, and every cell that has to be met, in CI: `npm run simulate`. */
const histories = 2_000;

test(`nothing is lost and nothing is done twice in ${histories} histories full of crashes, races and faults`, {
  timeout: 240_000,
}, async () => {
  // In a process of its own, bundled: half the time that it takes here.
  const script = resolve(import.meta.dirname, '../../scripts/simulate.mjs');
  const args = ['--seeds', String(histories), '--workers', '1'];
  const told = await new Promise<string>((done) => {
    execFile(process.execPath, [script, ...args], (error, stdout, stderr) =>
      done(error === null ? stdout : `${stdout}\n${stderr}\n${error.message}`),
    );
  });
  expect(told).toContain('violations: 0\n');
  expect(told).not.toContain('Command failed');
});

test('one seed is one history: played again, or from its tape, everything happens in the same order', async () => {
  const first = await playHistory(createTape(42));
  const again = await playHistory(createTape(42));
  const replayed = await playHistory(replayTape(first.stage.tape.drawn));
  expect(again.fingerprint).toBe(first.fingerprint);
  expect(replayed.fingerprint).toBe(first.fingerprint);
  expect(first.points).toBeGreaterThan(100);
});

test('a run that never met what it is meant to try is called vacuous', () => {
  expect(missing({}, 2_000).length).toBeGreaterThan(50);
  expect(missing({}, 100_000).length).toBeGreaterThan(missing({}, 2_000).length);
});

test('a run too short for any cell to be required says so, and no quota of nothing', () => {
  expect(spellCoverage({ 'hint lost': 1 }, 20)).toBe('1 cells met, none required below 2000 histories');
  expect(spellCoverage({ 'hint lost': 1 }, 2_000)).toMatch(/^1 cells met, 1 of \d+ required ones$/);
});

test('the history that there was is shown where the calmer one is longer', () => {
  const of = { seed: 7, tries: 40, points: 80, drawn: [3, 0, 5, 9], tape: [0, 0, 5] };

  expect(spellShrunk({ ...of, shortPoints: 60 })).toBe(
    'shown is the calmest one found in 40 tries: 60 points instead of 80; of 3 random choices 1 are left that differ from the calmest one',
  );
  expect(spellShrunk({ ...of, shortPoints: 90 })).toContain('shown is seed 7 as it was, 80 points');
});

test('a failing history is cut down to a calmer one that fails in the same way', async () => {
  const drawn = Array.from({ length: 400 }, (_, at) => (at % 3 === 0 ? at : 0));
  // What fails here needs two of its draws, wherever they come to stand.
  const { tape } = await shrink(drawn, 'I15 ends', 400, async (draws) => ({
    fails: draws.includes(150) && draws.includes(33),
    length: draws.length,
  }));
  expect(tape.filter((value) => value !== 0)).toEqual([33, 150]);
});
