import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App, Receiver } from '@slack/bolt';
import type { Log } from '../flows/ports.ts';
import type { Received } from './app.ts';
import {
  bodyLimitBytes,
  checkRequest,
  type Fields,
  type GateOutcome,
  type GateSettings,
  outsideWindow,
  type RawRequest,
} from './gate.ts';
import type { After, Send } from './ports.ts';
import { acknowledgementSaying, bodyOf, notAccepted, stillSaving, telling } from './reply.ts';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface IngressOptions {
  readonly gate: GateSettings;
  readonly log: Log;
  /** The store's time, as far as it is known without asking. */
  readonly nowMs: () => number;
  /**
   * Asks the store what time it is, after which `nowMs` knows as well. Only ever called for a request that is signed
   * rightly and comes at another time than it says.
   */
  readonly storeNowMs: () => Promise<number>;
  /** Takes what is to be said to somebody whom no listener answered. */
  readonly send: Send;
  readonly after?: After;
}

/** Slack waits three seconds; the answer needs a little of that to travel. */
const answerWithinMs = 2_800;
/** A clock that was asked for so lately is believed: whatever it refuses again is an old request. */
const clockGoodForMs = 60_000;

export interface Ingress {
  init(app: Pick<App, 'processEvent'>): void;
  /**
   * `answer` never rejects, comes in time, and comes once everything that belongs to it was sent; only where it is late
   * does work go on until `settled`.
   */
  handle(request: RawRequest): { readonly answer: Promise<HttpAnswer>; readonly settled: Promise<void> };
}

type Delivery = Extract<GateOutcome, { signatureHash: string }>;

/**
 * From raw bytes to exactly one acknowledgement, whatever happens on the way: the gate, then Bolt. Knows nothing of
 * sockets, so that a server and a function share it.
 */
export function createIngress(options: IngressOptions): Ingress {
  const { log, send, after = afterMilliseconds } = options;
  let app: Pick<App, 'processEvent'> | undefined;
  let clockGoodUntilMs = Number.NEGATIVE_INFINITY;

  const run = async (delivery: Delivery, request: RawRequest, slot: Slot): Promise<void> => {
    const { 'x-slack-retry-num': retryNum, 'x-slack-retry-reason': retryReason } = lowerCased(
      request.headers,
    );
    const received: Received = { deliveryId: delivery.signatureHash, isAnswered: slot.isSent };
    await app?.processEvent({
      body: { ...delivery.fields },
      ...(retryNum === undefined ? {} : { retryNum: Number(retryNum) }),
      ...(retryReason === undefined ? {} : { retryReason }),
      customProperties: { ...received },
      ack: async (answer) => {
        if (slot.acknowledge(acknowledgementOf(answer))) return;
        log.error({ kind: delivery.kind }, 'request was acknowledged twice');
      },
    });
    // Not before the listeners are done: where this process is frozen between requests, what is left over is not done.
    if (!slot.sendAcknowledged()) throw new Error('nobody acknowledged the request');
  };

  /** Says `text` instead of the listener's answer, unless that came first. */
  const sayInstead = async ({ fields }: Delivery, slot: Slot, text: string): Promise<void> => {
    if (!slot.send(bodyOf(acknowledgementSaying(text, fields)))) return;
    if (fields['type'] === 'block_actions')
      await send([{ does: 'errand', errand: telling(fields, { text }), receipt: null }]);
  };

  const work = (outcome: Delivery, request: RawRequest): Handled => {
    const slot = createSlot();
    const late: Promise<void>[] = [];
    const cancel = after(answerWithinMs, () => {
      log.error({ kind: outcome.kind }, 'request was not answered in time');
      late.push(quietly(sayInstead(outcome, slot, stillSaving), log));
    });
    const working = run(outcome, request, slot)
      .catch(async (error: unknown) => {
        log.error({ kind: outcome.kind, error: nameOf(error) }, 'request could not be worked on');
        await sayInstead(outcome, slot, notAccepted);
      })
      .finally(cancel);
    return {
      answer: slot.sent.then((body) => answered(200, body)),
      settled: quietly(working, log).then(async () => {
        await Promise.all(late);
      }),
    };
  };

  const admit = (outcome: GateOutcome, request: RawRequest): Handled => {
    if (outcome.outcome === 'refused') {
      log.warn({ code: outcome.code, status: outcome.status }, 'request was refused');
      return atOnce(json(outcome.status, { error: outcome.code }));
    }
    if (outcome.kind === 'ssl-check') return atOnce(answered(200, ''));
    if (outcome.kind === 'url-verification') return atOnce(json(200, { challenge: outcome.challenge }));
    return work(outcome, request);
  };

  /** Either the request is old or our clock is wrong; only the store can tell, and it is not asked again and again. */
  const lookAgain = async (first: GateOutcome, request: RawRequest): Promise<GateOutcome> => {
    if (options.nowMs() < clockGoodUntilMs) return first;
    try {
      const storeNowMs = await options.storeNowMs();
      clockGoodUntilMs = options.nowMs() + clockGoodForMs;
      return checkRequest(request, storeNowMs, options.gate);
    } catch (error) {
      log.warn({ error: nameOf(error) }, 'the clock could not be read');
      return first;
    }
  };

  return {
    init(next) {
      app = next;
    },
    handle(request) {
      const first = checkRequest(request, options.nowMs(), options.gate);
      if (first.outcome !== 'refused' || first.code !== outsideWindow) return admit(first, request);
      const admitted = lookAgain(first, request).then((outcome) => admit(outcome, request));
      return {
        answer: admitted.then(({ answer }) => answer),
        settled: admitted.then(({ settled }) => settled),
      };
    },
  };
}

type Handled = ReturnType<Ingress['handle']>;

const atOnce = (answer: HttpAnswer): Handled => ({
  answer: Promise.resolve(answer),
  settled: Promise.resolve(),
});

interface Slot {
  /** The body that was sent. */
  readonly sent: Promise<string>;
  /** Sends this, unless something was sent already. */
  send(body: string): boolean;
  /** Takes the listener's answer; false when it is the second. */
  acknowledge(body: string): boolean;
  /** Sends the listener's answer, unless it is too late; false when there is none. */
  sendAcknowledged(): boolean;
  isSent(): boolean;
}

function createSlot(): Slot {
  let isSent = false;
  let acknowledged: string | undefined;
  let resolve: (body: string) => void = () => {};
  const sent = new Promise<string>((resolved) => {
    resolve = resolved;
  });
  const send = (body: string) => {
    if (isSent) return false;
    isSent = true;
    resolve(body);
    return true;
  };
  return {
    sent,
    send,
    acknowledge(body) {
      if (acknowledged !== undefined) return false;
      acknowledged = body;
      return true;
    },
    sendAcknowledged() {
      if (acknowledged === undefined) return false;
      send(acknowledged);
      return true;
    },
    isSent: () => isSent,
  };
}

/** Bolt acknowledges with nothing, with a text or with an object. */
function acknowledgementOf(answer: unknown): string {
  if (answer === undefined || answer === null || answer === '') return bodyOf(undefined);
  return bodyOf(typeof answer === 'object' ? { ...answer } : { text: String(answer) });
}

const answered = (status: number, body: string): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body,
});

const json = (status: number, body: Fields): HttpAnswer => answered(status, bodyOf(body));

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
