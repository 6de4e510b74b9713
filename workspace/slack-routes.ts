import { z } from 'zod';
import type { SlackControl } from './slack/control.ts';

const text = z.string();
const seconds = z.number().nonnegative().max(1_000_000);
const InputValue = z.union([z.string(), z.array(z.string()), z.number(), z.null()]);
const InputValues = z.record(z.string(), z.record(z.string(), InputValue));

const Bodies = {
  state: z.strictObject({ user: text.exactOptional() }),
  command: z.strictObject({ user: text, channel: text, text, threadTs: text.exactOptional() }),
  click: z.strictObject({
    user: text,
    channel: text.exactOptional(),
    messageTs: text.exactOptional(),
    viewId: text.exactOptional(),
    ephemeralId: text.exactOptional(),
    actionId: text,
    blockId: text.exactOptional(),
    value: InputValue.exactOptional(),
    state: InputValues.exactOptional(),
    stale: z
      .strictObject({
        blockId: text,
        actionId: text,
        value: text.exactOptional(),
        text: text.exactOptional(),
      })
      .exactOptional(),
  }),
  submit: z.strictObject({ user: text, viewId: text, values: InputValues.exactOptional() }),
  closeView: z.strictObject({ user: text, viewId: text, all: z.boolean().exactOptional() }),
  shortcut: z.strictObject({ user: text, callbackId: text.exactOptional() }),
  suggest: z.strictObject({
    user: text,
    viewId: text.exactOptional(),
    channel: text.exactOptional(),
    messageTs: text.exactOptional(),
    actionId: text,
    blockId: text.exactOptional(),
    typed: text,
  }),
  openHome: z.strictObject({ user: text, tab: z.enum(['home', 'messages']).exactOptional() }),
  say: z.strictObject({ user: text, channel: text, text, threadTs: text.exactOptional() }),
  channel: z.strictObject({ channel: text }),
  message: z.strictObject({ channel: text, ts: text }),
  markRead: z.strictObject({ user: text, channel: text.exactOptional() }),
  id: z.strictObject({ id: text }),
  setRequestUrl: z.strictObject({ url: z.url({ protocol: /^https?$/ }) }),
  sign: z.strictObject({
    body: text,
    timestampSeconds: z.number().exactOptional(),
    version: text.exactOptional(),
    secret: text.exactOptional(),
  }),
  deliverRaw: z.strictObject({
    headers: z.record(z.string(), z.string()),
    body: text,
    method: text.exactOptional(),
  }),
  replayLast: z.strictObject({
    kind: z
      .enum([
        'command',
        'block_actions',
        'view_submission',
        'view_closed',
        'block_suggestion',
        'shortcut',
        'event',
        'raw',
      ])
      .exactOptional(),
  }),
  down: z.strictObject({ seconds, as: z.enum(['refused', 'unavailable']).exactOptional() }),
  rateLimit: z.strictObject({ seconds }),
  slow: z.strictObject({ delayMs: z.number().nonnegative().max(60_000) }),
  loseAnswer: z.strictObject({ method: text, times: z.int().positive().exactOptional() }),
  fail: z.strictObject({
    method: text,
    error: text,
    httpStatus: z.int().exactOptional(),
    times: z.int().positive().exactOptional(),
  }),
  directoryDown: z.strictObject({ down: z.boolean() }),
  deleteMessage: z.strictObject({ channel: text, ts: text.exactOptional() }),
  membership: z.strictObject({ group: text, user: text }),
  setGroupDisabled: z.strictObject({ group: text, disabled: z.boolean() }),
  user: z.strictObject({ user: text }),
  setEmail: z.strictObject({ user: text, email: text, confirmed: z.boolean() }),
  archiveChannel: z.strictObject({ channel: text, archived: z.boolean() }),
  channelMembership: z.strictObject({ channel: text, user: text }),
  setSharedExternally: z.strictObject({ channel: text, shared: z.boolean() }),
  revokeToken: z.strictObject({ revoked: z.boolean() }),
  setScopes: z.strictObject({ scopes: z.array(z.string()) }),
} as const;

/** Faults and changes by an admin answer the same: there is nothing to say beyond "done". */
const done = { ok: true } as const;

