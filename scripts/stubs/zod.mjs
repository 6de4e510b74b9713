// zod as the Slack-facing function has it: zod's own core, which does all the parsing, under the functions and methods
// that src/ uses. The rest of zod (its methods for everything else on every schema, JSON schema, languages) takes longer
// to load than all that a click does. A function that is not here fails the bundling; test/scripts holds what is here
// to zod itself.
import * as core from 'zod/v4/core';

export const string = () => new core.$ZodString({ type: 'string' });
export const number = () => new core.$ZodNumber({ type: 'number', checks: [] });
export const int = () =>
  new core.$ZodNumberFormat({ type: 'number', check: 'number_format', abort: false, format: 'safeint' });
export const boolean = () => new core.$ZodBoolean({ type: 'boolean' });
export const unknown = () => new core.$ZodUnknown({ type: 'unknown' });
export const literal = (value) =>
  new core.$ZodLiteral({ type: 'literal', values: Array.isArray(value) ? value : [value] });
const enumeration = (values) =>
  new core.$ZodEnum({
    type: 'enum',
    entries: Array.isArray(values) ? Object.fromEntries(values.map((value) => [value, value])) : values,
  });

export { enumeration as enum };
export const array = (element) => new core.$ZodArray({ type: 'array', element });
export const tuple = (items) => new core.$ZodTuple({ type: 'tuple', items, rest: null });
export const record = (keyType, valueType) => new core.$ZodRecord({ type: 'record', keyType, valueType });
export const union = (options) => new core.$ZodUnion({ type: 'union', options });
export const discriminatedUnion = (discriminator, options) =>
  new core.$ZodDiscriminatedUnion({ type: 'union', options, discriminator });
export const custom = (fn) => new core.$ZodCustom({ type: 'custom', check: 'custom', fn, abort: true });

const never = new core.$ZodNever({ type: 'never' });
const anything = unknown();
export const object = (shape) => new core.$ZodObject({ type: 'object', shape });
export const strictObject = (shape) => new core.$ZodObject({ type: 'object', shape, catchall: never });
export const looseObject = (shape) => new core.$ZodObject({ type: 'object', shape, catchall: anything });

const nothing = new core.$ZodNull({ type: 'null' });
export const json = () => {
  const value = new core.$ZodLazy({
    type: 'lazy',
    getter: () => union([string(), number(), boolean(), nothing, array(value), record(string(), value)]),
  });
  return value;
};

const methods = {
  parse(value) {
    return core.parse(this, value);
  },
  safeParse(value) {
    return core.safeParse(this, value);
  },
  nullable() {
    return new core.$ZodNullable({ type: 'nullable', innerType: this });
  },
  optional() {
    return new core.$ZodOptional({ type: 'optional', innerType: this });
  },
  default(value) {
    return new core.$ZodDefault({
      type: 'default',
      innerType: this,
      get defaultValue() {
        return typeof value === 'function' ? value() : core.util.shallowClone(value);
      },
    });
  },
  catch(value) {
    const catchValue = typeof value === 'function' ? value : core.util.constantCatch(value);
    return new core.$ZodCatch({ type: 'catch', innerType: this, catchValue });
  },
};

/** A schema of the same kind with one check more. */
const checked = (schema, check) =>
  core.clone(
    schema,
    core.util.mergeDefs(schema._zod.def, { checks: [...(schema._zod.def.checks ?? []), check] }),
    { parent: true },
  );

const lengths = {
  min(minimum) {
    return checked(this, core._minLength(minimum));
  },
  max(maximum) {
    return checked(this, core._maxLength(maximum));
  },
  length(length) {
    return checked(this, core._length(length));
  },
};
const sizes = {
  min(value) {
    return checked(this, core._gte(value));
  },
  max(value) {
    return checked(this, core._lte(value));
  },
  positive() {
    return checked(this, core._gt(0));
  },
};
const shapes = {
  get shape() {
    return this._zod.def.shape;
  },
  extend(shape) {
    return core.util.extend(this, shape);
  },
};
const choices = {
  get options() {
    return this._zod.def.options;
  },
};
const constants = {
  get value() {
    return this._zod.def.values[0];
  },
};

const special = new Map([
  [core.$ZodString, lengths],
  [core.$ZodArray, lengths],
  [core.$ZodNumber, sizes],
  [core.$ZodNumberFormat, sizes],
  [core.$ZodObject, shapes],
  [core.$ZodUnion, choices],
  [core.$ZodDiscriminatedUnion, choices],
  [core.$ZodLiteral, constants],
]);
for (const kind of [
  ...special.keys(),
  core.$ZodBoolean,
  core.$ZodCatch,
  core.$ZodCustom,
  core.$ZodDefault,
  core.$ZodEnum,
  core.$ZodLazy,
  core.$ZodNullable,
  core.$ZodOptional,
  core.$ZodRecord,
  core.$ZodTuple,
  core.$ZodUnknown,
]) {
  for (const from of [methods, special.get(kind) ?? {}]) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(from))) {
      // zod copies what can be enumerated onto every single schema.
      Object.defineProperty(kind.prototype, name, { ...property, enumerable: false });
    }
  }
}
