import { describe, expect, it } from 'vitest';
import {
  ConflictError,
  MisconfiguredError,
  RetryableError,
  TerminalError,
} from '../../../src/flows/errors.ts';
import type { Observation } from '../../../src/flows/ports.ts';
import { attemptLimit } from '../../../src/flows/promotion/phases/stepping.ts';
import { stands } from '../promotion/stands.ts';
import { through, type Walk, walkTo, walkToUntouchedDeployment } from '../promotion/walk.ts';
import { tickOnce } from './one-tick.ts';

const unchanged = (precondition: string | null): Observation => ({ outcome: 'before', precondition });
const done: Observation = { outcome: 'done', text: 'points at green' };
const applying: Observation = { outcome: 'applying', text: 'to the edges', fraction: 0.5 };
const claimed = () => walkTo('deploying');
const backClaimed = () => stands['rolling back, the way back claimed']();
const afterSwitch = () => stands['deploying, the switch done']();
const invalidating = () => stands['deploying, the last step claimed']();

/** The switch was sent so often already. */
function sent(walk: Walk, attempts: number): Walk {
  let so = walk;
  for (let attempt = 1; attempt < attempts; attempt += 1) {
    so = through(so, { type: 'step.claimed', stepId: 'switch', key: 'p1.switch.1', precondition: 'E1' });
  }
  return so;
}

describe('a step whose target was not changed yet', () => {
  it('is claimed with the precondition that was seen, then sent with exactly that claim', async () => {
    const { events, acted, observed, nowMs } = await tickOnce(walkToUntouchedDeployment(), {
      observe: unchanged('E7'),
      act: { reference: 'r1' },
    });

    expect(events.slice(0, 2)).toEqual([
      { type: 'step.claimed', stepId: 'switch', key: 'p1.switch.1', precondition: 'E7' },
      { type: 'step.acted', stepId: 'switch', reference: 'r1' },
    ]);
    expect(observed[0]).toMatchObject({
      promotionId: 'p1',
      direction: 'forward',
      claim: null,
      startedAtMs: nowMs,
      nowMs,
    });
    expect(acted).toHaveLength(1);
    expect(acted[0]).toMatchObject({
      promotionId: 'p1',
      direction: 'forward',
      startedAtMs: nowMs,
      nowMs,
      claim: { key: 'p1.switch.1', precondition: 'E7', attempt: 1 },
    });
  });

  it('is sent once and then waited for, not sent again', async () => {
    const { types, acted, promotion, nowMs } = await tickOnce(claimed(), { observe: unchanged('E1') });

    expect(types).toEqual([]);
    expect(acted).toEqual([]);
    expect(promotion).toMatchObject({
      steps: { switch: { lookAtMs: nowMs + 15_000, progress: { fraction: null } } },
    });
  });

  it('is claimed and sent anew once the precondition has moved: the earlier request can never land', async () => {
    const { events, acted } = await tickOnce(claimed(), { observe: unchanged('E2') }, 2);

    expect(events[0]).toMatchObject({ type: 'step.claimed', precondition: 'E2', key: 'p1.switch.1' });
    expect(acted[0]?.claim).toMatchObject({ precondition: 'E2', attempt: 2 });
  });

  it('is not chased while the precondition keeps moving: from the third on one claim in two seconds, and six in all', async () => {
    expect((await tickOnce(sent(claimed(), 2), { observe: unchanged('E2') }, 0)).acted).toHaveLength(1);
    expect((await tickOnce(sent(claimed(), 3), { observe: unchanged('E2') }, 1)).acted).toEqual([]);
    expect((await tickOnce(sent(claimed(), 6), { observe: unchanged('E9') }, 20)).acted).toEqual([]);
    expect((await tickOnce(sent(claimed(), 6), { observe: unchanged('E9') }, 30)).types).toContain(
      'step.failed',
    );
  });

  it('is sent again half a minute later when nothing moved', async () => {
    expect((await tickOnce(claimed(), { observe: unchanged('E1') }, 29)).acted).toEqual([]);
    expect((await tickOnce(claimed(), { observe: unchanged('E1') }, 30)).types).toContain('step.claimed');
  });

  it('is given up forward after it was sent six times, and turns around', async () => {
    const often = await tickOnce(sent(claimed(), attemptLimit), { observe: unchanged('E1') }, 30);
    const less = await tickOnce(sent(claimed(), attemptLimit - 1), { observe: unchanged('E1') }, 30);
    const soon = await tickOnce(sent(claimed(), attemptLimit), { observe: unchanged('E1') }, 29);

    expect(often.first).toMatchObject({ type: 'step.failed', stepId: 'switch', code: 'step.attempts' });
    expect(often.promotion.phase).toBe('rolling-back');
    expect(less.first).toMatchObject({ type: 'step.claimed' });
    expect(soon.types).toEqual([]);
  });

  it('is tried on the way back until its deadline, however often it was sent', async () => {
    let walk = backClaimed();
    for (let attempt = 0; attempt < 8; attempt += 1) {
      walk = through(walk, {
        type: 'step.claimed',
        stepId: 'switch-back',
        key: 'p1.switch-back.1',
        precondition: 'E1',
      });
    }

    expect((await tickOnce(walk, { observe: unchanged('E1') }, 30)).first).toMatchObject({
      type: 'step.claimed',
      stepId: 'switch-back',
    });
  });

  it('asks for the lost answer again where repeating is harmless, under the claim that stands', async () => {
    const { types, acted } = await tickOnce(invalidating(), {
      observe: ({ claim }) => (claim?.reference === 'i1' ? applying : unchanged(null)),
      act: { reference: 'i1' },
    });

    expect(types).toEqual(['step.acted']);
    expect(acted.map(({ claim }) => claim?.attempt)).toEqual([1]);
  });

  it('fails at its deadline, forward and back', async () => {
    const forward = await tickOnce(claimed(), { observe: unchanged('E1') }, 600);
    const back = await tickOnce(backClaimed(), { observe: unchanged('E1') }, 600);

    expect(forward.first).toEqual({
      type: 'step.failed',
      stepId: 'switch',
      code: 'step.deadline',
      text: '"Do switch" did not finish within 10 min.',
    });
    expect(back.first).toMatchObject({ type: 'step.failed', stepId: 'switch-back', code: 'step.deadline' });
    expect((await tickOnce(claimed(), { observe: unchanged('E1') }, 599)).types).not.toContain('step.failed');
  });
});

