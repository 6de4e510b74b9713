import { z } from 'zod';
import { writtenKey } from './duration.ts';

/** The schema of a value once defaults and the like are taken off. */
function bare(schema: z.ZodType): z.ZodType {
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodReadonly
  ) {
    return bare(asSchema(schema.unwrap()));
  }
  if (schema instanceof z.ZodPipe) return bare(asSchema(schema.in));
  return schema;
}

function asSchema(schema: unknown): z.ZodType {
  if (schema instanceof z.ZodType) return schema;
  throw new TypeError('Only schemas of zod itself, not of zod/mini, describe a pipeline file.');
}

/** The keys of a mapping with their schemas, of all mappings of a choice; undefined where there are none. */
export function shapeOf(schema: z.ZodType | undefined): Record<string, z.ZodType> | undefined {
  if (schema === undefined) return undefined;
  const object = bare(schema);
  if (object instanceof z.ZodUnion) {
    const entries = object.options.flatMap((option) => Object.entries(shapeOf(asSchema(option)) ?? {}));
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }
  if (!(object instanceof z.ZodObject)) return undefined;
  return Object.fromEntries(Object.entries(object.shape).map(([key, value]) => [key, asSchema(value)]));
}

/** What the members of a list or of a mapping with free keys are. */
export function memberOf(schema: z.ZodType | undefined, kind: 'list' | 'mapping'): z.ZodType | undefined {
  if (schema === undefined) return undefined;
  const collection = bare(schema);
  if (kind === 'list' && collection instanceof z.ZodArray) return asSchema(collection.element);
  if (kind === 'mapping' && collection instanceof z.ZodRecord) return asSchema(collection.valueType);
  return undefined;
}

/** The schema some steps further in; undefined where it does not say. */
export function schemaAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
  return path.reduce<z.ZodType | undefined>((current, step) => {
    if (typeof step === 'number') return memberOf(current, 'list');
    return shapeOf(current)?.[String(step)] ?? memberOf(current, 'mapping');
  }, schema);
}

/** The keys that may be written in a mapping of this schema. */
export function writtenKeys(schema: z.ZodType | undefined): string[] {
  return Object.keys(shapeOf(schema) ?? {}).map(writtenKey);
}
