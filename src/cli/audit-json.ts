/** Where in a text something is wrong, counted from 1, and what. */
export interface JsonProblem {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type StrictJson =
  | { readonly outcome: 'read'; readonly value: unknown }
  | { readonly outcome: 'wrong'; readonly problem: JsonProblem };

/** Far deeper than anything that is stored, and far from where reading it would use up the stack. */
const deepest = 64;
const tokens = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|[{}[\],:]|\w+/g;

/**
 * Reads JSON as evidence: a name that stands twice in one object, or a number that is not kept as it is written, would
 * show a reader something else than what was verified, and is refused.
 */
export function parseStrictJson(text: string): StrictJson {
  const wrongAt = (index: number, message: string): StrictJson => {
    const before = text.slice(0, index).split('\n');
    return {
      outcome: 'wrong',
      problem: { line: before.length, column: (before.at(-1) ?? '').length + 1, message },
    };
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const index = /at position (\d+)/.exec(message)?.[1];
    return wrongAt(index === undefined ? text.length : Number(index), 'is not JSON from here on');
  }

  const open: (Set<string> | undefined)[] = [];
  let mayBeName = false;
  for (const { 0: token, index } of text.matchAll(tokens)) {
    const names = open.at(-1);
    if (token === '{' || token === '[') {
      if (open.length === deepest) return wrongAt(index, 'is nested too deep');
      open.push(token === '{' ? new Set() : undefined);
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token.startsWith('"') && names !== undefined && mayBeName) {
      const name: unknown = JSON.parse(token);
      if (names.has(String(name))) return wrongAt(index, `has ${token} a second time in one object`);
      names.add(String(name));
    } else if (/^[-\d]/.test(token) && JSON.stringify(Number(token)) !== token) {
      return wrongAt(index, `has a number that Countersign does not write: ${token.slice(0, 40)}`);
    }
    mayBeName = token === '{' || token === ',';
  }
  return { outcome: 'read', value };
}
