import { z } from 'zod';
import { jsonAnswer, jsonOperation, jsonRefusal, readJson } from '../aws/json-protocol.ts';
import { type AwsAnswer, AwsRefusal, type AwsRequest, type AwsService } from '../aws/service.ts';
import type { Queue, ReceivedMessage } from './queue.ts';

const target = 'AmazonSQS';
/** SQS quotas: one message, and all messages of a batch together. */
const sizeLimitBytes = 1_048_576;
const batchLimit = 10;

const QueueUrl = z.string();
const Delay = z.number().int().optional();
const NewMessage = z.strictObject({ MessageBody: z.string(), DelaySeconds: Delay });
const Entry = <Shape extends z.ZodRawShape>(shape: Shape) => z.strictObject({ Id: z.string(), ...shape });

const SendMessage = z.strictObject({ QueueUrl, ...NewMessage.shape });
const SendMessageBatch = z.strictObject({ QueueUrl, Entries: z.array(Entry(NewMessage.shape)) });
const ReceiveMessage = z.strictObject({
  QueueUrl,
  MaxNumberOfMessages: z.number().int().default(1),
  VisibilityTimeout: z.number().int().optional(),
  // Nobody waits here: time stands still while somebody asks.
  WaitTimeSeconds: z.number().int().default(0),
  AttributeNames: z.array(z.string()).default([]),
  MessageSystemAttributeNames: z.array(z.string()).default([]),
  MessageAttributeNames: z.array(z.string()).default([]),
});
const DeleteMessage = z.strictObject({ QueueUrl, ReceiptHandle: z.string() });
const DeleteMessageBatch = z.strictObject({
  QueueUrl,
  Entries: z.array(Entry({ ReceiptHandle: z.string() })),
});
const ChangeMessageVisibility = z.strictObject({
  QueueUrl,
  ReceiptHandle: z.string(),
  VisibilityTimeout: z.number().int(),
});
const GetQueueAttributes = z.strictObject({ QueueUrl, AttributeNames: z.array(z.string()).default([]) });

/** Codes that the query protocol spelt differently, and that SDKs still read from `x-amzn-query-error`. */
const olderCodes: Record<string, string> = {
  QueueDoesNotExist: 'AWS.SimpleQueueService.NonExistentQueue',
  EmptyBatchRequest: 'AWS.SimpleQueueService.EmptyBatchRequest',
  TooManyEntriesInBatchRequest: 'AWS.SimpleQueueService.TooManyEntriesInBatchRequest',
  BatchEntryIdsNotDistinct: 'AWS.SimpleQueueService.BatchEntryIdsNotDistinct',
  BatchRequestTooLong: 'AWS.SimpleQueueService.BatchRequestTooLong',
  InvalidBatchEntryId: 'AWS.SimpleQueueService.InvalidBatchEntryId',
  MessageNotInflight: 'AWS.SimpleQueueService.MessageNotInflight',
  UnsupportedOperation: 'AWS.SimpleQueueService.UnsupportedOperation',
};

/**
 * Amazon SQS over AWS JSON 1.0, standard queues only. FIFO, message attributes, creating queues and moving messages
 * back are not modelled and refused.
 */
