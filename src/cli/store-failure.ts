import type { StoreEnv } from '../config/env.ts';
import { MisconfiguredError, RetryableError, TerminalError, UnreadableError } from '../flows/errors.ts';

/** Why the table could not be read, with the way out where one is known; undefined for what no store throws. */
export function storeFailure(error: unknown, { tableName, awsRegion }: StoreEnv): string | undefined {
  const isKnown =
    error instanceof RetryableError ||
    error instanceof MisconfiguredError ||
    error instanceof UnreadableError ||
    error instanceof TerminalError;
  if (!isKnown) return undefined;
  const { cause, message } = error;
  if (!(cause instanceof Error)) return message;
  if (cause.name === 'ResourceNotFoundException')
    return `There is no table ${tableName} in ${awsRegion} of the account that these credentials belong to. Set COUNTERSIGN_TABLE to the name of the bot's table, and AWS_REGION to its region.`;
  return `${message} ${cause.message}`;
}
