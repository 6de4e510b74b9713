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
  const before = text.slice(0, wrong.index).split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  return { outcome: 'wrong', problem: { line: before.length, column, message: wrong.message } };
}

/** Far deeper than anything that is stored, and far from where reading it would use up the stack. */
const deepest = 64;
const notJson = 'is not JSON from here on';

function whatIsWrong(text: string): { readonly index: number; readonly message: string } | undefined {
  const string = /"(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
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
    const taken = take(string);
    if (taken === undefined || ![...taken].some((letter) => letter < ' ')) return taken;
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
          return `has ${JSON.stringify(String(name).slice(0, 40))} a second time in one object`;
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
