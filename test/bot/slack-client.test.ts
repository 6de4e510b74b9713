import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSlackClient } from '../../src/bot/slack-client.ts';
import { fakeLog } from './fakes.ts';

interface Scripted {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Hangs up without an answer. */
  readonly cut?: boolean;
}

let server: Server;
let base: string;
let script: Scripted[];
let seen: { url: string; headers: IncomingHttpHeaders; body: string }[];
let log: ReturnType<typeof fakeLog>;

beforeEach(async () => {
  script = [];
  seen = [];
  log = fakeLog();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.push({ url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
      const next = script.shift() ?? {};
      if (next.cut === true) {
        request.socket.destroy();
        return;
      }
      response.writeHead(next.status ?? 200, { 'content-type': 'application/json', ...next.headers });
      response.end(next.body ?? JSON.stringify({ ok: true, channel: 'C1', ts: '1.1' }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

const client = () => createSlackClient({ token: 'xoxb-secret', log, slackApiUrl: `${base}/api/` });
const message = { text: 'Hello', blocks: [] };
const post = () => client().post({ channel: 'C1', message });
const error = (code: string) => ({ body: JSON.stringify({ ok: false, error: code }) });

describe('a call to Slack', () => {
  it('is made once, without unfurling, and says where the message is', async () => {
    expect(await client().post({ channel: 'C1', threadTs: '0.1', message })).toEqual({
      outcome: 'sent',
      channel: 'C1',
      ts: '1.1',
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]?.url).toBe('/api/chat.postMessage');
    const sent = new URLSearchParams(seen[0]?.body);
    expect(Object.fromEntries(sent)).toMatchObject({
      channel: 'C1',
      thread_ts: '0.1',
      text: 'Hello',
      unfurl_links: 'false',
      unfurl_media: 'false',
    });
    expect(sent.has('parse') || sent.has('link_names')).toBe(false);
  });

  it.each<[string, Scripted, Record<string, unknown>]>([
    [
      '429 with Retry-After',
      { status: 429, headers: { 'retry-after': '7' } },
      { outcome: 'rate-limited', retryAfterMs: 7000 },
    ],
    ['429 without Retry-After', { status: 429 }, { outcome: 'rate-limited', retryAfterMs: 30_000 }],
    [
      '429 with an unreadable Retry-After',
      { status: 429, headers: { 'retry-after': 'soon' } },
      { outcome: 'rate-limited', retryAfterMs: 30_000 },
    ],
    ['200 "ratelimited"', error('ratelimited'), { outcome: 'rate-limited', retryAfterMs: 30_000 }],
    ['a platform error', error('not_in_channel'), { outcome: 'refused', error: 'not_in_channel' }],
    [
      'an error that may have had its effect',
      error('fatal_error'),
      { outcome: 'unknown', error: 'fatal_error' },
    ],
    ['a server error', { status: 503, body: 'busy' }, { outcome: 'unknown', error: 'http_503' }],
    ['a proxy that says no', { status: 403, body: 'no' }, { outcome: 'refused', error: 'http_403' }],
    ['an answer that is cut', { cut: true }, { outcome: 'unknown' }],
    [
      'an answer that says nothing',
      { body: '{"ok":true}' },
      { outcome: 'unknown', error: 'answer_unreadable' },
    ],
  ])('answered with %s is one attempt with a plain outcome', async (_name, answer, outcome) => {
    script = [answer];
    expect(await post()).toMatchObject(outcome);
    expect(seen).toHaveLength(1);
  });

  it.each([
    'message_not_found',
    'cant_update_message',
    'edit_window_closed',
    'channel_not_found',
    'is_inactive',
  ])('that edits and meets %s knows that the message is gone', async (code) => {
    script = [error(code)];
    expect(await client().update({ channel: 'C1', ts: '1.1', message })).toEqual({
      outcome: 'gone',
      error: code,
    });
  });

  it('that posts into a missing channel is refused, not gone', async () => {
    script = [error('channel_not_found')];
    expect(await post()).toEqual({ outcome: 'refused', error: 'channel_not_found' });
  });

  it('that never left is told apart from one that was not answered', async () => {
    const nowhere = client();
    await new Promise((resolve) => server.close(resolve));
    expect(await nowhere.post({ channel: 'C1', message })).toMatchObject({ outcome: 'unreachable' });
  });

  it('that is not answered in time may have happened', async () => {
    server.removeAllListeners('request');
    server.on('request', () => {});
    const impatient = createSlackClient({ token: 'x', log, slackApiUrl: `${base}/api/`, timeoutMs: 50 });
    expect(await impatient.post({ channel: 'C1', message })).toMatchObject({ outcome: 'unknown' });
    server.closeAllConnections();
  });

  it('leaves no token, text or body in the log', async () => {
    script = [error('invalid_auth'), { status: 500, body: 'xoxb-secret Hello' }];
    await post();
    await post();
    expect(log.lines).toHaveLength(2);
    expect(JSON.stringify(log.lines)).not.toMatch(/xoxb|Hello/);
  });
});

describe('a response URL', () => {
  it('is answered in private and never replaces the card', async () => {
    script = [{ body: '{"ok":true}' }];
    expect(await client().respond(`${base}/commands/1`, { text: 'Hi' })).toEqual({ outcome: 'sent' });
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
      response_type: 'ephemeral',
      replace_original: false,
      text: 'Hi',
    });
    expect(seen[0]?.headers.authorization).toBeUndefined();
  });

  it('outside Slack’s host is not called', async () => {
    const real = createSlackClient({ token: 'x', log });
    for (const url of [
      `${base}/x`,
      'http://hooks.slack.com/x',
      'https://hooks.slack.com.evil.example/x',
      'x',
    ]) {
      expect(await real.respond(url, { text: 'Hi' })).toEqual({
        outcome: 'refused',
        error: 'response_url_unknown_host',
      });
    }
    expect(seen).toHaveLength(0);
  });

  it('that is used up is refused', async () => {
    script = [{ status: 404, body: '{"ok":false,"error":"used_url"}' }];
    expect(await client().respond(`${base}/commands/1`, { text: 'Hi' })).toEqual({
      outcome: 'refused',
      error: 'http_404',
    });
  });
});
