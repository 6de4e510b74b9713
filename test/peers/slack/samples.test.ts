/**
 * What our Slack stand-in delivers, each kind by itself: every member both ways and its kind of value, by the samples of
 * Slack's own SDK for Java; what has to be there, every action and every state of an input, by the types of Bolt.
 */
import { beforeAll, describe, expect, it, type TaskMeta } from 'vitest';
import { channelIds, userIds } from '../../../workspace/slack/people.ts';
import { startWorkspace, type TestWorkspace } from '../../workspace/slack/workspace.ts';
import { met } from '../divergences.ts';
import { type DeliveredTypes, readDeliveredTypes } from './delivered-types.ts';
import { sample } from './facts.ts';

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);
const kindOf = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);

/** Paths that may differ from what others show, by reason. */
type Exceptions = Readonly<Record<string, RegExp>>;

/** In the samples, and in no delivery of ours. */
const notSent: Exceptions = {
  'Enterprise Grid and org-wide installs': /^(team\.)?enterprise_(id|name)$|^enterprise\.(id|name)$/,
  'workflow functions': /^(bot_access_token|function_data|interactivity)$/,
  'unfurls and legacy attachments':
    /^app_unfurl$|^container\.(attachment_id|text|is_app_unfurl|app_unfurl_url)$|view\.app_unfurl_url$/,
  'views of workflows, entities and assistants':
    /view\.(entity_url|external_ref|message_ts|thread_ts|channel)$|^event\.context$/,
};
/** In our deliveries, and in none of the samples. */
const moreSent: Exceptions = {
  'Bolt’s type of the envelope of events, which is generic and so no schema, has both':
    /^context_(team|enterprise)_id$/,
};
/** Null is how Slack says that there is none. Bolt’s types say so of a view; of these its captured payloads do. */
const mayBeNull =
  /^(context_)?enterprise(_id)?$|^authorizations\[\]\.enterprise_id$|view\.(previous_view_id|submit|close)$/;
/** Others hold what every kind of block and element may have at once, or what the app wrote: judged elsewhere. */
const opaque = /(^|\.)blocks$|^actions$|(^|\.)state$|^message\.metadata\.event_payload$/;
/**
 * Of a message the samples hold whatever any may have. These are in every one that an app wrote with blocks: Bolt's type
 * demands the first two, payloads that others captured and Slack's page of block_actions show the rest.
 */
const inEveryMessage = ['type', 'ts', 'user', 'text', 'bot_id', 'team', 'blocks'];

const used = new Set<string>();
const excepted = (path: string, exceptions: Exceptions) => {
  const [reason] = Object.entries(exceptions).find(([, pattern]) => pattern.test(path)) ?? [];
  if (reason !== undefined) used.add(reason);
  return reason !== undefined;
};

function differing(theirs: Fields, ours: Fields, absent: Exceptions, path = ''): string[] {
  const at = (key: string) => (path === '' ? key : `${path}.${key}`);
  const demanded =
    path === 'message' ? inEveryMessage : path.startsWith('message.') ? [] : Object.keys(theirs);
  const missing = demanded
    .map((key) => [key, at(key)] as const)
    .filter(([key, here]) => !(key in ours) && !excepted(here, absent) && !excepted(here, notSent))
    .map(([, here]) => `${here} is missing`);
  const strange = Object.keys(ours)
    .map((key) => [key, at(key)] as const)
    .filter(([key, here]) => !(key in theirs) && !excepted(here, moreSent))
    .map(([, here]) => `${here} is in no sample`);
  const unlike = Object.entries(theirs).flatMap(([key, value]) => {
    const here = at(key);
    const own = ours[key];
    if (own === undefined || value === undefined) return [];
    if (own === null) return mayBeNull.test(here) ? [] : [`${here} is null`];
    if (kindOf(own) !== kindOf(value)) return [`${here} is ${kindOf(own)}, not ${kindOf(value)}`];
    if (opaque.test(here)) return [];
    if (isFields(value) && isFields(own)) return differing(value, own, absent, here);
    const [first] = listOf(value);
    return first === undefined
      ? []
      : listOf(own).flatMap((each) => differing(first, each, absent, `${here}[]`));
  });
  return [...missing, ...strange, ...unlike];
}

/** With what a type has and the sample has not, of which only the type tells the kind. */
const andMembers = (theirs: Fields, members: readonly string[]): Fields => ({
  ...Object.fromEntries(members.map((member) => [member, undefined])),
  ...theirs,
});
const keysIn = (value: unknown): string[] =>
  isFields(value) ? Object.entries(value).flatMap(([key, each]) => [key, ...keysIn(each)]) : [];

