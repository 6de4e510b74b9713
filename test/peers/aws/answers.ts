import { expect, type TaskMeta } from 'vitest';
import { met, type NamedDivergence } from '../divergences.ts';
import type { CloudName } from './clouds.ts';

/** Where moto is known to be wrong, and what it answers instead: when that changes, somebody has to look. */
export interface MotoDivergence extends NamedDivergence {
  readonly instead: unknown;
}

/** The answer is right; or, from moto alone, the wrong one that is known. */
export function expectAnswer(
  { name, task }: { readonly name: CloudName; readonly task: { readonly meta: TaskMeta } },
  answer: unknown,
  right: unknown,
  divergence?: MotoDivergence,
): void {
  if (name !== 'moto' || divergence === undefined) {
    expect(answer).toEqual(right);
    return;
  }
  expect(answer).toEqual(divergence.instead);
  met(task, divergence);
}

/** The refusal as our adapters tell it; undefined where there was none. */
export const refusalOf = (sent: Promise<unknown>): Promise<string | undefined> =>
  sent.then(
    () => undefined,
    (error: unknown) =>
      error instanceof Error ? String('code' in error ? error.code : error.name) : String(error),
  );
