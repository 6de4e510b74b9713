import { type IncomingHttpHeaders, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';

export interface PostRequest {
  /** `https:`, or `http:` to this machine. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For the whole exchange, from connecting to the last byte. */
  readonly timeoutMs: number;
}

export interface PostAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One attempt. Whatever the other side answers is an answer; throws where none came whole, or none in time. */
export type Post = (request: PostRequest) => Promise<PostAnswer>;

/** A connection that rested longer may be dead: a function is frozen between its requests, and nobody tells it. */
const longestRestMs = 20_000;
const mostBytes = 8 * 1024 * 1024;
const pool = { keepAlive: true, maxSockets: 50, scheduling: 'lifo' } as const;

/**
 * Posts over kept connections. The global `fetch` would do, but its first use loads more than everything else that a
 * click needs.
 */
export function createPost({ nowMs = Date.now }: { readonly nowMs?: () => number } = {}): Post {
  let agents = freshAgents();
  let usedMs = nowMs();
  const agentFor = (isPlain: boolean) => {
    if (nowMs() - usedMs > longestRestMs) {
      // Requests under way keep their connections; only those at rest are given up.
      const rested = agents;
      agents = freshAgents();
      closeFree(rested);
    }
    usedMs = nowMs();
    return isPlain ? agents.plain : agents.secure;
  };

  return ({ url, headers, body, timeoutMs }) =>
    new Promise((resolve, reject) => {
      const isPlain = url.protocol === 'http:';
      const { hostname, port } = url;
      const sent = (isPlain ? plainRequest : request)({
        method: 'POST',
        hostname,
        ...(port === '' ? {} : { port }),
        path: `${url.pathname}${url.search}`,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        agent: agentFor(isPlain),
      });
      const timer = setTimeout(() => sent.destroy(timedOut(timeoutMs)), timeoutMs);
      const fail = (error: Error) => {
        clearTimeout(timer);
        reject(error);
      };
      sent.on('error', fail);
      sent.on('response', (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.byteLength;
          if (bytes > mostBytes) sent.destroy(new Error('The answer is too large.'));
        });
        response.on('error', fail);
        response.on('end', () => {
          clearTimeout(timer);
          usedMs = nowMs();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          });
        });
      });
      sent.end(body);
    });
}

const freshAgents = () => ({ secure: new Agent(pool), plain: new PlainAgent(pool) });

function closeFree(agents: ReturnType<typeof freshAgents>): void {
  for (const agent of [agents.secure, agents.plain]) {
    for (const sockets of Object.values(agent.freeSockets))
      for (const socket of sockets ?? []) socket.destroy();
  }
}

function timedOut(timeoutMs: number): Error {
  const error = new Error(`No answer within ${timeoutMs} ms.`);
  error.name = 'TimeoutError';
  return error;
}
