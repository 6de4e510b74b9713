import { expect, it } from 'vitest';
import { slackControlRoutes } from '../../../workspace/slack/control-routes.ts';
import { channelIds, groupIds, userIds } from '../../../workspace/slack/people.ts';
import { startWorkspace } from './workspace.ts';

it('offers the control as named operations with JSON in and out', async () => {
  const { control, app } = await startWorkspace();
  const routes = slackControlRoutes(control);
  const result = await routes['command']?.({
    user: userIds.ada,
    channel: channelIds.deploysSite,
    text: '/promote x',
  });
  expect(result).toMatchObject({ outcome: 'acknowledged' });
  expect(app.received).toHaveLength(1);
  const state = await routes['state']?.({ user: userIds.ada });
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  expect(await routes['removeFromGroup']?.({ group: groupIds.oncall, user: userIds.otto })).toEqual({
    ok: true,
  });
  expect(control.state().groups.find((group) => group.id === groupIds.oncall)?.members).toEqual([]);
});

it('refuses bodies that do not fit and faults that would strike nobody', async () => {
  const { control } = await startWorkspace();
  const routes = slackControlRoutes(control);
  await expect(routes['command']?.({ user: userIds.ada })).rejects.toThrow();
  await expect(routes['down']?.({ seconds: -1 })).rejects.toThrow();
  await expect(routes['deactivateUser']?.({ user: 'U0NOBODY' })).rejects.toThrow('nobody');
});

it('has a route for every fault and every thing a person can do', async () => {
  const { control } = await startWorkspace();
  const routes = Object.keys(slackControlRoutes(control));
  const local = ['faults', 'save', 'load', 'subscribe', 'requestUrl', 'clear'];
  const operations = [...Object.keys(control), ...Object.keys(control.faults)].filter(
    (name) => !local.includes(name),
  );
  expect(operations.filter((name) => !routes.includes(name))).toEqual([]);
});
