import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  counted,
  goneJudges,
  metWritten,
  pageOf,
  skippedOf,
  tableOf,
  type WrittenMet,
  writtenDown,
} from '../peers/counting.mjs';
import { commitHere, sourcesHere, whyRefused } from '../peers/heard.mjs';
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

  it('fails by a divergence that names no test or no words, since every failure would be one', () => {
    for (const wide of [
      { ...known, test: '', says: '' },
      { ...known, test: '' },
      { ...known, says: '' },
    ])
      expect(counted({ divergences: [wide] }, heard([failure])).problems).toEqual([
        'the divergence "forgets" would excuse everything: it names no test or no words',
      ]);
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

  describe('with divergences', () => {
    const meets = (times: number, name = 'late') =>
      one(`x > ${name} ${times}`, 'passed', {
        divergences: Array.from({ length: times }, () => ({ name, reason: 'Slow.' })),
      });
    const problemsOf = (cases: object[], written: WrittenMet, judge: object = {}) =>
      counted(judge, heard(cases), { strict: true, atLeast: cases.length, written }).problems;

    it('takes them as often as is written', () => {
      expect(problemsOf([meets(2), meets(1)], { late: 3 })).toEqual([]);
      expect(problemsOf([meets(0)], {})).toEqual([]);
      expect(problemsOf([failure], { forgets: 1 }, { divergences: [known] })).toEqual([]);
      expect(counted({}, heard([meets(2)])).problems).toEqual([]);
    });

    it('fails when one is met more often: an excuse has become wider', () => {
      const second = one('the store on y > is kept', 'failed', { errors: ['expected 1 to be 3'] });

      expect(problemsOf([meets(2)], { late: 1 })).toEqual([
        'the divergence "late" was met 2 times, where 1 are written down: it excuses more',
      ]);
      expect(problemsOf([failure, second], { forgets: 1 }, { divergences: [known] })).toHaveLength(1);
      expect(
        problemsOf([failure], { forgets: 0 }, { divergences: [{ ...known, sometimes: true }] }),
      ).toHaveLength(1);
    });

    it('fails when one is met less often, or never: nobody looks any more', () => {
      expect(problemsOf([meets(1)], { late: 2 })).toEqual([
        'the divergence "late" was met once, where 2 are written down: it is seen less',
      ]);
      expect(problemsOf([meets(0)], { late: 1 })).toHaveLength(1);
    });

    it('fails when one is written nowhere', () => {
      expect(problemsOf([meets(1), meets(1, 'small')], { late: 1 })).toEqual([
        'the divergence "small" was met once, and nowhere is written how often: run with --write',
      ]);
    });

    it('takes what depends on the machine between two numbers', () => {
      const written = { late: { atMost: 2 } };

      for (const times of [0, 1, 2]) expect(problemsOf([meets(times)], written)).toEqual([]);
      expect(problemsOf([meets(3)], written)).toHaveLength(1);
      expect(problemsOf([meets(0)], { late: { atLeast: 1, atMost: 2 } })).toHaveLength(1);
    });

    it('writes down what is new or has become more, and lowers nothing', () => {
      const met = (id: string, divergences: Record<string, number>, missing: string | null = null) => ({
        id,
        missing,
        divergences: Object.entries(divergences).map(([name, times]) => ({ name, met: times })),
      });

      expect(
        metWritten({ a: { less: 2, more: 1, some: { atLeast: 0, atMost: 1 } }, gone: { late: 1 } }, [
          met('a', { less: 1, more: 3, some: 2, anew: 1 }),
          met('gone', {}, 'not here'),
          met('none', {}),
        ]),
      ).toEqual({
        a: { anew: 1, less: 2, more: 3, some: { atLeast: 0, atMost: 2 } },
        gone: { late: 1 },
      });
    });

    it('are written down as the page tells them', async () => {
      const text = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
      const written: Record<string, WrittenMet> = JSON.parse(text('../peers/met.json'));
      const page = text('../../docs/judges.md');
      const isMissing = (judge: string) =>
        page.split('\n').some((line) => line.startsWith(`| ${judge} `) && line.includes(' missing: '));
      for (const { id, name: judge } of await allJudges()) {
        if (isMissing(judge)) continue;
        const [, part = ''] = page.split(`\n### ${judge}\n`);
        const told = [...(part.split('\n### ')[0] ?? '').matchAll(/^- \*(.*)\* \(met (once|\d+ times)\)/gm)];
        const times = Object.fromEntries(
          told.map(([, name = '', met = '']) => [
            name.replaceAll('\\*', '*'),
            met === 'once' ? 1 : Number.parseInt(met, 10),
          ]),
        );
        for (const [name, each] of Object.entries(written[id] ?? {})) {
          const { atLeast = 0, atMost } = typeof each === 'number' ? { atLeast: each, atMost: each } : each;
          expect(times[name] ?? 0, `${judge}: ${name}`).toBeGreaterThanOrEqual(atLeast);
          expect(times[name] ?? 0, `${judge}: ${name}`).toBeLessThanOrEqual(atMost);
        }
        expect(Object.keys(written[id] ?? {})).toEqual(expect.arrayContaining(Object.keys(times)));
      }
    });
  });

  it('fails for one that is written down and is no more', () => {
    expect(goneJudges({ leaving: 10, native: 160 }, [{ id: 'native' }])).toEqual(['leaving']);
    expect(goneJudges({ native: 160 }, [{ id: 'native' }, { id: 'anew' }])).toEqual([]);
  });

  it('is counted for every judge there is', async () => {
    const ids = (await allJudges()).map(({ id }) => id);
    const file = new URL('../peers/cases.json', import.meta.url);

    expect(Object.keys(JSON.parse(readFileSync(file, 'utf8'))).sort()).toEqual(ids.sort());
  });
});