describe('a step that is on its way', () => {
  it('is looked at again, and its progress is kept without a line in the audit', async () => {
    const { promotion, types, saves, nowMs } = await tickOnce(claimed(), { observe: applying });

    expect(types).toEqual([]);
    expect(saves).toBe(1);
    expect(promotion).toMatchObject({
      steps: { switch: { lookAtMs: nowMs + 15_000, progress: { text: 'to the edges', fraction: 0.5 } } },
    });
  });

  it('fails at its deadline', async () => {
    expect((await tickOnce(claimed(), { observe: applying }, 600)).first).toMatchObject({
      type: 'step.failed',
      code: 'step.deadline',
    });
    expect((await tickOnce(claimed(), { observe: applying }, 599)).types).toEqual([]);
  });
});

describe('a step that is seen to be done', () => {
  it('is recorded as done where it was claimed', async () => {
    const { first } = await tickOnce(claimed(), { observe: done });

    expect(first).toEqual({ type: 'step.completed', stepId: 'switch', text: 'points at green' });
  });

  it('is looked at later as one that was: an old answer is then no sign of somebody else', async () => {
    const told = async (walk: Walk) => (await tickOnce(walk, { observe: done })).observed[0];

    expect(await told(walkTo('monitoring'))).toMatchObject({ step: { id: 'switch' }, seenDone: true });
    expect(await told(claimed())).toMatchObject({ step: { id: 'switch' }, seenDone: false });
    expect(await told(walkToUntouchedDeployment())).toMatchObject({ seenDone: false });
  });

  it('SITE-5 without a claim of ours was done by somebody else: it stops untouched', async () => {
    const { first, promotion, acted } = await tickOnce(walkToUntouchedDeployment(), { observe: done });

    expect(first).toMatchObject({
      type: 'drift.found',
      stepId: 'switch',
      text: expect.stringContaining('points at green'),
    });
    expect(promotion.phase).toBe('failed');
    expect(acted).toEqual([]);
  });

  it('without a claim on the way back is written all the same: the write is what fences a late request', async () => {
    const { events, acted } = await tickOnce(walkTo('rolling-back'), {
      observe: ({ step, claim }) => (step.id === 'switch-back' && claim === null ? done : unchanged('E3')),
    });

    expect(events[0]).toEqual({
      type: 'step.claimed',
      stepId: 'switch-back',
      key: 'p1.switch-back.1',
      precondition: null,
    });
    expect(acted[0]).toMatchObject({ direction: 'back', claim: { precondition: null } });
  });

  it('needs no claim where it only waits, in either direction', async () => {
    const forward = await tickOnce(afterSwitch(), { observe: done });
    const back = await tickOnce(stands['rolling back, switched back'](), { observe: done });

    expect(forward.first).toMatchObject({ type: 'step.completed', stepId: 'settle' });
    expect(back.first).toMatchObject({ type: 'step.completed', stepId: 'settle-back' });
    expect(forward.acted.concat(back.acted)).toEqual([]);
  });
});

