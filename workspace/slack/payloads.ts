/**
 * What Slack sends and answers, field for field: the keys are those of the samples in slackapi/java-slack-sdk, except
 * those of features that are not modelled (Enterprise Grid, workflow functions, unfurls, legacy attachments).
 */
import type { SlackChannel, SlackPerson, SlackView } from './control.ts';
import { app, partnerTeam, team } from './people.ts';
import type { StoredMessage, World } from './world.ts';

/** Deprecated by Slack since signing secrets, still sent by it; apps must not look at it. */
const verificationToken = 'tryoutworkspaceverification';

const userInPayload = (person: SlackPerson) => ({
  id: person.id,
  username: person.name,
  name: person.name,
  team_id: person.teamId,
});

const teamInPayload = () => ({ id: team.id, domain: team.domain });

const botProfile = () => ({
  id: app.botId,
  deleted: false,
  name: app.name,
  updated: 1_700_000_000,
  app_id: app.id,
  icons: { image_36: '', image_48: '', image_72: '' },
  team_id: team.id,
});

export function messageInPayload(world: World, message: StoredMessage): Record<string, unknown> {
  const isParent = message.threadTs === message.ts;
  const parent =
    message.threadTs === undefined || isParent ? undefined : world.message(message.channel, message.threadTs);
  const replies = isParent
    ? (world.data.messages[message.channel] ?? []).filter(
        (reply) => reply.threadTs === message.ts && reply !== message,
      )
    : [];
  const lastEdit = message.editsAtMs.at(-1);
  return {
    type: 'message',
    user: message.user,
    ts: message.ts,
    ...(message.fromApp
      ? { bot_id: app.botId, app_id: app.id, bot_profile: botProfile() }
      : { client_msg_id: message.ts }),
    text: message.text,
    team: world.person(message.user)?.teamId ?? team.id,
    ...(message.blocks.length > 0 ? { blocks: message.blocks } : {}),
    ...(message.metadata === undefined ? {} : { metadata: message.metadata }),
    ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
    ...(parent === undefined ? {} : { parent_user_id: parent.user }),
    ...(message.broadcast ? { subtype: 'thread_broadcast' } : {}),
    ...(isParent
      ? {
          reply_count: message.replyCount,
          reply_users: [...new Set(replies.map((reply) => reply.user))],
          reply_users_count: new Set(replies.map((reply) => reply.user)).size,
          latest_reply: message.latestReplyTs,
          is_locked: false,
          subscribed: false,
        }
      : {}),
    ...(message.markedEdited && lastEdit !== undefined
      ? { edited: { user: app.botUserId, ts: `${Math.floor(lastEdit / 1_000)}.000000` } }
      : {}),
  };
}

/** As an edit is answered: its `ts` stands beside it, and nothing is said of its thread. */
export function editedMessageInApi(world: World, message: StoredMessage): Record<string, unknown> {
  const said = [
    'type',
    'user',
    'text',
    'team',
    'bot_id',
    'app_id',
    'bot_profile',
    'blocks',
    'metadata',
    'edited',
  ];
  return Object.fromEntries(
    Object.entries(messageInPayload(world, message)).filter(([key]) => said.includes(key)),
  );
}

const plain = (text: string | undefined) =>
  text === undefined ? null : { type: 'plain_text', text, emoji: true };

export function viewInPayload(view: SlackView): Record<string, unknown> {
  return {
    id: view.id,
    team_id: team.id,
    type: view.type,
    blocks: view.blocks,
    private_metadata: view.privateMetadata,
    callback_id: view.callbackId,
    state: { values: view.values },
    hash: view.hash,
    title: plain(view.type === 'home' ? 'View Title' : view.title),
    clear_on_close: view.clearOnClose,
    notify_on_close: view.notifyOnClose,
    close: plain(view.closeLabel),
    submit: plain(view.submitLabel),
    submit_disabled: view.submitDisabled,
    previous_view_id: view.previousViewId ?? null,
    root_view_id: view.rootViewId,
    app_id: app.id,
    external_id: view.externalId,
    app_installed_team_id: team.id,
    bot_id: app.botId,
  };
}

