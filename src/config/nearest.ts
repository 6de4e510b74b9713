import { distance } from 'fastest-levenshtein';

/** The known word that the written one was probably meant to be; undefined when none is near. */
export function nearest(written: string, known: readonly string[]): string | undefined {
  const plain = simplify(written);
  const ranked = known
    .map((word) => ({ word, steps: distance(plain, simplify(word)) }))
    .filter(({ word, steps }) => {
      const longest = Math.max(word.length, plain.length);
      return steps < plain.length && steps <= Math.max(1, Math.floor(longest / 3));
    })
    .sort((left, right) => left.steps - right.steps);
  return ranked[0]?.word;
}

/** `on_call`, `on-call` and `oncall` all mean `onCall`. */
function simplify(word: string): string {
  return word
    .slice(0, 64)
    .toLowerCase()
    .replace(/[-_\s]/g, '');
}
