import { RetryableError } from '../../../src/flows/errors.ts';
import { bareRow } from '../../../src/flows/held.ts';
import { unlockNoticeId } from '../../../src/flows/notices.ts';
import type { Change } from '../../../src/flows/ports.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import type { UnlockEntry } from '../../../src/flows/unlock.ts';
import { createBudget } from '../../../src/store/budget.ts';
import { createDeliveries } from '../../../src/store/deliveries.ts';
import type { DynamoClient } from '../../../src/store/dynamo-client.ts';
import { createHeldRows } from '../../../src/store/held.ts';
import { createLocks } from '../../../src/store/locks.ts';
import { createNotices } from '../../../src/store/notices.ts';
import { createOutbox } from '../../../src/store/outbox.ts';
import { createPromotionStore } from '../../../src/store/promotions.ts';
import { createSdkTransport } from '../../../src/store/sdk-transport.ts';
import type { Transport } from '../../../src/store/transport.ts';
import { ada, hash, policy, walkTo } from '../../flows/promotion/walk.ts';
import { opening } from '../../support/opening.ts';
import type { Tape } from '../tape.ts';

const phases = ['validating', 'awaiting-approval', 'waiting', 'deploying', 'monitoring', 'promoted'] as const;
const lockKeys = ['site#production', 'arn:one'] as const;
const ids = ['p1', 'p2', 'p3'] as const;

type Parts = ReturnType<typeof partsOf>;

function partsOf(transport: Transport, nonce: () => string, startMs: number) {
  return {
    startMs,
    store: createPromotionStore({ transport, nonce }),
    outbox: createOutbox({ transport, nonce }),
    deliveries: createDeliveries({ transport }),
    held: createHeldRows({ transport, nonce }),
    locks: createLocks({ transport, nonce, hash }),
    notices: createNotices({ transport, nonce }),
    budget: createBudget({ transport }),
  };
}

/**
 * Drives the real store through its client, as workers would that know too little of each other: stale revisions,
 * locks somebody else holds, answers that were lost, requests that come again.
 */
export async function driveStore(
  tape: Tape,
  deps: {
    readonly client: DynamoClient;
    readonly tableName: string;
    readonly steps: number;
    readonly startMs: number;
    readonly passes: (ms: number) => void;
    /** A text that no other history uses. */
    readonly nonceOf: (nth: number) => string;
  },
): Promise<void> {
  const { tableName, steps, startMs, passes, nonceOf } = deps;
  let nonces = 0;
  const nonce = () => {
    nonces += 1;
    return nonceOf(nonces);
  };
  const client = lossy(deps.client, tape);
  const parts = partsOf(createSdkTransport({ client, tableName, pause: async () => {} }), nonce, startMs);
  for (let step = 0; step < steps; step += 1) {
    passes(tape.pick([0, 0, 400, 1_500, 30_000] as const));
    try {
      await tape.pick(operations)(tape, parts);
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
    }
  }
}

const operations: readonly [Operation, ...Operation[]] = [
  async (tape, { store, startMs }) => void (await store.create(opening(tape.pick(ids), startMs))),
  saveSome,
  saveSome,
  saveSome,
  drawSurface,
  async (tape, { store }) => {
    const except = new Set(ids.filter(() => tape.draw(4) === 0));
    await store.due(tape.between(1, 5), except);
  },
  async (tape, { outbox }) => void (await outbox.dueSurfaces(tape.between(1, 5))),
  async (tape, { store }) => {
    await store.list('site', 'production', tape.between(1, 3));
    await store.liveRecords('site', 'production', 2);
  },
  async (tape, { store, outbox }) => {
    const id = tape.pick(ids);
    await store.audit(id);
    await outbox.announcements(id, tape.draw(2), 2);
  },
  async (tape, { deliveries, startMs }) => {
    const request = tape.pick(['aa', 'bb'] as const);
    const mark = tape.pick(['m1', 'm2'] as const);
    await deliveries.keep({ id: request, mark, expiresAtMs: startMs + tape.draw(20) * 1_000, body: '{}' });
    if (tape.draw(2) === 0) await deliveries.take(`${request}.${mark}`, tape.pick(['one', 'two'] as const));
  },
  async (tape, { budget, startMs }) => {
    const nowMs = startMs + tape.draw(20) * 1_000;
    if (tape.draw(4) === 0) await budget.block('pot', nowMs + 5_000);
    else await budget.take('pot', { nowMs, intervalMs: 1_200, burstMs: 2_400, withinMs: 8_000 });
  },
  holdSome,
  unlockSome,
];

type Operation = (tape: Tape, parts: Parts) => Promise<void>;

