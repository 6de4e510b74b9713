import { randomUUID } from 'node:crypto';
import {
  InitFailed,
  type Instance,
  type InstanceAnswer,
  type InstanceSettings,
  type LambdaRuntime,
  startInstance,
} from './instance.ts';

export interface FunctionSettings {
  readonly name: string;
  readonly handler: string;
  readonly taskRoot: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  /** Reserved concurrency; ten unless told, as a new account has. */
  readonly concurrency?: number;
  readonly environment: Readonly<Record<string, string>>;
}

export type InvokeAnswer =
  | ({ readonly outcome: 'answered'; readonly isCold: boolean } & InstanceAnswer)
  /** Every instance that it may have is busy. */
  | { readonly outcome: 'throttled' };

/** One invocation as CloudWatch would count it. */
export interface InvocationRecord {
  readonly atMs: number;
  readonly requestId: string;
  readonly isCold: boolean;
  readonly functionError: string | null;
  readonly durationMs: number;
}

export interface LambdaFunction {
  readonly name: string;
  readonly arn: string;
  invoke(event: unknown): Promise<InvokeAnswer>;
  /** Oldest first. */
  invocations(): readonly InvocationRecord[];
  /** Everything that it wrote, as CloudWatch Logs would hold it. */
  lines(): readonly string[];
  instances(): readonly Instance[];
  /** Resolves when every instance that has answered is frozen. */
  rested(): Promise<void>;
  /** Ends what is idle, as Lambda does when it likes: the next invocation is a cold one. */
  recycle(): Promise<void>;
  /** As a deployment of another configuration does. */
  configure(changed: Partial<Pick<FunctionSettings, 'environment' | 'timeoutSeconds'>>): Promise<void>;
  close(): Promise<void>;
}

const usualConcurrency = 10;
const keptLines = 10_000;

/** One function with its warm and cold instances. Each handles one event at a time. */
export function createFunction(options: {
  readonly runtime: LambdaRuntime;
  readonly nowMs: () => number;
  readonly settings: FunctionSettings;
}): LambdaFunction {
  const { runtime, nowMs } = options;
  let { settings } = options;
  const { name } = settings;
  const arn = `arn:aws:lambda:us-east-1:111122223333:function:${name}`;
  let idle: Instance[] = [];
  const busy = new Set<Instance>();
  /** Those that have answered and not yet asked for more. */
  const finishing = new Map<Instance, Promise<void>>();
  let inFlight = 0;
  let records: InvocationRecord[] = [];
  const lines: string[] = [];

  const start = (): Promise<Instance> => {
    const instance: InstanceSettings = {
      runtime,
      functionName: name,
      functionArn: arn,
      taskRoot: settings.taskRoot,
      handler: settings.handler,
      memoryMb: settings.memoryMb,
      timeoutSeconds: settings.timeoutSeconds,
      environment: settings.environment,
      onLine(line) {
        lines.push(line);
        if (lines.length > keptLines) lines.shift();
      },
    };
    return startInstance(instance);
  };

  /** A warm one if there is any, or will be in a moment. Rejects with InitFailed. */
  const take = async (): Promise<{ instance: Instance; isCold: boolean }> => {
    while (idle.length === 0 && finishing.size > 0) await Promise.race(finishing.values());
    idle = idle.filter((each) => each.isAlive());
    const warm = idle.pop();
    if (warm !== undefined) {
      busy.add(warm);
      return { instance: warm, isCold: false };
    }
    const instance = await start();
    try {
      await instance.ready;
    } catch (error) {
      await instance.kill();
      throw error;
    }
    busy.add(instance);
    return { instance, isCold: true };
  };

  const rested = async () => {
    await Promise.all(finishing.values());
  };

  const recycle = async () => {
    await rested();
    const ending = idle;
    idle = [];
    await Promise.all(ending.map((each) => each.kill()));
  };

  const carryOut = async (payload: string): Promise<InstanceAnswer & { isCold: boolean }> => {
    let taken: { instance: Instance; isCold: boolean };
    try {
      taken = await take();
    } catch (error) {
      if (!(error instanceof InitFailed)) throw error;
      return {
        requestId: randomUUID(),
        payload: JSON.stringify(error.error),
        functionError: 'Unhandled',
        isCold: true,
        durationMs: 0,
      };
    }
    const { instance, isCold } = taken;
    const answer = await instance.invoke(payload);
    busy.delete(instance);
    const finished = instance.rested().then(() => {
      finishing.delete(instance);
      if (instance.isAlive()) idle.push(instance);
    });
    finishing.set(instance, finished);
    return { ...answer, isCold };
  };

  return {
    name,
    arn,
    async invoke(event) {
      if (inFlight >= (settings.concurrency ?? usualConcurrency)) return { outcome: 'throttled' };
      inFlight += 1;
      const answer = await carryOut(JSON.stringify(event)).finally(() => {
        inFlight -= 1;
      });
      const { requestId, isCold, functionError, durationMs } = answer;
      const errorType = functionError === null ? null : errorTypeIn(answer.payload);
      records = [...records, { atMs: nowMs(), requestId, isCold, functionError: errorType, durationMs }];
      return { outcome: 'answered', ...answer };
    },
    invocations: () => records,
    lines: () => lines,
    instances: () => [...idle, ...finishing.keys(), ...busy],
    rested,
    recycle,
    async configure(changed) {
      settings = { ...settings, ...changed };
      await recycle();
    },
    async close() {
      await Promise.all([...busy].map((each) => each.kill()));
      await recycle();
    },
  };
}

function errorTypeIn(payload: string): string {
  const error: unknown = JSON.parse(payload);
  return typeof error === 'object' && error !== null && 'errorType' in error
    ? String(error.errorType)
    : 'Unknown';
}
