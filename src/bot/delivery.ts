import { randomUUID } from 'node:crypto';
import type { Close } from '../flows/desk.ts';
import { RetryableError } from '../flows/errors.ts';
import { type Receipt, type Repeated, receiptName } from '../flows/receipt.ts';
import { said } from './messages/answers.ts';
import type { BotParts } from './parts.ts';
import type { Work } from './ports.ts';
import { ackOf, bodyOf, ephemeral, type Reply } from './reply.ts';

/** Slack's signatures are good for five minutes; the rest is for clocks that differ. */
const receiptLifetimeMs = 3_600_000;

/** The code of what a delivery throws where a write was begun and nobody can say whether it was made. */
export const outcomeUnknown = 'request.outcome-unknown';

function afterWriting(error: unknown): unknown {
  if (!(error instanceof RetryableError)) return error;
  return new RetryableError(outcomeUnknown, 'No answer came to a write that may have been made.', {
    cause: error,
    data: { because: error.code },
  });
}

const answeredBefore = ephemeral(said(['This was answered already.', 'Ask again.']));

/** One delivery of a request, and how its answer is left behind for a repeat of it. */
export interface Delivery {
  /**
   * Answers with what the desk decides. The errands of the reply go out beside the decision's own write, and the reply
   * comes back without them; where nothing was written they are still in it.
   */
  decided<Answer extends { readonly outcome: string }>(
    ask: (close: Close<Answer>) => Promise<Answer | Repeated>,
    replyTo: (answer: Answer) => Reply,
  ): Promise<Reply>;
  /** Answers a question from what is stored, once: whoever has captured it and sends it again learns nothing new. */
  asked(ask: () => Promise<Reply>): Promise<Reply>;
  /** Sends the errands of a reply that no decision has taken along; a repeat gets the first reply and sends nothing. */
  passOn(reply: Reply): Promise<Reply>;
}

type DeliveryParts = Pick<BotParts, 'deliveries' | 'send' | 'nowMs' | 'log'>;

/** `id` names the delivery; null where none can come twice, as over a socket. */
export function createDelivery({ deliveries, send, nowMs, log }: DeliveryParts, id: string | null): Delivery {
  const receiptOf = ({ ack }: Reply): Receipt | null =>
    id === null
      ? null
      : { id, mark: randomUUID(), expiresAtMs: nowMs() + receiptLifetimeMs, body: bodyOf(ack) };

  const errandsOf = ({ errands = [] }: Reply, receipt: Receipt | null): Work[] =>
    errands.map((errand) => ({
      does: 'errand',
      errand,
      receipt: receipt === null ? null : receiptName(receipt),
    }));

  return {
    async decided(ask, replyTo) {
      let closed = false;
      const answer = await ask((known) => {
        closed = true;
        const reply = replyTo(known);
        const receipt = receiptOf(reply);
        return {
          receipt,
          send: async (look, written) => {
            const work: Work[] = look === null ? [] : [{ does: 'look', ...look }];
            work.push(...errandsOf(reply, receipt));
            try {
              if (work.length > 0) await send(work, written);
            } catch (error) {
              // What was decided stands all the same: it is due in the store, and its card tells it.
              log.warn({ error: error instanceof Error ? error.name : 'unknown' }, 'work was not sent');
            }
          },
        };
      }).catch((error: unknown) => {
        throw closed ? afterWriting(error) : error;
      });
      if (isRepeated(answer)) return repeated(answer);
      const reply = replyTo(answer);
      return closed ? withoutErrands(reply) : reply;
    },
    async asked(ask) {
      const receipt = receiptOf(answeredBefore);
      if (receipt === null) return ask();
      const [kept, reply] = await Promise.all([deliveries.keep(receipt), ask()]);
      return kept.outcome === 'repeated' ? repeated(kept) : reply;
    },
    async passOn(reply) {
      if (reply.errands === undefined || reply.errands.length === 0) return reply;
      const receipt = receiptOf(reply);
      const keeping = receipt === null ? undefined : deliveries.keep(receipt);
      const written = keeping?.then(
        ({ outcome }) => outcome === 'kept',
        () => false,
      );
      const [kept, sent] = await Promise.allSettled([keeping, send(errandsOf(reply, receipt), written)]);
      // What only says something has started nothing.
      const failure = (error: unknown) =>
        reply.errands?.every(({ does }) => does === 'tell') ? error : afterWriting(error);
      if (kept.status === 'rejected') throw failure(kept.reason);
      if (kept.value?.outcome === 'repeated') return repeated(kept.value);
      if (sent.status === 'rejected') throw failure(sent.reason);
      return withoutErrands(reply);
    },
  };
}

const isRepeated = (answer: { readonly outcome: string }): answer is Repeated =>
  answer.outcome === 'repeated';

function repeated({ body }: Repeated): Reply {
  const ack = ackOf(body);
  return ack === undefined ? {} : { ack };
}

const withoutErrands = ({ ack }: Reply): Reply => (ack === undefined ? {} : { ack });
