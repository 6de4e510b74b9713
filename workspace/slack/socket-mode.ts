/**
 * Socket Mode: `hello`, envelopes, acknowledgements with a payload, and requests to reconnect. As with Slack, an
 * envelope goes to any one of the open sockets, so a second process connected with the same app steals deliveries.
 */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { app } from './people.ts';

export type EnvelopeType = 'slash_commands' | 'interactive' | 'events_api';

interface SocketAck {
  outcome: 'acknowledged' | 'operation_timeout' | 'dispatch_failed';
  payload?: unknown;
}

export interface SocketHub {
  connected(): number;
  /** The path and query of a fresh, single-use address. */
  issue(): string;
  send(type: EnvelopeType, payload: unknown, timeoutMs: number): Promise<SocketAck>;
  disconnectAll(): void;
  close(): void;
}

const socketsMax = 10;
const pingEveryMs = 10_000;
const ackSchema = z.object({ envelope_id: z.string(), payload: z.unknown().optional() });

export function createSocketHub(server: Server): SocketHub {
  const sockets: WebSocket[] = [];
  const tickets = new Set<string>();
  const waiting = new Map<string, (ack: SocketAck) => void>();
  const wss = new WebSocketServer({ noServer: true });
  let next = 0;

  const forget = (socket: WebSocket) => {
    const index = sockets.indexOf(socket);
    if (index >= 0) sockets.splice(index, 1);
  };

  const welcome = (socket: WebSocket) => {
    sockets.push(socket);
    const pings = setInterval(() => socket.ping(), pingEveryMs);
    pings.unref();
    socket.on('message', (data) => {
      const ack = ackSchema.safeParse(parseJson(String(data)));
      if (!ack.success) return;
      waiting.get(ack.data.envelope_id)?.({ outcome: 'acknowledged', payload: ack.data.payload });
      waiting.delete(ack.data.envelope_id);
    });
    socket.on('close', () => {
      clearInterval(pings);
      forget(socket);
    });
    socket.on('error', () => socket.terminate());
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: sockets.length,
        debug_info: { host: 'applink-tryout', build_number: 1, approximate_connection_time: 18_060 },
        connection_info: { app_id: app.id },
      }),
    );
  };

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const ticket = url.searchParams.get('ticket') ?? '';
    if (url.pathname !== '/link/' || !tickets.delete(ticket) || sockets.length >= socketsMax) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    wss.handleUpgrade(request, socket, head, welcome);
  });

  return {
    connected: () => sockets.length,
    issue() {
      const ticket = crypto.randomUUID();
      tickets.add(ticket);
      return `/link/?ticket=${ticket}&app_id=${app.id}`;
    },
    send(type, payload, timeoutMs) {
      const socket = sockets[next % Math.max(1, sockets.length)];
      next += 1;
      if (socket === undefined) return Promise.resolve({ outcome: 'dispatch_failed' });
      const envelopeId = crypto.randomUUID();
      return new Promise((resolve) => {
        const finish = (ack: SocketAck) => {
          clearTimeout(timer);
          waiting.delete(envelopeId);
          resolve(ack);
        };
        const timer = setTimeout(() => finish({ outcome: 'operation_timeout' }), timeoutMs);
        waiting.set(envelopeId, finish);
        socket.send(
          JSON.stringify({
            envelope_id: envelopeId,
            type,
            payload,
            accepts_response_payload: type !== 'events_api',
            ...(type === 'events_api' ? { retry_attempt: 0, retry_reason: '' } : {}),
          }),
          (error) => {
            if (error) finish({ outcome: 'dispatch_failed' });
          },
        );
      });
    },
    disconnectAll() {
      for (const socket of [...sockets]) {
        socket.send(
          JSON.stringify({
            type: 'disconnect',
            reason: 'refresh_requested',
            debug_info: { host: 'applink-tryout' },
          }),
        );
        forget(socket);
      }
    },
    close() {
      for (const socket of [...wss.clients]) socket.terminate();
      wss.close();
    },
  };
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
