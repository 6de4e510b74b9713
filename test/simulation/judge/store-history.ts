import { RetryableError } from '../../../src/flows/errors.ts';
import type { Change, Outbox, PromotionStore } from '../../../src/flows/ports.ts';
import { openPromotion } from '../../../src/flows/promotion/open.ts';
import type { Promotion } from '../../../src/flows/promotion/promotion.ts';
import { createDeliveries } from '../../../src/store/deliveries.ts';
import type { DynamoClient } from '../../../src/store/dynamo-client.ts';
import { createOutbox } from '../../../src/store/outbox.ts';
import { createPromotionStore } from '../../../src/store/promotions.ts';
import { createSdkTransport } from '../../../src/store/sdk-transport.ts';
import { ada, hash, policy, startMs, walkTo } from '../../flows/promotion/walk.ts';
import type { Tape } from '../tape.ts';

const settings = {
  app: 'site',
  environment: 'production',
  policy,
  definition: {
    repository: null,
    target: { kind: 'paper', settings: {} },
    gates: [],
    checks: [],
    readings: [],
  },
};
const phases = ['validating', 'awaiting-approval', 'waiting', 'deploying', 'monitoring', 'promoted'] as const;
const lockKeys = ['site#production', 'arn:one', 'arn:two'] as const;
const ids = ['p1', 'p2', 'p3'] as const;

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
    readonly passes: (ms: number) => void;
    /** A text that no other history uses. */
    readonly nonceOf: (nth: number) => string;
  },
): Promise<void> {
  const { tableName, steps, passes, nonceOf } = deps;
  let nonces = 0;
  const nonce = () => {
    nonces += 1;
    return nonceOf(nonces);
  };
  const transport = createSdkTransport({
    client: lossy(deps.client, tape),
    tableName,
    pause: async () => {},
  });
  const store = createPromotionStore({ transport, nonce });
  const outbox = createOutbox({ transport, nonce });
  const deliveries = createDeliveries({ transport });
  for (let step = 0; step < steps; step += 1) {
    passes(tape.pick([0, 0, 400, 1_500, 30_000] as const));
    try {
      await oneStep(tape, { store, outbox, deliveries });
    } catch (error) {
      if (!(error instanceof RetryableError)) throw error;
    }
  }
}

async function oneStep(
  tape: Tape,
  {
    store,
    outbox,
    deliveries,
  }: {
    readonly store: PromotionStore;
    readonly outbox: Outbox;
    readonly deliveries: ReturnType<typeof createDeliveries>;
  },
): Promise<void> {
  const id = tape.pick(ids);
  switch (tape.draw(10)) {
    case 0:
      await store.create(opening(id));
      return;
    case 1:
    case 2:
    case 3: {
      const loaded = await store.load(id);
      if (loaded === undefined) return;
      const revision = loaded.promotion.revision + (tape.draw(6) === 0 ? 0 : 1);
      await store.save(drawChange(tape, id, revision));
      return;
    }
    case 4: {
      const surface = await outbox.surface(id);
      if (surface === undefined) return;
      const dueAtMs = tape.draw(3) === 0 ? startMs + tape.draw(60) * 1_000 : null;
      const restUntilMs = tape.draw(2) === 0 ? undefined : startMs + 90_000;
      const drawn = { drawnRevision: tape.between(0, 4), toldSequence: tape.draw(3), dueAtMs };
      const stale = tape.draw(5) === 0 ? { revision: surface.revision - 1 } : {};
      await outbox.saveSurface({ ...surface, ...drawn, ...stale }, restUntilMs);
      return;
    }
    case 5:
      await store.due(tape.between(1, 5));
      return;
    case 6:
      await outbox.dueSurfaces(tape.between(1, 5));
      return;
    case 7:
      await store.list('site', 'production', tape.between(1, 3));
      await store.liveRecords('site', 'production', 2);
      return;
    case 8:
      await store.audit(id);
      await outbox.announcements(id, tape.draw(2), 2);
      return;
    default: {
      const request = tape.pick(['aa', 'bb'] as const);
      await deliveries.claim(request, tape.pick([1, 600] as const));
      if (tape.draw(2) === 0) await deliveries.complete(request, { status: 200, body: '{}' });
    }
  }
}

const opening = (id: string): Change =>
  openPromotion(
    id,
    {
      kind: 'promotion',
      app: 'site',
      environment: 'production',
      version: 'v1.1.0',
      person: ada,
      reason: null,
      dedupeKey: id,
    },
    settings,
    startMs,
    hash,
  );

function drawChange(tape: Tape, id: string, revision: number): Change {
  const walked = walkTo(tape.pick(phases)).promotion;
  const dueAtMs = walked.dueAtMs === null ? null : startMs + tape.between(-60, 120) * 1_000;
  const promotion = { ...walked, id, revision, dueAtMs } as Promotion;
  const first = opening(id);
  const audit = first.audit.map((entry) => ({ ...entry, sequence: revision }));
  const announcements = first.announcements.map((each) => ({ ...each, sequence: revision }));
  const does = tape.pick([null, 'take', 'hold', 'release', 'return'] as const);
  const keys = lockKeys.filter(() => tape.draw(2) === 0);
  const live = {
    app: 'site',
    environment: 'production',
    version: 'v1.1.0',
    artifact: 'bbbb1111',
    promotionId: id,
    atMs: startMs + revision,
    replaced: null,
  };
  return {
    promotion,
    audit: tape.draw(3) === 0 ? [] : audit,
    announcements: tape.draw(2) === 0 ? [] : announcements,
    locks: does === null || keys.length === 0 ? null : { does, keys },
    handedOver: null,
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
