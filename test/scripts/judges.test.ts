import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { counted, pageOf, skippedOf, tableOf, writtenDown } from '../peers/counting.mjs';
import { allJudges } from '../peers/judges.mjs';

const one = (name: string, state: string, more: object = {}) => ({
  name,
  state,
  note: null,
  errors: [],
  divergences: [],
  ...more,
});
const heard = (cases: object[], more: object = {}) => ({
  result: { cases, broken: [] },
  code: 0,
  text: 'what vitest said',
  ...more,
});
const failure = one('the store on x > is kept', 'failed', { errors: ['expected 1 to be 2'] });
const known = { test: 'is kept', says: 'expected 1', name: 'forgets', reason: 'It is small.' };

describe('a judge’s part', () => {
  it('is counted by outcome, with the reasons of what was skipped', () => {
    const cases = [
      one('a', 'passed'),
      one('b', 'passed', { divergences: [{ name: 'late', reason: 'Slow.' }] }),
      one('c', 'skipped', { note: 'no Java' }),
      one('d', 'skipped', { note: 'no Java' }),
    ];

    expect(counted({}, heard(cases))).toEqual({
      cases: 4,
      passed: 2,
      failed: 0,
      skipped: [{ reason: 'no Java', count: 2 }],
      divergences: [{ name: 'late', reason: 'Slow.', met: 1 }],
      problems: [],
    });
  });

  it('leaves out what its name pattern leaves out, and nothing that was skipped on purpose', () => {
    const cases = [one('on x > a', 'passed'), one('on y > a', 'skipped'), one('on x > b', 'skipped')];

    expect(counted({ names: 'on x' }, heard(cases))).toMatchObject({
      cases: 2,
      skipped: [{ reason: 'no reason given', count: 1 }],
    });
  });

  it('fails by a failure that is not known', () => {
    expect(counted({}, heard([failure]))).toMatchObject({
      failed: 1,
      problems: ['the store on x > is kept\n    expected 1 to be 2'],
    });
    const other = { ...known, says: 'expected 7' };
    expect(counted({ divergences: [{ ...other, sometimes: true }] }, heard([failure])).failed).toBe(1);
  });

  it('takes a known failure for a divergence', () => {
    expect(counted({ divergences: [known] }, heard([failure], { code: 1 }))).toMatchObject({
      failed: 0,
      divergences: [{ name: 'forgets', reason: 'It is small.', met: 1 }],
      problems: [],
    });
  });

  it('fails when a divergence is gone, unless it only happens sometimes', () => {
    const cases = heard([one('the store on x > is kept', 'passed')]);

    expect(counted({ divergences: [known] }, cases).problems).toEqual([
      'the divergence "forgets" did not happen in "is kept": take it off the list',
    ]);
    expect(counted({ divergences: [{ ...known, sometimes: true }] }, cases).problems).toEqual([]);
  });

  it('fails when nothing ran, when something was not carried out, and when a hook or vitest failed', () => {
    const passed = one('a', 'passed');

    expect(counted({}, heard([])).problems).toHaveLength(1);
    expect(counted({}, heard([passed, one('b', 'pending')])).problems).toEqual([
      '1 cases were not carried out',
    ]);
    expect(
      counted({}, { ...heard([passed]), result: { cases: [passed], broken: ['no server'] } }).problems,
    ).toEqual(['no server']);
    expect(counted({}, heard([passed], { code: 1 })).problems).toHaveLength(1);
  });
});

describe('a judge’s part, where it is strict', () => {
  const strict = (cases: object[], judge: object = {}, atLeast: number | undefined = cases.length) =>
    counted(judge, heard(cases), { strict: true, ...(atLeast === undefined ? {} : { atLeast }) });
  const slow = one('x > a', 'skipped', { note: 'slow' });
  const listed = { skips: [{ reason: 'slow', atMost: 1 }] };

  it('fails when all of it is skipped by describe.skip', () => {
    const cases = [one('x > a', 'skipped'), one('x > b', 'skipped')];

    expect(counted({}, heard(cases)).problems).toEqual([]);
    expect(strict(cases).problems).toEqual([
      '2 cases skipped (no reason given), where 0 may be:\n    x > a\n    x > b',
    ]);
  });

  it('fails for a skip whose reason is not listed, and for one more than are listed', () => {
    const passed = one('x > b', 'passed');

    expect(strict([slow, passed]).problems).toHaveLength(1);
    expect(strict([slow, passed], { skips: [{ reason: 'no Java', atMost: 1 }] }).problems).toHaveLength(1);
    expect(strict([slow, passed], listed).problems).toEqual([]);
    expect(strict([slow, { ...slow, name: 'x > b' }], listed).problems).toHaveLength(1);
  });

  it('fails when there are fewer cases than are written down, or nothing is', () => {
    const cases = [one('x > a', 'passed')];

    expect(strict(cases, {}, 2).problems).toEqual([
      '1 cases, where 2 are written down: it tries less than it did',
    ]);
    expect(strict(cases, {}, 1).problems).toEqual([]);
    expect(counted({}, heard(cases), { strict: true }).problems).toHaveLength(1);
  });

  it('has as many cases from now on as it had at most; one that is missing changes nothing', () => {
    const result = (id: string, cases: number, missing: string | null = null) => ({ id, cases, missing });

    expect(
      writtenDown({ fewer: 3, more: 3, missing: 3 }, [
        result('fewer', 2),
        result('more', 4),
        result('missing', 0, 'not here'),
        result('anew', 1),
      ]),
    ).toEqual({ anew: 1, fewer: 3, missing: 3, more: 4 });
  });

  it('is counted for every judge there is', async () => {
    const ids = (await allJudges()).map(({ id }) => id);
    const file = new URL('../peers/cases.json', import.meta.url);

    expect(Object.keys(JSON.parse(readFileSync(file, 'utf8'))).sort()).toEqual(ids.sort());
  });
});

describe('the table', () => {
  const missing = {
    name: 'B',
    version: '–',
    judges: 'y',
    missing: 'it is not here',
    ...counted({}, heard([])),
  };
  const there = {
    name: 'A',
    version: '1',
    judges: 'x',
    missing: null,
    ...counted({ divergences: [known] }, heard([failure, one('a', 'skipped', { note: 'slow' })])),
  };

  it('counts a judge that is missing as a skip', () => {
    expect([there, missing].map(skippedOf)).toEqual([1, 1]);
    expect(
      tableOf([there, missing])
        .split('\n')
        .slice(2)
        .map((line) => line.replace(/ +/g, ' ')),
    ).toEqual([
      '| A | 1 | x | 2 | 0 | 0 | 1: slow | 1, met 1 times |',
      '| B | – | y | 0 | 0 | 0 | missing: it is not here | 0 |',
    ]);
  });

  it('is followed by every divergence with its reason', () => {
    expect(pageOf([there, missing])).toContain('### A\n\n- *forgets* (met 1 times). It is small.');
  });
});
