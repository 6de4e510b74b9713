/** The control as named operations with checked bodies, to be mounted as `POST /control/slack/<name>`. */
import { z } from 'zod';
import type { ClickInput, SlackControl } from './control.ts';

const value = z.union([z.string(), z.array(z.string()), z.number(), z.null()]);
const values = z.record(z.string(), z.record(z.string(), value));
const id = z.string().min(1);
const empty = z.looseObject({}).optional();

const clickSchema = z.object({
  user: id,
  channel: id.optional(),
  messageTs: id.optional(),
  viewId: id.optional(),
  ephemeralId: id.optional(),
  actionId: id,
  blockId: id.optional(),
  value: value.optional(),
  state: values.optional(),
  stale: z
    .object({ blockId: id, actionId: id, value: z.string().optional(), text: z.string().optional() })
    .optional(),
});

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Optional keys that JSON cannot even carry as undefined: dropped, for `exactOptionalPropertyTypes`. */
const defined = <T extends object>(input: T): Defined<T> =>
  Object.fromEntries(Object.entries(input).filter(([, inner]) => inner !== undefined)) as Defined<T>;

const route =
  <Schema extends z.ZodType>(schema: Schema, run: (input: z.output<Schema>) => unknown) =>
  async (body: unknown): Promise<unknown> =>
    (await run(schema.parse(body))) ?? { ok: true };

/** Each throws `ZodError` on a body that does not fit, and the control's own errors otherwise. */
export function slackControlRoutes(
  control: SlackControl,
): Record<string, (body: unknown) => Promise<unknown>> {
  const { faults } = control;
  const target = z.object({ channel: id, user: id });
  const membership = z.object({ group: id, user: id });

  return {
    state: route(z.object({ user: id.optional() }).optional(), (input) =>
      control.state(defined(input ?? {})),
    ),
    messages: route(z.object({ channel: id }), (input) => control.messages(input.channel)),
    versions: route(z.object({ channel: id, ts: id }), control.versions),
    calls: route(empty, () => control.calls()),
    deliveries: route(empty, () => control.deliveries()),
    clearLogs: route(empty, () => control.clearLogs()),

    command: route(
      z.object({ user: id, channel: id, text: z.string().min(1), threadTs: id.optional() }),
      (input) => control.command(defined(input)),
    ),
    click: route(clickSchema, (input) => {
      const { stale, ...rest } = input;
      const click: ClickInput = {
        ...defined(rest),
        ...(stale === undefined ? {} : { stale: defined(stale) }),
      };
      return control.click(click);
    }),
    submit: route(z.object({ user: id, viewId: id, values: values.optional() }), (input) =>
      control.submit(defined(input)),
    ),
    closeView: route(z.object({ user: id, viewId: id, all: z.boolean().optional() }), (input) =>
      control.closeView(defined(input)),
    ),
    shortcut: route(z.object({ user: id, callbackId: id.optional() }), (input) =>
      control.shortcut(defined(input)),
    ),
    suggest: route(
      z.object({
        user: id,
        viewId: id.optional(),
        channel: id.optional(),
        messageTs: id.optional(),
        actionId: id,
        blockId: id.optional(),
        typed: z.string(),
      }),
      (input) => control.suggest(defined(input)),
    ),
    openHome: route(z.object({ user: id, tab: z.enum(['home', 'messages']).optional() }), (input) =>
      control.openHome(defined(input)),
    ),
    say: route(
      z.object({ user: id, channel: id, text: z.string().min(1), threadTs: id.optional() }),
      (input) => control.say(defined(input)),
    ),
    markRead: route(z.object({ user: id, channel: id.optional() }), (input) =>
      control.markRead(defined(input)),
    ),
    dismissToast: route(z.object({ id }), control.dismissToast),
    dismissEphemeral: route(z.object({ id }), control.dismissEphemeral),

    setRequestUrl: route(z.object({ url: z.url() }), (input) => control.setRequestUrl(input.url)),
    verifyRequestUrl: route(empty, async () => ({ ok: await control.verifyRequestUrl() })),
    sign: route(
      z.object({
        body: z.string(),
        timestampSeconds: z.number().int().optional(),
        version: z.string().optional(),
        secret: z.string().optional(),
      }),
      (input) => control.sign(defined(input)),
    ),
    deliverRaw: route(
      z.object({
        headers: z.record(z.string(), z.string()),
        body: z.string(),
        method: z.string().optional(),
      }),
      (input) => control.deliverRaw(defined(input)),
    ),
    replayLast: route(
      z
        .object({
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
            .optional(),
        })
        .optional(),
      (input) => control.replayLast(defined(input ?? {})),
    ),

    down: route(
      z.object({ seconds: z.number().positive(), as: z.enum(['refused', 'unavailable']).optional() }),
      (input) => faults.down(defined(input)),
    ),
    up: route(empty, () => faults.up()),
    rateLimit: route(z.object({ seconds: z.number().positive() }), faults.rateLimit),
    slow: route(z.object({ delayMs: z.number().min(0).max(60_000) }), faults.slow),
    loseAnswer: route(z.object({ method: id, times: z.number().int().positive().optional() }), (input) =>
      faults.loseAnswer(defined(input)),
    ),
    fail: route(
      z.object({
        method: id,
        error: id,
        httpStatus: z.number().int().min(200).max(599).optional(),
        times: z.number().int().positive().optional(),
      }),
      (input) => faults.fail(defined(input)),
    ),
    directoryDown: route(z.object({ down: z.boolean() }), faults.directoryDown),
    deleteMessage: route(z.object({ channel: id, ts: id.optional() }), (input) =>
      faults.deleteMessage(defined(input)),
    ),
    addToGroup: route(membership, faults.addToGroup),
    removeFromGroup: route(membership, faults.removeFromGroup),
    setGroupDisabled: route(z.object({ group: id, disabled: z.boolean() }), faults.setGroupDisabled),
    deactivateUser: route(z.object({ user: id }), faults.deactivateUser),
    reactivateUser: route(z.object({ user: id }), faults.reactivateUser),
    setEmail: route(z.object({ user: id, email: z.string(), confirmed: z.boolean() }), faults.setEmail),
    archiveChannel: route(z.object({ channel: id, archived: z.boolean() }), faults.archiveChannel),
    addToChannel: route(target, faults.addToChannel),
    removeFromChannel: route(target, faults.removeFromChannel),
    setSharedExternally: route(z.object({ channel: id, shared: z.boolean() }), faults.setSharedExternally),
    revokeToken: route(z.object({ revoked: z.boolean() }), faults.revokeToken),
    setScopes: route(z.object({ scopes: z.array(z.string()) }), faults.setScopes),
    disconnectSockets: route(empty, () => faults.disconnectSockets()),
    clearFaults: route(empty, () => faults.clear()),
  };
}
