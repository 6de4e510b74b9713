/**
 * `response_url`s: five answers within thirty (virtual) minutes to the place a command or click came from. They need
 * no token and no membership, so an app must treat them as secrets; a private message can never become public.
 */
import { z } from 'zod';
import { checkBlocks } from './block-kit.ts';
import type { SlackBlock, SlackEphemeral } from './control.ts';
import { deleteMessage, editMessage, postEphemeral, postMessage } from './messages.ts';
import { app } from './people.ts';
import { SlackError } from './slack-error.ts';
import type { World } from './world.ts';

const usesMax = 5;
const lifetimeMs = 30 * 60_000;

export interface ResponsePlace {
  user: string;
  channel: string;
  /** The message that was clicked; neither for a command. */
  messageTs?: string;
  ephemeralId?: string;
}

const answerSchema = z.object({
  response_type: z.enum(['ephemeral', 'in_channel']).optional(),
  text: z.string().optional(),
  blocks: z.unknown().optional(),
  replace_original: z.union([z.boolean(), z.enum(['true', 'false'])]).optional(),
  delete_original: z.union([z.boolean(), z.enum(['true', 'false'])]).optional(),
  thread_ts: z.string().optional(),
  metadata: z.unknown().optional(),
});
type Answer = z.infer<typeof answerSchema>;

export interface ResponseUrls {
  /** The last part of the address. */
  issue(place: ResponsePlace): string;
  answer(id: string, body: string): { httpStatus: number; body: Record<string, unknown> };
}

export interface ParsedAnswer {
  responseType: 'ephemeral' | 'in_channel';
  text: string;
  blocks: SlackBlock[];
}

/** The part commands' acknowledgements and response URLs share. Throws `invalid_blocks` or `no_text`. */
export function parseAnswer(world: World, answer: Answer): ParsedAnswer {
  const raw = typeof answer.blocks === 'string' ? parseJson(answer.blocks) : (answer.blocks ?? []);
  const checked = checkBlocks(raw, 'message', () => world.nextId('b'));
  if (!checked.ok) throw new SlackError('invalid_blocks', checked.errors);
  const text = answer.text ?? '';
  if (text === '' && checked.value.length === 0) throw new SlackError('no_text');
  return { responseType: answer.response_type ?? 'ephemeral', text, blocks: checked.value };
}

export const parseAnswerBody = (body: unknown): Answer | undefined => answerSchema.safeParse(body).data;

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const isSet = (flag: boolean | 'true' | 'false' | undefined) => flag === true || flag === 'true';

export function createResponseUrls(world: World): ResponseUrls {
  const issued = new Map<string, ResponsePlace & { atMs: number; uses: number; lastEphemeralId?: string }>();

  const remove = (place: ResponsePlace): void => {
    if (place.ephemeralId !== undefined) {
      world.data.ephemerals = world.data.ephemerals.filter((ephemeral) => ephemeral.id !== place.ephemeralId);
      world.changed();
    } else if (place.messageTs !== undefined) {
      const message = world.message(place.channel, place.messageTs);
      if (message === undefined) throw new SlackError('message_not_found');
      deleteMessage(world, message);
    } else throw new SlackError('cant_delete_message');
  };

  const replaceEphemeral = (id: string, answer: ParsedAnswer): SlackEphemeral | undefined => {
    const ephemeral = world.data.ephemerals.find((candidate) => candidate.id === id);
    if (ephemeral === undefined) return undefined;
    ephemeral.text = answer.text;
    ephemeral.blocks = answer.blocks;
    world.changed();
    return ephemeral;
  };

  return {
    issue(place) {
      const id = crypto.randomUUID().replaceAll('-', '');
      issued.set(id, { ...place, atMs: world.nowMs(), uses: 0 });
      return id;
    },
    answer(id, body) {
      const place = issued.get(id);
      if (place === undefined) return { httpStatus: 404, body: { ok: false, error: 'no_such_url' } };
      if (world.nowMs() - place.atMs > lifetimeMs)
        return { httpStatus: 404, body: { ok: false, error: 'expired_url' } };
      if (place.uses >= usesMax) return { httpStatus: 404, body: { ok: false, error: 'used_url' } };
      const answer = parseAnswerBody(parseJson(body));
      if (answer === undefined) return { httpStatus: 400, body: { ok: false, error: 'invalid_payload' } };
      place.uses += 1;
      try {
        if (isSet(answer.delete_original)) {
          remove(place);
          return { httpStatus: 200, body: { ok: true } };
        }
        const parsed = parseAnswer(world, answer);
        // A command has no message of its own to replace, only what was answered to it before.
        const privateId =
          place.ephemeralId ?? (place.messageTs === undefined ? place.lastEphemeralId : undefined);
        if (isSet(answer.replace_original)) {
          const message =
            place.messageTs === undefined ? undefined : world.message(place.channel, place.messageTs);
          if (message !== undefined && place.ephemeralId === undefined) {
            editMessage(world, message, { text: parsed.text, blocks: parsed.blocks });
            return { httpStatus: 200, body: { ok: true } };
          }
          if (privateId !== undefined && replaceEphemeral(privateId, parsed) !== undefined)
            return { httpStatus: 200, body: { ok: true } };
          if (place.messageTs !== undefined) throw new SlackError('message_not_found');
        }
        // A click inside a thread is answered in the channel unless the answer itself names the thread.
        const threadTs = answer.thread_ts;
        const channel = world.channel(place.channel);
        if (channel === undefined) throw new SlackError('channel_not_found');
        if (parsed.responseType === 'in_channel') {
          postMessage(world, {
            channel,
            user: app.botUserId,
            text: parsed.text,
            blocks: parsed.blocks,
            ...(threadTs === undefined ? {} : { threadTs }),
          });
        } else {
          place.lastEphemeralId = postEphemeral(world, {
            channel: place.channel,
            user: place.user,
            text: parsed.text,
            blocks: parsed.blocks,
            ...(threadTs === undefined ? {} : { threadTs }),
          }).id;
        }
        return { httpStatus: 200, body: { ok: true } };
      } catch (error) {
        if (!(error instanceof SlackError)) throw error;
        return {
          httpStatus: error.code === 'invalid_blocks' || error.code === 'no_text' ? 400 : 404,
          body: { ok: false, error: error.code, response_metadata: { messages: error.messages } },
        };
      }
    },
  };
}