async function saveSome(tape: Tape, { store, startMs }: Parts): Promise<void> {
  // Mostly the same one, so that it comes to hold something.
  const id = tape.draw(3) > 0 ? 'p1' : tape.pick(ids);
  const loaded = await store.load(id);
  if (loaded === undefined) return;
  const revision = loaded.promotion.revision + (tape.draw(6) === 0 ? 0 : 1);
  await store.save(drawChange(tape, id, revision, startMs));
}

async function drawSurface(tape: Tape, { outbox, startMs }: Parts): Promise<void> {
  const surface = await outbox.surface(tape.pick(ids));
  if (surface === undefined) return;
  const dueAtMs = tape.draw(3) === 0 ? startMs + tape.draw(60) * 1_000 : null;
  const restUntilMs = tape.draw(2) === 0 ? undefined : startMs + 90_000;
  const drawn = { drawnRevision: tape.between(0, 4), toldSequence: tape.draw(3), dueAtMs };
  const stale = tape.draw(5) === 0 ? { revision: surface.revision - 1 } : {};
  await outbox.saveSurface({ ...surface, ...drawn, ...stale }, restUntilMs);
}

async function holdSome(tape: Tape, { held, startMs }: Parts): Promise<void> {
  const row = { ...bareRow, kind: 'surface' as const, id: tape.pick(ids), code: 'store.unreadable' };
  await held.hold(row, startMs + tape.draw(4) * 1_000);
  const { held: due } = await held.due(3);
  for (const one of due) {
    const stale = tape.draw(5) === 0 ? { revision: one.revision - 1 } : {};
    const next = { ...one, ...stale, dueAtMs: one.dueAtMs + 1_000, told: ['C1'] };
    if (tape.draw(3) === 0) await held.end(next);
    else await held.save(next);
  }
}

async function unlockSome(tape: Tape, { locks, notices, startMs }: Parts): Promise<void> {
  const seen = await locks.look('site', 'production', async () => lockKeys);
  const { held } = seen;
  if (held === null) return;
  const by = { person: ada, reason: 'stuck', atMs: startMs, evidence: 'named' };
  const frees = tape.draw(2) === 0;
  const entry: UnlockEntry = {
    app: 'site',
    environment: 'production',
    sequence: (seen.newest?.sequence ?? 0) + 1,
    does: frees ? 'free' : 'state',
    atMs: startMs,
    by,
    first: frees ? by : null,
    holder: held.holder,
    because: 'ended',
    epoch: held.epoch,
    keys: held.rows.map(({ key }) => key),
    freeFromMs: frees ? startMs + 20_000 : null,
    previous: seen.newest?.hash ?? '',
    hash: hash(`${seen.newest?.hash ?? ''}next`),
  };
  const id = unlockNoticeId(entry);
  const notice = { id, topic: 'unlock' as const, entry, channel: 'C1', onCall: { ...policy.onCall } };
  const epoch = held.epoch - (tape.draw(3) === 0 ? 1 : 0);
  await locks.record({ ...seen, held: { ...held, epoch } }, notice);
  const state = await notices.find(id);
  if (state !== undefined) await notices.save({ ...state, told: 1, dueAtMs: null });
}

function drawChange(tape: Tape, id: string, revision: number, startMs: number): Change {
  const walked = walkTo(tape.pick(phases)).promotion;
  const dueAtMs = walked.dueAtMs === null ? null : startMs + tape.between(-60, 120) * 1_000;
  const promotion = { ...walked, id, revision, dueAtMs } as Promotion;
  const first = opening(id, startMs);
  const audit = first.audit.map((entry) => ({ ...entry, sequence: revision }));
  const announcements = first.announcements.map((each) => ({ ...each, sequence: revision }));
  const does = tape.pick([null, 'take', 'take', 'hold', 'release', 'return'] as const);
  const keys = lockKeys.slice(0, tape.between(1, 2));
  const live = {
    app: 'site',
    environment: 'production',
    version: 'v1.1.0',
    artifact: 'bbbb1111',
    promotionId: id,
    atMs: startMs + revision,
    replaced: null,
  };
  const from = ids[(ids.indexOf(id as 'p1') + 1) % ids.length] ?? 'p1';
  const takesOver = does === 'take' && tape.draw(3) === 0;
  return {
    promotion,
    audit: tape.draw(3) === 0 ? [] : audit,
    announcements: tape.draw(2) === 0 ? [] : announcements,
    locks:
      does === null
        ? null
        : { does, keys, ...(takesOver ? { from: { holder: from, keys: [...lockKeys] } } : {}) },
    handedOver: takesOver ? drawChange(tape, from, tape.between(1, 4), startMs) : null,
    live: tape.draw(5) === 0 ? live : null,
  };
}

/** Loses an answer now and then, so that repeats under one token and reads after doubt happen too. */
function lossy(client: DynamoClient, tape: Tape): DynamoClient {
  return {
    ...client,
    async send(command) {
      const answer = await client.send(command);
      if (tape.draw(12) === 1) throw new Error('read ECONNRESET');
      return answer;
    },
  };
}
