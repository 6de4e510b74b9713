import { describe, expect, it } from 'vitest';
import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import { nextAction } from '../../../src/flows/promotion/next-action.ts';
import { readingOutcome } from '../../../src/flows/promotion/phases/monitoring.ts';
import { stepsBack } from '../../../src/flows/promotion/phases/rolling-back.ts';
import {
  failedBefore,
  probeOutcome,
  verificationIsOverdue,
  worstOf,
} from '../../../src/flows/promotion/phases/verifying.ts';
import type { CheckResult } from '../../../src/flows/promotion/plan.ts';
import type {
  Promotion,
  PromotionIn,
  Rollback,
  Verification,
  Watch,
} from '../../../src/flows/promotion/promotion.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import { stands } from './stands.ts';
import { analysis, claim, failed, grace, lin, passed, policy, through, type Walk, walkTo } from './walk.ts';

type Accepted = Extract<ReturnType<typeof transition>, { outcome: 'accepted' }>;

const taken = (promotion: Promotion, event: PromotionEvent, atMs: number): Accepted => {
  const decision = transition(promotion, event, atMs);
  if (decision.outcome === 'refused') throw new Error(decision.refusal.code);
  return decision;
};
const saw = (outcome: CheckResult['outcome'], id = 'a'): CheckResult => ({
  ...passed(id),
  outcome,
  text: outcome,
});
const probe = (...results: readonly CheckResult[]): PromotionEvent => ({
  type: 'probe.recorded',
  results: [...results],
});
const reading = (...results: readonly CheckResult[]): PromotionEvent => ({
  type: 'reading.recorded',
  results: [...results],
  completeUntilMs: null,
  looked: true,
});
const topics = ({ announcements }: Accepted) => announcements.map(({ topic }) => topic);

describe('what failed before the promotion', () => {
  const failing = (...signs: readonly string[]) => ({ ...failed('alarms'), signs: [...signs] });
  const before = [{ id: 'alarms', title: 'alarms', text: 'two ring', signs: ['a@1', 'b@1'] }];

  it.each([
    ['all of it, in other words', failing('a@1', 'b@1'), true],
    ['less of it', failing('b@1'), true],
    ['more of it', failing('a@1', 'b@1', 'c@2'), false],
    ['one that was quiet in between', failing('a@2'), false],
    ['a failure without any sign', failing(), false],
    ['the same of another check', { ...failing('a@1'), id: 'others' }, false],
    [
      'the same words, which stand for nothing where there are signs',
      { ...failing('c@2'), text: 'two ring' },
      false,
    ],
  ])('ALL-13 is known by its signs: %s', (_what, result, known) => {
    expect(failedBefore(result, before)).toBe(known);
  });

  it('ALL-13 proves nothing where nothing else was looked at', () => {
    expect(probeOutcome([failing('a@1')], before)).toBe('inconclusive');
    expect(probeOutcome([failing('a@1'), saw('passed', 'page')], before)).toBe('passed');
  });

  it('ALL-13 is known by its words where there are no signs', () => {
    expect(failedBefore(failed('alarms'), [{ id: 'alarms', title: 'alarms', text: 'broken' }])).toBe(true);
    expect(failedBefore(failed('alarms'), before)).toBe(false);
    expect(failedBefore(failing('a@1'), [{ id: 'alarms', title: 'alarms', text: 'broken' }])).toBe(false);
  });
});

describe('what several checks say together', () => {
  const known = [{ id: 'a', title: 'a', text: 'failed' }];

  it('in a probe: the worst of them, and of none at all nothing', () => {
    const says = (...outcomes: readonly CheckResult['outcome'][]) =>
      probeOutcome(
        outcomes.map((outcome, index) => saw(outcome, `c${index}`)),
        [],
      );

    expect(says('passed', 'stale', 'inconclusive', 'failed')).toBe('failed');
    expect(says('passed', 'stale', 'inconclusive')).toBe('inconclusive');
    expect(says('passed', 'stale', 'pending')).toBe('inconclusive');
    expect(says('passed', 'stale')).toBe('stale');
    expect(says('passed', 'passed')).toBe('passed');
    expect(says()).toBe('inconclusive');
    expect(probeOutcome([saw('failed')], known)).toBe('inconclusive');
    expect(probeOutcome([saw('failed'), saw('passed', 'b')], known)).toBe('passed');
  });

  it('in a reading: the worst of them, and of none at all health', () => {
    const says = (...outcomes: readonly CheckResult['outcome'][]) =>
      readingOutcome(
        outcomes.map((outcome, index) => saw(outcome, `c${index}`)),
        [],
      );

    expect(says('passed', 'pending', 'inconclusive', 'failed')).toBe('unhealthy');
    expect(says('passed', 'pending', 'inconclusive')).toBe('inconclusive');
    expect(says('passed', 'pending', 'stale')).toBe('inconclusive');
    expect(says('passed', 'pending')).toBe('pending');
    expect(says('passed')).toBe('healthy');
    expect(says()).toBe('healthy');
    expect(readingOutcome([saw('failed')], known)).toBe('healthy');
    expect(readingOutcome([{ ...saw('failed'), text: 'in other words' }], known)).toBe('unhealthy');
    expect(readingOutcome([saw('failed', 'b')], known)).toBe('unhealthy');
  });

  it('is told by those that did not pass, one a line', () => {
    expect(worstOf([saw('passed'), saw('failed', 'b'), saw('stale', 'c')])).toBe('b: failed\nc: stale');
  });
});

