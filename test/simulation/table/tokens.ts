import { invalid, NotModelled } from './refusals.ts';

export interface Token {
  readonly kind: 'name' | 'placeholder' | 'value' | 'word' | 'sign';
  readonly text: string;
}

const words = new Set(['AND', 'OR', 'NOT', 'BETWEEN', 'IN', 'SET', 'REMOVE', 'ADD', 'DELETE']);
const pattern =
  /\s*(?:([A-Za-z_][A-Za-z0-9_]*)|(#[A-Za-z0-9_]+)|(:[A-Za-z0-9_]+)|(<>|<=|>=|[<>=(),+-])|([.[\]]))/y;

/** Splits an expression; throws ValidationException for what is no expression, NotModelled for a path into a document. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  pattern.lastIndex = 0;
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const from = pattern.lastIndex;
    const found = pattern.exec(text);
    if (found === null) throw invalid(`Invalid expression: Syntax error; token: ${text.slice(from)}`);
    const [, name, placeholder, value, sign, nested] = found;
    if (nested !== undefined) throw new NotModelled(`a path into a document: ${text}`);
    if (name !== undefined)
      tokens.push({ kind: words.has(name.toUpperCase()) ? 'word' : 'name', text: name });
    else if (placeholder !== undefined) tokens.push({ kind: 'placeholder', text: placeholder });
    else if (value !== undefined) tokens.push({ kind: 'value', text: value });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
  }
  return tokens;
}

export interface Reader {
  peek(): Token | undefined;
  next(): Token;
  /** Takes it if it is this sign or word. */
  takes(text: string): boolean;
  expects(text: string): void;
  atEnd(): boolean;
  refuse(): never;
}

export function readTokens(text: string): Reader {
  const tokens = tokensOf(text);
  let at = 0;
  const is = (token: Token | undefined, wanted: string) =>
    token !== undefined &&
    (token.kind === 'sign' || token.kind === 'word') &&
    token.text.toUpperCase() === wanted;
  const refuse = (): never => {
    throw invalid(`Invalid expression: Syntax error; token: ${tokens[at]?.text ?? '<EOF>'}, in: ${text}`);
  };
  return {
    peek: () => tokens[at],
    next() {
      const token = tokens[at];
      if (token === undefined) return refuse();
      at += 1;
      return token;
    },
    takes(wanted) {
      if (!is(tokens[at], wanted)) return false;
      at += 1;
      return true;
    },
    expects(wanted) {
      if (!is(tokens[at], wanted)) refuse();
      at += 1;
    },
    atEnd: () => at >= tokens.length,
    refuse,
  };
}
