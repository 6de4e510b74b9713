import { createBotApp } from '../../src/bot/app.ts';
import { runErrand } from '../../src/bot/errands.ts';
import { createDirectory } from '../../src/bot/people.ts';
import type { Send, Work } from '../../src/bot/ports.ts';
import { createIngress } from '../../src/bot/receiver.ts';
import type { SlackClient } from '../../src/bot/slack-client.ts';
import { createAlarms } from '../../src/compose/alarms.ts';
import { buildAnnouncing } from '../../src/compose/announcing.ts';
import { requestOf } from '../../src/compose/gateway.ts';
import { mustBeThere } from '../../src/compose/held.ts';
import { createMetrics, measured } from '../../src/compose/metrics.ts';
import { createCollectedHints, createQueueWorker } from '../../src/compose/queue-worker.ts';
import { messageOf } from '../../src/compose/sending.ts';
import { buildStore, type Store, sha256 } from '../../src/compose/store.ts';
import { createSweep } from '../../src/compose/sweep.ts';
import { parseWork } from '../../src/compose/work.ts';
import type { EnvironmentSettings } from '../../src/flows/desk.ts';
import { createDesk } from '../../src/flows/engine/desk.ts';
import { tick } from '../../src/flows/engine/tick.ts';
import type { World } from '../../src/flows/engine/world.ts';
import type { Checks, Target } from '../../src/flows/ports.ts';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';
import { createDueIndex } from '../../src/store/due.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import type { Transport } from '../../src/store/transport.ts';
import { grace, policy } from '../../test/bot/promotions.ts';
import { newRelease } from '../../test/flows/promotion/walk.ts';
import { createTableModel } from '../../test/simulation/table-model.ts';
import { createPaperSite } from '../growth/paper-site.ts';
import { envelope, type GatewayEvent, signingSecret } from './click.ts';
import { createVirtualTime } from './virtual-time.ts';

const check = (id: string, kind = id) => ({
  id,
  kind,
  title: id,
  essential: id === 'version',
  settings: {},
});

const soakSeconds = 900;
/** The reading of CloudWatch's figures, and the alarm that fires. */
const alarmName = 'site-5xx';
const region = 'us-east-1';

/** Two approvals, five minutes to cancel, a watch of a quarter of an hour with a look each minute. */
export const settings: EnvironmentSettings = {
  app: 'site',
  environment: 'production',
  policy: {
    ...policy,
    monitoring: { ...policy.monitoring, soakSeconds, intervalSeconds: 60 },
  },
  definition: {
    repository: 'northwind/site',
    target: { kind: 'paper', settings: {} },
    gates: [check('staging', 'github-workflow')],
    checks: [check('version')],
    readings: [
      check('errors', 'cloudwatch-metrics'),
      { ...check('alarm', 'cloudwatch-alarms'), settings: { names: [alarmName], region } },
    ],
  },
};

/** What is spent in one phase. */
export interface PhaseSpent {
  invocations: number;
  functionMs: number;
  ticks: number;
  tableCalls: number;
  read: number;
  write: number;
  queueCalls: number;
  messages: number;
  slackCalls: number;
  targetCalls: number;
  metricReadings: number;
  alarmReadings: number;
  logBytes: number;
}

const nothingSpent = (): PhaseSpent => ({
  invocations: 0,
  functionMs: 0,
  ticks: 0,
  tableCalls: 0,
  read: 0,
  write: 0,
  queueCalls: 0,
  messages: 0,
  slackCalls: 0,
  targetCalls: 0,
  metricReadings: 0,
  alarmReadings: 0,
  logBytes: 0,
});

const lambdaMs = 60_000;
const lineBytes = 150;
/** START, END and REPORT of an invocation. */
const invocationBytes = 350;
const tableName = 'countersign';

/**
 * All functions, the queue and the minute's sweep as Lambda joins them, over the table in memory and a site on paper,
 * in virtual time: calls take what `latencyOf` says, our own work nothing.
 */
