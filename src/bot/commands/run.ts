import { z } from 'zod';
import type { Person, Promotion } from '../../flows/promotion/promotion.ts';
import { type Command, parseCommand } from '../command.ts';
import type { Fields } from '../gate.ts';
import { openAnswer, refusalAnswer, said } from '../messages/answers.ts';
import { helpAnswer } from '../messages/help.ts';
import { requestForm } from '../messages/modal.ts';
import { rehearsalAnswer } from '../messages/rehearsal.ts';
import { statusAnswer } from '../messages/status.ts';
import { unlockAnswer, unlockFailed } from '../messages/unlock.ts';
import type { BotParts } from '../parts.ts';
import { ephemeral, type Reply } from '../reply.ts';
import type { EphemeralAnswer } from '../slack-client.ts';

const Payload = z.object({
  text: z.string().optional().default(''),
  user_id: z.string(),
  team_id: z.string(),
  channel_id: z.string(),
  trigger_id: z.string(),
  response_url: z.string().optional(),
});
type Payload = z.infer<typeof Payload>;

/** `/promote` and `/rollback`: reads the text, calls the desk, says what came of it. */
export async function runCommand(parts: BotParts, does: Promotion['kind'], body: Fields): Promise<Reply> {
  const payload = Payload.parse(body);
  if (payload.team_id !== parts.teamId) return ephemeral(refusalAnswer(strangers));
  const parsed = parseCommand(does, payload.text, parts.catalog);
  return parsed.outcome === 'refused'
    ? ephemeral(refusalAnswer(parsed.refusal))
    : carryOut(parts, parsed.command, payload);
}

export const strangers = {
  code: 'person.stranger',
  text: 'People of other workspaces cannot do this.',
  next: 'Ask somebody of the workspace that runs Countersign.',
};

async function carryOut(parts: BotParts, command: Command, payload: Payload): Promise<Reply> {
  const { desk, catalog } = parts;
  const person: Person = { teamId: parts.teamId, userId: payload.user_id };
  const dedupeKey = `command:${payload.trigger_id}`;
  switch (command.kind) {
    case 'help':
      return ephemeral(helpAnswer(catalog));
    case 'status':
      return ephemeral(statusAnswer(await desk.status(command.app, command.environment)));
    case 'ask':
      return askInForm(parts, command, payload);
    case 'plan': {
      const { kind: _kind, does, ...wanted } = command;
      return rehearse(parts, { kind: does, person, ...wanted }, payload);
    }
    case 'unlock': {
      const { kind: _kind, ...wanted } = command;
      return unlock(parts, { person, ...wanted }, payload);
    }
    case 'promote':
    case 'roll-back': {
      const { kind, ...wanted } = command;
      const request = {
        kind: kind === 'promote' ? 'promotion' : 'rollback',
        person,
        dedupeKey,
        ...wanted,
      } as const;
      return ephemeral(openAnswer(await desk.open(request)));
    }
  }
}

async function askInForm(
  parts: BotParts,
  command: Extract<Command, { kind: 'ask' }>,
  payload: Payload,
): Promise<Reply> {
  const view = requestForm(command.does, parts.catalog, command);
  if (view === undefined)
    return ephemeral(said(['No app is configured yet, so there is nothing to ask for.']));
  const opened = await parts.slack.openView({ triggerId: payload.trigger_id, view });
  if (opened.outcome === 'sent') return {};
  return ephemeral(
    said([
      'The form could not be opened, and nothing was started.',
      command.does === 'promotion'
        ? 'Try again, or write it out: `/promote APP VERSION [ENVIRONMENT]`.'
        : 'Try again, or write it out: `/rollback APP [ENVIRONMENT] [VERSION]`.',
    ]),
  );
}

/** A plan takes longer than Slack waits: it follows through the command's `response_url`. */
function rehearse(
  parts: BotParts,
  request: Parameters<BotParts['desk']['rehearse']>[0],
  payload: Payload,
): Reply {
  return answerLater(
    parts,
    payload,
    'Working out the plan; it follows here. Nothing is started.',
    async () => {
      try {
        return rehearsalAnswer(request, await parts.desk.rehearse(request));
      } catch (error) {
        parts.log.error({ error: error instanceof Error ? error.name : 'unknown' }, 'rehearsal failed');
        return said(['The plan could not be worked out. Nothing was started; try again in a while.']);
      }
    },
  );
}

/** Slack's directory is asked for two people, which may take longer than Slack waits. */
function unlock(
  parts: BotParts,
  request: Parameters<BotParts['desk']['unlock']>[0],
  payload: Payload,
): Reply {
  return answerLater(
    parts,
    payload,
    'Checking the lock and your right to free it; the answer follows here.',
    async () => {
      try {
        return unlockAnswer(request, await parts.desk.unlock(request));
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unexpected';
        parts.log.error({ code, error: error instanceof Error ? error.name : 'unknown' }, 'unlock failed');
        return unlockFailed(request, code);
      }
    },
  );
}

function answerLater(
  parts: BotParts,
  payload: Payload,
  meanwhile: string,
  work: () => Promise<EphemeralAnswer>,
): Reply {
  return {
    ...ephemeral(said([meanwhile])),
    after: async () =>
      tellPrivately(parts, payload.response_url, payload.channel_id, payload.user_id, await work()),
  };
}

/** Through the `response_url` while it is good, else as an ephemeral message; a lost answer is logged and no more. */
export async function tellPrivately(
  parts: Pick<BotParts, 'slack' | 'log'>,
  responseUrl: string | undefined,
  channel: string | undefined,
  userId: string,
  answer: EphemeralAnswer,
): Promise<void> {
  if (responseUrl !== undefined) {
    const responded = await parts.slack.respond(responseUrl, answer);
    // An unanswered call may have been heard: saying it twice is worse than once too few.
    if (responded.outcome === 'sent' || responded.outcome === 'unknown') return;
  }
  if (channel === undefined) return;
  const whispered = await parts.slack.whisper({ channel, userId, answer });
  if (whispered.outcome !== 'sent') parts.log.warn({ outcome: whispered.outcome }, 'private answer was lost');
}