describe('what a part left that ran by itself', () => {
  const here = { commit: 'abc', changedMs: 1_000, nowMs: 2_000 };
  const its = { commit: 'abc', startedMs: 1_500 };

  it('is taken when it is of these sources', () => {
    expect(whyRefused(its, here)).toBeNull();
    expect(whyRefused({ ...its, commit: null }, { ...here, commit: null })).toBeNull();
  });

  it.each([
    ['of another commit', { ...its, commit: 'def' }, 'it is of the commit def, and this is abc'],
    ['of no commit', { ...its, commit: null }, 'it is of the commit unknown, and this is abc'],
    ['older than a change', { ...its, startedMs: 999 }, 'the sources were changed after it began'],
    ['of the future', { ...its, startedMs: 2_001 }, 'it was not begun within the last day'],
    ['of nobody knows when', { commit: 'abc' }, 'it does not say of which sources it is, or of when'],
    ['of nobody knows what', { startedMs: 1_500 }, 'it does not say of which sources it is, or of when'],
  ])('is refused when it is %s', (_what, stamp, why) => {
    expect(whyRefused(stamp, here)).toBe(why);
  });

  it('is refused when it is of yesterday', () => {
    const nowMs = 86_400_000 + 1_501;
    expect(whyRefused(its, { ...here, nowMs })).toBe('it was not begun within the last day');
  });

  it('is compared with what is checked out and with what is not committed', () => {
    const sources = sourcesHere();
    expect(sources.commit).toBe(commitHere());
    expect(sources.changedMs).toBeLessThanOrEqual(sources.nowMs);
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
      '| A | 1 | x | 2 | 0 | 0 | 1: slow | 1, met once |',
      '| B | – | y | 0 | 0 | 0 | missing: it is not here | 0 |',
    ]);
  });

  it('is followed by every divergence with its reason', () => {
    expect(pageOf([there, missing], 'Made today.')).toContain(
      '### A\n\n- *forgets* (met once). It is small.',
    );
  });
});
