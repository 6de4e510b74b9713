/** A recording in front of a server: what went over the wire, in both directions, as its own bytes. */
import { createServer, request as forward, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Exchange {
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly status: number;
  readonly answer: string;
  readonly answerHeaders: IncomingMessage['headers'];
}

export interface Recorder {
  /** What to point a client at instead of the server: the same paths lie below it. */
  readonly origin: string;
  readonly exchanges: readonly Exchange[];
  /** Those since the last call. */
  take(): Exchange[];
  close(): Promise<void>;
}

async function bytesOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

/** Passes everything on to `target` (an origin). */
export async function createRecorder(target: string): Promise<Recorder> {
  const exchanges: Exchange[] = [];
  let taken = 0;
  const server = createServer(async (incoming, outgoing) => {
    const { method = '', url: path = '', headers } = incoming;
    const body = await bytesOf(incoming);
    const { hostname, port } = new URL(target);
    const asked = forward({
      hostname,
      port,
      method,
      path,
      headers: { ...headers, host: `${hostname}:${port}` },
    });
    asked.on('error', () => outgoing.destroy());
    asked.on('response', async (response) => {
      const answer = await bytesOf(response);
      exchanges.push({
        method,
        path,
        headers,
        body: body.toString('utf8'),
        status: response.statusCode ?? 0,
        answer: answer.toString('utf8'),
        answerHeaders: response.headers,
      });
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      outgoing.end(answer);
    });
    asked.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    take() {
      const news = exchanges.slice(taken);
      taken = exchanges.length;
      return news;
    },
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
