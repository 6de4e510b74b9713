import { describe, expect, it } from 'vitest';
import type { QueueMessage } from '../../src/aws/queue.ts';
import { createBatchHandler } from '../../src/compose/batch.ts';
import { createMetrics } from '../../src/compose/metrics.ts';
import {
  createCollectedHints,
  createQueueWorker,
  type QueueWorkerDeps,
} from '../../src/compose/queue-worker.ts';
import { lookAt, messageOf } from '../../src/compose/sending.ts';
import { parseWork, type Work } from '../../src/compose/work.ts';
import type { Ticked } from '../../src/flows/engine/tick.ts';
import { RetryableError, UnreadableError } from '../../src/flows/errors.ts';
import { bareRow, rowMissing } from '../../src/flows/held.ts';
import { fakeLog } from '../bot/fakes.ts';

const nowMs = Date.UTC(2026, 10, 21, 12);
const seconds = (count: number) => nowMs + count * 1000;
const ticked = (also: Partial<Ticked> = {}): Ticked => ({
  outcome: 'ticked',
  saved: false,
  revision: 4,
  dueAtMs: null,
  nowMs,
  ...also,
});
const errand = { does: 'home' as const, userId: 'U0ADA' };
const never = () => {
  throw new Error('not asked for');
};

/** The function over parts of the test's making; what it sends is kept. */
function worker(parts: Partial<QueueWorkerDeps> = {}, wait?: Parameters<typeof createBatchHandler>[2]) {
  const sent: QueueMessage[] = [];
  const did: string[] = [];
  const log = fakeLog();
  const hints = parts.hints ?? createCollectedHints();
  const work = createQueueWorker({
    tick: async (id) => {
      did.push(`tick ${id}`);
      return ticked();
    },
    announce: async (id) => {
      did.push(`announce ${id}`);
      return { did: false, againAtMs: null };
    },
    runErrand: async ({ does }) => void did.push(`errand ${does}`),
    take: never,
    held: {
      hold: async ({ id }) => void did.push(`hold ${id}`),
      runDue: async () => void did.push('tell what is held'),
    },
    queue: { send: async (messages) => void sent.push(...messages) },
    hints,
    nowMs: () => nowMs,
    metrics: createMetrics(log, null, () => nowMs),
    log,
    ...parts,
  });
  const handle = createBatchHandler(work, log, wait);
  const invoke = (bodies: readonly string[], leftMs: number | (() => number) = 60_000) =>
    handle(
      { Records: bodies.map((body, index) => ({ messageId: `m${index}`, body })) },
      { getRemainingTimeInMillis: typeof leftMs === 'function' ? leftMs : () => leftMs },
    );
  return {
    sent,
    did,
    log,
    hints,
    invoke,
    obey: (work: Work) => invoke([messageOf(work).body]),
    next: () => sent.map(({ body, delaySeconds = 0 }) => ({ ...parseWork(body), delaySeconds })),
  };
}

const failed = (...ids: string[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
});

describe('the messages of one invocation', () => {
  it('are worked on each for itself: junk and what fails are named, the others are done', async () => {
    const { invoke, did } = worker({
      tick: async (id) => {
        if (id === 'p2') throw new RetryableError('store.unreachable', 'away');
        return ticked();
      },
    });

    const answer = await invoke([
      '{"does":"look"}',
      'not even JSON',
      messageOf(lookAt('p2')).body,
      messageOf(lookAt('p3')).body,
      JSON.stringify({ ...lookAt('p4'), more: 'than there is' }),
    ]);

    expect(answer).toEqual(failed('m0', 'm1', 'm2', 'm4'));
    expect(did).toEqual(['announce p3']);
  });

  it('are not begun when there is no time left, and come again', async () => {
    const { invoke, did } = worker();

    expect(await invoke([messageOf(lookAt('p1')).body], 7_000)).toEqual(failed('m0'));
    expect(did).toEqual([]);
  });

  it('that are not done in time come again, while the others are answered for', async () => {
    const waited: number[] = [];
    let timeIsUp = () => {};
    const { invoke, did } = worker(
      { tick: (id) => (id === 'p1' ? new Promise(() => {}) : Promise.resolve(ticked())) },
      (milliseconds) => {
        waited.push(milliseconds);
        return new Promise((resolve) => {
          timeIsUp = resolve;
        });
      },
    );

    const answer = invoke([messageOf(lookAt('p2')).body, messageOf(lookAt('p1')).body]);
    await new Promise(setImmediate);
    expect(did).toEqual(['announce p2']);
    timeIsUp();

    expect(await answer).toEqual(failed('m1'));
    expect(waited).toEqual([58_000, 58_000]);
  });

  it('a tick hears how long it may run, less what the answer takes', async () => {
    const heard: number[] = [];
    const { invoke } = worker({
      tick: async (_id, { leftMs }) => {
        heard.push(leftMs?.() ?? 0);
        return ticked();
      },
    });

    await invoke([messageOf(lookAt('p1')).body], 20_000);

    expect(heard).toEqual([18_000]);
  });
});

