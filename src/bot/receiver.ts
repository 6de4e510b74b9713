import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App, Receiver } from '@slack/bolt';
import type { Log } from '../flows/ports.ts';
import {
  bodyLimitBytes,
  checkRequest,
  type Fields,
  type GateOutcome,
  type GateSettings,
  type RawRequest,
} from './gate.ts';
import type { After, Deliveries, StoredAnswer } from './ports.ts';
import { acknowledgementSaying, notAccepted, responseUrlOf, stillSaving } from './reply.ts';

export interface HttpAnswer extends StoredAnswer {
  readonly headers: Readonly<Record<string, string>>;
}

export interface IngressOptions {
  readonly gate: GateSettings;
  readonly deliveries: Deliveries;
  readonly log: Log;
  readonly nowMs: () => number;
  /** Says something to the person who clicked, through the click's `response_url`; never throws. */
  readonly respond: (responseUrl: string, text: string) => Promise<unknown>;
  readonly after?: After;
}

/** Slack waits three seconds; the answer needs a little of that to travel. */
const answerWithinMs = 2_800;
/** Longer than Slack's signatures are good for. */
const replaySeconds = 600;

export interface Ingress {
  init(app: Pick<App, 'processEvent'>): void;
  /** `answer` never rejects and comes in time; `settled` resolves when the listeners are done as well. */
  handle(request: RawRequest): { readonly answer: Promise<HttpAnswer>; readonly settled: Promise<void> };
}

type Delivery = Extract<GateOutcome, { signatureHash: string }>;

/**
 * From raw bytes to exactly one acknowledgement, whatever happens on the way: the gate, the replay guard, then Bolt.
 * Knows nothing of sockets, so that a server and a function share it.
 */
export function createIngress(options: IngressOptions): Ingress {
  const { deliveries, log, respond, after = afterMilliseconds } = options;
  let app: Pick<App, 'processEvent'> | undefined;

  const run = async (delivery: Delivery, request: RawRequest, slot: Slot): Promise<void> => {
    const claim = await deliveries.claim(delivery.signatureHash, replaySeconds);
    if (claim.outcome === 'repeat') {
      log.warn({ kind: delivery.kind, known: claim.answer !== null }, 'request was sent a second time');
      slot.put(claim.answer ?? answerOf(acknowledgementSaying(stillSaving, delivery.fields)));
      return;
    }
    const { 'x-slack-retry-num': retryNum, 'x-slack-retry-reason': retryReason } = lowerCased(
      request.headers,
    );
    await app?.processEvent({
      body: { ...delivery.fields },
      ...(retryNum === undefined ? {} : { retryNum: Number(retryNum) }),
      ...(retryReason === undefined ? {} : { retryReason }),
      customProperties: { isAnswered: slot.isAnswered },
      ack: async (answer) => {
        if (slot.acknowledge(answerOf(answer))) return;
        log.error({ kind: delivery.kind }, 'request was acknowledged twice');
      },
    });
    if (slot.acknowledged() === undefined) throw new Error('nobody acknowledged the request');
    await deliveries.complete(delivery.signatureHash, slot.acknowledged() ?? answerOf(undefined));
  };

  /** Says `text` instead of the listener's answer, unless that came first. */
  const sayInstead = async (delivery: Delivery, slot: Slot, text: string): Promise<void> => {
    if (!slot.put(answerOf(acknowledgementSaying(text, delivery.fields)))) return;
    const responseUrl =
      delivery.fields['type'] === 'block_actions' ? responseUrlOf(delivery.fields) : undefined;
    if (responseUrl !== undefined) await respond(responseUrl, text);
  };

  return {
    init(next) {
      app = next;
    },
    handle(request) {
      const outcome = checkRequest(request, options.nowMs(), options.gate);
      const settled = Promise.resolve();
      if (outcome.outcome === 'refused') {
        log.warn({ code: outcome.code, status: outcome.status }, 'request was refused');
        return { answer: Promise.resolve(json(outcome.status, { error: outcome.code })), settled };
      }
      if (outcome.kind === 'ssl-check')
        return { answer: Promise.resolve(withHeaders(answerOf(undefined))), settled };
      if (outcome.kind === 'url-verification') {
        return { answer: Promise.resolve(json(200, { challenge: outcome.challenge })), settled };
      }
      const slot = createSlot();
      const late: Promise<void>[] = [];
      const cancel = after(answerWithinMs, () => {
        log.error({ kind: outcome.kind }, 'request was not answered in time');
        late.push(quietly(sayInstead(outcome, slot, stillSaving), log));
      });
      const work = run(outcome, request, slot)
        .catch(async (error: unknown) => {
          log.error({ kind: outcome.kind, error: nameOf(error) }, 'request could not be worked on');
          await sayInstead(outcome, slot, notAccepted);
        })
        .finally(cancel);
      return {
        answer: slot.answer.then(withHeaders),
        settled: quietly(work, log).then(async () => {
          await Promise.all(late);
        }),
      };
    },
  };
}

