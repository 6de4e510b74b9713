import { describe, expect, it } from 'vitest';
import {
  differencesBetween,
  digestOf,
  failsNoMore,
  plain,
  validate,
} from '../../../src/flows/engine/planner.ts';
import type { Analysis, CheckResult, Definition, Plan } from '../../../src/flows/promotion/plan.ts';
import {
  analysis,
  failed,
  hash,
  newRelease,
  oldRelease,
  passed,
  plan,
  policy,
  unknown,
} from '../promotion/walk.ts';

const spec = (id: string, essential = false) => ({ id, kind: id, title: id, essential, settings: {} });
const definition: Definition = {
  repository: 'northwind/site',
  target: { kind: 'paper', settings: {} },
  gates: [spec('staging')],
  checks: [spec('version', true)],
  readings: [],
};
const with_ = (also: Partial<Analysis>): Plan => ({ ...plan, analysis: { ...analysis, ...also } });
const digest = (of: Plan, rules = policy, settings = definition) => digestOf(of, settings, rules, hash);
const differences = (after: Plan) => differencesBetween(plan, after, definition, policy);

/** Everything that approvers sign, and a plan in which nothing but that is another. */
const signed: readonly (readonly [label: string, after: Plan])[] = [
  [
    'What is live now: was v1.0.0 in blue (aaaa0000), is v1.0.1 in blue (aaaa0000)',
    with_({ live: { release: { ...oldRelease, version: 'v1.0.1' }, place: 'blue' } }),
  ],
  [
    'The release: was v1.1.0 in green (bbbb1111), is v1.1.0 in green (cccc2222)',
    with_({ candidate: { release: { ...newRelease, artifact: 'cccc2222dddd' }, place: 'green' } }),
  ],
  ['Configuration of the target: somebody changed it', with_({ fingerprint: 'f2' })],
  ['Resources that are changed: changed', with_({ resources: ['arn:other'] })],
  ['What will change: changed', with_({ changes: ['something else'] })],
  ['Risks: changed', with_({ risks: ['new'] })],
  ['Steps: changed', with_({ steps: analysis.steps.slice(1) })],
  ['Way back: changed', with_({ rollback: analysis.rollback.slice(1) })],
  ['Gate results: staging: broken', { ...plan, results: [failed('staging')] }],
  ['Gate results: fewer than before', { ...plan, results: [] }],
  [
    'Checks that fail already: changed',
    { ...plan, failingBefore: [{ id: 'errors', title: 'errors', text: '8 %' }] },
  ],
];

describe('ALL-3 what the approvers sign', () => {
  it.each(signed)('is another plan when it differs like this: %s', (label, after) => {
    expect(digest(after)).not.toBe(digest(plan));
    expect(differences(after)).toEqual([label]);
  });

  it('is another plan under other rules or settings', () => {
    const rules = { ...policy, promoters: { people: ['UADA'], groups: [] } };

    expect(digest(plan, rules)).not.toBe(digest(plan));
    expect(digest(plan, policy, { ...definition, gates: [] })).not.toBe(digest(plan));
  });

  it('is the same plan whatever changes from look to look: wording, links, what is done by hand', () => {
    const again: Plan = {
      analysis: {
        ...analysis,
        byHand: ['in other words'],
        links: [{ label: 'x', url: 'https://example.test' }],
      },
      results: [
        { ...passed('staging'), text: 'fine, 3 s ago', link: 'https://example.test', title: 'Staging' },
      ],
      failingBefore: [],
    };

    expect(digest(again)).toBe(digest(plan));
    expect(differences(again)).toEqual([]);
  });

  it('of a check that failed before is its name, not its words', () => {
    const failedBefore = (text: string): Plan => ({
      ...plan,
      failingBefore: [{ id: 'errors', title: 'Errors', text }],
    });

    expect(digest(failedBefore('8 %'))).toBe(digest(failedBefore('9 %')));
  });

  it('names every difference when there are several, and of the results only those that changed', () => {
    const before: Plan = { ...plan, results: [passed('staging'), passed('candidate')] };
    const after: Plan = {
      ...with_({ risks: ['new'], fingerprint: 'f2' }),
      results: [failed('staging'), passed('candidate'), unknown('backup')],
    };

    expect(differencesBetween(before, after, definition, policy)).toEqual([
      'Configuration of the target: somebody changed it',
      'Risks: changed',
      'Gate results: staging: broken; backup: no data',
    ]);
  });
});

describe('words of others', () => {
  const long = (count: number) => 'x'.repeat(count);
  const kept = (result: Partial<CheckResult>) => plain([{ ...passed('a'), ...result }])[0];

  it('are cut to what a reader needs, and left alone up to there', () => {
    expect(kept({ text: long(500) })?.text).toHaveLength(500);
    expect(kept({ text: long(501) })?.text).toHaveLength(500);
    expect(kept({ title: long(200) })?.title).toHaveLength(200);
    expect(kept({ title: long(201) })?.title).toHaveLength(200);
  });

  it('that are a link are dropped rather than cut, since half a link leads nowhere', () => {
    expect(kept({ link: long(1_000) })?.link).toHaveLength(1_000);
    expect(kept({ link: long(1_001) })?.link).toBeNull();
    expect(kept({ link: null })?.link).toBeNull();
  });

  it('keep what was found and lose what only the engine needs', () => {
    const [result] = plain([{ ...failed('alarm', true), judged: { fromMs: 1, untilMs: 5 } }]);

    expect(result).toEqual({ ...failed('alarm', true) });
  });
});

