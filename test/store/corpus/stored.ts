import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** Other rows of the first version: one of each kind of audit entry and announcement, surfaces, good releases. */
export const records = linesOf('records-1.jsonl') as readonly {
  readonly row: 'audit' | 'announcement' | 'surface' | 'live';
  readonly body: object;
}[];