describe('a look', () => {
  it('ticks, shows, and sends one message, for whatever comes first of the next tick and the next showing', async () => {
    const { obey, next } = worker({
      tick: async () => ticked({ saved: true, dueAtMs: seconds(15) }),
      announce: async () => ({ did: true, againAtMs: seconds(2.2) }),
    });

    await obey(lookAt('p1'));

    expect(next()).toEqual([{ ...lookAt('p1', { revision: 4 }), delaySeconds: 3 }]);
  });

  it('sends nothing for a showing that the next tick does anyway', async () => {
    const { obey, next } = worker({
      tick: async () => ticked({ saved: true, dueAtMs: seconds(15) }),
      announce: async () => ({ did: true, againAtMs: seconds(300) }),
    });

    await obey(lookAt('p1'));

    expect(next()).toEqual([{ ...lookAt('p1', { revision: 4 }), delaySeconds: 15 }]);
  });

  it('leaves what is more than fifteen minutes away to the sweep', async () => {
    const { obey, sent } = worker({
      tick: async () => ticked({ saved: true, dueAtMs: seconds(901) }),
      announce: async () => ({ did: true, againAtMs: seconds(2_000) }),
    });

    await obey(lookAt('p1'));

    expect(sent).toEqual([]);
  });

  it('that finds nothing to do sends nothing, so that two of them do not go on side by side', async () => {
    const { obey, sent } = worker({
      tick: async () => ticked({ dueAtMs: seconds(30) }),
      announce: async () => ({ did: false, againAtMs: seconds(40) }),
    });

    await obey(lookAt('p1'));

    expect(sent).toEqual([]);
  });

  it('that came moments too early goes back', async () => {
    const { obey, next } = worker({ tick: async () => ticked({ dueAtMs: seconds(1) }) });

    await obey(lookAt('p1', { revision: 4 }));

    expect(next()).toEqual([{ ...lookAt('p1', { revision: 4 }), delaySeconds: 1 }]);
  });

  it('that finds nothing to do and was sent for an older state, or by chance, ends: whoever saved has sent another', async () => {
    const { obey, sent } = worker({
      tick: async () => ticked({ dueAtMs: seconds(1) }),
      announce: async () => ({ did: false, againAtMs: seconds(1) }),
    });

    await obey(lookAt('p1', { revision: 3 }));
    await obey(lookAt('p1'));

    expect(sent).toEqual([]);
  });

  it('whose showing fails is followed by the next tick all the same', async () => {
    const { obey, next } = worker({
      tick: async () => ticked({ saved: true, dueAtMs: seconds(5) }),
      announce: async () => {
        throw new RetryableError('store.unreachable', 'away');
      },
    });

    expect(await obey(lookAt('p1'))).toEqual(failed('m0'));
    expect(next()).toEqual([{ ...lookAt('p1', { revision: 4 }), delaySeconds: 5 }]);
  });

  it('that could not do what is due now comes again after a pause, never at once', async () => {
    const { obey, next } = worker({ tick: async () => ticked({ dueAtMs: seconds(-3) }) });

    await obey(lookAt('p1', { revision: 4 }));

    expect(next()).toEqual([{ ...lookAt('p1', { revision: 4 }), delaySeconds: 1 }]);
  });

  it('beside a write of somebody else sends for the time which that write has left', async () => {
    const { obey, next } = worker({ tick: async () => ticked({ dueAtMs: seconds(60) }) });

    await obey(lookAt('p1', { revision: 4 }));

    expect(next()).toEqual([{ ...lookAt('p1', { revision: 4 }), delaySeconds: 60 }]);
  });

  it('is told that an alarm has fired', async () => {
    const heard: unknown[] = [];
    const { obey } = worker({
      tick: async (_id, { alarmed, revision }) => {
        heard.push({ alarmed, revision });
        return ticked();
      },
    });

    await obey(lookAt('p1', { alarmed: true }));

    expect(heard).toEqual([{ alarmed: true, revision: null }]);
  });

  it('for a write that is not there yet comes again a second later, five times, and is dropped then', async () => {
    const { obey, next, log, sent, did } = worker({ tick: async () => ticked({ outcome: 'older' }) });

    for (let tries = 0; tries <= 5; tries += 1) await obey({ ...lookAt('p1', { revision: 7 }), tries });

    expect(next()).toEqual(
      [1, 2, 3, 4, 5].map((tries) => ({ ...lookAt('p1', { revision: 7 }), tries, delaySeconds: 1 })),
    );
    expect(sent).toHaveLength(5);
    expect(did).toEqual([]);
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
  });

  const missing = async () => {
    const row = { ...bareRow, kind: 'promotion' as const, id: 'p1', code: rowMissing };
    throw new UnreadableError(rowMissing, 'not there', { data: { row } });
  };

  it('at a promotion that is just being created comes again', async () => {
    const { obey, next, did } = worker({ tick: missing });

    await obey(lookAt('p1', { revision: 1 }));

    expect(next()).toEqual([{ ...lookAt('p1', { revision: 1 }), tries: 1, delaySeconds: 1 }]);
    expect(did).toEqual([]);
  });

  it('at a promotion that something due led to and that is not there is held and told', async () => {
    const { obey, did, sent } = worker({ tick: missing });

    expect(await obey(lookAt('p1'))).toEqual(failed());
    expect(did).toEqual(['hold p1', 'tell what is held']);
    expect(sent).toEqual([]);
  });

  it('at a notice tells it, and ticks nothing', async () => {
    const { obey, did } = worker();

    await obey(lookAt('notice:unlock:site#production:1'));

    expect(did).toEqual(['announce notice:unlock:site#production:1']);
  });

  it('sends for what its own work has made due of others, even when it failed in the end', async () => {
    const hints = createCollectedHints();
    const { obey, next } = worker({
      hints,
      announce: async () => {
        hints.wake('p0', nowMs);
        throw new RetryableError('store.unreachable', 'away');
      },
    });

    expect(await obey(lookAt('p1'))).toEqual(failed('m0'));
    expect(next()).toEqual([{ ...lookAt('p0'), revision: 0, delaySeconds: 0 }]);
  });
});

