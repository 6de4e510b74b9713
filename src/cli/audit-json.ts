import { quoted } from '../flows/promotion/audit-chain.ts';

/** Where in a text something is wrong, counted from 1, and what. */
export interface JsonProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type StrictJson =
  | { readonly outcome: 'read'; readonly value: unknown }
  | { readonly outcome: 'wrong'; readonly problem: JsonProblem };

/**
 * Reads JSON as evidence: a name that stands twice in one object, or a number that is not kept as it is written, would
 * show a reader something else than what was verified, and is refused.
 */
export function parseStrictJson(text: string): StrictJson {
  const wrong = whatIsWrong(text);
  if (wrong === undefined) return { outcome: 'read', value: JSON.parse(text) };
  return { outcome: 'wrong', problem: { ...placeOf(text, wrong.index), message: wrong.message } };
}

function placeOf(text: string, index: number): { readonly line: number; readonly column: number } {
  let line = 1;
  let lineAt = 0;
  for (let end = text.indexOf('\n'); end >= 0 && end < index; end = text.indexOf('\n', lineAt)) {
    line += 1;
    lineAt = end + 1;
  }
  return { line, column: index - lineAt + 1 };
}

/** Far deeper than anything that is stored, and far from where reading it would use up the stack. */
const deepest = 64;
const notJson = 'is not JSON from here on';

function whatIsWrong(text: string): { readonly index: number; readonly message: string } | undefined {
  // A string is read letter by letter: a pattern that repeats a choice uses up its stack on a long one.
  const escaped = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
  const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
  const word = /true|false|null/y;
  let at = 0;

  const skip = () => {
    while (' \t\n\r'.includes(text[at] ?? 'end')) at += 1;
  };
  const take = (form: RegExp): string | undefined => {
    form.lastIndex = at;
    const taken = form.exec(text)?.[0];
    if (taken !== undefined) at += taken.length;
    return taken;
  };
  const is = (sign: string): boolean => {
    skip();
    if (text[at] !== sign) return false;
    at += 1;
    return true;
  };
  const takeString = (): string | undefined => {
    const start = at;
    if (text[at] !== '"') return undefined;
    for (at += 1; at < text.length; ) {
      const letter = text[at] ?? '';
      if (letter === '"') {
        at += 1;
        return text.slice(start, at);
      }
      if (letter < ' ' || (letter === '\\' && take(escaped) === undefined)) break;
      if (letter !== '\\') at += 1;
    }
    at = start;
    return undefined;
  };

  const members = (end: string, one: () => string | undefined): string | undefined => {
    if (is(end)) return undefined;
    for (;;) {
      skip();
      const problem = one();
      if (problem !== undefined) return problem;
      if (is(',')) continue;
      return is(end) ? undefined : notJson;
    }
  };

  const value = (depth: number): string | undefined => {
    skip();
    const start = at;
    const sign = text[at];
    if (sign === '{' || sign === '[') {
      if (depth === deepest) return 'is nested too deep';
      at += 1;
      if (sign === '[') return members(']', () => value(depth + 1));
      const names = new Set<unknown>();
      return members('}', () => {
        const nameAt = at;
        const written = takeString();
        if (written === undefined) return notJson;
        const name: unknown = JSON.parse(written);
        if (names.has(name)) {
          at = nameAt;
          return `has ${quoted(String(name))} a second time in one object`;
        }
        names.add(name);
        return is(':') ? value(depth + 1) : notJson;
      });
    }
    if (takeString() !== undefined || take(word) !== undefined) return undefined;
    const written = take(number);
    if (written === undefined) return notJson;
    if (JSON.stringify(Number(written)) === written) return undefined;
    at = start;
    return `has a number that Countersign does not write: ${written.slice(0, 40)}`;
  };

  const message = value(0);
  if (message !== undefined) return { index: at, message };
  skip();
  return at === text.length ? undefined : { index: at, message: notJson };
}
