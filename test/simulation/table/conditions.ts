import {
  type Bindings,
  nameOf,
  type Operand,
  operandOf,
  type Path,
  pathOf,
  refuseFunction,
  resolve,
  type Used,
} from './operands.ts';
import { invalid, NotModelled } from './refusals.ts';
import { type Reader, readTokens } from './tokens.ts';
import { compare, equal, type Row, typeOf } from './values.ts';

export type Sign = '=' | '<>' | '<' | '<=' | '>' | '>=';

export type Condition =
  | { readonly is: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly is: 'not'; readonly inner: Condition }
  | { readonly is: 'compare'; readonly sign: Sign; readonly left: Operand; readonly right: Operand }
  | { readonly is: 'between'; readonly of: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly is: 'begins'; readonly of: Path; readonly prefix: Operand }
  | { readonly is: 'exists' | 'absent'; readonly of: Path };

export interface ParsedCondition {
  readonly condition: Condition;
  readonly used: Used;
}

const parsed = new Map<string, ParsedCondition>();

/** Throws ValidationException for what DynamoDB would not read, NotModelled for what it would and this model does not. */
export function parseCondition(text: string): ParsedCondition {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const reader = readTokens(text);
  const used: Used = { names: new Set(), values: new Set() };
  const condition = either(reader, used);
  if (!reader.atEnd()) reader.refuse();
  const result = { condition, used };
  parsed.set(text, result);
  return result;
}

function either(reader: Reader, used: Used): Condition {
  let left = both(reader, used);
  while (reader.takes('OR')) left = { is: 'or', left, right: both(reader, used) };
  return left;
}

function both(reader: Reader, used: Used): Condition {
  let left = not(reader, used);
  while (reader.takes('AND')) left = { is: 'and', left, right: not(reader, used) };
  return left;
}

function not(reader: Reader, used: Used): Condition {
  return reader.takes('NOT') ? { is: 'not', inner: not(reader, used) } : single(reader, used);
}

function single(reader: Reader, used: Used): Condition {
  if (reader.takes('(')) {
    const doubled = reader.peek()?.text === '(';
    const inner = either(reader, used);
    reader.expects(')');
    if (doubled && wrapped.has(inner))
      throw invalid('Invalid expression: The expression has redundant parentheses');
    wrapped.add(inner);
    return inner;
  }
  const first = reader.next();
  if (reader.takes('(')) return call(first.text, reader, used);
  const left = operandOf(first, used, reader);
  if (reader.takes('BETWEEN')) {
    const low = operandOf(reader.next(), used, reader);
    reader.expects('AND');
    return { is: 'between', of: left, low, high: operandOf(reader.next(), used, reader) };
  }
  if (reader.takes('IN')) throw new NotModelled('the operator IN');
  const sign = reader.next();
  if (!isSign(sign.text)) return reader.refuse();
  const token = reader.next();
  if (reader.peek()?.text === '(') refuseFunction(token.text);
  return { is: 'compare', sign: sign.text, left, right: operandOf(token, used, reader) };
}

/** Conditions that stood in parentheses of their own. */
const wrapped = new WeakSet<Condition>();

const signs: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);
const isSign = (text: string): text is Sign => signs.has(text);

function call(name: string, reader: Reader, used: Used): Condition {
  if (name === 'attribute_exists' || name === 'attribute_not_exists') {
    const of = pathOf(reader.next(), used, reader);
    reader.expects(')');
    return { is: name === 'attribute_exists' ? 'exists' : 'absent', of };
  }
  if (name === 'begins_with') {
    const of = pathOf(reader.next(), used, reader);
    reader.expects(',');
    const prefix = operandOf(reader.next(), used, reader);
    reader.expects(')');
    return { is: 'begins', of, prefix };
  }
  if (name === 'if_not_exists')
    throw invalid('Invalid expression: The function is not allowed in a condition expression');
  return refuseFunction(name);
}

