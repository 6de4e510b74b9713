import type { TaskMeta } from 'vitest';

/** A place where a judge is known to answer otherwise than the original, or where we knowingly do. */
export interface NamedDivergence {
  /** A short sentence; the same one in every case that meets it. */
  readonly name: string;
  /** Who is right, by which source, and why it stays. */
  readonly reason: string;
}

declare module 'vitest' {
  interface TaskMeta {
    divergences?: NamedDivergence[];
  }
}

/** Says that this case met a known divergence. It is counted and named in the table; what else differs still fails. */
export function met(task: { readonly meta: TaskMeta }, divergence: NamedDivergence) {
  const { divergences = [] } = task.meta;
  task.meta.divergences = [...divergences, { name: divergence.name, reason: divergence.reason }];
}