describe('a verification', () => {
  const walk = walkTo;
  const at = (
    also: Partial<Verification>,
    rules = policy.verification,
  ): [PromotionIn<'verifying'>, number] => {
    const { promotion, nowMs } = walk('verifying');
    const verification = { ...promotion.verification, startedAtMs: nowMs, ...also };
    return [{ ...promotion, verification, policy: { ...policy, verification: rules } }, nowMs];
  };
  const phaseAfter = (promotion: Promotion, event: PromotionEvent, atMs: number) => {
    const { promotion: next } = taken(promotion, event, atMs);
    return next.phase === 'rolling-back' ? next.rollback.cause.code : next.phase;
  };

  it('SITE-7 tolerates the old version for the time of grace, to the millisecond', () => {
    const [promotion, nowMs] = at({});

    expect(phaseAfter(promotion, probe(saw('stale')), nowMs + 59_999)).toBe('verifying');
    expect(phaseAfter(promotion, probe(saw('stale')), nowMs + 60_000)).toBe('verification.stale');
  });

  it('ALL-13 rolls back at the third probe in a row that says nothing', () => {
    const [two, nowMs] = at({ inconclusiveInARow: 2 });
    const [one] = at({ inconclusiveInARow: 1 });

    expect(phaseAfter(two, probe(saw('inconclusive')), nowMs)).toBe('verification.inconclusive');
    expect(phaseAfter(one, probe(saw('inconclusive')), nowMs)).toBe('verifying');
    expect(taken(two, probe(saw('passed')), nowMs).promotion).toMatchObject({
      verification: { inconclusiveInARow: 0 },
    });
  });

  it('rolls back at its deadline when it cannot make up its mind, unless this probe settles it', () => {
    const limitMs = (60 + 10 * 2 * 10 + 60) * 1000;
    const [promotion, nowMs] = at({ passedInARow: 0 });
    const [almost] = at({ passedInARow: 1 });

    expect(phaseAfter(promotion, probe(saw('passed')), nowMs + limitMs - 1)).toBe('verifying');
    expect(phaseAfter(promotion, probe(saw('passed')), nowMs + limitMs)).toBe('verification.undecided');
    expect(phaseAfter(almost, probe(saw('passed')), nowMs + limitMs)).toBe('monitoring');
  });

  it('counts a probe without an interval as one a second', () => {
    const rules = { probes: 3, intervalSeconds: 0, graceSeconds: 0 };
    const overdue = (afterMs: number) =>
      verificationIsOverdue({ startedAtMs: 0 }, { ...policy, verification: rules }, afterMs);

    expect([overdue(89_999), overdue(90_000)]).toEqual([false, true]);
  });

  it('tells the first good probe, every bad one and the last, and not those between', () => {
    const rules = { ...policy.verification, probes: 3 };
    const [fresh, nowMs] = at({ probes: 0 }, rules);
    const [later] = at({ probes: 1, passedInARow: 1 }, rules);
    const [last] = at({ probes: 2, passedInARow: 2 }, rules);

    expect(topics(taken(fresh, probe(saw('passed')), nowMs))).toEqual(['probed']);
    expect(topics(taken(later, probe(saw('passed')), nowMs))).toEqual([]);
    expect(topics(taken(later, probe(saw('stale')), nowMs))).toEqual(['probed']);
    expect(topics(taken(last, probe(saw('passed')), nowMs))).toEqual(['probed']);
  });
});

