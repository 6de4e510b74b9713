import type { Mistake } from './mistake.ts';

const monitoring = 'src/flows/promotion/phases/monitoring.ts';
const looking = 'src/flows/engine/watching.ts';

/** Mistakes in how it is found out whether production holds. */
export const watching: readonly Mistake[] = [
  {
    name: 'soak-from-the-start',
    means: 'The soak counts from the start of the watch, although it was interrupted.',
    edits: [
      {
        file: monitoring,
        find: 'watch.healthyUntilMs >= watch.soakFromMs + soakMs',
        replace: 'watch.healthyUntilMs >= watch.startedAtMs + soakMs',
      },
    ],
    expected: { by: 'simulation', invariants: ['I7 promoted'] },
  },
  {
    name: 'late-reading-counts',
    means: 'A reading that comes late counts as if somebody had looked in between.',
    edits: [
      {
        file: monitoring,
        find: 'const unwatched = unwatchedMs > 2 * rules.intervalSeconds * 1000 + lateMs;',
        replace: 'const unwatched = unwatchedMs < 0;',
      },
    ],
    expected: { by: 'simulation', invariants: ['I7 promoted'], quick: true },
  },
  {
    name: 'gap-in-the-data-counts',
    means: 'Minutes that no reading has judged count as healthy ones.',
    edits: [
      {
        file: monitoring,
        find: 'const unbrokenFromMs = unbrokenFrom(before, event.judged ?? []);',
        replace: 'const unbrokenFromMs = before.soakFromMs;',
      },
    ],
    expected: { by: 'simulation', invariants: ['I7 promoted'], quick: true },
  },
  {
    name: 'missing-is-healthy',
    means: 'A reading without data counts as a healthy one.',
    edits: [
      {
        file: monitoring,
        find: "  if (blamed.some((result) => result.outcome === 'inconclusive' || result.outcome === 'stale'))\n    return 'inconclusive';",
        replace: "  if (blamed.some((result) => result.outcome === 'stale'))\n    return 'inconclusive';",
      },
    ],
    expected: { by: 'simulation', invariants: ['I7 promoted'], quick: true },
  },
  {
    name: 'watch-without-looking',
    means:
      'The watch reads metrics and never looks at whether production still points where it was switched to.',
    edits: [
      {
        file: looking,
        find: '    driftSince(world, promotion, nowMs),',
        replace: '    nowMs < 0 ? driftSince(world, promotion, nowMs) : null,',
      },
    ],
    expected: { by: 'simulation', invariants: ['I7 promoted'] },
  },
];
