/**
 * What people do: type commands, press buttons, fill in and close modals, open Home. Each is refused where Slack's own
 * client would not offer it, delivered to the app otherwise, and its acknowledgement put into effect.
 */
import { z } from 'zod';
import { interactiveElements } from './block-kit.ts';
import { escapeCommandText } from './command-text.ts';
import type {
  ClickInput,
  CommandInput,
  DeliveryKind,
  DeliveryResult,
  InputValues,
  SlackBlock,
  SlackChannel,
  SlackControl,
  SlackPerson,
  SlackView,
} from './control.ts';
import type { Delivered, Delivery, Outgoing } from './delivery.ts';
import type { Faults } from './faults.ts';
import { elementState, fillIn, formErrors, ImpossibleInput, stateOf } from './form-values.ts';
import { postEphemeral, postMessage, visibleMessage } from './messages.ts';
import {
  actionsOnMessage,
  actionsOnView,
  commandForm,
  eventCallback,
  globalShortcut,
  type MessagePlace,
  messageInPayload,
  suggestion,
  viewClosed,
  viewInPayload,
  viewSubmission,
} from './payloads.ts';
import { app, team } from './people.ts';
import { parseAnswer, parseAnswerBody, type ResponsePlace, type ResponseUrls } from './response-urls.ts';
import { SlackError } from './slack-error.ts';
import type { Triggers } from './triggers.ts';
import { findView, parseView, pushView, removeViews, replaceView, stackOf } from './views.ts';
import type { World } from './world.ts';

export interface InteractionOptions {
  world: World;
  delivery: Delivery;
  faults: Faults;
  triggers: Triggers;
  responseUrls: ResponseUrls;
  responseUrlFor: (id: string) => string;
  /** The view a delivery's trigger has opened so far. */
  openedBy: (deliveryId: string) => string | undefined;
  /** Runs `callback` at a virtual time; for the retries of events. */
  at: (atMs: number, callback: () => Promise<void>) => void;
  commands: string[];
  shortcuts: string[];
}

export type Interactions = Pick<
  SlackControl,
  'command' | 'click' | 'submit' | 'closeView' | 'shortcut' | 'suggest' | 'openHome' | 'verifyRequestUrl'
>;

/** Slack says no before anything is sent. */
class Refused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Refused';
  }
}

const commandFailed = (command: string, code: string) =>
  code === 'operation_timeout'
    ? `${command} failed because the app did not respond (operation_timeout)`
    : `${command} failed with the error "${code}"`;

const trouble = 'We had some trouble connecting. Try again?';

/** After the first failure, as the Events API documents: almost at once, after a minute, after five. */
const eventRetryMs = [0, 60_000, 300_000];

const ackSchema = z.discriminatedUnion('response_action', [
  z.object({ response_action: z.literal('errors'), errors: z.record(z.string(), z.string()) }),
  z.object({ response_action: z.literal('update'), view: z.unknown() }),
  z.object({ response_action: z.literal('push'), view: z.unknown() }),
  z.object({ response_action: z.literal('clear') }),
]);

const optionsSchema = z.object({
  options: z
    .array(z.object({ text: z.object({ text: z.string().max(75) }), value: z.string().max(75) }))
    .max(100),
});

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