describe('the watch', () => {
  const at = (also: Partial<Watch>): [PromotionIn<'monitoring'>, number] => {
    const { promotion, nowMs } = walkTo('monitoring');
    const watch = { ...promotion.watch, startedAtMs: nowMs, soakFromMs: nowMs, ...also };
    return [{ ...promotion, watch }, nowMs];
  };
  const question = (askedAtMs: number) => ({
    id: 'q1',
    askedAtMs,
    deadlineAtMs: askedAtMs + 300_000,
    text: 'errors: no data',
  });

  it('takes late data for missing after twenty minutes, to the millisecond', () => {
    const [promotion, nowMs] = at({});
    const says = (atMs: number) => {
      const { promotion: next } = taken(promotion, reading(saw('pending')), atMs);
      return next.phase === 'monitoring' ? next.watch.last?.outcome : next.phase;
    };

    expect(says(nowMs + 1_200_000)).toBe('pending');
    expect(says(nowMs + 1_200_001)).toBe('inconclusive');
  });

  it('ALL-13 asks on-call exactly after the patience, once, with what is missing and a deadline', () => {
    const [promotion, nowMs] = at({});
    const [asked] = at({ inconclusiveSinceMs: nowMs - 90_000, question: question(nowMs) });
    const missing = (sinceMs: number) => at({ inconclusiveSinceMs: sinceMs })[0];

    expect(topics(taken(missing(nowMs - 59_999), reading(saw('inconclusive')), nowMs))).toEqual(['reading']);
    const ask = taken(missing(nowMs - 60_000), reading(saw('inconclusive')), nowMs);
    expect(ask.announcements[1]).toEqual({
      topic: 'question',
      question: {
        id: 'p1-1',
        askedAtMs: nowMs,
        deadlineAtMs: nowMs + 300_000,
        text: 'a: inconclusive',
      },
      withoutAnswer: 'roll-back',
    });
    expect(topics(taken(asked, reading(saw('inconclusive')), nowMs))).toEqual(['reading']);
    expect(topics(taken(promotion, reading(saw('inconclusive')), nowMs))).toEqual(['reading']);
  });

  it('ALL-13 does not ask again about what somebody has accepted', () => {
    const [promotion, nowMs] = at({ inconclusiveSinceMs: 0, acceptedBy: grace });

    expect(topics(taken(promotion, reading(saw('inconclusive')), nowMs + 1_000))).toEqual(['reading']);
  });

  it('ends what was accepted without data when the soak has run by the clock', () => {
    const [promotion, nowMs] = at({ acceptedBy: grace, inconclusiveSinceMs: 0 });
    const phaseAt = (atMs: number, result = saw('inconclusive')) =>
      taken(promotion, reading(result), atMs).promotion.phase;

    expect(phaseAt(nowMs + 179_999)).toBe('monitoring');
    expect(phaseAt(nowMs + 180_000)).toBe('promoted');
    expect(phaseAt(nowMs + 180_000, saw('failed'))).toBe('monitoring');
  });

  it('ends when healthy data reaches the end of the soak, and not before', () => {
    const phaseWith = (healthySeconds: number) => {
      const [promotion, nowMs] = at({});
      const event = { ...reading(saw('passed')), completeUntilMs: nowMs + healthySeconds * 1000 };
      return taken(promotion, event as PromotionEvent, nowMs + 180_000).promotion.phase;
    };

    expect(phaseWith(179.999)).toBe('monitoring');
    expect(phaseWith(180)).toBe('promoted');
  });

  it('a reading that came too late starts the soak anew: nobody knows what was there meanwhile', () => {
    const [promotion, nowMs] = at({ soakFromMs: 1, startedAtMs: 1, acceptedBy: grace });
    const late = 2 * promotion.policy.monitoring.intervalSeconds * 1000 + 120_000;
    const watchAfter = (outcome: CheckResult['outcome'], afterMs: number) => {
      const { promotion: next } = taken(promotion, reading(saw(outcome)), nowMs + afterMs);
      return 'watch' in next ? [next.phase, next.watch?.soakFromMs, next.watch?.acceptedBy] : [];
    };
    promotion.watch.last = { atMs: nowMs, outcome: 'healthy', results: [] };

    expect(watchAfter('passed', late)).toEqual(['promoted', 1, null]);
    expect(watchAfter('passed', late + 1)).toEqual(['monitoring', nowMs + late + 1, null]);
    expect(watchAfter('inconclusive', late)).toEqual(['promoted', nowMs + late, grace]);
    expect(watchAfter('inconclusive', late + 1)).toEqual(['monitoring', nowMs + late + 1, null]);
    expect(watchAfter('pending', late + 1)).toEqual(['monitoring', nowMs + late + 1, null]);
  });

  it('a reading that came too late says for how long nobody had looked', () => {
    const [promotion, nowMs] = at({});
    const late = 2 * promotion.policy.monitoring.intervalSeconds * 1000 + 120_000;
    const unwatched = (atMs: number) =>
      taken(promotion, reading(saw('passed')), atMs).announcements.map((each) =>
        each.topic === 'reading' ? each.unwatchedMs : each,
      );

    expect(unwatched(promotion.watch.startedAtMs + late)).not.toContain(late);
    expect(unwatched(promotion.watch.startedAtMs + late + 1)).toEqual([late + 1]);
    expect(unwatched(nowMs)).toEqual([undefined]);
  });

  it('minutes that a check left out since it judged last start the soak anew where they end', () => {
    const [promotion, nowMs] = at({});
    const readWith = (
      outcome: CheckResult['outcome'],
      watch: Partial<Watch>,
      ...from: readonly (readonly [string, number])[]
    ) => {
      const event: PromotionEvent = {
        type: 'reading.recorded',
        results: [saw(outcome)],
        judged: from.map(([id, fromMs]) => ({ id, fromMs: nowMs + fromMs, untilMs: nowMs + 50_000 })),
        completeUntilMs: nowMs + 50_000,
      };
      const before = { ...promotion, watch: { ...promotion.watch, soakFromMs: nowMs, ...watch } };
      const { promotion: next } = taken(before, event, nowMs + 60_000);
      if (next.phase !== 'monitoring') throw new Error(next.phase);
      return [next.watch.soakFromMs - nowMs, next.watch.judgedUntilMs];
    };
    const known = { judgedUntilMs: { a: nowMs + 30_000, b: nowMs + 55_000, c: nowMs - 5_000 } };
    const kept = { a: nowMs + 50_000, b: nowMs + 55_000, c: nowMs - 5_000 };

    expect(readWith('passed', known, ['a', 30_000])).toEqual([0, kept]);
    expect(readWith('passed', known, ['a', 30_001])).toEqual([30_001, kept]);
    expect(readWith('passed', known, ['a', 30_000], ['b', 40_000])).toEqual([0, kept]);
    expect(readWith('passed', known, ['c', 0])).toEqual([0, { ...known.judgedUntilMs, c: nowMs + 50_000 }]);
    expect(readWith('passed', known, ['c', 1])).toEqual([1, { ...known.judgedUntilMs, c: nowMs + 50_000 }]);
    expect(readWith('passed', {}, ['d', 7])).toEqual([7, { d: nowMs + 50_000 }]);
    expect(readWith('pending', known, ['a', 40_000])).toEqual([0, kept]);
    expect(readWith('passed', known)).toEqual([0, known.judgedUntilMs]);
  });

  it('calls late data missing after twenty minutes, and what is there what it is for as long as it lasts', () => {
    const [watched, nowMs] = at({ startedAtMs: 0 });
    const monitoring = { ...policy.monitoring, soakSeconds: 7_200 };
    const promotion = { ...watched, policy: { ...policy, monitoring } };
    const says = (outcome: CheckResult['outcome'], atMs: number) => {
      const { promotion: next } = taken(promotion, reading(saw(outcome)), atMs);
      return next.phase === 'monitoring' ? next.watch.last?.outcome : next.phase;
    };
    const startedMs = promotion.watch.startedAtMs;
    const lateMs = Math.max(nowMs, startedMs + 20 * 60_000 + 1);

    expect(says('pending', lateMs)).toBe('inconclusive');
    expect(says('passed', lateMs)).toBe('healthy');
    expect(says('failed', lateMs)).toBe('unhealthy');
  });

  it('keeps what healthy data it had when a later reading knows less', () => {
    const [promotion, nowMs] = at({ healthyUntilMs: 0 });
    const known = { ...promotion, watch: { ...promotion.watch, healthyUntilMs: nowMs + 90_000 } };
    const event = { ...reading(saw('passed')), completeUntilMs: nowMs + 30_000 } as PromotionEvent;

    expect(taken(known, event, nowMs).promotion).toMatchObject({ watch: { healthyUntilMs: nowMs + 90_000 } });
    expect(taken(known, reading(saw('inconclusive')), nowMs).promotion).toMatchObject({
      watch: { healthyUntilMs: nowMs + 90_000, soakFromMs: nowMs },
    });
  });

  it('an interruption starts the soak anew, late data does not', () => {
    const [promotion, nowMs] = at({ soakFromMs: 1 });
    const from = (outcome: CheckResult['outcome']) => {
      const { promotion: next } = taken(promotion, reading(saw(outcome)), nowMs);
      return next.phase === 'monitoring' ? next.watch.soakFromMs : null;
    };

    expect([from('pending'), from('inconclusive'), from('failed')]).toEqual([1, nowMs, nowMs]);
  });

  it('counts unhealthy readings over those that say nothing, and only health wipes them out', () => {
    const [promotion, nowMs] = at({ unhealthyInARow: 1, inconclusiveSinceMs: 5 });
    const leadsTo = (outcome: CheckResult['outcome']) => {
      const { promotion: next } = taken(promotion, reading(saw(outcome)), nowMs);
      return next.phase === 'monitoring'
        ? [next.watch.unhealthyInARow, next.watch.inconclusiveSinceMs]
        : next.phase;
    };

    expect(leadsTo('inconclusive')).toEqual([1, 5]);
    expect(leadsTo('pending')).toEqual([1, 5]);
    expect(leadsTo('passed')).toEqual([0, null]);
    expect(leadsTo('failed')).toBe('rolling-back');
  });

  it('an alarm rolls back at once; one that fired before the promotion, or is not urgent, does not', () => {
    const [promotion, nowMs] = at({});
    const excused = {
      ...promotion,
      plan: { ...promotion.plan, failingBefore: [{ id: 'alarm', title: 'alarm', text: 'broken' }] },
    };
    const causeOf = (from: Promotion, result: CheckResult) => {
      const { promotion: next } = taken(from, reading(result), nowMs);
      return next.phase === 'rolling-back' ? next.rollback.cause : next.phase;
    };

    expect(causeOf(promotion, failed('alarm', true))).toEqual({
      code: 'alarm',
      text: 'alarm: broken',
      by: null,
    });
    expect(causeOf(promotion, failed('alarm'))).toBe('monitoring');
    expect(causeOf(promotion, { ...passed('alarm'), urgent: true })).toBe('monitoring');
    expect(causeOf(excused, failed('alarm', true))).toBe('monitoring');
    const [ill] = at({ unhealthyInARow: 1 });
    expect(causeOf(ill, failed('errors'))).toMatchObject({ code: 'health.unhealthy' });
  });

  it('a question is settled by health, at its deadline, or by an answer to this very one', () => {
    const [promotion, nowMs] = at({});
    const asked = { ...promotion, watch: { ...promotion.watch, question: question(nowMs) } };
    const expired = (questionId: string, atMs: number) => {
      const decision = transition(asked, { type: 'question.expired', questionId }, atMs);
      return decision.outcome === 'refused' ? decision.refusal.code : decision.promotion.phase;
    };
    const answer = (questionId: string) => {
      const event: PromotionEvent = { type: 'answer.claimed', questionId, claim: claim('answer', grace) };
      const decision = transition(asked, event, nowMs);
      return decision.outcome === 'refused' ? decision.refusal.code : decision.promotion.phase;
    };

    expect(expired('q1', nowMs + 299_999)).toBe('question.open');
    expect(expired('q1', nowMs + 300_000)).toBe('rolling-back');
    expect(expired('q0', nowMs + 300_000)).toBe('question.open');
    expect([answer('q1'), answer('q0')]).toEqual(['monitoring', 'question.settled']);
    expect(taken(asked, reading(saw('passed')), nowMs).promotion).toMatchObject({
      watch: { question: null },
    });
    expect(taken(asked, reading(saw('inconclusive')), nowMs).promotion).toMatchObject({
      watch: { question: { id: 'q1' } },
    });
  });

  it('ALL-13 silence does what the policy says, dated from the question', () => {
    const [promotion, nowMs] = at({});
    const asked = {
      ...promotion,
      watch: { ...promotion.watch, question: { ...question(nowMs), toldAtMs: nowMs } },
    };
    const rules = { ...policy, monitoring: { ...policy.monitoring, withoutAnswer: 'continue' as const } };
    const event: PromotionEvent = { type: 'question.expired', questionId: 'q1' };

    expect(taken(asked, event, nowMs + 300_000)).toMatchObject({
      promotion: {
        phase: 'rolling-back',
        watch: { question: null },
        rollback: { cause: { code: 'health.inconclusive', by: null }, detectedAtMs: nowMs },
      },
      announcements: [{ topic: 'answered', person: null, answer: 'roll-back' }, { topic: 'rolling-back' }],
    });
    const unheard = { ...promotion, watch: { ...promotion.watch, question: question(nowMs) }, policy: rules };
    expect(taken(unheard, event, nowMs + 300_000)).toMatchObject({
      promotion: {
        phase: 'rolling-back',
        rollback: { cause: { text: expect.stringContaining('not seen to be delivered') } },
      },
      announcements: [{ topic: 'answered', person: null, answer: 'roll-back' }, { topic: 'rolling-back' }],
    });
    expect(taken({ ...asked, policy: rules }, event, nowMs + 300_000)).toMatchObject({
      promotion: { phase: 'monitoring', watch: { question: null, acceptedBy: 'default' } },
      announcements: [{ topic: 'answered', person: null, answer: 'continue' }],
    });
  });

  const longest = 2 * policy.monitoring.soakSeconds * 1000 + 30 * 60_000;
  const askedAfter = (
    [promotion]: readonly [PromotionIn<'monitoring'>, number],
    atMs: number,
    outcome: CheckResult['outcome'],
  ) => {
    const { announcements } = taken(promotion, reading(saw(outcome)), atMs);
    return announcements.flatMap((told) => (told.topic === 'question' ? [told.question] : []));
  };

  it('ALL-13 asks people after two soaks and half an hour, to the millisecond, and says what it saw', () => {
    const watched = at({});
    const [, fromMs] = watched;
    const soak = policy.monitoring.soakSeconds / 60;

    expect(askedAfter(watched, fromMs + longest - 1, 'failed')).toEqual([]);
    expect(askedAfter(watched, fromMs + longest, 'failed')).toMatchObject([
      {
        overlong: true,
        text: `Watched for ${2 * soak + 30} min, and not healthy for ${soak} min on end.\na: failed`,
      },
    ]);
    expect(askedAfter(watched, fromMs + longest, 'passed')).toMatchObject([
      { text: `Watched for ${2 * soak + 30} min, and not healthy for ${soak} min on end.` },
    ]);
    expect(askedAfter(at({ limitFromMs: fromMs + 1 }), fromMs + longest, 'failed')).toEqual([]);
  });

  it('ALL-8 asks people as well where only a Roll Back that cannot be checked keeps it from its end', () => {
    const [promotion, fromMs] = at({});
    const wished = { ...promotion, claims: [claim('roll-back', grace)] };
    const soaked = { ...reading(saw('passed')), completeUntilMs: fromMs + longest } as PromotionEvent;
    const { announcements } = taken(wished, soaked, fromMs + longest);

    expect(announcements.find(({ topic }) => topic === 'question')).toMatchObject({
      question: { text: expect.stringMatching(/^Watched for \d+ min\. Somebody pressed Roll Back/) },
    });
  });

  it('ALL-13 no silence is found while a Roll Back is being checked, but only where silence means to continue', () => {
    const event: PromotionEvent = { type: 'question.expired', questionId: 'q1' };
    const silence = (
      withoutAnswer: 'continue' | 'roll-back',
      answer: 'continue' | 'roll-back' | null,
      told = true,
    ) => {
      const [promotion, nowMs] = at({});
      const open = { ...question(nowMs), ...(told ? { toldAtMs: nowMs } : {}) };
      const claims = answer === null ? [] : [claim('answer', grace, { answer })];
      const asked = {
        ...promotion,
        claims,
        watch: { ...promotion.watch, question: open },
        policy: { ...promotion.policy, monitoring: { ...promotion.policy.monitoring, withoutAnswer } },
      };
      const decision = transition(asked, event, nowMs + 300_000);
      const next = nextAction(asked, nowMs + 300_000);
      const expires = next.does === 'emit' && next.event.type === 'question.expired';
      if (decision.outcome === 'refused') return [expires, decision.refusal.code, decision.refusal.next];
      return [
        expires,
        decision.promotion.phase,
        decision.promotion.phase === 'rolling-back' ? decision.promotion.rollback.cause.text : '',
      ];
    };

    expect(silence('continue', 'roll-back')).toEqual([false, 'question.open', 'Wait.']);
    expect(silence('continue', 'continue')).toEqual([true, 'monitoring', '']);
    expect(silence('continue', null)).toEqual([true, 'monitoring', '']);
    expect(silence('continue', 'roll-back', false)).toEqual([
      true,
      'rolling-back',
      expect.stringContaining('not seen to be delivered'),
    ]);
    for (const answer of ['continue', 'roll-back'] as const)
      expect(silence('roll-back', answer)).toEqual([
        true,
        'rolling-back',
        expect.stringContaining('could not be checked in time'),
      ]);
    expect(silence('roll-back', null)).toEqual([
      true,
      'rolling-back',
      expect.stringContaining('Nobody answered in time'),
    ]);
  });

  it('ALL-13 whoever is asked late has as long to answer as anybody', () => {
    const [promotion, nowMs] = at({});
    const asked = { ...promotion, watch: { ...promotion.watch, question: question(nowMs) } };
    const delivered = (afterMs: number, questionId: string | null = 'q1', before: Promotion = asked) => {
      const event: PromotionEvent = {
        type: 'notice.delivered',
        ...(questionId === null ? {} : { questionId }),
      };
      const decision = transition(before, event, nowMs + afterMs);
      if (decision.outcome === 'refused') return decision.refusal.code;
      if (decision.promotion.phase !== 'monitoring') throw new Error(decision.promotion.phase);
      const { question: open } = decision.promotion.watch;
      if (open?.toldAtMs === undefined) throw new Error('not noted');
      const { deadlineAtMs, toldAtMs } = open;
      return [toldAtMs - nowMs, deadlineAtMs - nowMs];
    };
    const patient = promotion.policy.monitoring.answerWithinSeconds * 1000;

    expect(delivered(0)).toEqual([0, 300_000]);
    expect(delivered(15_000)).toEqual([15_000, 300_000]);
    expect(delivered(15_001)).toEqual([15_001, 15_001 + patient]);
    expect(delivered(0, 'q0')).toBe('notice.known');
    expect(delivered(0, null)).toBe('notice.known');
    expect(delivered(0, 'q1', promotion)).toBe('notice.known');
    const told = { ...asked, watch: { ...asked.watch, question: { ...question(nowMs), toldAtMs: nowMs } } };
    expect(delivered(20_000, 'q1', told)).toBe('notice.known');
  });

  it('an alarm that fires begins what was wrong, and what only fails beside it is left out', () => {
    const [promotion, nowMs] = at({});
    const fired = { ...failed('alarms'), urgent: true };
    const { promotion: next } = taken(
      promotion,
      reading(saw('pending', 'metrics'), failed('errors'), fired),
      nowMs,
    );

    expect(next).toMatchObject({ rollback: { cause: { code: 'alarm', text: 'alarms: broken' } } });
  });

  it('an answer of on-call does what it says, and the record names who gave it', () => {
    const [promotion, nowMs] = at({});
    const answered = (answer: 'continue' | 'roll-back', open: boolean) => {
      const made = claim('answer', grace, { answer });
      const asked = {
        ...promotion,
        claims: [made],
        watch: { ...promotion.watch, question: open ? question(nowMs) : null },
      };
      return taken(asked, { type: 'claim.granted', claimId: made.id, evidence: 'named' }, nowMs);
    };

    expect(answered('continue', true)).toMatchObject({
      promotion: { phase: 'monitoring', claims: [], watch: { question: null, acceptedBy: grace } },
      announcements: [{ topic: 'answered', person: grace, answer: 'continue' }],
    });
    expect(answered('roll-back', true)).toMatchObject({
      promotion: { phase: 'rolling-back', claims: [], rollback: { cause: { code: 'requested', by: grace } } },
      announcements: [{ topic: 'answered', answer: 'roll-back' }, { topic: 'rolling-back' }],
    });
    expect(answered('continue', false)).toMatchObject({
      promotion: { phase: 'monitoring', claims: [] },
      announcements: [{ topic: 'denied', refusal: { code: 'claim.overtaken' } }],
    });
  });

  it('nothing is called good while a wish to take it back is being checked', () => {
    const [promotion, nowMs] = at({});
    const over = nowMs + 180_000;
    const wishing = (...claims: readonly ReturnType<typeof claim>[]) =>
      taken({ ...promotion, claims: [...claims] }, reading(saw('passed')), over).promotion.phase;

    expect(wishing()).toBe('promoted');
    expect(wishing(claim('roll-back', lin))).toBe('monitoring');
    expect(wishing(claim('cancel', lin))).toBe('promoted');
  });
});

