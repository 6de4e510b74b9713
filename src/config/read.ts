import type { z } from 'zod';
import { durationSetting, formatDurationMs, parseDurationMs, writtenKey } from './duration.ts';
import { describe, explain } from './explain.ts';
import type { Located, LocatedMapping } from './located.ts';
import { below, type Problem } from './problem.ts';
import { memberOf, shapeOf } from './shape.ts';

export type ReadAnswer<T> =
  | { readonly outcome: 'read'; readonly value: T }
  | { readonly outcome: 'wrong'; readonly problems: readonly Problem[] };

/**
 * Reads a value by its schema and reports everything that is wrong with it. Where the schema says `soakSeconds`,
 * the file says `soak: 15m`.
 */
export function read<Schema extends z.ZodType>(node: Located, schema: Schema): ReadAnswer<z.output<Schema>> {
  const problems: Problem[] = [];
  const plain = plainOf(node, schema, problems);
  const parsed = schema.safeParse(plain);
  if (parsed.success && problems.length === 0) return { outcome: 'read', value: parsed.data };
  const settled = new Set(problems.map(({ path }) => path));
  const issues = parsed.success ? [] : parsed.error.issues;
  const explained = issues.flatMap((issue) => explain(issue, node, schema));
  const typos = new Set(
    [...problems, ...explained].flatMap(({ code, path, nearest }) =>
      code === 'unknown-key' && nearest !== undefined ? [siblingOf(path, nearest)] : [],
    ),
  );
  return {
    outcome: 'wrong',
    problems: [
      ...problems,
      // A key that is missing because it was misspelt, or unreadable as a duration, is one mistake and not two.
      ...explained.filter(({ code, path }) => code !== 'missing' || !(settled.has(path) || typos.has(path))),
    ],
  };
}

function siblingOf(path: string, key: string): string {
  const dot = path.lastIndexOf('.');
  return below(dot === -1 ? '' : path.slice(0, dot), key);
}

function plainOf(node: Located, schema: z.ZodType | undefined, problems: Problem[]): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map((item) => plainOf(item, memberOf(schema, 'list'), problems));
    case 'mapping':
      return plainMapping(node, schema, problems);
  }
}

function plainMapping(node: LocatedMapping, schema: z.ZodType | undefined, problems: Problem[]) {
  const shape = shapeOf(schema);
  if (shape === undefined) {
    const member = memberOf(schema, 'mapping');
    return Object.fromEntries(
      [...node.entries].map(([key, entry]) => [key, plainOf(entry.node, member, problems)]),
    );
  }
  const durations = new Map(
    Object.keys(shape).flatMap((name) => {
      const setting = durationSetting(name);
      return setting === undefined ? [] : [[setting.written, { name, ...setting }] as const];
    }),
  );
  const pairs = [...node.entries].flatMap(([key, { keyAt, node: child }]): [string, unknown][] => {
    const duration = durations.get(key);
    if (duration !== undefined) {
      const answer = durationOf(child, duration.unitMs);
      if (typeof answer === 'number') return [[duration.name, answer]];
      problems.push({ ...child.at, path: child.path, code: 'duration', message: answer });
      return [];
    }
    if (key in shape && writtenKey(key) !== key) {
      const written = writtenKey(key);
      problems.push({
        ...keyAt,
        path: below(node.path, key),
        code: 'unknown-key',
        message: `is not a key here; write the unit with the number, such as ${written}: 5m`,
        nearest: written,
      });
      return [];
    }
    return [[key, plainOf(child, shape[key], problems)]];
  });
  return Object.fromEntries(pairs);
}

/** The duration in the setting's own unit, or what is wrong with it. */
function durationOf(node: Located, unitMs: number): number | string {
  const value = node.kind === 'scalar' ? node.value : undefined;
  if (typeof value === 'number' && Number.isFinite(value)) {
    const count = Math.max(0, Math.round(value));
    return `is a number without a unit; write ${count}s, ${count}m or ${count}h`;
  }
  const durationMs = typeof value === 'string' ? parseDurationMs(value) : undefined;
  if (durationMs === undefined)
    return `must be a duration such as 30s, 5m, 48h or 1h30m, not ${describe(node)}`;
  if (durationMs % unitMs !== 0) return `must be a multiple of ${formatDurationMs(unitMs)}`;
  return durationMs / unitMs;
}
