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
import { number, type Row, typeOf, type Value } from './values.ts';

type Term =
  | { readonly is: 'operand'; readonly operand: Operand }
  | { readonly is: 'if-absent'; readonly of: Path; readonly otherwise: Term };

interface Setting {
  readonly path: Path;
  readonly first: Term;
  readonly by: { readonly sign: '+' | '-'; readonly second: Term } | null;
}

export interface Update {
  readonly sets: readonly Setting[];
  readonly removes: readonly Path[];
  readonly used: Used;
}

const parsed = new Map<string, Update>();

/** Throws ValidationException for what DynamoDB would not read, NotModelled for what it would and this model does not. */
export function parseUpdate(text: string): Update {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const reader = readTokens(text);
  const used: Used = { names: new Set(), values: new Set() };
  const sets: Setting[] = [];
  const removes: Path[] = [];
  if (reader.atEnd()) reader.refuse();
  while (!reader.atEnd()) {
    if (reader.takes('SET')) {
      if (sets.length > 0) throw invalid('Invalid UpdateExpression: The "SET" section can only be used once');
      do sets.push(setting(reader, used));
      while (reader.takes(','));
    } else if (reader.takes('REMOVE')) {
      if (removes.length > 0)
        throw invalid('Invalid UpdateExpression: The "REMOVE" section can only be used once');
      do removes.push(pathOf(reader.next(), used, reader));
      while (reader.takes(','));
    } else if (reader.takes('ADD') || reader.takes('DELETE')) {
      throw new NotModelled(`an update other than SET and REMOVE: ${text}`);
    } else reader.refuse();
  }
  if (sets.length === 0) throw new NotModelled('an update that only removes');
  const update = { sets, removes, used };
  parsed.set(text, update);
  return update;
}

function setting(reader: Reader, used: Used): Setting {
  const path = pathOf(reader.next(), used, reader);
  reader.expects('=');
  const first = term(reader, used);
  const sign = reader.takes('+') ? '+' : reader.takes('-') ? '-' : null;
  return { path, first, by: sign === null ? null : { sign, second: term(reader, used) } };
}

function term(reader: Reader, used: Used): Term {
  const token = reader.next();
  if (!reader.takes('(')) return { is: 'operand', operand: operandOf(token, used, reader) };
  if (token.text !== 'if_not_exists') {
    if (token.kind !== 'name') throw new NotModelled('parentheses in an update');
    return refuseFunction(token.text);
  }
  const of = pathOf(reader.next(), used, reader);
  reader.expects(',');
  const otherwise = term(reader, used);
  reader.expects(')');
  return { is: 'if-absent', of, otherwise };
}

/** Throws ValidationException for what DynamoDB refuses before it looks at any item. */
export function checkUpdate(update: Update, bindings: Bindings, keyNames: readonly string[]): void {
  const touched = new Set<string>();
  for (const path of [...update.sets.map((set) => set.path), ...update.removes]) {
    const name = nameOf(path, bindings);
    if (touched.has(name))
      throw invalid('Invalid UpdateExpression: Two document paths overlap with each other');
    touched.add(name);
  }
  for (const name of keyNames) {
    if (touched.has(name))
      throw invalid(`One or more parameter values were invalid: Cannot update attribute ${name}`);
  }
  for (const { first, by } of update.sets) {
    if (by === null) continue;
    for (const one of [first, by.second]) {
      if (
        one.is === 'operand' &&
        one.operand.kind === 'value' &&
        bindings.values[one.operand.text]?.N === undefined
      )
        throw invalid('Invalid UpdateExpression: Incorrect operand type for operator or function');
    }
  }
}

/** The row after the update. Throws ValidationException for what only shows on the item. */
export function updated(update: Update, bindings: Bindings, row: Row | undefined, key: Row): Row {
  const next: Record<string, Value> = { ...(row ?? key) };
  for (const { path, first, by } of update.sets) {
    const left = valueOfTerm(first, bindings, row ?? key);
    next[nameOf(path, bindings)] = by === null ? left : calculated(left, by, bindings, row ?? key);
  }
  for (const path of update.removes) delete next[nameOf(path, bindings)];
  return next;
}

function valueOfTerm(term: Term, bindings: Bindings, row: Row): Value {
  if (term.is === 'if-absent')
    return row[nameOf(term.of, bindings)] ?? valueOfTerm(term.otherwise, bindings, row);
  const value = resolve(term.operand, bindings, row);
  if (value === undefined)
    throw invalid('The provided expression refers to an attribute that does not exist in the item');
  return value;
}

function calculated(left: Value, by: NonNullable<Setting['by']>, bindings: Bindings, row: Row): Value {
  const right = valueOfTerm(by.second, bindings, row);
  if (typeOf(left) !== 'N' || typeOf(right) !== 'N')
    throw invalid('An operand in the update expression has an incorrect data type');
  return number(Number(left.N) + (by.sign === '+' ? 1 : -1) * Number(right.N));
}
