import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { invalid, NotModelled } from './refusals.ts';

/** The two types that our table uses. */
export type Value = { readonly S: string; readonly N?: never } | { readonly N: string; readonly S?: never };
export type Row = Readonly<Record<string, Value>>;

const integer = /^(0|-?[1-9][0-9]{0,14})$/;

/** Throws NotModelled for every type but S and N, and for numbers that are not integers in their shortest form. */
export function readValue(attribute: AttributeValue | undefined, name: string): Value {
  if (attribute === undefined) throw new NotModelled(`an attribute without a value: ${name}`);
  const { S, N } = attribute;
  let types = 0;
  for (const _ in attribute) types += 1;
  if (types === 1) {
    if (typeof S === 'string') return attribute as Value;
    if (typeof N === 'string' && integer.test(N)) return attribute as Value;
  }
  throw new NotModelled(`the value of ${name}: ${JSON.stringify(attribute)}`);
}

export function rowOf(item: Readonly<Record<string, AttributeValue>>): Row {
  const row: Record<string, Value> = {};
  for (const name in item) row[name] = readValue(item[name], name);
  return row;
}

export const typeOf = (value: Value): 'S' | 'N' => (value.S === undefined ? 'N' : 'S');

export function number(value: number): Value {
  if (!Number.isSafeInteger(value)) throw new NotModelled(`the number ${value}`);
  return { N: String(value) };
}

/** Orders texts by their UTF-8 bytes, as DynamoDB does; JavaScript's own order differs above the basic plane. */
export function compareTexts(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    const bothBelowSurrogates = left < 0xd800 && right < 0xd800;
    return bothBelowSurrogates ? left - right : rankOf(left) - rankOf(right);
  }
  return a.length - b.length;
}

/** Surrogates stand for what lies behind every other letter. */
const rankOf = (unit: number) => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);

export function equal(a: Value, b: Value): boolean {
  return a.S === undefined ? a.N === b.N : a.S === b.S;
}

/** Undefined where the two are not of one type and so have no order. */
export function compare(a: Value, b: Value): number | undefined {
  if (a.S !== undefined) return b.S === undefined ? undefined : compareTexts(a.S, b.S);
  return b.N === undefined ? undefined : Number(a.N) - Number(b.N);
}

/** Bytes as DynamoDB counts them: names (ASCII here) and texts in UTF-8, two digits of a number in a byte and one more. */
export function sizeOf(row: Row): number {
  let bytes = 0;
  for (const name in row) {
    const value = row[name];
    if (value === undefined) continue;
    bytes += name.length;
    if (value.S !== undefined) bytes += Buffer.byteLength(value.S);
    else bytes += numberBytes(value.N);
  }
  return bytes;
}

function numberBytes(text: string): number {
  const digits = text.replace(/^-|0+$/g, '').length;
  return Math.ceil(digits / 2) + 1 + (text.startsWith('-') ? 1 : 0);
}

/** Throws ValidationException for a key that is not exactly the table's, or that DynamoDB could not keep. */
export function keyPart(row: Row, name: string, mostBytes: number): string {
  const value = row[name];
  if (value === undefined) throw invalid('The provided key element does not match the schema');
  if (value.S === undefined)
    throw invalid(`One or more parameter values were invalid: Type mismatch for key ${name}`);
  if (value.S === '') {
    throw invalid(
      `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: ${name}`,
    );
  }
  if (value.S.length * 3 > mostBytes && Buffer.byteLength(value.S) > mostBytes) {
    throw invalid(`One or more parameter values were invalid: Size of ${name} has exceeded the maximum size`);
  }
  return value.S;
}
