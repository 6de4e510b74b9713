/** What the stand-in remembers: one plain JSON value, with the ways to look things up in it and to hear of changes. */
import { z } from 'zod';
import type {
  SlackBlock,
  SlackChannel,
  SlackEphemeral,
  SlackMessage,
  SlackNotification,
  SlackPerson,
  SlackToast,
  SlackUserGroup,
  SlackView,
} from './control.ts';
import { app, initialChannels, initialGroups, initialPeople, initialScopes, team } from './people.ts';

interface MessageVersion {
  atMs: number;
  text: string;
  blocks: SlackBlock[];
}

export interface StoredMessage extends SlackMessage {
  versions: MessageVersion[];
}

interface WorldData {
  people: SlackPerson[];
  groups: SlackUserGroup[];
  channels: SlackChannel[];
  messages: Record<string, StoredMessage[]>;
  ephemerals: SlackEphemeral[];
  views: SlackView[];
  homes: Record<string, SlackView>;
  toasts: SlackToast[];
  notifications: SlackNotification[];
  scopes: string[];
  tokenRevoked: boolean;
  lastTsMicros: number;
  lastId: number;
}

export interface World {
  readonly data: WorldData;
  nowMs(): number;
  /** Unique within the workspace and growing, as Slack's are within a channel. */
  nextTs(): string;
  nextId(prefix: string): string;
  person(id: string): SlackPerson | undefined;
  /** By id, or by name with `#`. */
  channel(idOrName: string): SlackChannel | undefined;
  message(channel: string, ts: string): StoredMessage | undefined;
  /** The direct message between the app and a person, made on first use. */
  directMessage(user: string): SlackChannel;
  toast(user: string, code: string, text: string): void;
  changed(): void;
  subscribe(listener: () => void): () => void;
  save(): string;
  load(saved: string): void;
}

const toastsKept = 50;
const ephemeralsKept = 500;
const notificationsKept = 500;

const initialData = (scopes: string[]): WorldData => ({
  people: structuredClone(initialPeople),
  groups: structuredClone(initialGroups),
  channels: structuredClone(initialChannels),
  messages: {},
  ephemerals: [],
  views: [],
  homes: {},
  toasts: [],
  notifications: [],
  scopes: [...scopes],
  tokenRevoked: false,
  lastTsMicros: 0,
  lastId: 0,
});

/** Only the outline is checked: the file was written by `save`, and a wrong one must be refused, not repaired. */
const savedSchema = z.object({
  version: z.literal(1),
  team: z.literal(team.id),
  data: z.custom<WorldData>(
    (value) =>
      z
        .object({
          people: z.array(z.object({ id: z.string() })),
          groups: z.array(z.object({ id: z.string() })),
          channels: z.array(z.object({ id: z.string() })),
          messages: z.record(z.string(), z.array(z.object({ ts: z.string() }))),
          ephemerals: z.array(z.unknown()),
          views: z.array(z.unknown()),
          homes: z.record(z.string(), z.unknown()),
          toasts: z.array(z.unknown()),
          notifications: z.array(z.unknown()),
          scopes: z.array(z.string()),
          tokenRevoked: z.boolean(),
          lastTsMicros: z.number(),
          lastId: z.number(),
        })
        .safeParse(value).success,
    'not a saved Slack workspace',
  ),
});

export function createWorld(options: { nowMs: () => number; scopes?: string[] }): World {
  let data = initialData(options.scopes ?? initialScopes);
  const listeners = new Set<() => void>();

  const world: World = {
    get data() {
      return data;
    },
    nowMs: options.nowMs,
    nextTs() {
      const micros = Math.max(options.nowMs() * 1_000, data.lastTsMicros + 1);
      data.lastTsMicros = micros;
      return `${Math.floor(micros / 1_000_000)}.${String(micros % 1_000_000).padStart(6, '0')}`;
    },
    nextId(prefix) {
      data.lastId += 1;
      return `${prefix}0${data.lastId.toString(36).toUpperCase().padStart(8, '0')}`;
    },
    person: (id) => data.people.find((person) => person.id === id),
    channel: (idOrName) =>
      idOrName.startsWith('#')
        ? data.channels.find((channel) => channel.kind !== 'direct' && channel.name === idOrName.slice(1))
        : data.channels.find((channel) => channel.id === idOrName),
    message: (channel, ts) => data.messages[channel]?.find((message) => message.ts === ts),
    directMessage(user) {
      const id = `D${user.slice(1)}`;
      const existing = data.channels.find((channel) => channel.id === id);
      if (existing !== undefined) return existing;
      const channel: SlackChannel = {
        id,
        name: user,
        kind: 'direct',
        archived: false,
        sharedExternally: false,
        members: [user, app.botUserId],
      };
      data.channels.push(channel);
      return channel;
    },
    toast(user, code, text) {
      data.toasts.push({ id: world.nextId('toast'), user, code, text, atMs: options.nowMs() });
      data.toasts.splice(0, Math.max(0, data.toasts.length - toastsKept));
      world.changed();
    },
    changed() {
      data.ephemerals.splice(0, Math.max(0, data.ephemerals.length - ephemeralsKept));
      data.notifications.splice(0, Math.max(0, data.notifications.length - notificationsKept));
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    save: () => JSON.stringify({ version: 1, team: team.id, data }),
    load(saved) {
      data = savedSchema.parse(JSON.parse(saved)).data;
      world.changed();
    },
  };
  return world;
}