describe('a step that can no longer succeed', () => {
  it('fails with what the target says', async () => {
    const { first, promotion } = await tickOnce(claimed(), {
      observe: ({ direction }) =>
        direction === 'back' ? applying : { outcome: 'failed', code: 'aws.gone', text: 'deleted' },
    });

    expect(first).toEqual({ type: 'step.failed', stepId: 'switch', code: 'aws.gone', text: 'deleted' });
    expect(promotion.phase).toBe('rolling-back');
  });

  it('SITE-5 because somebody else changed the target is handed to people', async () => {
    const { first, promotion } = await tickOnce(claimed(), {
      observe: { outcome: 'foreign', text: 'points elsewhere' },
    });

    expect(first).toEqual({ type: 'drift.found', stepId: 'switch', text: 'points elsewhere' });
    expect(promotion.phase).toBe('rollback-failed');
  });
});

describe('the answer to an act', () => {
  it('that names nothing new is not recorded: looking tells', async () => {
    const nothing = await tickOnce(walkToUntouchedDeployment(), { act: { reference: null } });
    const known = await tickOnce(
      through(invalidating(), { type: 'step.acted', stepId: 'invalidate', reference: 'i1' }),
      { act: { reference: 'i1' } },
    );

    expect(nothing.types).toEqual(['step.claimed']);
    expect(known.types).toEqual([]);
    expect(known.acted.length).toBeGreaterThan(0);
  });

  it('that leaves out the name it gave before does not make it forgotten', async () => {
    const named = through(invalidating(), { type: 'step.acted', stepId: 'invalidate', reference: 'i1' });
    const { types, acted, promotion } = await tickOnce(named, { act: { reference: null } });

    expect(acted.length).toBeGreaterThan(0);
    expect(types).toEqual([]);
    expect(promotion).toMatchObject({ steps: { invalidate: { claim: { reference: 'i1' } } } });
  });

  it('of a precondition that did not hold is no failure: the next look tells what happened', async () => {
    const { types, promotion, thrown } = await tickOnce(walkToUntouchedDeployment(), {
      act: new ConflictError('aws.precondition-failed', 'stale'),
    });

    expect(types).toEqual(['step.claimed']);
    expect(promotion.phase).toBe('deploying');
    expect(promotion.troubles.work).toBeNull();
    expect(thrown).toBeUndefined();
  });

  it('ALL-16 that never came is noted as trouble, with the time the other side asked for', async () => {
    const { events, promotion, nowMs, warned, woken } = await tickOnce(walkToUntouchedDeployment(), {
      act: new RetryableError('aws.throttled', 'AWS is throttling.', { retryAfterMs: 20_000 }),
    });

    expect(events[1]).toEqual({
      type: 'trouble.met',
      during: 'work',
      code: 'aws.throttled',
      text: 'AWS is throttling.',
      retryAfterMs: 20_000,
      acting: true,
    });
    expect(promotion.troubles.work).toMatchObject({ retryAtMs: nowMs + 20_000 });
    expect(warned).toEqual([{ promotionId: 'p1', stepId: 'switch', code: 'aws.throttled' }]);
    expect(woken).toEqual([['p1', nowMs + 20_000]]);
  });

  it('that never came and says no time is tried again by our own', async () => {
    const { events } = await tickOnce(walkToUntouchedDeployment(), {
      act: new RetryableError('aws.unreachable', 'no answer'),
    });

    expect(events[1]).toMatchObject({ type: 'trouble.met', retryAfterMs: null });
  });

  it.each([
    ['that can never succeed', new TerminalError('aws.invalid', 'no such thing')],
    ['that a missing permission refuses', new MisconfiguredError('aws.access-denied', 'not allowed')],
  ])('%s fails the step and turns the promotion around', async (_name, error) => {
    const { events, promotion } = await tickOnce(walkToUntouchedDeployment(), {
      act: error,
      observe: ({ direction }) => (direction === 'back' ? applying : unchanged('E1')),
    });

    expect(events[1]).toEqual({
      type: 'step.failed',
      stepId: 'switch',
      code: error.code,
      text: error.message,
    });
    expect(promotion.phase).toBe('rolling-back');
  });

  it('that nobody foresaw is told to whoever runs the tick, and the claim stands', async () => {
    const { thrown, promotion } = await tickOnce(walkToUntouchedDeployment(), {
      act: new Error('certificate has expired'),
    });

    expect(thrown).toMatchObject({ message: 'certificate has expired' });
    expect(promotion.troubles.work).toMatchObject({ code: 'engine.unexpected', tries: 1 });
    expect(promotion).toMatchObject({ dirty: true, steps: { switch: { claim: { attempt: 1 } } } });
  });
});

