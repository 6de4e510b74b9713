import type { NoticeState } from '../flows/notices.ts';
import type { Log, Notices } from '../flows/ports.ts';
import { noticeMessages } from './messages/unlock.ts';
import type { Pacing } from './pacing.ts';
import type { Outcome, SlackClient } from './slack-client.ts';
import { standingErrors } from './slack-outcome.ts';

/** A post that was not confirmed is repeated after this long: a rare second message is better than none. */
const unconfirmedMs = 60_000;
const unreachableMs = 5_000;
const mendMs = 60_000;

/**
 * Tells what belongs to no promotion's card, each message once and in its order. Claims first (one conditional write),
 * posts, records; a process that dies in between leaves it due. Throws what the store throws, never for what Slack does.
 */
export function createNoticeTeller(deps: {
  readonly notices: Notices;
  readonly slack: Pick<SlackClient, 'post'>;
  readonly pacing: Pick<Pacing, 'ask' | 'block'>;
  readonly log: Log;
}) {
  const { notices, slack, pacing, log } = deps;

  /** The state as it is afterwards, or undefined when somebody else was first. */
  const save = async (
    state: NoticeState,
    changes: Partial<NoticeState>,
  ): Promise<NoticeState | undefined> => {
    const next = { ...state, ...changes };
    return (await notices.save(next)) ? { ...next, revision: state.revision + 1 } : undefined;
  };

  /** When the notice wants to go on; null when everything is told, or somebody else is at it. */
  return async (id: string, nowMs: number): Promise<number | null> => {
    let state = await notices.find(id);
    while (state !== undefined && state.dueAtMs !== null && state.dueAtMs <= nowMs) {
      const messages = noticeMessages(state.notice);
      const next = messages[state.told];
      if (next === undefined) {
        await save(state, { postingUntilMs: null, dueAtMs: null });
        return null;
      }
      const charge = { method: 'post', weight: 'page', channel: next.channel } as const;
      const leave = await pacing.ask(charge, null, nowMs);
      if (leave.outcome !== 'now') {
        const atMs = leave.outcome === 'full' ? leave.atMs : leave.place.atMs;
        await save(state, { dueAtMs: atMs });
        return atMs;
      }
      const untilMs = nowMs + unconfirmedMs;
      const claimed = await save(state, { postingUntilMs: untilMs, dueAtMs: untilMs });
      if (claimed === undefined) return null;
      const outcome = await slack.post(next);
      if (outcome.outcome === 'unknown') return untilMs;
      if (outcome.outcome === 'rate-limited') await pacing.block(charge, nowMs + outcome.retryAfterMs);
      const retryMs = retryAfter(outcome);
      if (retryMs !== null) {
        await save(claimed, { postingUntilMs: null, dueAtMs: nowMs + retryMs });
        return nowMs + retryMs;
      }
      // A channel that does not take it at all must not keep it from the others.
      if (outcome.outcome !== 'sent')
        log.error({ id, channel: next.channel, ...outcome }, 'notice was not taken');
      state = await save(claimed, { told: state.told + 1, postingUntilMs: null, dueAtMs: nowMs });
    }
    return state?.dueAtMs ?? null;
  };
}

function retryAfter(outcome: Outcome): number | null {
  if (outcome.outcome === 'rate-limited') return outcome.retryAfterMs;
  if (outcome.outcome === 'unreachable') return unreachableMs;
  return outcome.outcome === 'refused' && standingErrors.has(outcome.error) ? mendMs : null;
}