/** The Slack stand-in by name, for `POST /control/slack/<name>`. Throws a ZodError for a body it cannot read. */
export function slackControlRoutes(
  control: SlackControl,
): Record<string, (body: unknown) => Promise<unknown>> {
  const { faults } = control;
  const acting =
    <T>(schema: z.ZodType<T>, act: (input: T) => void) =>
    async (body: unknown) => {
      act(schema.parse(body ?? {}));
      return done;
    };
  return {
    state: async (body) => control.state(Bodies.state.parse(body ?? {})),
    command: async (body) => control.command(Bodies.command.parse(body)),
    click: async (body) => control.click(Bodies.click.parse(body)),
    submit: async (body) => control.submit(Bodies.submit.parse(body)),
    closeView: async (body) => control.closeView(Bodies.closeView.parse(body)),
    shortcut: async (body) => control.shortcut(Bodies.shortcut.parse(body)),
    suggest: async (body) => control.suggest(Bodies.suggest.parse(body)),
    openHome: async (body) => control.openHome(Bodies.openHome.parse(body)),
    say: async (body) => control.say(Bodies.say.parse(body)),
    messages: async (body) => control.messages(Bodies.channel.parse(body).channel),
    versions: async (body) => control.versions(Bodies.message.parse(body)),
    calls: async () => control.calls(),
    deliveries: async () => control.deliveries(),
    clearLogs: acting(z.unknown(), () => control.clearLogs()),
    markRead: acting(Bodies.markRead, (input) => control.markRead(input)),
    dismissToast: acting(Bodies.id, (input) => control.dismissToast(input)),
    dismissEphemeral: acting(Bodies.id, (input) => control.dismissEphemeral(input)),
    setRequestUrl: acting(Bodies.setRequestUrl, (input) => control.setRequestUrl(input.url)),
    verifyRequestUrl: async () => ({ verified: await control.verifyRequestUrl() }),
    sign: async (body) => control.sign(Bodies.sign.parse(body)),
    deliverRaw: async (body) => control.deliverRaw(Bodies.deliverRaw.parse(body)),
    replayLast: async (body) => control.replayLast(Bodies.replayLast.parse(body ?? {})),
    down: acting(Bodies.down, (input) => faults.down(input)),
    up: acting(z.unknown(), () => faults.up()),
    rateLimit: acting(Bodies.rateLimit, (input) => faults.rateLimit(input)),
    slow: acting(Bodies.slow, (input) => faults.slow(input)),
    loseAnswer: acting(Bodies.loseAnswer, (input) => faults.loseAnswer(input)),
    fail: acting(Bodies.fail, (input) => faults.fail(input)),
    directoryDown: acting(Bodies.directoryDown, (input) => faults.directoryDown(input)),
    deleteMessage: acting(Bodies.deleteMessage, (input) => faults.deleteMessage(input)),
    addToGroup: acting(Bodies.membership, (input) => faults.addToGroup(input)),
    removeFromGroup: acting(Bodies.membership, (input) => faults.removeFromGroup(input)),
    setGroupDisabled: acting(Bodies.setGroupDisabled, (input) => faults.setGroupDisabled(input)),
    deactivateUser: acting(Bodies.user, (input) => faults.deactivateUser(input)),
    reactivateUser: acting(Bodies.user, (input) => faults.reactivateUser(input)),
    setEmail: acting(Bodies.setEmail, (input) => faults.setEmail(input)),
    archiveChannel: acting(Bodies.archiveChannel, (input) => faults.archiveChannel(input)),
    removeFromChannel: acting(Bodies.channelMembership, (input) => faults.removeFromChannel(input)),
    addToChannel: acting(Bodies.channelMembership, (input) => faults.addToChannel(input)),
    setSharedExternally: acting(Bodies.setSharedExternally, (input) => faults.setSharedExternally(input)),
    revokeToken: acting(Bodies.revokeToken, (input) => faults.revokeToken(input)),
    setScopes: acting(Bodies.setScopes, (input) => faults.setScopes(input)),
    disconnectSockets: acting(z.unknown(), () => faults.disconnectSockets()),
    clearFaults: acting(z.unknown(), () => faults.clear()),
  };
}
