import { expect, it } from 'vitest';
import { channelIds } from '../../../workspace/slack/people.ts';
import { createRateLimits } from '../../../workspace/slack/rate-limits.ts';
import { startWorkspace } from './workspace.ts';

it('gives chat.update fifty a minute for the whole workspace, whatever the channel', () => {
  let nowMs = 0;
  const limits = createRateLimits(() => nowMs);
  for (let n = 0; n < 50; n += 1) {
    expect(limits.take('chat.update', n % 2 === 0 ? 'C1' : 'C2')).toBeUndefined();
    nowMs += 100;
  }
  expect(limits.take('chat.update', 'C3')).toEqual({ retryAfterSeconds: 55 });
  expect(limits.take('views.open')).toBeUndefined();
  nowMs = 60_000;
  expect(limits.take('chat.update', 'C3')).toBeUndefined();
});

it('lets a short burst into a channel and then one message a second, each channel for itself', () => {
  let nowMs = 0;
  const limits = createRateLimits(() => nowMs);
  const take = (channel: string) => limits.take('chat.postMessage', channel) === undefined;
  expect([1, 2, 3, 4, 5, 6].map(() => take('C1'))).toEqual([true, true, true, true, true, false]);
  expect(take('C2')).toBe(true);
  nowMs += 1_000;
  expect([take('C1'), take('C1')]).toEqual([true, false]);
});

it('gives tier 2 twenty and tier 4 a hundred', () => {
  const limits = createRateLimits(() => 0);
  const allowed = (method: string) => {
    let count = 0;
    while (limits.take(method) === undefined) count += 1;
    return count;
  };
  expect(allowed('usergroups.users.list')).toBe(20);
  expect(allowed('users.info')).toBe(100);
});

it('answers 429 with Retry-After, lets the call in afterwards and shows the count', async () => {
  const { client, control, clock } = await startWorkspace();
  const list = () => client.usergroups.list();
  for (let n = 0; n < 20; n += 1) await list();
  await expect(list()).rejects.toMatchObject({ retryAfter: 60 });
  expect(control.state().rates).toMatchObject([
    { method: 'usergroups.list', limitPerMinute: 20, usedInLastMinute: 20, refused: 1 },
  ]);
  expect(control.calls().at(-1)).toMatchObject({ httpStatus: 429, error: 'ratelimited' });
  expect(
    await client.chat.postMessage({ channel: channelIds.general, text: 'other methods go on' }),
  ).toMatchObject({ ok: true });
  await clock.advance(60_000);
  expect(await list()).toMatchObject({ ok: true });
});

it('counts a channel once, whether it is named by id or by name', async () => {
  const { client } = await startWorkspace();
  const post = (channel: string) => client.chat.postMessage({ channel, text: 'x' });
  for (const channel of ['#general', channelIds.general, '#general', channelIds.general, '#general'])
    await post(channel);
  await expect(post(channelIds.general)).rejects.toMatchObject({ retryAfter: 1 });
});
