import { describe, expect, it } from 'vitest';
import { RetryableError, TerminalError } from '../../../src/flows/errors.ts';
import type { StepContext } from '../../../src/flows/ports.ts';
import { ada, claim, failed, grace, later, passed, through, walkTo } from '../promotion/walk.ts';
import { type Outside, tickOnce } from './one-tick.ts';

const spec = (id: string) => ({ id, kind: id, title: id, essential: false, settings: {} });
const readings = { readings: [spec('alarms'), spec('errors')] };
const observe = ({ direction }: StepContext) =>
  direction === 'back'
    ? ({ outcome: 'before', precondition: 'E7' } as const)
    : ({ outcome: 'done', text: 'green' } as const);
const firing: Outside['check'] = ({ id }) => (id === 'alarms' ? failed('alarms', true) : passed(id));
const alarmed = { alarmed: true };

/** A reading was taken just now, so that the next one is a minute away. */
const watched = () => {
  const walk = walkTo('monitoring');
  return later(walk, 0, { type: 'reading.recorded', results: [passed('alarms')], completeUntilMs: null });
};
/** What stood between the beginning and the first act. */
const untilAct = (calls: readonly string[]) =>
  calls.slice(
    0,
    calls.findIndex((call) => call.startsWith('act')),
  );

describe('an alarm that fires while production is watched', () => {
  it('is followed by one read of the store, one round of looks, one write and the call', async () => {
    const { calls, acted } = await tickOnce(watched(), {
      observe,
      check: firing,
      definition: readings,
      options: alarmed,
    });

    expect(untilAct(calls)).toEqual([
      'load',
      'observe switch-back',
      'observe switch',
      'check alarms',
      'check errors',
      'save',
    ]);
    expect(acted[0]?.claim?.precondition).toBe('E7');
  });

  it('is decided and claimed in one save, each with an audit entry of its own', async () => {
    const { types, store, promotion } = await tickOnce(watched(), {
      observe,
      check: firing,
      definition: readings,
      options: alarmed,
    });
    const [, saved] = store.history;

    expect(types.slice(0, 2)).toEqual(['reading.recorded', 'step.claimed']);
    expect(saved).toMatchObject({
      revision: (store.history[0]?.revision ?? 0) + 1,
      phase: 'rolling-back',
      dirty: true,
      rollback: { cause: { code: 'alarm' }, steps: { 'switch-back': { status: 'claimed' } } },
    });
    const [decision, claimed] = store.entries;
    expect(claimed?.previous).toBe(decision?.hash);
    expect(saved?.audit).toEqual({ sequence: claimed?.sequence, head: claimed?.hash });
    expect(saved?.announced).toBe(
      (store.history[0]?.announced ?? 0) +
        store.announcements.filter(({ atMs }) => atMs === saved?.nowMs).length,
    );
    expect(promotion.phase).toBe('rolling-back');
  });

  it('is read at once, and when nothing fires nothing is saved', async () => {
    const walk = watched();
    const { saves, checked, ticked } = await tickOnce(walk, {
      observe,
      definition: readings,
      options: alarmed,
    });

    expect(checked.map(({ id }) => id)).toEqual(['alarms', 'errors']);
    expect(saves).toBe(0);
    expect(ticked).toMatchObject({ saved: false, dueAtMs: walk.promotion.dueAtMs });
  });

  it('does not make other readings count sooner than the policy says', async () => {
    const sick = later(watched(), 60, {
      type: 'reading.recorded',
      results: [failed('errors')],
      completeUntilMs: null,
    });
    const { saves, promotion } = await tickOnce(sick, {
      observe,
      check: ({ id }) => (id === 'errors' ? failed('errors') : passed(id)),
      definition: readings,
      options: alarmed,
    });

    expect(saves).toBe(0);
    expect(promotion.phase).toBe('monitoring');
  });

  it('is noticed by the reading that is due, one tick later, with the same one write', async () => {
    const { calls, types } = await tickOnce(watched(), { observe, check: firing, definition: readings }, 60);

    expect(untilAct(calls)).toEqual([
      'load',
      'observe switch',
      'check alarms',
      'check errors',
      'observe switch-back',
      'save',
    ]);
    expect(types.slice(0, 2)).toEqual(['reading.recorded', 'step.claimed']);
  });

  it('while the checks after the change run is acted on as well', async () => {
    const probing = later(walkTo('verifying'), 0, { type: 'probe.recorded', results: [passed('page')] });
    const { types, promotion } = await tickOnce(probing, {
      observe,
      check: firing,
      definition: { checks: [spec('alarms')] },
      options: alarmed,
    });

    expect(types.slice(0, 2)).toEqual(['reading.recorded', 'step.claimed']);
    expect(promotion.phase).toBe('rolling-back');
  });

  it('is nothing to a promotion that has changed nothing yet', async () => {
    const { calls, saves } = await tickOnce(walkTo('waiting'), { options: alarmed });

    expect(calls).toEqual(['load']);
    expect(saves).toBe(0);
  });

  it('still leaves drift to people, whatever else is wrong', async () => {
    const { types, acted, promotion } = await tickOnce(
      watched(),
      { observe: { outcome: 'foreign', text: 'Somebody else.' }, check: firing, definition: readings },
      60,
    );

    expect(types[0]).toBe('drift.found');
    expect(promotion.phase).toBe('rollback-failed');
    expect(acted).toEqual([]);
  });
});

