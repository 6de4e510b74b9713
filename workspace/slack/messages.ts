/** Messages, threads and private messages: how they are stored, edited and deleted, and whom they notify. */
import type { SlackBlock, SlackChannel, SlackEphemeral, SlackMessage, SlackNotification } from './control.ts';
import { app } from './people.ts';
import { SlackError } from './slack-error.ts';
import type { StoredMessage, World } from './world.ts';

export interface MessageContent {
  text: string;
  blocks: SlackBlock[];
  metadata?: SlackMessage['metadata'];
}

const versionsKept = 50;

/**
 * Everything in blocks that Slack turns into a mention. Plain text is not parsed, and neither is the fallback `text`
 * of a message that has blocks: whether Slack notifies for that one is not documented, so only what is sure counts.
 */
const mentionSource = (content: MessageContent): string => {
  if (content.blocks.length === 0) return content.text;
  const parts: string[] = [];
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) walk(item);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    const fields = new Map(Object.entries(value));
    const type = fields.get('type');
    if ((type === 'mrkdwn' || type === 'markdown') && typeof fields.get('text') === 'string') {
      parts.push(String(fields.get('text')));
      return;
    }
    if (type === 'user') parts.push(`<@${String(fields.get('user_id'))}>`);
    if (type === 'usergroup') parts.push(`<!subteam^${String(fields.get('usergroup_id'))}>`);
    if (type === 'broadcast') parts.push(`<!${String(fields.get('range'))}>`);
    for (const [key, inner] of fields) {
      if (key !== 'confirm' && key !== 'options') walk(inner);
    }
  };
  walk(content.blocks);
  return parts.join('\n');
};

const notified = (
  world: World,
  channel: SlackChannel,
  content: MessageContent,
): Map<string, SlackNotification['because']> => {
  const found = new Map<string, SlackNotification['because']>();
  const add = (user: string, because: SlackNotification['because']) => {
    const person = world.person(user);
    if (person === undefined || person.kind === 'bot' || person.kind === 'deactivated') return;
    if (channel.members.includes(user) && !found.has(user)) found.set(user, because);
  };
  const source = mentionSource(content);
  for (const match of source.matchAll(/<@(U[A-Z0-9]+)(?:\|[^>]*)?>/g)) add(match[1] ?? '', 'mention');
  for (const match of source.matchAll(/<!subteam\^(S[A-Z0-9]+)(?:\|[^>]*)?>/g)) {
    const group = world.data.groups.find((candidate) => candidate.id === match[1] && !candidate.disabled);
    for (const user of group?.members ?? []) add(user, 'group');
  }
  if (/<!(?:channel|here|everyone)(?:\|[^>]*)?>/.test(source)) {
    for (const user of channel.members) add(user, 'channel');
  }
  if (channel.kind === 'direct') for (const user of channel.members) add(user, 'direct');
  return found;
};

export interface PostInput extends MessageContent {
  channel: SlackChannel;
  user: string;
  threadTs?: string;
  broadcast?: boolean;
}

/** Throws `cannot_reply_to_message` where `threadTs` is no parent of this channel. */
export function postMessage(world: World, input: PostInput): StoredMessage {
  const list = world.data.messages[input.channel.id] ?? [];
  world.data.messages[input.channel.id] = list;
  const ts = world.nextTs();
  const parent =
    input.threadTs === undefined ? undefined : list.find((message) => message.ts === input.threadTs);
  if (input.threadTs !== undefined) {
    const isReply = parent?.threadTs !== undefined && parent.threadTs !== parent.ts;
    if (parent === undefined || isReply) throw new SlackError('cannot_reply_to_message');
    parent.threadTs = parent.ts;
    parent.replyCount += 1;
    parent.latestReplyTs = ts;
  }
  const atMs = world.nowMs();
  const message: StoredMessage = {
    channel: input.channel.id,
    ts,
    ...(input.threadTs === undefined ? {} : { threadTs: input.threadTs }),
    broadcast: input.broadcast === true && input.threadTs !== undefined,
    user: input.user,
    fromApp: input.user === app.botUserId,
    text: input.text,
    blocks: input.blocks,
    ...(input.metadata === undefined ? {} : { metadata: input.metadata }),
    atMs,
    editsAtMs: [],
    markedEdited: false,
    replyCount: 0,
    tombstone: false,
    versions: [{ atMs, text: input.text, blocks: input.blocks }],
  };
  list.push(message);
  for (const [user, because] of notified(world, input.channel, input)) {
    if (user === input.user) continue;
    world.data.notifications.push({
      user,
      channel: input.channel.id,
      ts,
      because,
      text: input.text,
      atMs,
      read: false,
    });
  }
  world.changed();
  return message;
}

export interface Edit {
  text: string;
  blocks: SlackBlock[];
  /** Undefined keeps what is there, null removes it. */
  metadata?: SlackMessage['metadata'] | null;
}

const hasRichText = (blocks: SlackBlock[]) => blocks.some((block) => block.type === 'rich_text');

/** Notifies nobody. Throws `block_mismatch` where a rich_text message would cease to be one. */
export function editMessage(world: World, message: StoredMessage, edit: Edit): void {
  if (hasRichText(message.blocks) && !hasRichText(edit.blocks)) throw new SlackError('block_mismatch');
  const atMs = world.nowMs();
  message.text = edit.text;
  message.blocks = edit.blocks;
  if (edit.metadata === null) delete message.metadata;
  else if (edit.metadata !== undefined) message.metadata = edit.metadata;
  message.editsAtMs.push(atMs);
  message.markedEdited = edit.blocks.length === 0;
  message.versions.push({ atMs, text: edit.text, blocks: edit.blocks });
  message.versions.splice(0, Math.max(0, message.versions.length - versionsKept));
  world.changed();
}

/** A parent with replies leaves a tombstone, so that its thread stays; anything else is gone. */
export function deleteMessage(world: World, message: StoredMessage): void {
  const list = world.data.messages[message.channel] ?? [];
  if (message.replyCount > 0) {
    message.tombstone = true;
    message.text = 'This message was deleted.';
    message.blocks = [];
    delete message.metadata;
  } else {
    world.data.messages[message.channel] = list.filter((candidate) => candidate !== message);
    const parent =
      message.threadTs === undefined
        ? undefined
        : list.find((candidate) => candidate.ts === message.threadTs);
    if (parent !== undefined) parent.replyCount = Math.max(0, parent.replyCount - 1);
  }
  world.data.notifications = world.data.notifications.filter(
    (notification) => notification.ts !== message.ts || notification.channel !== message.channel,
  );
  world.changed();
}

/** Seen by one person only; it notifies nobody and no method of the Web API reaches it again. */
export function postEphemeral(
  world: World,
  input: MessageContent & { channel: string; user: string; threadTs?: string },
): SlackEphemeral {
  const ephemeral: SlackEphemeral = {
    id: world.nextId('E'),
    channel: input.channel,
    user: input.user,
    ts: world.nextTs(),
    ...(input.threadTs === undefined ? {} : { threadTs: input.threadTs }),
    text: input.text,
    blocks: input.blocks,
    atMs: world.nowMs(),
  };
  world.data.ephemerals.push(ephemeral);
  world.changed();
  return ephemeral;
}

/** The message without what only the stand-in keeps. */
export function visibleMessage(message: StoredMessage): SlackMessage {
  const { versions: _versions, ...visible } = message;
  return structuredClone(visible);
}