interface Slot {
  readonly answer: Promise<StoredAnswer>;
  /** Sends an answer that is not the listener's; false when one was sent already. */
  put(answer: StoredAnswer): boolean;
  /** Takes the listener's answer, and sends it unless it is too late; false when it is the second. */
  acknowledge(answer: StoredAnswer): boolean;
  acknowledged(): StoredAnswer | undefined;
  isAnswered(): boolean;
}

function createSlot(): Slot {
  let sent = false;
  let acknowledged: StoredAnswer | undefined;
  let resolve: (answer: StoredAnswer) => void = () => {};
  const answer = new Promise<StoredAnswer>((resolved) => {
    resolve = resolved;
  });
  const put = (next: StoredAnswer) => {
    if (sent) return false;
    sent = true;
    resolve(next);
    return true;
  };
  return {
    answer,
    put,
    acknowledge(next) {
      if (acknowledged !== undefined) return false;
      acknowledged = next;
      put(next);
      return true;
    },
    acknowledged: () => acknowledged,
    isAnswered: () => sent,
  };
}

/** An empty body is how Slack documents "nothing to say"; everything else is an object. */
function answerOf(answer: unknown): StoredAnswer {
  if (answer === undefined || answer === null || answer === '') return { status: 200, body: '' };
  return {
    status: 200,
    body: JSON.stringify(typeof answer === 'object' ? answer : { text: String(answer) }),
  };
}

function withHeaders(answer: StoredAnswer): HttpAnswer {
  return { ...answer, headers: { 'content-type': 'application/json; charset=utf-8' } };
}

function json(status: number, body: Fields): HttpAnswer {
  return withHeaders({ status, body: JSON.stringify(body) });
}

function lowerCased(headers: RawRequest['headers']): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === 'string' ? value : value?.[0],
    ]),
  );
}

const nameOf = (error: unknown): string =>
  error instanceof Error ? ('code' in error ? String(error.code) : error.name) : 'unknown';

async function quietly(work: Promise<void>, log: Log): Promise<void> {
  try {
    await work;
  } catch (error) {
    log.error({ error: nameOf(error) }, 'answer could not be given');
  }
}

const afterMilliseconds: After = (milliseconds, callback) => {
  const timer = setTimeout(callback, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
};

export interface HttpReceiverOptions extends IngressOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host?: string;
}

export interface HttpReceiver extends Receiver {
  start(): Promise<{ readonly port: number }>;
  stop(): Promise<void>;
}

/** Bolt's receiver for a long-running process: Slack's requests at the gate's path, and `GET /healthz`. */
export function createHttpReceiver(options: HttpReceiverOptions): HttpReceiver {
  const ingress = createIngress(options);
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000 }, (request, response) => {
    serve(ingress, request, response).catch((error: unknown) => {
      options.log.error({ error: nameOf(error) }, 'connection was lost');
      response.destroy();
    });
  });
  return {
    init: (app) => ingress.init(app),
    start: () => listen(server, options.port, options.host ?? '127.0.0.1'),
    stop: () => close(server),
  };
}

async function serve(ingress: Ingress, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url: path = '' } = request;
  if (path === '/healthz' && method === 'GET') {
    send(response, json(200, { ok: true }));
    return;
  }
  const { answer } = ingress.handle({
    method,
    path,
    headers: request.headersDistinct,
    rawBody: await readBody(request),
  });
  send(response, await answer);
}

/** One byte over the limit is enough for the gate to refuse it; the rest is thrown away unread. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (length > bodyLimitBytes) continue;
    chunks.push(chunk);
    length += chunk.byteLength;
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, answer: HttpAnswer): void {
  response.writeHead(answer.status, { ...answer.headers, 'content-length': Buffer.byteLength(answer.body) });
  response.end(answer.body);
}

function listen(server: Server, port: number, host: string): Promise<{ readonly port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve({ port: (server.address() as AddressInfo).port });
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
}
