import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../../src/flows/desk.ts';
import { createDesk } from '../../../src/flows/engine/desk.ts';
import { RetryableError } from '../../../src/flows/errors.ts';
import type { LiveRecord, PromotionStore } from '../../../src/flows/ports.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { claim, grace, hash, startMs, walkTo } from '../promotion/walk.ts';
import { createPaperStore } from './paper-store.ts';

type Refused = Parameters<PromotionStore['recordRefusal']>[1];

/** A desk over one saved promotion, and what it had recorded. */
function deskOver(promotion: Promotion, live: readonly LiveRecord[] = [], full = false) {
  const recorded: Refused[] = [];
  const store: PromotionStore = {
    ...createPaperStore(() => startMs),
    load: async (id) => (id === promotion.id ? { promotion, nowMs: startMs } : undefined),
    liveRecords: async () => live,
    recordRefusal: async (_promotion, entry) => {
      if (full) throw new RetryableError('store.contended', 'Too many refusals at once.');
      recorded.push(entry);
      return { outcome: 'recorded' };
    },
  };
  const catalog: Catalog = { apps: [], find: () => undefined, defaultEnvironment: () => undefined };
  const log = { info() {}, warn() {}, error() {} };
  const desk = createDesk({
    store,
    hash,
    log,
    catalog,
    hints: { wake() {} },
    nearest: () => undefined,
    looking: null,
  });
  return { desk, recorded };
}

describe('ALL-11: a click that is refused', () => {
  const click = () => ({ type: 'cancellation.claimed' as const, claim: claim('cancel', grace) });

  it('is recorded with who, why and the phase it was refused in, before it is answered', async () => {
    const { desk, recorded } = deskOver(walkTo('monitoring').promotion);

    const answer = await desk.decide('p1', click());

    expect(answer).toMatchObject({ outcome: 'refused', refusal: { code: 'cancel.too-late' } });
    expect(recorded).toEqual([
      expect.objectContaining({
        actor: { kind: 'person', person: grace },
        from: 'monitoring',
        to: 'monitoring',
        refusal: expect.objectContaining({ code: 'cancel.too-late' }),
      }),
    ]);
  });

  it('is recorded as well when the promotion has ended', async () => {
    const { desk, recorded } = deskOver(walkTo('rejected').promotion);

    await desk.decide('p1', click());

    expect(recorded.map(({ refusal }) => refusal?.code)).toEqual(['ended.rejected']);
  });

  it('is recorded as well when it asks to take back what is no longer live', async () => {
    const live = {
      app: 'site',
      environment: 'production',
      version: 'v1.2.0',
      artifact: 'cccc2222',
      promotionId: 'p2',
      atMs: startMs,
      replaced: null,
    };
    const { desk, recorded } = deskOver(walkTo('promoted').promotion, [live]);

    await desk.decide('p1', { type: 'rollback.claimed', claim: claim('roll-back', grace) });

    expect(recorded.map(({ refusal }) => refusal?.code)).toEqual(['rollback.not-live']);
  });

  it('is an error to the person when it could not be recorded, and never a no that nobody can prove', async () => {
    const { desk } = deskOver(walkTo('monitoring').promotion, [], true);

    await expect(desk.decide('p1', click())).rejects.toMatchObject({ code: 'store.contended' });
  });
});
