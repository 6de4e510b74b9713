import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createRuntimeApi, type Finish, type FunctionError, payloadLimitBytes } from './runtime-api.ts';

/** What Lambda starts a function with: a Node and the runtime interface client on it. */
export interface LambdaRuntime {
  readonly node: string;
  readonly client: string;
}

export interface InstanceSettings {
  readonly runtime: LambdaRuntime;
  readonly functionName: string;
  readonly functionArn: string;
  /** The unpacked artifact. */
  readonly taskRoot: string;
  /** `file.export`, as in the template. */
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** What the function is given; nothing else of this process reaches it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

export interface InstanceAnswer {
  readonly requestId: string;
  /** What the caller gets: the function's answer, or the error as Lambda writes it. */
  readonly payload: string;
  readonly functionError: 'Unhandled' | null;
  /** From the delivery to the answer, in real time; without the start. */
  readonly durationMs: number;
}

export interface Instance {
  readonly pid: number;
  /** Resolves once it waits for events; rejects with InitFailed when it never will. */
  readonly ready: Promise<void>;
  /** Stopped by the kernel, as Lambda freezes what has nothing to do. */
  isFrozen(): boolean;
  isAlive(): boolean;
  /** One at a time, when it waits for events. Never rejects: what goes wrong inside is the answer. */
  invoke(payload: string): Promise<InstanceAnswer>;
  /** Resolves when it waits for events again, which is a little after its answer, or has ended. */
  rested(): Promise<void>;
  /** Ends it at once, frozen or not. */
  kill(): Promise<void>;
}

/** The function could not be started. */
export class InitFailed extends Error {
  override readonly name = 'InitFailed';
  readonly error: FunctionError;

  constructor(error: FunctionError) {
    super(error.errorMessage);
    this.error = error;
  }
}

/** Lambda developer guide, "Understanding the Lambda execution environment lifecycle": init may take ten seconds. */
const initLimitMs = 10_000;
/** Twice as long here, where several start at once on few cores. */
const initGraceMs = 2 * initLimitMs;

/**
 * One execution environment: a process running AWS's own runtime client over the unpacked artifact. Between two
 * invocations it is stopped (SIGSTOP) and goes on where it was (SIGCONT), so timers, sockets and promises left behind
 * meet what they meet on Lambda. A time-out kills it.
 */
export async function startInstance(settings: InstanceSettings): Promise<Instance> {
  const { runtime, functionName, functionArn, timeoutSeconds } = settings;
  let frozen = false;
  let asking = false;
  let running: { requestId: string; end: (finish: Finish) => void } | undefined;
  let deadline: NodeJS.Timeout | undefined;
  let resting: (() => void)[] = [];
  let initError: FunctionError | undefined;
  let settleReady = { resolve: () => {}, reject: (_: Error) => {} };
  const ready = new Promise<void>((resolve, reject) => {
    settleReady = { resolve, reject };
  });
  // Whoever started it waits for it; a caller that gave up must not end this process.
  ready.catch(() => undefined);

  const rest = () => {
    clearTimeout(deadline);
    for (const resolve of resting) resolve();
    resting = [];
  };

  const api = await createRuntimeApi({
    onNext() {
      asking = true;
      settleReady.resolve();
      freeze();
      rest();
    },
    onFinished(requestId, finish) {
      if (running?.requestId === requestId) running.end(finish);
    },
    onInitError(error) {
      initError = error;
      settleReady.reject(new InitFailed(error));
    },
  });

  const child: ChildProcess = spawn(
    runtime.node,
    [`--max-old-space-size=${Math.floor(settings.memoryMb * 0.9)}`, runtime.client, settings.handler],
    {
      cwd: settings.taskRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...settings.environment,
        ...lambdaVariables(settings),
        AWS_LAMBDA_RUNTIME_API: api.address,
      },
    },
  );
  follow(child.stdout, settings.onLine);
  follow(child.stderr, settings.onLine);

  const initTimer = setTimeout(() => {
    initError = {
      errorType: 'Sandbox.Timedout',
      errorMessage: `Init timed out after ${initGraceMs / 1000} s`,
    };
    child.kill('SIGKILL');
  }, initGraceMs);
  ready.then(
    () => clearTimeout(initTimer),
    () => clearTimeout(initTimer),
  );

  let alive = true;
  const exited = new Promise<void>((resolve) => {
    const end = (how: string) => {
      if (!alive) return;
      alive = false;
      const error = { errorType: 'Runtime.ExitError', errorMessage: `Runtime exited with error: ${how}` };
      settleReady.reject(new InitFailed(initError ?? error));
      running?.end({
        outcome: 'failed',
        error: { ...error, errorMessage: `RequestId: ${running.requestId} Error: ${error.errorMessage}` },
      });
      rest();
      void api.close().then(resolve);
    };
    child.on('exit', (code, signal) =>
      end(signal === null ? `exit status ${code}` : `signal: ${signal === 'SIGKILL' ? 'killed' : signal}`),
    );
    child.on('error', (error) => end(error.message));
  });

  const freeze = () => {
    if (alive && !frozen) frozen = child.kill('SIGSTOP');
  };
  const thaw = () => {
    if (frozen) child.kill('SIGCONT');
    frozen = false;
  };

  return {
    pid: child.pid ?? 0,
    ready,
    isFrozen: () => frozen,
    isAlive: () => alive,
    async invoke(payload) {
      const requestId = randomUUID();
      const startedMs = performance.now();
      const finish = await new Promise<Finish>((resolve) => {
        if (!alive || !asking) throw new Error(`${functionName} is not waiting for an event.`);
        running = {
          requestId,
          end(how) {
            running = undefined;
            resolve(how);
          },
        };
        deadline = setTimeout(() => {
          const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${timeoutSeconds.toFixed(2)} seconds`;
          running?.end({ outcome: 'failed', error: { errorType: 'Sandbox.Timedout', errorMessage } });
          child.kill('SIGKILL');
        }, timeoutSeconds * 1000);
        asking = false;
        thaw();
        api.deliver({ requestId, functionArn, deadlineMs: Date.now() + timeoutSeconds * 1000, payload });
      });
      const durationMs = performance.now() - startedMs;
      if (finish.outcome === 'answered') {
        return { requestId, payload: finish.payload, functionError: null, durationMs };
      }
      return { requestId, payload: JSON.stringify(finish.error), functionError: 'Unhandled', durationMs };
    },
    rested: () =>
      asking || !alive ? Promise.resolve() : new Promise((resolve) => void resting.push(resolve)),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The variables that Lambda sets itself (Lambda developer guide, "Defined runtime environment variables"). */
const lambdaVariables = (settings: InstanceSettings): Record<string, string> => ({
  _HANDLER: settings.handler,
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x',
  AWS_LAMBDA_FUNCTION_NAME: settings.functionName,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(settings.memoryMb),
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${settings.functionName}`,
  AWS_LAMBDA_LOG_STREAM_NAME: `2026/11/21/[$LATEST]${randomUUID().replaceAll('-', '')}`,
  LAMBDA_TASK_ROOT: settings.taskRoot,
  LANG: 'en_US.UTF-8',
  PATH: '/usr/local/bin:/usr/bin/:/bin:/opt/bin',
  TZ: ':UTC',
});

function follow(stream: NodeJS.ReadableStream | null, onLine: (line: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') onLine(line);
  });
  stream?.on('end', () => {
    if (rest.trim() !== '') onLine(rest);
  });
}

/** Whether Lambda would take this as an event at all. */
export const fitsLambda = (payload: string): boolean => Buffer.byteLength(payload) <= payloadLimitBytes;
