import { describe, expect, it } from 'vitest';
import { tick } from '../../../src/flows/engine/tick.ts';
import { ConflictError, RetryableError, TerminalError } from '../../../src/flows/errors.ts';
import type { Change, Mandate, Observation, StepContext } from '../../../src/flows/ports.ts';
import { isDirty } from '../../../src/flows/promotion/promotion.ts';
import { stands } from '../promotion/stands.ts';
import {
  claim,
  grace,
  later,
  lin,
  passed,
  through,
  type Walk,
  walkTo,
  walkToUntouchedDeployment,
} from '../promotion/walk.ts';
import { type Outside, tickOnce } from './one-tick.ts';
import { createSmallWorld } from './small-world.ts';

const unchanged = (precondition: string): Observation => ({ outcome: 'before', precondition });
const done: Observation = { outcome: 'done', text: 'there' };
const applying: Observation = { outcome: 'applying', text: 'on its way', fraction: null };
const spec = (id: string) => ({ id, kind: id, title: id, essential: false, settings: {} });

const eve = { teamId: 'T1', userId: 'UEVE' };

describe('a tick goes on', () => {
  it('from a step that is done to the next one', async () => {
    const { calls } = await tickOnce(walkTo('deploying'), {
      observe: ({ step }) => (step.id === 'switch' ? done : applying),
    });

    expect(calls).toEqual(['load', 'observe switch', 'save', 'load', 'observe settle', 'save', 'load']);
  });

  it('from an act whose answer names it to the look at what became of it', async () => {
    const { calls } = await tickOnce(walkToUntouchedDeployment(), { act: { reference: 'r1' } });

    expect(calls.slice(0, 7)).toEqual([
      'load',
      'observe switch',
      'save',
      'act switch',
      'save',
      'load',
      'observe switch',
    ]);
  });

  it('from an act whose precondition did not hold to the look that tells why', async () => {
    const { calls } = await tickOnce(walkToUntouchedDeployment(), {
      act: new ConflictError('aws.stale', 'stale'),
    });

    expect(calls.slice(0, 6)).toEqual([
      'load',
      'observe switch',
      'save',
      'act switch',
      'load',
      'observe switch',
    ]);
  });

  it('from an act that can never succeed to the way back', async () => {
    const { calls } = await tickOnce(walkToUntouchedDeployment(), {
      act: new TerminalError('aws.invalid', 'no'),
      observe: ({ direction }) => (direction === 'back' ? applying : unchanged('E1')),
    });

    expect(calls.slice(3, 7)).toEqual(['act switch', 'save', 'load', 'observe switch-back']);
  });

  it('to the alarm once what people asked for is settled, and reads then', async () => {
    const watched = later(walkTo('monitoring'), 0, {
      type: 'reading.recorded',
      results: [passed('alarms')],
      completeUntilMs: null,
    });
    const walk = through(watched, { type: 'rollback.claimed', claim: claim('roll-back', eve) });
    const { types, checked } = await tickOnce(walk, {
      observe: done,
      definition: { readings: [spec('alarms')] },
      options: { alarmed: true },
    });

    expect(types).toEqual(['claim.denied']);
    expect(checked.map(({ id }) => id)).toEqual(['alarms']);
  });
});