describe('what fails by the time of the gate', () => {
  const failing = (id: string, ...signs: readonly string[]) => ({
    id,
    title: id,
    text: 'broken',
    signs: [...signs],
  });
  const noMore = (fresh: Plan['failingBefore'], approved: Plan['failingBefore']) =>
    failsNoMore({ ...plan, failingBefore: fresh }, { ...plan, failingBefore: approved });
  const wordy = (id: string) => ({ id, title: id, text: 'broken' });

  it('ALL-3 is known by check and name, not by since when, in whatever order', () => {
    expect(noMore([], [])).toBe(true);
    expect(noMore([failing('a', 'x@1')], [failing('a', 'x@9', 'y@9')])).toBe(true);
    expect(noMore([failing('a', 'x@1')], [failing('b', 'x@1')])).toBe(false);
    expect(noMore([failing('b', 'y@1')], [failing('a', 'x@1'), failing('b', 'y@1')])).toBe(true);
    expect(noMore([failing('b', 'x@1')], [failing('a', 'x@1'), failing('b', 'y@1')])).toBe(false);
    expect(noMore([failing('a', 'x@1', 'z@1')], [failing('a', 'x@1', 'y@1')])).toBe(false);
    expect(noMore([failing('a', 'xx@1')], [failing('a', 'x@1')])).toBe(false);
    expect(noMore([wordy('a')], [failing('a', 'x@1')])).toBe(true);
    expect(noMore([wordy('a')], [])).toBe(false);
    expect(noMore([failing('a', 'x@1')], [wordy('a')])).toBe(false);
  });

  it('ALL-3 is part of what is signed by check and name, and by check alone where there are no names', () => {
    const digest = (...failingBefore: Plan['failingBefore']) =>
      digestOf({ ...plan, failingBefore }, definition, policy, hash);

    expect(digest(failing('a', 'x@1', 'y@2'))).toBe(digest(failing('a', 'y@8', 'x@9', 'x@7')));
    expect(digest(failing('a', 'x@1'))).not.toBe(digest(failing('a', 'x@1', 'y@2')));
    expect(digest(wordy('a'))).toBe(digest({ ...wordy('a'), text: 'broken otherwise' }));
    expect(digest(wordy('a'))).not.toBe(digest(wordy('b')));
  });

  it('is kept as long as it can be saved: a hundred signs of a hundred letters', () => {
    const [kept] = plain([{ ...failed('a'), signs: Array.from({ length: 150 }, () => 'x'.repeat(150)) }]);

    expect(kept?.signs).toHaveLength(100);
    expect(new Set(kept?.signs?.map(({ length }) => length))).toEqual(new Set([100]));
    expect(plain([failed('a')])[0]).not.toHaveProperty('signs');
  });
});

describe('what has to hold before approval', () => {
  const request = {
    kind: 'promotion' as const,
    promotionId: 'p1',
    digest: null,
    app: 'site',
    environment: 'production',
    version: 'v1.1.0',
    definition: {
      ...definition,
      checks: [spec('version', true), spec('errors'), spec('latency')],
      readings: [spec('alarms'), spec('traffic')],
    },
    policy,
    history: [],
    nowMs: 1_000,
  };
  const validated = (kind: 'promotion' | 'rollback', outcomes: Record<string, CheckResult['outcome']>) =>
    validate(
      {
        hash,
        checks: {
          isAlarm: ({ kind }) => kind === 'alarms',
          run: async ({ id }) => ({ ...passed(id), outcome: outcomes[id] ?? 'passed' }),
        },
        targetOf: () => ({
          analyze: async () => ({ outcome: 'analyzed', analysis }),
          validate: async () => [passed('candidate')],
          observe: async () => ({ outcome: 'done', text: '' }),
          act: async () => ({ reference: null }),
        }),
        releases: { resolve: async () => ({ outcome: 'absent', nearest: [] }) },
      },
      { ...request, kind },
      analysis,
    );

  it('is the gates, the candidate and what proves the release that is live, in this order', async () => {
    const { results, failingBefore } = await validated('promotion', {
      version: 'inconclusive',
      errors: 'failed',
      latency: 'inconclusive',
    });

    expect(results.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      'staging passed',
      'candidate passed',
      'before-version inconclusive',
    ]);
    expect(failingBefore.map(({ id }) => id)).toEqual(['errors']);
  });

  it('ALL-13 knows the alarms that rang before, those of the watch too, and nothing else of the watch', async () => {
    const { failingBefore } = await validated('promotion', { alarms: 'failed', traffic: 'failed' });

    expect(failingBefore).toEqual([{ id: 'alarms', title: 'alarms', text: passed('alarms').text }]);
  });

  it('says nothing of a production that is as it should be', async () => {
    const { results, failingBefore } = await validated('promotion', {});

    expect(results.map(({ id }) => id)).toEqual(['staging', 'candidate']);
    expect(failingBefore).toEqual([]);
  });

  it('for a rollback is only that what it goes back to is there: what fails now is why it is asked for, and excuses nothing', async () => {
    const { results, failingBefore } = await validated('rollback', { version: 'failed', errors: 'failed' });

    expect(results.map(({ id }) => id)).toEqual(['candidate']);
    expect(failingBefore).toEqual([]);
  });

  it('never excuses what proves the release, even if it failed before as well', async () => {
    const { failingBefore } = await validated('rollback', { version: 'failed' });

    expect(failingBefore).toEqual([]);
  });
});
