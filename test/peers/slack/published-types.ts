/**
 * Slack's own TypeScript types of blocks and views as a JSON schema, with the limits that their comments state ("Maximum
 * length for the text in this field is 150 characters") turned into rules. Nothing in it is written by us.
 */
import { createRequire } from 'node:module';
import { Ajv, type ValidateFunction } from 'ajv';
import { z } from 'zod';

const fromHere = createRequire(import.meta.url);
const typesFile = fromHere.resolve('@slack/types').replace(/index\.js$/, 'index.d.ts');

type Schema = Record<string, unknown>;
const Schema = z.record(z.string(), z.unknown());
const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export interface StatedLimit {
  /** `HeaderBlock.text` */
  readonly field: string;
  readonly rule: 'characters' | 'items' | 'characters of each item';
  readonly most: number;
}

const Generator = z.object({
  createGenerator: z.custom<(options: Schema) => { createSchema(type: string): unknown }>(
    (value) => typeof value === 'function',
  ),
});

/** A quarter of a minute's work is the compiler's; done once. */
async function definitions(): Promise<Record<string, Schema>> {
  // By name, so that the types of this package need not be there where nobody judges.
  const name: string = 'ts-json-schema-generator';
  const { createGenerator } = Generator.parse(await import(name));
  const generator = createGenerator({
    path: typesFile,
    type: '*',
    expose: 'export',
    jsDoc: 'extended',
    skipTypeCheck: true,
    additionalProperties: false,
  });
  const all: Record<string, Schema> = {};
  for (const type of ['AnyBlock', 'KnownBlock', 'ModalView', 'HomeView', 'MessageMetadata']) {
    const parsed = z
      .object({ definitions: z.record(z.string(), Schema) })
      .parse(generator.createSchema(type));
    Object.assign(all, parsed.definitions);
  }
  return all;
}

const number = (text: string | undefined) =>
  text === undefined ? undefined : Number(text.replaceAll(',', ''));

/** What a comment says of its field. */
export function limitsIn(comment: string): {
  readonly items?: number;
  readonly characters?: number;
  readonly each?: number;
} {
  const words = comment.replace(/\s+/g, ' ');
  const first = (...patterns: RegExp[]) =>
    number(patterns.map((pattern) => pattern.exec(words)?.[1]).find((found) => found !== undefined));
  const each = first(/maximum length for the text in each item is ([\d,]+) characters/i);
  const rest = words.replace(/maximum length for the text in each item is [\d,]+ characters\.?/i, '');
  const characters = number(
    /max(?:imum)? length (?:for (?:this|the `?text`?)[^.]*? is|of|is) ([\d,]+)(?: characters)?/i.exec(
      rest,
    )?.[1] ?? /limit ([\d,]+) characters max/i.exec(rest)?.[1],
  );
  const items = first(
    /maximum number of (?:items|options|option groups) is (\d+)/i,
    /max(?:imum)? of (\d+) (?:elements|options|items|blocks)/i,
    /array of up to (\d+) /i,
  );
  return {
    ...(items === undefined ? {} : { items }),
    ...(characters === undefined ? {} : { characters }),
    ...(each === undefined ? {} : { each }),
  };
}

/** Adds to every field what its comment states; says which those were. */
function withStatedLimits(all: Record<string, Schema>): StatedLimit[] {
  const stated: StatedLimit[] = [];
  for (const [name, definition] of Object.entries(all)) {
    const { properties } = definition;
    if (!isSchema(properties)) continue;
    for (const [key, property] of Object.entries(properties)) {
      if (!isSchema(property) || typeof property['description'] !== 'string') continue;
      const { items, characters, each } = limitsIn(property['description']);
      const rules: Schema[] = [];
      const note = (rule: StatedLimit['rule'], most: number, schema: Schema) => {
        stated.push({ field: `${name}.${key}`, rule, most });
        rules.push(schema);
      };
      const texts = (maxLength: number) => ({ maxLength, properties: { text: { maxLength } } });
      if (items !== undefined) note('items', items, { maxItems: items });
      if (characters !== undefined) note('characters', characters, texts(characters));
      if (each !== undefined) note('characters of each item', each, { items: texts(each) });
      // A text has to say something, which the comments state only here and there: "Minimum length … is 1".
      if (/minimum length[^.]* is 1 and/i.test(property['description'].replace(/\s+/g, ' ')))
        rules.push({ minLength: 1, properties: { text: { minLength: 1 } } });
      if (rules.length > 0) properties[key] = { allOf: [property, ...rules] };
    }
  }
  return stated;
}

export interface PublishedTypes {
  readonly stated: readonly StatedLimit[];
  /** Every `type` of a block that is not a view's or a message's own business. */
  readonly blockTypes: readonly string[];
  /** What is wrong with one block, by the definition that its `type` names. */
  block(block: unknown): string[];
  view(view: unknown): string[];
}

export async function readPublishedTypes(): Promise<PublishedTypes> {
  const all = await definitions();
  const stated = withStatedLimits(all);
  const ajv = new Ajv({ strict: false, allErrors: true });
  ajv.addSchema({ $id: 'slack', definitions: all });
  const compiled = new Map<string, ValidateFunction>();
  const validatorOf = (definition: string) => {
    const validate = compiled.get(definition) ?? ajv.compile({ $ref: `slack#/definitions/${definition}` });
    compiled.set(definition, validate);
    return validate;
  };
  const wrongs = (definition: string, value: unknown): string[] => {
    const validate = validatorOf(definition);
    validate(value);
    return (validate.errors ?? []).map(({ instancePath, message, params }) =>
      `${definition}${instancePath} ${message} ${JSON.stringify(params)}`.slice(0, 300),
    );
  };
  const byType = new Map<string, string>();
  for (const [name, { properties }] of Object.entries(all)) {
    const type = isSchema(properties) ? properties['type'] : undefined;
    if (name.endsWith('Block') && isSchema(type) && typeof type['const'] === 'string')
      byType.set(type['const'], name);
  }
  // A union of two in the types.
  if ('ImageBlock' in all) byType.set('image', 'ImageBlock');
  const block = (value: unknown): string[] => {
    const type = isSchema(value) ? value['type'] : undefined;
    const definition = typeof type === 'string' ? byType.get(type) : undefined;
    return definition === undefined ? [`${String(type)} is no block`] : wrongs(definition, value);
  };
  return {
    stated,
    blockTypes: [...byType.keys()],
    block,
    view(value) {
      if (!isSchema(value)) return ['a view is an object'];
      const { type, blocks } = value;
      const definition = type === 'home' ? 'HomeView' : 'ModalView';
      // One block at a time, since of a union nobody can tell what was meant.
      const own = wrongs(definition, { ...value, blocks: [] });
      const many =
        Array.isArray(blocks) && blocks.length > 100 ? [`${definition}/blocks has more than 100`] : [];
      return [...own, ...many, ...(Array.isArray(blocks) ? blocks.flatMap(block) : ['a view has blocks'])];
    },
  };
}
