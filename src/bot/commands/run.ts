import { z } from 'zod';
import type { OpenAnswer } from '../../flows/desk.ts';
import type { Person, Promotion } from '../../flows/promotion/promotion.ts';
import { type Command, parseCommand } from '../command.ts';
import type { Delivery } from '../delivery.ts';
import type { Errand, Privately } from '../errands.ts';
import type { Fields } from '../gate.ts';
import { openAnswer, refusalAnswer, said } from '../messages/answers.ts';
import { helpAnswer } from '../messages/help.ts';
import { requestForm } from '../messages/modal.ts';
import { statusAnswer } from '../messages/status.ts';
import type { BotParts } from '../parts.ts';
import { ephemeral, privatelyOf, type Reply } from '../reply.ts';

const Payload = z.object({
  text: z.string().optional().default(''),
  user_id: z.string(),
  team_id: z.string(),
  trigger_id: z.string(),
});
type Payload = z.infer<typeof Payload>;

/** `/promote` and `/rollback`: reads the text, calls the desk, says what came of it. */
export async function runCommand(
  parts: BotParts,
  does: Promotion['kind'],
  body: Fields,
  delivery: Delivery,
): Promise<Reply> {
  const payload = Payload.parse(body);
  if (payload.team_id !== parts.teamId) return ephemeral(refusalAnswer(strangers));
  const parsed = parseCommand(does, payload.text, parts.catalog);
  return parsed.outcome === 'refused'
    ? ephemeral(refusalAnswer(parsed.refusal))
    : carryOut(parts, parsed.command, payload, delivery, privatelyOf(body));
}

export const strangers = {
  code: 'person.stranger',
  text: 'People of other workspaces cannot do this.',
  next: 'Ask somebody of the workspace that runs Countersign.',
};

async function carryOut(
  parts: BotParts,
  command: Command,
  payload: Payload,
  delivery: Delivery,
  to: Privately,
): Promise<Reply> {
  const { desk, catalog } = parts;
  const person: Person = { teamId: parts.teamId, userId: payload.user_id };
  const dedupeKey = `command:${payload.trigger_id}`;
  switch (command.kind) {
    case 'help':
      return ephemeral(helpAnswer(catalog));
    case 'status':
      return delivery.asked(async () =>
        ephemeral(statusAnswer(await desk.status(command.app, command.environment))),
      );
    case 'ask':
      return askInForm(parts, command, payload);
    case 'plan': {
      const { kind: _kind, does, ...wanted } = command;
      return follows('Working out the plan; it follows here. Nothing is started.', {
        does: 'rehearse',
        to,
        request: { kind: does, person, ...wanted },
      });
    }
    case 'unlock': {
      const { kind: _kind, ...wanted } = command;
      return follows('Checking the lock and your right to free it; the answer follows here.', {
        does: 'unlock',
        to,
        request: { person, ...wanted },
      });
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
      return delivery.decided<OpenAnswer>(
        (close) => desk.open(request, close),
        (answer) => ephemeral(openAnswer(answer)),
      );
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

/** What takes longer than Slack waits follows in private. */
const follows = (meanwhile: string, errand: Errand): Reply => ({
  ...ephemeral(said([meanwhile])),
  errands: [errand],
});
