import { MisconfiguredError, RetryableError } from '../flows/errors.ts';
import type { SignedCall } from './signed-call.ts';

export interface QueueMessage {
  readonly body: string;
  /** From 0 to 900; left out, the queue's own. */
  readonly delaySeconds?: number;
}

export interface Queue {
  /**
   * Ten messages a call, all calls at once. What the queue declines, or fails at without using up the time, is sent a
   * second time, since a message may come twice anyway. Throws RetryableError when
   * some were not taken, or may not have been, and MisconfiguredError.
   */
  send(messages: readonly QueueMessage[]): Promise<void>;
}

interface QueueOptions {
  readonly call: SignedCall;
  readonly url: string;
  readonly timeoutMs?: number;
}

/** Source: Amazon SQS API reference, SendMessageBatch. */
const mostInOneCall = 10;

const wrongSetup: ReadonlySet<string> = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'InvalidAddress',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'InvalidSecurity',
  'MissingAuthenticationToken',
  'QueueDoesNotExist',
  'NonExistentQueue',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly DelaySeconds?: number;
}

/** A standard SQS queue: a message may come twice and in any order, and whoever works on it bears that. */
export function createQueue({ call, url, timeoutMs = 2_000 }: QueueOptions): Queue {
  /** Answers the entries that were declined. */
  const sendBatch = async (entries: readonly Entry[]): Promise<readonly Entry[]> => {
    const ask = () =>
      call({
        service: 'sqs',
        target: 'AmazonSQS.SendMessageBatch',
        body: JSON.stringify({ QueueUrl: url, Entries: entries }),
        timeoutMs,
      });
    const answer = await askTwice(ask).catch((cause: unknown) => {
      throw new RetryableError('queue.unreachable', 'The queue cannot be reached.', { cause });
    });
    if (answer.fault === null) return declinedIn(answer.body, entries);
    if (wrongSetup.has(answer.fault))
      throw new MisconfiguredError('queue.refused', `The queue refused the call: ${answer.fault}.`);
    throw new RetryableError('queue.unavailable', `The queue did not take the call: ${answer.fault}.`);
  };

  const sendAll = async (entries: readonly Entry[]): Promise<void> => {
    const declined = await sendBatch(entries);
    if (declined.length === 0) return;
    const again = await sendBatch(declined);
    if (again.length === 0) return;
    throw new RetryableError('queue.declined', 'The queue did not take every message.', {
      data: { declined: again.length },
    });
  };

  return {
    async send(messages) {
      const entries = messages.map(
        ({ body, delaySeconds }, index): Entry => ({
          Id: String(index),
          MessageBody: body,
          ...(delaySeconds === undefined ? {} : { DelaySeconds: delaySeconds }),
        }),
      );
      const batches = Array.from({ length: Math.ceil(entries.length / mostInOneCall) }, (_, index) =>
        entries.slice(index * mostInOneCall, (index + 1) * mostInOneCall),
      );
      await Promise.all(batches.map(sendAll));
    },
  };
}

/** A rested connection that was cut, a hiccup or a throttle: without this, what was sent would wait for the sweep. */
async function askTwice(ask: () => ReturnType<SignedCall>): ReturnType<SignedCall> {
  try {
    const answer = await ask();
    if (answer.fault === null || wrongSetup.has(answer.fault)) return answer;
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError') throw error;
  }
  return ask();
}

/** An answer that cannot be read says nothing of what was taken. */
function declinedIn(body: string, entries: readonly Entry[]): readonly Entry[] {
  const failed = failedIn(body);
  if (failed === undefined)
    throw new RetryableError('queue.unreadable', 'The queue’s answer cannot be read.');
  const ids = new Set(failed.map((each) => each.Id));
  return entries.filter(({ Id }) => ids.has(Id));
}

function failedIn(body: string): readonly { readonly Id?: unknown }[] | undefined {
  try {
    const { Failed = [] } = JSON.parse(body) as { readonly Failed?: unknown };
    return Array.isArray(Failed) ? Failed : undefined;
  } catch {
    return undefined;
  }
}
