import { describe, expect, it } from 'vitest';
import { createMetrics, measured } from '../../src/compose/metrics.ts';
import { toChange } from '../../src/flows/promotion/change.ts';
import type { PromotionEvent } from '../../src/flows/promotion/events.ts';
import { transition } from '../../src/flows/promotion/transition.ts';
import { fakeLog } from '../bot/fakes.ts';
import { createPaperStore } from '../flows/engine/paper-store.ts';
import { failed, hash, type Walk, walkTo } from '../flows/promotion/walk.ts';

const deployment = { service: 'countersign', stage: 'prod' };

/** Saves one event through a measured store, and tells what was measured. */
async function saved(walk: Walk, event: PromotionEvent, afterSeconds = 0) {
  const nowMs = walk.nowMs + afterSeconds * 1000;
  const log = fakeLog();
  const paper = createPaperStore(() => nowMs);
  await paper.create({
    promotion: walk.promotion,
    audit: [],
    announcements: [],
    locks: null,
    handedOver: null,
    live: null,
  });
  for (const key of ['site#production', 'arn:thing']) paper.locks.set(key, walk.promotion.id);
  const store = measured(
    paper,
    createMetrics(log, deployment, () => nowMs),
  );
  const decision = transition(walk.promotion, event, nowMs);
  if (decision.outcome === 'refused') throw new Error(decision.refusal.text);
  const change = toChange(walk.promotion, decision, event, nowMs, hash);
  await store.save(change);
  const once = log.lines.map(({ data }) => data);
  await store.save(change);
  return { once, again: log.lines.slice(once.length) };
}

describe('the figures of a promotion', () => {
  it('are how long a phase took, once it is left, and that it was turned around', async () => {
    const walk = walkTo('monitoring');
    const event = {
      type: 'reading.recorded' as const,
      results: [failed('alarm', true)],
      completeUntilMs: null,
    };

    const { once } = await saved(walk, event, 42);

    expect(once).toMatchObject([
      {
        PhaseSeconds: expect.any(Number),
        Phase: 'monitoring',
        Service: 'countersign',
        Stage: 'prod',
        promotionId: 'p1',
      },
      { Rollbacks: 1, app: 'site', environment: 'production' },
    ]);
    expect(once[0]?.['PhaseSeconds']).toBe(42);
  });

  it('are its end, kept apart by which', async () => {
    const { once } = await saved(walkTo('awaiting-approval'), { type: 'approval.expired' }, 172_800);

    expect(once).toContainEqual(expect.objectContaining({ PromotionsEnded: 1, Outcome: 'expired' }));
  });

  it('are what had to be tried again, by its code', async () => {
    const trouble = {
      type: 'trouble.met',
      during: 'work',
      code: 'aws.throttled',
      text: 'Slower.',
      retryAfterMs: null,
    } as const;

    const { once } = await saved(walkTo('verifying'), trouble);

    expect(once).toMatchObject([{ Retries: 1, code: 'aws.throttled' }]);
  });

  it('are not counted for a save that lost its race', async () => {
    const { again } = await saved(walkTo('awaiting-approval'), { type: 'approval.expired' }, 172_800);

    expect(again).toEqual([]);
  });

  it('are what was refused, by its reason', async () => {
    const log = fakeLog();
    const { promotion } = walkTo('waiting');
    const paper = createPaperStore(() => 0);
    const store = measured(
      paper,
      createMetrics(log, null, () => 0),
    );

    await store.recordRefusal(promotion, {
      promotionId: promotion.id,
      atMs: 0,
      actor: { kind: 'system' },
      from: 'waiting',
      to: 'waiting',
      digest: null,
      event: { type: 'approval.expired' },
      refusal: { code: 'approval.settled', text: '', next: '' },
    });

    expect(log.lines[0]?.data).toMatchObject({
      Refusals: 1,
      code: 'approval.settled',
      _aws: { CloudWatchMetrics: [{ Dimensions: [[]], Metrics: [{ Name: 'Refusals', Unit: 'Count' }] }] },
    });
  });
});
