import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { canonical } from '../../../src/flows/promotion/canonical.ts';
import type { Item } from '../../../src/store/transport.ts';

export interface Specimen {
  readonly name: string;
  readonly schema: number;
  readonly item: Item;
}

interface Line {
  readonly name: string;
  readonly attributes: Item;
  readonly body: unknown;
}

const linesOf = (file: string): unknown[] =>
  readFileSync(join(import.meta.dirname, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));

const schemas = readdirSync(import.meta.dirname).flatMap((file) => {
  const number = /^schema-(\d+)\.jsonl$/.exec(file)?.[1];
  return number === undefined ? [] : [Number(number)];
});

/** Stored promotions as each version wrote them: every phase, with and without something under way. */
export const specimens: readonly Specimen[] = schemas.flatMap((schema) =>
  (linesOf(`schema-${schema}.jsonl`) as Line[]).map(({ name, attributes, body }) => ({
    name,
    schema,
    item: { ...attributes, body: { S: JSON.stringify(body) } },
  })),
);

/** Where a schema's promotions are kept. */
export const corpusFile = (schema: number) => join(import.meta.dirname, `schema-${schema}.jsonl`);

const shapesFile = join(import.meta.dirname, 'shapes.json');
const Shapes = z.record(z.string(), z.record(z.string(), z.string()));

/** For each schema, what everything that may stand in a row came to when it was last written down. */
export const keptShapes = () => Shapes.parse(JSON.parse(readFileSync(shapesFile, 'utf8')));

export function writeShapes(schema: number, shapes: Readonly<Record<string, string>>): void {
  writeFileSync(shapesFile, `${JSON.stringify({ ...keptShapes(), [schema]: shapes }, null, 2)}\n`);
}

/** Names and types of everything that this schema lets stand, in whatever order they are written. */
export function digestOf(shape: z.ZodType): string {
  const described = z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' });
  return createHash('sha256').update(canonical(described)).digest('hex').slice(0, 12);
}

/** Other rows of the first version: one of each kind of audit entry and announcement, surfaces, good releases. */
export const records = linesOf('records-1.jsonl') as readonly {
  readonly row: 'audit' | 'announcement' | 'surface' | 'live';
  readonly body: object;
}[];