/** Throws ValidationException for operands that DynamoDB refuses before it looks at any item. */
export function checkOperands(condition: Condition, bindings: Bindings): void {
  switch (condition.is) {
    case 'and':
    case 'or':
      checkOperands(condition.left, bindings);
      checkOperands(condition.right, bindings);
      return;
    case 'not':
      checkOperands(condition.inner, bindings);
      return;
    case 'compare': {
      const { left, right } = condition;
      if (
        left.kind !== 'value' &&
        right.kind !== 'value' &&
        nameOf(left, bindings) === nameOf(right, bindings)
      )
        throw invalid('Invalid expression: The first operand must be distinct from the remaining operands');
      return;
    }
    case 'begins': {
      const { prefix } = condition;
      if (prefix.kind === 'value' && bindings.values[prefix.text]?.S === undefined)
        throw invalid('Invalid expression: Incorrect operand type for operator or function: begins_with');
      if (prefix.kind !== 'value' && nameOf(prefix, bindings) === nameOf(condition.of, bindings))
        throw invalid('Invalid expression: The first operand must be distinct from the remaining operands');
      return;
    }
    case 'between':
      checkBounds(condition, bindings);
      return;
    default:
      return;
  }
}

function checkBounds({ low, high }: Extract<Condition, { is: 'between' }>, bindings: Bindings): void {
  if (low.kind !== 'value' || high.kind !== 'value') return;
  const [from, to] = [bindings.values[low.text], bindings.values[high.text]];
  if (from === undefined || to === undefined) return;
  if (typeOf(from) !== typeOf(to))
    throw invalid('Invalid expression: The BETWEEN operator requires same data type for both bounds');
  if ((compare(from, to) ?? 0) > 0)
    throw invalid(
      'Invalid expression: The BETWEEN operator requires the upper bound not to be the lower one',
    );
}

/** What two attributes that are both missing are to each other. */
export type Missing = 'nothing' | 'equal';

/** A missing attribute makes every comparison false but `<>`, as in DynamoDB; `equal` only as dynalite has it. */
export function holds(
  condition: Condition,
  bindings: Bindings,
  row: Row | undefined,
  missing: Missing = 'nothing',
): boolean {
  switch (condition.is) {
    case 'and':
      return holds(condition.left, bindings, row, missing) && holds(condition.right, bindings, row, missing);
    case 'or':
      return holds(condition.left, bindings, row, missing) || holds(condition.right, bindings, row, missing);
    case 'not':
      return !holds(condition.inner, bindings, row, missing);
    case 'exists':
      return row?.[nameOf(condition.of, bindings)] !== undefined;
    case 'absent':
      return row?.[nameOf(condition.of, bindings)] === undefined;
    case 'begins': {
      const text = resolve(condition.of, bindings, row)?.S;
      const prefix = resolve(condition.prefix, bindings, row)?.S;
      return text !== undefined && prefix !== undefined && text.startsWith(prefix);
    }
    case 'between': {
      const value = resolve(condition.of, bindings, row);
      const low = resolve(condition.low, bindings, row);
      const high = resolve(condition.high, bindings, row);
      if (value === undefined || low === undefined || high === undefined) return false;
      const [fromLow, toHigh] = [compare(value, low), compare(value, high)];
      return fromLow !== undefined && toHigh !== undefined && fromLow >= 0 && toHigh <= 0;
    }
    case 'compare': {
      const left = resolve(condition.left, bindings, row);
      const right = resolve(condition.right, bindings, row);
      if (missing === 'equal' && left === undefined && right === undefined)
        return inOrder(condition.sign === '<>' ? '<' : condition.sign, 0);
      if (condition.sign === '<>') return left === undefined || right === undefined || !equal(left, right);
      if (left === undefined || right === undefined) return false;
      return condition.sign === '=' ? equal(left, right) : inOrder(condition.sign, compare(left, right));
    }
  }
}

export function inOrder(sign: Exclude<Sign, '<>'>, order: number | undefined): boolean {
  if (order === undefined) return false;
  switch (sign) {
    case '=':
      return order === 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}
