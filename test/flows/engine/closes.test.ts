import { describe, expect, it } from 'vitest';
import type {
  Catalog,
  Close,
  Closing,
  DecideAnswer,
  OpenAnswer,
  OpenRequest,
} from '../../../src/flows/desk.ts';
import { closing } from '../../../src/flows/engine/closing.ts';
import { createDesk } from '../../../src/flows/engine/desk.ts';
import { RetryableError } from '../../../src/flows/errors.ts';
import type { PromotionStore, RefusalHead } from '../../../src/flows/ports.ts';
import { lockKeys, type Promotion } from '../../../src/flows/promotion/promotion.ts';
import { parseReceiptName, type Receipt, receiptName } from '../../../src/flows/receipt.ts';
import {
  ada,
  claim,
  grace,
  hash,
  newRelease,
  oldRelease,
  policy,
  startMs,
  walkTo,
} from '../promotion/walk.ts';
import { createPaperStore } from './paper-store.ts';

const receipt: Receipt = { id: 'delivery-1', mark: 'm1', expiresAtMs: startMs + 1, body: '{"ok":true}' };
const repeated = { outcome: 'repeated', body: 'as before' } as const;

describe('a write and what goes with it', () => {
  const look = { promotionId: 'p1', revision: 2 };

  it.each([
    ['saved', true],
    ['created', true],
    ['exists', true],
    ['recorded', true],
    ['conflict', false],
    ['locked', false],
    ['repeated', false],
  ])('that is %s is told of as written: %s', async (outcome, expected) => {
    const heard: boolean[] = [];
    const send: Closing['send'] = async (_look, written) => void heard.push(await written);

    expect(await closing({ receipt, send }, look, async () => ({ outcome }))).toEqual({ outcome });
    expect(heard).toEqual([expected]);
  });

  it('that fails is told of as not written, and fails only once what went with it is over', async () => {
    const order: string[] = [];
    const send: Closing['send'] = async (_look, written) => {
      order.push(`written: ${await written}`);
      await Promise.resolve();
      order.push('sent');
    };
    const lost = new RetryableError('store.unreachable', 'no');

    await expect(closing({ receipt, send }, look, () => Promise.reject(lost))).rejects.toBe(lost);
    expect(order).toEqual(['written: false', 'sent']);
  });

  it('both begin at once, and it answers when both are over', async () => {
    const order: string[] = [];
    let gone = () => {};
    const closed: Closing = {
      receipt,
      send: (seen) => {
        order.push(`sent for revision ${seen?.revision}`);
        return new Promise((resolve) => {
          gone = resolve;
        });
      },
    };
    const both = closing(closed, look, async (given) => {
      order.push(`written with ${given?.id}`);
      return { outcome: 'saved' };
    }).then(() => order.push('answered'));

    await new Promise(setImmediate);
    expect(order).toEqual(['written with delivery-1', 'sent for revision 2']);
    gone();
    await both;
    expect(order.at(-1)).toBe('answered');
  });

  it('is alone where nothing is closed, and has no receipt where no repeat can come', async () => {
    const given: unknown[][] = [];
    const write = async (...args: unknown[]) => {
      given.push(args);
      return { outcome: 'saved' };
    };

    await closing(undefined, look, write);
    await closing({ receipt: null, send: async () => {} }, look, write);
    expect(given.flat()).toEqual([undefined]);
  });
});

describe('the name of a receipt', () => {
  it('tells delivery and attempt apart, and a name that is none names nothing', () => {
    expect(parseReceiptName(receiptName(receipt))).toEqual({ id: 'delivery-1', mark: 'm1' });
    expect(parseReceiptName('delivery-1')).toEqual({ id: 'delivery-1', mark: '' });
    expect(parseReceiptName('')).toEqual({ id: '', mark: '' });
  });
});

const definition = walkTo('analyzing').promotion.definition;
const catalog: Catalog = {
  apps: [{ app: 'site', environments: ['production'] }],
  find: (app, environment) => (app === 'site' ? { app, environment, definition, policy } : undefined),
  defaultEnvironment: () => 'production',
};
const head: RefusalHead = { sequence: 4, atMs: startMs, hash: 'h4' };

