import { z } from 'zod';
import type { WorkspaceClock } from '../clock.ts';
import type { LambdaFunction } from './function.ts';
import type { Queue, ReceivedMessage } from './queue.ts';

export interface EventSourceSettings {
  readonly batchSize: number;
  /** `FunctionResponseTypes: [ReportBatchItemFailures]`. */
  readonly reportsItemFailures: boolean;
  /** `ScalingConfig.MaximumConcurrency`; five pollers unless told, as Lambda starts with. */
  readonly maximumConcurrency?: number;
}

export interface EventSource {
  /** A disabled one leaves the queue alone. */
  setEnabled(enabled: boolean): void;
  /** What became of each batch, oldest first. */
  batches(): readonly BatchRecord[];
  close(): void;
}

export interface BatchRecord {
  readonly atMs: number;
  readonly messageIds: readonly string[];
  readonly outcome: 'succeeded' | 'failed' | 'partly-failed' | 'throttled';
  readonly failedIds: readonly string[];
}

const ItemFailures = z.object({
  batchItemFailures: z.array(z.object({ itemIdentifier: z.string().min(1) })).nullish(),
});

/**
 * Lambda's poller between a queue and a function. It works whenever something is visible at the virtual time it is;
 * a clock that stands still must be advanced, by nothing if need be. Source: Lambda developer guide, "Using Lambda
 * with Amazon SQS", and "Implementing partial batch responses" for what counts as which outcome.
 */
export function createEventSource(options: {
  readonly clock: WorkspaceClock;
  readonly queue: Queue;
  readonly target: LambdaFunction;
  readonly settings: EventSourceSettings;
}): EventSource {
  const { clock, queue, target, settings } = options;
  const records: BatchRecord[] = [];
  let enabled = true;
  let closed = false;
  let polling = false;
  let cancel = () => {};

  const handle = async (batch: readonly ReceivedMessage[]) => {
    const messageIds = batch.map(({ messageId }) => messageId);
    const answer = await target.invoke({ Records: batch.map((message) => record(message, queue)) });
    const failedIds =
      answer.outcome === 'throttled' || answer.functionError !== null
        ? messageIds
        : settings.reportsItemFailures
          ? failuresIn(answer.payload, messageIds)
          : [];
    for (const { messageId, receiptHandle } of batch) {
      if (!failedIds.includes(messageId)) queue.delete(receiptHandle);
    }
    const failed = failedIds.length === messageIds.length ? 'failed' : 'partly-failed';
    const outcome =
      answer.outcome === 'throttled' ? 'throttled' : failedIds.length === 0 ? 'succeeded' : failed;
    records.push({ atMs: clock.nowMs(), messageIds, outcome, failedIds });
  };

  const pollUntilEmpty = async () => {
    for (;;) {
      const batch = enabled && !closed ? queue.receive(settings.batchSize) : [];
      if (batch.length === 0) return;
      await handle(batch);
    }
  };

  const poll = async () => {
    polling = true;
    await Promise.all(Array.from({ length: settings.maximumConcurrency ?? 5 }, pollUntilEmpty));
    polling = false;
    schedule();
  };

  const schedule = () => {
    cancel();
    cancel = () => {};
    const atMs = queue.nextVisibleAtMs();
    if (!enabled || closed || polling || atMs === undefined) return;
    cancel = clock.at(atMs, poll);
  };

  const unsubscribe = queue.subscribe(schedule);
  schedule();

  return {
    setEnabled(next) {
      enabled = next;
      schedule();
    },
    batches: () => records,
    close() {
      closed = true;
      cancel();
      unsubscribe();
    },
  };
}

/** All of them when the answer cannot be read, or names a message that was not in the batch. */
function failuresIn(payload: string, messageIds: readonly string[]): readonly string[] {
  let content: unknown;
  try {
    content = JSON.parse(payload === '' ? 'null' : payload);
  } catch {
    return messageIds;
  }
  const parsed = ItemFailures.safeParse(content ?? {});
  if (!parsed.success) return messageIds;
  const failed = (parsed.data.batchItemFailures ?? []).map(({ itemIdentifier }) => itemIdentifier);
  return failed.every((id) => messageIds.includes(id)) ? failed : messageIds;
}

const record = (message: ReceivedMessage, queue: Queue) => ({
  messageId: message.messageId,
  receiptHandle: message.receiptHandle,
  body: message.body,
  attributes: {
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(message.sentAtMs),
    SenderId: 'AROACOUNTERSIGN:workspace',
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs),
  },
  messageAttributes: {},
  md5OfBody: message.md5OfBody,
  eventSource: 'aws:sqs',
  eventSourceARN: queue.arn,
  awsRegion: 'us-east-1',
});
