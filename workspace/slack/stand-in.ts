/** Joins the parts to one Slack on one port: Web API, response URLs, Socket Mode, and the control of it all. */
import { createServer } from 'node:http';
import type { WorkspaceClock } from '../clock.ts';
import { closeAtOnce, listenOnLoopback } from '../loopback.ts';
import { createChatMethods } from './chat-methods.ts';
import type { SlackControl, SlackState } from './control.ts';
import { createDelivery } from './delivery.ts';
import { createDirectoryMethods } from './directory-methods.ts';
import { createFaultControl } from './fault-control.ts';
import { createFaults } from './faults.ts';
import { createInteractions } from './interactions.ts';
import { postMessage, visibleMessage } from './messages.ts';
import { app, team } from './people.ts';
import { createRateLimits } from './rate-limits.ts';
import { createResponseUrls } from './response-urls.ts';
import { createSocketHub } from './socket-mode.ts';
import { createTriggers } from './triggers.ts';
import { createViewMethods } from './view-methods.ts';
import { stackOf } from './views.ts';
import { createWebApi } from './web-api.ts';
import { createWorld } from './world.ts';

export interface SlackStandInOptions {
  clock: WorkspaceClock;
  signingSecret: string;
  botToken: string;
  /** Allows Socket Mode. */
  appToken?: string;
  /** Where commands, clicks and events go; changeable later. */
  requestUrl?: string;
  /** 0 takes any free one. */
  port?: number;
  scopes?: string[];
  /** The slash commands and global shortcuts of the app's manifest. */
  commands?: string[];
  shortcuts?: string[];
  /** Real milliseconds; Slack's is 3000. */
  ackTimeoutMs?: number;
  /** Real time, for triggers. */
  realNowMs?: () => number;
}

export interface SlackStandIn {
  /** The value for `SLACK_API_URL`, ending in `/api/`. */
  apiUrl: string;
  port: number;
  control: SlackControl;
  close(): Promise<void>;
}

const openedKept = 1_000;

