import { expect, it } from 'vitest';
import { channelIds, userIds } from '../../../workspace/slack/people.ts';
import { startWorkspace, type TestWorkspace } from './workspace.ts';

const site = channelIds.deploysSite;
const { ada, grace } = userIds;
const approve = {
  type: 'actions' as const,
  block_id: 'card',
  elements: [
    {
      type: 'button' as const,
      action_id: 'approve',
      value: 'p1',
      text: { type: 'plain_text' as const, text: 'Approve' },
    },
  ],
};

const commandUrl = async ({ control, app }: TestWorkspace): Promise<string> => {
  await control.command({ user: ada, channel: site, text: '/promote x' });
  return String(app.received.at(-1)?.payload['response_url']);
};

const answer = async (url: string, body: unknown) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
};

it('takes five answers and not a sixth', async () => {
  const workspace = await startWorkspace();
  const url = await commandUrl(workspace);
  for (let n = 1; n <= 5; n += 1) expect((await answer(url, { text: `answer ${n}` })).status).toBe(200);
  expect(await answer(url, { text: 'sixth' })).toMatchObject({ status: 404, body: { error: 'used_url' } });
  expect(workspace.control.state({ user: ada }).ephemerals).toHaveLength(5);
});

it('dies after thirty virtual minutes', async () => {
  const workspace = await startWorkspace();
  const url = await commandUrl(workspace);
  await workspace.clock.advance(30 * 60_000);
  expect((await answer(url, { text: 'just in time' })).status).toBe(200);
  await workspace.clock.advance(1_000);
  expect(await answer(url, { text: 'late' })).toMatchObject({ status: 404, body: { error: 'expired_url' } });
  expect(await answer(`${url}x`, { text: 'invented' })).toMatchObject({ status: 404 });
});

it('answers in private unless asked otherwise, and needs no membership of the bot', async () => {
  const workspace = await startWorkspace();
  const { control } = workspace;
  const url = await commandUrl(workspace);
  control.faults.removeFromChannel({ channel: site, user: userIds.bot });
  await answer(url, { text: 'private' });
  await answer(url, { text: 'public', response_type: 'in_channel' });
  expect(control.state({ user: ada }).ephemerals).toMatchObject([{ text: 'private' }]);
  expect(control.messages(site)).toMatchObject([{ text: 'public', fromApp: true }]);
});

it('replaces and deletes the message that was clicked', async () => {
  const workspace = await startWorkspace();
  const { client, control, app } = workspace;
  const { ts = '' } = await client.chat.postMessage({ channel: site, text: 'card', blocks: [approve] });
  await control.click({ user: grace, channel: site, messageTs: ts, actionId: 'approve' });
  const url = String(app.received[0]?.payload['response_url']);
  await answer(url, { text: 'beside it' });
  expect(control.messages(site)).toMatchObject([{ text: 'card' }]);
  await answer(url, { text: 'approved', replace_original: true });
  expect(control.messages(site)).toMatchObject([{ ts, text: 'approved', blocks: [] }]);
  await answer(url, { delete_original: true });
  expect(control.messages(site)).toEqual([]);
  expect(await answer(url, { text: 'again', replace_original: true })).toMatchObject({
    status: 404,
    body: { error: 'message_not_found' },
  });
});

it('never makes a private message public', async () => {
  const workspace = await startWorkspace();
  const { client, control, app } = workspace;
  await client.chat.postEphemeral({ channel: site, user: ada, text: 'sure?', blocks: [approve] });
  const ephemeralId = control.state({ user: ada }).ephemerals[0]?.id ?? '';
  await control.click({ user: ada, ephemeralId, actionId: 'approve' });
  const url = String(app.received[0]?.payload['response_url']);
  await answer(url, { text: 'done', replace_original: true, response_type: 'in_channel' });
  expect(control.messages(site)).toEqual([]);
  expect(control.state({ user: ada }).ephemerals).toMatchObject([{ id: ephemeralId, text: 'done' }]);
  await answer(url, { delete_original: true });
  expect(control.state({ user: ada }).ephemerals).toEqual([]);
});

it('cannot touch the command somebody typed', async () => {
  const workspace = await startWorkspace();
  const url = await commandUrl(workspace);
  expect(await answer(url, { delete_original: true })).toMatchObject({
    status: 404,
    body: { error: 'cant_delete_message' },
  });
});

it('refuses bad blocks and bad JSON with 400', async () => {
  const workspace = await startWorkspace();
  const url = await commandUrl(workspace);
  expect(await answer(url, { blocks: [{ type: 'nonsense' }] })).toMatchObject({
    status: 400,
    body: { error: 'invalid_blocks' },
  });
  const broken = await fetch(url, { method: 'POST', body: '{"text":' });
  expect(broken.status).toBe(400);
});