const onViews: Exceptions = {
  'is of messages':
    /^(channel|message|response_url|state)$|^container\.(message_ts|channel_id|is_ephemeral|thread_ts)$/,
};
const onMessages: Exceptions = { 'is of views': /^(view|container\.view_id)$/ };
const unthreaded: Exceptions = { 'is of replies and of their parents': /^container\.thread_ts$/ };
const isPrivate: Exceptions = { 'is not told of private messages': /^message$/ };

/** By kind of delivery: its sample, its type, and what only its siblings have. */
const kinds: Readonly<
  Record<string, { readonly sample: string; readonly type: string; readonly absent: Exceptions }>
> = {
  'a click on a message': {
    sample: 'BlockAction',
    type: 'BlockButtonAction',
    absent: { ...onMessages, ...unthreaded },
  },
  'a click on an edited message': {
    sample: 'BlockAction',
    type: 'BlockButtonAction',
    absent: { ...onMessages, ...unthreaded },
  },
  'a click on a reply': { sample: 'BlockAction', type: 'BlockButtonAction', absent: onMessages },
  'a click on a message with replies': {
    sample: 'BlockAction',
    type: 'BlockButtonAction',
    absent: onMessages,
  },
  'a click on a private message': {
    sample: 'BlockAction',
    type: 'BlockButtonAction',
    absent: { ...onMessages, ...unthreaded, ...isPrivate },
  },
  'a click in a modal': { sample: 'BlockAction', type: 'BlockButtonAction', absent: onViews },
  'a click on Home': { sample: 'BlockAction', type: 'BlockButtonAction', absent: onViews },
  'a form that is sent in': {
    sample: 'ViewSubmission',
    type: 'ViewSubmitAction',
    absent: { 'is of view_closed, whose shape the samples share': /^is_cleared$/ },
  },
  'a form that is closed': { sample: 'ViewClosed', type: 'ViewClosedAction', absent: {} },
};

const plain = (text: string) => ({ type: 'plain_text' as const, text });
const option = (value: string) => ({ text: plain(value), value });
const options = [option('a'), option('b')];
const button = {
  type: 'button' as const,
  action_id: 'approve',
  value: 'p1',
  text: plain('Approve'),
  style: 'primary' as const,
  confirm: { title: plain('T'), text: plain('T'), confirm: plain('Y'), deny: plain('N') },
};
const buttons = { type: 'actions' as const, block_id: 'card', elements: [button] };

/** Every element that holds something, with what a person puts in. */
const inputs: Readonly<Record<string, { readonly element?: object; readonly put: string | string[] }>> = {
  plain_text_input: { put: 'because' },
  email_text_input: { put: 'ada@countersign.example' },
  url_text_input: { put: 'https://countersign.example' },
  number_input: { put: '1.5', element: { is_decimal_allowed: true } },
  static_select: { put: 'a', element: { options } },
  multi_static_select: { put: ['a', 'b'], element: { options } },
  external_select: { put: 'x' },
  multi_external_select: { put: ['x'] },
  users_select: { put: userIds.ada },
  multi_users_select: { put: [userIds.ada] },
  conversations_select: { put: channelIds.general },
  multi_conversations_select: { put: [channelIds.general] },
  channels_select: { put: channelIds.general },
  multi_channels_select: { put: [channelIds.general] },
  radio_buttons: { put: 'a', element: { options } },
  checkboxes: { put: ['a'], element: { options } },
  datepicker: { put: '2026-11-21' },
  timepicker: { put: '12:30' },
  datetimepicker: { put: '1795262400' },
};
const elementOf = (type: string) => ({ type, action_id: type, ...inputs[type]?.element });
const typedOnly = ['plain_text_input', 'email_text_input', 'url_text_input', 'number_input'];
const pressed = Object.keys(inputs).filter((type) => !typedOnly.includes(type));
const menus = {
  type: 'actions' as const,
  block_id: 'menus',
  elements: [...pressed.map(elementOf), { type: 'overflow', action_id: 'overflow', options }],
};
const modal = {
  type: 'modal',
  title: plain('T'),
  submit: plain('S'),
  close: plain('C'),
  notify_on_close: true,
  blocks: [
    buttons,
    menus,
    ...Object.keys(inputs).map((type) => ({
      type: 'input',
      block_id: type,
      optional: true,
      label: plain('L'),
      element: elementOf(type),
    })),
  ],
};