describe('the way back', () => {
  const settled = () => stands['rolling back, settled']();
  const at = (also: Partial<Verification>, rollback: Partial<Rollback> = {}): [Promotion, number] => {
    const { promotion, nowMs } = settled();
    if (promotion.phase !== 'rolling-back' || promotion.rollback.verification === null)
      throw new Error('not settled');
    const verification = { ...promotion.rollback.verification, startedAtMs: nowMs, ...also };
    return [{ ...promotion, rollback: { ...promotion.rollback, verification, ...rollback } }, nowMs];
  };
  const leadsTo = (promotion: Promotion, event: PromotionEvent, atMs: number) =>
    taken(promotion, event, atMs);

  it('takes what undoes a claimed step and what always runs, in its order', () => {
    const [switchBack, settleBack] = analysis.rollback;
    if (switchBack === undefined || settleBack === undefined) throw new Error('no way back');
    const always = { ...settleBack, undoes: [], step: { ...settleBack.step, id: 'always' } };
    const both = {
      ...settleBack,
      undoes: ['invalidate', 'switch'],
      step: { ...settleBack.step, id: 'both' },
    };
    const ids = (executed: Record<string, unknown>) =>
      stepsBack({ analysis: { rollback: [switchBack, both, always] } }, executed).map(({ id }) => id);

    expect(ids({})).toEqual(['always']);
    expect(ids({ switch: {} })).toEqual(['switch-back', 'both', 'always']);
    expect(ids({ settle: {} })).toEqual(['always']);
  });

  it('ends with enough good probes in a row, and tells the first and the last of them', () => {
    const [fresh, nowMs] = at({});
    const [almost] = at({ passedInARow: 1, probes: 1 });

    const first = leadsTo(fresh, probe(saw('passed')), nowMs);
    const last = leadsTo(almost, probe(saw('passed')), nowMs);
    expect([first.promotion.phase, topics(first)]).toEqual(['rolling-back', ['probed']]);
    expect([last.promotion.phase, topics(last)]).toEqual(['rolled-back', ['probed', 'rolled-back']]);
    expect(last.locks).toBe('return');
    expect(last.promotion).toMatchObject({ rollback: { verifiedAtMs: nowMs }, endedAtMs: nowMs });
  });

  it('is handed to people after three bad probes, but not within the time of grace', () => {
    const [two, nowMs] = at({ probes: 2 });
    const [one] = at({ probes: 1 });
    const [good] = at({ probes: 3, passedInARow: 1 });

    expect(leadsTo(two, probe(saw('failed')), nowMs + 59_999).promotion.phase).toBe('rolling-back');
    expect(leadsTo(two, probe(saw('failed')), nowMs + 60_000).promotion).toMatchObject({
      phase: 'rollback-failed',
      failure: { code: 'rollback.not-verified', text: 'a: failed', atMs: nowMs + 60_000 },
      pageAtMs: nowMs + 60_000 + 900_000,
    });
    expect(leadsTo(one, probe(saw('failed')), nowMs + 60_000).promotion.phase).toBe('rolling-back');
    expect(leadsTo(good, probe(saw('failed')), nowMs + 60_000).promotion.phase).toBe('rolling-back');
  });

  it('ALL-13 is handed to people after three probes that say nothing', () => {
    const [two, nowMs] = at({ inconclusiveInARow: 2 });
    const [one] = at({ inconclusiveInARow: 1 });

    expect(leadsTo(two, probe(saw('inconclusive')), nowMs).promotion.phase).toBe('rollback-failed');
    expect(leadsTo(one, probe(saw('inconclusive')), nowMs).promotion.phase).toBe('rolling-back');
  });

  it('is handed to people at its deadline, also with a good probe that is not the last', () => {
    const [promotion, nowMs] = at({});
    const limitMs = 320_000;

    expect(leadsTo(promotion, probe(saw('passed')), nowMs + limitMs - 1).promotion.phase).toBe(
      'rolling-back',
    );
    expect(leadsTo(promotion, probe(saw('passed')), nowMs + limitMs).promotion.phase).toBe('rollback-failed');
  });

  it('is not looked at before its steps are done', () => {
    const { promotion, nowMs } = walkTo('rolling-back');
    const decision = transition(promotion, probe(saw('passed')), nowMs);

    expect(decision).toMatchObject({ outcome: 'refused', refusal: { code: 'step.not-current' } });
  });

  it('SITE-9 dates the switch by the step that moves production, and the rest by the last step', () => {
    const claimed = stands['rolling back, the way back claimed']();
    const done = (stepId: string): PromotionEvent => ({ type: 'step.completed', stepId, text: 'done' });
    const switched = taken(claimed.promotion, done('switch-back'), claimed.nowMs + 7_000);
    const finished = taken(switched.promotion, done('settle-back'), claimed.nowMs + 90_000);

    expect(switched.promotion).toMatchObject({
      rollback: { switchedAtMs: claimed.nowMs + 7_000, settledAtMs: null, verification: null },
    });
    expect(switched.announcements).toEqual([{ topic: 'step-done', title: 'Do switch-back', text: 'done' }]);
    expect(finished.promotion).toMatchObject({
      rollback: {
        switchedAtMs: claimed.nowMs + 7_000,
        settledAtMs: claimed.nowMs + 90_000,
        verification: { startedAtMs: claimed.nowMs + 90_000, probes: 0 },
      },
    });
  });

  it('what was undone by a late request is done once more from there on, six times at most', () => {
    const reopen = (stepId: string): PromotionEvent => ({ type: 'step.reopened', stepId, text: 'undone' });
    const [promotion, nowMs] = at({});
    const [often] = at({}, { attempt: 6 });
    const [almost] = at({}, { attempt: 5 });

    const first = leadsTo(promotion, reopen('switch-back'), nowMs);
    expect(first.promotion).toMatchObject({
      rollback: { attempt: 2, steps: {}, settledAtMs: null, verification: null },
    });
    expect(first.announcements).toEqual([{ topic: 'trouble', text: 'undone' }]);
    const later = leadsTo(promotion, reopen('settle-back'), nowMs).promotion;
    expect(later.phase === 'rolling-back' && Object.keys(later.rollback.steps)).toEqual(['switch-back']);
    expect(leadsTo(often, reopen('switch-back'), nowMs).promotion).toMatchObject({
      phase: 'rollback-failed',
      failure: { code: 'rollback.undone' },
    });
    expect(leadsTo(almost, reopen('switch-back'), nowMs).promotion.phase).toBe('rolling-back');
    for (const [from, stepId] of [
      [promotion, 'unknown'],
      [walkTo('rolling-back').promotion, 'switch-back'],
    ] as const) {
      expect(transition(from, reopen(stepId), nowMs)).toMatchObject({
        outcome: 'refused',
        refusal: { code: 'step.not-current' },
      });
    }
  });

  it('a step back that failed is handed to people with what it said', () => {
    const { promotion, nowMs } = stands['rolling back, the way back claimed']();
    const failing: PromotionEvent = {
      type: 'step.failed',
      stepId: 'switch-back',
      code: 'aws.gone',
      text: 'gone',
    };

    expect(taken(promotion, failing, nowMs).promotion).toMatchObject({
      phase: 'rollback-failed',
      failure: { code: 'aws.gone', text: 'gone' },
      rollback: { steps: { 'switch-back': { status: 'failed', text: 'gone', doneAtMs: nowMs } } },
    });
  });
});