/** A desk, what was written with which receipt, what was asked to close, and what went out beside which write. */
async function deskOver(promotions: readonly Promotion[], also: Partial<PromotionStore> = {}) {
  const paper = createPaperStore(() => startMs);
  for (const promotion of promotions)
    await paper.create({
      promotion,
      audit: [],
      announcements: [],
      locks: { does: 'take', keys: lockKeys(promotion) },
      handedOver: null,
      live: null,
    });
  const written: (readonly [does: string, receipt: string | undefined])[] = [];
  const before: unknown[] = [];
  const woken: string[] = [];
  let headsRead = 0;
  const base: PromotionStore = {
    ...paper,
    async newestRefusal() {
      headsRead += 1;
      return head;
    },
    ...also,
  };
  const store: PromotionStore = {
    ...base,
    create(change, given) {
      written.push(['create', given?.id]);
      return base.create(change, given);
    },
    save(change, given) {
      written.push(['save', given?.id]);
      return base.save(change, given);
    },
    recordRefusal(promotion, entry, seen) {
      written.push(['refusal', seen?.receipt?.id]);
      before.push(seen?.before);
      return base.recordRefusal(promotion, entry, seen);
    },
  };
  const desk = createDesk({
    store,
    hash,
    catalog,
    hints: { wake: (id) => woken.push(id) },
    log: { info() {}, warn() {}, error() {} },
    nearest: () => undefined,
    looking: null,
  });
  const asked: string[] = [];
  const sent: unknown[] = [];
  const close: Close<DecideAnswer | OpenAnswer> = (answer) => {
    asked.push(answer.outcome === 'refused' ? answer.refusal.code : answer.outcome);
    return {
      receipt,
      send: async (look, wrote) => void sent.push(look === null ? null : { ...look, wrote: await wrote }),
    };
  };
  return { desk, written, before, woken, asked, sent, close, headsRead: () => headsRead };
}

const rollBack = () => ({ type: 'rollback.claimed' as const, claim: claim('roll-back', grace) });
const tooLate = () => ({ type: 'cancellation.claimed' as const, claim: claim('cancel', grace) });
const opening: OpenRequest = {
  kind: 'promotion',
  app: 'site',
  environment: 'production',
  version: 'v1.1.0',
  person: ada,
  reason: null,
  dedupeKey: 'trigger-1',
};
const back: OpenRequest = { ...opening, kind: 'rollback', version: null, dedupeKey: 'trigger-2' };

