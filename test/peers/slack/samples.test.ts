/** What our Slack stand-in sends, against the samples of Slack's own SDK for Java: every key, and its kind of value. */
import { describe, expect, it } from 'vitest';
import { channelIds, userIds } from '../../../workspace/slack/people.ts';
import { startWorkspace } from '../../workspace/slack/workspace.ts';
import { sample } from './facts.ts';

type Fields = Record<string, unknown>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Of features that this workspace does not have, by path. */
const notModelled: readonly RegExp[] = [
  // Enterprise Grid and org-wide installs.
  /^(team\.)?enterprise_(id|name)$/,
  /^enterprise\.(id|name)$/,
  // Workflow functions.
  /^(bot_access_token|function_data|interactivity)$/,
  // Unfurls and legacy attachments.
  /^app_unfurl$/,
  /^container\.(attachment_id|text|is_app_unfurl|app_unfurl_url)$/,
];
/** Parts whose samples hold what every kind of block, element and message may have at once. */
const unions: readonly RegExp[] = [/^actions$/, /^message$/, /\bblocks$/, /\bstate\.values$/];

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;

/** Paths of the sample that are in none of what was sent, or are of another kind there. */
function differing(theirs: Fields, sent: readonly Fields[], path = ''): string[] {
  return Object.entries(theirs).flatMap(([key, value]) => {
    const here = path === '' ? key : `${path}.${key}`;
    if (notModelled.some((pattern) => pattern.test(here))) return [];
    const there = sent.filter((each) => key in each).map((each) => each[key]);
    if (there.length === 0) return [`${here} is missing`];
    if (unions.some((pattern) => pattern.test(here))) return [];
    const wrong = there.filter((each) => each !== null && kindOf(each) !== kindOf(value));
    if (wrong.length > 0) return [`${here} is ${kindOf(wrong[0])}, not ${kindOf(value)}`];
    // Null is how Slack says that there is none.
    if (there.every((each) => each === null)) return [];
    if (isFields(value)) return differing(value, there.filter(isFields), here);
    const [first] = Array.isArray(value) ? value : [];
    const items = there.flatMap((each) => (Array.isArray(each) ? each.filter(isFields) : []));
    return isFields(first) ? differing(first, items, `${here}[]`) : [];
  });
}

const plain = (text: string) => ({ type: 'plain_text' as const, text });
const approve = {
  type: 'actions' as const,
  block_id: 'card',
  elements: [{ type: 'button' as const, action_id: 'approve', value: 'p1', text: plain('Approve') }],
};
const modal = {
  type: 'modal',
  title: plain('T'),
  submit: plain('S'),
  close: plain('C'),
  notify_on_close: true,
  blocks: [approve],
};

const sent: Record<string, Fields[]> = {};

/** One of everything that a person can make Slack send. */
async function everything() {
  const { client, control, app } = await startWorkspace();
  const channel = channelIds.deploysSite;
  const user = userIds.ada;
  const last = (): Fields => ({ ...app.received.at(-1)?.payload });
  const keep = (name: string) => {
    sent[name] = [...(sent[name] ?? []), last()];
  };

  await control.command({ user, channel, text: '/promote x' });
  keep('SlashCommand');

  const parent = await client.chat.postMessage({ channel, text: 'parent' });
  const card = await client.chat.postMessage({
    channel,
    text: 'card',
    blocks: [approve],
    thread_ts: parent.ts ?? '',
  });
  await control.click({ user, channel, messageTs: card.ts ?? '', actionId: 'approve' });
  keep('BlockAction');

  app.answer(async ({ payload }) => {
    await client.apiCall('views.open', { trigger_id: payload['trigger_id'], view: modal });
    return {};
  });
  const { openedViewId: viewId = '' } = await control.command({ user, channel, text: '/promote' });
  app.answer({});
  await control.click({ user, viewId, actionId: 'approve' });
  keep('BlockAction');
  app.answer({ json: { response_action: 'update', view: modal } });
  await control.submit({ user, viewId });
  keep('ViewSubmission');
  app.answer({});
  await control.closeView({ user, viewId });
  keep('ViewClosed');

  await client.views.publish({ user_id: user, view: { type: 'home', blocks: [approve] } });
  await control.openHome({ user });
  keep('AppHomeOpened');
}

describe('what our Slack stand-in sends', () => {
  it('is all sent', async () => {
    await everything();
    expect(Object.keys(sent)).toHaveLength(5);
  });

  it('a command: every key; as a form, so every value is a text', () => {
    const [command = {}] = sent['SlashCommand'] ?? [];
    expect(differing(sample('SlashCommand'), [command])).toEqual([
      // Slack writes "true" or "false" into the form; the sample is what its SDK makes of it.
      'is_enterprise_install is string, not boolean',
    ]);
    expect(Object.values(command).every((value) => typeof value === 'string')).toBe(true);
  });

  it('a click on a message and in a view', () => {
    expect(differing(sample('BlockAction'), sent['BlockAction'] ?? [])).toEqual([]);
  });

  it('the button of a click', () => {
    const [onMessage = {}] = sent['BlockAction'] ?? [];
    const actions = sample('BlockAction')['actions'];
    const theirs = Array.isArray(actions) ? actions.filter(isFields) : [];
    const ours = Array.isArray(onMessage['actions']) ? onMessage['actions'].filter(isFields) : [];
    const keys = new Set(theirs.flatMap((action) => Object.keys(action)));
    expect(ours).toHaveLength(1);
    for (const key of ['type', 'action_id', 'block_id', 'text', 'value', 'action_ts']) {
      expect(keys).toContain(key);
      expect(Object.keys(ours[0] ?? {})).toContain(key);
    }
    expect(Object.keys(ours[0] ?? {}).filter((key) => !keys.has(key))).toEqual([]);
  });

  it('a form that is sent in', () => {
    expect(differing(sample('ViewSubmission'), sent['ViewSubmission'] ?? [])).toEqual([
      // Belongs to view_closed alone; the samples share one shape.
      'is_cleared is missing',
    ]);
  });

  it('a form that is closed', () => {
    expect(differing(sample('ViewClosed'), sent['ViewClosed'] ?? [])).toEqual([]);
  });

  it('Home that is opened', () => {
    expect(differing(sample('AppHomeOpened'), sent['AppHomeOpened'] ?? [])).toEqual([]);
  });

  it('would be found out if a key or a kind of value were wrong', () => {
    const [home = {}] = sent['AppHomeOpened'] ?? [];
    const { event_id: _, ...without } = home;
    expect(differing(sample('AppHomeOpened'), [without])).toEqual(['event_id is missing']);
    expect(differing(sample('AppHomeOpened'), [{ ...home, event_time: '1' }])).toEqual([
      'event_time is string, not number',
    ]);
  });
});