let types: DeliveredTypes;
const sent: Record<string, Fields> = {};
const actions: Record<'message' | 'view', Fields[]> = { message: [], view: [] };

const channel = channelIds.deploysSite;
const user = userIds.ada;

const keeper = ({ app }: TestWorkspace) => {
  const last = (): Fields => ({ ...app.received.at(-1)?.payload });
  return {
    last,
    keep: (name: string) => {
      sent[name] = last();
    },
    keepAction: (on: 'message' | 'view') => actions[on].push(...listOf(last()['actions'])),
  };
};

/** One of everything that a person can make Slack send to this app. */
async function everything() {
  const workspace = await startWorkspace();
  const { client, control, app } = workspace;
  const { keep, keepAction } = keeper(workspace);
  const done = async (doing: Promise<{ outcome: string; error?: string }>) => {
    const { outcome, error } = await doing;
    expect([outcome, error]).toEqual(['acknowledged', undefined]);
  };
  const post = async (more: object = {}) =>
    (await client.chat.postMessage({ channel, text: 'card', blocks: [buttons], ...more })).ts ?? '';
  const press = async (name: string, about: object) => {
    await done(control.click({ user, actionId: 'approve', ...about }));
    keep(name);
  };

  await control.command({ user, channel, text: '/promote x' });
  keep('a command');

  const alone = await post({ metadata: { event_type: 'card', event_payload: { id: 'p1' } } });
  await press('a click on a message', { channel, messageTs: alone });
  keepAction('message');
  await client.chat.update({ channel, ts: alone, text: 'edited', blocks: [buttons] });
  await press('a click on an edited message', { channel, messageTs: alone });
  const parent = await post();
  const reply = await post({ thread_ts: parent });
  await press('a click on a reply', { channel, messageTs: reply });
  await press('a click on a message with replies', { channel, messageTs: parent });
  await client.chat.postEphemeral({ channel, user, text: 'psst', blocks: [buttons] });
  const ephemeralId = control.state({ user }).ephemerals.at(-1)?.id ?? '';
  await press('a click on a private message', { ephemeralId });
  const choosing = { type: 'actions' as const, block_id: 'menus', elements: menus.elements };
  const { ts: menu = '' } = (await client.apiCall('chat.postMessage', {
    channel,
    text: 'menus',
    blocks: [choosing],
  })) as { ts?: string };

  app.answer(async ({ payload }) => {
    await client.apiCall('views.open', { trigger_id: payload['trigger_id'], view: modal });
    return {};
  });
  const { openedViewId: viewId = '' } = await control.command({ user, channel, text: '/promote' });
  app.answer({});
  await press('a click in a modal', { viewId });
  keepAction('view');
  for (const type of [...pressed, 'overflow']) {
    const { put: value } = inputs[type] ?? { put: 'a' };
    await done(control.click({ user, channel, messageTs: menu, actionId: type, value }));
    keepAction('message');
    await done(control.click({ user, viewId, blockId: 'menus', actionId: type, value }));
    keepAction('view');
  }
  await done(control.click({ user, channel, messageTs: menu, actionId: 'static_select', value: 'a' }));
  keep('a choice on a message');
  app.answer({ json: { response_action: 'update', view: modal } });
  await control.submit({ user, viewId });
  keep('a form that is sent in empty');
  const values = Object.fromEntries(Object.entries(inputs).map(([type, { put }]) => [type, { [type]: put }]));
  await done(control.submit({ user, viewId, values }));
  keep('a form that is sent in');
  app.answer({});
  await done(control.closeView({ user, viewId }));
  keep('a form that is closed');

  await client.views.publish({ user_id: user, view: { type: 'home', blocks: [buttons] } });
  await done(control.openHome({ user }));
  keep('Home that is opened');
  const homeId = String(fieldsOf(fieldsOf(sent['Home that is opened']?.['event'])['view'])['id']);
  await press('a click on Home', { viewId: homeId });
  await done(control.openHome({ user, tab: 'messages' }));
  keep('its messages that are opened');
}

beforeAll(async () => {
  types = await readDeliveredTypes();
}, 600_000);

const theirsOf = (kind: { readonly sample: string; readonly type: string }): Fields => {
  const theirs = sample(kind.sample);
  const view = isFields(theirs['view'])
    ? { view: andMembers(theirs['view'], types.membersOf('ViewOutput')) }
    : {};
  return andMembers({ ...theirs, ...view }, types.membersOf(kind.type));
};

