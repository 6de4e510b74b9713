import { fork } from 'node:child_process';
import { resolve } from 'node:path';
import type { GatewayEvent } from './click.ts';
import type { Contender } from './contenders.ts';
import type { Context } from './context.ts';
import { environmentAt } from './environment.ts';

export interface Block {
  /** Milliseconds each event took, one after the other. */
  readonly times: readonly number[];
  readonly answers: readonly { readonly status: number; readonly body: string }[];
  readonly cpuMs: number;
}

export interface WarmProcess {
  run(events: readonly GatewayEvent[]): Promise<Block>;
  stop(): void;
}

/** A handler that is loaded and kept, in a process of its own. */
export async function startWarm(context: Context, side: Contender): Promise<WarmProcess> {
  const { remotes, place, node } = context;
  const env = environmentAt(remotes.url, place);
  const child = fork(resolve('bench/contenders/warm-run.mjs'), [side.file(place)], {
    env: side.environment?.(env) ?? env,
    execPath: node,
    execArgv: ['--no-warnings'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const next = () =>
    new Promise<unknown>((done, fail) => {
      const onMessage = (message: unknown) => {
        child.off('exit', onExit);
        done(message);
      };
      const onExit = (code: number | null) => {
        child.off('message', onMessage);
        fail(new Error(`${side.name} ended with ${code}`));
      };
      child.once('message', onMessage);
      child.once('exit', onExit);
    });
  await next();
  return {
    async run(events) {
      const block = next();
      child.send({ events });
      return (await block) as Block;
    },
    stop: () => child.disconnect(),
  };
}
