/** `chat.*`: what the app posts, edits and deletes, with the refusals its authors meet in production. */
import { z } from 'zod';
import type { Arguments } from './arguments.ts';
import { checkBlocks } from './block-kit.ts';
import type { SlackBlock, SlackChannel, SlackMessage } from './control.ts';
import { deleteMessage, editMessage, postEphemeral, postMessage } from './messages.ts';
import { editedMessageInApi, messageInPayload } from './payloads.ts';
import { app, team } from './people.ts';
import { SlackError } from './slack-error.ts';
import type { StoredMessage, World } from './world.ts';

export type Method = (args: Arguments) => Record<string, unknown>;

/** `chat.update` answers `msg_too_long` above this. */
const editedTextMax = 4_000;
/** `chat.postMessage` cuts here. */
const postedTextMax = 40_000;
/**
 * All blocks of a post together, as JSON. Slack writes this down nowhere; measured by others: slackapi/bolt-js issues
 * 2509 and 2867. Whether an edit is refused alike nobody has said.
 */
const postedBlocksMax = 13_200;

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const metadataSchema = z.object({
  event_type: z.string().min(1),
  event_payload: z.record(
    z.string(),
    z.union([scalar, z.array(scalar), z.record(z.string(), z.union([scalar, z.array(scalar)]))]),
  ),
});

const parseMetadata = (args: Arguments): SlackMessage['metadata'] | null | undefined => {
  const value = args.object('metadata', 'invalid_metadata_format');
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SlackError('invalid_metadata_format');
  if (Object.keys(value).length === 0) return null;
  const outline = z.object({ event_type: z.string(), event_payload: z.looseObject({}) }).safeParse(value);
  if (!outline.success) throw new SlackError('invalid_metadata_format');
  const parsed = metadataSchema.safeParse(value);
  if (!parsed.success) throw new SlackError('invalid_metadata_schema');
  return parsed.data;
};

/** The reasons are Slack's where Slack has one; what is only missing here says so in its message. */
const refuseUnmodelled = (args: Arguments) => {
  for (const key of ['username', 'icon_emoji', 'icon_url']) {
    if (args.has(key))
      throw new SlackError('missing_scope', [], { needed: 'chat:write.customize', provided: '' });
  }
  for (const key of ['attachments', 'markdown_text', 'link_names', 'file_ids', 'unfurled_attachments']) {
    const empty = args.raw[key] === '[]' || args.raw[key] === false || args.raw[key] === 'false';
    if (args.has(key) && !empty)
      throw new SlackError('invalid_arguments', [
        `[ERROR] ${key} is not modelled by this stand-in [json-pointer:/${key}]`,
      ]);
  }
  if (args.has('parse') && args.text('parse') !== 'none')
    throw new SlackError('invalid_arguments', [
      '[ERROR] parse is not modelled by this stand-in [json-pointer:/parse]',
    ]);
};

const refuseAsUser = (args: Arguments) => {
  if (args.flag('as_user'))
    throw new SlackError('invalid_arguments', [
      '[ERROR] as_user is not modelled by this stand-in [json-pointer:/as_user]',
    ]);
};

