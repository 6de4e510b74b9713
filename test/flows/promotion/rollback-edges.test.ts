import { describe, expect, it } from 'vitest';
import type { PromotionEvent } from '../../../src/flows/promotion/events.ts';
import { unfencedMs } from '../../../src/flows/promotion/hold.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { transition } from '../../../src/flows/promotion/transition.ts';
import { stands } from './stands.ts';
import {
  analysis,
  claim,
  failed,
  grace,
  granted,
  later,
  otto,
  passed,
  policy,
  through,
  type Walk,
  walkTo,
} from './walk.ts';

const good: PromotionEvent = { type: 'probe.recorded', results: [passed('version')] };
const bad: PromotionEvent = { type: 'probe.recorded', results: [failed('version')] };
const trouble: PromotionEvent = {
  type: 'trouble.met',
  during: 'work',
  code: 'aws.throttled',
  text: 'AWS is throttling.',
  retryAfterMs: null,
};
const topics = (walk: Walk, since: Walk) => walk.told.slice(since.told.length).map(({ topic }) => topic);
const decide = ({ promotion, nowMs }: Walk, seconds: number, event: PromotionEvent) =>
  transition(promotion, event, nowMs + seconds * 1000);
const verificationOf = ({ promotion }: Walk) =>
  promotion.phase === 'rolling-back' ? promotion.rollback.verification : null;
/** The same story under other rules. */
const under = (walk: Walk, verification: Partial<typeof policy.verification>): Walk => ({
  ...walk,
  promotion: {
    ...walk.promotion,
    policy: { ...policy, verification: { ...policy.verification, ...verification } },
  } as Promotion,
});
/** Switched back and settled just now, with a request of its own that may still arrive for six minutes. */
const held = (): Walk => {
  const walk = stands['rolling back, settled']();
  return { ...walk, promotion: { ...walk.promotion, unfencedAtMs: walk.nowMs } as Promotion };
};

describe('on-call, of a changed production that cannot be worked on', () => {
  it.each(['deploying, the switch claimed', 'verifying', 'watched, no reading yet'] as const)(
    'hears after five minutes what is wrong, while %s',
    (stand) => {
      const stuck = through(stands[stand](), trouble);

      expect(decide(stuck, 299, { type: 'page.due' })).toMatchObject({
        outcome: 'refused',
        refusal: { code: 'page.sent' },
      });
      expect(later(stuck, 300, { type: 'page.due' }).told.at(-1)).toEqual({
        topic: 'held-up',
        text: 'AWS is throttling.',
      });
    },
  );

  it('hears nothing where nothing is wrong, or nothing was changed', () => {
    const untouched = through(stands['deploying, untouched'](), trouble);

    expect(decide(untouched, 3600, { type: 'page.due' })).toMatchObject({ outcome: 'refused' });
    expect(decide(stands.verifying(), 3600, { type: 'page.due' })).toMatchObject({ outcome: 'refused' });
  });
});

describe('a step back', () => {
  it('keeps what its act is called at the other side, and nothing is kept of one that was never claimed', () => {
    const reference: PromotionEvent = { type: 'step.acted', stepId: 'switch-back', reference: 'r7' };
    const acted = through(stands['rolling back, the way back claimed'](), reference);

    expect(acted.promotion).toMatchObject({
      rollback: { steps: { 'switch-back': { claim: { reference: 'r7' } } } },
    });
    expect(decide(walkTo('rolling-back'), 1, reference)).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'step.not-current' },
    });
  });

  it.each(['shift', 'deploy'] as const)('that is a %s is when production was switched back', (does) => {
    const walk = walkTo('rolling-back');
    const rollback = analysis.rollback.map((each) =>
      each.step.id === 'switch-back' ? { ...each, step: { ...each.step, does } } : each,
    ) as typeof analysis.rollback;
    const plan = { ...walk.promotion.plan, analysis: { ...analysis, rollback } };
    const switched = through(
      { ...walk, promotion: { ...walk.promotion, plan } },
      { type: 'step.claimed', stepId: 'switch-back', key: 'k', precondition: 'E1' },
      { type: 'step.completed', stepId: 'switch-back', text: 'done' },
    );
    const settled = through(switched, { type: 'step.completed', stepId: 'settle-back', text: 'done' });

    expect(switched.promotion).toMatchObject({
      rollback: { switchedAtMs: switched.nowMs, settledAtMs: null },
    });
    expect(settled.promotion).toMatchObject({
      rollback: { switchedAtMs: switched.nowMs, settledAtMs: settled.nowMs },
    });
  });
});