export function createSqsApi(options: { queues: () => readonly Queue[] }): AwsService {
  const queueAt = (url: string): Queue => {
    const path = URL.canParse(url) ? new URL(url).pathname : url;
    const name = /^\/\d{12}\/([\w-]+)$/.exec(path)?.[1];
    const queue = options.queues().find((each) => each.name === name);
    if (queue === undefined) {
      throw new AwsRefusal('QueueDoesNotExist', 'The specified queue does not exist.');
    }
    return queue;
  };

  const perform = (name: string, request: AwsRequest): AwsAnswer => {
    const read = <Schema extends z.ZodType>(schema: Schema) =>
      readJson(request, schema, 'UnsupportedOperation');
    switch (name) {
      case 'SendMessage': {
        const { QueueUrl: url, ...message } = read(SendMessage);
        const queue = queueAt(url);
        const { messageId, md5OfBody } = send(queue, message);
        return answer({ MessageId: messageId, MD5OfMessageBody: md5OfBody });
      }
      case 'SendMessageBatch': {
        const { QueueUrl: url, Entries } = read(SendMessageBatch);
        const queue = queueAt(url);
        checkBatch(Entries);
        const bytes = Entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody), 0);
        if (bytes > sizeLimitBytes) {
          const message = `Batch requests cannot be longer than ${sizeLimitBytes} bytes. You have sent ${bytes} bytes.`;
          throw new AwsRefusal('BatchRequestTooLong', message);
        }
        return answer(
          eachEntry(Entries, (entry) => {
            const { messageId, md5OfBody } = send(queue, entry);
            return { MessageId: messageId, MD5OfMessageBody: md5OfBody };
          }),
        );
      }
      case 'ReceiveMessage': {
        const asked = read(ReceiveMessage);
        const queue = queueAt(asked.QueueUrl);
        inRange('MaxNumberOfMessages', asked.MaxNumberOfMessages, 1, 10);
        inRange('WaitTimeSeconds', asked.WaitTimeSeconds, 0, 20);
        if (asked.VisibilityTimeout !== undefined)
          inRange('VisibilityTimeout', asked.VisibilityTimeout, 0, 43_200);
        const wanted = [...asked.AttributeNames, ...asked.MessageSystemAttributeNames];
        const received = queue.receive(asked.MaxNumberOfMessages, asked.VisibilityTimeout);
        return answer(received.length === 0 ? {} : { Messages: received.map((each) => shown(each, wanted)) });
      }
      case 'DeleteMessage': {
        const { QueueUrl: url, ReceiptHandle } = read(DeleteMessage);
        queueAt(url).delete(ReceiptHandle);
        return answer({});
      }
      case 'DeleteMessageBatch': {
        const { QueueUrl: url, Entries } = read(DeleteMessageBatch);
        const queue = queueAt(url);
        checkBatch(Entries);
        return answer(
          eachEntry(Entries, ({ ReceiptHandle }) => {
            queue.delete(ReceiptHandle);
            return {};
          }),
        );
      }
      case 'ChangeMessageVisibility': {
        const { QueueUrl: url, ReceiptHandle, VisibilityTimeout } = read(ChangeMessageVisibility);
        const queue = queueAt(url);
        inRange('VisibilityTimeout', VisibilityTimeout, 0, 43_200);
        queue.changeVisibility(ReceiptHandle, VisibilityTimeout);
        return answer({});
      }
      case 'GetQueueAttributes': {
        const { QueueUrl: url, AttributeNames } = read(GetQueueAttributes);
        return answer({ Attributes: attributesOf(queueAt(url), AttributeNames) });
      }
      default:
        throw new AwsRefusal('UnsupportedOperation', `The workspace does not model ${name}.`);
    }
  };

  return {
    name: 'sqs',
    codes: { throttled: 'RequestThrottled', denied: 'AccessDenied', unavailable: 'ServiceUnavailable' },
    recognise(request) {
      const name = jsonOperation(request, target);
      return name === undefined ? undefined : { name };
    },
    perform: ({ name }, request) => perform(name, request),
    refuse(refusal) {
      const { headers, ...rest } = jsonRefusal('1.0', refusal, {
        namespace: 'com.amazonaws.sqs',
        queryCompatible: true,
      });
      const fault = refusal.status < 500 ? 'Sender' : 'Receiver';
      const code = olderCodes[refusal.code] ?? refusal.code;
      return { ...rest, headers: { ...headers, 'x-amzn-query-error': `${code};${fault}` } };
    },
  };
}

const answer = (content: unknown) => jsonAnswer('1.0', content);