export function createChatMethods(world: World): Record<string, Method> {
  const parseBlocks = (args: Arguments): SlackBlock[] | undefined => {
    const value = args.object('blocks', 'invalid_blocks_format');
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) throw new SlackError('invalid_blocks_format');
    const checked = checkBlocks(value, 'message', () => world.nextId('b'));
    if (!checked.ok) throw new SlackError('invalid_blocks', checked.errors);
    return checked.value;
  };

  const known = (idOrName: string): SlackChannel => {
    const channel = world.channel(idOrName);
    const visible =
      channel !== undefined && (channel.kind === 'public' || channel.members.includes(app.botUserId));
    if (!visible) throw new SlackError('channel_not_found');
    return channel;
  };

  /** A person's id opens the direct message with them. */
  const postable = (idOrName: string): SlackChannel => {
    if (idOrName.startsWith('U')) {
      const person = world.person(idOrName);
      if (person === undefined || person.teamId !== team.id) throw new SlackError('channel_not_found');
      if (person.kind === 'bot' || person.kind === 'deactivated') throw new SlackError('channel_not_found');
      return world.directMessage(person.id);
    }
    const channel = known(idOrName);
    if (channel.archived) throw new SlackError('is_archived');
    if (!channel.members.includes(app.botUserId)) throw new SlackError('not_in_channel');
    return channel;
  };

  const own = (channel: SlackChannel, ts: string, otherwise: string): StoredMessage => {
    const message = world.message(channel.id, ts);
    if (message === undefined || message.tombstone) throw new SlackError('message_not_found');
    if (!message.fromApp) throw new SlackError(otherwise);
    return message;
  };

  const content = (args: Arguments) => {
    const blocks = parseBlocks(args);
    const text = args.text('text');
    if (text === '' && (blocks === undefined || blocks.length === 0)) throw new SlackError('no_text');
    return { text, blocks: blocks ?? [] };
  };

  return {
    'chat.postMessage'(args) {
      if (args.flag('as_user')) throw new SlackError('as_user_not_supported');
      refuseUnmodelled(args);
      const channel = postable(args.text('channel'));
      const { text, blocks } = content(args);
      if (JSON.stringify(blocks).length > postedBlocksMax) throw new SlackError('msg_blocks_too_long');
      const metadata = parseMetadata(args) ?? undefined;
      const message = postMessage(world, {
        channel,
        user: app.botUserId,
        text: text.slice(0, postedTextMax),
        blocks,
        ...(metadata === undefined ? {} : { metadata }),
        ...(args.has('thread_ts') ? { threadTs: args.text('thread_ts') } : {}),
        broadcast: args.flag('reply_broadcast'),
      });
      return { channel: channel.id, ts: message.ts, message: messageInPayload(world, message) };
    },

    'chat.update'(args) {
      if (args.flag('as_user')) throw new SlackError('as_user_not_supported');
      refuseUnmodelled(args);
      const channel = known(args.text('channel'));
      const message = own(channel, args.text('ts'), 'cant_update_message');
      if (channel.archived) throw new SlackError('is_inactive');
      const { text, blocks } = content(args);
      if (text.length > editedTextMax) throw new SlackError('msg_too_long');
      const metadata = parseMetadata(args);
      if (args.flag('reply_broadcast')) {
        if (message.threadTs === undefined || message.threadTs === message.ts)
          throw new SlackError('cant_broadcast_message');
        message.broadcast = true;
      }
      editMessage(world, message, { text, blocks, ...(metadata === undefined ? {} : { metadata }) });
      return { channel: channel.id, ts: message.ts, text, message: editedMessageInApi(world, message) };
    },

    'chat.postEphemeral'(args) {
      refuseAsUser(args);
      refuseUnmodelled(args);
      const channel = known(args.text('channel'));
      if (channel.archived) throw new SlackError('is_archived');
      if (!channel.members.includes(app.botUserId)) throw new SlackError('not_in_channel');
      const user = args.text('user');
      const person = world.person(user);
      if (person === undefined || person.kind === 'deactivated' || !channel.members.includes(user))
        throw new SlackError('user_not_in_channel');
      const { text, blocks } = content(args);
      if (text.length > editedTextMax) throw new SlackError('msg_too_long');
      if (args.has('thread_ts') && world.message(channel.id, args.text('thread_ts')) === undefined)
        throw new SlackError('cannot_reply_to_message');
      const ephemeral = postEphemeral(world, {
        channel: channel.id,
        user,
        text,
        blocks,
        ...(args.has('thread_ts') ? { threadTs: args.text('thread_ts') } : {}),
      });
      return { message_ts: ephemeral.ts };
    },

    'chat.delete'(args) {
      refuseAsUser(args);
      const channel = known(args.text('channel'));
      const message = own(channel, args.text('ts'), 'cant_delete_message');
      deleteMessage(world, message);
      return { channel: channel.id, ts: message.ts };
    },

    'chat.getPermalink'(args) {
      const channel = known(args.text('channel'));
      const message = world.message(channel.id, args.text('message_ts'));
      if (message === undefined) throw new SlackError('message_not_found');
      const base = `https://${team.domain}.slack.com/archives/${channel.id}/p${message.ts.replace('.', '')}`;
      const inThread = message.threadTs !== undefined && message.threadTs !== message.ts;
      return {
        channel: channel.id,
        permalink: inThread ? `${base}?thread_ts=${message.threadTs}&cid=${channel.id}` : base,
      };
    },
  };
}
