// zod as the Slack-facing function has it: zod's own core does all the parsing, under the functions and methods that
// src/ uses, and a schema is only made once something is parsed by it. All of zod, and all of our schemas made at once,
// take longer than everything else that a click does. What is missing here fails the bundling, or its test, which
// holds this to zod itself: test/scripts/lean-zod.test.ts.
import * as core from 'zod/v4/core';

const built = (schema) => {
  schema.made ??= schema.make();
  return schema.made;
};

/** Of a union that is told apart by one key only the member that can fit; the whole where none does, for its words. */
function fitting(schema, value) {
  if (schema.discriminator === undefined || typeof value !== 'object' || value === null) return schema;
  const told = value[schema.discriminator];
  return schema.options.find(({ shape }) => shape?.[schema.discriminator]?.values?.includes(told)) ?? schema;
}

/** zod would write code for every kind of object it meets, which only pays after many of them. */
const settings = { jitless: true };

const common = {
  parse(value) {
    return core.parse(built(fitting(this, value)), value, settings);
  },
  safeParse(value) {
    return core.safeParse(built(fitting(this, value)), value, settings);
  },
  nullable() {
    this.orNull ??= schema(() => new core.$ZodNullable({ type: 'nullable', innerType: built(this) }));
    return this.orNull;
  },
  optional() {
    this.orNothing ??= schema(() => new core.$ZodOptional({ type: 'optional', innerType: built(this) }));
    return this.orNothing;
  },
  default(value) {
    const fresh = () => (typeof value === 'function' ? value() : structuredClone(value));
    return schema(
      () =>
        new core.$ZodDefault({
          type: 'default',
          innerType: built(this),
          get defaultValue() {
            return fresh();
          },
        }),
    );
  },
  catch(value) {
    const catchValue = typeof value === 'function' ? value : () => value;
    return schema(() => new core.$ZodCatch({ type: 'catch', innerType: built(this), catchValue }));
  },
};

function schema(make, more, methods = common) {
  return Object.assign(Object.create(methods), { make }, more);
}

/** One check more on a schema of the same kind. */
function checked(inner, methods, check) {
  return schema(
    () => {
      const { def } = built(inner)._zod;
      return core.clone(built(inner), { ...def, checks: [...(def.checks ?? []), check()] }, { parent: true });
    },
    {},
    methods,
  );
}

const lengths = {
  ...common,
  min(minimum) {
    return checked(this, lengths, () => core._minLength(minimum));
  },
  max(maximum) {
    return checked(this, lengths, () => core._maxLength(maximum));
  },
  length(length) {
    return checked(this, lengths, () => core._length(length));
  },
};
const sizes = {
  ...common,
  min(value) {
    return checked(this, sizes, () => core._gte(value));
  },
  max(value) {
    return checked(this, sizes, () => core._lte(value));
  },
  positive() {
    this.aboveZero ??= checked(this, sizes, () => core._gt(0));
    return this.aboveZero;
  },
};
const shapes = {
  ...common,
  extend(shape) {
    return objectOf({ ...this.shape, ...shape }, this.rest);
  },
};

// Schemas never change, so that those that are alike can be one.
const aString = schema(() => new core.$ZodString({ type: 'string' }), {}, lengths);
export const string = () => aString;
const aNumber = schema(() => new core.$ZodNumber({ type: 'number', checks: [] }), {}, sizes);
export const number = () => aNumber;
const anInt = schema(
  () =>
    new core.$ZodNumberFormat({ type: 'number', check: 'number_format', abort: false, format: 'safeint' }),
  {},
  sizes,
);
export const int = () => anInt;
const aBoolean = schema(() => new core.$ZodBoolean({ type: 'boolean' }));
export const boolean = () => aBoolean;
const anything = schema(() => new core.$ZodUnknown({ type: 'unknown' }));
export const unknown = () => anything;
export const custom = (fn) =>
  schema(() => new core.$ZodCustom({ type: 'custom', check: 'custom', fn, abort: true }));

const literals = new Map();
export const literal = (value) => {
  const known = literals.get(value);
  if (known !== undefined) return known;
  const made = schema(() => new core.$ZodLiteral({ type: 'literal', values: [value] }), {
    value,
    values: [value],
  });
  literals.set(value, made);
  return made;
};
const enumeration = (values) => {
  const entries = () => Object.fromEntries(values.map((value) => [value, value]));
  return schema(() => new core.$ZodEnum({ type: 'enum', entries: entries() }), { values });
};

export { enumeration as enum };

export const array = (element) => {
  element.listed ??= schema(
    () => new core.$ZodArray({ type: 'array', element: built(element) }),
    {},
    lengths,
  );
  return element.listed;
};
export const tuple = (items) =>
  schema(() => new core.$ZodTuple({ type: 'tuple', items: items.map(built), rest: null }));
export const record = (keys, values) =>
  schema(() => new core.$ZodRecord({ type: 'record', keyType: built(keys), valueType: built(values) }));
export const union = (options) =>
  schema(() => new core.$ZodUnion({ type: 'union', options: options.map(built) }), { options });
export const discriminatedUnion = (discriminator, options) =>
  schema(
    () => new core.$ZodDiscriminatedUnion({ type: 'union', options: options.map(built), discriminator }),
    { options, discriminator },
  );

const nothingElse = schema(() => new core.$ZodNever({ type: 'never' }));
const objectOf = (shape, rest) =>
  schema(
    () =>
      new core.$ZodObject({
        type: 'object',
        shape: Object.fromEntries(Object.entries(shape).map(([name, member]) => [name, built(member)])),
        ...(rest === undefined ? {} : { catchall: built(rest) }),
      }),
    { shape, rest },
    shapes,
  );
export const object = (shape) => objectOf(shape);
export const strictObject = (shape) => objectOf(shape, nothingElse);
export const looseObject = (shape) => objectOf(shape, anything);

const nothing = schema(() => new core.$ZodNull({ type: 'null' }));
export const json = () => {
  const value = schema(
    () =>
      new core.$ZodLazy({
        type: 'lazy',
        getter: () =>
          built(union([string(), number(), boolean(), nothing, array(value), record(string(), value)])),
      }),
  );
  return value;
};
