// What src/ uses of zod, for the function that Slack calls, where zod and the making of its schemas were two fifths of
// the processor time of a cold start and its first click, and a third of its bytes. It says the same yes and no and
// gives the same values: that is what test/scripts/lean/zod.test.ts holds it to, beside zod itself, for every schema of
// ours and everything that is one mistake away from what they take. It does not have zod's words for what is wrong, only
// the place. A function of zod's that is missing here fails the bundling, a method the loading.

/** What a schema answers to a value that it does not take. */
const no = Symbol('no');
/** Where the last of them was met, from the inside out. */
let trail = [];

const refuse = () => {
  trail = [];
  return no;
};
const within = (place) => {
  trail.push(place);
  return no;
};

class Refused extends Error {
  name = 'ZodError';
  constructor() {
    super(`not of its form${trail.length === 0 ? '' : ` at ${trail.reverse().join('.')}`}`);
  }
}

/** `absent`: what an object may do without: the whole key (optional), or what stands for it (defaulted). */
class Schema {
  constructor(read, more) {
    this.read = read;
    this.absent = undefined;
    Object.assign(this, more);
  }

  parse(value) {
    const read = this.read(value);
    if (read === no) throw new Refused();
    return read;
  }

  safeParse(value) {
    const read = this.read(value);
    return read === no ? { success: false, error: new Refused() } : { success: true, data: read };
  }

  nullable() {
    return new Schema((value) => (value === null ? null : this.read(value)), { absent: this.absent });
  }

  optional() {
    return new Schema((value) => (value === undefined ? undefined : this.read(value)), {
      absent: 'optional',
    });
  }

  /** The key may be missing, and never stands there without a value. */
  exactOptional() {
    return new Schema(this.read, { absent: 'optional' });
  }

  default(given) {
    const fresh = () => (typeof given === 'function' ? given() : structuredClone(given));
    return new Schema((value) => (value === undefined ? fresh() : this.read(value)), { absent: 'defaulted' });
  }

  catch(given) {
    const read = (value) => {
      const met = this.read(value);
      return met === no ? given : met;
    };
    return new Schema(read, { absent: 'defaulted' });
  }

  /** As this one, and what it takes has to hold as well. */
  holding(holds) {
    const read = (value) => {
      const met = this.read(value);
      return met === no || holds(met) ? met : refuse();
    };
    return new this.constructor(read);
  }
}

class Lengthy extends Schema {
  min(least) {
    return this.holding(({ length }) => length >= least);
  }

  max(most) {
    return this.holding(({ length }) => length <= most);
  }

  length(exactly) {
    return this.holding(({ length }) => length === exactly);
  }
}

class Sized extends Schema {
  min(least) {
    return this.holding((value) => value >= least);
  }

  max(most) {
    return this.holding((value) => value <= most);
  }

  positive() {
    return this.holding((value) => value > 0);
  }
}

const being = (Kind, is) => new Kind((value) => (is(value) ? value : refuse()));
// Schemas never change, so that those that are alike can be one.
const aString = being(Lengthy, (value) => typeof value === 'string');
const aNumber = being(Sized, (value) => Number.isFinite(value));
const anInt = being(Sized, (value) => Number.isSafeInteger(value));
const aBoolean = being(Schema, (value) => typeof value === 'boolean');
const anything = being(Schema, () => true);
export const string = () => aString;
export const number = () => aNumber;
export const int = () => anInt;
export const boolean = () => aBoolean;
export const unknown = () => anything;
export const custom = (is) => being(Schema, is);

const oneOf = (values, more) =>
  new Schema((value) => (values.includes(value) ? value : refuse()), { values, ...more });
export const literal = (value) => oneOf([value], { value });
const enumeration = (values) => oneOf(values);

export { enumeration as enum };

export const array = (element) =>
  new Lengthy((value) => {
    if (!Array.isArray(value)) return refuse();
    const read = [];
    for (let index = 0; index < value.length; index += 1) {
      const met = element.read(value[index]);
      if (met === no) return within(index);
      read.push(met);
    }
    return read;
  });

export const tuple = (items) =>
  new Schema((value) => {
    if (!Array.isArray(value) || value.length !== items.length) return refuse();
    const read = items.map((item, index) => item.read(value[index]));
    const wrong = read.indexOf(no);
    return wrong === -1 ? read : within(wrong);
  });

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
/** Made by `{}` or without a prototype. */
const isPlain = (value) => {
  if (!isObject(value)) return false;
  const { constructor: maker } = value;
  if (typeof maker !== 'function') return true;
  return isObject(maker.prototype) && Object.hasOwn(maker.prototype, 'isPrototypeOf');
};

export const record = (keys, values) =>
  new Schema((value) => {
    if (!isPlain(value)) return refuse();
    const read = {};
    for (const key of Reflect.ownKeys(value)) {
      // Written to an object, this name would be its prototype.
      if (key === '__proto__' || !Object.prototype.propertyIsEnumerable.call(value, key)) continue;
      if (keys.read(key) === no) return refuse();
      const met = values.read(value[key]);
      if (met === no) return within(key);
      read[key] = met;
    }
    return read;
  });

/** `others`: what is done about keys that the shape does not have. */
function objectOf(shape, others) {
  const members = Object.entries(shape);
  const read = (value) => {
    if (!isObject(value)) return refuse();
    const made = {};
    for (const [key, member] of members) {
      const isThere = key in value;
      if (!isThere && member.absent === 'optional') continue;
      if (!isThere && member.absent === undefined) {
        refuse();
        return within(key);
      }
      const met = member.read(value[key]);
      if (met === no) return within(key);
      made[key] = met;
    }
    if (others === 'dropped') return made;
    for (const key in value) {
      if (Object.hasOwn(shape, key)) continue;
      if (others === 'refused') {
        refuse();
        return within(key);
      }
      if (key !== '__proto__') made[key] = value[key];
    }
    return made;
  };
  return new Schema(read, { shape, extend: (more) => objectOf({ ...shape, ...more }, others) });
}
export const object = (shape) => objectOf(shape, 'dropped');
export const strictObject = (shape) => objectOf(shape, 'refused');
export const looseObject = (shape) => objectOf(shape, 'kept');

export const union = (options) =>
  new Schema(
    (value) => {
      for (const option of options) {
        const met = option.read(value);
        if (met !== no) return met;
      }
      return refuse();
    },
    { options },
  );

export const discriminatedUnion = (discriminator, options) => {
  const told = new Map(
    options.flatMap((option) => option.shape[discriminator].values.map((value) => [value, option])),
  );
  return new Schema(
    (value) => {
      const option = isObject(value) ? told.get(value[discriminator]) : undefined;
      return option === undefined ? refuse() : option.read(value);
    },
    { options },
  );
};

export const json = () => {
  const nothing = oneOf([null]);
  const value = new Schema((given) => any.read(given));
  const any = union([aString, aNumber, aBoolean, nothing, array(value), record(aString, value)]);
  return value;
};