export async function createSlackStandIn(options: SlackStandInOptions): Promise<SlackStandIn> {
  const { clock } = options;
  const nowMs = () => clock.nowMs();
  const world = createWorld({ nowMs, ...(options.scopes === undefined ? {} : { scopes: options.scopes }) });
  const faults = createFaults(nowMs);
  const limits = createRateLimits(nowMs);
  const triggers = createTriggers(options.realNowMs ?? (() => performance.now()));
  const responseUrls = createResponseUrls(world);
  const openedViews = new Map<string, string>();
  const cancellations = new Set<() => void>();

  const server = createServer((request, response) => {
    api.handle(request, response).catch((error: unknown) => {
      console.error('Slack stand-in failed', error);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.on('connection', (socket) => {
    if (faults.down() === 'refused') socket.destroy();
  });
  const sockets = createSocketHub(server);
  const port = await listenOnLoopback(server, options.port);
  const origin = `http://127.0.0.1:${port}`;

  const delivery = createDelivery({
    nowMs,
    signingSecret: options.signingSecret,
    requestUrl: options.requestUrl ?? '',
    ackTimeoutMs: options.ackTimeoutMs ?? 3_000,
    sockets,
    changed: world.changed,
  });

  const api = createWebApi({
    world,
    faults,
    limits,
    responseUrls,
    implementations: {
      ...createDirectoryMethods(world),
      ...createChatMethods(world),
      ...createViewMethods(world, triggers, (trigger, view) => {
        openedViews.set(trigger.deliveryId, view.id);
        const oldest = openedViews.keys().next().value;
        if (openedViews.size > openedKept && oldest !== undefined) openedViews.delete(oldest);
      }),
      'apps.connections.open': () => ({ url: `ws://127.0.0.1:${port}${sockets.issue()}` }),
    },
    botToken: options.botToken,
    ...(options.appToken === undefined ? {} : { appToken: options.appToken }),
  });

  const interactions = createInteractions({
    world,
    delivery,
    faults,
    triggers,
    responseUrls,
    responseUrlFor: (id) => `${origin}/response/${id}`,
    openedBy: (deliveryId) => openedViews.get(deliveryId),
    at(atMs, callback) {
      const cancel = clock.at(atMs, async () => {
        cancellations.delete(cancel);
        await callback();
      });
      cancellations.add(cancel);
    },
    commands: options.commands ?? ['/promote', '/rollback'],
    shortcuts: options.shortcuts ?? ['promote_shortcut'],
  });

  const state = (user?: string): SlackState => {
    const { data } = world;
    const mine = <Item extends { user: string }>(items: Item[]): Item[] =>
      user === undefined ? items : items.filter((item) => item.user === user);
    const channels = data.channels.filter((channel) => user === undefined || channel.members.includes(user));
    const home = user === undefined ? undefined : data.homes[user];
    return structuredClone({
      nowMs: nowMs(),
      team: { ...team },
      app: {
        id: app.id,
        botId: app.botId,
        botUserId: app.botUserId,
        scopes: data.scopes,
        requestUrl: delivery.requestUrl(),
        sockets: sockets.connected(),
      },
      people: data.people,
      groups: data.groups,
      channels,
      messages: Object.fromEntries(
        channels.map((channel) => [channel.id, (data.messages[channel.id] ?? []).map(visibleMessage)]),
      ),
      ephemerals: mine(data.ephemerals),
      views: user === undefined ? data.views : stackOf(world, user),
      homes: user === undefined ? data.homes : home === undefined ? {} : { [user]: home },
      toasts: mine(data.toasts),
      notifications: mine(data.notifications),
      faults: faults.state,
      rates: limits.usage(),
    });
  };

  const control: SlackControl = {
    ...interactions,
    requestUrl: delivery.requestUrl,
    setRequestUrl: delivery.setRequestUrl,
    say(input) {
      const channel = world.channel(input.channel);
      if (channel === undefined || !channel.members.includes(input.user))
        throw new Error(`${input.user} is not in ${input.channel}`);
      const { user, text, threadTs } = input;
      const message = postMessage(world, {
        channel,
        user,
        text,
        blocks: [],
        ...(threadTs === undefined ? {} : { threadTs }),
      });
      return visibleMessage(message);
    },
    state: (input) => state(input?.user),
    messages: (channel) =>
      (world.data.messages[world.channel(channel)?.id ?? channel] ?? []).map(visibleMessage),
    versions: ({ channel, ts }) => structuredClone(world.message(channel, ts)?.versions ?? []),
    calls: () => [...api.calls()],
    deliveries: () => [...delivery.log()],
    clearLogs() {
      api.clearCalls();
      delivery.clearLog();
      world.changed();
    },
    markRead({ user, channel }) {
      for (const notification of world.data.notifications) {
        if (notification.user === user && (channel === undefined || notification.channel === channel))
          notification.read = true;
      }
      world.changed();
    },
    dismissToast({ id }) {
      world.data.toasts = world.data.toasts.filter((toast) => toast.id !== id);
      world.changed();
    },
    dismissEphemeral({ id }) {
      world.data.ephemerals = world.data.ephemerals.filter((ephemeral) => ephemeral.id !== id);
      world.changed();
    },
    sign: delivery.sign,
    deliverRaw: delivery.raw,
    replayLast(input) {
      const last = delivery
        .log()
        .findLast(
          (entry) =>
            entry.transport === 'http' &&
            (input?.kind === undefined ? entry.kind !== 'raw' : entry.kind === input.kind),
        );
      if (last === undefined) throw new Error('nothing was delivered over HTTP yet');
      return delivery.raw({ headers: last.headers, body: last.body });
    },
    faults: createFaultControl({ world, faults, limits, sockets }),
    save: world.save,
    load: world.load,
    subscribe: world.subscribe,
  };

  return {
    apiUrl: `${origin}/api/`,
    port,
    control,
    async close() {
      for (const cancel of cancellations) cancel();
      sockets.close();
      await closeAtOnce(server);
    },
  };
}
