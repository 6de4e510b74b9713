import { describe, expect, it } from 'vitest';
import type { Report } from '../simulation/kills/kill.ts';
import { madeOf, pageOf } from '../simulation/kills/page.ts';
import { wantedKills } from '../simulation/kills/wanted.ts';
import { scenarios } from '../simulation/scenarios/all.ts';
import { coreScenarios } from '../simulation/scenarios/core.ts';

const name = 'a good release';

const report = (does: Report['does'], runs: number, ...names: string[]): Report => ({
  does,
  tallies: names.map((scenario) => ({
    scenario,
    points: 8,
    runs,
    killed: runs,
    skipped: 8 - runs,
    violations: 0,
    turns: {},
    cpuSeconds: 1,
  })),
  byPhase: {},
  byCall: {},
  minutes: 1,
  broken: [],
});
const made = { date: '2026-11-21', machine: 'two cores', every: 1, only: null, commit: 'abc1234' };

describe('what is asked of the kills', () => {
  it('is every scenario, or the one that is named', () => {
    expect(wantedKills(['--singles'])).toMatchObject({ does: 'kill', singles: scenarios, pairs: null });
    expect(wantedKills(['--pairs', '--every', '4', '--commit', 'abc1234'])).toMatchObject({
      singles: null,
      pairs: coreScenarios,
      tried: { every: 4, only: null, commit: 'abc1234' },
    });
    expect(wantedKills(['--singles', '--only', name])).toMatchObject({ singles: [{ name }] });
  });

  it('is one run, at points in their order', () => {
    expect(wantedKills(['--only', name, '--at', '40,12', '--pairs'])).toMatchObject({
      does: 'show',
      scenario: { name },
      at: [12, 40],
      pairs: true,
    });
    expect(wantedKills(['--only', name, '--at', '0'])).toMatchObject({ at: [] });
  });

  it.each([
    [
      ['--only', 'nosuch', '--singles'],
      '--only "nosuch": there is no such scenario. There are: "a good release", ',
    ],
    [
      ['--only', 'nosuch', '--pairs'],
      'there is no such scenario that is killed in pairs. There are: "a good release", ',
    ],
    [['--only', 'good', '--at', '3'], '--only "good": there is no such scenario.'],
    [['--at', '3'], '--at 3: --only NAME is missing.'],
    [['--only', name, '--at', 'x'], '--at x: it takes a whole number from 0.'],
    [['--only', name, '--at', '3', '--write'], '--at shows one run'],
    [['--singles', '--every', '0'], '--every 0: it takes a whole number from 1.'],
    [['--singles', '--workers', '0'], '--workers 0: it takes a whole number from 1.'],
    [['--singles', '--json', 'README.md/x.json'], '--json README.md/x.json: '],
    [['--every', '4'], 'Either --singles or --pairs or both'],
    [['--only', name], 'Either --singles or --pairs or both'],
    [['--singles', '--only', name, '--write'], '--write is for every scenario: leave out --only'],
    [['--page', 'a.json', '--singles'], '--page takes what a run left'],
  ])('is refused in one line: %j', (args, line) => {
    expect(() => wantedKills(args)).toThrow(line);
  });
});

describe('the page of the kills', () => {
  const both = [report('singles', 8, name, 'another'), report('pairs', 28, name)];

  it('says of a whole run that every point was tried, and of which commit', () => {
    const page = pageOf(both, made);

    expect(page).toContain('Made by `npm run kills -- --singles --pairs`, commit abc1234.');
    expect(page).toContain('*Skipped* means not tried');
    expect(page).toContain('\nEvery point of every scenario, with Slack’s side.\n');
    expect(page).toContain('\nEvery pair of points of the core scenarios:');
  });

  it('never says so of a part of the points', () => {
    const page = pageOf([report('singles', 2, name, 'another'), report('pairs', 28, name)], {
      ...made,
      every: 4,
    });

    expect(page).toContain('`npm run kills -- --singles --pairs --every 4`');
    expect(page).toContain('Not every point of every scenario');
    expect(page).toContain('Only one in 4 points was tried: 1, 5, 9 and so on.');
    expect(page).toContain('Not every pair of points of the core scenarios');
    expect(page).not.toMatch(/^Every (point|pair)/m);
  });

  it('never says so of one scenario', () => {
    const page = pageOf([report('singles', 8, name)], { ...made, only: name });

    expect(page).toContain(`Every point of the one scenario "${name}"`);
    expect(page).not.toContain('every scenario,');
  });

  it('can be made of the figures that a run left, where these do not say all with what is given', () => {
    const old = { date: '2026-11-21', machine: 'two cores', reports: both };

    expect(madeOf('a.json', old, { every: 1, commit: 'abc1234' })).toEqual({ ...made, reports: both });
    expect(madeOf('a.json', { ...old, ...made }, { every: 4, commit: 'fff' })).toMatchObject(made);
    expect(madeOf('a.json', { ...old, reports: both.slice(1) }, { every: 1 })).toMatchObject({ only: name });
    expect(pageOf(both, madeOf('a.json', old, { every: 1 }))).toContain(
      'which commit that was is not written down',
    );
  });

  it.each([
    [{ reports: [] }, { every: 1 }, 'these are no figures of a run'],
    [null, { every: 1 }, 'these are no figures of a run'],
    [{ ...made, every: undefined, reports: both }, {}, 'give --every N as its run had it'],
    [
      { ...made, every: undefined, reports: both },
      { every: 4 },
      'other points were tried there than with --every 4',
    ],
  ])('is not made of other figures: %#', (left, given, line) => {
    expect(() => madeOf('a.json', left, given)).toThrow(line);
  });
});