describe('a failed rollback', () => {
  const waiting = () => walkTo('rollback-failed');
  const says = (walk: Walk, person: typeof grace, also: Partial<Promotion> = {}) => {
    const made = claim('resolve', person, { reason: 'mended by hand' });
    const event: PromotionEvent = { type: 'resolution.claimed', claim: made };
    const decision = transition({ ...walk.promotion, ...also } as Promotion, event, walk.nowMs);
    return decision.outcome === 'refused' ? decision.refusal.code : 'noted';
  };

  it('ALL-9 pages again every fifteen minutes, to the millisecond', () => {
    const { promotion } = waiting();
    if (promotion.phase !== 'rollback-failed') throw new Error('not failed');
    const page = (atMs: number) => transition(promotion, { type: 'page.due' }, atMs);

    expect(page(promotion.pageAtMs - 1)).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'page.sent' },
    });
    expect(page(promotion.pageAtMs)).toMatchObject({
      promotion: { pageAtMs: promotion.pageAtMs + 900_000 },
      announcements: [{ topic: 'rollback-failed' }],
    });
  });

  it('is closed by two people, one of whom may not be both', () => {
    const once = stands['a failed rollback, confirmed by one']();

    expect(says(waiting(), grace)).toBe('noted');
    expect(says(once, grace)).toBe('resolution.already-given');
    expect(says(once, { ...grace, teamId: 'T2' })).toBe('noted');
    expect(says(once, lin)).toBe('noted');
  });

  it('is not closed while a request of ours may still arrive, to the millisecond', () => {
    const walk = waiting();
    const open = (openClaimAtMs: number) => says(walk, grace, { openClaimAtMs } as Partial<Promotion>);

    expect(open(walk.nowMs - 359_999)).toBe('resolution.too-early');
    expect(open(walk.nowMs - 360_000)).toBe('noted');
  });

  it('ordered again begins anew: new keys, nothing done, nobody’s word counted', () => {
    const once = stands['a failed rollback, confirmed by one']();
    const made = claim('retry', lin);
    const asked = through(once, { type: 'retry.claimed', claim: made });
    const { promotion, announcements, locks } = taken(
      asked.promotion,
      { type: 'claim.granted', claimId: made.id, evidence: 'named' },
      asked.nowMs,
    );

    expect(promotion).toMatchObject({
      phase: 'rolling-back',
      rollback: {
        attempt: 2,
        steps: {},
        switchedAtMs: null,
        settledAtMs: null,
        verification: null,
        pagedAtMs: null,
      },
    });
    expect('resolutions' in promotion).toBe(false);
    expect(announcements).toEqual([{ topic: 'retrying', person: lin }]);
    expect(locks).toBe('hold');
  });
});
