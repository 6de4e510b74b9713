import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { invariantNames } from '../invariants.ts';
import { mistakes } from './all.ts';
import { withMistake } from './mistake.ts';

const root = resolve(import.meta.dirname, '../../..');
const textOf = (file: string) => readFileSync(resolve(root, file), 'utf8');

describe('mistakes made on purpose', () => {
  it.each(mistakes)('$name can still be made in the product as it is', (mistake) => {
    for (const file of new Set(mistake.edits.map((edit) => edit.file))) {
      const text = textOf(file);
      expect(withMistake(text, file, mistake)).not.toBe(text);
    }
  });

  it('each has a name of its own and is one sentence', () => {
    const names = mistakes.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(mistakes.filter(({ means }) => !/^[A-Z].*\.$/.test(means))).toEqual([]);
  });

  it('each is expected to break invariants that there are, or says why it breaks none', () => {
    for (const { name, expected } of mistakes) {
      if (expected.by === 'simulation')
        expect(Object.keys(invariantNames), name).toEqual(expect.arrayContaining([...expected.invariants]));
      else expect(expected.because.length, name).toBeGreaterThan(40);
    }
  });

  it('those that a model shows are switches of that model', () => {
    for (const { expected } of mistakes) {
      if (expected.by === 'model') expect(textOf(`models/${expected.model}.pml`)).toContain(expected.mistake);
    }
  });
});
