import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeCbor, encodeCbor } from '../../../workspace/aws/cbor.ts';

const noTimes = () => false;
const bytes = (hex: string) => Buffer.from(hex, 'hex');

/** RFC 8949, appendix A. */
it.each([
  ['00', 0],
  ['1818', 24],
  ['1903e8', 1000],
  ['1a000f4240', 1_000_000],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['20', -1],
  ['3903e7', -1000],
  ['fb3ff199999999999a', 1.1],
  ['fa47c35000', 100_000],
  ['c11a514b67b0', 1_363_896_240],
  ['c1fb41d452d9ec200000', 1_363_896_240.5],
  ['64f0908591', '\u{10151}'],
  ['83010203', [1, 2, 3]],
  ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
  ['bf61610161629f0203ffff', { a: 1, b: [2, 3] }],
  ['7f657374726561646d696e67ff', 'streaming'],
  ['f5', true],
  ['f6', null],
])('%s is read as the standard says', (hex, value) => {
  expect(decodeCbor(bytes(hex))).toEqual(value);
});

it('what was written is read again', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
      const plain: unknown = JSON.parse(JSON.stringify(value));
      expect(decodeCbor(encodeCbor(plain, noTimes))).toEqual(plain);
    }),
    { numRuns: 50 },
  );
});

it('a time is written under its tag, alone and in a list', () => {
  const isTime = (name: string) => name.startsWith('Time');

  expect(encodeCbor({ Time: 1, Times: [2], Value: 3 }, isTime).toString('hex')).toBe(
    'a36454696d65c1016554696d657381c1026556616c756503',
  );
});

it.each(['', '61', '8301', '0000', '1c', '5800', 'c200', 'f97e00'])('%s is refused', (hex) => {
  expect(() => decodeCbor(bytes(hex))).toThrow();
});
