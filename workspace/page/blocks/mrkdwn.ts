/**
 * Slack's mrkdwn as a tree. Escaped characters are text and nothing else: `&lt;!channel&gt;` mentions nobody, which is
 * what the app escapes for (Slack, "Formatting message text"), and what slack-blocks-to-jsx 1.1.1 gets wrong.
 */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'bold' | 'italic' | 'strike'; children: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'person' | 'channel' | 'group'; id: string }
  | { kind: 'everybody'; word: string }
  | { kind: 'date'; seconds: number; format: string; link: string | undefined; fallback: string }
  | { kind: 'link'; url: string; label: string };

export type Paragraph =
  | { kind: 'lines'; children: Inline[] }
  | { kind: 'quote'; children: Inline[] }
  | { kind: 'code-block'; text: string };

const emoji: Record<string, string> = {
  '+1': '👍',
  bulb: '💡',
  eyes: '👀',
  fire: '🔥',
  heavy_check_mark: '✔️',
  hourglass_flowing_sand: '⏳',
  information_source: 'ℹ️',
  lock: '🔒',
  no_entry: '⛔',
  package: '📦',
  rocket: '🚀',
  rotating_light: '🚨',
  smile: '😄',
  tada: '🎉',
  thumbsup: '👍',
  warning: '⚠️',
  white_check_mark: '✅',
  x: '❌',
};

/** The three entities Slack knows, once; and the emoji most in use, others stay as they are written. */
export function plainText(text: string): string {
  return text
    .replace(
      /:([a-z0-9_+-]+):/g,
      (whole, name: string) => (Object.hasOwn(emoji, name) ? emoji[name] : undefined) ?? whole,
    )
    .replace(/&(amp|lt|gt);/g, (_, name: string) => (name === 'amp' ? '&' : name === 'lt' ? '<' : '>'));
}

const entities = (text: string) =>
  text.replace(/&(amp|lt|gt);/g, (_, name: string) => (name === 'amp' ? '&' : name === 'lt' ? '<' : '>'));

export function parseMrkdwn(text: string): Paragraph[] {
  const paragraphs: Paragraph[] = [];
  text.split(/```\n?([\s\S]*?)\n?```\n?/).forEach((part, index) => {
    if (index % 2 === 1) paragraphs.push({ kind: 'code-block', text: entities(part) });
    else if (part !== '') paragraphs.push(...lines(part));
  });
  return paragraphs;
}

/** Neighbouring lines of one kind belong together. Slack stores a leading `>` escaped, so both begin a quote. */
function lines(text: string): Paragraph[] {
  const groups: { kind: 'lines' | 'quote'; lines: string[] }[] = [];
  for (const line of text.split('\n')) {
    const quoted = /^(?:>|&gt;) ?(.*)$/.exec(line);
    const kind = quoted === null ? 'lines' : 'quote';
    const last = groups.at(-1);
    const content = quoted?.[1] ?? line;
    if (last?.kind === kind) last.lines.push(content);
    else groups.push({ kind, lines: [content] });
  }
  return groups.map((group) => ({ kind: group.kind, children: inline(group.lines.join('\n')) }));
}

const styles = { '*': 'bold', _: 'italic', '~': 'strike' } as const;
const markup =
  /<([^<>\n]+)>|`([^`\n]+)`|(?<![\w*_~])([*_~])(?=[^\s*_~])((?:<[^<>\n]*>|`[^`\n]*`|(?!\3)[^\n])*?[^\s])\3(?![\w])/g;

function inline(text: string): Inline[] {
  const found: Inline[] = [];
  let end = 0;
  const plain = (until: number) => {
    if (until > end) found.push({ kind: 'text', text: plainText(text.slice(end, until)) });
  };
  for (const match of text.matchAll(markup)) {
    const [whole, angled, code, mark, styled] = match;
    plain(match.index);
    end = match.index + whole.length;
    if (angled !== undefined) found.push(reference(angled));
    else if (code !== undefined) found.push({ kind: 'code', text: entities(code) });
    else if (mark === '*' || mark === '_' || mark === '~') {
      found.push({ kind: styles[mark], children: inline(styled ?? '') });
    }
  }
  plain(text.length);
  return found;
}

/** What stands between angle brackets. */
function reference(content: string): Inline {
  const bar = content.indexOf('|');
  const target = bar === -1 ? content : content.slice(0, bar);
  const label = bar === -1 ? undefined : plainText(content.slice(bar + 1));
  const sigil = target.slice(0, 1);
  if (sigil === '@') return { kind: 'person', id: target.slice(1) };
  if (sigil === '#') return { kind: 'channel', id: target.slice(1) };
  if (target.startsWith('!subteam^')) return { kind: 'group', id: target.slice('!subteam^'.length) };
  if (target.startsWith('!date^')) {
    const [, seconds = '', format = '', link] = target.split('^');
    return { kind: 'date', seconds: Number(seconds), format, link: safeLink(link), fallback: label ?? '' };
  }
  if (sigil === '!') return { kind: 'everybody', word: target.slice(1) };
  const url = safeLink(entities(target));
  if (url === undefined) return { kind: 'text', text: plainText(`<${content}>`) };
  return { kind: 'link', url, label: label ?? url.replace(/^mailto:/, '') };
}

function safeLink(url: string | undefined): string | undefined {
  return url !== undefined && /^(https?:\/\/|mailto:)/i.test(url) ? url : undefined;
}
