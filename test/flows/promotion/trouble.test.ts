import { describe, expect, it } from 'vitest';
import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import type { Trouble } from '../../../src/flows/promotion/promotion.ts';
import { transition, vanishedCode } from '../../../src/flows/promotion/transition.ts';
import { retryWorkAt, troubleOutlasted, worsen } from '../../../src/flows/promotion/trouble.ts';
import { stands } from './stands.ts';
import { passed, plan, startMs, type Walk, walkTo } from './walk.ts';

const met = { code: 'aws.throttled', text: 'AWS is throttling.', retryAfterMs: null };
const trouble = (also: Partial<Trouble> = {}): Trouble => ({
  code: 'aws.throttled',
  text: 'AWS is throttling.',
  sinceMs: startMs,
  retryAtMs: startMs,
  tries: 1,
  ...also,
});

describe('trouble', () => {
  it('with acting stays that until something ends it, whatever is met in between', () => {
    const acting = { ...met, acting: true } as const;

    expect(worsen(null, startMs, met).acting).toBeUndefined();
    expect(worsen(null, startMs, acting).acting).toBe(true);
    expect(worsen(trouble(), startMs, acting).acting).toBe(true);
    expect(worsen(trouble({ acting: true }), startMs, met).acting).toBe(true);
  });

  it('ALL-16 is tried again after 5, 10, 20 and 40 s, then every minute', () => {
    const waits: number[] = [];
    let so: Trouble | null = null;
    for (let tries = 1; tries <= 14; tries += 1) {
      so = worsen(so, startMs, met);
      expect(so).toMatchObject({ tries, sinceMs: startMs, code: met.code, text: met.text });
      waits.push((so.retryAtMs - startMs) / 1000);
    }

    expect(waits).toEqual([5, 10, 20, 40, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60]);
  });

  it('waits as long as the other side asks, but never less than we would nor more than five minutes', () => {
    const wait = (retryAfterMs: number | null) =>
      (worsen(null, startMs, { ...met, retryAfterMs }).retryAtMs - startMs) / 1000;

    expect([wait(30_000), wait(1_000), wait(null), wait(3_600_000)]).toEqual([30, 5, 5, 300]);
  });

  it('is dated from when it began', () => {
    expect(worsen(trouble({ tries: 3 }), startMs + 9_000, met)).toMatchObject({ sinceMs: startMs, tries: 4 });
  });

  it('with work that will be tried again is told the first time only', () => {
    const { promotion, nowMs } = walkTo('validating');
    const first = retryWorkAt(promotion, nowMs, met);
    if (first.outcome !== 'accepted') throw new Error('refused');
    const second = retryWorkAt(first.promotion, nowMs, met);

    expect(first).toMatchObject({
      promotion: { phase: 'validating', troubles: { work: { tries: 1 }, people: null } },
      announcements: [{ topic: 'trouble', text: 'AWS is throttling.' }],
    });
    expect(second).toMatchObject({ promotion: { troubles: { work: { tries: 2 } } }, announcements: [] });
  });

  it.each(['inconclusive', 'pending'] as const)(
    'a gate that is %s is looked at again, and that is told',
    (outcome) => {
      const results = [{ ...passed('staging'), outcome, text: 'still running' }];
      const walk = walkTo('validating');
      const decision = transition(
        walk.promotion,
        { type: 'validation.recorded', plan: { ...plan, results }, digest: 'd' },
        walk.nowMs,
      );

      expect(decision).toMatchObject({
        outcome: 'accepted',
        promotion: {
          phase: 'validating',
          troubles: { work: { code: 'validation.inconclusive', retryAtMs: walk.nowMs + 15_000 } },
        },
        announcements: [{ topic: 'trouble', text: 'staging: still running' }],
      });
    },
  );

  it('of another kind is told as well, the same again is not', () => {
    const walk = stands['verifying, held up']();
    const tell = (code: string) => {
      const event: PromotionEvent = { type: 'trouble.met', during: 'work', ...met, code };
      const decision = transition(walk.promotion, event, walk.nowMs);
      return decision.outcome === 'accepted' ? decision.announcements : [];
    };

    expect(tell('aws.throttled')).toEqual([]);
    expect(tell('aws.unreachable')).toEqual([{ topic: 'trouble', text: 'AWS is throttling.' }]);
  });

  it('that an environment is not configured any more is told as what waits for people', () => {
    const { promotion, nowMs } = walkTo('waiting');
    const event: PromotionEvent = { type: 'trouble.met', during: 'work', ...met, code: vanishedCode };

    expect(transition(promotion, event, nowMs)).toMatchObject({
      announcements: [{ topic: 'held', text: met.text }],
    });
  });

  it('before the change is given up exactly when the policy says, and never after it', () => {
    const limitMs = 1_800_000;
    const outlasts = (walk: Walk, troubles: Walk['promotion']['troubles'], afterMs: number) =>
      troubleOutlasted({ ...walk.promotion, troubles }, startMs + afterMs) !== null;
    const work = { work: trouble(), people: null };
    const people = { work: null, people: trouble() };

    expect(outlasts(walkTo('validating'), work, limitMs - 1)).toBe(false);
    expect(outlasts(walkTo('validating'), work, limitMs)).toBe(true);
    expect(outlasts(walkTo('analyzing'), people, limitMs)).toBe(true);
    expect(outlasts(walkTo('awaiting-approval'), people, limitMs)).toBe(false);
    expect(outlasts(walkTo('deploying'), work, limitMs)).toBe(false);
    expect(outlasts(walkTo('rolling-back'), work, limitMs)).toBe(false);
  });
});