describe('a worker', () => {
  it('ALL-16 that slept between its look and its claim does neither claim nor act', async () => {
    const { types, acted } = await tickOnce(walkToUntouchedDeployment(), { sleepsMs: 20_001 });

    expect(types).toEqual([]);
    expect(acted).toEqual([]);
  });

  it('that did not sleep too long claims and acts', async () => {
    const { types, acted } = await tickOnce(walkToUntouchedDeployment(), { sleepsMs: 10_000 });

    expect(types).toEqual(['step.claimed']);
    expect(acted).toHaveLength(1);
  });

  it('that no longer has the lock acts on nothing', async () => {
    const { types, acted, promotion } = await tickOnce(walkToUntouchedDeployment(), { holder: 'p9' });

    expect(types).toEqual(['lock.lost']);
    expect(acted).toEqual([]);
    expect(promotion.phase).toBe('failed');
  });

  it('that no longer has the lock when it would turn around hands it to people', async () => {
    const { types, promotion } = await tickOnce(claimed(), {
      holder: 'p9',
      observe: { outcome: 'failed', code: 'aws.gone', text: 'deleted' },
    });

    expect(types).toEqual(['lock.lost']);
    expect(promotion.phase).toBe('rollback-failed');
  });

  it('gives a rollback that people ordered again keys of its own', async () => {
    const walk = through(walkTo('rollback-failed'), {
      type: 'retry.claimed',
      claim: {
        id: 'retry',
        does: 'retry',
        person: { teamId: 'T1', userId: 'UOTTO' },
        atMs: 0,
        reason: null,
        answer: null,
      },
    });
    const ordered = through(walk, { type: 'claim.granted', claimId: 'retry', evidence: 'named' });

    expect((await tickOnce(ordered, { observe: unchanged('E5') })).first).toMatchObject({
      key: 'p1.switch-back.2',
    });
  });
});
