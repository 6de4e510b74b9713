/**
 * CBOR (RFC 8949) as far as Smithy's RPC v2 needs it: maps with text keys, lists, texts, numbers, booleans, null, and
 * times as tag 1. A time is read as its seconds since the epoch, and written where `isTime` says so of a member's name.
 */
export function encodeCbor(value: unknown, isTime: (name: string) => boolean): Buffer {
  const parts: Buffer[] = [];
  const write = (one: unknown, asTime: boolean): void => {
    if (typeof one === 'number') {
      if (asTime) parts.push(head(majors.tag, 1));
      parts.push(number(one));
    } else if (typeof one === 'string') {
      const text = Buffer.from(one);
      parts.push(head(majors.text, text.length), text);
    } else if (typeof one === 'boolean') {
      parts.push(Buffer.from([one ? simple.true : simple.false]));
    } else if (Array.isArray(one)) {
      parts.push(head(majors.list, one.length));
      for (const each of one) write(each, asTime);
    } else if (typeof one === 'object' && one !== null) {
      const entries = Object.entries(one).filter(([, each]) => each !== undefined);
      parts.push(head(majors.map, entries.length));
      for (const [name, each] of entries) {
        write(name, false);
        write(each, isTime(name));
      }
    } else {
      parts.push(Buffer.from([simple.null]));
    }
  };
  write(value, false);
  return Buffer.concat(parts);
}

/** Throws an Error on anything that is not one whole item of this subset. */
export function decodeCbor(bytes: Buffer): unknown {
  let at = 0;
  const take = (count: number): Buffer => {
    if (at + count > bytes.length) throw new Error('The item ends too early.');
    at += count;
    return bytes.subarray(at - count, at);
  };
  const isBreak = () => {
    if (bytes[at] !== breakByte) return false;
    at += 1;
    return true;
  };
  /** How many, or undefined where a break ends it. */
  const count = (info: number): number | undefined => {
    if (info < 24) return info;
    if (info === 24) return take(1).readUInt8();
    if (info === 25) return take(2).readUInt16BE();
    if (info === 26) return take(4).readUInt32BE();
    if (info === 27) return Number(take(8).readBigUInt64BE());
    if (info === 31) return undefined;
    throw new Error(`Length ${info} is reserved.`);
  };
  const known = (size: number | undefined): number => {
    if (size === undefined) throw new Error('A length is missing.');
    return size;
  };
  const many = <Item>(size: number | undefined, one: () => Item): Item[] => {
    const items: Item[] = [];
    while (size === undefined ? !isBreak() : items.length < size) items.push(one());
    return items;
  };
  const read = (): unknown => {
    const first = take(1).readUInt8();
    const major = first >> 5;
    const info = first & 31;
    if (major === majors.other) {
      if (first === simple.false || first === simple.true) return first === simple.true;
      if (first === simple.null || first === simple.undefined) return null;
      if (info === 26) return take(4).readFloatBE();
      if (info === 27) return take(8).readDoubleBE();
      throw new Error(`Item ${first} is not modelled.`);
    }
    const size = count(info);
    switch (major) {
      case majors.natural:
        return known(size);
      case majors.negative:
        return -1 - known(size);
      case majors.text:
        return size === undefined ? many(size, read).join('') : take(size).toString();
      case majors.list:
        return many(size, read);
      case majors.map:
        return Object.fromEntries(many(size, () => [String(read()), read()]));
      case majors.tag:
        if (size === 1) return read();
        throw new Error(`Tag ${size} is not modelled.`);
      default:
        throw new Error('Bytes are not modelled.');
    }
  };
  const value = read();
  if (at < bytes.length) throw new Error('Something follows the item.');
  return value;
}

const majors = { natural: 0, negative: 1, text: 3, list: 4, map: 5, tag: 6, other: 7 } as const;
const simple = { false: 0xf4, true: 0xf5, null: 0xf6, undefined: 0xf7 } as const;
const breakByte = 0xff;

function head(major: number, size: number): Buffer {
  if (size < 24) return Buffer.from([(major << 5) | size]);
  if (size < 0x1_00) return Buffer.from([(major << 5) | 24, size]);
  if (size < 0x1_00_00) return Buffer.from([(major << 5) | 25, size >> 8, size & 0xff]);
  const wide = Buffer.alloc(9);
  wide.writeUInt8((major << 5) | 27);
  wide.writeBigUInt64BE(BigInt(size), 1);
  return wide;
}

function number(value: number): Buffer {
  if (Number.isSafeInteger(value) && !Object.is(value, -0))
    return value >= 0 ? head(majors.natural, value) : head(majors.negative, -1 - value);
  const double = Buffer.alloc(9);
  double.writeUInt8(0xfb);
  double.writeDoubleBE(value, 1);
  return double;
}