const channelName = (channel: SlackChannel) => (channel.kind === 'direct' ? 'directmessage' : channel.name);

export function commandForm(input: {
  person: SlackPerson;
  channel: SlackChannel;
  command: string;
  text: string;
  responseUrl: string;
  triggerId: string;
}): Record<string, string> {
  return {
    token: verificationToken,
    team_id: team.id,
    team_domain: team.domain,
    channel_id: input.channel.id,
    channel_name: channelName(input.channel),
    user_id: input.person.id,
    user_name: input.person.name,
    command: input.command,
    text: input.text,
    api_app_id: app.id,
    is_enterprise_install: 'false',
    response_url: input.responseUrl,
    trigger_id: input.triggerId,
  };
}

const envelope = (type: string, person: SlackPerson) => ({
  type,
  team: teamInPayload(),
  user: userInPayload(person),
  api_app_id: app.id,
  token: verificationToken,
  enterprise: null,
  is_enterprise_install: false,
});

export interface MessagePlace {
  channel: SlackChannel;
  messageTs: string;
  threadTs?: string;
  ephemeral: boolean;
  message?: Record<string, unknown>;
}

const messageContainer = (place: MessagePlace) => ({
  container: {
    type: 'message',
    message_ts: place.messageTs,
    channel_id: place.channel.id,
    is_ephemeral: place.ephemeral,
    ...(place.threadTs === undefined ? {} : { thread_ts: place.threadTs }),
  },
  channel: { id: place.channel.id, name: channelName(place.channel) },
  ...(place.message === undefined ? {} : { message: place.message }),
});

const viewContainer = (view: SlackView) => ({
  container: { type: 'view', view_id: view.id },
  view: viewInPayload(view),
});

export function actionsOnMessage(
  person: SlackPerson,
  place: MessagePlace,
  details: { triggerId: string; responseUrl: string; state: unknown; actions: unknown[] },
): Record<string, unknown> {
  return {
    ...envelope('block_actions', person),
    ...messageContainer(place),
    trigger_id: details.triggerId,
    state: { values: details.state },
    response_url: details.responseUrl,
    actions: details.actions,
  };
}

export const actionsOnView = (
  person: SlackPerson,
  view: SlackView,
  details: { triggerId: string; actions: unknown[] },
): Record<string, unknown> => ({
  ...envelope('block_actions', person),
  ...viewContainer(view),
  trigger_id: details.triggerId,
  actions: details.actions,
});

export const suggestion = (
  person: SlackPerson,
  place: MessagePlace | SlackView,
  details: { actionId: string; blockId: string; value: string },
): Record<string, unknown> => ({
  ...envelope('block_suggestion', person),
  ...('messageTs' in place ? messageContainer(place) : viewContainer(place)),
  action_id: details.actionId,
  block_id: details.blockId,
  value: details.value,
});

export const viewSubmission = (
  person: SlackPerson,
  view: SlackView,
  triggerId: string,
): Record<string, unknown> => ({
  ...envelope('view_submission', person),
  trigger_id: triggerId,
  view: viewInPayload(view),
  response_urls: [],
});

export const viewClosed = (
  person: SlackPerson,
  view: SlackView,
  isCleared: boolean,
): Record<string, unknown> => ({
  ...envelope('view_closed', person),
  view: viewInPayload(view),
  is_cleared: isCleared,
});

export const globalShortcut = (
  person: SlackPerson,
  details: { callbackId: string; triggerId: string; actionTs: string },
): Record<string, unknown> => ({
  ...envelope('shortcut', person),
  callback_id: details.callbackId,
  trigger_id: details.triggerId,
  action_ts: details.actionTs,
});