describe('what works again', () => {
  const both = { work: trouble(), people: trouble() };
  const troublesAfter = (walk: Walk, event: PromotionEvent) => {
    const decision = transition({ ...walk.promotion, troubles: both }, event, walk.nowMs);
    if (decision.outcome === 'refused') throw new Error(decision.refusal.code);
    const { work, people } = decision.promotion.troubles;
    return { work: work !== null, people: people !== null };
  };

  it('ends the trouble with the work, and leaves that with the directory', () => {
    expect(
      troublesAfter(walkTo('verifying'), { type: 'probe.recorded', results: [passed('version')] }),
    ).toEqual({
      work: false,
      people: true,
    });
  });

  it('ends the trouble with the directory once a person’s claim is settled, and leaves that with the work', () => {
    const walk = stands['deploying, untouched, with a Cancel being checked']();
    const claimId = walk.promotion.claims[0]?.id ?? '';
    const refusal = { code: 'no', text: 'no', next: 'no' };

    expect(troublesAfter(walk, { type: 'claim.denied', claimId, refusal })).toEqual({
      work: true,
      people: false,
    });
  });

  it('ends both at the gate, which reads the approvers’ rights and looks at the plan', () => {
    const walk = stands['deploying, not looked at again yet']();

    expect(troublesAfter(walk, { type: 'gate.recorded', results: [passed('staging')] })).toEqual({
      work: false,
      people: false,
    });
  });

  it('is not told by a gate that could not be decided: that is trouble itself', () => {
    const walk = stands['deploying, not looked at again yet']();
    const results = [{ ...passed('staging'), outcome: 'inconclusive' as const }];

    expect(troublesAfter(walk, { type: 'gate.recorded', results })).toEqual({ work: true, people: true });
  });

  it('is not told by a click: whoever clicks has looked at nothing', () => {
    const walk = walkTo('monitoring');
    const person = { teamId: 'T1', userId: 'ULIN' };
    const claim = { id: 'c', does: 'roll-back' as const, person, atMs: 0, reason: null, answer: null };

    expect(troublesAfter(walk, { type: 'rollback.claimed', claim })).toEqual({ work: true, people: true });
  });
});
