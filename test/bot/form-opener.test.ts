import type { View } from '@slack/types';
import { describe, expect, it } from 'vitest';
import { createPost } from '../../src/aws/post.ts';
import { createFormOpener } from '../../src/bot/form-opener.ts';
import { createSlackClient } from '../../src/bot/slack-client.ts';
import { scriptedServer } from '../aws/scripted-server.ts';
import { fakeLog } from './fakes.ts';

const form: { triggerId: string; view: View } = {
  triggerId: '1.2.3',
  view: { type: 'modal', title: { type: 'plain_text', text: 'Grün' }, blocks: [] },
};

const answers: Readonly<
  Record<string, readonly [status: number, headers: Record<string, string>, body: string]>
> = {
  'a form that is opened': [200, {}, '{"ok":true,"view":{}}'],
  'a trigger that is too old': [200, {}, '{"ok":false,"error":"expired_trigger_id"}'],
  'an error that may be none': [200, {}, '{"ok":false,"error":"internal_error"}'],
  'too many at once': [429, { 'retry-after': '7' }, ''],
  'too many at once, for a time that nobody names': [429, {}, ''],
  'too many at once, said in words': [200, {}, '{"ok":false,"error":"ratelimited"}'],
  'a server that is down': [503, {}, 'busy'],
  'an address that is gone': [404, {}, 'nothing here'],
};

describe('opening a form without Slack’s client', () => {
  it.each(Object.keys(answers))('understands %s as Slack’s client does', async (name) => {
    const [status, headers, body] = answers[name] ?? [500, {}, ''];
    await using slack = await scriptedServer((response) => response.writeHead(status, headers).end(body));
    const apiUrl = `${slack.url}/api/`;
    const log = fakeLog();

    const ours = await createFormOpener({ post: createPost(), token: 'xoxb-1', apiUrl, log }).openView(form);
    const theirs = await createSlackClient({ token: 'xoxb-1', slackApiUrl: apiUrl, log: fakeLog() }).openView(
      form,
    );

    expect(ours).toEqual(theirs);
    expect(slack.requests[0]).toMatchObject({
      path: '/api/views.open',
      headers: { authorization: 'Bearer xoxb-1', 'content-type': 'application/json; charset=utf-8' },
    });
    expect(JSON.parse(slack.requests[0]?.body ?? '')).toEqual({
      trigger_id: form.triggerId,
      view: form.view,
    });
    expect(log.lines).toHaveLength(ours.outcome === 'sent' ? 0 : 1);
    expect(JSON.stringify(log.lines)).not.toMatch(/xoxb|1\.2\.3/);
  });

  it('never throws: nobody there, no answer in time, or one that says nothing', async () => {
    await using silent = await scriptedServer(() => {});
    await using odd = await scriptedServer((response) => response.end('<html>'));
    const open = (url: string, timeoutMs = 2_000) =>
      createFormOpener({
        post: createPost(),
        token: 't',
        apiUrl: `${url}/api/`,
        log: fakeLog(),
        timeoutMs,
      }).openView(form);

    expect(await open('http://127.0.0.1:1')).toEqual({ outcome: 'unreachable', error: 'ECONNREFUSED' });
    expect(await open(silent.url, 30)).toEqual({ outcome: 'unknown', error: 'TimeoutError' });
    expect(await open(odd.url)).toEqual({ outcome: 'unknown', error: 'answer_unreadable' });
  });
});
