import type { Invariant } from '../invariants.ts';

/** One change of a file of the product. */
export interface Edit {
  /** From the repository's root. */
  readonly file: string;
  /** Stands there exactly once, or the mistake is stale. */
  readonly find: string;
  readonly replace: string;
}

export type Expected =
  | {
      readonly by: 'simulation';
      /** Those that may notice it; another one noticing it first is no proof of these. */
      readonly invariants: readonly [Invariant, ...Invariant[]];
      /** Noticed within a few hundred histories, so that every run of the pipeline tries it. */
      readonly quick?: true;
    }
  | {
      readonly by: 'model';
      /** File in `models/` and the switch in it that makes the same mistake. */
      readonly model: string;
      readonly mistake: string;
      /** Why random histories do not show it. */
      readonly because: string;
    }
  | { readonly by: 'equivalent'; readonly because: string };

/** A protocol mistake, made on purpose in the text of the product before the simulator is bundled (durable.md §11). */
export interface Mistake {
  readonly name: string;
  /** What the product does with it, in one sentence. */
  readonly means: string;
  readonly edits: readonly [Edit, ...Edit[]];
  readonly expected: Expected;
}

/** The text with the mistake in it. Throws when the place of an edit is not there exactly once. */
export function withMistake(text: string, file: string, { name, edits }: Mistake): string {
  let changed = text;
  for (const { file: edited, find, replace } of edits) {
    if (edited !== file) continue;
    const places = text.split(find).length - 1;
    if (places !== 1) throw new Error(`mistake ${name} is stale: its text stands ${places} times in ${file}`);
    changed = changed.replace(find, () => replace);
  }
  return changed;
}