/** What Bolt’s type has against it. Members that are too many are told by the samples, which know more of them. */
function boltOn(type: string, payload: Fields, theirs: Fields, task?: { readonly meta: TaskMeta }): string[] {
  const { enterprise: _, ...rest } = payload;
  const view = isFields(payload['view']) ? { view: { ...payload['view'], blocks: [] } } : {};
  const some = 'actions' in payload ? { actions: [] } : {};
  const wrongs = types.wrongs(type, { ...rest, ...view, ...some }, keysIn(theirs));
  const known = wrongs.filter(
    (wrong) => wrong.includes('"missingProperty":"response_url"') && 'view' in payload,
  );
  if (known.length > 0 && task !== undefined)
    met(task, {
      name: 'Bolt’s type demands a response_url of clicks in views',
      reason: 'Slack’s page of block_actions payloads has it for messages alone.',
    });
  return wrongs.filter((wrong) => !known.includes(wrong));
}

describe('what our Slack stand-in sends', () => {
  it('is all sent', async () => {
    await everything();
    expect(Object.keys(sent).sort()).toEqual(
      [
        ...Object.keys(kinds),
        'a command',
        'a choice on a message',
        'a form that is sent in empty',
        'Home that is opened',
        'its messages that are opened',
      ].sort(),
    );
  });

  it('a command: every key; as a form, so every value is a text', () => {
    const { 'a command': command = {} } = sent;
    expect(differing(sample('SlashCommand'), command, {})).toEqual([
      // Slack writes "true" or "false" into the form; the sample is what its SDK makes of it.
      'is_enterprise_install is string, not boolean',
    ]);
    expect(types.wrongs('SlashCommand', command)).toEqual([]);
    expect(Object.values(command).every((value) => typeof value === 'string')).toBe(true);
  });

  it.for(Object.entries(kinds))('%s', ([name, kind], { task }) => {
    const payload = sent[name] ?? {};
    const theirs = theirsOf(kind);
    expect(differing(theirs, payload, kind.absent)).toEqual([]);
    expect(boltOn(kind.type, payload, theirs, task)).toEqual([]);
    for (const [holder, blocks] of [
      ['view', [{}]],
      ['message', [{}]],
    ] as const)
      if (isFields(payload[holder])) expect(kindOf(payload[holder]['blocks'])).toBe(kindOf(blocks));
  });

  it.each(['Home that is opened', 'its messages that are opened'])('%s', (name) => {
    const payload = sent[name] ?? {};
    const { event } = sample('AppHomeOpened');
    const theirs = {
      ...sample('AppHomeOpened'),
      event: {
        ...andMembers(fieldsOf(event), types.membersOf('AppHomeOpenedEvent')),
        view: andMembers(fieldsOf(fieldsOf(event)['view']), types.membersOf('ViewOutput')),
      },
    };
    const absent: Exceptions = name.startsWith('Home') ? {} : { 'is of the tab Home': /^event\.view$/ };
    expect(differing(theirs, payload, absent)).toEqual([]);
    const { view: shown, ...opened } = fieldsOf(payload['event']);
    expect(types.wrongs('AppHomeOpenedEvent', opened)).toEqual([]);
    if (shown !== undefined)
      expect(types.wrongs('ViewOutput', { ...fieldsOf(shown), blocks: [] }, ['submit_disabled'])).toEqual([]);
  });

  it('needs no exception that nothing meets', () => {
    expect([...Object.keys(notSent), ...Object.keys(moreSent)].filter((reason) => !used.has(reason))).toEqual(
      [],
    );
  });
});

/** What holds the value of an element, by Bolt's types of actions; these four have none. Source: Slack, their pages. */
const heldIn: Readonly<Record<string, string>> = {
  email_text_input: 'value',
  url_text_input: 'value',
  number_input: 'value',
  datetimepicker: 'selected_date_time',
};
const holderOf = (element: string): string | undefined =>
  heldIn[element] ??
  types
    .membersOf(types.actionOf(element) ?? '')
    .find((member) => /^(selected_|value$|rich_text_value$)/.test(member));