describe('probes after a rollback', () => {
  it('that pass are told when the first one does and when enough have, and not in between', () => {
    const settled = under(stands['rolling back, settled'](), { probes: 3 });
    const once = later(settled, 10, good);
    const twice = later(once, 10, good);
    const thrice = later(twice, 10, good);

    expect([topics(once, settled), topics(twice, once), topics(thrice, twice)]).toEqual([
      ['probed'],
      [],
      ['probed', 'rolled-back'],
    ]);
  });

  it('that fail are each told, the last one together with handing it to people', () => {
    const settled = stands['rolling back, settled']();
    const once = later(settled, 10, bad);
    const twice = later(once, 10, bad);
    const thrice = later(twice, 50, bad);

    expect([topics(once, settled), topics(twice, once), topics(thrice, twice)]).toEqual([
      ['probed'],
      ['probed'],
      ['probed', 'rollback-failed'],
    ]);
  });

  it('one that passes after others failed, however late, hands nothing to people', () => {
    const recovering = later(later(later(stands['rolling back, settled'](), 10, bad), 10, bad), 60, good);

    expect(recovering.promotion.phase).toBe('rolling-back');
    expect(later(recovering, 10, good).promotion.phase).toBe('rolled-back');
  });

  it('its end says why, and that nothing is left to do', () => {
    expect(walkTo('rolled-back').promotion.ending).toEqual({
      code: 'verification.failed',
      text: 'version: broken',
      next: '',
      by: null,
    });
  });
});

describe('ALL-7 a rollback that is over but for requests that may still arrive', () => {
  it('is looked at every thirty seconds until none can, and once more then, which is told but once', () => {
    const start = held();
    const once = later(start, 10, good);
    const twice = later(once, 10, good);
    const thrice = later(twice, 30, good);
    const nearlyOver = later(thrice, 300, good);
    const untilMs = start.nowMs + unfencedMs;

    expect([topics(once, start), topics(twice, once), topics(thrice, twice)]).toEqual([
      ['probed'],
      ['probed'],
      [],
    ]);
    expect(verificationOf(once)?.nextAtMs).toBe(once.nowMs + 10_000);
    expect(verificationOf(twice)?.nextAtMs).toBe(twice.nowMs + 30_000);
    expect(nearlyOver.nowMs + 30_000).toBeGreaterThan(untilMs);
    expect(verificationOf(nearlyOver)?.nextAtMs).toBe(untilMs);
    expect(later(nearlyOver, 10, good).promotion.phase).toBe('rolled-back');
  });

  it('may be in two minds for as long as that lasts: its time to be verified counts from then', () => {
    const untilOverdue = (walk: Walk): number => {
      const startMs = walk.nowMs;
      let now = walk;
      for (let round = 0; now.promotion.phase === 'rolling-back'; round += 1)
        now = later(now, 10, round % 2 === 0 ? good : bad);
      return (now.nowMs - startMs) / 1000;
    };

    expect(untilOverdue(stands['rolling back, settled']())).toBe(320);
    expect(untilOverdue(held())).toBe(320 + unfencedMs / 1000);
  });
});

describe('a failed rollback that has lost its lock', () => {
  it('tells those who asked to try again, and leaves alone what others have asked for', () => {
    const walk = through(
      walkTo('rollback-failed'),
      { type: 'retry.claimed', claim: claim('retry', otto) },
      { type: 'resolution.claimed', claim: claim('resolve', grace, { reason: 'mended' }) },
    );
    const lost = through(walk, { type: 'lock.lost', holder: 'p9' });

    expect(lost.promotion.claims.map(({ does, person }) => [does, person])).toEqual([['resolve', grace]]);
    expect(lost.told.slice(walk.told.length)).toMatchObject([
      { topic: 'denied', person: otto, refusal: { code: 'lock.lost' } },
    ]);
  });
});

describe('closing a failed rollback by hand', () => {
  it('without a word of why is recorded and told without one', () => {
    const said = granted(
      through(walkTo('rollback-failed'), { type: 'resolution.claimed', claim: claim('resolve', grace) }),
      'resolve',
    );

    expect(said.promotion).toMatchObject({ resolutions: [{ person: grace, reason: '' }] });
    expect(said.told.at(-1)).toMatchObject({ topic: 'resolution', reason: '', count: 1 });
  });
});
