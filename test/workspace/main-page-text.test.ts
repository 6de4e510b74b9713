import { describe, expect, it } from 'vitest';
import { type Inline, parseMrkdwn } from '../../workspace/page/blocks/mrkdwn.ts';
import { slackDate } from '../../workspace/page/dates.ts';

const inline = (text: string): Inline[] => {
  const [paragraph, ...rest] = parseMrkdwn(text);
  if (paragraph === undefined || paragraph.kind === 'code-block' || rest.length > 0)
    throw new Error('not one line');
  return paragraph.children;
};
const text = (words: string): Inline => ({ kind: 'text', text: words });

describe('mrkdwn on the page', () => {
  it('takes escaped characters for nothing but themselves', () => {
    expect(inline('&lt;!channel&gt; &lt;https://evil.example|Approve&gt; &amp;lt;')).toEqual([
      text('<!channel> <https://evil.example|Approve> &lt;'),
    ]);
  });

  it('knows people, groups, channels and everybody', () => {
    expect(inline('<@U1> <!subteam^S1|@ops> <#C1> <!here>')).toEqual([
      { kind: 'person', id: 'U1' },
      text(' '),
      { kind: 'group', id: 'S1' },
      text(' '),
      { kind: 'channel', id: 'C1' },
      text(' '),
      { kind: 'everybody', word: 'here' },
    ]);
  });

  it('styles words, also around mentions and within each other', () => {
    expect(inline('*for <@U1>* _a ~b~_ snake_case_name 2*3*4 * no *')).toEqual([
      { kind: 'bold', children: [text('for '), { kind: 'person', id: 'U1' }] },
      text(' '),
      { kind: 'italic', children: [text('a '), { kind: 'strike', children: [text('b')] }] },
      text(' snake_case_name 2*3*4 * no *'),
    ]);
  });

  it('styles nothing inside code', () => {
    expect(inline('`*x* &lt;y&gt; :x:`')).toEqual([{ kind: 'code', text: '*x* <y> :x:' }]);
    expect(parseMrkdwn('```\n*x*\n> y\n```')).toEqual([{ kind: 'code-block', text: '*x*\n> y' }]);
  });

  it('makes links of web and mail addresses only', () => {
    expect(inline('<https://a.example/?x=1&amp;y=2|Run>')).toEqual([
      { kind: 'link', url: 'https://a.example/?x=1&y=2', label: 'Run' },
    ]);
    expect(inline('<javascript:alert(1)|Run>')).toEqual([text('<javascript:alert(1)|Run>')]);
  });

  it('gathers quoted lines', () => {
    expect(parseMrkdwn('so:\n&gt; one\n> two\nthen')).toEqual([
      { kind: 'lines', children: [text('so:')] },
      { kind: 'quote', children: [text('one\ntwo')] },
      { kind: 'lines', children: [text('then')] },
    ]);
  });

  it('reads dates with their fallback', () => {
    expect(inline('<!date^1700000000^{time}|14:13>')).toEqual([
      { kind: 'date', seconds: 1_700_000_000, format: '{time}', link: undefined, fallback: '14:13' },
    ]);
  });
});

describe('dates on the page', () => {
  const nowMs = Date.UTC(2026, 10, 21, 23, 30);
  const seconds = Date.UTC(2026, 10, 21, 23, 5, 9) / 1000;

  it('are written in the zone of the person who looks', () => {
    expect(slackDate(seconds, '{date_num} {time_secs}', 'Europe/Berlin', nowMs)).toBe('2026-11-22 00:05:09');
    expect(slackDate(seconds, '{date_num} {time}', 'America/Sao_Paulo', nowMs)).toBe('2026-11-21 20:05');
  });

  it('are today, yesterday or tomorrow by that zone', () => {
    expect(slackDate(seconds, '{date_short_pretty} at {time}', 'Asia/Singapore', nowMs)).toBe(
      'today at 07:05',
    );
    expect(slackDate(seconds - 86_400, '{date_pretty}', 'Etc/UTC', nowMs)).toBe('yesterday');
    expect(slackDate(seconds + 86_400 * 3, '{date_pretty}', 'Etc/UTC', nowMs)).toBe('November 24th, 2026');
  });

  it('tell how long ago', () => {
    expect(slackDate(seconds, '{ago}', 'Etc/UTC', nowMs)).toBe('25 minutes ago');
    expect(slackDate(seconds + 7_200, '{ago}', 'Etc/UTC', nowMs)).toBe('in 2 hours');
  });

  it('leave braces alone that Slack does not know', () => {
    expect(slackDate(seconds, '{nonsense} {time}', 'Etc/UTC', nowMs)).toBe('{nonsense} 23:05');
  });
});