describe('a tick ends', () => {
  const lost = { saves: { outcome: 'conflict' } } as const;

  it('where its claim lost the race: who won goes on', async () => {
    const { calls, ticked, thrown, promotion, nowMs } = await tickOnce(walkToUntouchedDeployment(), {
      ...lost,
      observe: unchanged('E1'),
    });

    expect(thrown).toBeUndefined();
    expect(calls).toEqual(['load', 'observe switch', 'save', 'load']);
    expect(ticked).toEqual({
      outcome: 'ticked',
      saved: false,
      revision: promotion.revision,
      dueAtMs: promotion.dueAtMs,
      nowMs,
    });
  });

  it('where the worker slept before its claim, or between claim and act', async () => {
    const before = await tickOnce(walkToUntouchedDeployment(), { sleepsMs: 20_001 });
    const between = await tickOnce(walkToUntouchedDeployment(), { sleepsMs: 15_000 });

    expect(before.calls).toEqual(['load', 'observe switch', 'load']);
    expect(between.calls).toEqual(['load', 'observe switch', 'save', 'load']);
    expect(between.types).toEqual(['step.claimed']);
  });

  it('where an act was not answered: it rests for as long as that takes', async () => {
    const { calls } = await tickOnce(walkToUntouchedDeployment(), {
      act: new RetryableError('aws.throttled', 'Slower.'),
    });

    expect(calls).toEqual(['load', 'observe switch', 'save', 'act switch', 'save', 'load']);
  });

  it('where the call of a way back was not answered: what others asked for is settled by the next, at once', async () => {
    const walk = through(
      walkTo('verifying'),
      { type: 'rollback.claimed', claim: claim('roll-back', grace) },
      { type: 'rollback.claimed', claim: claim('roll-back', lin) },
    );
    const { types, woken, nowMs } = await tickOnce(walk, {
      act: new RetryableError('aws.throttled', 'Slower.'),
    });

    expect(types).toEqual(['claim.granted', 'step.claimed', 'trouble.met']);
    expect(woken).toEqual([['p1', nowMs]]);
  });

  it.each([
    ['the lock was taken', { ...lost }, ['load', 'save', 'load']],
    [
      'it was noted who has the lock',
      {
        holder: 'p9',
        saves: ({ audit }: Change) =>
          audit.some(({ event }) => event.type === 'lock.refused') ? lost.saves : undefined,
      },
      ['load', 'save', 'save', 'load'],
    ],
    ['it was noted that its app is gone', { ...lost, configured: false }, ['load', 'save', 'load']],
  ] satisfies [string, Outside, string[]][])(
    'where somebody else saved before %s',
    async (_what, outside, all) => {
      const { calls } = await tickOnce(stands['awaiting approval, approved by all'](), outside);

      expect(calls).toEqual(all);
    },
  );

  it('where its promotion is gone by then: it is due at no time, and nobody is woken', async () => {
    const { ticked, woken, thrown } = await tickOnce(walkToUntouchedDeployment(), { ...lost, loads: 1 });

    expect(thrown).toBeUndefined();
    expect(ticked).toEqual({ outcome: 'ticked', saved: false, revision: null, dueAtMs: null, nowMs: 0 });
    expect(woken).toEqual([]);
  });

  it('before it begins what it has not the time for, to the millisecond', async () => {
    const late = await tickOnce(walkToUntouchedDeployment(), { options: { leftMs: () => 15_000 } });
    let left = 15_001;
    const short = await tickOnce(walkToUntouchedDeployment(), {
      observe: () => {
        left = 10_000;
        return unchanged('E1');
      },
      options: { leftMs: () => left },
    });

    expect(late.calls).toEqual(['load']);
    expect(short.types).toEqual([]);
    expect(short.observed).toHaveLength(1);
  });

  it('with a promotion that is not there, or older than was promised, and wakes nobody for it', async () => {
    const walk = walkTo('monitoring');
    const absent = await tickOnce(walk, { ticked: 'p404' });
    const older = await tickOnce(walk, { options: { revision: walk.promotion.revision + 1 } });

    expect(absent.ticked).toMatchObject({ outcome: 'absent', saved: false, revision: null, dueAtMs: null });
    expect(older.ticked).toEqual({
      outcome: 'older',
      saved: false,
      revision: walk.promotion.revision,
      dueAtMs: null,
      nowMs: walk.nowMs,
    });
    expect([absent.woken, older.woken]).toEqual([[], []]);
  });
});

describe('a probe that comes early because of an alarm', () => {
  it('is not saved when it is good: it must not count sooner than the policy says', async () => {
    const probed = later(walkTo('verifying'), 0, { type: 'probe.recorded', results: [passed('alarms')] });
    const { saves, checked } = await tickOnce(probed, {
      observe: done,
      definition: { checks: [spec('alarms')] },
      options: { alarmed: true },
    });

    expect(checked).toHaveLength(1);
    expect(saves).toBe(0);
  });
});

describe('a precondition that keeps moving', () => {
  it('is followed at once twice, and from then on every two seconds', async () => {
    const again = (walk: Walk): Walk =>
      through(walk, { type: 'step.claimed', stepId: 'switch', key: 'p1.switch.1', precondition: 'E1' });
    const thrice = again(again(walkTo('deploying')));
    const early = { ...thrice, nowMs: thrice.nowMs + 1_999 };

    expect((await tickOnce(early, { observe: unchanged('E9') })).types).toEqual([]);
    expect((await tickOnce(thrice, { observe: unchanged('E9') }, 2)).first).toMatchObject({
      type: 'step.claimed',
      precondition: 'E9',
    });
  });
});

