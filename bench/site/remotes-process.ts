import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Promotion } from '../../src/flows/promotion/promotion.ts';

/** One call that arrived, in the remotes' own time. */
export interface RemoteCall {
  readonly name: string;
  readonly fromMs: number;
  /** When its answer left. */
  readonly untilMs: number;
}

export type Wish =
  /** Every answer from now on takes so long. */
  | { readonly does: 'wait'; readonly latencyMs: number }
  | { readonly does: 'keep-secrets'; readonly secrets: Readonly<Record<string, string>> }
  /** Promotions that wait for approval. */
  | { readonly does: 'seed-waiting'; readonly ids: readonly string[]; readonly nowMs: number }
  | { readonly does: 'seed'; readonly promotion: Promotion; readonly holds: boolean }
  /** Answers the calls since it was last asked. */
  | { readonly does: 'tell-calls' };

export interface Asked {
  readonly number: number;
  readonly wish: Wish;
}

export interface Remotes {
  readonly url: string;
  ask(wish: Wish): Promise<readonly RemoteCall[]>;
  stop(): void;
}

interface Told {
  readonly number: number;
  readonly told?: readonly RemoteCall[];
  readonly error?: string;
}

/** Starts the remotes in a process of their own. */
export async function startRemotes(place: string): Promise<Remotes> {
  const child = fork(join(place, 'remotes.mjs'), { execArgv: ['--enable-source-maps', '--no-warnings'] });
  const waiting = new Map<number, (told: Told) => void>();
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (first) => resolve((first as { url: string }).url));
    child.once('exit', () => reject(new Error('the remotes did not start')));
  });
  child.on('message', (message) => {
    const told = message as Told;
    waiting.get(told.number)?.(told);
    waiting.delete(told.number);
  });
  let number = 0;
  return {
    url,
    ask: (wish) =>
      new Promise((resolve, reject) => {
        number += 1;
        waiting.set(number, ({ told = [], error }) =>
          error === undefined ? resolve(told) : reject(new Error(error)),
        );
        child.send({ number, wish });
      }),
    stop: () => child.disconnect(),
  };
}
