import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { QueueMessage } from '../../src/aws/queue.ts';
import { createAlarms } from '../../src/compose/alarms.ts';
import { createLog } from '../../src/compose/log.ts';
import { createMetrics } from '../../src/compose/metrics.ts';
import { lookAt, messageOf } from '../../src/compose/sending.ts';
import { buildStore, sha256 } from '../../src/compose/store.ts';
import { createSweep } from '../../src/compose/sweep.ts';
import { buildTickHandler } from '../../src/compose/tick.ts';
import { readServerEnv } from '../../src/config/env.ts';
import { parsePipeline } from '../../src/config/load.ts';
import { createDesk } from '../../src/flows/engine/desk.ts';
import type { PersonClaim, Promotion } from '../../src/flows/promotion/promotion.ts';
import { createSdkTransport } from '../../src/store/sdk-transport.ts';
import type { Transport } from '../../src/store/transport.ts';
import { startWorkspace } from '../../workspace/main.ts';
import { team, userIds } from '../../workspace/slack/people.ts';
import { createPlainDynamo } from '../journeys/plain-dynamo.ts';

type Who = keyof typeof userIds;

/** The functions behind Slack's in one process, over the workspace and a queue in memory. Time is moved by hand. */
export async function startFunctionsWorld(options: { pipeline?: (text: string) => string } = {}) {
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-functions-'));
  const workspace = await startWorkspace({ port: 0, dataDir, speed: 0, spawnBot: false });
  const { clock } = workspace;
  Object.assign(process.env, workspace.botEnvironment);
  const settings = readServerEnv(workspace.botEnvironment);
  if (settings.outcome === 'invalid') throw new Error(JSON.stringify(settings.problems));
  const { env } = settings;
  const text = readFileSync(env.pipelineFile, 'utf8');
  const pipeline = parsePipeline(options.pipeline?.(text) ?? text, 'pipeline.yml');
  if (pipeline.outcome === 'invalid') throw new Error(JSON.stringify(pipeline.problems));
  const { catalog } = pipeline;

  const table = createSdkTransport({
    client: createPlainDynamo(workspace.dynamo),
    tableName: env.tableName,
    pause: async () => {},
  });
  await table.ensureTable();
  const calls: string[] = [];
  const transport: Transport = {
    ...table,
    get(key) {
      calls.push('get');
      return table.get(key);
    },
    query(query) {
      calls.push(`query ${query.index ?? 'table'}`);
      return table.query(query);
    },
    write(write) {
      calls.push('write');
      return table.write(write);
    },
    transact(writes, token) {
      calls.push('transact');
      return table.transact(writes, token);
    },
  };
  const store = buildStore(transport);

  const lines: Record<string, unknown>[] = [];
  const destination = new PassThrough();
  destination.on('data', (line: Buffer) => lines.push(JSON.parse(line.toString())));
  const log = createLog('info', {
    secrets: [env.slack.botToken, env.github.token, env.slack.signingSecret],
    destination,
  });
  const metrics = createMetrics(log, { service: 'countersign', stage: 'test' }, clock.nowMs);

  let waiting: { readonly id: string; readonly body: string; readonly fromMs: number; tries: number }[] = [];
  const dead: string[] = [];
  let sent = 0;
  let lost = false;
  const queue = {
    async send(messages: readonly QueueMessage[]) {
      sent += messages.length;
      if (lost) return;
      for (const { body, delaySeconds = 0 } of messages) {
        const id = `m${sent}-${waiting.length}`;
        waiting.push({ id, body, fromMs: clock.nowMs() + delaySeconds * 1000, tries: 0 });
      }
    },
  };
  const deps = { catalog, queue, metrics, log };
  const handle = buildTickHandler({ ...deps, env, store });
  const sweep = createSweep({ ...deps, due: store.dueIndex });
  const alarm = createAlarms({ ...deps, store: store.promotions });
  const desk = createDesk({
    store: store.promotions,
    catalog,
    hash: sha256,
    nearest: () => undefined,
    looking: null,
    hints: { wake: () => {} },
    log,
  });

  let looks = 0;
  /** As the event source mapping does: at most five at a time; what failed comes again after three minutes. */
  const deliver = async () => {
    for (;;) {
      const batch = waiting.filter(({ fromMs }) => fromMs <= clock.nowMs()).slice(0, 5);
      if (batch.length === 0) return;
      waiting = waiting.filter((message) => !batch.includes(message));
      looks += batch.length;
      const Records = batch.map(({ id, body }) => ({ messageId: id, body, eventSource: 'aws:sqs' }));
      const { batchItemFailures } = await handle({ Records }, { getRemainingTimeInMillis: () => 60_000 });
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      for (const message of batch.filter(({ id }) => failed.has(id))) {
        message.tries += 1;
        if (message.tries >= 5) dead.push(message.body);
        else waiting.push({ ...message, fromMs: clock.nowMs() + 180_000 });
      }
    }
  };

  const person = (who: Who) => ({ teamId: team.id, userId: userIds[who] });
  const claim = (does: PersonClaim['does'], who: Who, also: Partial<PersonClaim> = {}): PersonClaim => ({
    id: `${does}-${who}-${clock.nowMs()}`,
    does,
    person: person(who),
    atMs: clock.nowMs(),
    reason: null,
    answer: null,
    ...also,
  });
  const load = async (id: string): Promise<Promotion> => {
    const loaded = await store.promotions.load(id);
    if (loaded === undefined) throw new Error(`there is no ${id}`);
    return loaded.promotion;
  };
  const advance = async (seconds: number) => {
    const endMs = clock.nowMs() + seconds * 1000;
    for (;;) {
      await deliver();
      if (clock.nowMs() >= endMs) return;
      const nextMs = Math.min(endMs, ...waiting.map(({ fromMs }) => fromMs));
      await clock.advance(Math.max(0, nextMs - clock.nowMs()));
    }
  };

  return {
    workspace,
    clock,
    store,
    table,
    catalog,
    handle,
    sweep,
    alarm,
    queue,
    lines,
    dead,
    /** Calls of the table since it was asked last. */
    calls: () => calls.splice(0),
    waiting: () => waiting,
    looks: () => looks,
    /** What is sent from now on never arrives, or does again. */
    loseMessages(yes: boolean) {
      lost = yes;
      if (yes) waiting = [];
    },
    deliver,
    advance,
    load,
    async open(who: Who, version = 'v1.1.0') {
      const answer = await desk.open({
        kind: 'promotion',
        app: 'site',
        environment: 'production',
        version,
        person: person(who),
        reason: null,
        dedupeKey: `${clock.nowMs()}`,
      });
      if (answer.outcome !== 'opened') throw new Error(answer.outcome);
      const { id, revision } = answer.promotion;
      await queue.send([messageOf({ ...lookAt(id), revision })]);
      return id;
    },
    async approve(id: string, ...people: readonly Who[]) {
      for (const who of people) {
        const promotion = await load(id);
        if (promotion.phase !== 'awaiting-approval') throw new Error(`it is ${promotion.phase}`);
        const { round, digest } = promotion;
        await desk.decide(id, {
          type: 'approval.claimed',
          claim: claim('approve', who),
          round,
          digest: digest.slice(0, 12),
        });
        await queue.send([messageOf({ ...lookAt(id), revision: promotion.revision + 1 })]);
        await deliver();
      }
    },
    async until(id: string, phase: Promotion['phase'], limitSeconds = 3_600) {
      for (let passed = 0; passed < limitSeconds; passed += 5) {
        if ((await load(id)).phase === phase) return;
        await advance(5);
      }
      throw new Error(`still ${(await load(id)).phase}`);
    },
    async close() {
      table.close();
      await workspace.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export type FunctionsWorld = Awaited<ReturnType<typeof startFunctionsWorld>>;
