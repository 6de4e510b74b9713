import type { QueueMessage } from '../aws/queue.ts';
import type { Work, WorkThat } from './work.ts';

/** As much as a message can be put off (SQS API reference, SendMessage, DelaySeconds). */
export const longestDelaySeconds = 900;

/** For a look beside a write whose revision the sender does not know: every promotion has it. */
export const someRevision = 0;

/** A message as `parseWork` takes it; free of the schema, for functions that only send. */
export function messageOf(work: Work, delaySeconds = 0): QueueMessage {
  const body = JSON.stringify(work);
  return delaySeconds === 0 ? { body } : { body, delaySeconds };
}

/** A look that is promised no revision. */
export function lookAt(
  promotionId: string,
  also: Partial<Pick<WorkThat<'look'>, 'alarmed' | 'revision'>> = {},
): WorkThat<'look'> {
  return { does: 'look', promotionId, revision: null, alarmed: false, tries: 0, ...also };
}

/** A look after so long; null where the queue cannot put it off that long, which is the sweep's then. */
export function lookLater(
  promotionId: string,
  seconds: number,
  revision: number | null = null,
): QueueMessage | null {
  const delaySeconds = Math.max(0, Math.ceil(seconds));
  return delaySeconds > longestDelaySeconds
    ? null
    : messageOf(lookAt(promotionId, { revision }), delaySeconds);
}
