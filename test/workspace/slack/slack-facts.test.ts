/** Against Slack's own published shapes, where they are at hand beside the repository; skipped, and counted, where not. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { methods } from '../../../workspace/slack/methods.ts';
import { channelIds, userIds } from '../../../workspace/slack/people.ts';
import { startWorkspace } from './workspace.ts';

const data = fileURLToPath(new URL('../../../../shared/data/slack/', import.meta.url));
const at = (name: string) => `${data}${name}`;
const absent = !existsSync(at('methods.json'));
const read = (name: string): Record<string, unknown> => JSON.parse(readFileSync(at(name), 'utf8'));

const fields = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
const keys = (value: unknown) => Object.keys(fields(value));

/** Keys of features this workspace does not have: Enterprise Grid, workflow functions, unfurls. */
const elsewhere: Record<string, readonly string[]> = {
  '': [
    'bot_access_token',
    'function_data',
    'interactivity',
    'app_unfurl',
    'enterprise_name',
    'enterprise_id',
  ],
  team: ['enterprise_id', 'enterprise_name'],
  container: ['attachment_id', 'text', 'is_app_unfurl', 'app_unfurl_url'],
  authorizations: [],
};

const missing = (sample: unknown, sent: unknown[], path = ''): string[] => {
  const has = new Set(sent.flatMap(keys));
  return keys(sample).filter((key) => !has.has(key) && elsewhere[path]?.includes(key) !== true);
};

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
  notify_on_close: true,
  blocks: [approve],
};

describe.skipIf(absent)("Slack's published facts", () => {
  it('agrees with them on scopes, tiers and arguments of every modelled method', () => {
    const facts = read('methods.json');
    const tiers: Record<string, unknown> = { t2: 2, t3: 3, t4: 4, t5: 'special' };
    for (const [method, ours] of Object.entries(methods)) {
      const theirs = fields(facts[method]);
      const args = keys(theirs['args']).filter((name) => name !== 'token');
      expect([method, [...ours.known].sort()]).toEqual([method, args.sort()]);
      expect([method, tiers[String(theirs['rateLimit'])]]).toEqual([method, ours.tier]);
      const required = theirs['required'];
      const names = Array.isArray(required) ? required.filter((name) => name !== 'token') : [];
      expect([method, [...ours.required].sort()]).toEqual([method, names.sort()]);
      expect([method, theirs['json'] === true]).toEqual([method, ours.acceptsJson]);
      if (ours.appToken === true) continue;
      const scopes = fields(theirs['scopes'])['bot'];
      expect([method, [...ours.scopes].sort()]).toEqual([method, Array.isArray(scopes) ? scopes.sort() : []]);
    }
  });

  it('sends every key of the samples', async () => {
    const { client, control, app } = await startWorkspace();
    const channel = channelIds.deploysSite;
    const user = userIds.ada;
    await control.command({ user, channel, text: '/promote x' });
    const command = app.received[0]?.payload;

    const parent = await client.chat.postMessage({ channel, text: 'parent' });
    const card = await client.chat.postMessage({
      channel,
      text: 'card',
      blocks: [approve],
      thread_ts: parent.ts ?? '',
    });
    await control.click({ user, channel, messageTs: card.ts ?? '', actionId: 'approve' });
    const onMessage = app.received.at(-1)?.payload;

    app.answer(async ({ payload }) => {
      await client.apiCall('views.open', { trigger_id: payload['trigger_id'], view: modal });
      return {};
    });
    const { openedViewId = '' } = await control.command({ user, channel, text: '/promote' });
    app.answer({});
    await control.click({ user, viewId: openedViewId, actionId: 'approve' });
    const onView = app.received.at(-1)?.payload;
    app.answer({ json: { response_action: 'update', view: modal } });
    await control.submit({ user, viewId: openedViewId });
    const submission = app.received.at(-1)?.payload;
    app.answer({});
    await control.closeView({ user, viewId: openedViewId });
    const closed = app.received.at(-1)?.payload;
    await client.views.publish({ user_id: user, view: { type: 'home', blocks: [approve] } });
    await control.openHome({ user });
    const home = app.received.at(-1)?.payload;

    const actionSample = read('samples/BlockActionPayload.json');
    const submissionSample = read('samples/ViewSubmissionPayload.json');
    const closedSample = read('samples/ViewClosedPayload.json');
    const homeSample = read('samples/AppHomeOpenedPayload.json');
    const commandSample = read('samples/SlashCommandPayload.json');

    expect(missing(commandSample, [command])).toEqual([]);
    expect(missing(actionSample, [onMessage, onView])).toEqual([]);
    expect(
      missing(actionSample['container'], [onMessage?.['container'], onView?.['container']], 'container'),
    ).toEqual([]);
    for (const part of ['user', 'team', 'channel'])
      expect([part, missing(actionSample[part], [onMessage?.[part]], part)]).toEqual([part, []]);
    // `is_cleared` belongs to view_closed alone, though the samples share one shape.
    expect(missing(submissionSample, [submission])).toEqual(['is_cleared']);
    expect(missing(closedSample, [closed])).toEqual([]);
    for (const [sample, sent] of [
      [actionSample, onView],
      [submissionSample, submission],
      [closedSample, closed],
    ]) {
      expect(missing(fields(sample)['view'], [fields(sent)['view']])).toEqual([]);
    }
    expect(missing(homeSample, [home])).toEqual([]);
    expect(missing(homeSample['event'], [home?.['event']])).toEqual([]);
    expect(missing(fields(homeSample['event'])['view'], [fields(home?.['event'])['view']])).toEqual([]);
  });
});
