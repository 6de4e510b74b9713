import { type ErrandParts, runErrand } from '../../src/bot/errands.ts';
import type { After, Deliveries, Send, Work } from '../../src/bot/ports.ts';
import type { Outcome, SlackClient } from '../../src/bot/slack-client.ts';
import type {
  Close,
  DecideAnswer,
  Desk,
  OpenAnswer,
  OpenRequest,
  UnlockAnswer,
} from '../../src/flows/desk.ts';
import { closing } from '../../src/flows/engine/closing.ts';
import type { Log } from '../../src/flows/ports.ts';
import type { PromotionEvent } from '../../src/flows/promotion/events.ts';
import type { Receipt } from '../../src/flows/receipt.ts';
import { promotionIn } from './promotions.ts';

export interface LogLine {
  readonly level: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export function fakeLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: string) => (data: Readonly<Record<string, unknown>>, message: string) => {
    lines.push({ level, data, message });
  };
  return { lines, info: at('info'), warn: at('warn'), error: at('error') };
}

/** Decides as it is told to, and remembers what it was asked; keeps receipts as a store would. */
export function fakeDesk(deliveries: Deliveries = fakeDeliveries()) {
  const closeWith = async <Answer extends DecideAnswer | OpenAnswer>(
    answer: Answer,
    close?: Close<Answer>,
  ) => {
    const look = answer.outcome === 'refused' ? null : { promotionId: answer.promotion.id, revision: 2 };
    const kept = await closing(close?.(answer), look, async (receipt) => {
      const there = receipt === undefined ? undefined : await deliveries.keep(receipt);
      return there?.outcome === 'repeated' ? there : { outcome: 'saved' as const };
    });
    return kept.outcome === 'repeated' ? kept : answer;
  };
  const opened: OpenRequest[] = [];
  const decided: { promotionId: string; event: PromotionEvent }[] = [];
  const desk = {
    opened,
    decided,
    onOpen: async (): Promise<OpenAnswer> => ({ outcome: 'opened', promotion: promotionIn('analyzing') }),
    onDecide: async (): Promise<DecideAnswer> => ({
      outcome: 'accepted',
      promotion: promotionIn('awaiting-approval'),
    }),
    onRehearse: async (): ReturnType<Desk['rehearse']> => ({
      outcome: 'refused',
      refusal: { code: 'x', text: 'Staging is red.', next: 'Mend it.' },
    }),
    async open(request: OpenRequest, close?: Close<OpenAnswer>) {
      opened.push(request);
      return closeWith(await desk.onOpen(), close);
    },
    async decide(promotionId: string, event: PromotionEvent, close?: Close<DecideAnswer>) {
      decided.push({ promotionId, event });
      return closeWith(await desk.onDecide(), close);
    },
    onUnlock: async (): Promise<UnlockAnswer> => ({
      outcome: 'refused',
      refusal: { code: 'x', text: 'Nothing holds it.', next: 'See the status.' },
    }),
    rehearse: () => desk.onRehearse(),
    unlock: () => desk.onUnlock(),
    status: async (app: string | null) => [
      {
        app: app ?? 'site',
        environment: 'production',
        live: undefined,
        open: [promotionIn('awaiting-approval')],
        lastEnded: promotionIn('rolled-back'),
        stuck: undefined,
        unseen: undefined,
        unreadable: { promotions: 0, live: false },
      },
    ],
    find: async () => promotionIn('awaiting-approval'),
  };
  return desk satisfies Desk & Record<string, unknown>;
}

type Call = { readonly method: keyof SlackClient; readonly input: Record<string, unknown> };

/** Answers every call with `sent` until it is told otherwise; one queue of outcomes per method. */
export function fakeSlack() {
  const calls: Call[] = [];
  const outcomes: Partial<Record<keyof SlackClient, Outcome[]>> = {};
  let posts = 0;
  const answer = <Sent>(method: keyof SlackClient, input: Record<string, unknown>, sent: () => Sent) => {
    calls.push({ method, input });
    const next = outcomes[method]?.shift() ?? { outcome: 'sent' };
    return Promise.resolve(
      (next.outcome === 'sent' ? { outcome: 'sent', ...sent() } : next) as Outcome<Sent>,
    );
  };
  const client: SlackClient = {
    post: (input) =>
      answer('post', input, () => {
        posts += 1;
        return { channel: input.channel, ts: `1700000000.${String(posts).padStart(6, '0')}` };
      }),
    update: (input) => answer('update', input, () => ({ channel: input.channel, ts: input.ts })),
    whisper: (input) => answer('whisper', input, () => ({})),
    permalink: (input) => answer('permalink', input, () => ({ url: `https://slack.example/${input.ts}` })),
    openView: (input) => answer('openView', input, () => ({})),
    publishHome: (input) => answer('publishHome', input, () => ({})),
    respond: (responseUrl, given) => answer('respond', { responseUrl, ...given }, () => ({})),
    user: (userId) => answer('user', { userId }, () => ({ user: { id: userId, team_id: 'T0COUNTER' } })),
    groupMembers: (groupId) => answer('groupMembers', { groupId }, () => ({ users: [] })),
  };
  return {
    ...client,
    calls,
    outcomes,
    of: (method: keyof SlackClient) =>
      calls.filter((call) => call.method === method).map(({ input }) => input),
  };
}

/** Receipts in memory, with a switch for what can go wrong. */
export function fakeDeliveries(): Deliveries & { readonly stored: Map<string, Receipt>; fail(): void } {
  const stored = new Map<string, Receipt>();
  let down = false;
  return {
    stored,
    fail() {
      down = true;
    },
    async keep(receipt) {
      if (down) throw new Error('store is down');
      const there = stored.get(receipt.id);
      if (there !== undefined) return { outcome: 'repeated', body: there.body };
      stored.set(receipt.id, receipt);
      return { outcome: 'kept' };
    },
  };
}

/** A timer that goes off by hand. */
export function handTimer() {
  const waiting = new Map<symbol, () => void>();
  const after: After = (_milliseconds, callback) => {
    const key = Symbol('timer');
    waiting.set(key, callback);
    return () => waiting.delete(key);
  };
  return {
    after,
    ring() {
      for (const [key, callback] of waiting) {
        waiting.delete(key);
        callback();
      }
    },
    waiting,
  };
}

/** Keeps work for after the answer until it is run; what its write was not made for is left out. */
export function heldWork(parts: Omit<ErrandParts, 'hold'>) {
  const sent: { readonly work: Work; readonly written: Promise<boolean> | undefined }[] = [];
  const unreadable: unknown[] = [];
  let down = false;
  const send: Send = async (work, written) => {
    if (down) throw new Error('queue is down');
    for (const each of work) sent.push({ work: each, written });
  };
  return {
    send,
    /** Rows that were handed on to be held. */
    unreadable,
    sent,
    fail() {
      down = true;
    },
    async run() {
      for (let next = sent.shift(); next !== undefined; next = sent.shift()) {
        const { work, written } = next;
        if (work.does !== 'errand' || (await written) === false) continue;
        await runErrand({ ...parts, hold: async (row) => void unreadable.push(row) }, work.errand);
      }
    },
  };
}
