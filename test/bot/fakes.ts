import type { After, Deliveries, StoredAnswer } from '../../src/bot/ports.ts';
import type { Outcome, SlackClient } from '../../src/bot/slack-client.ts';
import type { DecideAnswer, Desk, OpenAnswer, OpenRequest, UnlockAnswer } from '../../src/flows/desk.ts';
import type { Log } from '../../src/flows/ports.ts';
import type { PromotionEvent } from '../../src/flows/promotion/events.ts';
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

/** Decides as it is told to, and remembers what it was asked. */
export function fakeDesk() {
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
    open(request: OpenRequest) {
      opened.push(request);
      return desk.onOpen();
    },
    decide(promotionId: string, event: PromotionEvent) {
      decided.push({ promotionId, event });
      return desk.onDecide();
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

/** The replay guard in memory, with switches for what can go wrong. */
export function fakeDeliveries(): Deliveries & {
  readonly stored: Map<string, StoredAnswer | null>;
  down: boolean;
} {
  const stored = new Map<string, StoredAnswer | null>();
  return {
    stored,
    down: false,
    async claim(hash) {
      if (this.down) throw new Error('store is down');
      const answer = stored.get(hash);
      if (answer !== undefined) return { outcome: 'repeat', answer };
      stored.set(hash, null);
      return { outcome: 'first' };
    },
    async complete(hash, answer) {
      stored.set(hash, answer);
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

/** Keeps tasks for after the answer until they are run. */
export function heldTasks() {
  const tasks: (() => Promise<void>)[] = [];
  return {
    later: (task: () => Promise<void>) => {
      tasks.push(task);
    },
    async run() {
      for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) await task();
    },
  };
}
