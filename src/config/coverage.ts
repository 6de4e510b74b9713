import { AwsCheckConfig } from '../aws/checks/config.ts';
import type { CheckSpec } from '../flows/promotion/plan.ts';
import { formatDurationMs } from './duration.ts';
import { entryOf, type Located } from './located.ts';
import { Environment } from './pipeline.ts';
import { below, type Problem } from './problem.ts';
import { read } from './read.ts';

/**
 * Readings whose minutes do not reach from one to the next: what happens in between would never be judged, and a watch
 * with gaps never ends. Each window has to reach over two intervals, since a reading may come late.
 */
export function coverageProblems(environment: Located, readings: readonly CheckSpec[]): Problem[] {
  const watchNode = entryOf(environment, 'watch');
  const watch = watchNode === undefined ? undefined : read(watchNode, Environment.shape.watch);
  if (watchNode === undefined || watch?.outcome !== 'read' || watch.value.soakSeconds === 0) return [];
  const intervalMs = watch.value.intervalSeconds * 1000;
  return readings.flatMap(({ id, kind, settings }) => {
    const check = AwsCheckConfig.safeParse({ kind, settings });
    if (!check.success || check.data.kind !== 'cloudwatch-metrics') return [];
    const windowMs = check.data.settings.windowMinutes * 60_000;
    if (windowMs >= 2 * intervalMs) return [];
    const node = entryOf(watchNode, 'interval') ?? entryOf(watchNode, 'readings') ?? watchNode;
    return {
      ...node.at,
      path: below(watchNode.path, 'interval'),
      code: 'out-of-range' as const,
      message: `is more than half of the ${formatDurationMs(windowMs)} that ${id} judges at each reading, so minutes could stay unjudged; write ${formatDurationMs(Math.floor(windowMs / 2_000) * 1000)} or less, or give ${id} a window of ${formatDurationMs(2 * intervalMs)} or more`,
    };
  });
}