export function createFunctionWorld(options: {
  readonly startMs: number;
  readonly latencyOf: (name: string) => number;
}) {
  const time = createVirtualTime(options.startMs, options.latencyOf);
  const { nowMs, remote } = time;
  const table = createTableModel({ nowMs, tableName });
  const ledger = new Map<string, PhaseSpent>();
  let phase = 'opening';
  const spent = () => {
    const known = ledger.get(phase) ?? nothingSpent();
    ledger.set(phase, known);
    return known;
  };
  table.observe(({ changes }) => {
    for (const { after } of changes) phase = after['phase']?.S ?? phase;
  });

  /** A line of pino's has its time, level and process besides, and what CloudWatch adds to a line. */
  const line = (data: Readonly<Record<string, unknown>>) => {
    spent().logBytes += JSON.stringify(data).length + lineBytes;
  };
  const log = { info: line, warn: line, error: line };
  const metrics = createMetrics(log, { service: 'countersign', stage: 'bench' }, nowMs);

  const local = createSdkTransport({
    tableName,
    pause: async () => {},
    client: {
      ...table.client,
      /** At once, so that what is spent meanwhile is this call's. */
      async send(command) {
        const before = table.units();
        try {
          return table.execute(command);
        } finally {
          const after = table.units();
          const booked = spent();
          booked.tableCalls += after.calls - before.calls;
          booked.read += after.read - before.read;
          booked.write += after.write - before.write;
        }
      },
    },
  });
  const distant =
    <Given extends unknown[], Answer>(name: string, call: (...given: Given) => Promise<Answer>) =>
    (...given: Given): Promise<Answer> =>
      remote(`table ${name}`, () => call(...given));
  const transport: Transport = {
    get: distant('get', local.get),
    query: distant('query', local.query),
    write: distant('write', local.write),
    transact: distant('transact', local.transact),
  };
  /** The functions share nothing but the table. */
  const slackStore = buildStore(transport);
  const unmeasured = buildStore(transport);
  const tickStore: Store = { ...unmeasured, promotions: measured(unmeasured.promotions, metrics) };

  const shown: {
    readonly atMs: number;
    readonly what: 'post' | 'update' | 'private';
    readonly text: string;
  }[] = [];
  let posts = 0;
  const asSlack = <Answer>(name: string, answer: () => Answer) =>
    remote(`slack ${name}`, async () => {
      spent().slackCalls += 1;
      return answer();
    });
  const show = (what: 'post' | 'update' | 'private', text: string) =>
    shown.push({ atMs: nowMs(), what, text });
  const sent = { outcome: 'sent' } as const;
  const slack: SlackClient = {
    post: ({ channel, message }) =>
      asSlack('chat.postMessage', () => {
        posts += 1;
        show('post', message.text);
        return { ...sent, channel, ts: `1.${String(posts).padStart(6, '0')}` };
      }),
    update: ({ channel, ts, message }) =>
      asSlack('chat.update', () => {
        show('update', message.text);
        return { ...sent, channel, ts };
      }),
    whisper: () => asSlack('chat.postEphemeral', () => sent),
    permalink: ({ ts }) =>
      asSlack('chat.getPermalink', () => ({ ...sent, url: `https://slack.example/${ts}` })),
    openView: () => asSlack('views.open', () => sent),
    publishHome: () => asSlack('views.publish', () => sent),
    respond: (_url, { text }) =>
      asSlack('response_url', () => {
        show('private', text);
        return sent;
      }),
    user: (userId) => asSlack('users.info', () => ({ ...sent, user: { id: userId, team_id: grace.teamId } })),
    groupMembers: () => asSlack('usergroups.users.list', () => ({ ...sent, users: [grace.userId, lin] })),
  };

  const site = createPaperSite(nowMs, false);
  let alarmFires = false;
  const asTarget = <Answer>(name: string, call: () => Promise<Answer>) =>
    remote(`aws ${name}`, () => {
      spent().targetCalls += 1;
      return call();
    });
  const target: Target = {
    analyze: (request) => asTarget('analyze', () => site.target.analyze(request)),
    validate: (...given) => asTarget('validate', () => site.target.validate(...given)),
    observe: (...given) => asTarget('observe', () => site.target.observe(...given)),
    act: (definition, context) =>
      asTarget(`act ${context.step.id}`, () => site.target.act(definition, context)),
  };
  const checks: Checks = {
    isAlarm: site.checks.isAlarm,
    run: (spec, context) =>
      remote(`aws ${spec.kind}`, async () => {
        if (spec.kind === 'cloudwatch-metrics') spent().metricReadings += 1;
        if (spec.kind === 'cloudwatch-alarms') spent().alarmReadings += 1;
        const result = await site.checks.run(spec, context);
        return spec.id === 'alarm' && alarmFires
          ? { ...result, outcome: 'failed', urgent: true, text: 'in alarm' }
          : result;
      }),
  };

  const catalog = {
    apps: [{ app: settings.app, environments: [settings.environment] }],
    find: (app: string, environment: string) =>
      app === settings.app && environment === settings.environment ? settings : undefined,
    defaultEnvironment: () => settings.environment,
  };
  const directory = createDirectory({ slack, teamId: grace.teamId });
  const hints = createCollectedHints();
  const world: World = {
    store: mustBeThere(tickStore.promotions),
    targetOf: () => target,
    checks,
    releases: {
      resolve: (_repository, version) =>
        remote('github resolve', async () => {
          const { commit } = newRelease;
          return commit === null ? { outcome: 'absent', nearest: [] } : { outcome: 'found', version, commit };
        }),
    },
    directory,
    configured: () => true,
    elapsedMs: nowMs,
    hints: { wake() {} },
    hash: sha256,
    log,
  };
  const tickDesk = createDesk({
    ...world,
    hints,
    catalog,
    nearest: () => undefined,
    looking: null,
    unlocking: { locks: tickStore.locks, directory },
  });

  let messages = 0;
  let delayed = 0;
  const queue = {
    send: (given: readonly { readonly body: string; readonly delaySeconds?: number }[]) =>
      remote(`queue send ${given.length}`, async () => {
        const booked = spent();
        booked.queueCalls += 1;
        for (const { body, delaySeconds = 0 } of given) {
          messages += 1;
          if (delaySeconds > 0) delayed += 1;
          const id = `m${messages}`;
          time.at(nowMs() + delaySeconds * 1000, () => void receive(body, id));
        }
      }),
  };

  /** One function runs; what it takes is booked to the phase it began in. */
  const invoked = async <Answer>(run: () => Promise<Answer>): Promise<Answer> => {
    const booked = spent();
    const fromMs = nowMs();
    booked.invocations += 1;
    booked.logBytes += invocationBytes;
    try {
      return await run();
    } finally {
      booked.functionMs += nowMs() - fromMs;
    }
  };

  const work = createQueueWorker({
    tick: (promotionId, tickOptions) => {
      spent().ticks += 1;
      return tick(world, promotionId, tickOptions);
    },
    announce: buildAnnouncing({ store: tickStore, desk: tickDesk, slack, hints, log }),
    runErrand: (errand) =>
      runErrand({ desk: tickDesk, slack, nowMs, log, hold: async () => {} }, errand as never),
    take: tickStore.deliveries.take,
    held: { hold: async () => {}, runDue: async () => {} },
    queue,
    hints,
    nowMs,
    metrics,
    log,
  });
  const failures: unknown[] = [];
  const receive = (body: string, id: string): Promise<void> => {
    const message = parseWork(body);
    if (message === undefined) throw new Error(`no work of ours: ${body}`);
    // Received and deleted: one call each, a message at a time.
    const booked = spent();
    booked.queueCalls += 2;
    booked.messages += 1;
    return invoked(() => work(message, id, () => lambdaMs)).catch((error: unknown) => {
      failures.push(error);
    });
  };

  const send: Send = (given) => queue.send(given.map((each) => messageOf(queued(each))));
  const ingress = createIngress({
    gate: {
      path: '/slack/events',
      secrets: { current: signingSecret },
      appId: envelope.api_app_id,
      teamId: grace.teamId,
    },
    log,
    nowMs,
    storeNowMs: slackStore.promotions.now,
    send,
    after: () => () => {},
  });
  createBotApp({
    receiver: { init: ingress.init, start: async () => {}, stop: async () => {} },
    desk: createDesk({
      store: slackStore.promotions,
      catalog,
      hash: sha256,
      nearest: () => undefined,
      log,
      hints: { wake() {} },
      looking: null,
      unlocking: { locks: slackStore.locks, directory },
    }),
    catalog,
    slack,
    deliveries: slackStore.deliveries,
    send,
    nowMs,
    teamId: grace.teamId,
    appId: envelope.api_app_id,
    botId: 'B0COUNTER',
    botUserId: 'U0COUNTER',
    log,
  });

  // Shared by all promotions, and so in nobody's account.
  const unmetered = createSdkTransport({ client: table.client, tableName, pause: async () => {} });
  const sweep = createSweep({
    due: createDueIndex({ transport: unmetered }),
    queue,
    metrics: { put() {} },
    log: { info() {}, warn() {}, error() {} },
  });
  let swept = 0;
  const sweepEachMinute = () =>
    time.at(nowMs() + 60_000, () => {
      swept += 1;
      void sweep().catch((error: unknown) => failures.push(error));
      sweepEachMinute();
    });
  sweepEachMinute();

  const alarms = createAlarms({ catalog, store: slackStore.promotions, queue, metrics, log });

  return {
    time,
    ledger,
    shown,
    failures,
    /** Messages that were put off. */
    delayed: () => delayed,
    sweeps: () => swept,
    posts: () => posts,
    /** Slack sends a request; answers when it was acknowledged. */
    async ask(event: GatewayEvent): Promise<number> {
      const { status } = await invoked(() => ingress.handle(requestOf(event)).answer);
      if (status !== 200) throw new Error(`answered with ${status}`);
      return nowMs();
    },
    /** CloudWatch says that the alarm has fired. */
    fireAlarm(): Promise<void> {
      alarmFires = true;
      return invoked(() =>
        alarms({
          source: 'aws.cloudwatch',
          'detail-type': 'CloudWatch Alarm State Change',
          account: '000000000000',
          region,
          detail: { alarmName, state: { value: 'ALARM' } },
        }),
      );
    },
    /** The alarm has fired and nobody says so. */
    fireAlarmUnheard() {
      alarmFires = true;
    },
    /** As it stands in the table now, read past every meter. */
    promotion(): Promotion | undefined {
      const row = table
        .rows()
        .find((one) => one['sk']?.S === 'META' && (one['pk']?.S ?? '').startsWith('P#'));
      return row === undefined ? undefined : (JSON.parse(row['body']?.S ?? 'null') as Promotion);
    },
  };
}

const lin = 'U0LIN00001';

/** As the function that Slack calls puts it into the queue. */
const queued = (work: Work) =>
  work.does === 'look' ? { ...work, alarmed: false, tries: 0 } : { ...work, tries: 0 };

export type FunctionWorld = ReturnType<typeof createFunctionWorld>;
