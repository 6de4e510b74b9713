import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical } from '../../../src/flows/promotion/canonical.ts';

describe('the text that is hashed', () => {
  it('is the same whatever the order in which something was written down', () => {
    expect(canonical({ b: 1, a: { d: [1, 2], c: null } })).toBe('{"a":{"c":null,"d":[1,2]},"b":1}');
    expect(canonical({ a: { c: null, d: [1, 2] }, b: 1 })).toBe(
      canonical({ b: 1, a: { d: [1, 2], c: null } }),
    );
  });

  it('keeps the order of lists, since that says something', () => {
    expect(canonical([2, 1])).toBe('[2,1]');
    expect(canonical([])).toBe('[]');
  });

  it('leaves out what is not there, which is no difference to its not being named', () => {
    expect(canonical({ a: 1, b: undefined })).toBe('{"a":1}');
  });

  it('is JSON that says the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('quotes names and texts, so that no two values share it', () => {
    expect(canonical({ 'a"b': 'c"d' })).toBe('{"a\\"b":"c\\"d"}');
    expect(canonical('1')).not.toBe(canonical(1));
    expect(canonical(null)).toBe('null');
  });
});