describe('every action of a click', () => {
  it.each(['message', 'view'] as const)('is there, on a %s', (on) => {
    expect(actions[on].map(({ type }) => type)).toEqual(['button', ...pressed, 'overflow']);
  });

  it.each(['button', ...pressed, 'overflow'])('%s', (element) => {
    const samples = listOf(sample('BlockAction')['actions']);
    const shown = samples.flatMap((action) => Object.keys(action));
    const shownConfirm = fieldsOf(samples[0]?.['confirm']);
    for (const all of Object.values(actions)) {
      const action = all.find(({ type }) => type === element) ?? {};
      const type = types.actionOf(element);
      // Bolt has no type of this one.
      expect(type === undefined).toBe(element === 'datetimepicker');
      // Its `confirm` is that of attachments of old; the samples show the one of Block Kit.
      const { confirm, ...rest } = action;
      if (type !== undefined) expect(types.wrongs(type, rest, shown)).toEqual([]);
      if (confirm !== undefined)
        expect(differing(shownConfirm, fieldsOf(confirm), { 'is of red ones': /^style$/ })).toEqual([]);
      expect(Object.keys(action)).toEqual(
        expect.arrayContaining(['type', 'action_id', 'block_id', 'action_ts', holderOf(element)]),
      );
      if (element === 'datetimepicker') expect(kindOf(action['selected_date_time'])).toBe('number');
    }
  });

  it('tells all that stands on a button', () => {
    for (const [action = {}] of Object.values(actions))
      expect(action).toMatchObject({ value: 'p1', style: 'primary', text: { text: 'Approve' }, confirm: {} });
  });
});

describe('the state of every input', () => {
  const stateIn = (payload: Fields, block: string, action: string): Fields => {
    const { state } = fieldsOf(payload['view'] ?? payload);
    return fieldsOf(fieldsOf(fieldsOf(fieldsOf(state)['values'])[block])[action]);
  };

  it.each(Object.keys(inputs))('%s, filled in and empty', (element) => {
    const holder = holderOf(element) ?? '';
    const filled = stateIn(sent['a form that is sent in'] ?? {}, element, element);
    const empty = stateIn(sent['a form that is sent in empty'] ?? {}, element, element);
    for (const state of [filled, empty]) {
      expect(types.wrongs('ViewStateValue', state)).toEqual([]);
      expect(Object.keys(state).sort()).toEqual([holder, 'type'].sort());
      expect(state['type']).toBe(element);
    }
    const { put = '' } = inputs[element] ?? {};
    const told = [filled[holder]].flat().map((each) => (isFields(each) ? each['value'] : String(each)));
    expect(told).toEqual([put].flat());
    expect(empty[holder]).toEqual(Array.isArray(put) ? [] : null);
  });

  it('stands in a choice on a message too', () => {
    const state = stateIn(sent['a choice on a message'] ?? {}, 'menus', 'static_select');
    expect(types.wrongs('ViewStateValue', state)).toEqual([]);
    expect(state).toMatchObject({ type: 'static_select', selected_option: { value: 'a' } });
  });
});

describe('what is wrong is found', () => {
  const {
    'a click on a message': message,
    'a click in a modal': inModal,
    'a form that is sent in': form,
  } = kinds;
  const without = (value: unknown, key: string): Fields =>
    Object.fromEntries(Object.entries(fieldsOf(value)).filter(([each]) => each !== key));
  const found = (kind: (typeof kinds)[string] | undefined, payload: Fields | undefined) =>
    kind === undefined || payload === undefined ? [] : differing(theirsOf(kind), payload, kind.absent);
  const click = () => sent['a click on a message'] ?? {};

  it.each<[string, () => string[], string]>([
    [
      'no trigger_id in a view',
      () => found(inModal, without(sent['a click in a modal'], 'trigger_id')),
      'trigger_id is missing',
    ],
    [
      'no user in the message',
      () => found(message, { ...click(), message: without(click()['message'], 'user') }),
      'message.user is missing',
    ],
    [
      'no response_urls',
      () => found(form, without(sent['a form that is sent in'], 'response_urls')),
      'response_urls is missing',
    ],
    ['an invented member', () => found(message, { ...click(), colour: 'red' }), 'colour is in no sample'],
    ['another kind', () => found(message, { ...click(), trigger_id: 1 }), 'trigger_id is number, not string'],
    [
      'an action that is no more than its type',
      () => types.wrongs('ButtonAction', { type: 'button' }),
      'action_id',
    ],
    [
      'a state under another name',
      () => types.wrongs('ViewStateValue', { type: 'plain_text_input', text: 'x' }),
      'text',
    ],
    [
      'an option as a text',
      () => types.wrongs('ViewStateValue', { type: 'static_select', selected_option: 'x' }),
      'object',
    ],
  ])('%s', (_what, wrongs, says) => expect(wrongs().join('\n')).toContain(says));
});
