/** People, groups and channels as the app may read them: what rights are checked against. */
import type { Arguments } from './arguments.ts';
import type { Method } from './chat-methods.ts';
import type { SlackChannel, SlackUserGroup } from './control.ts';
import { channelInApi, userInApi } from './payloads.ts';
import { app, team } from './people.ts';
import { SlackError } from './slack-error.ts';
import type { World } from './world.ts';

const pageSizeMax = 1_000;
const pageSizeDefault = 100;

const scopeFor: Record<SlackChannel['kind'], string> = {
  public: 'channels:read',
  private: 'groups:read',
  direct: 'im:read',
};

export function createDirectoryMethods(world: World): Record<string, Method> {
  const page = <Item>(items: Item[], args: Arguments): { items: Item[]; next: string } => {
    const limit = args.has('limit') ? Number(args.text('limit')) : pageSizeDefault;
    if (!Number.isInteger(limit) || limit < 1 || limit > pageSizeMax) throw new SlackError('invalid_limit');
    const decoded = Buffer.from(args.text('cursor'), 'base64').toString();
    const match = args.has('cursor') ? /^next:(\d+)$/.exec(decoded) : undefined;
    if (match === null) throw new SlackError('invalid_cursor');
    const start = Number(match?.[1] ?? 0);
    const end = start + limit;
    return {
      items: items.slice(start, end),
      next: end < items.length ? Buffer.from(`next:${end}`).toString('base64') : '',
    };
  };

  const requireScope = (needed: string) => {
    if (!world.data.scopes.includes(needed))
      throw new SlackError('missing_scope', [], { needed, provided: world.data.scopes.join(',') });
  };

  const visible = (id: string): SlackChannel => {
    const channel = id.startsWith('#') ? undefined : world.channel(id);
    const isMember = channel?.members.includes(app.botUserId) === true;
    if (channel === undefined || (channel.kind !== 'public' && !isMember))
      throw new SlackError('channel_not_found');
    requireScope(scopeFor[channel.kind]);
    return channel;
  };

  const withEmail = () => world.data.scopes.includes('users:read.email');

  const groupInApi = (group: SlackUserGroup, args: Arguments) => ({
    id: group.id,
    team_id: team.id,
    is_usergroup: true,
    is_subteam: true,
    name: group.name,
    description: '',
    handle: group.handle,
    is_external: false,
    date_create: 1_700_000_000,
    date_update: 1_700_000_000,
    date_delete: group.disabled ? 1_700_000_000 : 0,
    auto_type: null,
    created_by: group.members[0] ?? null,
    updated_by: group.members[0] ?? null,
    deleted_by: null,
    prefs: { channels: [], groups: [] },
    ...(args.flag('include_users') ? { users: group.members } : {}),
    ...(args.flag('include_count') ? { user_count: group.members.length } : {}),
  });

  return {
    'auth.test': () => ({
      url: `https://${team.domain}.slack.com/`,
      team: team.name,
      user: app.name,
      team_id: team.id,
      user_id: app.botUserId,
      bot_id: app.botId,
      is_enterprise_install: false,
    }),

    'users.info'(args) {
      const person = world.person(args.text('user'));
      if (person === undefined) throw new SlackError('user_not_found');
      return { user: userInApi(world, person, withEmail()) };
    },

    'users.list'(args) {
      const listed = world.data.people.filter((person) => person.kind !== 'stranger');
      const { items, next } = page(listed, args);
      return {
        members: items.map((person) => userInApi(world, person, withEmail())),
        cache_ts: Math.floor(world.nowMs() / 1_000),
        response_metadata: { next_cursor: next },
      };
    },

    'usergroups.list': (args) => ({
      usergroups: world.data.groups
        .filter((group) => !group.disabled || args.flag('include_disabled'))
        .map((group) => groupInApi(group, args)),
    }),

    'usergroups.users.list'(args) {
      const group = world.data.groups.find((candidate) => candidate.id === args.text('usergroup'));
      if (group === undefined || (group.disabled && !args.flag('include_disabled')))
        throw new SlackError('no_such_subteam');
      return { users: [...group.members] };
    },

    'conversations.info': (args) => ({
      channel: channelInApi(visible(args.text('channel')), args.flag('include_num_members')),
    }),

    'conversations.list'(args) {
      const kinds: Record<string, SlackChannel['kind'] | undefined> = {
        public_channel: 'public',
        private_channel: 'private',
        im: 'direct',
        mpim: undefined,
      };
      const types = (args.text('types') || 'public_channel').split(',').map((type) => type.trim());
      if (types.some((type) => !(type in kinds))) throw new SlackError('invalid_types');
      for (const type of types)
        requireScope(type === 'mpim' ? 'mpim:read' : scopeFor[kinds[type] ?? 'public']);
      const listed = world.data.channels.filter(
        (channel) =>
          types.some((type) => kinds[type] === channel.kind) &&
          (channel.kind === 'public' || channel.members.includes(app.botUserId)) &&
          !(args.flag('exclude_archived') && channel.archived),
      );
      const { items, next } = page(listed, args);
      return {
        channels: items.map((channel) => channelInApi(channel, true)),
        response_metadata: { next_cursor: next },
      };
    },

    'conversations.members'(args) {
      const { items, next } = page(visible(args.text('channel')).members, args);
      return { members: items, response_metadata: { next_cursor: next } };
    },

    'conversations.open'(args) {
      requireScope('im:write');
      if (args.has('channel')) {
        const channel = world.channel(args.text('channel'));
        if (channel?.kind !== 'direct') throw new SlackError('channel_not_found');
        return { channel: { id: channel.id }, no_op: true, already_open: true };
      }
      const users = args.text('users').split(',').filter(Boolean);
      if (users.length === 0) throw new SlackError('users_list_not_supplied');
      if (users.length > 1)
        throw new SlackError('method_not_supported_for_channel_type', [
          '[ERROR] group direct messages are not modelled by this stand-in',
        ]);
      const person = world.person(users[0] ?? '');
      if (person === undefined || person.teamId !== team.id || person.kind === 'bot')
        throw new SlackError('user_not_found');
      if (person.kind === 'deactivated') throw new SlackError('user_disabled');
      return { channel: { id: world.directMessage(person.id).id }, no_op: false, already_open: false };
    },
  };
}
