import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkspaceClock } from '../clock.ts';
import { closeAtOnce, listenOnLoopback } from '../loopback.ts';
import { type DynamoControl, dynamoControlRoutes } from './control.ts';
import { startDynaliteEngine } from './dynalite-engine.ts';
import { type Engine, type EngineAnswer, type EngineKind, type EngineRequest, wireError } from './engine.ts';
import { startNativeEngine } from './native-engine.ts';

export type { DynamoControl } from './control.ts';
export { findNativeEngine } from './native-engine.ts';

export interface DynamoStandIn {
  readonly url: string;
  readonly engine: EngineKind;
  /** Process of the native engine, for tests that kill it; null for the one inside this process. */
  readonly enginePid: number | null;
  readonly control: DynamoControl;
  /** What the port does, for whoever lives in this process; rejects where the connection would be cut. */
  answer(request: EngineRequest): Promise<EngineAnswer>;
  readonly routes: Record<string, (body: unknown) => Promise<unknown>>;
  close(): Promise<void>;
}

export interface DynamoStandInOptions {
  readonly clock: WorkspaceClock;
  /** Where the data survives; null or left out keeps it in memory. */
  readonly dataDir?: string | null;
  /** `auto` takes the native engine where its package fits the platform and starts, and dynalite elsewhere; a function starts another. */
  readonly engine?: 'auto' | 'native' | 'dynalite' | ((dataDir: string | null) => Promise<Engine>);
  readonly port?: number;
}

const mostBytes = 16 * 1024 * 1024;

/**
 * DynamoDB over HTTP for the workspace and the tests: a real engine behind a thin front of ours, which stamps `Date`
 * with the workspace's clock (this is how the bot reads time), counts calls and offers faults.
 */
export async function createDynamoStandIn(options: DynamoStandInOptions): Promise<DynamoStandIn> {
  const { clock } = options;
  const engine = await startEngine(options);
  const counts: Record<string, number> = {};
  let downUntilMs = 0;
  let throttled = 0;
  let slowMs = 0;
  const lost = new Map<string, number>();

  /** One call, as the wire brings it; rejects where the connection would be cut. */
  const answer = async (request: EngineRequest): Promise<EngineAnswer> => {
    const { operation } = request;
    if (operation !== undefined) counts[operation] = (counts[operation] ?? 0) + 1;
    if (clock.nowMs() < downUntilMs) throw new Error('The database is down.');
    if (slowMs > 0) await pause(slowMs);
    if (operation !== undefined && throttled > 0) {
      throttled -= 1;
      return dated(throttlingAnswer());
    }
    const answered = await engine.answer(request);
    const losses = operation === undefined ? 0 : (lost.get(operation) ?? 0);
    if (operation !== undefined && losses > 0) {
      lost.set(operation, losses - 1);
      throw new Error('The answer is lost.');
    }
    return dated(answered);
  };

  const dated = (answered: EngineAnswer): EngineAnswer => ({
    ...answered,
    headers: { ...answered.headers, date: new Date(clock.nowMs()).toUTCString() },
  });

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await bodyOf(request);
    const { headers, method = 'GET' } = request;
    await answer({ method, operation: operationOf(request), headers, body }).then(
      (answered) => send(response, answered),
      () => request.socket.resetAndDestroy(),
    );
  };

  const send = (response: ServerResponse, answer: EngineAnswer) => {
    response.writeHead(answer.status, {
      ...answer.headers,
      'content-length': answer.body.length,
    });
    response.end(answer.body);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  });
  server.keepAliveTimeout = 60_000;
  const port = await listenOnLoopback(server, options.port ?? 0).catch(async (error: unknown) => {
    await engine.close();
    throw error;
  });
  const url = `http://127.0.0.1:${port}`;

  const control: DynamoControl = {
    counts: () => ({ ...counts }),
    state: () => {
      const faults: string[] = [];
      if (clock.nowMs() < downUntilMs)
        faults.push(`unreachable for ${Math.ceil((downUntilMs - clock.nowMs()) / 1000)} s`);
      if (throttled > 0) faults.push(`throttles the next ${throttled}`);
      for (const [operation, times] of lost) {
        if (times > 0) faults.push(`loses the next ${times} answers to ${operation}`);
      }
      if (slowMs > 0) faults.push(`answers ${slowMs} ms late`);
      return { engine: engine.kind, url, faults };
    },
    down: (forSeconds) => {
      downUntilMs = clock.nowMs() + forSeconds * 1000;
    },
    throttle: (count) => {
      throttled = count;
    },
    loseAnswer: ({ operation, count }) => {
      lost.set(operation, count);
    },
    slow: (ms) => {
      slowMs = ms;
    },
    clearFaults: () => {
      downUntilMs = 0;
      throttled = 0;
      slowMs = 0;
      lost.clear();
    },
  };

  return {
    url,
    engine: engine.kind,
    enginePid: engine.pid,
    control,
    answer,
    routes: dynamoControlRoutes(control),
    async close() {
      await closeAtOnce(server);
      await engine.close();
    },
  };
}

async function startEngine(options: DynamoStandInOptions): Promise<Engine> {
  const { clock, dataDir = null, engine = 'auto' } = options;
  const dynalite = () => startDynaliteEngine({ dataDir, nowMs: () => clock.nowMs() });
  if (typeof engine === 'function') return engine(dataDir);
  if (engine === 'dynalite') return dynalite();
  if (engine === 'native') return startNativeEngine({ dataDir });
  return startNativeEngine({ dataDir }).catch(dynalite);
}

function throttlingAnswer(): EngineAnswer {
  const { status, body } = wireError(
    'ProvisionedThroughputExceededException',
    'The level of configured provisioned throughput for the table was exceeded.',
  );
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() },
    body: Buffer.from(JSON.stringify(body)),
  };
}

function operationOf(request: IncomingMessage): string | undefined {
  const target = request.headers['x-amz-target'];
  return typeof target === 'string' ? target.split('.')[1] : undefined;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new Error('The request is larger than DynamoDB takes.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
