import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { invalid, NotModelled } from './refusals.ts';
import { reservedWords } from './reserved-words.ts';
import type { Reader, Token } from './tokens.ts';
import { readValue, type Value } from './values.ts';

/** What the placeholders of one call stand for. */
export interface Bindings {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, Value>>;
}

export type Path = { readonly kind: 'name' | 'placeholder'; readonly text: string };
export type Operand = Path | { readonly kind: 'value'; readonly text: string };

/** Placeholders that an expression uses, told to whoever parses it. */
export interface Used {
  readonly names: Set<string>;
  readonly values: Set<string>;
}

const unmodelledFunctions = new Set(['contains', 'size', 'attribute_type', 'list_append']);

export function pathOf(token: Token, used: Used, reader: Reader): Path {
  if (token.kind === 'placeholder') {
    used.names.add(token.text);
    return { kind: 'placeholder', text: token.text };
  }
  if (token.kind !== 'name') return reader.refuse();
  if (reservedWords.has(token.text.toUpperCase())) {
    throw invalid(
      `Invalid expression: Attribute name is a reserved keyword; reserved keyword: ${token.text}`,
    );
  }
  return { kind: 'name', text: token.text };
}

export function operandOf(token: Token, used: Used, reader: Reader): Operand {
  if (token.kind !== 'value') return pathOf(token, used, reader);
  used.values.add(token.text);
  return { kind: 'value', text: token.text };
}

/** Throws for a function that is unknown to DynamoDB or to this model. */
export function refuseFunction(name: string): never {
  if (unmodelledFunctions.has(name)) throw new NotModelled(`the function ${name}`);
  throw invalid(`Invalid expression: Invalid function name; function: ${name}`);
}

export function nameOf(path: Path, bindings: Bindings): string {
  return path.kind === 'name' ? path.text : (bindings.names[path.text] ?? '');
}

export function resolve(
  operand: Operand,
  bindings: Bindings,
  row: Readonly<Record<string, Value>> | undefined,
): Value | undefined {
  return operand.kind === 'value' ? bindings.values[operand.text] : row?.[nameOf(operand, bindings)];
}

export interface Placeholders {
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue> | undefined;
}

const none: Bindings = { names: {}, values: {} };

/** Throws ValidationException where expressions and placeholders do not fit each other, both ways. */
export function bind(
  { ExpressionAttributeNames: names, ExpressionAttributeValues: values }: Placeholders,
  used: readonly Used[],
): Bindings {
  if (names !== undefined || values !== undefined) {
    if (used.length === 0)
      throw invalid('Expression attributes can only be specified when using expressions');
    refuseUnfit('ExpressionAttributeNames', names, (one) => used.some((each) => each.names.has(one)));
    refuseUnfit('ExpressionAttributeValues', values, (one) => used.some((each) => each.values.has(one)));
  }
  for (const each of used) {
    for (const name of each.names) {
      if (names?.[name] === undefined)
        throw invalid(`An expression attribute name used in the document path is not defined: ${name}`);
    }
    for (const value of each.values) {
      if (values?.[value] === undefined)
        throw invalid(`An expression attribute value used in expression is not defined: ${value}`);
    }
  }
  if (names === undefined && values === undefined) return none;
  const bound: Record<string, Value> = {};
  for (const name of Object.keys(values ?? {})) bound[name] = readValue(values?.[name], name);
  return { names: names ?? {}, values: bound };
}

function refuseUnfit(
  what: string,
  given: Readonly<Record<string, unknown>> | undefined,
  isUsed: (name: string) => boolean,
): void {
  if (given === undefined) return;
  const keys = Object.keys(given);
  if (keys.length === 0) throw invalid(`${what} must not be empty`);
  for (const key of keys) {
    if (!/^[#:][A-Za-z0-9_]+$/.test(key)) throw invalid(`${what} contains invalid key: ${key}`);
    if (!isUsed(key)) throw invalid(`Value provided in ${what} unused in expressions: keys: {${key}}`);
  }
}
