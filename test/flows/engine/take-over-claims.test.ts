import { describe, expect, it } from 'vitest';
import { tick } from '../../../src/flows/engine/tick.ts';
import type { Target } from '../../../src/flows/ports.ts';
import { unfencedMs } from '../../../src/flows/promotion/hold.ts';
import type { Analysis, Step } from '../../../src/flows/promotion/plan.ts';
import { isDirty, type Promotion } from '../../../src/flows/promotion/promotion.ts';
import { claim, grace, lin } from '../promotion/walk.ts';
import { createSmallWorld, type Fence } from './small-world.ts';

type SmallWorld = ReturnType<typeof createSmallWorld>;

/** A promotion whose request is still on its way, and a rollback to another release that was asked for since. */
async function heirOfALateRequest(fence: Fence) {
  const small = createSmallWorld({ fence });
  small.production.losesNext = 'late';
  const old = await small.promote('v2.0.0', isDirty);
  const claimedAtMs = 'steps' in old ? old.steps['move']?.claim?.claimedAtMs : undefined;
  if (claimedAtMs === undefined) throw new Error('nothing was claimed');
  small.pass(30);
  const answer = await small.open('rollback', 'v0.9.0');
  if (answer.outcome !== 'opened') throw new Error(answer.outcome);
  return { small, old, heirId: answer.promotion.id, untilMs: claimedAtMs + unfencedMs };
}

/** Ticks this promotion alone, with a target that differs in what is named. */
async function carry(
  { world, load, pass }: SmallWorld,
  id: string,
  differs: (target: Target) => Partial<Target>,
  holds: (promotion: Promotion) => boolean,
): Promise<Promotion> {
  const targetOf: typeof world.targetOf = (...about) => {
    const target = world.targetOf(...about);
    return { ...target, ...differs(target) };
  };
  for (let ticks = 0; ticks < 500; ticks += 1) {
    await tick({ ...world, targetOf }, id);
    const promotion = await load(id);
    if (holds(promotion)) return promotion;
    pass(5);
  }
  throw new Error(`still ${(await load(id)).phase}`);
}

/** As the target plans it, with other steps back. */
const planning =
  (back: (step: Step) => readonly Step[]) =>
  (target: Target): Target['analyze'] =>
  async (request) => {
    const analyzed = await target.analyze(request);
    if (analyzed.outcome === 'refused') return analyzed;
    const rollback = analyzed.analysis.rollback.flatMap(({ undoes, step }) =>
      back(step).map((each) => ({ undoes, step: each })),
    );
    return { ...analyzed, analysis: { ...analyzed.analysis, rollback } satisfies Analysis };
  };

const foreign = { outcome: 'foreign', text: 'Somebody else moved it.' } as const;
const failed = ({ phase }: Promotion) => phase === 'rollback-failed';

/** What two people are told who say that they have mended it. */
async function closing({ desk }: SmallWorld, id: string): Promise<string[]> {
  const answers = [];
  for (const person of [grace, lin]) {
    const word = claim('resolve', person, { reason: 'mended by hand' });
    const answer = await desk.decide(id, { type: 'resolution.claimed', claim: word });
    answers.push(answer.outcome === 'refused' ? answer.refusal.code : answer.outcome);
  }
  return answers;
}

const tooEarly = ['resolution.too-early', 'resolution.too-early'];

describe('a rollback that took over while a request of the old holder is on its way', () => {
  it('and met drift at its first look is not closed by people before that request can no longer arrive', async () => {
    const { small, old, heirId, untilMs } = await heirOfALateRequest('compare-and-set');
    const stuck = await carry(small, heirId, () => ({ observe: async () => foreign }), failed);

    expect(stuck).toMatchObject({
      failure: { code: 'drift' },
      rollback: { tookOverFrom: old.id, steps: {} },
    });
    expect(small.production.writes).toEqual([]);
    expect(await closing(small, heirId)).toEqual(tooEarly);

    small.pass((untilMs - 1_000 - small.nowMs()) / 1000);
    expect(await closing(small, heirId)).toEqual(tooEarly);
    small.pass(1);
    expect(await closing(small, heirId)).toEqual(['accepted', 'accepted']);
    await small.until(heirId, ({ phase }) => phase === 'resolved');
  });

  it('and has emptied a cache since is not closed either: only a write that was seen fences that request', async () => {
    const { small, heirId } = await heirOfALateRequest('compare-and-set');
    const emptied = (step: Step): Step => ({
      ...step,
      id: 'empty',
      does: 'invalidate',
      fence: 'idempotent',
      title: 'Empty the cache',
    });
    const differs = (target: Target): Partial<Target> => ({
      analyze: planning((step) => [emptied(step), step])(target),
      observe: async (_definition, { step, claim: made }) => {
        if (step.does !== 'invalidate') return foreign;
        return made === null
          ? { outcome: 'before', precondition: null }
          : { outcome: 'done', text: 'emptied' };
      },
      act: async () => ({ reference: null }),
    });

    const stuck = await carry(small, heirId, differs, failed);

    expect(stuck).toMatchObject({
      failure: { code: 'drift' },
      rollback: { steps: { empty: { status: 'done' } } },
    });
    expect(await closing(small, heirId)).toEqual(tooEarly);
  });

  it('keeps the lock until then where nothing fences that request, though its own write has a fence', async () => {
    const { small, heirId, untilMs } = await heirOfALateRequest('hold');
    const fenced = (step: Step): Step => ({ ...step, does: 'deploy', fence: 'compare-and-set' });
    const differs = (target: Target): Partial<Target> => ({
      analyze: planning((step) => [fenced(step)])(target),
    });

    await carry(small, heirId, differs, () => small.nowMs() >= untilMs - 10_000);
    expect(await small.load(heirId)).toMatchObject({
      phase: 'rolling-back',
      rollback: { steps: { 'move-back': { status: 'done' } } },
    });
    expect(await small.holder()).toBe(heirId);

    await carry(small, heirId, differs, ({ phase }) => phase === 'rolled-back');
    expect(small.nowMs()).toBeGreaterThanOrEqual(untilMs);
    expect(await small.holder()).toBeUndefined();
  });
});
