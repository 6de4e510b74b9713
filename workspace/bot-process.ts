import { type ChildProcess, spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import type { BotState, BotStatus } from './snapshot.ts';

export interface BotProcess {
  readonly port: number;
  /** Does nothing while it runs. Resolves once its port answers or the process has ended. */
  start(): Promise<BotStatus>;
  /** SIGKILL: it gets no chance to tidy up. Resolves when it is gone. */
  kill(): Promise<BotStatus>;
  /** SIGTERM, and SIGKILL after five seconds. Resolves when it is gone. */
  stop(): Promise<BotStatus>;
  restart(): Promise<BotStatus>;
  status(): BotStatus;
  subscribe(listener: () => void): () => void;
}

const keptLines = 200;
const shownLines = 60;
const gracePeriodMs = 5_000;
const readyWithinMs = 20_000;

/** Ends the bot when the workspace is gone, however that came about, without the bot having to know of it. */
const leash = `data:text/javascript,${encodeURIComponent(
  "process.on('disconnect', () => process.exit(0)); process.channel?.unref();",
)}`;

/**
 * The bot as a process of its own, which can be killed in the middle of anything. It gets `environment` and nothing
 * else: whatever it knows of this workspace, it knows from settings that a real installation has too.
 */
export function createBotProcess(options: {
  script: string;
  port: number;
  environment: Record<string, string>;
  /** Every line it writes, for a log file. */
  onLine?: (line: string) => void;
}): BotProcess {
  const { script, port, environment } = options;
  const listeners = new Set<() => void>();
  const lines: string[] = [];
  let child: ChildProcess | undefined;
  let exited: Promise<void> = Promise.resolve();
  let state: BotState = 'off';
  let ended: string | null = null;
  let starts = 0;

  const changed = () => {
    for (const listener of listeners) listener();
  };
  const write = (line: string) => {
    if (line.trim() === '') return;
    lines.push(line);
    if (lines.length > keptLines) lines.shift();
    options.onLine?.(line);
    changed();
  };
  const follow = (stream: NodeJS.ReadableStream | null) => {
    let rest = '';
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) write(part);
    });
    stream?.on('end', () => write(rest));
  };

  const status = (): BotStatus => ({
    state,
    pid: child?.pid ?? null,
    port,
    ended,
    starts,
    log: lines.slice(-shownLines),
  });

  const spawnChild = (): ChildProcess => {
    const next = spawn(process.execPath, ['--enable-source-maps', '--import', leash, script], {
      env: { ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    follow(next.stdout);
    follow(next.stderr);
    exited = new Promise((resolve) => {
      const end = (how: string) => {
        if (child === next) {
          child = undefined;
          state = 'stopped';
          ended = how;
          write(`— the bot ended: ${how} —`);
        }
        resolve();
      };
      next.on('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `killed by ${signal}`));
      next.on('error', (error) => end(error.message));
    });
    return next;
  };

  const start = async (): Promise<BotStatus> => {
    if (child === undefined) {
      starts += 1;
      state = 'starting';
      ended = null;
      child = spawnChild();
      changed();
    }
    const started = child;
    const deadlineMs = performance.now() + readyWithinMs;
    while (child === started && state === 'starting' && performance.now() < deadlineMs) {
      if (await isListening(port)) {
        if (child === started) state = 'running';
        changed();
      } else {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    return status();
  };

  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<BotStatus> => {
    const ending = child;
    if (ending === undefined) return status();
    ending.kill(signal);
    const timer = setTimeout(() => ending.kill('SIGKILL'), gracePeriodMs);
    await exited;
    clearTimeout(timer);
    return status();
  };

  return {
    port,
    start,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    async restart() {
      await end('SIGTERM');
      return start();
    },
    status,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const answer = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}

/** The wanted port of 127.0.0.1 if nobody has it, otherwise any free one. */
export async function freePort(wanted: number): Promise<number> {
  const taken = await tryPort(wanted);
  return taken ?? (await tryPort(0)) ?? 0;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      const found = typeof address === 'object' && address !== null ? address.port : undefined;
      server.close(() => resolve(found));
    });
  });
}
