import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AwsRefusal } from '../service.ts';
import { type Pop, perPop } from './pops.ts';

export const Invalidation = z.object({
  id: z.string(),
  distributionId: z.string(),
  callerReference: z.string(),
  paths: z.array(z.string()),
  createdAtMs: z.number(),
  completedAtMs: z.number(),
  reachesAtMs: z.record(z.string(), z.number()),
});
export type Invalidation = z.infer<typeof Invalidation>;

export interface Invalidations {
  create(request: { distributionId: string; callerReference: string; paths: string[] }): Invalidation;
  find(distributionId: string, id: string): Invalidation | undefined;
  /** Newest first. */
  list(distributionId: string): Invalidation[];
  all(): Invalidation[];
  inProgress(distributionId: string): number;
  isCompleted(invalidation: Invalidation): boolean;
  /** Whether something this edge stored at `storedAtMs` under `path` has been invalidated by `atMs`. */
  removes(what: {
    distributionId: string;
    pop: Pop;
    path: string;
    storedAtMs: number;
    atMs: number;
  }): boolean;
}

const wildcardsInProgress = 15;
const filePathsInProgress = 3_000;

/**
 * Invalidation batches. The same CallerReference with the same paths is the same batch; with other paths it is
 * refused. Each batch arrives at each edge at its own time and removes what was stored there before that.
 */
export function createInvalidations(options: {
  nowMs: () => number;
  delaySeconds: () => number;
  saved?: readonly Invalidation[];
}): Invalidations {
  const { nowMs } = options;
  const batches: Invalidation[] = [...(options.saved ?? [])];
  const of = (distributionId: string) => batches.filter((batch) => batch.distributionId === distributionId);
  const isCompleted = (batch: Invalidation) => nowMs() >= batch.completedAtMs;

  return {
    create({ distributionId, callerReference, paths }) {
      const earlier = of(distributionId).find((batch) => batch.callerReference === callerReference);
      if (earlier !== undefined) {
        if (samePaths(earlier.paths, paths)) return earlier;
        throw new AwsRefusal(
          'InvalidationBatchAlreadyExists',
          'The caller reference you attempted to create the invalidation batch with is associated with another batch.',
        );
      }
      const running = of(distributionId)
        .filter((batch) => !isCompleted(batch))
        .flatMap((batch) => batch.paths)
        .concat(paths);
      if (
        running.filter((path) => path.endsWith('*')).length > wildcardsInProgress ||
        running.filter((path) => !path.endsWith('*')).length > filePathsInProgress
      ) {
        throw new AwsRefusal(
          'TooManyInvalidationsInProgress',
          'Processing your request will cause you to exceed the maximum number of in-progress wildcard invalidations.',
        );
      }
      const createdAtMs = nowMs();
      const delayMs = options.delaySeconds() * 1000;
      const batch: Invalidation = {
        id: `I${idFrom(`${distributionId} ${callerReference} ${createdAtMs}`)}`,
        distributionId,
        callerReference,
        paths,
        createdAtMs,
        completedAtMs: createdAtMs + delayMs,
        reachesAtMs: perPop(({ invalidationShare }) => createdAtMs + delayMs * invalidationShare),
      };
      batches.push(batch);
      return batch;
    },
    find: (distributionId, id) => of(distributionId).find((batch) => batch.id === id),
    list: (distributionId) => of(distributionId).reverse(),
    all: () => batches,
    inProgress: (distributionId) => of(distributionId).filter((batch) => !isCompleted(batch)).length,
    isCompleted,
    removes: ({ distributionId, pop, path, storedAtMs, atMs }) =>
      batches.some((batch) => {
        if (batch.distributionId !== distributionId || batch.completedAtMs < storedAtMs) return false;
        const arrivesAtMs = batch.reachesAtMs[pop] ?? batch.completedAtMs;
        return (
          arrivesAtMs <= atMs && arrivesAtMs >= storedAtMs && batch.paths.some((each) => covers(each, path))
        );
      }),
  };
}

const samePaths = (some: readonly string[], others: readonly string[]) =>
  some.length === others.length && [...some].sort().join('\n') === [...others].sort().join('\n');

const covers = (pattern: string, path: string) =>
  pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;

/** Thirteen characters that look like CloudFront's ids. */
export const idFrom = (seed: string): string =>
  BigInt(`0x${createHash('sha256').update(seed).digest('hex').slice(0, 32)}`)
    .toString(36)
    .toUpperCase()
    .slice(0, 13);