export function createInteractions(options: InteractionOptions): Interactions {
  const { world, delivery, faults, triggers } = options;

  const refusing = async (work: () => Promise<DeliveryResult>): Promise<DeliveryResult> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Refused) && !(error instanceof ImpossibleInput)) throw error;
      return { outcome: 'refused', latencyMs: 0, error: error.message };
    }
  };

  const actingPerson = (id: string): SlackPerson => {
    if (faults.down() !== undefined) throw new Refused('Slack is not reachable');
    const person = world.person(id);
    if (person === undefined) throw new Refused(`there is nobody with the id ${id}`);
    if (person.kind === 'deactivated') throw new Refused(`${person.name} is deactivated and cannot sign in`);
    if (person.kind === 'bot') throw new Refused(`${person.name} is an app and clicks nothing`);
    return person;
  };

  /** A channel this person can see: one they are a member of. */
  const seenChannel = (person: SlackPerson, id: string): SlackChannel => {
    const channel = world.channel(id);
    if (channel === undefined) throw new Refused(`there is no channel ${id}`);
    if (!channel.members.includes(person.id))
      throw new Refused(`${person.name} is not in #${channel.name} (not_in_channel)`);
    return channel;
  };

  const interactive = (kind: DeliveryKind, id: string, payload: Record<string, unknown>): Outgoing => ({
    id,
    kind,
    contentType: 'application/x-www-form-urlencoded',
    body: new URLSearchParams({ payload: JSON.stringify(payload) }).toString(),
    socket: { type: 'interactive', payload },
  });

  const result = (sent: Delivered): DeliveryResult => {
    const ack = sent.ackBody === '' ? undefined : parseJson(sent.ackBody);
    const opened = options.openedBy(sent.id);
    return {
      outcome: sent.outcome,
      deliveryId: sent.id,
      latencyMs: Math.round(sent.latencyMs),
      ...(sent.httpStatus === undefined ? {} : { httpStatus: sent.httpStatus }),
      ...(opened === undefined ? {} : { openedViewId: opened }),
      ...(ack === undefined ? {} : { ack }),
    };
  };

  const failed = (
    user: string,
    sent: Delivered,
    text: (code: string) => string,
    code: string = sent.outcome,
  ): DeliveryResult => {
    const shown = text(code);
    world.toast(user, code, shown);
    return { ...result(sent), error: shown };
  };

  const responseUrl = (place: ResponsePlace) => options.responseUrlFor(options.responseUrls.issue(place));

  const runCommand = async (input: CommandInput): Promise<DeliveryResult> => {
    const person = actingPerson(input.user);
    const channel = seenChannel(person, input.channel);
    const [, command = '', rest = ''] = /^(\/\S+)\s*([\s\S]*)$/.exec(input.text.trim()) ?? [];
    if (!options.commands.includes(command) || person.teamId !== team.id)
      throw new Refused(`${command} is not a valid command.`);
    if (input.threadTs !== undefined) throw new Refused(`${command} is not supported in threads. Sorry!`);
    if (channel.archived) throw new Refused(`#${channel.name} is archived`);

    const id = delivery.nextId();
    const form = commandForm({
      person,
      channel,
      command,
      text: escapeCommandText(world, rest),
      responseUrl: responseUrl({ user: person.id, channel: channel.id }),
      triggerId: triggers.issue({ user: person.id, deliveryId: id }),
    });
    const sent = await delivery.send({
      id,
      kind: 'command',
      contentType: 'application/x-www-form-urlencoded',
      body: new URLSearchParams(form).toString(),
      socket: { type: 'slash_commands', payload: form },
    });
    if (sent.outcome !== 'acknowledged')
      return failed(person.id, sent, (code) => commandFailed(command, code));
    return showCommandAnswer(person, channel, command, sent);
  };

  const showCommandAnswer = (
    person: SlackPerson,
    channel: SlackChannel,
    command: string,
    sent: Delivered,
  ): DeliveryResult => {
    const base = result(sent);
    if (sent.ackBody.trim() === '') return base;
    const badAck = (code: string): DeliveryResult => ({
      ...failed(person.id, sent, (shown) => commandFailed(command, shown), code),
      outcome: 'bad_ack',
    });
    const json = parseJson(sent.ackBody);
    if (json === undefined && sent.ackIsJson) return badAck('dispatch_failed');
    const answer = parseAnswerBody(
      typeof json === 'object' && json !== null ? json : { text: String(json ?? sent.ackBody) },
    );
    if (answer === undefined) return badAck('dispatch_failed');
    if (answer.text === undefined && answer.blocks === undefined) return base;
    try {
      const parsed = parseAnswer(world, answer);
      if (parsed.responseType === 'ephemeral') {
        const ephemeral = postEphemeral(world, {
          channel: channel.id,
          user: person.id,
          text: parsed.text,
          blocks: parsed.blocks,
        });
        return { ...base, ephemeral: structuredClone(ephemeral) };
      }
      const message = postMessage(world, {
        channel,
        user: app.botUserId,
        text: parsed.text,
        blocks: parsed.blocks,
      });
      return { ...base, message: visibleMessage(message) };
    } catch (error) {
      if (!(error instanceof SlackError)) throw error;
      return badAck([error.code, ...error.messages].join(': '));
    }
  };

  interface Found {
    blockId: string;
    element: Record<string, unknown>;
  }

  const matches = (input: { actionId: string; blockId?: string; value?: unknown }, blocks: SlackBlock[]) =>
    blocks
      .filter((block) => input.blockId === undefined || block.block_id === input.blockId)
      .flatMap((block): Found[] =>
        interactiveElements(block).map((element) => ({ blockId: block.block_id, element })),
      )
      .filter(
        ({ element }) =>
          element['action_id'] === input.actionId &&
          (element['type'] !== 'button' || input.value === undefined || element['value'] === input.value),
      );

  const present = (
    input: { actionId: string; blockId?: string; value?: unknown },
    blocks: SlackBlock[],
  ): Found => {
    const found = matches(input, blocks);
    const [first] = found;
    if (first === undefined) {
      const shown = blocks.flatMap((block) =>
        interactiveElements(block).map((element) => `${block.block_id}/${String(element['action_id'])}`),
      );
      throw new Refused(
        `nothing called ${input.actionId} is on show; there is: ${shown.join(', ') || 'no control at all'}`,
      );
    }
    if (found.length > 1) throw new Refused(`${input.actionId} is on show ${found.length} times: say which`);
    return first;
  };

  const pressed = (
    input: ClickInput,
    blocks: SlackBlock[],
  ): { action: Record<string, unknown>; found?: Found } => {
    const actionTs = world.nextTs();
    if (input.stale !== undefined) {
      const { blockId, actionId, value, text } = input.stale;
      return {
        action: {
          action_id: actionId,
          block_id: blockId,
          text: { type: 'plain_text', text: text ?? actionId, emoji: true },
          ...(value === undefined ? {} : { value }),
          type: 'button',
          action_ts: actionTs,
        },
      };
    }
    const found = present(input, blocks);
    const { element, blockId } = found;
    const { type, action_id, ...shown } = element;
    if (type === 'button')
      return { found, action: { type, action_id, block_id: blockId, ...shown, action_ts: actionTs } };
    const kept = Object.fromEntries(
      Object.entries(shown).filter(([key]) => key === 'placeholder' || key.startsWith('initial_')),
    );
    const state = elementState(element, input.value ?? null);
    return {
      found,
      action: { ...state, action_id, block_id: blockId, ...kept, action_ts: actionTs },
    };
  };

  const withOwnState = (input: ClickInput, found: Found | undefined): InputValues => {
    const values: InputValues = structuredClone(input.state ?? {});
    if (found === undefined || input.value === undefined) return values;
    if (['button', 'overflow'].includes(String(found.element['type']))) return values;
    values[found.blockId] = {
      ...values[found.blockId],
      [String(found.element['action_id'])]: input.value,
    };
    return values;
  };

  const clickOnView = async (person: SlackPerson, view: SlackView, input: ClickInput) => {
    const { action, found } = pressed(input, view.blocks);
    view.values = fillIn(view.blocks, view.values, withOwnState(input, found));
    const id = delivery.nextId();
    const triggerId = triggers.issue({
      user: person.id,
      deliveryId: id,
      ...(view.type === 'modal' ? { viewId: view.id } : {}),
    });
    const payload = actionsOnView(person, view, { triggerId, actions: [action] });
    return delivery.send(interactive('block_actions', id, payload));
  };

  const clickOnMessage = async (
    person: SlackPerson,
    place: MessagePlace,
    blocks: SlackBlock[],
    input: ClickInput,
  ) => {
    const { action, found } = pressed(input, blocks);
    const state = fillIn(blocks, stateOf(blocks), withOwnState(input, found));
    const id = delivery.nextId();
    const payload = actionsOnMessage(person, place, {
      triggerId: triggers.issue({ user: person.id, deliveryId: id }),
      responseUrl: responseUrl({
        user: person.id,
        channel: place.channel.id,
        ...(place.ephemeral ? { ephemeralId: input.ephemeralId ?? '' } : { messageTs: place.messageTs }),
      }),
      state,
      actions: [action],
    });
    return delivery.send(interactive('block_actions', id, payload));
  };

  const shownView = (person: SlackPerson, id: string): SlackView => {
    const view = findView(world, id);
    if (view === undefined || view.user !== person.id)
      throw new Refused(`${person.name} has no view ${id} open`);
    if (view.type === 'modal' && stackOf(world, person.id).at(-1) !== view)
      throw new Refused('another modal is on top of this one');
    return view;
  };

  const messagePlace = (
    person: SlackPerson,
    input: Pick<ClickInput, 'channel' | 'messageTs' | 'stale'>,
  ): { place: MessagePlace; blocks: SlackBlock[] } => {
    const ts = input.messageTs ?? '';
    const channel = seenChannel(person, input.channel ?? '');
    const message = world.message(channel.id, ts);
    if ((message === undefined || message.tombstone) && input.stale === undefined)
      throw new Refused('the message is gone');
    const threadTs = message?.threadTs;
    return {
      place: {
        channel,
        messageTs: ts,
        ephemeral: false,
        ...(threadTs === undefined ? {} : { threadTs }),
        ...(message === undefined ? {} : { message: messageInPayload(world, message) }),
      },
      blocks: message?.blocks ?? [],
    };
  };

  const runClick = async (input: ClickInput): Promise<DeliveryResult> => {
    const person = actingPerson(input.user);
    let sent: Delivered;
    if (input.viewId !== undefined) {
      sent = await clickOnView(person, shownView(person, input.viewId), input);
    } else if (input.ephemeralId !== undefined) {
      const ephemeral = world.data.ephemerals.find(
        (candidate) => candidate.id === input.ephemeralId && candidate.user === person.id,
      );
      if (ephemeral === undefined) throw new Refused('the private message is gone');
      const place: MessagePlace = {
        channel: seenChannel(person, ephemeral.channel),
        messageTs: ephemeral.ts,
        ephemeral: true,
        ...(ephemeral.threadTs === undefined ? {} : { threadTs: ephemeral.threadTs }),
      };
      sent = await clickOnMessage(person, place, ephemeral.blocks, input);
    } else {
      const { place, blocks } = messagePlace(person, input);
      sent = await clickOnMessage(person, place, blocks, input);
    }
    if (sent.outcome !== 'acknowledged')
      return failed(person.id, sent, (code) => `This did not work: the app did not respond (${code})`);
    return result(sent);
  };

  const runSubmit = async (input: {
    user: string;
    viewId: string;
    values?: InputValues;
  }): Promise<DeliveryResult> => {
    const person = actingPerson(input.user);
    const view = shownView(person, input.viewId);
    if (view.type !== 'modal' || view.submitLabel === undefined)
      throw new Refused('this view has no submit button');
    view.values = fillIn(view.blocks, view.values, input.values ?? {});
    view.errors = formErrors(view.blocks, view.values);
    world.changed();
    if (Object.keys(view.errors).length > 0)
      return {
        outcome: 'refused',
        latencyMs: 0,
        error: 'the form is not complete',
        viewErrors: { ...view.errors },
      };
    const id = delivery.nextId();
    const triggerId = triggers.issue({ user: person.id, deliveryId: id, viewId: view.id });
    const sent = await delivery.send(
      interactive('view_submission', id, viewSubmission(person, view, triggerId)),
    );
    if (sent.outcome !== 'acknowledged') return failed(person.id, sent, () => trouble);
    return applySubmission(person, view, sent);
  };

  const applySubmission = (person: SlackPerson, view: SlackView, sent: Delivered): DeliveryResult => {
    const badAck = (code: string): DeliveryResult => ({
      ...failed(person.id, sent, () => trouble, code),
      outcome: 'bad_ack',
    });
    const json = sent.ackBody.trim() === '' ? {} : parseJson(sent.ackBody);
    if (typeof json !== 'object' || json === null) return badAck('bad_ack');
    if (Object.keys(json).length === 0) {
      removeViews(world, [view.id]);
      return result(sent);
    }
    const ack = ackSchema.safeParse(json);
    if (!ack.success) return badAck('bad_ack');
    try {
      switch (ack.data.response_action) {
        case 'errors': {
          const inputs = new Set(
            view.blocks.filter((block) => block.type === 'input').map((block) => block.block_id),
          );
          const keys = Object.keys(ack.data.errors);
          if (keys.length === 0 || keys.some((key) => !inputs.has(key)))
            return badAck('bad_ack: errors must name input blocks of the view');
          view.errors = { ...ack.data.errors };
          world.changed();
          return { ...result(sent), viewErrors: { ...ack.data.errors } };
        }
        case 'update':
          replaceView(world, view, parseView(world, ack.data.view, 'modal'));
          return result(sent);
        case 'push': {
          const pushed = pushView(world, person.id, parseView(world, ack.data.view, 'modal'));
          return { ...result(sent), openedViewId: pushed.id };
        }
        case 'clear':
          removeViews(
            world,
            stackOf(world, person.id).map((open) => open.id),
          );
          return result(sent);
      }
    } catch (error) {
      if (!(error instanceof SlackError)) throw error;
      return badAck([error.code, ...error.messages].join(': '));
    }
  };

  const runClose = async (input: {
    user: string;
    viewId: string;
    all?: boolean;
  }): Promise<DeliveryResult> => {
    const person = actingPerson(input.user);
    const view = shownView(person, input.viewId);
    if (view.type !== 'modal') throw new Refused('a Home tab cannot be closed');
    const stack = stackOf(world, person.id);
    const cleared = input.all === true || view.clearOnClose;
    const closing = cleared ? stack.toReversed() : [view];
    removeViews(
      world,
      closing.map((closed) => closed.id),
    );
    let last: DeliveryResult = { outcome: 'acknowledged', latencyMs: 0 };
    for (const closed of closing) {
      if (!closed.notifyOnClose) continue;
      const id = delivery.nextId();
      last = result(await delivery.send(interactive('view_closed', id, viewClosed(person, closed, cleared))));
    }
    return last;
  };

  const runShortcut = async (input: { user: string; callbackId?: string }): Promise<DeliveryResult> => {
    const person = actingPerson(input.user);
    const callbackId = input.callbackId ?? options.shortcuts[0] ?? '';
    if (!options.shortcuts.includes(callbackId) || person.teamId !== team.id)
      throw new Refused(`there is no shortcut ${callbackId}`);
    const id = delivery.nextId();
    const triggerId = triggers.issue({ user: person.id, deliveryId: id });
    const payload = globalShortcut(person, { callbackId, triggerId, actionTs: world.nextTs() });
    const sent = await delivery.send(interactive('shortcut', id, payload));
    if (sent.outcome !== 'acknowledged')
      return failed(person.id, sent, (code) => `The shortcut did not work: ${code}`);
    return result(sent);
  };

  const sendEvent = async (event: Record<string, unknown>): Promise<Delivered> => {
    const eventId = world.nextId('Ev');
    const payload = eventCallback(event, { eventId, nowMs: world.nowMs() });
    const outgoing: Outgoing = {
      kind: 'event',
      contentType: 'application/json',
      body: JSON.stringify(payload),
      socket: { type: 'events_api', payload },
    };
    // Whether Slack signs a retry anew is not documented; here it does, as the old timestamp would be refused.
    const retry = async (attempt: number, before: Delivered): Promise<void> => {
      const waitMs = eventRetryMs[attempt - 1];
      if (waitMs === undefined || before.outcome === 'acknowledged') return;
      if (before.headers['x-slack-no-retry'] === '1') return;
      options.at(world.nowMs() + waitMs, async () => {
        const reason =
          before.outcome === 'operation_timeout'
            ? 'http_timeout'
            : before.httpStatus === undefined
              ? 'connection_failed'
              : 'http_error';
        const again = await delivery.send({
          ...outgoing,
          headers: { 'x-slack-retry-num': String(attempt), 'x-slack-retry-reason': reason },
        });
        await retry(attempt + 1, again);
      });
    };
    const sent = await delivery.send(outgoing);
    await retry(1, sent);
    return sent;
  };

  const runOpenHome = async (input: { user: string; tab?: 'home' | 'messages' }): Promise<DeliveryResult> => {
    const person = actingPerson(input.user);
    if (person.teamId !== team.id) throw new Refused('the app is not installed in this workspace');
    const tab = input.tab ?? 'home';
    const published = world.data.homes[person.id];
    const sent = await sendEvent({
      type: 'app_home_opened',
      user: person.id,
      channel: world.directMessage(person.id).id,
      tab,
      event_ts: world.nextTs(),
      ...(tab === 'home' && published !== undefined ? { view: viewInPayload(published) } : {}),
    });
    return result(sent);
  };

  return {
    command: (input) => refusing(() => runCommand(input)),
    click: (input) => refusing(() => runClick(input)),
    submit: (input) => refusing(() => runSubmit(input)),
    closeView: (input) => refusing(() => runClose(input)),
    shortcut: (input) => refusing(() => runShortcut(input)),
    openHome: (input) => refusing(() => runOpenHome(input)),

    async suggest(input) {
      let found: { text: string; value: string }[] = [];
      const outcome = await refusing(async () => {
        const person = actingPerson(input.user);
        const view = input.viewId === undefined ? undefined : shownView(person, input.viewId);
        const shown = view === undefined ? messagePlace(person, input) : undefined;
        const target = present(input, view?.blocks ?? shown?.blocks ?? []);
        const place = view ?? shown?.place;
        if (place === undefined) throw new Refused('no view and no message named');
        const id = delivery.nextId();
        const payload = suggestion(person, place, {
          actionId: input.actionId,
          blockId: target.blockId,
          value: input.typed,
        });
        const sent = await delivery.send(interactive('block_suggestion', id, payload));
        const parsed = optionsSchema.safeParse(parseJson(sent.ackBody));
        if (sent.outcome !== 'acknowledged' || !parsed.success)
          return failed(person.id, sent, () => 'These options could not be loaded', 'options_failed');
        found = parsed.data.options.map((option) => ({ text: option.text.text, value: option.value }));
        return result(sent);
      });
      return { ...outcome, options: found };
    },

    async verifyRequestUrl() {
      const challenge = crypto.randomUUID();
      const body = JSON.stringify({ token: '', challenge, type: 'url_verification' });
      const answer = await delivery.raw({
        headers: { 'content-type': 'application/json', ...delivery.sign({ body }) },
        body,
      });
      if (answer.httpStatus !== 200) return false;
      const json = z.object({ challenge: z.string() }).safeParse(parseJson(answer.body));
      return (json.success ? json.data.challenge : answer.body.trim()) === challenge;
    },
  };
}
