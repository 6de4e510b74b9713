import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import type { Log } from '../flows/ports.ts';
import { withLogFields } from './log.ts';
import { parseWork, type Work } from './work.ts';

/** Source: Lambda developer guide, "Using Lambda with Amazon SQS". */
const QueueEvent = z.object({ Records: z.array(z.object({ messageId: z.string(), body: z.string() })) });

export interface BatchAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** What Lambda says of the invocation. */
export interface Invocation {
  readonly awsRequestId?: string;
  getRemainingTimeInMillis(): number;
}

/** An answer has to be on its way before Lambda ends the process, or the messages that were worked off come again. */
const answersWithMs = 2_000;
/** With less than this nothing is begun. */
const beginsWithMs = 8_000;

/**
 * Works on the messages of one invocation at the same time, each for itself: one that failed, or was not done in time,
 * is named and comes again, and what is no work of ours goes to the dead letters that way. Never rejects.
 */
export function createBatchHandler(
  work: (work: Work, messageId: string, leftMs: () => number) => Promise<void>,
  log: Log,
  wait: (milliseconds: number, signal: AbortSignal) => Promise<void> = (milliseconds, signal) =>
    pause(milliseconds, undefined, { signal }),
) {
  const one = async (messageId: string, body: string, leftMs: () => number): Promise<boolean> => {
    const message = parseWork(body);
    if (message === undefined) {
      log.error({ bytes: body.length }, 'a message is no work of ours');
      return false;
    }
    return withLogFields(namesOf(message), async () => {
      if (leftMs() < beginsWithMs) {
        log.warn({ leftMs: leftMs() }, 'a message came too late to be begun');
        return false;
      }
      const ended = new AbortController();
      const late = async () => {
        await wait(Math.max(0, leftMs() - answersWithMs), ended.signal);
        log.error({}, 'a message was not done in time');
        return false;
      };
      const done = async () => {
        await work(message, messageId, () => leftMs() - answersWithMs);
        return true;
      };
      try {
        return await Promise.race([done(), late()]);
      } catch (error) {
        const { name, message: reason } = error instanceof Error ? error : { name: 'unknown', message: '' };
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        log.error({ error: name, code, reason }, 'a message could not be worked off');
        return false;
      } finally {
        ended.abort();
      }
    });
  };

  return async (event: unknown, invocation: Invocation): Promise<BatchAnswer> => {
    const { Records: records } = QueueEvent.parse(event);
    const leftMs = () => invocation.getRemainingTimeInMillis();
    const results = await Promise.all(
      records.map(({ messageId, body }) =>
        withLogFields({ messageId, requestId: invocation.awsRequestId }, () => one(messageId, body, leftMs)),
      ),
    );
    return {
      batchItemFailures: records.flatMap(({ messageId }, index) =>
        results[index] === true ? [] : [{ itemIdentifier: messageId }],
      ),
    };
  };
}

const namesOf = (work: Work): Readonly<Record<string, unknown>> => ({
  ...(work.does === 'look' ? { promotionId: work.promotionId } : {}),
  does: work.does === 'errand' ? work.errand.does : work.does,
});
