/**
 * The one place where text that others wrote is made safe for Slack. Slack parses what is posted: an unescaped
 * `<!channel>` pings everybody and `<https://evil|Approve>` hides where it leads. Source: Slack, "Formatting message
 * text": `&`, `<` and `>` as entities are not parsed again.
 */

/**
 * Characters nobody sees: control and format characters (direction overrides, zero-width, soft hyphen, tags), halves
 * of pairs, and letters that are drawn as nothing.
 */
const unseen = /\p{Cc}|\p{Cf}|\p{Cs}|\u115f|\u1160|\u3164|\uffa0|\u034f|\u17b4|\u17b5/gu;
const spaces = /[\s\u2028\u2029]+/gu;

/** On one line, without anything unseen. */
export function clean(text: string): string {
  return text.replace(spaces, ' ').replace(unseen, '').trim();
}

/** Cuts to at most `limit` UTF-16 units, never through a pair, and says with an ellipsis that it did. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const kept = text.slice(0, Math.max(0, limit - 1)).replace(/[\ud800-\udbff]$/, '');
  return `${kept.trimEnd()}…`;
}

const escapeEntities = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Escaping makes text longer, so what was cut before is measured again after. */
function escapeWithin(text: string, limit: number): string {
  let kept = cut(text, limit);
  for (let escaped = escapeEntities(kept); ; escaped = escapeEntities(kept)) {
    if (escaped.length <= limit) return escaped;
    kept = cut(kept, kept.length - Math.max(1, Math.ceil((escaped.length - limit) / 5)));
  }
}

/**
 * Others' words in the middle of a mrkdwn line: escaped, on one line, at most `limit` long when escaped, and unable
 * to draw bold text, code or emoji that the reader would take for ours.
 */
export function foreign(text: string, limit = 300): string {
  const tame = clean(text)
    .replaceAll('`', "'")
    .split(pathPattern)
    .map((part, index) => (index % 2 === 1 ? `\`${part}\`` : tamed(part)))
    .join('');
  const kept = escapeWithin(tame, limit);
  // Cut in the middle of a path: what begins as code must end as code.
  return kept.split('`').length % 2 === 1 ? kept : tamed(kept.replace(/`(?=[^`]*$)/, ''));
}

/** "/img/*": shown as it is, since whoever copies it needs its own asterisk. */
const pathPattern = /(?<![^\s(])(\/[\w./-]*\*[\w./*-]*)/;

const tamed = (text: string) =>
  text
    .replaceAll('*', '∗')
    .replaceAll('~', '∼')
    .replace(/:(?=[a-z0-9_+'-]*[a-z+][a-z0-9_+'-]*:|100:|1234:)/gi, '∶');

/** A name or version as code: nothing in it is parsed, and it cannot end the code early. */
export function code(text: string, limit = 120): string {
  const tame = clean(text).replaceAll('`', "'");
  return `\`${tame === '' ? ' ' : escapeWithin(tame, limit)}\``;
}

/** A command that is to be copied exactly: nothing is replaced but what Slack would parse. */
export function verbatim(text: string, limit = 800): string {
  return escapeWithin(clean(text).replaceAll('`', "'"), limit);
}

/** For `plain_text` objects, where Slack parses nothing. */
export function plain(text: string, limit: number): string {
  const tame = cut(clean(text), limit);
  return tame === '' ? '–' : tame;
}

/** A word as somebody typed it, short enough to be repeated to them; still to be escaped where it is drawn. */
export function echo(text: string): string {
  return cut(clean(text).replaceAll('`', "'"), 40);
}

/** A mention by id; anything that is no id of a person is shown as text and pings nobody. */
export function person(userId: string): string {
  return /^[UW][A-Z0-9]{1,30}$/.test(userId) ? `<@${userId}>` : code(userId, 40);
}

export function group(groupId: string): string {
  return /^S[A-Z0-9]{1,30}$/.test(groupId) ? `<!subteam^${groupId}>` : code(groupId, 40);
}

export function channel(channelId: string): string {
  return /^[CGD][A-Z0-9]{1,30}$/.test(channelId) ? `<#${channelId}>` : code(channelId, 40);
}

const localHosts = new Set(['localhost', '127.0.0.1', '[::1]']);

/** A link whose label is ours. Only https, or http on this machine; anything else is shown as its label. */
export function link(url: string, label: string): string {
  const words = foreign(label, 80);
  const href = safeUrl(url);
  return href === undefined ? words : `<${href}|${words.replaceAll('|', '∣')}>`;
}

function safeUrl(url: string): string | undefined {
  if (url.length > 600 || !URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  const allowed =
    parsed.protocol === 'https:' || (parsed.protocol === 'http:' && localHosts.has(parsed.hostname));
  if (!allowed || parsed.username !== '' || parsed.password !== '') return undefined;
  const href = parsed.href
    .replaceAll('|', '%7C')
    .replaceAll('<', '%3C')
    .replaceAll('>', '%3E')
    .replaceAll('&', '&amp;');
  return href.length <= 800 ? href : undefined;
}

const leftOut = /^… and (\d+) more$/;

/** Whole lines up to `limit`; says how many did not fit, those that were left out before included. */
export function lines(all: readonly string[], limit = 2900): string {
  const kept: string[] = [];
  let length = 0;
  for (const line of all) {
    if (length + line.length + 1 > limit - 30) {
      const left = all
        .slice(kept.length)
        .reduce((sum, each) => sum + Number(leftOut.exec(each)?.[1] ?? 1), 0);
      kept.push(`… and ${left} more`);
      break;
    }
    kept.push(line);
    length += line.length + 1;
  }
  return kept.join('\n');
}
