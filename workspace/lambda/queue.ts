import { createHash, randomUUID } from 'node:crypto';
import { AwsRefusal } from '../aws/service.ts';

/** One message as a receiver sees it. */
export interface ReceivedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly md5OfBody: string;
  readonly sentAtMs: number;
  readonly firstReceivedAtMs: number;
  readonly receiveCount: number;
}

/** One message as the workspace shows it. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  readonly sentAtMs: number;
  readonly visibleAtMs: number;
  readonly receiveCount: number;
}

export interface QueueSettings {
  readonly name: string;
  readonly visibilitySeconds: number;
  readonly delaySeconds?: number;
  readonly retentionSeconds?: number;
  /** Where a message goes that was received this often and is still there. */
  readonly deadLetters?: { readonly queue: Queue; readonly maxReceiveCount: number };
}

export interface Queue {
  readonly name: string;
  readonly arn: string;
  readonly settings: QueueSettings;
  send(message: { body: string; delaySeconds?: number | undefined }): {
    messageId: string;
    md5OfBody: string;
  };
  /** Up to ten that are visible, oldest first; those received too often already go to the dead letters instead. */
  receive(count: number, visibilitySeconds?: number): ReceivedMessage[];
  /** An older receipt than the newest deletes nothing and is no error. Throws ReceiptHandleIsInvalid. */
  delete(receiptHandle: string): void;
  /** Throws ReceiptHandleIsInvalid and MessageNotInflight. */
  changeVisibility(receiptHandle: string, seconds: number): void;
  counts(): { visible: number; inFlight: number; delayed: number };
  all(): readonly QueuedMessage[];
  /** The next time at which a message can be received; undefined when there is none. */
  nextVisibleAtMs(): number | undefined;
  /** The next so many messages that are received stay visible, and so come twice (at-least-once delivery). */
  deliverTwice(count: number): void;
  subscribe(listener: () => void): () => void;
  /** From another queue, with the time at which it was sent there. */
  takeDead(message: { messageId: string; body: string; sentAtMs: number }): void;
}

interface Message {
  messageId: string;
  body: string;
  sentAtMs: number;
  visibleAtMs: number;
  firstReceivedAtMs: number | null;
  receiveCount: number;
  newestReceipt: string | null;
}

const fourDaysSeconds = 4 * 86_400;

/**
 * A standard SQS queue on the workspace's clock: delays, visibility, receipts, retention, dead letters (SQS developer
 * guide). Receives oldest first, where SQS promises no order. Nothing runs by itself: what time has brought is worked
 * out when somebody asks.
 */
export function createQueue(options: { nowMs: () => number; settings: QueueSettings }): Queue {
  const { nowMs, settings } = options;
  const listeners = new Set<() => void>();
  let messages: Message[] = [];
  let twice = 0;

  const changed = () => {
    for (const listener of listeners) listener();
  };
  const forgetOld = () => {
    const oldestMs = nowMs() - (settings.retentionSeconds ?? fourDaysSeconds) * 1000;
    messages = messages.filter(({ sentAtMs }) => sentAtMs > oldestMs);
  };
  const isVisible = (message: Message) => message.visibleAtMs <= nowMs();
  const isDead = (message: Message) =>
    settings.deadLetters !== undefined && message.receiveCount >= settings.deadLetters.maxReceiveCount;

  const holderOf = (receiptHandle: string): Message | undefined => {
    const messageId = readReceipt(receiptHandle);
    return messages.find((each) => each.messageId === messageId);
  };

  const add = (message: Pick<Message, 'messageId' | 'body' | 'sentAtMs' | 'visibleAtMs'>) => {
    messages.push({ ...message, firstReceivedAtMs: null, receiveCount: 0, newestReceipt: null });
    changed();
  };

  return {
    name: settings.name,
    arn: `arn:aws:sqs:us-east-1:111122223333:${settings.name}`,
    settings,
    send({ body, delaySeconds }) {
      const messageId = randomUUID();
      const sentAtMs = nowMs();
      const visibleAtMs = sentAtMs + (delaySeconds ?? settings.delaySeconds ?? 0) * 1000;
      add({ messageId, body, sentAtMs, visibleAtMs });
      return { messageId, md5OfBody: md5(body) };
    },
    receive(count, visibilitySeconds = settings.visibilitySeconds) {
      forgetOld();
      const now = nowMs();
      const dead = messages.filter((message) => isVisible(message) && isDead(message));
      messages = messages.filter((message) => !dead.includes(message));
      for (const message of dead) settings.deadLetters?.queue.takeDead(message);
      const received = messages
        .filter(isVisible)
        .sort((one, other) => one.visibleAtMs - other.visibleAtMs)
        .slice(0, count)
        .map((message) => {
          message.receiveCount += 1;
          message.firstReceivedAtMs ??= now;
          message.newestReceipt = writeReceipt(message.messageId);
          if (twice > 0) twice -= 1;
          else message.visibleAtMs = now + visibilitySeconds * 1000;
          return {
            messageId: message.messageId,
            receiptHandle: message.newestReceipt,
            body: message.body,
            md5OfBody: md5(message.body),
            sentAtMs: message.sentAtMs,
            firstReceivedAtMs: message.firstReceivedAtMs,
            receiveCount: message.receiveCount,
          };
        });
      if (received.length + dead.length > 0) changed();
      return received;
    },
    delete(receiptHandle) {
      const message = holderOf(receiptHandle);
      if (message?.newestReceipt !== receiptHandle) return;
      messages = messages.filter((each) => each !== message);
      changed();
    },
    changeVisibility(receiptHandle, seconds) {
      const message = holderOf(receiptHandle);
      if (message === undefined || isVisible(message) || message.newestReceipt !== receiptHandle) {
        throw new AwsRefusal(
          'MessageNotInflight',
          `Value ${receiptHandle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for visibility timeout change.`,
        );
      }
      message.visibleAtMs = nowMs() + seconds * 1000;
      changed();
    },
    counts() {
      forgetOld();
      const hidden = messages.filter((message) => !isVisible(message));
      const delayed = hidden.filter(({ receiveCount }) => receiveCount === 0).length;
      return { visible: messages.length - hidden.length, inFlight: hidden.length - delayed, delayed };
    },
    all() {
      forgetOld();
      return messages.map(({ messageId, body, sentAtMs, visibleAtMs, receiveCount }) => ({
        messageId,
        body,
        sentAtMs,
        visibleAtMs,
        receiveCount,
      }));
    },
    nextVisibleAtMs() {
      forgetOld();
      return messages.length === 0 ? undefined : Math.min(...messages.map(({ visibleAtMs }) => visibleAtMs));
    },
    deliverTwice(count) {
      twice += count;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    takeDead: ({ messageId, body, sentAtMs }) => add({ messageId, body, sentAtMs, visibleAtMs: nowMs() }),
  };
}

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

const writeReceipt = (messageId: string) => Buffer.from(`${messageId} ${randomUUID()}`).toString('base64');

function readReceipt(receiptHandle: string): string {
  const [messageId, turn] = Buffer.from(receiptHandle, 'base64').toString().split(' ');
  if (messageId === undefined || turn === undefined) {
    throw new AwsRefusal(
      'ReceiptHandleIsInvalid',
      `The input receipt handle "${receiptHandle}" is not valid.`,
    );
  }
  return messageId;
}