export const eventCallback = (
  event: Record<string, unknown>,
  details: { eventId: string; nowMs: number },
): Record<string, unknown> => ({
  token: verificationToken,
  team_id: team.id,
  enterprise_id: null,
  context_team_id: team.id,
  context_enterprise_id: null,
  api_app_id: app.id,
  event,
  type: 'event_callback',
  event_id: details.eventId,
  event_time: Math.floor(details.nowMs / 1_000),
  authed_users: [app.botUserId],
  authed_teams: [team.id],
  authorizations: [
    {
      enterprise_id: null,
      team_id: team.id,
      user_id: app.botUserId,
      is_bot: true,
      is_enterprise_install: false,
    },
  ],
  is_ext_shared_channel: false,
  event_context: `4-${details.eventId}`,
});

/** A person as `users.info` and `users.list` answer; `is_stranger` follows from the channels shared with the app. */
export function userInApi(world: World, person: SlackPerson, withEmail: boolean): Record<string, unknown> {
  const external = person.teamId !== team.id;
  const sharesChannel = world.data.channels.some(
    (channel) => channel.members.includes(person.id) && channel.members.includes(app.botUserId),
  );
  const stranger = external && !sharesChannel;
  const guest = person.kind === 'guest' || person.kind === 'single-channel-guest';
  const profile = {
    title: stranger ? '' : person.title,
    real_name: person.realName,
    real_name_normalized: person.realName,
    display_name: person.name,
    display_name_normalized: person.name,
    avatar_hash: '',
    status_text: '',
    status_emoji: '',
    image_24: '',
    image_48: '',
    image_72: '',
    team: person.teamId,
    ...(withEmail && !external && person.kind !== 'bot' ? { email: person.email } : {}),
    ...(person.kind === 'bot' ? { bot_id: app.botId, api_app_id: app.id } : {}),
  };
  const common = {
    id: person.id,
    team_id: person.teamId,
    name: person.name,
    deleted: person.kind === 'deactivated',
    color: '9f69e7',
    real_name: person.realName,
    tz: person.timeZone,
    tz_label: person.timeZone,
    tz_offset: tzOffsetSeconds(person.timeZone, world.nowMs()),
    profile,
    is_bot: person.kind === 'bot',
    is_app_user: false,
    updated: 1_700_000_000,
    who_can_share_contact_card: 'EVERYONE',
  };
  if (external) return { ...common, is_stranger: stranger };
  if (person.kind === 'deactivated') return common;
  return {
    ...common,
    is_admin: false,
    is_owner: false,
    is_primary_owner: false,
    is_restricted: guest,
    is_ultra_restricted: person.kind === 'single-channel-guest',
    is_email_confirmed: person.isEmailConfirmed,
  };
}

function tzOffsetSeconds(timeZone: string, nowMs: number): number {
  const local = new Date(new Date(nowMs).toLocaleString('en-US', { timeZone }));
  const utc = new Date(new Date(nowMs).toLocaleString('en-US', { timeZone: 'UTC' }));
  return (local.getTime() - utc.getTime()) / 1_000;
}

export function channelInApi(channel: SlackChannel, withMemberCount: boolean): Record<string, unknown> {
  const created = 1_700_000_000;
  if (channel.kind === 'direct') {
    return {
      id: channel.id,
      created,
      is_im: true,
      is_archived: channel.archived,
      is_org_shared: false,
      user: channel.name,
      context_team_id: team.id,
      is_user_deleted: false,
    };
  }
  const isPrivate = channel.kind === 'private';
  return {
    id: channel.id,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: !isPrivate,
    is_group: isPrivate,
    is_im: false,
    is_mpim: false,
    is_private: isPrivate,
    is_archived: channel.archived,
    is_general: channel.name === 'general',
    is_shared: channel.sharedExternally,
    is_ext_shared: channel.sharedExternally,
    is_org_shared: false,
    is_pending_ext_shared: false,
    pending_shared: [],
    shared_team_ids: channel.sharedExternally ? [team.id, partnerTeam.id] : [team.id],
    context_team_id: team.id,
    is_member: channel.members.includes(app.botUserId),
    created,
    creator: channel.members[0] ?? '',
    unlinked: 0,
    topic: { value: '', creator: '', last_set: 0 },
    purpose: { value: '', creator: '', last_set: 0 },
    previous_names: [],
    ...(withMemberCount ? { num_members: channel.members.length } : {}),
  };
}
