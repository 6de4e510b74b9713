import { setTimeout as pause } from 'node:timers/promises';
import { createPost } from '../aws/post.ts';
import { createQueue } from '../aws/queue.ts';
import type { SignedCall } from '../aws/signed-call.ts';
import { type Environment, readAwsEnv, readStoreEnv } from '../config/env.ts';
import { RetryableError } from '../flows/errors.ts';
import type { PromotionStore } from '../flows/ports.ts';
import { createSignedTransport } from '../store/signed-transport.ts';
import type { Transport } from '../store/transport.ts';
import { required, signedCallTo, withSecrets } from './secrets.ts';

/** What every function begins with: AWS without the SDK, and the table. Throws MisconfiguredError. */
export function reachAws(environment: Environment): { readonly call: SignedCall; readonly table: Transport } {
  const call = signedCallTo(required(readAwsEnv(environment)), createPost());
  const { tableName } = required(readStoreEnv(environment));
  return { call, table: createSignedTransport({ call, tableName, pause: (ms) => pause(ms) }) };
}

export const queueAt = (call: SignedCall, url: string) => createQueue({ call, url });

/**
 * The secrets beside a first read of the table, which opens the connection: one round. Answers the environment with the
 * secrets in it. Throws MisconfiguredError; a table that does not answer now may do so at the first message.
 */
export async function warmUp(
  environment: Environment,
  secrets: readonly string[],
  call: SignedCall,
  { now }: Pick<PromotionStore, 'now'>,
): Promise<Environment> {
  const [named] = await Promise.all([
    withSecrets(environment, { variables: secrets, optional: [] }, call),
    now().catch((error: unknown) => {
      if (!(error instanceof RetryableError)) throw error;
    }),
  ]);
  return named;
}
