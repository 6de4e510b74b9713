import { createAnnouncer } from '../../src/bot/announcer.ts';
import type { SlackClient } from '../../src/bot/slack-client.ts';
import { createExperience } from '../../src/compose/experience.ts';
import { buildHeldKeeper, mustBeThere } from '../../src/compose/held.ts';
import { createRunner } from '../../src/compose/runner.ts';
import type { EnvironmentSettings } from '../../src/flows/desk.ts';
import { createDesk } from '../../src/flows/engine/desk.ts';
import { tick } from '../../src/flows/engine/tick.ts';
import type { World } from '../../src/flows/engine/world.ts';
import { createBudget } from '../../src/store/budget.ts';
import { createHeldRows } from '../../src/store/held.ts';
import { createOutbox } from '../../src/store/outbox.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import { hash, newRelease } from '../../test/flows/promotion/walk.ts';
import type { TableModel } from '../../test/simulation/table-model.ts';
import type { createPaperSite } from './paper-site.ts';

/** What a call to the store was for. */
export type Purpose = 'deciding' | 'showing' | 'sweeping';

export interface Spent {
  calls: number;
  read: number;
  write: number;
}

export type Ledger = Map<string, Spent>;

export const tableName = 'countersign';
const silent = { info() {}, warn() {}, error() {} };

/** The bot as `compose/` joins it, over the table in memory, with every unit booked to a purpose and the promotion's phase. */
export function createMeteredBot(deps: {
  readonly table: TableModel;
  readonly nowMs: () => number;
  readonly site: ReturnType<typeof createPaperSite>;
  readonly settings: EnvironmentSettings;
}) {
  const { table, nowMs, site, settings } = deps;
  const { app, environment } = settings;
  const ledger: Ledger = new Map();
  let purpose: Purpose = 'deciding';
  let phase = 'opening';
  let nonces = 0;
  let posts = 0;
  let ticks = 0;
  const nonce = () => {
    nonces += 1;
    return `bench-${nonces}`;
  };
  /** Nothing runs beside it, so what is called meanwhile is for this. */
  const within = async <T>(what: Purpose, run: () => Promise<T>): Promise<T> => {
    const before = purpose;
    purpose = what;
    try {
      return await run();
    } finally {
      purpose = before;
    }
  };

  const transport = createSdkTransport({
    tableName,
    pause: async () => {},
    client: {
      ...table.client,
      async send(command) {
        const key = `${purpose} ${phase}`;
        const before = table.units();
        try {
          return table.execute(command);
        } finally {
          const after = table.units();
          const spent = ledger.get(key) ?? { calls: 0, read: 0, write: 0 };
          ledger.set(key, {
            calls: spent.calls + 1,
            read: spent.read + after.read - before.read,
            write: spent.write + after.write - before.write,
          });
        }
      },
    },
  });
  table.observe(({ changes }) => {
    for (const { after } of changes) phase = after['phase']?.S ?? phase;
  });

  const store = createPromotionStore({ transport, nonce });
  const outbox = createOutbox({ transport, nonce });
  const budget = createBudget({ transport });
  const slack: Pick<SlackClient, 'post' | 'update' | 'whisper' | 'permalink'> = {
    post: async ({ channel }) => {
      posts += 1;
      return { outcome: 'sent', channel, ts: `1.${String(posts).padStart(6, '0')}` };
    },
    update: async ({ channel, ts }) => ({ outcome: 'sent', channel, ts }),
    whisper: async () => ({ outcome: 'sent' }),
    permalink: async ({ ts }) => ({ outcome: 'sent', url: `https://slack.example/${ts}` }),
  };
  const catalog = {
    apps: [{ app, environments: [environment] }],
    find: () => settings,
    defaultEnvironment: () => environment,
  };
  const world: World = {
    store,
    targetOf: () => site.target,
    checks: site.checks,
    releases: {
      async resolve(_repository, version) {
        const { commit } = newRelease;
        return commit === null ? { outcome: 'absent', nearest: [] } : { outcome: 'found', version, commit };
      },
    },
    directory: { kindOf: async () => 'member', membersOf: async () => [] },
    configured: () => true,
    elapsedMs: () => 0,
    hints: { wake() {} },
    hash,
    log: silent,
  };
  const desk = createDesk({ ...world, catalog, nearest: () => undefined, looking: null });
  const announcer = createAnnouncer({
    store: mustBeThere(store),
    outbox,
    slack,
    budget,
    elapsedMs: nowMs,
    log: silent,
    random: () => 0,
    expected: createExperience(store, nowMs),
    standing: async () => 'live',
    told: async (promotionId, { topic }) => {
      if (topic === 'waiting') await desk.decide(promotionId, { type: 'notice.delivered' });
    },
  });
  const tickOne = (promotionId: string) =>
    within('deciding', async () => {
      ticks += 1;
      await tick({ ...world, store: mustBeThere(store) }, promotionId);
    });
  const runner = createRunner({
    duePromotions: store.due,
    dueSurfaces: outbox.dueSurfaces,
    tick: tickOne,
    announce: (promotionId, atMs) => within('showing', () => announcer.announce(promotionId, atMs)),
    held: buildHeldKeeper({
      rows: createHeldRows({ transport, nonce }),
      outbox,
      budget,
      slack,
      catalog,
      tableName,
      log: silent,
    }),
    log: silent,
  });
  return {
    desk,
    store,
    ledger,
    tick: tickOne,
    sweep: () => within('sweeping', runner.runDue),
    ticks: () => ticks,
    posts: () => posts,
  };
}
