import { describe, expect, it } from 'vitest';
import { CheckSpec } from '../../../src/flows/promotion/plan.ts';

const withSetting = (value: unknown) => ({
  id: 'errors',
  kind: 'alarm',
  title: 'Errors',
  essential: false,
  settings: { value },
});

describe('the settings of an adapter, opaque to the promotion', () => {
  it.each<[string, unknown]>([
    ['a word', 'x'],
    ['no word', ''],
    ['a number', 1.5],
    ['zero', 0],
    ['yes', true],
    ['no', false],
    ['nothing', null],
    ['an empty list', []],
    ['an empty object', {}],
    ['a list in a list', [1, ['x', null, false]]],
    ['objects at any depth', { a: { b: [{ c: null }, 2], d: true } }],
  ])('may be %s, and are kept as they are', (_what, value) => {
    expect(CheckSpec.parse(withSetting(value))).toEqual(withSetting(value));
  });

  it.each<[string, unknown]>([
    ['what is not there', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a big integer', 1n],
    ['what is no number', Number.NaN],
    ['what has no end', Number.POSITIVE_INFINITY],
  ])('may not be %s at any depth: it would not come back from the store', (_what, value) => {
    for (const setting of [value, [value], [1, value], [value, 1], { a: value, b: 1 }, { a: 1, b: [value] }])
      expect(CheckSpec.safeParse(withSetting(setting)).success).toBe(false);
  });
});
