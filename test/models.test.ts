import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mistakes, searches } from '../models/configurations.mjs';

const root = resolve(import.meta.dirname, '..');
const read = (path: string) => readFileSync(resolve(root, path), 'utf8');

const page = read('docs/model.md');
const named = [...page.matchAll(/`(src\/[\w/.-]+\.ts)(?:#([\w.]+))?`/g)].map(([, file = '', name]) => ({
  file,
  name,
}));

/** An event is spelled in quotes, everything else is declared. */
function isIn(text: string, name: string): boolean {
  if (name.includes('.')) return text.includes(`'${name}'`);
  return new RegExp(`\\b(?:const|function|class|let)\\s+${name}\\b|\\b${name}\\b\\s*[:(]`).test(text);
}

describe('the page that ties the models to the code', () => {
  it('names many places, so that this test is about something', () => {
    expect(named.length).toBeGreaterThan(60);
  });

  it('names only files and functions that exist', () => {
    const gone = named.filter(({ file, name }) => {
      if (!existsSync(resolve(root, file))) return true;
      return name !== undefined && !isIn(read(file), name);
    });
    expect(gone).toEqual([]);
  });

  it('has a section for every model that is searched', () => {
    for (const model of new Set(searches.map((each) => each.model)))
      expect(page).toContain(`## ${model}.pml`);
  });
});

describe('the mistakes of the models', () => {
  const models = [...new Set(searches.map((each) => each.model))];
  const texts = new Map(models.map((model) => [model, read(`models/${model}.pml`)]));

  it('are all in the list that is checked', () => {
    const listed = mistakes.map(({ model, switches }) => `${model} ${switches.at(-1) ?? ''}`);
    const written = models.flatMap((model) =>
      [...new Set(texts.get(model)?.match(/\bM_[A-Z_]+[A-Z]\b/g))].map((name) => `${model} ${name}`),
    );
    expect(written.sort()).toEqual([...new Set(listed)].sort());
  });
});
