/**
 * What each modelled method of the Web API asks for: rate tier, bot scopes (any one of them), required and known
 * arguments, and whether a JSON body is read at all. From slack-ruby/slack-api-ref (MIT), 2026-08-20; a test
 * compares the two where that data is at hand.
 */
export interface MethodFacts {
  tier: 'special' | 2 | 3 | 4;
  scopes: readonly string[];
  required: readonly string[];
  known: readonly string[];
  /** False: a JSON body is ignored, so every argument is missing. */
  acceptsJson: boolean;
  /** Takes an app-level token instead of a bot token. */
  appToken?: true;
}

const message = [
  'as_user',
  'attachments',
  'blocks',
  'channel',
  'icon_emoji',
  'icon_url',
  'link_names',
  'markdown_text',
  'metadata',
  'parse',
  'text',
  'thread_ts',
  'username',
] as const;
const readsChannels = ['channels:read', 'groups:read', 'im:read', 'mpim:read'];

export const methods: Readonly<Record<string, MethodFacts>> = {
  'auth.test': { tier: 'special', scopes: [], required: [], known: [], acceptsJson: true },
  'apps.connections.open': {
    tier: 3,
    scopes: ['connections:write'],
    required: [],
    known: [],
    acceptsJson: true,
    appToken: true,
  },
  'chat.postMessage': {
    tier: 'special',
    scopes: ['chat:write'],
    required: ['channel'],
    known: [
      ...message,
      'current_draft_last_updated_ts',
      'mrkdwn',
      'reply_broadcast',
      'unfurl_links',
      'unfurl_media',
    ],
    acceptsJson: true,
  },
  'chat.update': {
    tier: 3,
    scopes: ['chat:write'],
    required: ['channel', 'ts'],
    known: [
      'as_user',
      'attachments',
      'unfurled_attachments',
      'blocks',
      'markdown_text',
      'metadata',
      'channel',
      'link_names',
      'parse',
      'text',
      'ts',
      'reply_broadcast',
      'file_ids',
    ],
    acceptsJson: true,
  },
  'chat.postEphemeral': {
    tier: 4,
    scopes: ['chat:write'],
    required: ['channel', 'user'],
    known: [...message, 'user'],
    acceptsJson: true,
  },
  'chat.delete': {
    tier: 3,
    scopes: ['chat:write'],
    required: ['channel', 'ts'],
    known: ['as_user', 'channel', 'ts'],
    acceptsJson: true,
  },
  'chat.getPermalink': {
    tier: 'special',
    scopes: [],
    required: ['channel', 'message_ts'],
    known: ['channel', 'message_ts'],
    acceptsJson: false,
  },
  'views.open': {
    tier: 4,
    scopes: [],
    required: ['view'],
    known: ['trigger_id', 'interactivity_pointer', 'view'],
    acceptsJson: true,
  },
  'views.push': {
    tier: 4,
    scopes: [],
    required: ['view'],
    known: ['trigger_id', 'interactivity_pointer', 'view'],
    acceptsJson: true,
  },
  'views.update': {
    tier: 4,
    scopes: [],
    required: ['view'],
    known: ['view_id', 'external_id', 'view', 'hash'],
    acceptsJson: true,
  },
  'views.publish': {
    tier: 4,
    scopes: [],
    required: ['user_id', 'view'],
    known: ['user_id', 'view', 'hash', 'interactivity_pointer'],
    acceptsJson: true,
  },
  'users.info': {
    tier: 4,
    scopes: ['users:read'],
    required: ['user'],
    known: ['include_locale', 'user'],
    acceptsJson: false,
  },
  'users.list': {
    tier: 2,
    scopes: ['users:read'],
    required: [],
    known: ['cursor', 'include_locale', 'limit', 'team_id'],
    acceptsJson: false,
  },
  'usergroups.list': {
    tier: 2,
    scopes: ['usergroups:read'],
    required: [],
    known: ['include_count', 'include_disabled', 'include_users', 'team_id'],
    acceptsJson: false,
  },
  'usergroups.users.list': {
    tier: 2,
    scopes: ['usergroups:read'],
    required: ['usergroup'],
    known: ['include_disabled', 'usergroup', 'team_id'],
    acceptsJson: false,
  },
  'conversations.info': {
    tier: 3,
    scopes: readsChannels,
    required: ['channel'],
    known: ['channel', 'include_locale', 'include_num_members'],
    acceptsJson: false,
  },
  'conversations.list': {
    tier: 2,
    scopes: readsChannels,
    required: [],
    known: ['cursor', 'exclude_archived', 'limit', 'team_id', 'types'],
    acceptsJson: false,
  },
  'conversations.members': {
    tier: 4,
    scopes: readsChannels,
    required: ['channel'],
    known: ['channel', 'cursor', 'limit'],
    acceptsJson: false,
  },
  'conversations.open': {
    tier: 3,
    scopes: ['channels:manage', 'groups:write', 'im:write', 'mpim:write'],
    required: [],
    known: ['channel', 'return_im', 'users', 'prevent_creation'],
    acceptsJson: true,
  },
};
