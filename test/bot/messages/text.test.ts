import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean, code, echo, foreign, lines, link, person, plain } from '../../../src/bot/messages/text.ts';
import { bar, duration } from '../../../src/bot/messages/time.ts';

describe('foreign text', () => {
  it.each([
    ['<!channel> now', '&lt;!channel&gt; now'],
    ['<https://evil.example|Approve>', '&lt;https://evil.example|Approve&gt;'],
    ['a & b', 'a &amp; b'],
    ['a `b` c', "a 'b' c"],
    ['*Approved*', '∗Approved∗'],
    ['two\nlines\u2028three', 'two lines three'],
    ['v1\u202e.0\u200b.1', 'v1.0.1'],
    [':white_check_mark: ok', '∶white_check_mark: ok'],
    ['at 14:05:10', 'at 14:05:10'],
    ['Clear /* and (/img/*.png) *now*', 'Clear `/*` and (`/img/*.png`) ∗now∗'],
    ['a/*b* x/*', 'a/∗b∗ x/∗'],
  ])('%j is shown as %j', (text, expected) => expect(foreign(text)).toBe(expected));

  it('is cut before it is escaped and measured again after', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 3000 }),
        fc.integer({ min: 8, max: 400 }),
        (text, limit) => {
          const escaped = foreign(text, limit);
          expect(escaped.length).toBeLessThanOrEqual(limit);
          expect(escaped).not.toMatch(/&(?!amp;|lt;|gt;)/);
          expect(escaped).not.toMatch(/\p{Cs}/u);
        },
      ),
    );
    expect(foreign('&'.repeat(500), 20)).toBe('&amp;&amp;&amp;…');
  });

  it('never ends within a path that is shown as code', () => {
    for (let limit = 2; limit < 20; limit += 1)
      expect(foreign('Clear /img/*.png of it', limit).split('`').length % 2).toBe(1);
  });

  it('cannot leave its code span', () => expect(code('a` <@U1> `b')).toBe("`a' &lt;@U1&gt; 'b`"));
  it('is never empty where Slack refuses empty text', () => expect(plain('\u200b', 10)).toBe('–'));
  it('is repeated to its writer shortly and safely', () => {
    expect(echo('`x`\u202e')).toBe("'x'");
    expect(echo('a'.repeat(5000))).toHaveLength(40);
  });
  it('keeps letters of every language', () => expect(clean('grüße 日本 é')).toBe('grüße 日本 é'));
});

it('mentions are made of ids only', () => {
  expect(person('U0ADA00001')).toBe('<@U0ADA00001>');
  expect(person('U1>|<!channel')).toBe('`U1&gt;|&lt;!channel`');
});

it('links lead to https, or to this machine, and nowhere else', () => {
  expect(link('https://a.example/?x=1&y=2', 'A|B')).toBe('<https://a.example/?x=1&amp;y=2|A∣B>');
  expect(link('http://127.0.0.1:4000/', 'Here')).toBe('<http://127.0.0.1:4000/|Here>');
  for (const url of [
    'http://a.example',
    'javascript:alert(1)',
    'https://github.com@evil.example/',
    'x',
    'slack://a',
  ]) {
    expect(link(url, 'Label')).toBe('Label');
  }
});

it('lists say how much they leave out', () => {
  expect(lines(['a'.repeat(50), 'b'.repeat(50), 'c'], 100)).toBe(`${'a'.repeat(50)}\n… and 2 more`);
});

it('durations are said in the two units that matter', () => {
  expect([0, 1600, 100_000, 180_000, 7_500_000, 90_000_000].map(duration)).toEqual([
    '0 s',
    '2 s',
    '1 min 40 s',
    '3 min',
    '2 h 5 min',
    '1 d 1 h',
  ]);
});

it('a bar is only full when it is finished', () => {
  expect([0, 0.5, 0.99, 1].map(bar)).toEqual(['░░░░░░░', '▓▓▓░░░░', '▓▓▓▓▓▓░', '▓▓▓▓▓▓▓']);
});
