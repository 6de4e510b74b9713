import { RetryableError } from '../flows/errors.ts';
import type { Notice, NoticeState } from '../flows/notices.ts';
import type { Notices } from '../flows/ports.ts';
import { bodyOf, number, numberOf, parseNotice, text, textOf } from './items.ts';
import { conditions, dueKey, expiryAttribute, keys } from './table.ts';
import type { Item, Transport, Write } from './transport.ts';

/** What was told is kept this long for whoever looks into it, then DynamoDB deletes it. */
const keptSeconds = 30 * 24 * 3600;

/** Notices, due among the surfaces until every message of them has arrived. */
export function createNotices({
  transport,
  nonce,
}: {
  readonly transport: Transport;
  /** A new random text each time; names one write. */
  readonly nonce: () => string;
}): Notices {
  return {
    async find(id) {
      const { item } = await transport.get(keys.notice(id));
      return item === undefined
        ? undefined
        : { ...parseNotice(item), revision: numberOf(item, 'revision') ?? 0 };
    },
    async save(state) {
      const tx = nonce();
      const next = noticeItem({ ...state, revision: state.revision + 1 }, tx);
      const condition = { text: 'revision = :expected', values: { ':expected': number(state.revision) } };
      try {
        const { outcome } = await transport.write({ does: 'put', item: next, condition });
        return outcome === 'written';
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        // The answer was lost: a message that arrived must not be sent again for that.
        const { item } = await transport.get(keys.notice(state.notice.id));
        if (item !== undefined && textOf(item, 'tx') === tx) return true;
        throw error;
      }
    },
  };
}

/** For the transaction that makes true what the notice tells. */
export function newNotice(notice: Notice, nowMs: number, tx: string): Write {
  const state = { notice, told: 0, postingUntilMs: null, dueAtMs: nowMs, revision: 1 };
  return { does: 'put', item: noticeItem(state, tx), condition: conditions.absent() };
}

function noticeItem({ revision, ...body }: NoticeState, tx: string): Item {
  const { id, entry } = body.notice;
  return {
    ...keys.notice(id),
    ...(body.dueAtMs === null
      ? { [expiryAttribute]: number(Math.ceil(entry.atMs / 1000) + keptSeconds) }
      : dueKey('SHOW', id, body.dueAtMs)),
    revision: number(revision),
    tx: text(tx),
    ...bodyOf(body),
  };
}
