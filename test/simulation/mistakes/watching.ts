import type { Mistake } from './mistake.ts';

const monitoring = 'src/flows/promotion/phases/monitoring.ts';
const looking = 'src/flows/engine/watching.ts';
const verifying = 'src/flows/promotion/phases/verifying.ts';
const metrics = 'src/aws/checks/cloudwatch-metrics.ts';
const alarms = 'src/aws/checks/cloudwatch-alarms.ts';
const versions = 'src/aws/checks/version-meta.ts';

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
  {
    name: 'limit-passes',
    means: 'A metric over its limit passes.',
    edits: [
      {
        file: metrics,
        find: "    outcome: fails ? 'failed' : 'passed',",
        replace: "    outcome: fails && value < 0 ? 'failed' : 'passed',",
      },
    ],
    expected: { by: 'simulation', invariants: ['I7 true'], quick: true },
  },
  {
    name: 'missing-counts-pass',
    means: 'Requests that CloudWatch has not counted pass as if there were none to judge.',
    edits: [
      {
        file: metrics,
        find: "sum(traffic, newest) === null) {\n    return finding('inconclusive',",
        replace: "sum(traffic, newest) === null) {\n    return finding('passed',",
      },
    ],
    expected: { by: 'simulation', invariants: ['I7 true'], quick: true },
  },
  {
    name: 'ringing-alarm-passes',
    means: 'An alarm that rings passes.',
    edits: [
      {
        file: alarms,
        find: "    return { ...finding('failed', texts.join(' '), first, !firing.every(old)), signs: firing.map(signOf) };",
        replace:
          "    return { ...finding('passed', texts.join(' '), first, !firing.every(old)), signs: firing.map(signOf) };",
      },
    ],
    expected: { by: 'simulation', invariants: ['I7 true'], quick: true },
  },
  {
    name: 'wrong-version-passes',
    means: 'A page of a version that is neither the new nor the old one passes.',
    edits: [
      {
        file: versions,
        find: "  return finding(seen.version === previous?.version ? 'stale' : 'failed', text);",
        replace: "  return finding(seen.version === previous?.version ? 'stale' : 'passed', text);",
      },
    ],
    expected: { by: 'simulation', invariants: ['I7 true'], quick: true },
  },
  {
    name: 'failed-probe-goes-on',
    means: 'A probe that fails is only tried again, until the time for probes is over.',
    edits: [
      {
        file: verifying,
        find: "    if (outcome === 'failed') {",
        replace: "    if (outcome === 'failed' && nowMs < 0) {",
      },
    ],
    expected: { by: 'simulation', invariants: ['I7 turns'], quick: true },
  },
  {
    name: 'watch-without-limit',
    means: 'A watch that good and bad readings in turn keep from ending is never brought before people.',
    edits: [
      {
        file: monitoring,
        find: '  return nowMs - limitFromMs >= 2 * promotion.policy.monitoring.soakSeconds * 1000 + longerMs;',
        replace:
          '  return nowMs - limitFromMs >= 2000 * promotion.policy.monitoring.soakSeconds * 1000 + longerMs;',
      },
    ],
    expected: { by: 'simulation', invariants: ['I7 asked'], quick: true },
  },
];
