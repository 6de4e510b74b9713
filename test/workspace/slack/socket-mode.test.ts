import { App, type AppOptions, LogLevel } from '@slack/bolt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import type { SlackControl } from '../../../workspace/slack/control.ts';
import { channelIds, userIds } from '../../../workspace/slack/people.ts';
import { botToken, createClient, startWorkspace } from './workspace.ts';

const appToken = 'xapp-test-token';
const site = channelIds.deploysSite;

const startBolt = async (slackApiUrl: string, options: AppOptions = {}) => {
  const bolt = new App({
    token: botToken,
    appToken,
    socketMode: true,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl },
    ...options,
  });
  return bolt;
};

const connected = (control: SlackControl, count: number) =>
  new Promise<void>((resolve) => {
    const poll = () => (control.state().app.sockets === count ? resolve() : setImmediate(poll));
    poll();
  });

describe('Socket Mode with the real Bolt', () => {
  it('carries commands with their answer, clicks, submissions and events', async () => {
    const { slack, control, client, app } = await startWorkspace({ appToken });
    const seen: string[] = [];
    const bolt = await startBolt(slack.apiUrl);
    bolt.command('/promote', async ({ ack, command }) => {
      seen.push(`command ${command.text}`);
      await ack({ response_type: 'ephemeral', text: 'on it' });
    });
    bolt.action('approve', async ({ ack, client: own, body }) => {
      seen.push('action');
      await own.views.open({
        trigger_id: 'trigger_id' in body ? (body.trigger_id ?? '') : '',
        view: {
          type: 'modal',
          callback_id: 'reason',
          title: { type: 'plain_text', text: 'Why' },
          submit: { type: 'plain_text', text: 'Send' },
          blocks: [
            {
              type: 'input',
              block_id: 'why',
              label: { type: 'plain_text', text: 'Why' },
              element: { type: 'plain_text_input', action_id: 'text' },
            },
          ],
        },
      });
      await ack();
    });
    bolt.view('reason', async ({ ack }) => {
      await ack({ response_action: 'errors', errors: { why: 'too short' } });
    });
    bolt.event('app_home_opened', async ({ event }) => {
      seen.push(`home ${event.user}`);
    });
    await bolt.start();
    onTestFinished(async () => {
      await bolt.stop();
    });
    expect(control.state().app.sockets).toBe(1);

    const command = await control.command({ user: userIds.ada, channel: site, text: '/promote site' });
    expect(command).toMatchObject({ outcome: 'acknowledged', ephemeral: { text: 'on it' } });
    const { ts = '' } = await client.chat.postMessage({
      channel: site,
      text: 'card',
      blocks: [
        {
          type: 'actions',
          elements: [{ type: 'button', action_id: 'approve', text: { type: 'plain_text', text: 'Approve' } }],
        },
      ],
    });
    const click = await control.click({
      user: userIds.grace,
      channel: site,
      messageTs: ts,
      actionId: 'approve',
    });
    expect(click).toMatchObject({ outcome: 'acknowledged', openedViewId: expect.any(String) });
    const submitted = await control.submit({
      user: userIds.grace,
      viewId: click.openedViewId ?? '',
      values: { why: { text: 'no' } },
    });
    expect(submitted.viewErrors).toEqual({ why: 'too short' });
    await control.openHome({ user: userIds.ada });
    expect(seen).toEqual(['command site', 'action', `home ${userIds.ada}`]);
    expect(app.received).toEqual([]);
    expect(control.deliveries().every((delivery) => delivery.transport === 'socket')).toBe(true);
  });

  it('times out what nobody acknowledges, and goes back to HTTP when the last socket is gone', async () => {
    const { slack, control, app } = await startWorkspace({ appToken, ackTimeoutMs: 200 });
    const bolt = await startBolt(slack.apiUrl);
    bolt.command('/promote', async () => undefined);
    await bolt.start();
    const run = () => control.command({ user: userIds.ada, channel: site, text: '/promote x' });
    expect(await run()).toMatchObject({ outcome: 'operation_timeout' });
    await bolt.stop();
    await connected(control, 0);
    expect(await run()).toMatchObject({ outcome: 'acknowledged' });
    expect(app.received).toHaveLength(1);
  });

  it('sends nothing more to a socket it has asked to reconnect', async () => {
    const { slack, control } = await startWorkspace({ appToken });
    const app = createClient(slack, appToken);
    const join = async (text: string) => {
      const { url = '' } = await app.apps.connections.open({});
      const socket = new WebSocket(String(url));
      const types: string[] = [];
      await new Promise<void>((resolve) => {
        socket.on('message', (data) => {
          const message = JSON.parse(String(data));
          types.push(message.type);
          if (message.type === 'hello') resolve();
          if (message.type === 'slash_commands')
            socket.send(JSON.stringify({ envelope_id: message.envelope_id, payload: { text } }));
        });
      });
      onTestFinished(() => socket.terminate());
      return types;
    };
    const old = await join('the old one');
    control.faults.disconnectSockets();
    const fresh = await join('the new one');
    for (let n = 0; n < 2; n += 1) {
      expect(await control.command({ user: userIds.ada, channel: site, text: '/promote x' })).toMatchObject({
        ephemeral: { text: 'the new one' },
      });
    }
    expect(old).toEqual(['hello', 'disconnect']);
    expect(fresh).toEqual(['hello', 'slash_commands', 'slash_commands']);
  });

  it('gives addresses to app-level tokens only, and lets nobody in twice with one', async () => {
    const { slack } = await startWorkspace({ appToken });
    const open = (token: string) =>
      fetch(`${slack.apiUrl}apps.connections.open`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
      }).then((answer) => answer.json() as Promise<{ ok: boolean; error?: string; url?: string }>);
    expect(await open(botToken)).toMatchObject({ ok: false, error: 'not_allowed_token_type' });
    const { url = '' } = await open(appToken);
    const upgrade = () =>
      new Promise<string>((resolve) => {
        const socket = new WebSocket(url);
        socket.on('message', (data) => resolve(String(JSON.parse(String(data)).type)));
        socket.on('error', () => resolve('refused'));
      });
    expect(await upgrade()).toBe('hello');
    expect(await upgrade()).toBe('refused');
  });
});
