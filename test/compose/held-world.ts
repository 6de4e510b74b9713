import { createAnnouncer } from '../../src/bot/announcer.ts';
import type { HeldKeeper } from '../../src/bot/held.ts';
import { buildHeldKeeper, mustBeThere } from '../../src/compose/held.ts';
import { createRunner } from '../../src/compose/runner.ts';
import type { Catalog } from '../../src/flows/desk.ts';
import type { Change, PromotionStore } from '../../src/flows/ports.ts';
import { openPromotion } from '../../src/flows/promotion/open.ts';
import type { Policy } from '../../src/flows/promotion/policy.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { createBudget } from '../../src/store/budget.ts';
import { type Format, promotionFormat } from '../../src/store/format.ts';
import { createHeldRows } from '../../src/store/held.ts';
import { createOutbox } from '../../src/store/outbox.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import { keys } from '../../src/store/table.ts';
import type { Item, Transport } from '../../src/store/transport.ts';
import { fakeLog, fakeSlack } from '../bot/fakes.ts';
import { ada, hash, policy, startMs } from '../flows/promotion/walk.ts';
import { startModelDynamo } from '../support/model-dynamodb.ts';
import { paperSettings } from '../support/opening.ts';

const { definition } = paperSettings;

const policies: Readonly<Record<string, Policy>> = {
  production: { ...policy, onCall: { ...policy.onCall, channel: 'CONCALL' } },
  staging: { ...policy, channel: 'CSTAGING', onCall: { people: ['UNIGHT'], groups: [], channel: null } },
};

const catalog: Catalog = {
  apps: [{ app: 'site', environments: Object.keys(policies) }],
  find(app, environment) {
    const found = policies[environment];
    return app !== 'site' || found === undefined
      ? undefined
      : { app, environment, definition, policy: found };
  },
  defaultEnvironment: () => 'production',
};

export function opening(id: string, environment = 'production', nowMs = startMs): Change {
  const request = {
    kind: 'promotion' as const,
    app: 'site',
    environment,
    version: 'v1.1.0',
    person: ada,
    reason: null,
    dedupeKey: id,
  };
  const settings = catalog.find('site', environment);
  if (settings === undefined) throw new Error('no such environment');
  return openPromotion(id, request, settings, nowMs, hash);
}

/** One table in memory, and as many processes of the bot as a test wants, each with a tick of the test's making. */
export async function startHeldWorld() {
  const dynamo = startModelDynamo({ startMs });
  const client = dynamo.client();
  const tableName = dynamo.tableName();
  const slack = fakeSlack();
  let nonces = 0;
  const nonce = () => {
    nonces += 1;
    return `n${nonces}`;
  };
  const written: Item[] = [];
  const sdk = createSdkTransport({ client, tableName, pause: async () => {} });
  await sdk.ensureTable();
  const transport: Transport = {
    ...sdk,
    write(write) {
      written.push(write.does === 'put' ? write.item : write.key);
      return sdk.write(write);
    },
    transact(writes, token) {
      written.push(...writes.map((each) => (each.does === 'put' ? each.item : each.key)));
      return sdk.transact(writes, token);
    },
  };
  const outbox = createOutbox({ transport, nonce });

  const create = async (id: string, environment?: string, nowMs?: number) =>
    createPromotionStore({ transport, nonce }).create(opening(id, environment, nowMs));
  const raw = async (key: Item) => (await transport.get(key)).item;
  /** Changes a row by hand, as nobody should. */
  const damage = async (key: Item, changes: Readonly<Record<string, Item[string] | null>>) => {
    const item = { ...(await raw(key)), ...key };
    const kept = Object.entries({ ...item, ...changes }).filter(([, value]) => value !== null);
    await sdk.write({ does: 'put', item: Object.fromEntries(kept) as Item });
  };

  const start = (
    options: {
      format?: Format;
      tick?: (store: PromotionStore, id: string) => Promise<unknown>;
      announce?: (id: string) => Promise<void>;
      /** Shows cards as production does, instead of only noting that they were shown. */
      cards?: boolean;
    } = {},
  ) => {
    const format = options.format ?? promotionFormat;
    const store = createPromotionStore({ transport, nonce, format });
    const log = fakeLog();
    const ticked: string[] = [];
    const looked: string[] = [];
    const held: HeldKeeper = buildHeldKeeper({
      rows: createHeldRows({ transport, nonce, format }),
      outbox,
      budget: createBudget({ transport }),
      slack,
      catalog,
      tableName,
      log,
    });
    const seen = mustBeThere(store);
    const announcer = createAnnouncer({
      store: seen,
      outbox,
      slack,
      budget: createBudget({ transport }),
      elapsedMs: () => 0,
      log,
    });
    const runner = createRunner({
      duePromotions: store.due,
      dueSurfaces: outbox.dueSurfaces,
      async tick(id) {
        looked.push(id);
        await (options.tick ?? restsAnHour)(seen, id);
        ticked.push(id);
      },
      async announce(id, nowMs) {
        if (options.cards === true) {
          await announcer.announce(id, nowMs);
          return;
        }
        await (options.announce ?? (async () => {}))(id);
        const surface = await outbox.surface(id);
        await seen.load(id);
        const pending = await outbox.announcements(id, surface?.toldSequence ?? 0, 10);
        if (surface === undefined) return;
        await outbox.saveSurface({
          ...surface,
          toldSequence: pending.at(-1)?.sequence ?? surface.toldSequence,
          drawnRevision: 1_000,
          dueAtMs: null,
        });
      },
      held,
      log,
    });
    return { runner, store, log, ticked, looked };
  };

  const rows = createHeldRows({ transport, nonce });
  return {
    rows,
    start,
    create,
    damage,
    raw,
    transport,
    outbox,
    slack,
    dynamo,
    /** Keys of everything written since it was asked last. */
    written: () => written.splice(0),
    posts: (channel?: string) =>
      slack
        .of('post')
        .filter((post) => channel === undefined || post['channel'] === channel)
        .map(({ message }) => (message as { text: string }).text),
    async advance(seconds: number) {
      await dynamo.clock.advance(seconds * 1000);
    },
    held: async (id: string, kind = 'promotion', sequence: number | null = null) =>
      raw(keys.held(kind, id, sequence)),
  };
}

/** A tick that has nothing to do for an hour. */
export async function restsAnHour(store: PromotionStore, id: string): Promise<void> {
  const loaded = await store.load(id);
  if (loaded === undefined) return;
  const { promotion, nowMs } = loaded;
  const next: Promotion = {
    ...promotion,
    revision: promotion.revision + 1,
    dueAtMs: nowMs + 3_600_000,
  };
  await store.save({
    promotion: next,
    audit: [],
    announcements: [],
    locks: null,
    handedOver: null,
    live: null,
  });
}