describe('an errand', () => {
  const waits: Work = { does: 'errand', errand, receipt: 'request.mark', tries: 0 };

  it('without a receipt is run', async () => {
    const { obey, did } = worker();

    await obey({ ...waits, receipt: null });

    expect(did).toEqual(['errand home']);
  });

  it('is run once its receipt is there, by the name of its message', async () => {
    const taken: string[] = [];
    const { obey, did } = worker({
      take: async (receipt, by) => {
        taken.push(`${receipt} by ${by}`);
        return 'taken';
      },
    });

    await obey(waits);

    expect(taken).toEqual(['request.mark by m0']);
    expect(did).toEqual(['errand home']);
  });

  it('whose request was never decided is tried five times and dropped, and never told', async () => {
    const { obey, did, next } = worker({ take: async () => 'absent' });

    for (let tries = 0; tries <= 5; tries += 1) await obey({ ...waits, tries });

    expect(next().map(({ delaySeconds, ...work }) => [delaySeconds, 'tries' in work && work.tries])).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
      [1, 4],
      [1, 5],
    ]);
    expect(did).toEqual([]);
  });

  it('that somebody else has taken is not run again', async () => {
    const { obey, did, sent } = worker({ take: async () => 'over' });

    await obey(waits);

    expect({ did, sent }).toEqual({ did: [], sent: [] });
  });
});

describe('a look at what is held', () => {
  it('looks and tells', async () => {
    const { obey, did } = worker();

    await obey({ does: 'held' });

    expect(did).toEqual(['tell what is held']);
  });
});