describe('a click that is closed with its answer', () => {
  it('is saved with its receipt, and the errand names the promotion as it will be saved', async () => {
    const { promotion } = walkTo('monitoring');
    const { desk, written, asked, sent, close } = await deskOver([promotion]);

    await desk.decide('p1', rollBack(), close);

    expect(written).toEqual([['save', 'delivery-1']]);
    expect(asked).toEqual(['accepted']);
    expect(sent).toEqual([{ promotionId: 'p1', revision: promotion.revision + 1, wrote: true }]);
  });

  it('is asked for its answer once for every race that is run, and only the last one counts', async () => {
    let races = 0;
    const { desk, asked, sent, close } = await deskOver([walkTo('monitoring').promotion], {
      async save() {
        races += 1;
        return races < 3 ? { outcome: 'conflict' } : { outcome: 'saved', nowMs: startMs };
      },
    });

    await desk.decide('p1', rollBack(), close);

    expect(asked).toEqual(['accepted', 'accepted', 'accepted']);
    expect(sent).toMatchObject([{ wrote: false }, { wrote: false }, { wrote: true }]);
  });

  it('that repeats an earlier delivery is answered as that one was, and brings no tick near', async () => {
    const { desk, woken, close } = await deskOver([walkTo('monitoring').promotion], {
      save: async () => repeated,
    });

    expect(await desk.decide('p1', rollBack(), close)).toEqual(repeated);
    expect(woken).toEqual([]);
  });

  it('ALL-11 that is refused is recorded with its receipt, leaves nothing to be looked at, and is told why', async () => {
    const { desk, written, asked, sent, close } = await deskOver([walkTo('monitoring').promotion]);

    const answer = await desk.decide('p1', tooLate(), close);

    expect(answer).toMatchObject({ outcome: 'refused', promotion: { id: 'p1' } });
    expect(written).toEqual([['refusal', 'delivery-1']]);
    expect(asked).toEqual(['cancel.too-late']);
    expect(sent).toEqual([null]);
  });

  it('that is refused and repeats an earlier delivery is answered as that one was', async () => {
    const { desk, close } = await deskOver([walkTo('monitoring').promotion], {
      recordRefusal: async () => repeated,
    });

    expect(await desk.decide('p1', tooLate(), close)).toEqual(repeated);
  });

  it('about a promotion that is not there writes nothing, so nothing is closed', async () => {
    const { desk, asked, written, close } = await deskOver([]);

    expect(await desk.decide('p404', rollBack(), close)).toMatchObject({ outcome: 'refused' });
    expect([asked, written]).toEqual([[], []]);
  });

  it('reads what a no would follow together with the promotion; one that is in no hurry reads it only for a no', async () => {
    const hurried = await deskOver([walkTo('monitoring').promotion]);
    await hurried.desk.decide('p1', tooLate(), hurried.close);
    const calm = await deskOver([walkTo('monitoring').promotion]);
    await calm.desk.decide('p1', tooLate());

    expect([hurried.headsRead(), hurried.before]).toEqual([1, [head]]);
    expect([calm.headsRead(), calm.before]).toEqual([0, [undefined]]);
  });

  it('is not held up by a chain of refusals that cannot be read and may not be needed', async () => {
    const { desk, before, close } = await deskOver([walkTo('monitoring').promotion], {
      newestRefusal: () => Promise.reject(new RetryableError('store.unreachable', 'no')),
    });

    expect(await desk.decide('p1', rollBack(), close)).toMatchObject({ outcome: 'accepted' });
    expect(await desk.decide('p1', tooLate(), close)).toMatchObject({ outcome: 'refused' });
    expect(before).toEqual([undefined]);
  });
});

describe('a request to open something that is closed with its answer', () => {
  it('is written with its receipt, and the errand names the promotion at its first revision', async () => {
    const { desk, written, asked, sent, woken, close } = await deskOver([]);

    const opened = await desk.open(opening, close);

    if (opened.outcome !== 'opened') throw new Error(opened.outcome);
    const { id, revision } = opened.promotion;
    expect(written).toEqual([['create', 'delivery-1']]);
    expect(asked).toEqual(['opened']);
    expect(sent).toEqual([{ promotionId: id, revision, wrote: true }]);
    expect(woken).toEqual([id]);
  });

  it('that repeats an earlier delivery is answered as that one was, and brings no tick near', async () => {
    const { desk, woken, close } = await deskOver([], { create: async () => repeated });

    expect(await desk.open(opening, close)).toEqual(repeated);
    expect(woken).toEqual([]);
  });

  it('that is refused for its words writes nothing, so nothing is closed', async () => {
    const { desk, asked, written, close } = await deskOver([]);

    expect(await desk.open({ ...opening, app: 'shop' }, close)).toMatchObject({ outcome: 'refused' });
    expect([asked, written]).toEqual([[], []]);
  });

  it('for a promotion does not ask who holds the environment', async () => {
    const { desk } = await deskOver([], { holder: () => Promise.reject(new Error('asked')) });

    expect(await desk.open(opening)).toMatchObject({ outcome: 'opened' });
    await expect(desk.open(back)).rejects.toThrow('asked');
  });

  it('that turns a running promotion around says so in its answer, and saves nothing else', async () => {
    const { promotion } = walkTo('verifying');
    const { desk, written, asked, sent, close } = await deskOver([promotion]);

    expect(await desk.open(back, close)).toMatchObject({ outcome: 'joined', promotion: { id: 'p1' } });
    expect(written).toEqual([['save', 'delivery-1']]);
    expect(asked).toEqual(['joined']);
    expect(sent).toEqual([{ promotionId: 'p1', revision: promotion.revision + 1, wrote: true }]);
  });

  it('that a running promotion refuses is recorded there and told why', async () => {
    const { desk, written, before, asked, sent, close } = await deskOver([walkTo('rolling-back').promotion]);

    expect(await desk.open(back, close)).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'rollback.running' },
    });
    expect(written).toEqual([['refusal', 'delivery-1']]);
    expect([asked, before, sent]).toEqual([['rollback.running'], [head], [null]]);
  });

  it('that turned one around in an earlier delivery is answered as that one was', async () => {
    const { desk, close } = await deskOver([walkTo('verifying').promotion], { save: async () => repeated });

    expect(await desk.open(back, close)).toEqual(repeated);
  });
});