describe('a release', () => {
  it('of an environment without a repository is not looked for anywhere', async () => {
    const { types } = await tickOnce(stands['analyzing, its requester admitted'](), {
      definition: { repository: null },
      resolve: new Error('it was looked for'),
    });

    expect(types[0]).toBe('analysis.completed');
  });

  it('that nobody named is not looked for either', async () => {
    const walk = stands['analyzing, its requester admitted']();
    const { types } = await tickOnce(
      { ...walk, promotion: { ...walk.promotion, version: null } },
      { resolve: new Error('it was looked for') },
    );

    expect(types[0]).toBe('analysis.completed');
  });
});

describe('a target', () => {
  /** Ticks one promotion until it is over, noting on whose behalf its target is reached, and for which steps. */
  async function reached(world: ReturnType<typeof createSmallWorld>, id: string) {
    const mandates: Mandate[] = [];
    const contexts: StepContext[] = [];
    const engine = {
      ...world.world,
      targetOf(...given: Parameters<typeof world.world.targetOf>) {
        mandates.push(given[1]);
        const target = world.world.targetOf(...given);
        return {
          ...target,
          observe(...observed: Parameters<typeof target.observe>) {
            contexts.push(observed[1]);
            return target.observe(...observed);
          },
        };
      },
    };
    for (let round = 0; round < 20; round += 1) {
      await tick(engine, id);
      world.pass(30);
    }
    return { mandates, contexts };
  }

  it('is reached on behalf of the promotion and of the plan that was signed', async () => {
    const world = createSmallWorld();
    const waiting = await world.promote('v2.0.0', ({ phase }) => phase === 'waiting');
    const { mandates } = await reached(world, waiting.id);

    const digest = 'digest' in waiting ? waiting.digest : '';
    expect(digest).not.toBe('');
    expect(new Set(mandates.map((mandate) => JSON.stringify(mandate)))).toEqual(
      new Set([JSON.stringify({ promotionId: waiting.id, digest })]),
    );
  });

  it('hears from a rollback that took over whose late requests it may see', async () => {
    const world = createSmallWorld();
    const running = await world.promote('v2.0.0', isDirty);
    const opened = await world.open('rollback', 'v0.9.0');
    if (opened.outcome !== 'opened') throw new Error(opened.outcome);
    const { contexts } = await reached(world, opened.promotion.id);

    expect(contexts.length).toBeGreaterThan(0);
    expect(new Set(contexts.map(({ tookOverFrom }) => tookOverFrom))).toEqual(new Set([running.id]));
  });
});

describe('what people have asked for', () => {
  it('ALL-8 is settled with the wish to roll back first, whoever asked for something else before', async () => {
    const asked = stands['watched, on-call asked']();
    if (asked.promotion.phase !== 'monitoring') throw new Error(asked.promotion.phase);
    const wish = claim('roll-back', grace);
    const walk = through(
      asked,
      {
        type: 'answer.claimed',
        questionId: asked.promotion.watch.question?.id ?? '',
        claim: claim('answer', lin, { answer: 'continue' }),
      },
      { type: 'rollback.claimed', claim: wish },
    );

    expect((await tickOnce(walk, { observe: applying })).first).toMatchObject({
      type: 'claim.granted',
      claimId: wish.id,
    });
  });

  it('waits, as what it is, for whatever kept their rights from being read', async () => {
    const { first } = await tickOnce(walkTo('analyzing'), {
      kindOf: new RetryableError('directory.away', 'No answer.'),
    });

    expect(first).toMatchObject({ type: 'trouble.met', during: 'people', code: 'directory.away' });
  });
});

describe('a promotion that finds the environment held', () => {
  it('ALL-5 waits, even for one that has changed nothing: only a rollback may make it give way', async () => {
    const world = createSmallWorld();
    const holder = await world.promote('v2.0.0', ({ phase }) => phase === 'waiting');
    const opened = await world.open('promotion', 'v3.0.0');
    if (opened.outcome !== 'opened') throw new Error(opened.outcome);
    const { id } = opened.promotion;
    const asking = await world.until(id, ({ phase }) => phase === 'awaiting-approval', true);
    if (asking.phase !== 'awaiting-approval') throw new Error(asking.phase);
    for (const person of [grace, lin])
      await world.desk.decide(id, {
        type: 'approval.claimed',
        claim: claim('approve', person),
        round: asking.round,
        digest: asking.digest.slice(0, 12),
      });
    await world.tick(id);

    expect(await world.load(id)).toMatchObject({
      phase: 'awaiting-approval',
      lockBusy: { holder: holder.id },
    });
    expect(await world.load(holder.id)).toMatchObject({ phase: 'waiting' });
  });
});
