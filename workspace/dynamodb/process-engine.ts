import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { Agent, request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { listenOnLoopback } from '../loopback.ts';
import type { Engine, EngineAnswer, EngineRequest } from './engine.ts';

const stopWithinMs = 3_000;

/**
 * Runs the engine and ends it when our end of the pipe closes, which the kernel does for us even if this process is
 * killed with -9. It prints the engine's own process id first.
 */
const guardScript =
  '"$0" "$@" >/dev/null & child=$!; echo "$child"; cat >/dev/null; kill "$child"; wait "$child"';

/** A program that serves HTTP on a port of 127.0.0.1. */
export interface ServerProgram {
  readonly title: string;
  readonly command: string;
  readonly args: (port: number) => readonly string[];
  readonly startWithinMs: number;
}

export interface RunningServer {
  readonly port: number;
  readonly pid: number;
  close(): Promise<void>;
}

/** A program that serves DynamoDB's protocol, as an engine. Throws as `startServerProgram` does. */
export async function startProcessEngine(
  program: ServerProgram & { readonly kind: Engine['kind'] },
): Promise<Engine> {
  const { port, pid, close } = await startServerProgram(program);
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return {
    kind: program.kind,
    pid,
    answer: (request) => forward(agent, port, request),
    async close() {
      agent.destroy();
      await close();
    },
  };
}

/** Starts it as a process of its own, on a free port. Throws when it does not answer in time. */
export async function startServerProgram(program: ServerProgram): Promise<RunningServer> {
  const { title, command, args, startWithinMs } = program;
  const port = await freePort();
  // A group of its own, so that Ctrl-C in the terminal lets the workspace close things in its own order.
  const guard = spawn('/bin/sh', ['-c', guardScript, command, ...args(port)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  // The guard may be gone before its pipes are; that shows as requests without an answer.
  for (const stream of [guard.stdin, guard.stdout, guard.stderr]) stream.on('error', () => {});
  const exited = new Promise<void>((resolve) => {
    guard.once('exit', () => resolve());
    guard.once('error', () => resolve());
  });
  let complaint = '';
  guard.stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-2_000);
  });

  const close = async (pid: number | null) => {
    guard.stdin.end();
    const stopped = await Promise.race([exited.then(() => true), pause(stopWithinMs, false, { ref: true })]);
    if (!stopped && pid !== null) endProcess(pid);
  };

  let pid: number | null = null;
  try {
    pid = await firstNumber(guard.stdout);
    await healthy(port, startWithinMs);
  } catch (error) {
    await close(pid);
    throw new Error(`${title} did not start: ${complaint.trim() || 'no answer'}`, {
      cause: error,
    });
  }
  letGo(guard);
  return { port, pid, close: () => close(pid) };
}

/** From here on it keeps this process alive no longer: whoever ends it ends the engine. */
function letGo(child: ChildProcessByStdio<Writable, Readable, Readable>) {
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) {
    if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
}

function endProcess(pid: number) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenOnLoopback(server);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

function firstNumber(stream: Readable): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = /^(\d+)\n/.exec(text);
      if (found !== null) resolve(Number(found[1]));
    });
    stream.once('close', () => reject(new Error('The guard ended before it named a process.')));
  });
}

async function healthy(port: number, startWithinMs: number): Promise<void> {
  const agent = new Agent();
  const untilMs = performance.now() + startWithinMs;
  try {
    for (;;) {
      try {
        const ping = { method: 'GET', operation: undefined, headers: {}, body: Buffer.alloc(0) };
        await forward(agent, port, ping);
        return;
      } catch (error) {
        if (performance.now() > untilMs) throw error;
        await pause(5);
      }
    }
  } finally {
    agent.destroy();
  }
}

function forward(agent: Agent, port: number, request: EngineRequest): Promise<EngineAnswer> {
  return new Promise((resolve, reject) => {
    const { connection: _, 'transfer-encoding': __, ...headers } = request.headers;
    const upstream = httpRequest(
      {
        agent,
        host: '127.0.0.1',
        port,
        method: request.method,
        path: '/',
        headers: { ...headers, 'content-length': request.body.length },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 500,
            headers: kept(response.headers),
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    upstream.once('error', reject);
    upstream.end(request.body);
  });
}

function kept(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const name of ['content-type', 'x-amzn-requestid', 'x-amz-crc32']) {
    const value = headers[name];
    if (typeof value === 'string') result[name] = value;
  }
  return result;
}