describe('the Roll Back button of a release that was promoted, closed with its answer', () => {
  const live = {
    app: 'site',
    environment: 'production',
    version: 'v1.1.0',
    artifact: newRelease.artifact,
    promotionId: 'p1',
    atMs: startMs,
    replaced: null,
  };
  const promoted = () => [{ ...walkTo('promoted').promotion }];
  const free = { holder: async () => undefined };

  it('opens the rollback with the receipt, and its answer is the new promotion', async () => {
    const { desk, written, asked, close } = await deskOver(promoted(), {
      ...free,
      liveRecords: async () => [live],
    });

    expect(await desk.decide('p1', rollBack(), close)).toMatchObject({
      outcome: 'accepted',
      promotion: { kind: 'rollback', version: oldRelease.version },
    });
    expect(written).toEqual([['create', 'delivery-1']]);
    expect(asked).toEqual(['accepted']);
  });

  it('asks for the newest release of that environment alone, and for whoever holds it', async () => {
    const questions: unknown[] = [];
    const { desk } = await deskOver(promoted(), {
      async liveRecords(...given) {
        questions.push(given);
        return [live];
      },
      async holder(key) {
        questions.push(key);
        return undefined;
      },
    });

    await desk.decide('p1', rollBack());

    expect(questions).toEqual([['site', 'production', 1], 'site#production']);
  });

  it('that is pressed twice by one delivery opens one, answered as the first time', async () => {
    const { desk, close } = await deskOver(promoted(), {
      ...free,
      liveRecords: async () => [live],
      create: async () => repeated,
    });

    expect(await desk.decide('p1', rollBack(), close)).toEqual(repeated);
  });

  it('of a release that is live no longer is recorded with this card, and closed once', async () => {
    const { desk, written, asked, close } = await deskOver(promoted(), {
      ...free,
      liveRecords: async () => [{ ...live, artifact: 'cccc2222' }],
    });

    expect(await desk.decide('p1', rollBack(), close)).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'rollback.not-live' },
    });
    expect(written).toEqual([['refusal', 'delivery-1']]);
    expect(asked).toEqual(['rollback.not-live']);
  });

  it('where a running rollback refuses it, is recorded with both cards, and the answer stands on this one', async () => {
    const running = {
      ...walkTo('rolling-back').promotion,
      id: 'p2',
      kind: 'rollback' as const,
    };
    const candidate = { ...running.plan.analysis.candidate, release: oldRelease };
    const there = {
      ...running,
      plan: { ...running.plan, analysis: { ...running.plan.analysis, candidate } },
    };
    const { desk, written, asked, close } = await deskOver([...promoted(), there], {
      holder: async () => 'p2',
      liveRecords: async () => [live],
    });

    expect(await desk.decide('p1', rollBack(), close)).toMatchObject({
      outcome: 'refused',
      refusal: { code: 'rollback.running' },
      promotion: { id: 'p1' },
    });
    expect(written).toEqual([
      ['refusal', undefined],
      ['refusal', 'delivery-1'],
    ]);
    expect(asked).toEqual(['rollback.running']);
  });
});