function send(queue: Queue, message: { MessageBody: string; DelaySeconds?: number | undefined }) {
  const { MessageBody: body, DelaySeconds: delaySeconds } = message;
  if (body === '') {
    throw new AwsRefusal('MissingParameter', 'The request must contain the parameter MessageBody.');
  }
  if (Buffer.byteLength(body) > sizeLimitBytes) {
    const reason = `One or more parameters are invalid. Reason: Message must be shorter than ${sizeLimitBytes} bytes.`;
    throw new AwsRefusal('InvalidParameterValue', reason);
  }
  // XML 1.0's characters, which is all that SQS carries (SendMessage, MessageBody).
  if (/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(body)) {
    throw new AwsRefusal('InvalidMessageContents', 'Invalid binary character was found in the message body.');
  }
  if (delaySeconds !== undefined) inRange('DelaySeconds', delaySeconds, 0, 900);
  return queue.send({ body, delaySeconds });
}

function inRange(parameter: string, value: number, from: number, to: number): void {
  if (value >= from && value <= to) return;
  const message = `Value ${value} for parameter ${parameter} is invalid. Reason: Must be >= ${from} and <= ${to}, if provided.`;
  throw new AwsRefusal('InvalidParameterValue', message);
}

function checkBatch(entries: readonly { Id: string }[]): void {
  if (entries.length === 0) {
    throw new AwsRefusal('EmptyBatchRequest', 'There should be at least one entry in the request.');
  }
  if (entries.length > batchLimit) {
    throw new AwsRefusal(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${batchLimit}. You have sent ${entries.length}.`,
    );
  }
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length) {
    throw new AwsRefusal('BatchEntryIdsNotDistinct', 'Two or more batch entries have the same Id.');
  }
  if (entries.some(({ Id }) => !/^[\w-]{1,80}$/.test(Id))) {
    const message =
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.';
    throw new AwsRefusal('InvalidBatchEntryId', message);
  }
}

/** A batch succeeds as a whole even when entries in it fail. */
function eachEntry<Each extends { Id: string }>(
  entries: readonly Each[],
  carryOut: (entry: Each) => Record<string, string>,
) {
  const Successful: Record<string, string>[] = [];
  const Failed: Record<string, string | boolean>[] = [];
  for (const entry of entries) {
    try {
      Successful.push({ Id: entry.Id, ...carryOut(entry) });
    } catch (error) {
      if (!(error instanceof AwsRefusal)) throw error;
      Failed.push({ Id: entry.Id, SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return { Successful, Failed };
}

function shown(message: ReceivedMessage, wanted: readonly string[]) {
  const attributes = {
    ApproximateReceiveCount: String(message.receiveCount),
    SentTimestamp: String(message.sentAtMs),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs),
    SenderId: 'AROACOUNTERSIGN:workspace',
  };
  const chosen = Object.entries(attributes).filter(
    ([name]) => wanted.includes('All') || wanted.includes(name),
  );
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: message.md5OfBody,
    ...(chosen.length === 0 ? {} : { Attributes: Object.fromEntries(chosen) }),
  };
}

function attributesOf(queue: Queue, wanted: readonly string[]): Record<string, string> {
  const { visible, inFlight, delayed } = queue.counts();
  const { visibilitySeconds, delaySeconds, retentionSeconds, deadLetters } = queue.settings;
  const attributes: Record<string, string> = {
    ApproximateNumberOfMessages: String(visible),
    ApproximateNumberOfMessagesNotVisible: String(inFlight),
    ApproximateNumberOfMessagesDelayed: String(delayed),
    VisibilityTimeout: String(visibilitySeconds),
    DelaySeconds: String(delaySeconds ?? 0),
    MessageRetentionPeriod: String(retentionSeconds ?? 345_600),
    MaximumMessageSize: String(sizeLimitBytes),
    QueueArn: queue.arn,
    ...(deadLetters === undefined
      ? {}
      : {
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: deadLetters.queue.arn,
            maxReceiveCount: deadLetters.maxReceiveCount,
          }),
        }),
  };
  const unknown = wanted.find((name) => name !== 'All' && !(name in attributes) && name !== 'RedrivePolicy');
  if (unknown !== undefined) throw new AwsRefusal('InvalidAttributeName', `Unknown Attribute ${unknown}.`);
  return Object.fromEntries(
    Object.entries(attributes).filter(([name]) => wanted.includes('All') || wanted.includes(name)),
  );
}
