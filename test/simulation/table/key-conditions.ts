import { type Condition, checkOperands, inOrder, parseCondition, type Sign } from './conditions.ts';
import { type Bindings, bind, nameOf, type Operand, type Placeholders } from './operands.ts';
import { invalid, NotModelled } from './refusals.ts';
import { compareTexts } from './values.ts';

/** Which part of a partition a query reads. */
export interface KeyRange {
  readonly partition: string;
  /** Whether a sort key lies before, in or behind the part: -1, 0, 1. The part hangs together. */
  where(sort: string): number;
}

const whole = () => 0;

/** Throws ValidationException for what DynamoDB does not take as a key condition. */
export function keyRange(text: string, placeholders: Placeholders, hash: string, range: string): KeyRange {
  const { condition, used } = parseCondition(text);
  const bindings = bind(placeholders, [used]);
  checkOperands(condition, bindings);
  const parts = condition.is === 'and' ? [condition.left, condition.right] : [condition];
  let partition: string | undefined;
  let where: KeyRange['where'] | undefined;
  for (const part of parts) {
    const name = nameIn(part, bindings);
    if (name === hash && partition === undefined) {
      if (part.is !== 'compare' || part.sign !== '=') throw invalid('Query key condition not supported');
      partition = textOf(part.right, bindings);
    } else if (name === range && where === undefined) {
      where = rangeOf(part, bindings);
    } else throw invalid(`Query condition missed key schema element: ${hash}`);
  }
  if (partition === undefined) throw invalid(`Query condition missed key schema element: ${hash}`);
  if (partition === '')
    throw invalid('One or more parameter values are not valid: a key attribute cannot be empty');
  return { partition, where: where ?? whole };
}

function nameIn(part: Condition, bindings: Bindings): string {
  switch (part.is) {
    case 'compare':
      if (part.left.kind === 'value' || part.right.kind !== 'value')
        throw new NotModelled('a key condition that does not compare an attribute with a value');
      return nameOf(part.left, bindings);
    case 'between':
      if (part.of.kind === 'value') throw invalid('Query key condition not supported');
      return nameOf(part.of, bindings);
    case 'begins':
      return nameOf(part.of, bindings);
    default:
      throw invalid('Invalid operator used in KeyConditionExpression');
  }
}

function textOf(operand: Operand, bindings: Bindings): string {
  if (operand.kind !== 'value') throw invalid('Invalid condition in KeyConditionExpression');
  const text = bindings.values[operand.text]?.S;
  if (text === undefined)
    throw invalid(
      'One or more parameter values were invalid: Condition parameter type does not match schema type',
    );
  return text;
}

function rangeOf(part: Condition, bindings: Bindings): KeyRange['where'] {
  if (part.is === 'between') {
    const [low, high] = [textOf(part.low, bindings), textOf(part.high, bindings)];
    return (sort) => (compareTexts(sort, low) < 0 ? -1 : compareTexts(sort, high) > 0 ? 1 : 0);
  }
  if (part.is === 'begins') {
    const prefix = textOf(part.prefix, bindings);
    return (sort) => (sort.startsWith(prefix) ? 0 : compareTexts(sort, prefix));
  }
  if (part.is !== 'compare') throw invalid('Invalid operator used in KeyConditionExpression');
  const { sign } = part;
  if (sign === '<>') throw invalid('Unsupported operator on KeyCondition: operator: <>');
  const bound = textOf(part.right, bindings);
  return (sort) => {
    const order = compareTexts(sort, bound);
    return inOrder(sign, order) ? 0 : outside(sign, order);
  };
}

const outside = (sign: Exclude<Sign, '<>'>, order: number) =>
  sign === '=' ? order : sign === '<' || sign === '<=' ? 1 : -1;
