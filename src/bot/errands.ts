import { z } from 'zod';
import type { Desk } from '../flows/desk.ts';
import { UnreadableRow } from '../flows/held.ts';
import type { Log } from '../flows/ports.ts';
import { Person } from '../flows/promotion/promotion.ts';
import { drawHome } from './home.ts';
import { said } from './messages/answers.ts';
import { rehearsalAnswer } from './messages/rehearsal.ts';
import { unlockAnswer, unlockFailed } from './messages/unlock.ts';
import type { EphemeralAnswer, SlackClient } from './slack-client.ts';

/** Where one person is answered in private. `responseUrl` is a secret. */
const Privately = z.strictObject({
  responseUrl: z.string().nullable(),
  channel: z.string().nullable(),
  userId: z.string(),
});
export type Privately = z.infer<typeof Privately>;

const Blocks = z.array(z.looseObject({ type: z.string() }));
const Answer = z.custom<EphemeralAnswer>(
  (value) => z.strictObject({ text: z.string(), blocks: Blocks.optional() }).safeParse(value).success,
);

/** What is said or done for a person after the acknowledgement; data, so that another process can do it. */
export const Errand = z.discriminatedUnion('does', [
  z.strictObject({ does: z.literal('tell'), to: Privately, answer: Answer }),
  /** A plan takes longer than Slack waits. */
  z.strictObject({
    does: z.literal('rehearse'),
    to: Privately,
    request: z.strictObject({
      kind: z.enum(['promotion', 'rollback']),
      app: z.string(),
      environment: z.string(),
      version: z.string().nullable(),
      person: Person,
      reason: z.string().nullable(),
    }),
  }),
  /** Slack's directory is asked for two people, which may take longer than Slack waits. */
  z.strictObject({
    does: z.literal('unlock'),
    to: Privately,
    request: z.strictObject({
      app: z.string(),
      environment: z.string(),
      person: Person,
      reason: z.string(),
    }),
  }),
  z.strictObject({ does: z.literal('home'), userId: z.string() }),
  /** Somebody came across a row that cannot be read. */
  z.strictObject({ does: z.literal('hold'), row: UnreadableRow }),
]);
export type Errand = z.infer<typeof Errand>;

/** What errands are done with. */
export interface ErrandParts {
  readonly desk: Pick<Desk, 'rehearse' | 'unlock' | 'status'>;
  readonly slack: Pick<SlackClient, 'publishHome' | 'respond' | 'whisper'>;
  readonly hold: (row: UnreadableRow) => Promise<void>;
  readonly nowMs: () => number;
  readonly log: Log;
}

/**
 * Does one errand. A lost private answer is logged and no more; throws what the store throws, where `home` and `hold`
 * could not be done.
 */
export async function runErrand(parts: ErrandParts, errand: Errand): Promise<void> {
  switch (errand.does) {
    case 'tell':
      return tellPrivately(parts, errand.to, errand.answer);
    case 'rehearse':
      return tellPrivately(parts, errand.to, await rehearse(parts, errand.request));
    case 'unlock':
      return tellPrivately(parts, errand.to, await unlock(parts, errand.request));
    case 'home':
      return drawHome(parts, errand.userId);
    case 'hold':
      return parts.hold(errand.row);
  }
}

async function rehearse(
  { desk, log }: ErrandParts,
  request: Parameters<Desk['rehearse']>[0],
): Promise<EphemeralAnswer> {
  try {
    return rehearsalAnswer(request, await desk.rehearse(request));
  } catch (error) {
    log.error({ error: error instanceof Error ? error.name : 'unknown' }, 'rehearsal failed');
    return said(['The plan could not be worked out. Nothing was started; try again in a while.']);
  }
}

async function unlock(
  { desk, log }: ErrandParts,
  request: Parameters<Desk['unlock']>[0],
): Promise<EphemeralAnswer> {
  try {
    return unlockAnswer(request, await desk.unlock(request));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unexpected';
    log.error({ code, error: error instanceof Error ? error.name : 'unknown' }, 'unlock failed');
    return unlockFailed(request, code);
  }
}

/** Through the `response_url` while it is good, else as an ephemeral message. */
async function tellPrivately(
  { slack, log }: ErrandParts,
  { responseUrl, channel, userId }: Privately,
  answer: EphemeralAnswer,
): Promise<void> {
  if (responseUrl !== null) {
    const responded = await slack.respond(responseUrl, answer);
    // An unanswered call may have been heard: saying it twice is worse than once too few.
    if (responded.outcome === 'sent' || responded.outcome === 'unknown') return;
  }
  if (channel === null) return;
  const whispered = await slack.whisper({ channel, userId, answer });
  if (whispered.outcome !== 'sent') log.warn({ outcome: whispered.outcome }, 'private answer was lost');
}
