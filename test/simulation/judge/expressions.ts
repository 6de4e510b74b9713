import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Tape } from '../tape.ts';

export interface Expressions {
  condition(): string;
  update(): string;
  /** A name, spelled out or behind a placeholder. */
  name(attribute: string): string;
  value(value: AttributeValue): string;
  /** The placeholders that were given out so far, where there are any. */
  placeholders(): {
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Record<string, AttributeValue>;
  };
}

const attributes = ['epoch', 'holder', 'body', 'revision', 'pk', 'dueSk', 'never'] as const;
const texts = ['', 'a', 'ab', 'b', 'DUE#0', 'é', '\u{1f600}', '\ufffd'] as const;
const deepest = 3;

export const someValue = (tape: Tape): AttributeValue =>
  tape.draw(2) === 0 ? { N: String(tape.between(-2, 12)) } : { S: tape.pick(texts) };

/**
 * Draws expressions of the grammar that the store uses, all of which DynamoDB can read. The tag keeps index keys of
 * different rows apart: in which order an index holds equal ones is not defined.
 */
export function createExpressions(
  tape: Tape,
  tag: string,
  /** Whether attributes are compared with each other too. */
  crosswise: boolean,
): Expressions {
  const names: Record<string, string> = {};
  const values: Record<string, AttributeValue> = {};

  const name = (attribute: string) => {
    if (tape.draw(3) > 0) return attribute;
    const placeholder = `#n${Object.keys(names).length}`;
    names[placeholder] = attribute;
    return placeholder;
  };
  const value = (given: AttributeValue) => {
    const placeholder = `:v${Object.keys(values).length}`;
    values[placeholder] = given;
    return placeholder;
  };
  const number = () => value({ N: String(tape.between(0, 5)) });

  const simple = (): string => {
    const attribute = tape.pick(attributes);
    switch (tape.draw(crosswise ? 8 : 7)) {
      case 0:
        return `attribute_exists(${name(attribute)})`;
      case 1:
        return `attribute_not_exists(${name(attribute)})`;
      case 2:
        return `begins_with(${name(attribute)}, ${value({ S: tape.pick(texts) })})`;
      case 3: {
        const low = tape.between(-2, 8);
        return `${name(attribute)} BETWEEN ${value({ N: String(low) })} AND ${value({ N: String(low + tape.draw(5)) })}`;
      }
      case 4:
        return `${value(someValue(tape))} ${tape.pick(comparisons)} ${name(attribute)}`;
      case 7: {
        const other = attributes[(attributes.indexOf(attribute) + 1) % attributes.length] ?? 'body';
        return `${name(attribute)} ${tape.pick(comparisons)} ${name(other)}`;
      }
      default:
        return `${name(attribute)} ${tape.pick(comparisons)} ${value(someValue(tape))}`;
    }
  };

  const condition = (depth = 0): string => {
    const kind = depth >= deepest ? 0 : tape.draw(6);
    if (kind === 1) return `${operand(depth)} AND ${operand(depth)}`;
    if (kind === 2) return `${operand(depth)} OR ${operand(depth)}`;
    if (kind === 3) return `NOT ${operand(depth)}`;
    if (kind === 4) return `${condition(depth + 1)} OR ${condition(depth + 1)} AND ${condition(depth + 1)}`;
    return simple();
  };
  const operand = (depth: number) => {
    const inner = condition(depth + 1);
    return / (AND|OR) |^NOT /.test(inner) ? `(${inner})` : inner;
  };

  const set = (attribute: string): string => {
    const target = name(attribute);
    switch (tape.draw(6)) {
      case 0:
        return `${target} = ${name(tape.pick(attributes))}`;
      case 1:
        return `${target} = ${name(attribute)} + ${number()}`;
      case 2:
        return `${target} = if_not_exists(${name(attribute)}, ${number()}) + ${number()}`;
      case 3:
        return `${target} = if_not_exists(${name(tape.pick(attributes))}, ${value(someValue(tape))})`;
      case 4:
        return `${target} = ${name(attribute)} - ${number()}`;
      default:
        return `${target} = ${value(someValue(tape))}`;
    }
  };

  const update = () => {
    const free = ['epoch', 'holder', 'body', 'revision', 'never'].filter(() => tape.draw(2) === 0);
    const [first = 'epoch', ...rest] = free;
    const removed = rest.filter(() => tape.draw(3) === 0);
    const sets = [first, ...rest.filter((one) => !removed.includes(one))].map(set);
    const due = tape.draw(4);
    if (due === 1)
      sets.push(
        `duePk = ${value({ S: `DUE#${tape.draw(2)}` })}`,
        `dueSk = ${value({ S: `${tape.between(100, 199)}#${tag}` })}`,
      );
    if (due === 2) removed.push('duePk', 'dueSk');
    const removal = removed.length === 0 ? '' : `REMOVE ${removed.join(', ')}`;
    const setting = `SET ${sets.join(', ')}`;
    return (tape.draw(4) === 0 ? [removal, setting] : [setting, removal])
      .filter((one) => one !== '')
      .join(' ');
  };

  return {
    condition: () => condition(),
    update,
    name,
    value,
    placeholders: () => ({
      ...(Object.keys(names).length === 0 ? {} : { ExpressionAttributeNames: names }),
      ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
    }),
  };
}

const comparisons = ['=', '<>', '<', '<=', '>', '>='] as const;
