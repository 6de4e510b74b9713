import { hash } from 'node:crypto';
import { createAwsChecks } from '../../src/aws/checks/index.ts';
import { switchedOriginsIn } from '../../src/aws/targets/cloudfront/neighbours.ts';
import { createTargets } from '../../src/aws/targets/index.ts';
import { type Announcer, createAnnouncer } from '../../src/bot/announcer.ts';
import { buildHeldKeeper, mustBeThere } from '../../src/compose/held.ts';
import { createRunner } from '../../src/compose/runner.ts';
import type { Desk } from '../../src/flows/desk.ts';
import { createDesk } from '../../src/flows/engine/desk.ts';
import { tick } from '../../src/flows/engine/tick.ts';
import type { World } from '../../src/flows/engine/world.ts';
import type { Checks, Hash, Hints, Log, PromotionStore } from '../../src/flows/ports.ts';
import { createBudget } from '../../src/store/budget.ts';
import { type Format, promotionFormat } from '../../src/store/format.ts';
import { createHeldRows } from '../../src/store/held.ts';
import { createLocks } from '../../src/store/locks.ts';
import { createOutbox } from '../../src/store/outbox.ts';
import { createPromotionStore } from '../../src/store/promotions.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import type { Process } from './kernel.ts';
import {
  createClients,
  createPages,
  createSimulatedDirectory,
  createSimulatedReleases,
  createStoreClient,
  type Outside,
  type People,
} from './outside.ts';
import type { Service } from './service.ts';
import type { Configuration } from './setup.ts';
import type { SlackModel } from './slack-model.ts';

/** The same as in `src/compose`, in one call. */
export const sha256: Hash = (text) => hash('sha256', text);

/** How the next version of the bot will store promotions: with one thing more that this one does not know. */
const nextFormat: Format = {
  newest: promotionFormat.newest + 1,
  read(schema, body) {
    if (schema <= promotionFormat.newest) return promotionFormat.read(schema, body);
    const { since: _since, ...known } = body;
    return { ...known, schema: promotionFormat.newest };
  },
  write: (promotion) => ({ ...promotion, schema: promotionFormat.newest + 1, since: 'the next version' }),
};
export const nextSchema = nextFormat.newest;

export interface BotDeps {
  readonly outside: Outside;
  readonly slack: SlackModel;
  readonly service: Service;
  readonly configuration: Configuration;
  readonly people: People;
  readonly hints: Hints;
  /** What the code under test found worth an error line; kept for the trace. */
  readonly log: Log;
  /** Whether Slack is there at all; without it only the countdown is passed on, by somebody else. */
  readonly shows: boolean;
  readonly refused: (promotionId: string, phase: string, type: string) => void;
}

/** The bot as one process runs it: the same parts as in `src/compose`, on clients that the simulator holds. */
export interface Bot {
  readonly process: Process;
  readonly desk: Desk;
  readonly store: PromotionStore;
  tick(promotionId: string): Promise<void>;
  readonly announcer: Announcer;
  /** One sweep. */
  runDue(): Promise<void>;
}

export function createBot(deps: BotDeps, process: Process): Bot {
  const { outside, slack, service, configuration, people, hints, log } = deps;
  const { kernel, tape } = outside;
  let nonces = 0;
  const nonce = () => {
    nonces += 1;
    return `${process.name}-${nonces}`;
  };
  const transport = createSdkTransport({
    client: createStoreClient(outside, process),
    tableName: 'countersign',
    pause: (milliseconds) => kernel.sleep(process, milliseconds),
  });
  const format = process.schema === promotionFormat.newest ? promotionFormat : nextFormat;
  const real = createPromotionStore({ transport, nonce, format });
  const outbox = createOutbox({ transport, nonce });
  const store: PromotionStore = {
    ...real,
    recordRefusal(promotion, entry) {
      deps.refused(promotion.id, promotion.phase, entry.event.type);
      return real.recordRefusal(promotion, entry);
    },
  };

  const clients = createClients(outside, process);
  const fetchPage = createPages(outside, process);
  const awsTargets = createTargets({
    clients,
    fetchPage,
    switchedOrigins: switchedOriginsIn(configuration.catalog),
  });
  const awsChecks = createAwsChecks({ clients, fetchPage });
  const serviceTarget = service.targetOf(process);
  const serviceChecks = service.checksOf(process);
  const checks: Checks = {
    isAlarm: (spec) => awsChecks.isAlarm(spec) || serviceChecks.isAlarm(spec),
    run: (spec, context) => (spec.kind.startsWith('service-') ? serviceChecks : awsChecks).run(spec, context),
  };
  const world: World = {
    store,
    targetOf: (definition) =>
      definition.target.kind === 'simulated-service' ? serviceTarget : awsTargets(definition),
    checks,
    releases: createSimulatedReleases(outside, process),
    directory: createSimulatedDirectory(outside, people, process),
    configured: (app, environment) => configuration.catalog.find(app, environment) !== undefined,
    elapsedMs: () => kernel.nowMs(),
    hints,
    hash: sha256,
    log,
  };
  const desk = createDesk({
    ...world,
    catalog: configuration.catalog,
    nearest: () => undefined,
    looking: null,
    unlocking: { locks: createLocks({ transport, nonce, hash: sha256 }), directory: world.directory },
  });
  const announcer = createAnnouncer({
    store,
    outbox,
    slack: slack.clientOf(process),
    budget: createBudget({ transport }),
    elapsedMs: () => kernel.nowMs(),
    log,
    random: () => tape.draw(1000) / 1000,
    told: async (promotionId, announcement) => {
      const { topic } = announcement;
      if (topic === 'question')
        await desk.decide(promotionId, { type: 'notice.delivered', questionId: announcement.question.id });
      if (topic === 'waiting') await desk.decide(promotionId, { type: 'notice.delivered' });
    },
  });
  const about = (promotionId: string, doing: string) => ({
    about: promotionId,
    doing,
    startedAtMs: kernel.work().startedAtMs,
    telling: [],
  });
  const tickOne = async (promotionId: string) => {
    await kernel.within(about(promotionId, 'tick'), () =>
      // Not from the tape, so that an alarm's look comes often and takes no decision away from the weather.
      tick({ ...world, store: mustBeThere(store) }, promotionId, { alarmed: kernel.nowMs() % 3 === 0 }),
    );
  };
  const announceOne = async (promotionId: string, nowMs: number) => {
    if (!deps.shows) return { did: false, againAtMs: null };
    return kernel.within(about(promotionId, 'announce'), () => announcer.announce(promotionId, nowMs));
  };
  const runner = createRunner({
    duePromotions: store.due,
    dueSurfaces: (limit, except) =>
      deps.shows ? outbox.dueSurfaces(limit, except) : Promise.resolve({ ids: [], nowMs: kernel.nowMs() }),
    tick: tickOne,
    announce: announceOne,
    held: buildHeldKeeper({
      rows: createHeldRows({ transport, nonce, format }),
      outbox,
      budget: createBudget({ transport }),
      slack: slack.clientOf(process),
      catalog: configuration.catalog,
      tableName: 'countersign',
      log,
    }),
    log,
  });
  return {
    process,
    desk,
    store,
    tick: tickOne,
    announcer: { ...announcer, announce: announceOne },
    runDue: () => runner.runDue(),
  };
}