describe('what turns a promotion around', () => {
  const bad = { observe, check: firing, definition: readings };

  it.each([
    ['cannot be looked at', new RetryableError('aws.throttled', 'Slower.')],
    ['answers that it never will', new TerminalError('aws.refused', 'No.')],
  ])('is saved alone when the way back %s, and the next look goes on from there', async (_how, error) => {
    const { types, acted, store } = await tickOnce(
      watched(),
      { ...bad, observe: (context) => (context.direction === 'back' ? error : observe(context)) },
      60,
    );

    expect(types[0]).toBe('reading.recorded');
    expect(types).not.toContain('step.claimed');
    expect(store.history[1]?.phase).toBe('rolling-back');
    expect(acted).toEqual([]);
  });

  it('is saved alone when somebody else has changed what would be taken back, and people decide', async () => {
    const { types, acted, promotion } = await tickOnce(
      watched(),
      {
        ...bad,
        observe: (context) =>
          context.direction === 'back' ? { outcome: 'foreign', text: 'Not ours.' } : observe(context),
      },
      60,
    );

    expect(types).toEqual(['reading.recorded', 'drift.found']);
    expect(promotion.phase).toBe('rollback-failed');
    expect(acted).toEqual([]);
  });

  it('is saved without a claim by a worker that has slept', async () => {
    const { types, acted } = await tickOnce(watched(), { ...bad, sleepsMs: 25_000 }, 60);

    expect(types).toEqual(['reading.recorded']);
    expect(acted).toEqual([]);
  });

  it('is told that its lock is lost, and nothing is sent', async () => {
    const { types, promotion, acted } = await tickOnce(watched(), { ...bad, holder: 'p9' }, 60);

    expect(types).toEqual(['lock.lost']);
    expect(promotion).toMatchObject({ phase: 'rollback-failed', failure: { code: 'lock.lost' } });
    expect(acted).toEqual([]);
  });

  it('can be a person, whose word is settled and carried out in one write', async () => {
    const walk = through(watched(), { type: 'rollback.claimed', claim: claim('roll-back', ada) });
    const { calls, types } = await tickOnce(walk, { observe });

    expect(types.slice(0, 2)).toEqual(['claim.granted', 'step.claimed']);
    expect(untilAct(calls)).toEqual(['load', 'observe switch-back', 'save']);
  });

  it('does not wait for what others have asked for meanwhile', async () => {
    const walk = through(
      watched(),
      { type: 'rollback.claimed', claim: claim('roll-back', ada) },
      { type: 'rollback.claimed', claim: claim('roll-back', grace) },
    );
    const { types, acted } = await tickOnce(walk, { observe });

    expect(types.slice(0, 3)).toEqual(['claim.granted', 'step.claimed', 'claim.granted']);
    expect(acted).toHaveLength(1);
  });
});

describe('a tick', () => {
  it('leaves a promotion alone that is older than was promised', async () => {
    const walk = watched();
    const { calls, ticked } = await tickOnce(
      walk,
      { observe, options: { revision: walk.promotion.revision + 1 } },
      60,
    );

    expect(calls).toEqual(['load']);
    expect(ticked).toMatchObject({ outcome: 'older', saved: false });
  });

  it('goes on with one that is as new as was promised, or newer', async () => {
    const walk = watched();
    const { ticked } = await tickOnce(walk, { observe, options: { revision: walk.promotion.revision } }, 60);

    expect(ticked).toMatchObject({ outcome: 'ticked', saved: true });
  });

  it('begins nothing when the worker has to end, and says when the promotion is due', async () => {
    const walk = watched();
    const { calls, ticked } = await tickOnce(walk, { observe, options: { leftMs: () => 14_000 } }, 60);

    expect(calls).toEqual(['load']);
    expect(ticked).toMatchObject({ saved: false, dueAtMs: walk.promotion.dueAtMs });
  });

  it('claims nothing that it has no time to send', async () => {
    let left = 20_000;
    const { types, acted } = await tickOnce(
      watched(),
      {
        observe: (context) => {
          left = 9_000;
          return observe(context);
        },
        check: firing,
        definition: readings,
        options: { leftMs: () => left },
      },
      60,
    );

    expect(types).toEqual(['reading.recorded']);
    expect(acted).toEqual([]);
  });
});
