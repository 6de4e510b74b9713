/**
 * From Slack to the app: signed with the workspace's clock, over HTTP to one request URL or over a socket when one is
 * open. The three seconds an app has are real ones, as it is a real process; nothing but events is ever sent twice.
 */
import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import type { DeliveryKind, RawAnswer, SlackDelivery } from './control.ts';
import type { EnvelopeType, SocketHub } from './socket-mode.ts';

export interface Outgoing {
  kind: DeliveryKind;
  contentType: 'application/x-www-form-urlencoded' | 'application/json';
  body: string;
  socket: { type: EnvelopeType; payload: unknown };
  headers?: Record<string, string>;
  /** Given beforehand where a trigger has to name its delivery. */
  id?: string;
}

export interface Delivered {
  id: string;
  outcome: 'acknowledged' | 'operation_timeout' | 'dispatch_failed';
  httpStatus?: number;
  headers: Record<string, string>;
  ackBody: string;
  ackIsJson: boolean;
  latencyMs: number;
}

export interface Delivery {
  requestUrl(): string;
  setRequestUrl(url: string): void;
  nextId(): string;
  send(outgoing: Outgoing): Promise<Delivered>;
  sign(input: {
    body: string;
    timestampSeconds?: number;
    version?: string;
    secret?: string;
  }): Record<string, string>;
  raw(input: { headers: Record<string, string>; body: string; method?: string }): Promise<RawAnswer>;
  log(): SlackDelivery[];
  clearLog(): void;
}

export interface DeliveryOptions {
  nowMs: () => number;
  signingSecret: string;
  requestUrl: string;
  ackTimeoutMs: number;
  sockets: SocketHub;
  changed: () => void;
}

const logKept = 1_000;
const answerBytesMax = 1_000_000;

export function createDelivery(options: DeliveryOptions): Delivery {
  let requestUrl = options.requestUrl;
  let log: SlackDelivery[] = [];
  let count = 0;

  const record = (delivery: SlackDelivery) => {
    log.push(delivery);
    log.splice(0, Math.max(0, log.length - logKept));
    options.changed();
  };

  const nextId = () => {
    count += 1;
    return `delivery-${count}`;
  };

  const sign: Delivery['sign'] = ({ body, timestampSeconds, version, secret }) => {
    const prefix = version ?? 'v0';
    const timestamp = String(timestampSeconds ?? Math.floor(options.nowMs() / 1_000));
    const digest = createHmac('sha256', secret ?? options.signingSecret)
      .update(`${prefix}:${timestamp}:${body}`)
      .digest('hex');
    return { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': `${prefix}=${digest}` };
  };

  /** A connection of its own each time: a pooled one would break when the app is restarted. */
  const post = (
    headers: Record<string, string>,
    body: string,
    method = 'POST',
  ): Promise<RawAnswer | 'timeout' | 'unreachable'> =>
    new Promise((resolve) => {
      if (requestUrl === '') return resolve('unreachable');
      const startedMs = performance.now();
      const outgoing = request(requestUrl, {
        method,
        agent: false,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      });
      const timer = setTimeout(() => {
        resolve('timeout');
        outgoing.destroy();
      }, options.ackTimeoutMs);
      const finish = (answer: RawAnswer | 'unreachable') => {
        clearTimeout(timer);
        resolve(answer);
      };
      outgoing.on('error', () => finish('unreachable'));
      outgoing.on('response', (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > answerBytesMax) outgoing.destroy();
          else chunks.push(chunk);
        });
        response.on('error', () => finish('unreachable'));
        response.on('end', () =>
          finish({
            httpStatus: response.statusCode ?? 0,
            headers: Object.fromEntries(
              Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
            ),
            body: Buffer.concat(chunks).toString('utf8'),
            latencyMs: performance.now() - startedMs,
          }),
        );
      });
      outgoing.end(body);
    });

  const sendOverSocket = async (outgoing: Outgoing, id: string): Promise<Delivered> => {
    const atMs = options.nowMs();
    const startedMs = performance.now();
    const ack = await options.sockets.send(
      outgoing.socket.type,
      outgoing.socket.payload,
      options.ackTimeoutMs,
    );
    const latencyMs = performance.now() - startedMs;
    // Bolt acknowledges without content by sending no payload, or an empty one.
    const empty = ack.payload === undefined || ack.payload === null || ack.payload === '';
    const ackBody = empty ? '' : typeof ack.payload === 'string' ? ack.payload : JSON.stringify(ack.payload);
    record({
      id,
      kind: outgoing.kind,
      transport: 'socket',
      atMs,
      headers: {},
      body: JSON.stringify(outgoing.socket.payload),
      outcome: ack.outcome,
      ackBody,
      latencyMs,
    });
    return {
      id,
      outcome: ack.outcome,
      headers: {},
      ackBody,
      ackIsJson: typeof ack.payload !== 'string',
      latencyMs,
    };
  };

  const sendOverHttp = async (outgoing: Outgoing, id: string): Promise<Delivered> => {
    const atMs = options.nowMs();
    const headers = {
      'content-type': outgoing.contentType,
      accept: 'application/json,*/*',
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      ...outgoing.headers,
      ...sign({ body: outgoing.body }),
    };
    const startedMs = performance.now();
    const answer = await post(headers, outgoing.body);
    const latencyMs = performance.now() - startedMs;
    const base = { id, kind: outgoing.kind, transport: 'http' as const, atMs, headers, body: outgoing.body };
    if (answer === 'timeout' || answer === 'unreachable') {
      const outcome = answer === 'timeout' ? 'operation_timeout' : 'dispatch_failed';
      record({ ...base, outcome, latencyMs });
      return { id, outcome, headers: {}, ackBody: '', ackIsJson: false, latencyMs };
    }
    const accepted =
      outgoing.kind === 'event'
        ? answer.httpStatus >= 200 && answer.httpStatus < 300
        : answer.httpStatus === 200;
    const outcome = accepted ? 'acknowledged' : 'dispatch_failed';
    record({ ...base, outcome, httpStatus: answer.httpStatus, ackBody: answer.body, latencyMs });
    return {
      id,
      outcome,
      httpStatus: answer.httpStatus,
      headers: answer.headers,
      ackBody: answer.body,
      ackIsJson: (answer.headers['content-type'] ?? '').includes('application/json'),
      latencyMs,
    };
  };

  return {
    requestUrl: () => requestUrl,
    setRequestUrl(url) {
      requestUrl = new URL(url).href;
      options.changed();
    },
    nextId,
    send(outgoing) {
      const id = outgoing.id ?? nextId();
      return options.sockets.connected() > 0 ? sendOverSocket(outgoing, id) : sendOverHttp(outgoing, id);
    },
    sign,
    async raw({ headers, body, method }) {
      const atMs = options.nowMs();
      const answer = await post(headers, body, method);
      const reached = answer !== 'timeout' && answer !== 'unreachable';
      record({
        id: nextId(),
        kind: 'raw',
        transport: 'http',
        atMs,
        headers,
        body,
        outcome: reached ? 'acknowledged' : answer === 'timeout' ? 'operation_timeout' : 'dispatch_failed',
        ...(reached ? { httpStatus: answer.httpStatus, ackBody: answer.body } : {}),
        latencyMs: reached ? answer.latencyMs : 0,
      });
      return reached ? answer : { httpStatus: 0, headers: {}, body: answer, latencyMs: options.ackTimeoutMs };
    },
    log: () => log,
    clearLog() {
      log = [];
    },
  };
}
