import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { slackManifest } from '../../src/cli/manifest.ts';
import { runCli } from '../../src/cli/run.ts';

const requestUrl = 'https://countersign.example.com/slack/events';
const forHttp = slackManifest({ name: 'Countersign', requestUrl });
const forSocket = slackManifest({ name: 'Countersign (dev)', requestUrl: null });

describe('the manifest', () => {
  it('asks for the least set of scopes: neither conversations nor what is known of them is read, and nobody is impersonated', () => {
    expect(forHttp.oauth_config.scopes.bot).toEqual([
      'commands',
      'chat:write',
      'users:read',
      'usergroups:read',
    ]);
  });

  it('sends everything to one address', () => {
    expect(forHttp.features.slash_commands.map((each) => each)).toMatchObject([
      { command: '/promote', url: requestUrl, should_escape: true },
      { command: '/rollback', url: requestUrl, should_escape: true },
    ]);
    expect(forHttp.settings).toMatchObject({
      event_subscriptions: { request_url: requestUrl },
      interactivity: { is_enabled: true, request_url: requestUrl },
      socket_mode_enabled: false,
      token_rotation_enabled: false,
    });
    expect(forHttp.settings.event_subscriptions.bot_events).toEqual([
      'app_home_opened',
      'app_uninstalled',
      'tokens_revoked',
    ]);
  });

  it('of a developer’s own app holds no address and commands of its own', () => {
    expect(JSON.stringify(forSocket)).not.toContain('http');
    expect(forSocket.settings.socket_mode_enabled).toBe(true);
    expect(forSocket.features.slash_commands.map(({ command }) => command)).toEqual([
      '/promote-dev',
      '/rollback-dev',
    ]);
  });

  it('stays within the lengths that Slack allows', () => {
    expect(forSocket.display_information.description.length).toBeLessThanOrEqual(140);
    for (const shortcut of forHttp.features.shortcuts) expect(shortcut.name.length).toBeLessThanOrEqual(24);
  });
});

describe('countersign manifest', () => {
  it('prints JSON, or YAML where asked, and both say the same', async () => {
    const json = await runCli(['manifest', '--url', 'https://countersign.example.com']);
    const yaml = await runCli(['manifest', '--url=https://countersign.example.com/', '--format', 'yaml']);

    expect(json).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(json.stdout)).toEqual(forHttp);
    expect(parse(yaml.stdout)).toEqual(forHttp);
  });

  it('keeps a path in front, and takes the whole address too', async () => {
    const below = await runCli(['manifest', '--url', 'https://example.com/tools/']);
    const whole = await runCli(['manifest', '--url', requestUrl]);

    expect(JSON.parse(below.stdout).settings.interactivity.request_url).toBe(
      'https://example.com/tools/slack/events',
    );
    expect(JSON.parse(whole.stdout)).toEqual(forHttp);
  });

  it('names the app as told', async () => {
    const { stdout } = await runCli(['manifest', '--socket', '--name', 'Freigabe']);

    expect(JSON.parse(stdout)).toMatchObject({
      display_information: { name: 'Freigabe' },
      features: { bot_user: { display_name: 'Freigabe' } },
    });
  });

  it('allows an unencrypted address on this machine only', async () => {
    expect((await runCli(['manifest', '--url', 'http://127.0.0.1:3000'])).exitCode).toBe(0);
    expect((await runCli(['manifest', '--url', 'http://countersign.example.com'])).exitCode).toBe(2);
  });

  it.each([
    [['manifest'], /Say where the bot is reached/],
    [['manifest', '--socket', '--url', 'https://x.example'], /leave out --url/],
    [['manifest', '--url'], /--url needs a value/],
    [['manifest', '--url', '--socket'], /--url needs a value/],
    [['manifest', '--url', 'countersign'], /must be an address/],
    [['manifest', '--url', 'https://x.example?a=b'], /bare address/],
    [['manifest', '--url', 'https://x.example', '--url', 'https://y.example'], /given twice/],
    [['manifest', '--sokcet'], /no option --sokcet\. Did you mean --socket\?/],
    [['manifest', '--socket=yes'], /takes no value/],
    [['manifest', '--socket', '--format', 'toml'], /json or yaml/],
    [['manifest', '--socket', '--name', 'x'.repeat(36)], /1 to 35 characters/],
    [['manifest', '--socket', 'now'], /"now" is one word too many/],
  ])('refuses %j with the usage', async (args, message) => {
    const answer = await runCli(args);

    expect(answer).toMatchObject({ exitCode: 2, stdout: '' });
    expect(answer.stderr).toMatch(message);
    expect(answer.stderr).toContain('countersign manifest --url');
  });
});
