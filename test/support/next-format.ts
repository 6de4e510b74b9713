import type { Format } from '../../src/store/format.ts';

/** The format of a version of the bot that comes after this one: it wraps what this one stores. */
export function nextFormat(format: Format): Format {
  const newest = format.newest + 1;
  return {
    newest,
    read(schema, body) {
      if (schema < newest) return format.read(schema, body);
      const { wrapped } = body;
      return typeof wrapped === 'object' && wrapped !== null ? { ...wrapped } : {};
    },
    write: (promotion) => ({ schema: newest, wrapped: format.write(promotion) }),
  };
}
